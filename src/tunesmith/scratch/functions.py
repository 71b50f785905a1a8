"""Functions of tensors: the bends of a network, joining, one-hot rows. Lesson 08.

Each is one node of the graph. A derivative keeps the values that it needs, never the node itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tunesmith.scratch.tensor import Array, Edge, Tensor, as_tensor, record


def exp(x: Any) -> Tensor:
    """e to the power of each number."""
    x = as_tensor(x)
    value = np.exp(x.data)
    return record("exp", value, Edge(x, lambda g: g * value))


def log(x: Any) -> Tensor:
    """The natural logarithm of each number."""
    x = as_tensor(x)
    return record("log", np.log(x.data), Edge(x, lambda g: g / x.data))


def sigmoid(x: Any) -> Tensor:
    """σ(x) = 1 / (1 + e^−x), between 0 and 1: how far a gate is open."""
    x = as_tensor(x)
    value = sigmoid_of(x.data)
    return record("sigmoid", value, Edge(x, lambda g: g * value * (1 - value)))


def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent, between −1 and 1."""
    x = as_tensor(x)
    value = np.tanh(x.data)
    return record("tanh", value, Edge(x, lambda g: g * (1 - value * value)))


def relu(x: Any) -> Tensor:
    """Each number, or 0 where it is negative. The derivative at 0 is 0, as in PyTorch."""
    x = as_tensor(x)
    return record("relu", np.maximum(x.data, 0), Edge(x, lambda g: g * (x.data > 0)))


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Scores → probabilities: positive, and of sum 1 along the axis."""
    x = as_tensor(x)
    value = np.exp(log_softmax_of(x.data, axis))
    return record("softmax", value, Edge(x, lambda g: value * (g - (g * value).sum(axis, keepdims=True))))


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """Scores → logarithms of probabilities; exact where a probability is too small for a number."""
    x = as_tensor(x)
    value = log_softmax_of(x.data, axis)
    return record("log_softmax", value, Edge(x, lambda g: g - np.exp(value) * g.sum(axis, keepdims=True)))


def concatenate(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors joined along an axis that they have. Each gets its own part of the gradient back."""
    parts = _several(tensors, "concatenate")
    ends = np.cumsum([part.shape[axis] for part in parts])[:-1]

    def part_of(index: int) -> Edge:
        return Edge(parts[index], lambda g: np.split(g, ends, axis)[index])

    value = np.concatenate([part.data for part in parts], axis)
    return record("concatenate", value, *map(part_of, range(len(parts))))


def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis: T hidden states (B, H) → (T, B, H)."""
    parts = _several(tensors, "stack")

    def part_of(index: int) -> Edge:
        return Edge(parts[index], lambda g: np.moveaxis(g, axis, 0)[index])

    value = np.stack([part.data for part in parts], axis)
    return record("stack", value, *map(part_of, range(len(parts))))


def one_hot(ids: Any, size: int) -> Tensor:
    """Whole numbers 0 … size − 1 of any shape (…) → (…, size): a 1 at each number's place, else 0. Lesson 09.

    Raises ValueError for a number outside, and for what is no whole number.
    """
    return Tensor(np.eye(size)[as_ids(ids, size)])


# ---------------------------------------------------------------- on arrays


def sigmoid_of(x: Array) -> Array:
    """σ by tanh, which overflows nowhere, as e^−x does for x = −1000."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def log_softmax_of(x: Array, axis: int) -> Array:
    """The largest score is set to 0 first: that changes no probability, and no e^x is infinite."""
    shifted = x - x.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def as_ids(ids: Any, size: int) -> Array:
    """Ids as an array of whole numbers, checked."""
    array = np.asarray(ids)
    if array.dtype.kind not in "iu" and not (array.dtype.kind == "f" and np.equal(np.mod(array, 1), 0).all()):
        raise ValueError("ids should be whole numbers")
    if array.size and not 0 <= array.min() <= array.max() < size:
        wrong = array.min() if array.min() < 0 else array.max()
        raise ValueError(f"ids should lie between 0 and {size - 1}, and {wrong:g} does not")
    return array.astype(np.intp)


def _several(tensors: Sequence[Any], what: str) -> list[Tensor]:
    parts = [as_tensor(tensor) for tensor in tensors]
    if not parts:
        raise ValueError(f"there is nothing to {what}: the list is empty")
    return parts
