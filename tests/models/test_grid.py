from typing import Any

import numpy as np
import pytest

from models.grid import Grid, carry, sample
from models.volume import Volume

RAMP = np.array([2.0, -3.0, 5.0])  # HU per mm along x, y, z


def ramp(steps: np.ndarray, origin: np.ndarray, shape: tuple[int, int, int]) -> Volume:
    """A volume whose HU are linear in the patient, however its slices lie."""
    index = np.indices(shape).reshape(3, -1).T
    points = index @ steps + origin
    return Volume((points @ RAMP).reshape(shape), origin, steps, ("1",) * shape[0])


def steps(
    slices: tuple[float, ...], rows: tuple[float, ...], columns: tuple[float, ...]
) -> np.ndarray:
    return np.array([slices, rows, columns], float)


ORIENTATIONS = {
    "axial": (steps((0, 0, 2), (0, 1, 0), (1, 0, 0)), (-20.0, -20.0, -30.0)),
    "mirrored": (steps((0, 0, 2), (0, -1, 0), (-1, 0, 0)), (20.0, 20.0, -30.0)),
    "feet first": (steps((0, 0, -2), (0, 1, 0), (1, 0, 0)), (-20.0, -20.0, 30.0)),
    "turned": (steps((0, 0, 2), (1, 0, 0), (0, 1, 0)), (-20.0, -20.0, -30.0)),
    "coronal": (steps((0, 1.5, 0), (0, 0, -1.5), (1, 0, 0)), (-20.0, -20.0, 30.0)),
    "tilted": (steps((0, 0, 2), (0, 0.94, 0.342), (1, 0, 0)), (-20.0, -19.0, -37.0)),
}


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_the_same_place_has_the_same_value_however_the_slices_lie(name: str) -> None:
    way, origin = ORIENTATIONS[name]
    volume = ramp(way, np.array(origin), (31, 41, 41))
    grid = Grid((-6.0, -5.0, -4.0), (9, 8, 7), 1.5)
    expected = grid.to_patient(np.indices(grid.shape).reshape(3, -1).T) @ RAMP
    assert np.allclose(sample(volume, grid, -1000).ravel(), expected, atol=1e-3)


def test_points_beside_the_volume_get_the_value_outside() -> None:
    way, origin = ORIENTATIONS["axial"]
    volume = ramp(way, np.array(origin), (31, 41, 41))
    far = sample(volume, Grid((500.0, 0.0, 0.0), (4, 4, 4), 1.0), -1024)
    edge = sample(volume, Grid((-30.0, 0.0, 0.0), (3, 3, 30), 1.0), -1024)
    assert (far == -1024).all()
    assert (edge[..., :9] == -1024).all()
    assert (edge[..., 11:] != -1024).all()


def test_finer_voxels_are_averaged_so_that_noise_falls() -> None:
    rng = np.random.default_rng(1)
    voxels = np.rint(rng.normal(0, 100, (60, 60, 60))).astype(np.int16)
    volume = Volume(voxels, np.zeros(3), steps((0, 0, 1), (0, 1, 0), (1, 0, 0)), ("1",) * 60)
    coarse = sample(volume, Grid.covering(volume, 4.0), 0)
    assert coarse[2:-2, 2:-2, 2:-2].std() < 20  # 100 / 8, and the interpolation's share


def test_averaging_moves_nothing() -> None:
    way, origin = steps((0, 0, 1), (0, 1, 0), (1, 0, 0)), np.zeros(3)
    volume = ramp(way, origin, (40, 40, 40))
    grid = Grid((9.0, 9.0, 9.0), (5, 5, 5), 4.0)
    expected = grid.to_patient(np.indices(grid.shape).reshape(3, -1).T) @ RAMP
    assert np.allclose(sample(volume, grid, 0).ravel(), expected, atol=0.51)


def test_a_grid_covers_its_volume() -> None:
    way, origin = ORIENTATIONS["tilted"]
    volume = ramp(way, np.array(origin), (31, 41, 41))
    grid = Grid.covering(volume, 3.0)
    corners = volume.to_patient(np.array([[0, 0, 0], [30, 40, 40], [30, 0, 0], [0, 40, 0]]))
    index = grid.to_index(corners)
    assert (index >= -1e-6).all()
    assert (index <= np.array(grid.shape) - 1 + 1e-6).all()


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_a_field_comes_back_to_the_slices(name: str) -> None:
    way, origin = ORIENTATIONS[name]
    volume = ramp(way, np.array(origin), (31, 41, 41))
    grid = Grid.covering(volume, 3.0)
    field = (grid.to_patient(np.indices(grid.shape).reshape(3, -1).T) @ RAMP).reshape(grid.shape)
    back = carry(field, grid, volume, 14, 17)
    assert np.allclose(back[:, 5:-5, 5:-5], volume.voxels[14:17, 5:-5, 5:-5], atol=1e-2)


def test_a_window_of_a_large_scan_reads_only_what_it_touches() -> None:
    class Counting(np.ndarray):
        largest = 0

        def __getitem__(self, key: Any) -> Any:
            part: Any = np.asarray(self)[key]
            Counting.largest = max(Counting.largest, getattr(part, "size", 0))
            return part

    voxels = np.broadcast_to(np.int16(0), (1500, 512, 512)).view(Counting)
    way = steps((0, 0, 0.4), (0, 0.7, 0), (0.7, 0, 0))
    volume = Volume(voxels, np.zeros(3), way, ("1",) * 1500)
    found = sample(volume, Grid((100.0, 100.0, 200.0), (96, 96, 96), 1.25), -1024)
    assert not found.any()
    assert 0 < Counting.largest < 0.05 * 1500 * 512 * 512
