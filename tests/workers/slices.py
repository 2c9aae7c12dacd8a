"""CT slices made with pydicom, and an algorithm that reads them as a volume."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.uid import CTImageStorage, generate_uid

from models import registry
from models.registry import Algorithm
from tests.workers import tiny_onnx
from tests.workers.instances import image

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
HOOKS = '''
import numpy as np
from core import mask
from core.domain.codes import Code
from core.domain.finding import Finding, Segment
from models.reading import Reading

CODE = Code("39607008", "SCT", "Lung", "Lunge")

def read(volume, networks, manifest):
    """The brightest voxel, and what is brighter than 100."""
    outputs = networks["network"](np.full((1, 1, 8, 8), 0.5, np.float32))
    index = np.unravel_index(int(volume.voxels.argmax()), volume.voxels.shape)
    position = tuple(float(x) for x in volume.to_patient(np.array([index]))[0])
    uid = volume.sop_uids[volume.nearest(index[0])]
    whole = volume.voxels > 100
    probability = float(outputs["probability"][0, 0])
    found = Finding(CODE, probability, 0.4, uid, position=position)
    kind = Code("123037004", "SCT", "Anatomical Structure")
    segment = Segment(kind, CODE, volume.sop_uids, whole.shape, mask.pack(whole))
    return Reading((), (found,), (segment,))
'''


def algorithm(root: Path, hooks: str = HOOKS, *, unit: str = "series") -> Algorithm:
    """The tiny network with a `hooks.py`, below `root`."""
    made = tiny_onnx.folder(root)
    path = made.folder / "manifest.toml"
    text = path.read_text(encoding="utf-8")
    head, rest = text.split("[[input.step]]", 1)
    _, output = rest.split("[output]\n", 1)
    text = f'{head}[input]\nunit = "{unit}"\n[output]\n{output}'
    text = text.replace('"multilabel_map"', '"hooks"').replace('["CR", "DX"]', '["CT", "MG"]')
    text = text.replace('body_part = ["CHEST"]\n', "")
    path.write_text(text, encoding="utf-8")
    (made.folder / "hooks.py").write_text(hooks, encoding="utf-8")
    assert hashlib.sha256(tiny_onnx.model()).hexdigest() == made.weights_sha256
    return registry.read(made.folder)


def series(
    count: int = 8,
    *,
    spacing: float = 2.0,
    axes: Sequence[float] = AXIAL,
    tilt: float = 0.0,
    bright: tuple[int, int, int] = (5, 3, 2),
) -> list[Dataset]:
    """`count` slices of 6 rows and 4 columns, -1000 HU but 500 in the voxel `bright`.

    `spacing` in mm along the normal; with `tilt` each slice lies that many mm further along
    the rows' direction too. The lowest slice is the first.
    """
    voxels = np.full((count, 6, 4), 24, np.uint16)
    voxels[bright] = 1524
    row, column = np.array(axes[:3]), np.array(axes[3:])
    normal = np.cross(row, column)
    uid = generate_uid()
    made = []
    for number, plane in enumerate(voxels):
        origin = np.array([-10.0, 20.0, 30.0]) + number * (spacing * normal + tilt * column)
        one = image(plane, stored=12)
        one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = CTImageStorage
        one.Modality, one.SeriesInstanceUID = "CT", uid
        one.RescaleIntercept, one.RescaleSlope = -1024, 1
        one.ImagePositionPatient = [round(float(x), 4) for x in origin]
        one.ImageOrientationPatient = list(axes)
        one.PixelSpacing = [0.5, 0.25]
        one.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        made.append(one)
    return made
