"""What `load` gives: the songs, and a report that says what became of every file. Lessons 03 and 04."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, overload

from tunesmith.music.melody import Melody

# What a reader's remark says of a song that was read → the words to count by. The first that fits is taken.
_LOSSES = {
    r"^grace notes dropped": "grace notes",
    r"^chords cut down": "chords",
    r"^key doubtful": "key doubtful",
    r"^(no (key|mode) named|a key signature that is none)": "key estimated",
    r"^the key changes": "key changes",
    r"^the tempo changes": "tempo changes",
    r"^(\d+ (voices|parts|spines)|melody taken from)": "voices",
    r"separate patterns": "patterns",
    r"^repeat signs": "repeats",
    r"^a tie in bar": "ties",
    r"^(overlapping notes|notes under the melody)": "overlaps",
    r"^(times moved|short gaps|notes too short)": "quantised",
    r"^notes without an end": "endless notes",
    r"^silent bars": "silence",
    r"^no durations": "no durations",
    r"UTF-8": "encoding",
}
_WIDTH = 100  # characters in a line of the summary


def _loss(remark: str) -> str:
    return next((words for pattern, words in _LOSSES.items() if re.search(pattern, remark)), "other")


class Outcome(NamedTuple):
    """What became of one song.

    name: unique in the collection, fit for a file's name. cause: "" for a song that was read, else
    a word or two to count by. detail: why it was left out, or what was lost or is doubtful.
    """

    name: str
    title: str
    cause: str
    detail: str

    @property
    def losses(self) -> tuple[str, ...]:
        """What was lost or is doubtful in a song that was read, in words to count by, each once."""
        if self.cause or not self.detail:
            return ()
        return tuple(dict.fromkeys(_loss(remark) for remark in self.detail.split("; ")))

    def __str__(self) -> str:
        state = "left out" if self.cause else "read"
        return f"{self.name}: {state}{': ' if self.detail else ''}{self.detail}"


class Report(Sequence[Outcome]):
    """One `Outcome` a song, in the order of the files. Printed, it is a summary; `lines` has all."""

    def __init__(self, name: str, outcomes: Iterable[Outcome]) -> None:
        self.name = name
        self.outcomes = tuple(outcomes)

    @property
    def read(self) -> tuple[Outcome, ...]:
        """The songs that were read."""
        return tuple(outcome for outcome in self.outcomes if not outcome.cause)

    @property
    def left_out(self) -> tuple[Outcome, ...]:
        """The songs that were left out, each with its cause."""
        return tuple(outcome for outcome in self.outcomes if outcome.cause)

    @property
    def causes(self) -> Counter[str]:
        """How many songs were left out for which cause."""
        return Counter(outcome.cause for outcome in self.left_out)

    @property
    def losses(self) -> Counter[str]:
        """In how many songs that were read something was lost or is doubtful, by what it is: "chords", …"""
        return Counter(loss for outcome in self.read for loss in outcome.losses)

    @property
    def doubtful_keys(self) -> tuple[Outcome, ...]:
        """The songs that were read with a key that is doubtful or was estimated."""
        return tuple(outcome for outcome in self.read if {"key doubtful", "key estimated"} & {*outcome.losses})

    @property
    def lines(self) -> list[str]:
        """One line a song."""
        return [str(outcome) for outcome in self.outcomes]

    def as_json(self) -> dict[str, object]:
        """The whole report as plain values, for a JSON file."""
        return {
            "source": self.name,
            "read": len(self.read),
            "left_out": len(self.left_out),
            "causes": dict(sorted(self.causes.items())),
            "losses": dict(sorted(self.losses.items())),
            "doubtful_keys": len(self.doubtful_keys),
            "songs": [outcome._asdict() for outcome in self.outcomes],
        }

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Outcome]: ...
    def __getitem__(self, index):
        return self.outcomes[index]

    def __len__(self) -> int:
        return len(self.outcomes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Report) and (self.name, self.outcomes) == (other.name, other.outcomes)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        lines = [f"{self.name}: {len(self):,} songs, {len(self.read):,} read, {len(self.left_out):,} left out"]
        for cause, count in _largest_first(self.causes):
            first = next(outcome for outcome in self.left_out if outcome.cause == cause)
            lines.append(_cut(f"  {count:5,} left out: {cause} (the first: {first.name}: {first.detail}"))
        for loss, count in _largest_first(self.losses):
            first = next(outcome for outcome in self.read if loss in outcome.losses)
            remark = next(remark for remark in first.detail.split("; ") if _loss(remark) == loss)
            remark = remark.removeprefix(f"{loss}: ")
            lines.append(_cut(f"  {count:5,} read: {loss} (the first: {first.name}: {remark}"))
        return "\n".join(lines)

    __repr__ = __str__


def _largest_first(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _cut(line: str) -> str:
    """A line of the summary with its bracket closed; what is too long ends in dots, and is whole in `lines`."""
    return f"{line})" if len(line) < _WIDTH else f"{line[: _WIDTH - 2].rstrip()}…)"


class Songs(Sequence[Melody]):
    """The songs that `load` read. A sequence of `Melody`; `report` says what became of every file.

    names: one for each song, unique, fit for a file's name.
    """

    def __init__(self, name: str, melodies: Iterable[Melody], report: Report) -> None:
        self.name = name
        self.melodies = tuple(melodies)
        self.report = report
        self.names = tuple(outcome.name for outcome in report.read)

    @overload
    def __getitem__(self, index: int) -> Melody: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Melody]: ...
    def __getitem__(self, index):
        return self.melodies[index]

    def __iter__(self) -> Iterator[Melody]:
        return iter(self.melodies)

    def __len__(self) -> int:
        return len(self.melodies)

    def __repr__(self) -> str:
        return f"<Songs {self.name}: {len(self):,} read, {len(self.report.left_out):,} left out>"
