"""How a training went, epoch by epoch. Lesson 06."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass
class History:
    """How a training went: losses in nats per step, one number an epoch. Lesson 06.

    unit: what the losses are counted by, "step" or, of texts, "character".
    As the last line of a cell it shows itself as a plot.
    """

    train_loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    stopped: str = ""
    unit: str = "step"

    renderer: ClassVar[Callable[[History], dict[str, str]] | None] = None

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return len(self.valid_loss)

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, whose weights were kept; 0 before the first."""
        return min(range(self.epochs), key=self.valid_loss.__getitem__) + 1 if self.epochs else 0

    @property
    def best_loss(self) -> float:
        """The lowest validation loss; infinite before the first epoch."""
        return min(self.valid_loss, default=math.inf)

    def __str__(self) -> str:
        if not self.epochs:
            return f"no epoch finished{': ' if self.stopped else ''}{self.stopped}"
        best = (
            f"best validation loss {self.best_loss:.3f} nats per {self.unit} "
            f"after epoch {self.best_epoch} of {self.epochs}"
        )
        return f"{best} ({self.stopped})" if self.stopped else best

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return History.renderer(self) if History.renderer else {"text/plain": repr(self)}
