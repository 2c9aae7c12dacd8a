"""What a scanner makes of simple bodies: water, air, edges, slices, noise."""

import numpy as np
import pytest

from simulator.ct import scan
from simulator.ct.grid import Floats, Grid, refine
from simulator.ct.paint import balls, fill, paint_ellipsoid, paint_tubes
from simulator.ct.scan import Geometry
from simulator.ct.scanners import FOR_TRAINING, HELD_OUT, KERNELS, SCANNERS
from simulator.ct.shapes import Tube

GRID = Grid((-80.0, -80.0, -20.0), (41, 161, 161), 1.0)


def cylinder(radius: float = 60.0, value: float = 0.0) -> Floats:
    hu = np.full(GRID.shape, -1000, np.float32)
    paint_tubes(hu, GRID, [Tube((0, 0, -500), (0, 0, 500), radius, radius)], value)
    return hu


def laid(**how: float) -> Geometry:
    how = {"pixel": 0.8, "thickness": 2.0, "increment": 2.0, **how}
    low, high = np.array([0.0, 0.0, -10.0]), np.array([0.0, 0.0, 10.0])
    return scan.lay(low, high, size=180, **how)  # type: ignore[arg-type]


def noise_of(kernel: str, **how: float) -> Floats:
    """One slice's noise in the middle of the water."""
    geometry = laid(**how)
    made = list(scan.image(cylinder(), GRID, geometry, SCANNERS["vidde"], seed=1, kernel=kernel))
    return np.stack(made)[:, 60:120, 60:120].astype(np.float32)


def test_water_is_zero_and_air_is_minus_a_thousand() -> None:
    made = np.stack(list(scan.image(cylinder(), GRID, laid(), SCANNERS["vidde"], seed=1)))
    assert abs(made[:, 60:120, 60:120].mean()) < 2
    assert abs(made[:, :15, :15].mean() + 1000) < 2


def test_a_round_view_is_padded_outside() -> None:
    made = next(iter(scan.image(cylinder(), GRID, laid(), SCANNERS["fjell"], seed=1)))
    assert made[0, 0] == scan.PADDING
    assert made[90, 90] > -500


@pytest.mark.parametrize("thickness", [1.0, 3.0, 5.0])
def test_a_slice_is_the_mean_over_its_thickness(thickness: float) -> None:
    """A plate of 2 mm loses contrast as the slice grows beyond it."""
    hu = np.full(GRID.shape, 0, np.float32)
    hu[19:22] = 300  # z of -1.5 to 1.5 mm
    middle = next(
        plane
        for number, plane in enumerate(scan.slices(hu, GRID, laid(thickness=thickness), outside=0))
        if number == 5
    )
    assert middle[90, 90] == pytest.approx(300 * min(1, 3 / thickness), rel=0.02)


def test_an_edge_between_two_materials_is_shared_by_its_voxels() -> None:
    hu = np.full((1, 1, 11), -1000, np.float32)
    inside = np.clip(0.5 - (np.arange(11) - 5.25), 0, 1).astype(np.float32)[None, None]
    fill(hu, inside, 0.0)
    assert hu[0, 0].tolist() == pytest.approx([0] * 5 + [-250] + [-1000] * 5)


def test_painted_bodies_have_the_volume_of_their_formulas() -> None:
    hu = np.zeros(GRID.shape, np.float32)
    paint_ellipsoid(hu, GRID, (3.3, -2.2, 0.4), (12, 9, 7), 1.0)
    assert hu.sum() == pytest.approx(4 / 3 * np.pi * 12 * 9 * 7, rel=0.03)
    cover = balls(GRID, np.array([[0.2, 0.4, 0.1]]), np.array([6.0]))
    assert cover.sum() == pytest.approx(4 / 3 * np.pi * 6**3, rel=0.03)


