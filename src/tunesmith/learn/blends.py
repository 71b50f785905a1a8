"""Tunes that a model wrote, measured against the two styles that it learned from. Lesson 10.

`python -m tunesmith blend` writes what is measured here to a file; `blend_table` shows it.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from tunesmith.learn.originality import CopiedRuns
from tunesmith.learn.style_measures import MEASURES, leanings, place_between, shares
from tunesmith.music.abc import parse_abc
from tunesmith.music.abc_tunes import whole_abc
from tunesmith.music.draft import SongError
from tunesmith.music.melody import Melody

COPIED = 16  # notes in a row that a new tune should not share with a tune that was learned from


def dialled(first: str, second: str, t: float) -> dict[str, float]:
    """The weights of a blend of two styles: t = 0 is all the first, 1 all the second. Lesson 10."""
    return {first: 1 - t, second: t}


def readable(text: str) -> Melody | None:
    """The melody of a tune that can be read as ABC, whether or not its bars add up; None of another. Lesson 10.

    A key that is none is estimated.
    """
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")  # music21's own, and what it prints of signs that it does not know
            return parse_abc(whole_abc(text)).melody
    except SongError:
        return None


class Yardstick:
    """Two collections of human tunes that others are measured against. Lesson 10.

    first, second: melodies, each with a key.
    """

    def __init__(self, first: Sequence[Melody], second: Sequence[Melody]) -> None:
        self.parents = {measure: (shares(first, measure), shares(second, measure)) for measure in MEASURES}
        self._copies = CopiedRuns([*first, *second])

    def measure(self, melodies: Sequence[Melody], generator: torch.Generator) -> dict[str, Any]:
        """What was measured of some melodies, as plain values for a JSON file. Lesson 10.

        notes: the mean number of notes. copied: how many of the melodies share a run of `COPIED` notes with one of
        the human tunes. histograms: by each of `MEASURES`. places: `Place`, t from 0 at the first to 1 at the second
        collection. leanings: their mean and their spread over the melodies (standard deviation), bits an event.
        generator: draws for the bootstrap.
        """
        result: dict[str, Any] = {
            "notes": round(float(np.mean([len(melody.pitches) for melody in melodies])), 1),
            "copied": sum(self._copies.song_with(melody, COPIED) is not None for melody in melodies),
            "histograms": {},
            "places": {},
            "leanings": {},
        }
        for measure, (first, second) in self.parents.items():
            rows = shares(melodies, measure)
            leaning = leanings(first, second, rows)
            result["histograms"][measure] = np.round(rows.mean(0), 4).tolist()
            result["places"][measure] = place_between(first, second, rows, generator=generator).as_json()
            result["leanings"][measure] = {
                "mean": round(float(leaning.mean()), 4),
                "spread": round(float(leaning.std()), 4),
            }
        return result


def blend_table(results: Mapping[str, Any]) -> str:
    """What `python -m tunesmith blend` measured, as a table: for each row t by each measure, with its 95 % interval.

    results: the file's content. A star stands behind a t that lies between the parents (`Place.between`). Lesson 10.
    """
    first, second = results["collections"]
    width = max(len(row["name"]) for row in results["rows"])
    lines = [
        f"t is 0 for {first} and 1 for {second}; in brackets its 95 % interval; * lies between the two",
        f"{'':{width}}  read  valid  " + "  ".join(f"{measure:20}" for measure in MEASURES),
    ]
    for row in results["rows"]:
        cells = [_cell(row["places"][measure]) for measure in MEASURES]
        lines.append(f"{row['name']:{width}}  {row['read']:4}  {row['valid']:5}  " + "  ".join(cells))
    return "\n".join(line.rstrip() for line in lines)


def _cell(place: Mapping[str, Any]) -> str:
    if place["t"] is None:
        return "    –".ljust(20)
    interval = f"({place['low']:.2f} to {place['high']:.2f})"
    return f"{place['t']:5.2f} {interval}{'*' if place['between'] else ''}".ljust(20)
