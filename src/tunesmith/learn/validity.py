"""How many of a model's tunes are valid, and how different they are: with the grammar's mask and without. Lesson 10.

`python -m tunesmith validity` writes what is measured here to a file.
"""

from __future__ import annotations

import bisect
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import mean, median
from typing import Any

import torch

from tunesmith.learn.blends import COPIED, readable
from tunesmith.learn.originality import CopiedRuns
from tunesmith.music.abc_check import AbcCheck, check_abc
from tunesmith.music.draft import SongError
from tunesmith.music.melody import Melody

RUNS_OF_NOTES = (4, 6, 8, 10, 12, COPIED, 24, 32)  # what a run that is copied is measured by: each takes memory
RUN = 8  # characters in a row that the texts are compared by


def validity(texts: Sequence[str]) -> dict[str, Any]:
    """How many tunes are valid, and of the others in how many there is which kind of fault, the commonest first.

    examples: of each kind the first fault. read: how many of the valid tunes music21 reads. Lesson 10.
    """
    checks = [check_abc(text) for text in texts]
    kinds = Counter(kind for check in checks for kind in check.kinds)
    first = {fault.kind: str(fault) for check in reversed(checks) for fault in reversed(check.faults)}
    valid = [check for check in checks if check.valid]
    return {
        "tunes": len(checks),
        "valid": len(valid),
        "share": round(len(valid) / len(checks), 4) if checks else 0.0,
        "read": sum(melody is not None for melody in map(melody_of, valid)),
        "faults": dict(sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))),
        "examples": {kind: first[kind] for kind in sorted(first)},
    }


def melody_of(check: AbcCheck) -> Melody | None:
    """A valid tune's melody; None where music21 can't read it."""
    try:
        return check.melody()
    except SongError:
        return None


def diversity(texts: Sequence[str], known: CopiedRuns) -> dict[str, Any]:
    """How different tunes are from each other, and from those that were learned from. Lesson 10.

    characters: the median of the tunes' lengths. distinct_bars, distinct_runs: the share of bars, and of runs of `RUN`
    characters of music, that stand in one tune alone, among all that each tune has, counted once a tune; 1: no two
    tunes share one. overlap: the mean, over pairs of tunes, of the runs that both have divided by those that either
    has (Jaccard); 0: none. twins: how many tunes stand in the list twice. metres: entropy of their shares, in nats.
    copied_median: of the longest of `RUNS_OF_NOTES` that tunes share with one of `known`, 0 for none; copied: in how
    many of them it is `COPIED` notes or more; of: how many can be read.
    """
    music = [text.split("\n", 3)[-1] for text in texts]
    runs = [
        {line[i : i + RUN] for line in [part.replace("\n", "")] for i in range(len(line) - RUN + 1)} for part in music
    ]
    bars = [{bar.strip(" :]\n") for bar in part.replace("\n", "|").split("|")} - {""} for part in music]
    longest = [_copied(melody, known) for melody in map(readable, texts) if melody]
    metres = Counter(text.split("\n", 1)[0] for text in texts)
    shares = torch.tensor([count / len(texts) for count in metres.values()], dtype=torch.float64)
    return {
        "characters": median(map(len, texts)),
        "distinct_bars": round(_alone(bars), 4),
        "distinct_runs": round(_alone(runs), 4),
        "overlap": round(_overlap(runs), 4),
        "twins": len(texts) - len(set(music)),
        "metres": round(float(-(shares * shares.log()).sum()), 4),
        "copied_median": median(longest) if longest else None,
        "copied": sum(run >= COPIED for run in longest),
        "of": len(longest),
    }


def _copied(melody: Melody, known: CopiedRuns) -> int:
    """The longest of `RUNS_OF_NOTES` that stands in a known melody too, 0 for none."""
    more = bisect.bisect_left(RUNS_OF_NOTES, True, key=lambda length: known.song_with(melody, length) is None)
    return RUNS_OF_NOTES[more - 1] if more else 0


def _alone(sets: Iterable[set[str]]) -> float:
    """The share of things that are in one of some sets alone."""
    counts = Counter(thing for things in sets for thing in things)
    return sum(count == 1 for count in counts.values()) / max(1, sum(counts.values()))


def _overlap(sets: Sequence[set[str]]) -> float:
    """The mean Jaccard overlap of all pairs of sets."""
    pairs = [(one, other) for place, one in enumerate(sets) for other in sets[:place]]
    return mean(len(one & other) / max(1, len(one | other)) for one, other in pairs) if pairs else 0.0


def fingerprint(texts: Iterable[str]) -> str:
    """A short mark of some texts, by which two runs can be told to have written the same."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def table(results: dict[str, Any]) -> str:
    """The rows that `python -m tunesmith validity` measured, a line each. Lesson 10."""
    lines = [f"{'':18}{'valid':>12}{'read':>6}{'distinct bars':>15}{'overlap':>9}{'copied':>8}"]
    for row in results["rows"]:
        valid = f"{row['valid']} of {row['tunes']}"
        numbers = f"{row['distinct_bars']:>15.1%}{row['overlap']:>9.4f}{row['copied']:>8}"
        lines.append(f"{row['name']:18}{valid:>12}{row['read']:>6}{numbers}")
        lines.extend(f"{'':20}{count:4} with {kind}: {row['examples'][kind]}" for kind, count in row["faults"].items())
    return "\n".join(lines)