def test_a_vessel_thinner_than_a_voxel_fades_with_its_area() -> None:
    points = np.stack([np.zeros(81), np.zeros(81), np.linspace(-20, 20, 81)], 1)
    thick, thin = (balls(GRID, points, np.full(81, radius)) for radius in (0.5, 0.25))
    assert thin.sum() / thick.sum() == pytest.approx(0.25, rel=0.05)


def test_noise_falls_with_dose_and_thickness() -> None:
    thin, thick = noise_of("standard", thickness=1.0), noise_of("standard", thickness=4.0)
    assert thin.std() / thick.std() == pytest.approx(2, rel=0.1)


def test_a_sharp_kernel_has_fine_grain_and_more_noise() -> None:
    soft, sharp = noise_of("soft"), noise_of("sharp")
    assert sharp.std() > 1.8 * soft.std()
    alike = [float((one[:, :, 1:] * one[:, :, :-1]).mean() / one.var()) for one in (soft, sharp)]
    assert alike[0] > 0.25
    assert alike[1] < 0.1


def test_noise_has_little_power_at_low_frequencies() -> None:
    """The spectrum of filtered back-projection rises with frequency before it falls."""
    noise = noise_of("standard")[0]
    power = np.abs(np.fft.fft2(noise - noise.mean())) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(60, 0.8), np.fft.fftfreq(60, 0.8)))
    low = power[(frequency > 0) & (frequency < 0.06)].mean()
    peak = power[(frequency > 0.2) & (frequency < 0.3)].mean()
    high = power[frequency > 0.6].mean()
    assert peak > 2 * low
    assert peak > 2 * high


def test_overlapping_slices_share_noise() -> None:
    apart, overlapping = noise_of("standard"), noise_of("standard", thickness=4.0, increment=2.0)
    alike = [float((n[1:] * n[:-1]).mean() / n.var()) for n in (apart, overlapping)]
    assert abs(alike[0]) < 0.1
    assert alike[1] > 0.3


@pytest.mark.parametrize("tilt", [0.0, 18.0])
def test_a_point_is_where_the_geometry_says(tilt: float) -> None:
    """Also where slices are shifted against each other by a tilted gantry."""
    hu = np.full(GRID.shape, -1000, np.float32)
    place = np.array([14.0, -11.0, 0.5])
    paint_ellipsoid(hu, GRID, (14.0, -11.0, 0.5), (5, 5, 5), 100.0)
    geometry = laid(tilt=tilt, thickness=1.0, increment=1.0)
    made = np.stack(list(scan.slices(hu, GRID, geometry))) + 1000
    index = np.array(np.unravel_index(np.arange(made.size), made.shape))
    middle = (index * made.ravel()).sum(1) / made.sum()
    found = geometry.origin + middle @ np.array([geometry.step, geometry.down, geometry.right])
    assert np.allclose(found, place, atol=0.15)


def test_a_tilted_gantry_shifts_slices_along_the_table() -> None:
    geometry = laid(tilt=20.0)
    normal = np.cross(geometry.right, geometry.down)
    assert np.allclose(geometry.step / np.linalg.norm(geometry.step), [0, 0, 1])
    angle = np.degrees(np.arccos(abs(normal[2]) / np.linalg.norm(normal)))
    assert angle == pytest.approx(20.0)


def test_a_field_that_is_linear_stays_so_when_refined() -> None:
    coarse = Grid((0.0, 0.0, 0.0), (5, 6, 7), 4.0)
    x, y, z = coarse.axes()
    fine = Grid((1.0, 2.0, 3.0), (9, 10, 11), 1.5)
    a, b, c = fine.axes()
    found = refine(np.asarray(x + 2 * y - z, np.float32), coarse, fine)
    assert np.allclose(found, a + 2 * b - c, atol=1e-4)


def test_two_makers_are_kept_for_evaluation() -> None:
    assert len(HELD_OUT) == 2
    assert not set(HELD_OUT) & set(FOR_TRAINING)
    assert {one.kernel for one in SCANNERS.values()} == set(KERNELS)
