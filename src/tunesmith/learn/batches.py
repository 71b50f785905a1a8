"""Whole songs as batches of ids: the next step is the target at every step. Lessons 05, 06 and 11."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from tunesmith.models.views import Views
from tunesmith.tokens.barred import BarredSong
from tunesmith.tokens.characters import Characters
from tunesmith.tokens.vocabulary import Vocabulary

PADDING = -100  # the target that PyTorch's cross-entropy leaves out by default


@dataclass(frozen=True)
class Batch:
    """What goes in, and the ids that should come out.

    Of whole songs: inputs (B, T), int64, and targets (B, T), `PADDING` where a song has ended.
    Of windows: inputs (B, T, V), one-hot, and targets (B,).
    Of texts: as of whole songs, and where they have styles, the weights of these, (B, S), each row adding up to 1.
    For a network with F views: as of whole songs, and what these say of each input, (B, T, F), int64.
    """

    inputs: Tensor
    targets: Tensor
    styles: Tensor | None = None
    views: Tensor | None = None

    @property
    def count(self) -> int:
        """How many targets there are, padding left out."""
        return int((self.targets != PADDING).sum())


def song_ids(vocabulary: Vocabulary | Characters, song: Sequence[str] | str) -> Tensor:
    """A song's ids with the delimiter (of a text: the newline) before and after it: (T + 2,), int64."""
    end = vocabulary.ids([vocabulary.END])
    ids = vocabulary.ids(song)
    return torch.cat([torch.from_numpy(part) for part in (end, ids, end)])


def smallest_dtype(vocabulary: Vocabulary | Characters) -> torch.dtype:
    """The smallest whole numbers that hold every id: a byte up to 256 tokens."""
    return torch.uint8 if len(vocabulary) <= 256 else torch.int32


def make_batch(songs: Sequence[Tensor]) -> Batch:
    """Songs as ids with their delimiters, the shorter ones padded at the end.

    The input is all but a song's last id, the target all but its first; so the end of every song
    is a target once, and padding never is. Lesson 05.
    """
    length = max(len(song) for song in songs) - 1
    inputs = torch.zeros(len(songs), length, dtype=torch.int64)
    targets = torch.full((len(songs), length), PADDING)
    for row, song in enumerate(songs):
        inputs[row, : len(song) - 1] = song[:-1]
        targets[row, : len(song) - 1] = song[1:]
    return Batch(inputs, targets)


class WholeSongs:
    """Token songs kept as small ids, handed out as batches of songs of like length. Lessons 05, 06 and 11.

    Its length is the number of songs; `nbytes` what the ids take in memory. views: those of the network that reads
    the songs, if it has any; a song that is no `BarredSong` then counts as one without a metre.
    """

    def __init__(
        self, vocabulary: Vocabulary | Characters, songs: Sequence[Sequence[str] | str], views: Views | None = None
    ) -> None:
        self.songs = [song_ids(vocabulary, song).to(smallest_dtype(vocabulary)) for song in songs]
        self.views = None
        if views is not None and views.names:
            self.views = [
                song_views(views, ids[:-1], song).to(torch.int16) for ids, song in zip(self.songs, songs, strict=True)
            ]

    def __len__(self) -> int:
        return len(self.songs)

    @property
    def nbytes(self) -> int:
        """Bytes that the ids take."""
        return sum(tensor.nbytes for tensor in [*self.songs, *(self.views or [])])

    def batches(self, batch_size: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
        """Batches of songs of like length; in a new order each time if a generator is given.

        Songs are sorted by length, with chance deciding among like ones, so that little is padded.
        """
        count = len(self.songs)
        order = torch.randperm(count, generator=generator).tolist() if generator else list(range(count))
        order.sort(key=lambda i: len(self.songs[i]) // 16)
        groups = [order[i : i + batch_size] for i in range(0, count, batch_size)]
        if generator:
            groups = [groups[i] for i in torch.randperm(len(groups), generator=generator).tolist()]
        for group in groups:
            yield self.at(group)

    def at(self, places: Sequence[int]) -> Batch:
        """The songs at these places, as a batch."""
        batch = make_batch([self.songs[i] for i in places])
        if self.views is None:
            return batch
        views = nn.utils.rnn.pad_sequence([self.views[i] for i in places], batch_first=True)
        return replace(batch, views=views.long())


def song_views(views: Views, ids: Tensor, song: Sequence[str] | str) -> Tensor:
    """What the views say of a song: (T, F), int64. Lesson 11.

    ids: the song's, (T,), with the delimiter before them. song: a `BarredSong`, or tokens without a metre.
    """
    frame = (song.time_signature, song.upbeat, song.collection) if isinstance(song, BarredSong) else ()
    return torch.from_numpy(views(ids.numpy(), *frame))
