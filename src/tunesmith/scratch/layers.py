"""Layers: a linear map, an embedding, and the two recurrent layers, LSTM and GRU. Lesson 09.

Inputs are rows. So a weight stands on the right, ``x @ W``, and has the shape (inputs, outputs): the transpose of
PyTorch's. `state_dict` and `load_state_dict` speak PyTorch's names and shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tunesmith.scratch.functions import as_ids, concatenate, sigmoid, stack, tanh
from tunesmith.scratch.tensor import Array, Tensor, as_tensor


class Layer:
    """What has parameters: tensors among its attributes, or layers that have some. Lesson 09."""

    def parameters(self) -> Iterator[Tensor]:
        """Every parameter, in the order in which they were made."""
        for part in vars(self).values():
            if isinstance(part, Layer):
                yield from part.parameters()
            elif isinstance(part, Tensor) and part.requires_grad:
                yield part

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None


class Linear(Layer):
    """x W + b: (…, inputs) → (…, outputs). Lesson 08.

    generator: draws the weights, uniform in ±1/√inputs as in PyTorch; without one they differ each time.
    """

    def __init__(self, inputs: int, outputs: int, *, generator: np.random.Generator | None = None) -> None:
        draw = _Draw(inputs, generator, inputs=inputs, outputs=outputs)
        self.W = draw(inputs, outputs)
        self.b = draw(outputs)

    def __call__(self, x: Any) -> Tensor:
        return as_tensor(x) @ self.W + self.b

    def state_dict(self) -> dict[str, Array]:
        """Copies of the parameters under PyTorch's names."""
        return {"weight": self.W.data.T.copy(), "bias": self.b.data.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the parameters of an `nn.Linear`. Raises ValueError for other names and shapes."""
        found = _checked_state(self.state_dict(), state)
        self.W.data, self.b.data = found["weight"].T.copy(), found["bias"]


class Embedding(Layer):
    """A row of `size` numbers for each of `count` ids: whole numbers (…) → (…, size). Lesson 09.

    It gives what one-hot rows times a matrix give, without the zeros.
    """

    def __init__(self, count: int, size: int, *, generator: np.random.Generator | None = None) -> None:
        self.W = _Draw(1, generator, count=count, size=size)(count, size)

    def __call__(self, ids: Any) -> Tensor:
        return self.W[as_ids(ids, len(self.W))]

    def state_dict(self) -> dict[str, Array]:
        """A copy of the rows under PyTorch's name."""
        return {"weight": self.W.data.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the rows of an `nn.Embedding`. Raises ValueError for other names and shapes."""
        self.W.data = _checked_state(self.state_dict(), state)["weight"]


class _Recurrent(Layer):
    """What LSTM and GRU share: a W, a U and a b for each gate, and the walk over the steps."""

    gates: str  # the letters of the gates, as this layer joins them
    order: str  # the same, in PyTorch's order

    def __init__(self, inputs: int, hidden: int, fused: bool, generator: np.random.Generator | None) -> None:
        draw = _Draw(hidden, generator, input_size=inputs, hidden_size=hidden)
        self.input_size, self.hidden_size, self.fused = inputs, hidden, fused
        for gate in self.order:
            setattr(self, f"W_{gate}", draw(inputs, hidden))
            setattr(self, f"U_{gate}", draw(hidden, hidden))
            setattr(self, f"b_{gate}", draw(hidden))

    def joined(self, letter: str, gates: str | None = None) -> Tensor:
        """The weights `letter` of several gates side by side: "U" → (hidden, gates · hidden)."""
        return concatenate([getattr(self, f"{letter}_{gate}") for gate in gates or self.gates], axis=-1)

    def part(self, z: Tensor, index: int) -> Tensor:
        """The columns of one gate in a joined matrix."""
        return z[..., index * self.hidden_size : (index + 1) * self.hidden_size]

    def _input(self, x: Any) -> Tensor:
        x = as_tensor(x)
        if x.ndim < 2 or not len(x) or x.shape[-1] != self.input_size:
            raise ValueError(f"the input should have the shape (T, B, {self.input_size}) with T ≥ 1, not {x.shape}")
        return x

    def _state(self, state: Any, x: Tensor, name: str) -> Tensor:
        """A state as it is, or zeros: one row of `hidden_size` numbers for each melody of the batch."""
        shape = (*x.shape[1:-1], self.hidden_size)
        state = Tensor(np.zeros(shape)) if state is None else as_tensor(state)
        if state.shape != shape:
            raise ValueError(f"the state {name} should have the shape {shape}, not {state.shape}")
        return state

    def state_dict(self) -> dict[str, Array]:
        """Copies of the parameters under PyTorch's names, in its order of gates, which has two rows of biases."""
        W, U, b = (np.concatenate([getattr(self, f"{k}_{g}").data.T for g in self.order]) for k in "WUb")
        return {"weight_ih_l0": W, "weight_hh_l0": U, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the parameters of PyTorch's layer of the same name. Raises ValueError for other names and shapes."""
        found = _checked_state(self.state_dict(), state)
        joined = {
            "W": found["weight_ih_l0"],
            "U": found["weight_hh_l0"],
            "b": found["bias_ih_l0"] + self._bias_hh_to_add(found["bias_hh_l0"]),
        }
        for letter, rows in joined.items():
            for gate, block in zip(self.order, np.split(rows, len(self.order))):
                getattr(self, f"{letter}_{gate}").data = block.T.copy()

    def _bias_hh_to_add(self, bias: Array) -> Array:
        """The part of PyTorch's second bias that only ever stands in a sum with the first."""
        return bias


class LSTM(_Recurrent):
    """Long short-term memory: x (T, B, input_size) → hidden states (T, B, hidden_size), and the last h and C.

    Each gate, and the candidate C̃, has a W for the input, a U for the hidden state and a b: `W_f`, `U_f`, `b_f`,
    and so on for f (forget), i (input), C (candidate), o (output). fused: compute all four with one product:
    fewer nodes, faster for small batches, and the same up to rounding. generator: draws the weights, uniform in
    ±1/√hidden_size as in PyTorch; without one they differ each time. Lesson 09.

    Sepp Hochreiter and Jürgen Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997; the forget gate:
    Felix Gers, Jürgen Schmidhuber and Fred Cummins, "Learning to Forget", Neural Computation 12, 2000.
    """

    gates, order = "fioC", "ifCo"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        fused: bool = True,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, fused, generator)

    def __call__(self, x: Any, state: tuple[Any, Any] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x (T, B, input_size), or (T, input_size) for one melody → hidden states of all steps, (h, C) after the last.

        state: (h, C), each (B, hidden_size), by default zeros. Raises ValueError for shapes that don't fit.
        """
        x = self._input(x)
        h, C = state if state is not None else (None, None)
        h, C = self._state(h, x, "h"), self._state(C, x, "C")
        states = list(self._fused_steps(x, h, C) if self.fused else self._steps(x, h, C))
        return stack([h for h, _ in states]), states[-1]

    def step(self, x: Tensor, h: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
        """The six equations: the input x of one step, h and C before it → h and C after it."""
        f = sigmoid(x @ self.W_f + h @ self.U_f + self.b_f)
        i = sigmoid(x @ self.W_i + h @ self.U_i + self.b_i)
        C_tilde = tanh(x @ self.W_C + h @ self.U_C + self.b_C)
        o = sigmoid(x @ self.W_o + h @ self.U_o + self.b_o)
        C = f * C + i * C_tilde
        h = o * tanh(C)
        return h, C

    def _steps(self, x: Tensor, h: Tensor, C: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        for x_t in x:
            h, C = self.step(x_t, h, C)
            yield h, C

    def _fused_steps(self, x: Tensor, h: Tensor, C: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The same with one product for all gates, and the inputs of all steps in one."""
        U, gates = self.joined("U"), 3 * self.hidden_size
        for from_x in x @ self.joined("W") + self.joined("b"):
            z = from_x + h @ U
            opened = sigmoid(z[..., :gates])
            f, i, o = (self.part(opened, index) for index in range(3))
            C = f * C + i * tanh(z[..., gates:])
            h = o * tanh(C)
            yield h, C


class GRU(_Recurrent):
    """Gated recurrent unit: x (T, B, input_size) → hidden states (T, B, hidden_size), and the last h. Lesson 09.

    Reset gate r, update gate z and candidate n have a W, a U and a b each: `W_r`, `U_r`, `b_r`, and so on.
    Books give it in several forms. reset_after: the reset gate multiplies the product h U_n + c_n, PyTorch's form,
    which needs the bias `c_n`; else it multiplies h before the product, the first form of all. update_on: "old",
    PyTorch's form, where z is the share of the old state that stays; or "candidate", where z is the candidate's share.
    fused, generator: as for `LSTM`.

    Kyunghyun Cho et al., "Learning phrase representations using RNN encoder–decoder for statistical machine
    translation", EMNLP 2014 (reset before, z on the old state); Junyoung Chung et al., "Empirical evaluation of
    gated recurrent neural networks on sequence modeling", 2014 (z on the candidate).
    """

    gates, order = "rzn", "rzn"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        reset_after: bool = True,
        update_on: str = "old",
        fused: bool = True,
        generator: np.random.Generator | None = None,
    ) -> None:
        if update_on not in ("old", "candidate"):
            raise ValueError(f"update_on should be 'old' or 'candidate', not {update_on!r}")
        super().__init__(input_size, hidden_size, fused, generator)
        self.reset_after, self.update_on = reset_after, update_on
        if reset_after:
            self.c_n = _Draw(hidden_size, generator)(hidden_size)

    def __call__(self, x: Any, state: Any = None) -> tuple[Tensor, Tensor]:
        """x (T, B, input_size), or (T, input_size) for one melody → hidden states of all steps, h after the last.

        state: h (B, hidden_size), by default zeros. Raises ValueError for shapes that don't fit.
        """
        x = self._input(x)
        h = self._state(state, x, "h")
        states = list(self._fused_steps(x, h) if self.fused else self._steps(x, h))
        return stack(states), states[-1]

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        """The four equations: the input x of one step and h before it → h after it."""
        r = sigmoid(x @ self.W_r + h @ self.U_r + self.b_r)
        z = sigmoid(x @ self.W_z + h @ self.U_z + self.b_z)
        remembered = r * (h @ self.U_n + self.c_n) if self.reset_after else (r * h) @ self.U_n
        n = tanh(x @ self.W_n + remembered + self.b_n)
        return self._update(z, h, n)

    def _update(self, z: Tensor, h: Tensor, n: Tensor) -> Tensor:
        if self.update_on == "candidate":
            return (1 - z) * h + z * n
        return z * h + (1 - z) * n

    def _steps(self, x: Tensor, h: Tensor) -> Iterator[Tensor]:
        for x_t in x:
            h = self.step(x_t, h)
            yield h

    def _fused_steps(self, x: Tensor, h: Tensor) -> Iterator[Tensor]:
        """One product for all gates; a second one where the reset gate comes before it and must be known first."""
        U, gates = self.joined("U", "rzn" if self.reset_after else "rz"), 2 * self.hidden_size
        for from_x in x @ self.joined("W") + self.joined("b"):
            from_h = h @ U
            opened = sigmoid(from_x[..., :gates] + from_h[..., :gates])
            r, z = self.part(opened, 0), self.part(opened, 1)
            remembered = r * (from_h[..., gates:] + self.c_n) if self.reset_after else (r * h) @ self.U_n
            h = self._update(z, h, tanh(from_x[..., gates:] + remembered))
            yield h

    def state_dict(self) -> dict[str, Array]:
        """Copies of the parameters as `nn.GRU` keeps them; only the form with reset_after can be loaded there."""
        state = super().state_dict()
        if self.reset_after:
            state["bias_hh_l0"][-self.hidden_size :] = self.c_n.data
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the parameters of an `nn.GRU`. Raises ValueError for other names and shapes.

        Without reset_after there is no `c_n`, so a last part of `bias_hh_l0` that is not 0 is an error, too.
        """
        super().load_state_dict(state)
        if self.reset_after:
            self.c_n.data = _numbers(state["bias_hh_l0"])[-self.hidden_size :].copy()

    def _bias_hh_to_add(self, bias: Array) -> Array:
        own = np.zeros_like(bias)
        own[-self.hidden_size :] = bias[-self.hidden_size :]
        if not self.reset_after and own.any():
            raise ValueError("this GRU resets before the product and has no place for the candidate's bias_hh_l0")
        return bias - own


class _Draw:
    """Draws parameters, uniform in ±1/√width."""

    def __init__(self, width: int, generator: np.random.Generator | None, **sizes: int) -> None:
        for name, size in sizes.items():
            if not (isinstance(size, int | np.integer) and size > 0):
                raise ValueError(f"{name} should be a whole number of 1 or more, not {size!r}")
        if generator is not None and not isinstance(generator, np.random.Generator):
            raise ValueError(f"generator should be made by np.random.default_rng(seed), not {generator!r}")
        self.bound = 1 / np.sqrt(width)
        self.generator = generator or np.random.default_rng()

    def __call__(self, *shape: int) -> Tensor:
        return Tensor(self.generator.uniform(-self.bound, self.bound, shape), requires_grad=True)


def _checked_state(own: Mapping[str, Array], state: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays that replace our own, of the same names and shapes."""
    if set(state) != set(own):
        raise ValueError(f"expected the parameters {', '.join(own)}, not {', '.join(state) or 'none'}")
    found = {name: _numbers(state[name]) for name in own}
    for name, array in found.items():
        if array.shape != own[name].shape:
            raise ValueError(f"{name} should have the shape {own[name].shape}, not {array.shape}")
    return found


def _numbers(value: Any) -> Array:
    """A float64 copy of an array, or of anything that NumPy can read as one, such as PyTorch's tensors."""
    return np.asarray(value).astype(np.float64)
