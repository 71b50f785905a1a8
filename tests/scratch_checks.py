"""What the tests of `tunesmith.scratch` share: a function of tensors against PyTorch and against finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from tunesmith.scratch import Tensor

EXACT = {"rtol": 1e-10, "atol": 1e-10}
STEP = 1e-6


def assert_same_gradients(ours: Callable, theirs: Callable, *arrays: np.ndarray, differences: bool = True) -> None:
    """Value and gradients of `ours` equal PyTorch's to 1e-10, and its gradients equal finite differences.

    The result is weighed by fixed random numbers, so that each of its elements has a gradient of its own.
    """
    own = [Tensor(array, requires_grad=True) for array in arrays]
    result = ours(*own)
    weights = np.random.default_rng(1).uniform(0.5, 1.5, result.shape)
    (result * weights).sum().backward()

    others = [torch.tensor(array, requires_grad=True) for array in arrays]
    expected = theirs(*others)
    if expected.requires_grad:
        (expected * torch.tensor(weights)).sum().backward()

    assert result.shape == tuple(expected.shape)
    np.testing.assert_allclose(result.data, expected.detach().numpy(), **EXACT)
    for place, (mine, other) in enumerate(zip(own, others)):
        gradient = np.zeros(mine.shape) if other.grad is None else other.grad.numpy()
        np.testing.assert_allclose(mine.grad, gradient, **EXACT)
        if differences:
            found = finite_differences(lambda *values: (ours(*values).data * weights).sum(), arrays, place)
            np.testing.assert_allclose(mine.grad, found, rtol=1e-6, atol=1e-6)


def finite_differences(function: Callable[..., float], arrays: tuple[np.ndarray, ...], place: int) -> np.ndarray:
    """How much the function changes for each element of one of the arrays, from a small step to either side."""
    gradient = np.zeros(arrays[place].shape)
    for index in np.ndindex(*gradient.shape):
        moved = [np.array(array) for array in arrays]
        moved[place][index] += STEP
        up = function(*map(Tensor, moved))
        moved[place][index] -= 2 * STEP
        gradient[index] = (up - function(*map(Tensor, moved))) / (2 * STEP)
    return gradient
