"""What each installed algorithm is for: those with one purpose are compared with each other."""

from collections.abc import Mapping

from core import logs
from core.domain.errors import SettingsError
from models import registry


def installed() -> Mapping[str, str]:
    """The purposes by algorithm; none where a manifest is wrong, which is told.

    A night without them still folds and evaluates: only what algorithms of one purpose say of
    the same study is not compared.
    """
    try:
        found = registry.load()
    except SettingsError as error:
        logs.logger().error("algorithms are not compared tonight", error=str(error))
        return {}
    return {key: one.manifest.algorithm.purpose for key, one in found.items()}
