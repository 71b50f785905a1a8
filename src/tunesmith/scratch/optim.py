"""From gradients to better parameters: gradient descent, and a limit for gradients that explode. Lesson 08."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from tunesmith.scratch.tensor import Tensor


class SGD:
    """Stochastic gradient descent: each parameter takes a step of `lr` times its gradient downhill. Lesson 08.

    weight_decay: pulls each parameter towards 0, as a term weight_decay / 2 · Σ parameter² in the loss does (L2).
    Raises ValueError for no parameters, one that requires no gradient, and for negative numbers.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, weight_decay: float = 0.0) -> None:
        self.parameters = _checked(parameters)
        for what, value in (("lr", lr), ("weight_decay", weight_decay)):
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"{what} should be a number of 0 or more, not {value}")
        self.lr = lr
        self.weight_decay = weight_decay

    def step(self) -> None:
        """Change the parameters by their gradients; those without a gradient stay."""
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.data -= self.lr * (parameter.grad + self.weight_decay * parameter.data)

    def zero_grad(self) -> None:
        """Forget all gradients: `backward` adds to what is there."""
        for parameter in self.parameters:
            parameter.grad = None


def clip_grad_norm(parameters: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients by one factor, so that their common norm is at most `max_norm`. Lesson 08.

    The direction stays. Returns the norm from before. The factor is max_norm / (norm + 10⁻⁶), as in PyTorch.
    Razvan Pascanu, Tomas Mikolov and Yoshua Bengio, "On the difficulty of training recurrent neural networks",
    ICML 2013. Raises ValueError where max_norm is not above 0.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm should be above 0, not {max_norm}")
    gradients = [parameter.grad for parameter in _checked(parameters) if parameter.grad is not None]
    norm = math.sqrt(sum(float(np.vdot(gradient, gradient)) for gradient in gradients))
    if norm + 1e-6 > max_norm:
        for gradient in gradients:
            gradient *= max_norm / (norm + 1e-6)
    return norm


def _checked(parameters: Iterable[Tensor]) -> list[Tensor]:
    found = list(parameters)
    if not found:
        raise ValueError("there are no parameters")
    for parameter in found:
        if not (isinstance(parameter, Tensor) and parameter.requires_grad and not parameter.edges):
            raise ValueError("parameters should be Tensors that were made with requires_grad=True")
    return found
