"""`ScalarLSTM`: an LSTM with a single unit, one number in and one number out at each step. Lesson 02.

The whole of an LSTM with no matrices in the way: twelve numbers that training may change. Sepp Hochreiter and Jürgen
Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997; the forget gate: Felix Gers, Jürgen Schmidhuber and
Fred Cummins, "Learning to Forget", Neural Computation 12, 2000.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ScalarLSTM(nn.Module):
    """One LSTM unit: a cell state C, a hidden state h, three gates and a candidate. Lesson 02.

    Each gate, and the candidate, has a weight for the input (`w_f`), a weight for the hidden state (`u_f`) and a bias
    (`b_f`); the letters are f (forget), i (input), C (candidate) and o (output). Weights are drawn from N(0, 1) with
    PyTorch's own random numbers, so `torch.manual_seed` decides them; biases are 0.
    forget_bias: what `b_f` starts at; the higher it is, the longer the new unit remembers.
    shape: of each of the twelve parameters. () is one unit; (40, 1) are forty that know nothing of each other, and a
    batch x (B, T) then gives (40, B, T).
    With the same numbers it is `nn.LSTM(1, 1)`, which keeps them in the order i, f, C, o, with a second row of biases.
    """

    def __init__(self, forget_bias: float = 0.0, shape: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.w_f, self.w_i, self.w_C, self.w_o = (nn.Parameter(torch.randn(shape)) for _ in range(4))
        self.u_f, self.u_i, self.u_C, self.u_o = (nn.Parameter(torch.randn(shape)) for _ in range(4))
        self.b_f, self.b_i, self.b_C, self.b_o = (nn.Parameter(torch.zeros(shape)) for _ in range(4))
        nn.init.constant_(self.b_f, forget_bias)

    def gates(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Forget gate, input gate, candidate and output gate for the input x and the hidden state h before it.

        Tensors of one shape in and out; gates lie between 0 and 1, the candidate between −1 and 1.
        """
        f = torch.sigmoid(self.w_f * x + self.u_f * h + self.b_f)
        i = torch.sigmoid(self.w_i * x + self.u_i * h + self.b_i)
        C_tilde = torch.tanh(self.w_C * x + self.u_C * h + self.b_C)
        o = torch.sigmoid(self.w_o * x + self.u_o * h + self.b_o)
        return f, i, C_tilde, o

    def lstm_unit(self, x: Tensor, h: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
        """One step: the input x, the hidden state h and the cell state C before it → h and C after it."""
        f, i, C_tilde, o = self.gates(x, h)
        C = f * C + i * C_tilde
        h = o * torch.tanh(C)
        return h, C

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """A row of inputs x (…, T), time last → the hidden states (…, T) and the last state (h, C), each (…).

        With units side by side, … is what x's (…) and their `shape` give together, as PyTorch broadcasts them.
        state: (h, C) to start from, each (…), by default 0. Raises ValueError for shapes that don't fit, for no step at
        all, and for x (…, T, 1), where time is not last.
        """
        alike = _alike(x, self.b_f.shape)
        h, C = _start(state, alike, x)
        hidden = []
        for x_t in x.unbind(-1):
            h, C = self.lstm_unit(x_t, h, C)
            hidden.append(h)
        return torch.stack(hidden, dim=-1), (h, C)


def _alike(x: Tensor, units: torch.Size) -> torch.Size:
    """The shape of a state for the inputs x and units of this shape. ValueError where they don't fit."""
    if not isinstance(x, Tensor):
        raise ValueError(f"inputs should be a tensor, not a {type(x).__name__}: give torch.tensor(…)")
    if x.dim() < 1 or not x.shape[-1]:
        raise ValueError(f"inputs should have the shape (T,) or (…, T) with at least one step, not {tuple(x.shape)}")
    room = len(units) + (units[-1:] != (1,))  # places for the units and a batch; the 1 of (40, 1) is the batch's
    if x.dim() > 2 and x.shape[-1] == 1 and x.dim() - 1 > room:
        raise ValueError(f"inputs of the shape {tuple(x.shape)} have one step each; time comes last: give x[..., 0]")
    try:
        return torch.broadcast_shapes(x.shape[:-1], units)
    except RuntimeError:
        raise ValueError(
            f"inputs of the shape {tuple(x.shape)} don't fit units of the shape {tuple(units)}: "
            f"without the time, {tuple(x.shape[:-1])}, they should broadcast with it"
        ) from None


def _start(state: tuple[Tensor, Tensor] | None, alike: torch.Size, x: Tensor) -> tuple[Tensor, Tensor]:
    """The state to start from, 0 by default. ValueError for one that doesn't fit."""
    if state is None:
        return x.new_zeros(alike), x.new_zeros(alike)
    if not isinstance(state, tuple | list) or [isinstance(part, Tensor) for part in state] != [True, True]:
        raise ValueError("the state should be a pair of two tensors, (h, C), as the unit returns it")
    h, C = state
    if not h.shape == C.shape == alike:
        shapes = f"{tuple(h.shape)} and {tuple(C.shape)}"
        raise ValueError(f"the states h and C should each have the shape {tuple(alike)}, not {shapes}")
    return h, C
