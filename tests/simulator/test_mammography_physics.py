import numpy as np
import pytest

from simulator.mammography import exposure, four_views, lesions, outline, texture
from simulator.mammography.breast import woman
from simulator.mammography.exposure import Beam
from simulator.mammography.lesions import draw
from simulator.mammography.scanners import SCANNERS
from simulator.mammography.tissue import Tissue, tissue
from simulator.mammography.truth import Lesion, Place

STEP = 0.5  #: mm, of the tissue's grid


def made(density: str = "b", position: str = "CC", seed: int = 3) -> tuple[outline.Outline, Tissue]:
    """A breast without lesions."""
    rng = np.random.default_rng(seed)
    body = woman(rng, density)
    seen = outline.outline(position, body, 230, rng)
    return seen, tissue(seen, body, STEP, rng)


def test_denser_breasts_hold_more_gland_and_let_less_through() -> None:
    shares, through = [], []
    for density in "abcd":
        _, stuff = made(density)
        inside = stuff.distance > 5
        shares.append(float((stuff.gland / np.maximum(stuff.height, 0.1))[inside].mean()))
        through.append(float(np.exp(-exposure.line_integral(stuff, 28)[inside]).mean()))
    assert shares == sorted(shares)
    assert through == sorted(through, reverse=True)


def test_a_texture_follows_its_power_law() -> None:
    field, other = texture.power_law((512, 512), 0.25, 3.0, np.random.default_rng(1))
    power = np.abs(np.fft.fft2(field)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(512, 0.25), np.fft.fftfreq(512, 0.25)))
    kept = (frequency > 0.05) & (frequency < 1.5)
    slope = np.polyfit(np.log(frequency[kept]), np.log(power[kept]), 1)[0]
    assert slope == pytest.approx(-3.0, abs=0.15)
    assert abs(np.corrcoef(field.ravel(), other.ravel())[0, 1]) < 0.35


def test_the_rim_is_thinner_and_nothing_is_thicker_than_the_paddle_allows() -> None:
    seen, stuff = made()
    assert stuff.height.max() <= 0.1 * seen.thickness + 1e-4
    assert (stuff.height[stuff.distance <= 0] == 0).all()
    rim = stuff.height[(stuff.distance > 1) & (stuff.distance < 4)]
    assert rim.max() < 0.75 * stuff.height.max()
    parts = stuff.gland + stuff.muscle
    assert (parts <= stuff.height + 1e-4).all()


def test_only_the_oblique_view_shows_a_wedge_of_muscle_at_the_top() -> None:
    _, oblique = made(position="MLO")
    corner = oblique.muscle[:20, :20].mean()
    assert corner > 0.8
    assert oblique.muscle[-40:].max() < 0.1
    assert oblique.muscle[:, oblique.muscle.shape[1] // 2 + 60 :].max() < 0.5


def test_the_signal_is_beer_lambert_plus_scatter() -> None:
    maker = SCANNERS["fjell"]
    soft = np.full((256, 256), 2.0, np.float32)
    none, inside = np.zeros_like(soft), np.ones_like(soft)
    beam = Beam(maker, 28.0, 0.1)
    signal = exposure.expose(soft, none, inside, beam, np.random.default_rng(1))
    wanted = 2.0 - np.log(1 + maker.scatter / (1 - maker.scatter))
    assert signal.mean() == pytest.approx(wanted, abs=0.01)
    thicker = exposure.expose(soft + 0.5, none, inside, beam, np.random.default_rng(1))
    assert (thicker - signal).mean() == pytest.approx(0.5, abs=0.01)


def test_noise_falls_with_the_square_root_of_the_quanta() -> None:
    soft = np.full((256, 256), 2.0, np.float32)
    none, inside = np.zeros_like(soft), np.ones_like(soft)
    noise = [
        exposure.expose(
            soft, none, inside, Beam(SCANNERS["fjell"], 28.0, pixel), np.random.default_rng(2)
        ).std()
        for pixel in (0.4, 0.8)
    ]
    assert noise[0] / noise[1] == pytest.approx(2, rel=0.1)


def test_a_speck_keeps_its_mass_whatever_the_pixels() -> None:
    masses = []
    for pixel in (0.05, 0.1, 0.2):
        size = round(8 / pixel)
        masses.append(draw((size, size), pixel, [(4.0, 4.0, 0.4, 1.0)]).sum() * pixel**2)
    np.testing.assert_allclose(masses, masses[0], rtol=0.05)


def test_a_mass_is_brighter_than_what_it_lies_in_and_less_so_if_subtle() -> None:
    rises = []
    for subtlety in (0.0, 1.0):
        seen, stuff = made("a")
        before = stuff.gland.copy()
        lesion = Lesion("L1", "mass", "round", "L", subtlety, 14.0, Place(40, 0, 0))
        spot = seen.nipple[0], seen.nipple[1] - 40
        box = lesions.mass(stuff, lesion, spot, np.random.default_rng(4))
        added = stuff.gland - before
        rows, columns = (np.flatnonzero(added.max(axis) > 0.05) * STEP for axis in (1, 0))
        assert box[1] - 2 < rows[0] <= rows[-1] < box[3] + 2
        assert box[0] - 2 < columns[0] <= columns[-1] < box[2] + 2
        assert 10 < box[2] - box[0] < 16
        rises.append(float(added.max()))
    assert rises[0] > 1.2 * rises[1] > 0.5


@pytest.mark.parametrize("seed", range(6))
def test_a_lesion_is_shown_by_both_views_of_its_breast_at_one_depth(seed: int) -> None:
    study = four_views.make(seed, prevalence=1, pixel_mm=0.5)
    for one in study.truth.findings:
        assert set(one.boxes) == {"CC", "MLO"}
        own = [view for view in study.views if view.side == one.side]
        depths = []
        for view in own:
            left, top, right, bottom = one.boxes[view.position]
            rows, columns = view.pixels.shape
            assert 0 <= left < right <= columns
            assert 0 <= top < bottom <= rows
            inside = view.pixels[int(top) : int(bottom) + 1, int(left) : int(right) + 1]
            assert (inside > 0).mean() > 0.9
            edge = np.flatnonzero((view.pixels > 40).sum(0) > 20 / view.pixel_mm)
            middle = (left + right) / 2
            depth = middle - edge[0] if view.mirrored else edge[-1] - middle
            depths.append(depth * view.pixel_mm)
        assert abs(depths[0] - depths[1]) < 12
        assert abs(one.nipple_mm["CC"] - one.nipple_mm["MLO"]) < 60
        others = [view for view in study.views if view.side != one.side]
        assert not any(one.id in view.boxes for view in others)


def test_calcifications_stand_out_at_full_resolution() -> None:
    seeds = (n for n in range(400) if is_clear_cluster(n))
    seed = next(seeds)
    study = four_views.make(seed, prevalence=1, pixel_mm=0.1, positions=("CC",))
    one = study.truth.findings[0]
    view = next(view for view in study.views if view.side == one.side)
    left, top, right, bottom = (int(edge) for edge in one.boxes["CC"])
    inside = view.pixels[top:bottom, left:right].astype(float)
    assert inside.max() > np.median(inside) + 4 * (np.percentile(inside, 75) - np.median(inside))


def is_clear_cluster(seed: int) -> bool:
    """Whether a seed's only lesion is an obvious cluster in a fatty breast."""
    body, found = four_views.planned(seed, prevalence=1)
    one = found[0]
    return (
        body.density in {"a", "b"}
        and len(found) == 1
        and one.name == "calcifications"
        and one.subtlety < 0.2
    )
