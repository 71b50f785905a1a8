"""Whole songs as batches of ids: the next step is the target at every step. Lessons 05 and 06."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tunesmith.tokens.vocabulary import DELIMITER, Vocabulary

PADDING = -100  # the target that PyTorch's cross-entropy leaves out by default


@dataclass(frozen=True)
class Batch:
    """inputs (B, T) and targets (B, T), int64; targets are `PADDING` where a song has ended."""

    inputs: Tensor
    targets: Tensor

    @property
    def count(self) -> int:
        """How many targets there are, padding left out."""
        return int((self.targets != PADDING).sum())


def song_ids(vocabulary: Vocabulary, song: Sequence[str] | str) -> Tensor:
    """A song's ids with the delimiter before and after it: (T + 2,), int64."""
    end = vocabulary.ids([DELIMITER])
    ids = vocabulary.ids(song)
    return torch.cat([torch.from_numpy(part) for part in (end, ids, end)])


def make_batch(songs: Sequence[Tensor]) -> Batch:
    """Songs as ids with their delimiters, the shorter ones padded at the end.

    The input is all but a song's last id, the target all but its first; so the end of every song
    is a target once, and padding never is.
    """
    length = max(len(song) for song in songs) - 1
    inputs = torch.zeros(len(songs), length, dtype=torch.int64)
    targets = torch.full((len(songs), length), PADDING)
    for row, song in enumerate(songs):
        inputs[row, : len(song) - 1] = song[:-1]
        targets[row, : len(song) - 1] = song[1:]
    return Batch(inputs, targets)


def batches(songs: Sequence[Tensor], batch_size: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
    """Batches of songs of like length; in a new order each time if a generator is given.

    Songs are sorted by length, with chance deciding among like ones, so that little is padded.
    """
    order = torch.randperm(len(songs), generator=generator).tolist() if generator else list(range(len(songs)))
    order.sort(key=lambda i: len(songs[i]) // 16)
    groups = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    if generator:
        groups = [groups[i] for i in torch.randperm(len(groups), generator=generator).tolist()]
    for group in groups:
        yield make_batch([songs[i] for i in group])
