"""What learners build by hand: an autodiff engine and recurrent layers, on NumPy alone. Lessons 08 and 09.

It is small enough to read in one sitting, in this order: `tensor` (the engine), `functions`, `losses`, `optim`,
`layers`, `melody_model`. Names are PyTorch's. The tests prove each part equal to PyTorch.
"""

from tunesmith.scratch.functions import (
    concatenate,
    exp,
    log,
    log_softmax,
    one_hot,
    relu,
    sigmoid,
    softmax,
    stack,
    tanh,
)
from tunesmith.scratch.layers import GRU, LSTM, Embedding, Layer, Linear
from tunesmith.scratch.losses import binary_cross_entropy_with_logits, cross_entropy, mse_loss
from tunesmith.scratch.melody_model import MelodyModel, read_tunes
from tunesmith.scratch.optim import SGD, clip_grad_norm
from tunesmith.scratch.tensor import Edge, Tensor, no_grad, record

__all__ = [
    "GRU",
    "LSTM",
    "SGD",
    "Edge",
    "Embedding",
    "Layer",
    "Linear",
    "MelodyModel",
    "Tensor",
    "binary_cross_entropy_with_logits",
    "clip_grad_norm",
    "concatenate",
    "cross_entropy",
    "exp",
    "log",
    "log_softmax",
    "mse_loss",
    "no_grad",
    "one_hot",
    "read_tunes",
    "record",
    "relu",
    "sigmoid",
    "softmax",
    "stack",
    "tanh",
]
