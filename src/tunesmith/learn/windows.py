"""Windows: the last 64 steps as one-hot vectors, the next step as the target. Lessons 05 and 06.

Nothing is stored but one small id for each step. A window is cut, and made one-hot, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from tunesmith.learn.batches import Batch, smallest_dtype, song_ids
from tunesmith.tokens.vocabulary import Vocabulary


class Windows(Dataset):
    """Every step of every song as a target, with the steps before it as a window.

    vocabulary: V tokens. songs: token songs. length T: steps in a window, 1 or more.
    A window never looks into another song: what lies before a song's beginning is the delimiter.
    Each song's end, the delimiter behind it, is a target once. The length of the data set is the number
    of targets. ``windows[7]`` is one pair, of shapes (T, V) float32 and () int64; ``windows[[7, 8, 9]]`` is a
    batch, (B, T, V) and (B,): what PyTorch's `DataLoader` takes, with a `BatchSampler` and ``batch_size=None``.
    Raises ValueError for no songs and a length below 1.
    """

    def __init__(self, vocabulary: Vocabulary, songs: Sequence[Sequence[str] | str], length: int = 64) -> None:
        if not len(songs):
            raise ValueError("there are no songs to cut windows from")
        if length < 1:
            raise ValueError(f"length {length} should be 1 or more")
        self.vocabulary = vocabulary
        self.length = length
        ids = [song_ids(vocabulary, song).to(smallest_dtype(vocabulary)) for song in songs]
        # One delimiter between two songs: the end of the one is the beginning of the next.
        self._ids = torch.cat([ids[0], *(song[1:] for song in ids[1:])])
        self._ends = torch.tensor([len(song) - 1 for song in ids], dtype=torch.int32).cumsum(0, dtype=torch.int32)
        self._starts = torch.cat([torch.zeros(1, dtype=torch.int32), self._ends[:-1]])
        self._one_hot = torch.eye(len(vocabulary))  # row i is the one-hot vector of id i

    def __len__(self) -> int:
        return len(self._ids) - 1

    @property
    def nbytes(self) -> int:
        """Bytes that the data take: the ids, where songs begin and end, and one table of one-hot vectors."""
        return sum(tensor.nbytes for tensor in (self._ids, self._ends, self._starts, self._one_hot))

    def __getitem__(self, index: int | slice | Sequence[int] | Tensor) -> tuple[Tensor, Tensor]:
        ids, targets = self.ids(index)
        return self._one_hot[ids], targets

    def ids(self, index: int | slice | Sequence[int] | Tensor) -> tuple[Tensor, Tensor]:
        """As ``windows[index]``, with ids instead of one-hot vectors: (T,) and (), or (B, T) and (B,), int64.

        Raises IndexError for an index outside the data set.
        """
        index = range(len(self))[index] if isinstance(index, slice) else index
        places = torch.as_tensor(index, dtype=torch.int64)
        if places.numel() and not -len(self) <= places.min() <= places.max() < len(self):
            raise IndexError(f"there are {len(self):,} windows: an index goes from 0 to {len(self) - 1:,}")
        targets = torch.where(places < 0, places + len(self), places) + 1  # the first id of all is no target
        start = self._starts[torch.searchsorted(self._ends, targets.int())]
        steps = targets[..., None] + torch.arange(-self.length, 0)
        steps = torch.maximum(steps, start[..., None])  # before the song there is its delimiter only
        return self._ids[steps].long(), self._ids[targets].long()

    def batches(self, batch_size: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
        """Batches of windows; in a new order each time if a generator is given."""
        order = torch.randperm(len(self), generator=generator) if generator else torch.arange(len(self))
        for places in order.split(batch_size):
            yield Batch(*self[places])


def one_hot(ids: Tensor, size: int) -> Tensor:
    """ids (…) → one-hot vectors (…, size), float32: all 0, but for a 1 at the id's place. Lesson 05."""
    return torch.eye(size)[ids]
