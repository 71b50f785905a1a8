"""Overlap areas: are the distances within a set of melodies those between it and another? Lesson 11.

L.-C. Yang and A. Lerch, "On the evaluation of generative models in music", Neural Computing and Applications 32
(2020), with their code, mgeval. A set is described by the distances between its own melodies, another set by the
distances from its melodies to those of the first. Each is made a density by Gaussian kernels; the area below both
curves is the overlap: 1 where a melody of the other set lies among those of the first as one of their own does.

The known mistake is to have two grids. mgeval's Kullback–Leibler divergence takes each density at a thousand points
between that set's own smallest and largest distance, and compares them point by point: so values at different
distances are compared, and two sets that have nothing in common may look alike. Here both densities are taken at the
same points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from tunesmith.learn.style_measures import CONFIDENCE, resampled_means

POINTS = 256  # of the grid
_MARGIN = 4  # bandwidths that the grid goes on beyond the outermost distances


def distances(first: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
    """Euclidean distances between the rows of two sets, (N, K) and (M, K): (N, M), float64. Lesson 11.

    Without a second set: those between the rows of the first, each pair once, (N·(N − 1) / 2,).
    """
    other = first if second is None else second
    squares = (first**2).sum(1)[:, None] + (other**2).sum(1) - 2 * first @ other.T
    found = np.sqrt(np.maximum(squares, 0))  # rounding may leave −1e-17
    return found if second is not None else found[np.triu_indices(len(first), 1)]


def densities(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kernel densities of two sets of numbers on one grid: the grid, and both densities, each (256,). Lesson 11.

    first, second: numbers, of any shape, at least one each. A Gaussian stands on each number; its width is Scott's
    (1992), n^(−1/5) times the standard deviation, as in SciPy's `gaussian_kde`. Where all numbers are equal the
    density is a single point. Each density adds up to 1 over the grid. Raises ValueError for no numbers.
    """
    grid, widths = _grid(first, second)
    one, other = (_smooth(_counts(x, grid), grid, width) for x, width in zip((first, second), widths, strict=True))
    return grid, one / one.sum(), other / other.sum()


def overlap_area(first: np.ndarray, second: np.ndarray) -> float:
    """The area below both of two kernel densities, 0 to 1; 1 for equal sets of numbers. Lesson 11.

    first, second, errors: as for `densities`.
    """
    _, one, other = densities(first, second)
    return float(_common(one, other))


@dataclass(frozen=True)
class Overlap:
    """How a set of melodies lies among reference melodies, by one feature. Lesson 11.

    area: `overlap_area` of the distances within the reference and those between it and the set; low, high: its 95 %
    interval. within, between: the means of these distances. own: the mean distance within the set: far below `within`,
    its melodies are more alike than those of the reference.
    """

    area: float
    low: float
    high: float
    within: float
    between: float
    own: float

    def as_json(self) -> dict[str, float]:
        """All numbers, rounded to four decimals."""
        return {name: round(value, 4) for name, value in vars(self).items()}


def overlap(reference: np.ndarray, rows: np.ndarray, *, generator: torch.Generator, resamples: int = 1000) -> Overlap:
    """Where a set of melodies lies among reference melodies, by one feature. Lesson 11.

    reference, rows: the feature of each melody, (N, K) and (M, K); two or more of each. The interval is found by the
    bootstrap: the melodies of the set are drawn anew, with repetition, so many times. generator: decides the draws.
    Raises ValueError for fewer than two melodies in either, and for fewer than 1 resample.
    """
    if min(len(reference), len(rows)) < 2 or resamples < 1:
        raise ValueError(
            f"{len(reference)} and {len(rows)} melodies, {resamples} resamples: two melodies of each and 1 are needed"
        )
    within, between = distances(reference), distances(rows, reference)
    grid, (_, width) = _grid(within, between)
    _, density, other = densities(within, between)
    counts = np.stack([_counts(row, grid) for row in between])  # a melody each, so that melodies can be drawn
    again = _smooth(resampled_means(counts, resamples, generator), grid, width)
    low, high = np.quantile(_common(density, again / again.sum(1, keepdims=True)), CONFIDENCE)
    means = (within.mean(), between.mean(), distances(rows).mean())
    return Overlap(*map(float, (_common(density, other), low, high, *means)))


def _common(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The area below both densities (…, G): (…)."""
    return np.minimum(np.minimum(one, other).sum(-1), 1.0)  # rounding may leave 1 + 1e-16


def _grid(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Points from below the smallest to above the largest number of both, (256,), and the bandwidth of each set."""
    if not (np.size(first) and np.size(second)):
        raise ValueError("there are no numbers to make a density of")
    widths = tuple(float(np.size(x) ** -0.2 * np.std(x, ddof=1)) if np.size(x) > 1 else 0.0 for x in (first, second))
    margin = _MARGIN * max(widths)
    low = min(np.min(first), np.min(second)) - margin
    high = max(np.max(first), np.max(second)) + margin
    return np.linspace(low, high, POINTS), widths


def _counts(numbers: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """How many numbers are nearest to each point of the grid: (G,)."""
    step = grid[1] - grid[0]
    if step == 0:  # all numbers are one
        return np.bincount([0], weights=[np.size(numbers)], minlength=len(grid))
    places = np.rint((np.ravel(numbers) - grid[0]) / step).astype(np.int64)
    return np.bincount(places.clip(0, len(grid) - 1), minlength=len(grid)).astype(float)


def _smooth(counts: np.ndarray, grid: np.ndarray, width: float) -> np.ndarray:
    """Counts (…, G) with a Gaussian of this width laid over each; as they are where it is narrower than a step."""
    if width <= grid[1] - grid[0]:
        return counts
    kernel = np.exp(-0.5 * ((grid - grid[:, None]) / width) ** 2)
    return counts @ (kernel / kernel.sum(1, keepdims=True))
