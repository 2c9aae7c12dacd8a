from pathlib import Path

import pytest

from models import card


def test_figures_go_between_the_markers_and_nothing_else_changes(tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    path.write_text(f"# A\n\n{card.FIRST}\nold\n{card.LAST}\n\nend\n", encoding="utf-8")
    for block in ("one", "| a |\n| --- |"):
        card.write(tmp_path, block)
        assert path.read_text("utf-8") == f"# A\n\n{card.FIRST}\n\n{block}\n\n{card.LAST}\n\nend\n"


def test_a_card_without_markers_is_told(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("# A\n", encoding="utf-8")
    with pytest.raises(ValueError, match="the figures go between"):
        card.write(tmp_path, "x")


def test_tables_and_figures() -> None:
    assert card.table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert card.figures((0.9526, 0.9411, 0.9619)) == "0.953 (0.941–0.962)"
    assert card.figures((float("nan"),) * 3) == "–"
    assert card.figure(0.5, 1) == "0.5"
