"""Overlap areas: against known distributions, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from melodies import one_clear_line
from tunesmith.learn.overlap import densities, distances, overlap, overlap_area

numbers = st.lists(st.floats(-50, 50, allow_subnormal=False), min_size=1, max_size=30).map(np.array)


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(numbers, numbers)
def test_an_overlap_is_a_share(first, second):
    area = overlap_area(first, second)
    assert 0 <= area <= 1 and area == pytest.approx(overlap_area(second, first), abs=1e-9)
    assert overlap_area(first, first) == pytest.approx(1, abs=1e-12)
    assert overlap_area(first, first[::-1]) == pytest.approx(1, abs=1e-9)
    _, one, other = densities(first, second)
    assert (one >= 0).all() and one.sum() == pytest.approx(1) and other.sum() == pytest.approx(1)


def test_known_overlaps():
    """Two normal distributions two deviations apart share 2·Φ(−1) = 0.317; those far apart share nothing."""
    x = torch.randn(20000, dtype=torch.float64, generator=generator()).numpy()
    assert overlap_area(x, x + 2) == pytest.approx(0.317, abs=0.02)
    assert overlap_area(x, x[::2]) > 0.97
    assert overlap_area(x, x + 100) < 1e-6
    assert overlap_area(np.array([1.0, 1.0]), np.array([1.0])) == 1
    assert overlap_area(np.array([1.0, 1.0]), np.array([2.0])) == 0


def test_both_densities_stand_on_one_grid():
    """The mistake: each on a grid of its own, so that a set and the same a hundred higher look alike."""
    grid, one, other = densities(np.array([0.0, 1.0, 2.0]), np.array([100.0, 101.0, 102.0]))
    assert grid[0] < 0 and grid[-1] > 102 and len(grid) == len(one) == len(other)
    assert grid @ one == pytest.approx(1, abs=0.5) and grid @ other == pytest.approx(101, abs=0.5)
    assert overlap_area(np.array([0.0, 1.0, 2.0]), np.array([100.0, 101.0, 102.0])) < 1e-9


def test_a_density_has_the_mean_and_the_spread_of_its_numbers():
    x = torch.rand(500, dtype=torch.float64, generator=generator()).numpy()
    grid, density, _ = densities(x, x)
    assert grid @ density == pytest.approx(x.mean(), abs=0.01)
    width = len(x) ** -0.2 * x.std(ddof=1)
    assert (grid - x.mean()) ** 2 @ density == pytest.approx(x.var() + width**2, rel=0.02)


def test_distances_by_hand():
    rows = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    assert distances(rows).tolist() == pytest.approx([5, 1, np.hypot(3, 3)])
    assert distances(rows[:1], rows).tolist() == [pytest.approx([0, 5, 1])]


def drawn(count: int, centre: float, seed: int, spread: float = 1.0) -> np.ndarray:
    return centre + spread * torch.randn(count, 2, dtype=torch.float64, generator=generator(seed)).numpy()


def test_overlap_finds_what_is_alike():
    reference = drawn(200, 0, 1)
    sets = (drawn(80, 0, 2), drawn(80, 3, 3), drawn(80, 0, 4, 0.1))
    same, shifted, narrow = (overlap(reference, rows, generator=generator()) for rows in sets)
    assert same.area > 0.9 and shifted.area < 0.4 and same.low - 0.02 < same.area < same.high + 0.02
    assert same.area == overlap_area(distances(reference), distances(sets[0], reference))
    assert narrow.own < 0.2 * narrow.within < same.own  # all alike, in the middle: the distances within tell
    assert shifted.between > 2 * shifted.within
    assert same == overlap(reference, sets[0], generator=generator())
    assert set(same.as_json()) == {"area", "low", "high", "within", "between", "own"}


def test_the_interval_is_wide_for_few():
    reference = drawn(200, 0, 1)
    few, many = (overlap(reference, drawn(count, 1, 2), generator=generator()) for count in (6, 150))
    assert few.high - few.low > 2 * (many.high - many.low)


def test_too_little_to_measure():
    rows = drawn(5, 0, 1)
    for bad in ((rows[:1], rows, 9), (rows, rows[:1], 9), (rows, rows, 0)):
        with pytest.raises(ValueError) as error:
            overlap(*bad[:2], generator=generator(), resamples=bad[2])
        one_clear_line(error.value, "needed")
    with pytest.raises(ValueError) as error:
        overlap_area(np.array([]), np.array([1.0]))
    one_clear_line(error.value, "no numbers")
