"""Pearce's test of models of melody: pitches alone, ten folds, bits per note. Lesson 11.

Each melody is foretold once, from its first note to its last, by models that learned from the other nine tenths of
its collection. No song is transposed, the end is not foretold, and the alphabet is the collection's: Pearce (2005),
chapter 6. `PUBLISHED` has his figures, so that ours can stand beside them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tunesmith.learn.ppm import PPM, combine
from tunesmith.music.corpus import load
from tunesmith.music.melody import Melody
from tunesmith.music.sopranos import chorale_sopranos

FOLDS = 10
SOURCE = (
    "M. T. Pearce, The Construction and Evaluation of Statistical Models of Melodic Structure in Music Perception and "
    "Composition, PhD thesis, City University London, 2005, table 6.6"
)
LTM, MEMORY = "LTM C*I", "LTM+ & STM"
# Bits per note of his two models, and what he counted in his copy of the collection.
PUBLISHED: dict[str, dict[str, float]] = {
    "kinder": {"melodies": 213, "notes": 8393, LTM: 2.428, MEMORY: 2.102},
    "sopranos": {"melodies": 185, "notes": 9227, LTM: 2.444, MEMORY: 2.342},
}
COMBINED_BY = 1.0  # the exponent of the weights in our LTM+ & STM

Guesses = list[np.ndarray]  # of each melody an array (T, V) of logarithms


@dataclass(frozen=True)
class Pitches:
    """A collection as the test sees it.

    songs: its melodies. alphabet: all pitches in it from low to high, V MIDI numbers. ids: each melody's pitches as
    places in the alphabet. folds: ten lists of places of melodies.
    """

    name: str
    songs: tuple[Melody, ...]
    alphabet: tuple[int, ...]
    ids: tuple[tuple[int, ...], ...]
    folds: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, name: str, songs: Sequence[Melody], seed: int = 0) -> Pitches:
        """Prepare melodies. seed decides the folds. Raises ValueError for fewer melodies than folds."""
        if len(songs) < FOLDS:
            raise ValueError(f"{len(songs)} melodies can't be divided into {FOLDS} folds")
        alphabet = tuple(sorted({pitch for song in songs for pitch in song.pitches}))
        place = {pitch: i for i, pitch in enumerate(alphabet)}
        ids = tuple(tuple(place[pitch] for pitch in song.pitches) for song in songs)
        return cls(name, tuple(songs), alphabet, ids, folds(ids, seed))

    @property
    def notes(self) -> int:
        """How many notes there are to foretell."""
        return sum(map(len, self.ids))

    def rest(self, *without: int) -> list[int]:
        """The places of all melodies outside these folds, in their order."""
        out = {place for fold in without for place in self.folds[fold]}
        return [place for place in range(len(self.ids)) if place not in out]


def read(name: str) -> Pitches:
    """One of the two collections: ``"kinder"``, or the ``"sopranos"`` of Bach's chorales. Lesson 11.

    Raises ValueError for another name.
    """
    if name not in PUBLISHED:
        raise ValueError(f"{name!r} is none of the collections with published figures: {', '.join(PUBLISHED)}")
    return Pitches.of(name, chorale_sopranos() if name == "sopranos" else list(load(name, durations=None)))


def folds(ids: Sequence[Sequence[int]], seed: int = 0) -> tuple[tuple[int, ...], ...]:
    """Ten lists of places, each melody in one, as equal in number as can be; the same on every machine. Lesson 11."""
    order = sorted(range(len(ids)), key=lambda i: hashlib.sha256(f"{seed} {i} {ids[i]}".encode()).hexdigest())
    return tuple(tuple(sorted(order[fold::FOLDS])) for fold in range(FOLDS))


def ppm_guesses(data: Pitches, fold: int) -> dict[str, Guesses]:
    """What PPM models foretell in a fold after learning from the others: by name, of each melody (T, V)."""
    train, test = [data.ids[i] for i in data.rest(fold)], [data.ids[i] for i in data.folds[fold]]
    size, rows = len(data.alphabet), {}
    for kind, exclude in (("PPM order {}, C", True), ("PPM order {}, C, plain", False)):
        table = PPM(size, 8, exclude)
        for ids in train:
            table.learn(ids)
        for order in range(9):
            rows[kind.format(order)] = [table.log_probabilities(ids, order=order) for ids in test]
    rows["PPM* C*I (LTM)"] = [table.log_probabilities(ids) for table in [learned(size, train)] for ids in test]
    long, short = memory_guesses(size, train, test)
    rows["PPM* C*I, learning on (LTM+)"] = long
    rows["PPM* of the piece alone (STM)"] = short
    rows["PPM* LTM+ & STM"] = [combine(pair, COMBINED_BY) for pair in zip(long, short, strict=True)]
    return rows


def learned(size: int, train: Sequence[Sequence[int]]) -> PPM:
    """Pearce's best model of a style: contexts of any length, escape C, interpolated."""
    model = PPM(size, None, exclude=True)
    for ids in train:
        model.learn(ids)
    return model


