"""Texts as a `CharLSTM` learns them: windows at random to train on, whole tunes to measure. Lesson 10.

Tunes are joined as in an ABC file, with an empty line between them. A network with styles learns from pairs of a
text and its style, ``(text, "irish")``.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from tunesmith.learn.batches import Batch, WholeSongs, smallest_dtype
from tunesmith.tokens.characters import Characters

Style = str | Mapping[str, float]  # a name, or how much of each: {"irish": 0.5, "han": 0.5}
Text = str | tuple[str, Style]


def style_weights(styles: Sequence[str], style: Style) -> list[float]:
    """How much there is of each style: S weights that add up to 1. Lesson 10.

    styles: the names that a network knows. style: one of them, or a weight for some. Raises ValueError for an
    unknown name, for a weight outside 0 to 1, and for weights that don't add up to 1.
    """
    weights = {style: 1.0} if isinstance(style, str) else dict(style)
    for name, weight in weights.items():
        if name not in styles:
            near = difflib.get_close_matches(str(name), styles, 1, cutoff=0.0)
            raise ValueError(f"there is no style {name!r}; near it: {near[0]} (all: {', '.join(styles)})")
        if not 0 <= weight <= 1:
            raise ValueError(f"the weight of the style {name}, {weight}, should lie between 0 and 1")
    total = math.fsum(weights.values())
    if not abs(total - 1) <= 1e-6:
        raise ValueError(f"the weights of the styles should add up to 1, not to {total:g}")
    return [float(weights.get(name, 0.0)) for name in styles]


def unlabelled(texts: Sequence[Text], styles: Sequence[str]) -> tuple[list[str], Tensor | None]:
    """Texts without their styles, and the weights of these, (N, S) float32; None for a network without styles.

    Raises ValueError for texts without a style where styles are asked for, and the other way round.
    """
    for place, text in enumerate(texts, 1):
        if styles and isinstance(text, str):
            raise ValueError(f"text {place} has no style: give pairs such as (text, {styles[0]!r})")
        if not styles and not isinstance(text, str):
            raise ValueError(f"text {place} is no text; a network without styles takes no pairs of text and style")
    if not styles:
        return list(texts), None
    return [text for text, _ in texts], torch.tensor([style_weights(styles, style) for _, style in texts])


class WholeTexts(WholeSongs):
    """Whole tunes as batches, for the measuring of a loss: each from its beginning to its end. Lesson 10.

    characters: V of them. texts: tunes, or with styles pairs of a tune and its style. styles: a network's, S of them.
    """

    def __init__(self, characters: Characters, texts: Sequence[Text], styles: Sequence[str] = ()) -> None:
        plain, self.styles = unlabelled(texts, styles)
        super().__init__(characters, plain)

    def at(self, places: Sequence[int]) -> Batch:
        batch = super().at(places)
        return batch if self.styles is None else replace(batch, styles=self.styles[list(places)])


class TextWindows:
    """Windows of a text, drawn at random: what a `CharLSTM` trains on. Lesson 10.

    characters, texts, styles: as for `WholeTexts`. length L: characters in a window, 1 or more.
    The tunes are joined to one long text, with an empty line after each (to one text a style, so that no window has
    two). A window may begin anywhere and run on into the next tune; its targets are its characters moved on by one.
    Only where it would begin with a newline inside a tune, it begins at that tune's beginning instead. So a newline
    with nothing before it always means: here a tune begins; that is how the model is asked for one.
    The length of the data set is the number of windows in an epoch: the characters of all tunes over L, rounded down.
    Raises ValueError for no texts, unknown characters, texts too short for one window, and for a length below 1.
    """

    def __init__(
        self, characters: Characters, texts: Sequence[Text], length: int = 128, styles: Sequence[str] = ()
    ) -> None:
        if not len(texts):
            raise ValueError("there are no texts to draw windows from")
        if length < 1:
            raise ValueError(f"length {length} should be 1 or more")
        plain, weights = unlabelled(texts, styles)
        self.length = length
        kinds: dict[tuple[float, ...], list[str]] = {}
        for text, row in zip(plain, weights.tolist() if weights is not None else [()] * len(plain), strict=True):
            kinds.setdefault(tuple(row), []).append(text)
        self._weights = torch.tensor(list(kinds)) if styles else None  # (kinds, S)
        joined, starts, place = [], [], 0
        for tunes in kinds.values():
            joined.append(torch.from_numpy(characters.ids(joined_text(tunes))))
            for tune in tunes:
                starts.append(place)
                place += len(tune) + 1
            place += 1
        if (shortest := min(map(len, joined))) <= length:
            raise ValueError(f"texts of {shortest} characters are too short for windows of {length}: take shorter ones")
        self._ids = torch.cat(joined).to(smallest_dtype(characters))
        self._starts = torch.tensor(starts)
        # How many places there are where a window may begin, up to the end of each long text.
        self._room = torch.tensor([len(ids) - length for ids in joined]).cumsum(0)
        self._newline = int(characters.ids(characters.END)[0])

    def __len__(self) -> int:
        return max(1, len(self._ids) // self.length)

    @property
    def nbytes(self) -> int:
        """Bytes that the ids take, and the places where tunes begin."""
        return self._ids.nbytes + self._starts.nbytes

    def draw(self, count: int, generator: torch.Generator) -> Batch:
        """So many windows: inputs and targets, both (count, L), int64, and the weights of their styles. Lesson 10."""
        places = torch.randint(int(self._room[-1]), (count,), generator=generator)
        kind = torch.searchsorted(self._room, places, right=True)
        places = places + kind * self.length  # in each long text before it, that many are no beginnings
        tune = self._starts[torch.searchsorted(self._starts, places, right=True) - 1]
        places = torch.where(self._ids[places] == self._newline, tune, places)
        ids = self._ids[places[:, None] + torch.arange(self.length + 1)].long()
        return Batch(ids[:, :-1], ids[:, 1:], None if self._weights is None else self._weights[kind])

    def batches(self, batch_size: int, generator: torch.Generator) -> Iterator[Batch]:
        """An epoch's windows; other ones each time."""
        for first in range(0, len(self), batch_size):
            yield self.draw(min(batch_size, len(self) - first), generator)


def joined_text(texts: Sequence[str]) -> str:
    """Tunes in a row with an empty line after each: the end of the one is the beginning of the next. Lesson 10."""
    return Characters.END + "".join(text + Characters.END for text in texts)
