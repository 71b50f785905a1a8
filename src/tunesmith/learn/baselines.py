"""Three ways to guess the next token without a network: tables that were counted, or not even that. Lesson 06.

A table has the shape (V, V) and holds log-probabilities: row i says, after token i, how likely each token is to come
next. Each row's probabilities add up to 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from tunesmith.learn.batches import song_ids
from tunesmith.tokens.vocabulary import Vocabulary


def uniform_table(vocabulary: Vocabulary) -> Tensor:
    """Every token is as likely as any other: (V, V), each entry −ln V. Lesson 06."""
    size = len(vocabulary)
    return torch.full((size, size), 1 / size, dtype=torch.float64).log()


def unigram_table(vocabulary: Vocabulary, songs: Iterable[Sequence[str] | str]) -> Tensor:
    """Each token as likely as it is frequent, whatever came before: (V, V), all rows alike. Lesson 06.

    One is added to each count, so that no token is impossible (Laplace's rule of succession).
    """
    counts = _pairs(vocabulary, songs).sum(0) + 1
    return (counts / counts.sum()).log().expand(len(vocabulary), -1)


def bigram_table(vocabulary: Vocabulary, songs: Iterable[Sequence[str] | str]) -> Tensor:
    """Each token as likely as it is frequent after the token before: (V, V). Lessons 00 and 06.

    One is added to each count, as for `unigram_table`.
    """
    counts = _pairs(vocabulary, songs) + 1
    return (counts / counts.sum(1, keepdim=True)).log()


def _pairs(vocabulary: Vocabulary, songs: Iterable[Sequence[str] | str]) -> Tensor:
    """How often each token follows each: (V, V), float64; the song's end follows its last token."""
    size = len(vocabulary)
    counts = torch.zeros(size * size, dtype=torch.float64)
    for song in songs:
        ids = song_ids(vocabulary, song)
        counts += torch.bincount(ids[:-1] * size + ids[1:], minlength=size * size)
    return counts.reshape(size, size)
