"""Two collections become one: one after the other, mixed in a ratio, or each tune with its style's name. Lesson 10.

Divide first, then join: `split_together` keeps a tune's family on one side, also where both collections have it.
What it gives goes, part by part, into one of the three ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch

from tunesmith.music.abc_tunes import AbcTune
from tunesmith.tokens.split import incipit, split

Part = dict[str, list[str]]  # name of a collection → its tunes' texts


def split_together(
    collections: Mapping[str, Sequence[AbcTune]],
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1),
    *,
    seed: int = 0,
) -> tuple[Part, Part, Part]:
    """Divide collections into training, validation and test tunes, families whole. Lesson 10.

    collections: name → tunes. Each part has the texts of every collection, in its order. Tunes with the same title or
    incipit are a family and stay on one side (see `split`), also where they are from several collections: then these
    are divided as one, and the shares hold for all tunes together. Collections that have no family in common are
    divided each by itself, as for a network that learns from one alone. Raises ValueError for shares that are none.
    """
    tunes = [tune for each in collections.values() for tune in each]
    together = _divided(tunes, shares, seed) if _related(collections.values()) else None
    parts: tuple[Part, Part, Part] = ({}, {}, {})
    for name, each in collections.items():
        for part, texts in zip(parts, together or _divided(each, shares, seed), strict=True):
            # Tunes of the same text have the same incipit, so a text is in one part alone.
            part[name] = [tune.text for tune in each if tune.text in texts]
    return parts


def _divided(tunes: Sequence[AbcTune], shares: tuple[float, float, float], seed: int) -> list[set[str]]:
    """The texts of the training, validation and test tunes."""
    parts = split([tune.text for tune in tunes], shares, titles=[tune.title for tune in tunes], seed=seed)
    return [set(part) for part in parts]


def _related(collections: Iterable[Sequence[AbcTune]]) -> bool:
    """Is there a title, or an incipit, that more than one of the collections has?"""
    seen: set[object] = set()
    for tunes in collections:
        marks = {mark for tune in tunes for mark in (incipit(tune.text), " ".join(tune.title.lower().split())) if mark}
        if seen & marks:
            return True
        seen |= marks
    return False


def concatenated(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """All tunes of the first collection, then all of the second. Lesson 10.

    How much of each there is in the whole is left to the collections' sizes.
    """
    return [*first, *second]


def mixed(first: Sequence[str], second: Sequence[str], ratio: float, generator: torch.Generator) -> list[str]:
    """Tunes of two collections in a chosen ratio, shuffled. Lesson 10.

    ratio: the first one's share of the tunes, 0 to 1. Tunes are counted, not characters: whoever asks the model
    for a new tune gets one of the first kind that often. The result is as large as it can be with no tune taken
    twice: of the collection that has more than the ratio needs, some are left out by chance. The share is met to
    the nearest tune. generator: decides which, and their order.
    Raises ValueError for a ratio outside 0 to 1, or for a collection without tunes.
    """
    if not 0 <= ratio <= 1:
        raise ValueError(f"ratio {ratio} should lie between 0 and 1: it is the first collection's share of the tunes")
    if not (first and second):
        raise ValueError(f"the {'second' if first else 'first'} collection has no tunes: there is nothing to mix")
    count = max(
        n
        for n in range(len(first) + len(second) + 1)
        if round(ratio * n) <= len(first) and n - round(ratio * n) <= len(second)
    )
    from_first = round(ratio * count)
    tunes = [*_some(first, from_first, generator), *_some(second, count - from_first, generator)]
    return _some(tunes, count, generator)


def _some(tunes: Sequence[str], count: int, generator: torch.Generator) -> list[str]:
    """So many of the tunes, each at most once, in an order by chance."""
    return [tunes[place] for place in torch.randperm(len(tunes), generator=generator)[:count].tolist()]


def labelled(collections: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """All tunes of all collections, each with the name of its style: ``(text, "irish")``. Lesson 10.

    collections: name of the style → texts. A `CharLSTM` with ``styles=tuple(collections)`` learns from these pairs;
    then ``generate_text(…, style={"irish": 0.5, "han": 0.5})`` asks it for a blend. Raises ValueError for fewer than
    two styles, which leave nothing to tell apart.
    """
    if len(collections) < 2:
        raise ValueError("a single style can't be told apart: give two or more collections")
    return [(text, name) for name, texts in collections.items() for text in texts]
