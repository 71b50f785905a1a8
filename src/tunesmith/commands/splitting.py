"""How ``train`` and ``evaluate`` divide songs: the same split for both."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import tunesmith as ts
from tunesmith.tokens.steps import SIXTEENTH


def split_tokens(
    songs: Iterable[ts.Melody], step: Fraction = SIXTEENTH
) -> tuple[list[list[str]], list[list[str]], list[list[str]]]:
    """Training, validation and test songs as tokens, in C major or A minor."""
    encoded = [ts.encode(ts.to_empty_signature(song), step) for song in songs]
    return ts.split(encoded, titles=[song.title for song in songs])
