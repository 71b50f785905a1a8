"""Which data a model reads: whole songs, or windows. Lesson 06."""

from __future__ import annotations

from collections.abc import Sequence

from tunesmith.learn.batches import WholeSongs
from tunesmith.learn.windows import Windows
from tunesmith.models.token_model import TokenModel


def feed(model: TokenModel, songs: Sequence[Sequence[str] | str]) -> WholeSongs | Windows:
    """The songs as this model reads them: as windows if it has a `sequence_length`, else whole.

    Raises ValueError for a model without a vocabulary, and for a token that it does not know.
    """
    if model.vocabulary is None:
        raise ValueError(f"this {type(model).__name__} has no vocabulary: build it with vocabulary=…")
    if model.sequence_length is None:
        return WholeSongs(model.vocabulary, songs)
    return Windows(model.vocabulary, songs, model.sequence_length)
