"""Who Varde is on the network and in its objects."""

from typing import Final

VERSION: Final = "0.1.0"
#: Derived from a UUID (PS3.5 B.2): an organisation that runs Varde need not own a root.
IMPLEMENTATION_CLASS_UID: Final = "2.25.226917450913573893247106383157320457201"
IMPLEMENTATION_VERSION: Final = f"VARDE_{VERSION}"
