"""How far a prediction is from what should have come: one number, the loss. Lesson 08.

Both cross-entropies take logits, the scores before sigmoid or softmax: the logarithm and the exponential cancel on
paper, and so nothing overflows or becomes log 0, whatever the scores.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tunesmith.scratch.functions import as_ids, log_softmax, sigmoid_of
from tunesmith.scratch.tensor import Array, Edge, Tensor, as_tensor, record

IGNORED = -100  # a target that is none, as in PyTorch: such as the padding behind a short tune


def mse_loss(prediction: Any, target: Any) -> Tensor:
    """Mean squared error, for numbers. target: of the prediction's shape, else ValueError."""
    prediction = as_tensor(prediction)
    return ((prediction - _target(target, prediction.shape)) ** 2).mean()


def binary_cross_entropy_with_logits(logits: Any, target: Any) -> Tensor:
    """Mean binary cross-entropy in nats, for yes or no. target: numbers from 0 to 1 of the logits' shape.

    With p = σ(z) it is −t log p − (1 − t) log(1 − p), which is max(z, 0) − z t + log(1 + e^−|z|); its derivative
    is p − t. Raises ValueError for other shapes or targets.
    """
    logits = as_tensor(logits)
    z, t = logits.data, _target(target, logits.shape)
    if t.size and not 0 <= t.min() <= t.max() <= 1:
        raise ValueError("targets of a binary cross-entropy should lie between 0 and 1")
    value = (np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))).mean()
    return record("binary cross-entropy", value, Edge(logits, lambda g: g * (sigmoid_of(z) - t) / z.size))


def cross_entropy(logits: Any, targets: Any) -> Tensor:
    """Mean cross-entropy in nats, for one of V choices. logits (…, V), targets (…): whole numbers 0 … V − 1.

    It is −log of the probability that softmax gives to the right choice. A target of −100 counts as none. Raises
    ValueError for shapes that don't fit, targets outside, and where every target is none. Unlike in PyTorch the
    choices stand on the last axis, whatever the number of axes.
    """
    logits = as_tensor(logits)
    if not logits.ndim:
        raise ValueError("logits should have the shape (…, V), and these are one number")
    targets = np.asarray(targets)
    if targets.shape != logits.shape[:-1]:
        raise ValueError(
            f"targets for logits {logits.shape} should have the shape {logits.shape[:-1]}, not {targets.shape}"
        )
    kept = np.flatnonzero(targets.reshape(-1) != IGNORED)
    if not len(kept):
        raise ValueError("there is no target to compare with")
    right = as_ids(targets.reshape(-1)[kept], logits.shape[-1])
    return -log_softmax(logits).reshape(-1, logits.shape[-1])[kept, right].mean()


def _target(target: Any, shape: tuple[int, ...]) -> Array:
    array = as_tensor(target).data
    if array.shape != shape:
        raise ValueError(f"the target should have the prediction's shape {shape}, not {array.shape}")
    return array
