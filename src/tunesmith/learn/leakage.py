"""How much of the test songs stands in training: of the split that is used, and of one by chance alone. Lesson 11.

Folk songs come in variants. What a network has learned by heart says nothing of what it has understood, so a test song
that training holds too makes a score look better than it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass

import torch

from tunesmith.learn.originality import near_duplicates
from tunesmith.music.melody import Melody
from tunesmith.tokens.split import title_mark


@dataclass(frozen=True)
class Song:
    """What a test song is compared by. melody: None where it can't be read. title: "" for none. incipit: how it begins
    (see `tokens.split`)."""

    melody: Melody | None
    title: str
    incipit: Hashable


@dataclass(frozen=True)
class Leakage:
    """How many test songs have a relative in training. Lesson 11.

    train, test: how many songs there are. title, incipit: how many test songs share theirs with a training song.
    half: how many have half of their notes or more, and eight at least, in one run that a training song has too, in
    any key (see `near_duplicates`). any: how many by one of the three. long: how many by `half` alone; these no title
    and no beginning gives away.
    """

    train: int
    test: int
    title: int
    incipit: int
    half: int
    any: int
    long: int

    @property
    def share(self) -> float:
        """The share of test songs that have a relative in training, 0 to 1; 0 without test songs."""
        return self.any / self.test if self.test else 0.0

    def as_json(self) -> dict[str, float]:
        """All counts, and the share rounded to four decimals."""
        return {**asdict(self), "share": round(self.share, 4)}


def leakage(train: Sequence[Song], test: Sequence[Song]) -> Leakage:
    """Count the test songs that training holds already, or nearly. Lesson 11.

    A song whose melody can't be read is compared by title and incipit alone.
    """
    titles = {title_mark(song.title) for song in train} - {""}
    incipits = {song.incipit for song in train}
    by_title = {place for place, song in enumerate(test) if title_mark(song.title) in titles}
    by_incipit = {place for place, song in enumerate(test) if song.incipit in incipits}
    silent = Melody(())  # in the place of one that can't be read
    learned = [song.melody or silent for song in train]
    half = {found.place for found in near_duplicates([song.melody or silent for song in test], learned)}
    sets = (by_title, by_incipit, half, by_title | by_incipit | half, half - by_title - by_incipit)
    return Leakage(len(train), len(test), *map(len, sets))


def split_by_chance(
    count: int, shares: tuple[float, float, float], generator: torch.Generator
) -> tuple[list[int], list[int], list[int]]:
    """Divide so many songs as if each were by itself: the mistake that `split` is there to avoid. Lesson 11.

    Gives the places of training, validation and test songs. shares: three numbers that add up to 1. generator: decides
    the draws.
    """
    order = torch.randperm(count, generator=generator).tolist()
    first, second = (round(count * share) for share in (shares[0], shares[0] + shares[1]))
    return sorted(order[:first]), sorted(order[first:second]), sorted(order[second:])
