"""What all networks of the course have in common, so that `fit`, `evaluate` and `generate` take any of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Self

import torch
from torch import nn

from tunesmith.models.views import Views
from tunesmith.tokens.characters import Characters
from tunesmith.tokens.vocabulary import Vocabulary


class TokenModel(nn.Module):
    """A network over the tokens of a vocabulary.

    vocabulary: the tokens it knows, V of them; None where it was built without. step: what one token
    lasts, in quarter notes.
    sequence_length: a number where the network reads windows of so many one-hot vectors and gives
    logits for the token after each (`WindowLSTM`); None where it reads the ids of whole songs and
    gives logits at every step, and its state (`MelodyLSTM`). Lesson 06.
    unit: what its losses are counted by: a step, or a character (`CharLSTM`, whose tokens are characters,
    and which has no step). styles: names of the styles that it tells apart, if it does. Lesson 10.
    views: what it is told of each step beside the token, if anything. Lesson 11.
    """

    vocabulary: Vocabulary | Characters | None
    step: Fraction
    sequence_length: int | None = None
    unit: str = "step"
    styles: tuple[str, ...] = ()
    views: Views | None = None

    def settings(self) -> dict[str, Any]:
        """What `from_settings` needs to build the same network, as plain values for a file."""
        raise NotImplementedError

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """A network as `settings` describes it, with new weights."""
        return cls(**settings)


def count_parameters(model: nn.Module) -> int:
    """How many numbers training can change. Lesson 06."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def device_of(model: nn.Module) -> torch.device:
    """Where the model's weights are: CPU, CUDA or MPS."""
    return next(model.parameters()).device