def memory_guesses(size: int, train: Sequence[Sequence[int]], test: Sequence[Sequence[int]]) -> tuple[Guesses, Guesses]:
    """Two memories: a model of the style that learns on from melody to melody (LTM+), and one of each piece (STM)."""
    model = learned(size, train)
    long = [model.log_probabilities(ids, learning=True) for ids in test]
    short = [PPM(size, None, exclude=True).log_probabilities(ids, learning=True) for ids in test]
    return long, short


def bits(guesses: Guesses, ids: Sequence[Sequence[int]]) -> float:
    """How many bits the notes of some melodies cost altogether."""
    nats = 0.0
    for each, song in zip(guesses, ids, strict=True):
        nats -= float(each[range(len(each)), list(song)].sum())
    return nats / math.log(2)


class Table:
    """Bits per note, row by row and fold by fold, beside what was published.

    add: take in a row's guesses in a fold. rows: as plain values for a JSON file. Printed, it is a table.
    """

    def __init__(self, data: Pitches) -> None:
        self.data = data
        self._bits: dict[str, dict[int, float]] = {}

    def add(self, name: str, fold: int, guesses: Guesses) -> None:
        """Count a row's bits in a fold."""
        self._bits.setdefault(name, {})[fold] = bits(guesses, [self.data.ids[i] for i in self.data.folds[fold]])

    def rows(self) -> list[dict[str, object]]:
        """Of each row its bits per note, over all notes that were foretold; those of each fold, and their spread."""
        sizes = [sum(len(self.data.ids[i]) for i in fold) for fold in self.data.folds]
        rows = []
        for name, by_fold in self._bits.items():
            each = [by_fold[fold] / sizes[fold] for fold in sorted(by_fold)]
            mean = sum(by_fold.values()) / sum(sizes[fold] for fold in by_fold)
            spread = float(np.std(each, ddof=1)) if len(each) > 1 else None
            rows.append({"name": name, "bits_per_note": mean, "spread": spread, "folds": each, **self._beside(name)})
        return rows

    def as_json(self) -> dict[str, object]:
        """What was measured, as plain values: the collection, its size here and as published, and the rows."""
        data = self.data
        sizes = {"melodies": len(data.ids), "notes": data.notes, "pitches": len(data.alphabet)}
        published = PUBLISHED.get(data.name, {})
        return {"name": data.name, **sizes, "published": published, "rows": self.rows()}

    def _beside(self, name: str) -> dict[str, float]:
        """His figure for the same model; for a network, that of his model with memory, or without, as the row's."""
        published = PUBLISHED.get(self.data.name, {})
        same = {"PPM* C*I (LTM)": LTM, "PPM* LTM+ & STM": MEMORY}.get(name)
        if same in published:
            return {"published": published[same]}
        like = MEMORY if name.endswith("STM") else LTM
        return {"published_like": published[like]} if name.startswith("LSTM") and like in published else {}

    def __str__(self) -> str:
        width = max((len(name) for name in self._bits), default=0)
        lines = [f"{self.data.name}: {len(self.data.ids)} melodies, {self.data.notes:,} notes"]
        lines.append(f"{'':{width}}  bits/note  spread  published")
        for row in self.rows():
            spread = f"{row['spread']:6.3f}" if row["spread"] is not None else f"{'':6}"
            published = row.get("published") or (f"({row['published_like']})" if "published_like" in row else "")
            lines.append(f"{row['name']:{width}}  {row['bits_per_note']:9.3f}  {spread}  {published:>9}".rstrip())
        return "\n".join(lines)
