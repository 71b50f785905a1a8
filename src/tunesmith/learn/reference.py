"""Sets of melodies, written by models or by people, measured against human songs. Lesson 11.

`python -m tunesmith sampling` writes what is measured here to a file; `sampling_table` shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from tunesmith.learn.melody_measures import HISTOGRAMS, NUMBERS, bars_alike, features, measurable
from tunesmith.learn.originality import CopiedRuns
from tunesmith.learn.overlap import overlap
from tunesmith.learn.style_measures import CONFIDENCE, divergence, resampled_means
from tunesmith.learn.validity import fingerprint
from tunesmith.music.melody import Melody

COPIED_RUN = 8  # notes of the runs whose copied share is measured
LONG_RUN = 16  # notes in a row that a new tune should not share with a song that was learned from


class Reference:
    """Human songs that sets of melodies are measured against. Lesson 11.

    songs: in C major or A minor, such as the training songs; two or more with two notes or more.
    learned: more songs that were learned from: what stands in them is copied, too.
    """

    def __init__(self, songs: Sequence[Melody], learned: Sequence[Melody] = ()) -> None:
        self.features = features(measurable(songs))
        self._copies = CopiedRuns([*songs, *learned])

    def measure(self, melodies: Sequence[Melody], generator: torch.Generator, resamples: int = 1000) -> dict[str, Any]:
        """What was measured of some melodies, as plain values for a JSON file. Lesson 11.

        melodies, measured: how many there are, and how many of them have two notes or more; those alone are measured.
        numbers: by each of `NUMBERS`, the mean over melodies, and its 95 % interval (bootstrap over melodies).
        histograms: by each of `HISTOGRAMS`, the mean; class transitions are left out, being many. divergences: of each
        from that of the reference, in bits. bars_alike: by lag, over the melodies that are long enough.
        overlaps: an `Overlap` by each feature, and the mean of their areas. copied: see `copied`. fingerprint: a hash
        of all notes. generator: draws for the bootstrap.
        Raises ValueError for fewer than two melodies of two notes or more.
        """
        whole = measurable(melodies)
        if len(whole) < 2:
            raise ValueError(f"{len(whole)} of {len(melodies)} melodies have two notes or more: there should be two")
        found = features(whole)
        areas = {
            name: overlap(self.features[name], rows, generator=generator, resamples=resamples)
            for name, rows in found.items()
        }
        return {
            "melodies": len(melodies),
            "measured": len(whole),
            "numbers": {name: mean_and_interval(found[name][:, 0], generator, resamples) for name in NUMBERS},
            "histograms": {
                name: found[name].mean(0).round(4).tolist() for name in HISTOGRAMS if name != "class transitions"
            },
            "divergences": {
                name: round(float(divergence(self.features[name].mean(0), found[name].mean(0))), 4)
                for name in HISTOGRAMS
            },
            "bars_alike": _mean_by_lag(whole),
            "overlaps": {name: area.as_json() for name, area in areas.items()},
            "mean_overlap": round(float(np.mean([area.area for area in areas.values()])), 4),
            "copied": self.copied(whole, generator, resamples),
            "fingerprint": fingerprint(f"{[(note.pitch, str(note.duration)) for note in m.notes]}" for m in melodies),
        }

    def copied(self, melodies: Sequence[Melody], generator: torch.Generator, resamples: int = 1000) -> dict[str, Any]:
        """What melodies share, in any key, with the songs that were learned from. Lesson 11.

        longest: of the longest shared run of each melody, in notes, the mean with its interval, the median and the
        largest. share: of a melody's runs of 8 notes, those that are copied, the mean with its interval. long: how
        many melodies share a run of 16 notes or more; whole: how many are nothing but one such run.
        """
        longest = np.array([self._copies.longest(melody) for melody in melodies])
        shares = np.array([self._copies.share(melody, COPIED_RUN) for melody in melodies])
        return {
            "longest": {
                **mean_and_interval(longest, generator, resamples),
                "median": float(np.median(longest)),
                "largest": int(longest.max()),
            },
            "share": mean_and_interval(shares, generator, resamples),
            "long": int((longest >= LONG_RUN).sum()),
            "whole": sum(run == len(m.pitches) for run, m in zip(longest.tolist(), melodies, strict=True)),
        }


def mean_and_interval(values: np.ndarray, generator: torch.Generator, resamples: int = 1000) -> dict[str, float]:
    """The mean of some values (N,), and its 95 % interval by the bootstrap, rounded to four decimals. Lesson 11."""
    again = resampled_means(np.asarray(values, dtype=float)[:, None], resamples, generator)
    low, high = np.quantile(again, CONFIDENCE)
    return {"mean": round(float(np.mean(values)), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _mean_by_lag(melodies: Sequence[Melody]) -> list[float | None]:
    """The mean of `bars_alike` by lag, over the melodies that are long enough; None where none is."""
    columns = np.stack([bars_alike(melody) for melody in melodies]).T
    means = [column[~np.isnan(column)] for column in columns]
    return [round(float(column.mean()), 4) if len(column) else None for column in means]


_COLUMNS = ("notes", "range", "mean interval", "mean length", "scale consistency", "repeated bars", "repeated phrases")


def sampling_table(results: Mapping[str, Any]) -> str:
    """What `python -m tunesmith sampling` measured, a line for each set of melodies. Lesson 11.

    results: the file's content. score: mean nats per step by the model itself, where it knows all tokens.
    """
    width = max(len(row["name"]) for row in results["rows"])
    heads = (*_COLUMNS, "overlap", "copied run", "copied share", "score")
    lines = [f"{'':{width}}  " + "  ".join(heads)]
    for row in results["rows"]:
        values = [row["numbers"][name]["mean"] for name in _COLUMNS]
        values += [row["mean_overlap"], row["copied"]["longest"]["mean"], row["copied"]["share"]["mean"]]
        cells = [f"{value:.2f}" for value in values] + [f"{row['score']['mean']:.3f}" if row["score"] else "–"]
        lines.append(
            f"{row['name']:{width}}  " + "  ".join(f"{c:>{len(head)}}" for c, head in zip(cells, heads, strict=True))
        )
    return "\n".join(lines)
