"""Does a blend of two styles lie between them? Histograms relative to the tonic, and where they lie. Lesson 10.

A tune in G and one in F are compared by their distance from the tonic, the one that ``K:`` names. Its mode is left
aside: Essen's files name none, and a minor tune shows itself by its minor thirds. Notes are counted, not how long they
last; rests are left out; a repeat is counted as it is played. Every tune has one vote, however long it is: its own
histogram adds up to 1, and that of a collection is the mean of its tunes'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import torch

from tunesmith.music.melody import Melody

LARGEST_INTERVAL = 12  # semitones; larger ones are counted with it
RATIOS = (1 / 4, 1 / 3, 1 / 2, 1.0, 2.0, 3.0, 4.0)  # of a duration to the one before
DEGREES = ("1", "♭2", "2", "♭3", "3", "4", "♯4", "5", "♭6", "6", "♭7", "7")
METRES = ("2/4", "3/4", "4/4", "2/2", "3/8", "6/8", "9/8")
CONFIDENCE = (0.025, 0.975)  # the ends of a 95 % interval


def pitch_classes(melody: Melody) -> np.ndarray:
    """How many notes stand on each of the 12 semitones above the tonic: (12,), float64. Lesson 10.

    The names of the places are `DEGREES`. Raises ValueError for a melody without a key.
    """
    if melody.key is None:
        raise ValueError("the melody has no key, so its notes can't be counted from the tonic")
    return _counts([(pitch - melody.key.tonic_class) % 12 for pitch in melody.pitches], 12)


def intervals(melody: Melody) -> np.ndarray:
    """How often each interval stands between a note and the next: (25,), float64, −12 to 12 semitones. Lesson 10.

    Larger intervals are counted as 12, down or up.
    """
    most = LARGEST_INTERVAL
    return _counts([max(-most, min(most, b - a)) + most for a, b in pairwise(melody.pitches)], 2 * most + 1)


def rhythms(melody: Melody) -> np.ndarray:
    """How often each ratio stands between a note's duration and the one before it: (8,), float64. Lesson 10.

    The places are `RATIOS`, and one for all others. A ratio does not ask in which unit a collection was written down.
    """
    durations = np.array([float(note.duration) for note in melody.notes if note.pitch is not None])
    ratios = durations[1:] / durations[:-1]
    counts = np.isclose(ratios[:, None], RATIOS).sum(0)
    return np.append(counts, len(ratios) - counts.sum()).astype(float)


def metres(melody: Melody) -> np.ndarray:
    """Which metre the melody has: (8,), float64, a single 1; the places are `METRES`, and one for others. Lesson 10."""
    metre = str(melody.time_signature)
    return _counts([METRES.index(metre) if metre in METRES else len(METRES)], len(METRES) + 1)


@dataclass(frozen=True)
class Measure:
    """A way to count: labels of the K places, and what counts a melody, (K,). Lesson 10."""

    labels: tuple[str, ...]
    count: Callable[[Melody], np.ndarray]


MEASURES = {
    "pitch classes": Measure(DEGREES, pitch_classes),
    "intervals": Measure(tuple(f"{i:+d}" if i else "0" for i in range(-12, 13)), intervals),
    "rhythms": Measure(("1/4", "1/3", "1/2", "1", "2", "3", "4", "other"), rhythms),
    "metres": Measure((*METRES, "other"), metres),
}


def shares(melodies: Sequence[Melody], measure: str) -> np.ndarray:
    """Each melody's histogram: (N, K), float64, rows add up to 1. Lesson 10.

    measure: one of `MEASURES`. Melodies that have nothing to count, such as one note without an interval, are left
    out. Raises ValueError for an unknown measure, and where no melody is left.
    """
    if measure not in MEASURES:
        raise ValueError(f"there is no measure {measure!r}: choose one of {', '.join(MEASURES)}")
    counts = [MEASURES[measure].count(melody) for melody in melodies]
    rows = [row / row.sum() for row in counts if row.any()]
    if not rows:
        raise ValueError(f"there is no melody whose {measure} can be counted")
    return np.array(rows)


def histogram(melodies: Sequence[Melody], measure: str) -> np.ndarray:
    """The mean of the melodies' histograms: (K,), float64, adds up to 1. Lesson 10. Errors are those of `shares`."""
    return shares(melodies, measure).mean(0)


def divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The Jensen–Shannon divergence of two histograms, in bits: 0 if equal, 1 if they share nothing. Lesson 10.

    p, q: (…, K), their last axis adds up to 1. With m = (p + q) / 2, it is ½ Σ p log₂(p/m) + ½ Σ q log₂(q/m).
    J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37 (1991).
    """
    m = (np.asarray(p) + np.asarray(q)) / 2
    return np.maximum(_relative_entropy(p, m) + _relative_entropy(q, m), 0) / 2  # rounding may leave −1e-17


def position(first: np.ndarray, second: np.ndarray, blend: np.ndarray) -> np.ndarray:
    """Where a blend lies on the line from the first histogram (0) to the second (1). Lesson 10.

    first, second: (K,) or (…, K), blend: (…, K). It is the t of the mixture (1 − t) first + t second that comes
    nearest to the blend (least squares): t = (blend − first)·(second − first) / |second − first|². Below 0 or above 1
    the blend lies beyond a parent. Where the parents are equal there is no line, and t is nan.
    """
    line = np.asarray(second) - first
    length = (line**2).sum(-1)
    return ((blend - first) * line).sum(-1) / np.where(length > 0, length, np.nan)


@dataclass(frozen=True)
class Place:
    """Where a blend lies between its parents, by one measure. Lesson 10.

    t: its `position`, 0 at the first parent, 1 at the second. low, high: the 95 % interval of t. apart: divergence
    between the parents, to_first and to_second: between the blend and each of them, in bits.
    """

    t: float
    low: float
    high: float
    apart: float
    to_first: float
    to_second: float

    @property
    def between(self) -> bool:
        """Does the blend lie between its parents, by more than chance?

        Yes, if all of the interval of t lies between 0 and 1, and the blend is nearer to each parent than these are
        to each other.
        """
        return self.low > 0 and self.high < 1 and max(self.to_first, self.to_second) < self.apart

    def as_json(self) -> dict[str, float | bool | None]:
        """All numbers, rounded to four decimals, and the verdict; None where parents that are alike leave no line."""
        numbers = {name: None if np.isnan(value) else round(value, 4) for name, value in asdict(self).items()}
        return {**numbers, "between": self.between}

    def __str__(self) -> str:
        verdict = "between" if self.between else "not between"
        return f"t = {self.t:.2f} ({self.low:.2f} to {self.high:.2f}): {verdict}"


def place_between(
    first: np.ndarray,
    second: np.ndarray,
    blend: np.ndarray,
    *,
    generator: torch.Generator,
    resamples: int = 1000,
) -> Place:
    """Where the tunes of a blend lie between those of its parents, by one measure. Lesson 10.

    first, second, blend: what `shares` gives of each, (N, K), with any number of tunes N. The interval of t is found
    by the bootstrap (Efron 1979): the tunes of all three are drawn anew, with repetition, `resamples` times (1 or
    more), and the middle 95 % of the results are kept. generator: decides the draws.
    """
    if resamples < 1:
        raise ValueError(f"resamples {resamples} should be 1 or more")
    sets = (first, second, blend)
    a, b, c = (rows.mean(0) for rows in sets)
    again = position(*(resampled_means(rows, resamples, generator) for rows in sets))
    again = again[~np.isnan(again)]  # of few tunes, both parents may be drawn alike
    low, high = np.quantile(again, CONFIDENCE) if len(again) else (np.nan, np.nan)
    return Place(*map(float, (position(a, b, c), low, high, divergence(a, b), divergence(a, c), divergence(b, c))))


def leanings(first: np.ndarray, second: np.ndarray, tunes: np.ndarray) -> np.ndarray:
    """How much more each tune looks like the second style than like the first: (N,), bits an event. Lesson 10.

    first, second, tunes: what `shares` gives of each, by one measure. It is the mean of log₂(q/p) over what was
    counted in a tune, with p and q the histograms of the two styles, a hundredth of evenly spread counts in each: the
    log-likelihood ratio of a naive Bayes classifier. Below 0 a tune looks like the first.
    The histogram of a set of tunes can lie half way although each of them is of the one kind or the other; here one
    sees which it is.
    """
    p, q = (0.99 * rows.mean(0) + 0.01 / rows.shape[1] for rows in (first, second))
    return tunes @ np.log2(q / p)


def _counts(places: Sequence[int], size: int) -> np.ndarray:
    return np.bincount(np.array(places, dtype=np.int64), minlength=size).astype(float)


def _relative_entropy(p: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Σ p log₂(p/m), where p is not 0; m is never 0 there."""
    p = np.asarray(p, dtype=float)
    ratio = np.divide(p, m, out=np.ones(np.broadcast(p, m).shape), where=p > 0)
    return (p * np.log2(ratio)).sum(-1)


def resampled_means(rows: np.ndarray, resamples: int, generator: torch.Generator) -> np.ndarray:
    """The mean of as many rows (N, K), drawn with repetition, so many times: (resamples, K). Lesson 10.

    The bootstrap (Efron 1979): the quantiles `CONFIDENCE` of what is computed from each are a 95 % interval.
    """
    count = len(rows)
    drawn = torch.randint(count, (resamples, count), generator=generator)
    rounds = drawn + count * torch.arange(resamples)[:, None]  # so that one count serves all
    weights = np.bincount(rounds.flatten().numpy(), minlength=resamples * count).reshape(resamples, count) / count
    return weights @ rows
