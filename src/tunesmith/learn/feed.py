"""Which data a model reads: whole songs, or windows. Lessons 06 and 10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tunesmith.learn.batches import WholeSongs
from tunesmith.learn.text import TextWindows, WholeTexts
from tunesmith.learn.windows import Windows
from tunesmith.models.char_lstm import CharLSTM
from tunesmith.models.token_model import TokenModel


def feed(
    model: TokenModel, songs: Sequence[Any], window: int | None = None
) -> WholeSongs | Windows | WholeTexts | TextWindows:
    """The songs as this model reads them: as windows if it has a `sequence_length`, else whole.

    songs: token songs; for a `CharLSTM` texts, or pairs of a text and its style. window: of a `CharLSTM`, the
    characters in windows that are drawn at random; None: whole texts.
    Raises ValueError for a model without a vocabulary, for a token that it does not know, and for a window that it
    does not read.
    """
    if model.vocabulary is None:
        raise ValueError(f"this {type(model).__name__} has no vocabulary: build it with vocabulary=…")
    if isinstance(model, CharLSTM):
        if window is None:
            return WholeTexts(model.vocabulary, songs, model.styles)
        return TextWindows(model.vocabulary, songs, window, model.styles)
    if window is not None:
        raise ValueError(f"window {window} is for a CharLSTM alone; leave it out for this {type(model).__name__}")
    if model.sequence_length is None:
        return WholeSongs(model.vocabulary, songs, model.views)
    return Windows(model.vocabulary, songs, model.sequence_length)
