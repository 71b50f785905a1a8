"""The engine: a `Tensor` remembers what it was made from, and `backward` walks that way back. Lesson 08.

Every value is an array of float64 numbers. An operation makes a new node and an `Edge` to each value it used. The
edge knows one derivative, that of this operation alone. The chain rule does the rest: gradients are handed along the
edges, from the result back to the parameters (reverse-mode automatic differentiation; Seppo Linnainmaa, "Taylor
expansion of the accumulated rounding error", BIT Numerical Mathematics 16, 1976).

An edge points from a node to its parents and never the other way, and no edge holds the node it starts from. So a
graph is gone as soon as nobody holds its last node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import numpy as np

Array = np.ndarray

_recording = True


class Edge(NamedTuple):
    """One arrow of the graph, from a node back to a value that it was made from.

    parent: that value. derivative: the gradient at the node → the gradient for the parent, by the derivative of one
    operation. place: the part of the parent that it is for, as an index; all of it by default.
    """

    parent: Tensor
    derivative: Callable[[Array], Array]
    place: Any = ...


class Tensor:
    """An array of float64 numbers of any shape that knows how it was made. Lesson 08.

    data: a number, nested lists or an array; it is copied. requires_grad: whether `backward` should find a gradient
    for it. name: what a drawing of the graph calls it. Raises ValueError for what is not made of numbers.

    `data` is the value and `grad` its gradient, an array of the same shape, None before `backward`. `operation` and
    `edges` say what it was made by and from; both are empty for a value that the user gave, a leaf. Operators are
    ``+ − * / @ **``; shapes are broadcast as in NumPy. Functions such as `tanh` stand in `functions`.
    """

    __slots__ = ("__weakref__", "data", "edges", "grad", "name", "operation", "requires_grad")
    __array_ufunc__ = None  # array + Tensor is then our __radd__, not NumPy's loop over elements

    renderer: ClassVar[Callable[[Tensor], dict[str, str]] | None] = None

    def __init__(self, data: Any, requires_grad: bool = False, name: str = "") -> None:
        self.data = _numbers(data)
        self.grad: Array | None = None
        self.requires_grad = requires_grad
        self.name = name
        self.operation = ""
        self.edges: tuple[Edge, ...] = ()

    # ------------------------------------------------------------ the way back

    def backward(self, gradient: Any = None, retain_grads: bool = True) -> None:
        """Find the gradient of this value with respect to every value it was made from. Lesson 08.

        Each ends in `grad`. A leaf's is added to what is there, so call `zero_grad` before the next walk.
        gradient: what to start from, of this tensor's shape; a single number starts from 1. retain_grads: keep the
        gradients of the values on the way, as a drawing needs; without them training takes less memory and time.
        Raises ValueError where no parent requires a gradient, and for a start that is missing or does not fit.
        """
        if not self.requires_grad:
            raise ValueError("nothing leads back from here: no value it was made from has requires_grad=True")
        if gradient is None and self.data.size != 1:
            raise ValueError(f"backward starts from one number, not from the shape {self.shape}: call sum() or mean()")
        nodes = self.topological_order()
        for node in nodes:
            if node.edges:  # what an earlier walk left there
                node.grad = None
        self._receive(np.ones_like(self.data) if gradient is None else _array(gradient, self.shape))
        for node in reversed(nodes):
            for parent, derivative, place in node.edges:
                if parent.requires_grad:
                    parent._receive(derivative(node.grad), place)
            if node.edges and not retain_grads:
                node.grad = None

    def topological_order(self) -> list[Tensor]:
        """Every value that leads to this one, each once, parents before what was made from them. Lesson 08.

        It keeps its own stack, so a chain of any length is no deeper than a short one.
        """
        order, seen = [], set()
        stack = [(self, False)]
        while stack:
            node, parents_done = stack.pop()
            if parents_done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack += [(edge.parent, False) for edge in reversed(node.edges)]
        return order

    def _receive(self, gradient: Array, place: Any = ...) -> None:
        """Add what came along one edge: a value that is used twice gets two gifts, and their sum is its gradient."""
        if self.grad is None:
            self.grad = np.zeros(self.shape)
        if place is ...:
            self.grad += summed_to(gradient, self.shape)
        elif _is_slice(place):
            self.grad[place] += gradient
        else:
            np.add.at(self.grad, place, gradient)  # an index that occurs twice gets both; += would keep the last

    def detach(self) -> Tensor:
        """The same numbers as a leaf: no gradient goes past it. Lesson 09 cuts the graph with it."""
        return Tensor(self.data)

    # ------------------------------------------------------------ operators

    def __add__(self, other: Any) -> Tensor:
        a, b = self, as_tensor(other)
        return record("+", a.data + b.data, Edge(a, lambda g: g), Edge(b, lambda g: g))

    def __sub__(self, other: Any) -> Tensor:
        a, b = self, as_tensor(other)
        return record("-", a.data - b.data, Edge(a, lambda g: g), Edge(b, lambda g: -g))

    def __mul__(self, other: Any) -> Tensor:
        a, b = self, as_tensor(other)
        return record("*", a.data * b.data, Edge(a, lambda g: g * b.data), Edge(b, lambda g: g * a.data))

    def __truediv__(self, other: Any) -> Tensor:
        a, b = self, as_tensor(other)
        return record("/", a.data / b.data, Edge(a, lambda g: g / b.data), Edge(b, lambda g: -g * a.data / b.data**2))

    def __neg__(self) -> Tensor:
        return record("-", -self.data, Edge(self, lambda g: -g))

    def __pow__(self, exponent: float) -> Tensor:
        """A number as exponent: x ** 3, x ** 0.5."""
        n = _number(exponent, "the exponent of **")
        slope = (lambda g: g * n * self.data ** (n - 1)) if n else np.zeros_like
        return record(f"** {n:g}", self.data**n, Edge(self, slope))

    def __rpow__(self, base: float) -> Tensor:
        """A positive number as base: 2 ** x."""
        b = _number(base, "the base of **")
        if b <= 0:
            raise ValueError(f"the base of ** should be above 0 where a Tensor is the exponent, not {b:g}")
        value = b**self.data
        return record(f"{b:g} **", value, Edge(self, lambda g: g * value * np.log(b)))

    def __matmul__(self, other: Any) -> Tensor:
        """Matrix product: (…, n) @ (n, m) → (…, m), and (…, n) @ (n,) → (…)."""
        a, b = self, as_tensor(other)
        if not a.ndim or b.ndim not in (1, 2) or a.shape[-1] != len(b.data):
            raise ValueError(f"{a.shape} @ {b.shape} does not fit: expected (…, n) @ (n, m) or (…, n) @ (n,)")
        rows = a.data.reshape(-1, a.shape[-1])  # all leading axes as one: a single product does it
        matrix = b.data.reshape(len(b.data), -1)

        def to_rows(g: Array) -> Array:
            return g.reshape(len(rows), matrix.shape[1])

        return record(
            "@",
            (rows @ matrix).reshape(a.shape[:-1] + b.shape[1:]),
            Edge(a, lambda g: (to_rows(g) @ matrix.T).reshape(a.shape)),
            Edge(b, lambda g: (rows.T @ to_rows(g)).reshape(b.shape)),
        )

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Tensor:
        return as_tensor(other) - self

    def __rtruediv__(self, other: Any) -> Tensor:
        return as_tensor(other) / self

    def __rmatmul__(self, other: Any) -> Tensor:
        return as_tensor(other) @ self

    # ------------------------------------------------------------ shapes and parts

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """The sum of all numbers, or along one or more axes."""
        total = self.data.sum(axis=axis, keepdims=True)
        value = total if keepdims else total.squeeze(axis)
        return record("sum", value, Edge(self, lambda g: np.broadcast_to(g.reshape(total.shape), self.shape)))

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """The mean of all numbers, or along one or more axes."""
        mean = self.data.mean(axis=axis, keepdims=True)
        value, share = mean if keepdims else mean.squeeze(axis), mean.size / self.data.size
        return record("mean", value, Edge(self, lambda g: np.broadcast_to(g.reshape(mean.shape) * share, self.shape)))

    def reshape(self, *shape: int) -> Tensor:
        """The same numbers in another shape; one length may be −1."""
        return record("reshape", self.data.reshape(*shape), Edge(self, lambda g: g.reshape(self.shape)))

    def transpose(self, first: int, second: int) -> Tensor:
        """Two axes swapped."""
        return record("transpose", self.data.swapaxes(first, second), Edge(self, lambda g: g.swapaxes(first, second)))

    @property
    def T(self) -> Tensor:
        """The matrix with rows and columns swapped; all axes reversed where there are more."""
        return record("T", self.data.T, Edge(self, lambda g: g.T))

    def __getitem__(self, index: Any) -> Tensor:
        """A part: x[0], x[:, 2:4], x[[3, 1, 3]]. What an index takes twice gets both gradients."""
        return record("[ ]", self.data[index], Edge(self, lambda g: g, index))

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        """Along the first axis."""
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """A copy of the numbers for NumPy and what builds on it, such as a plot."""
        return np.array(self.data, dtype=dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def ndim(self) -> int:
        return self.data.ndim

    def item(self) -> float:
        """The one number of a tensor that holds one. Raises ValueError where it holds more, or none."""
        if self.data.size != 1:
            raise ValueError(f"item() needs a tensor of one number, and this one has the shape {self.shape}")
        return float(self.data.reshape(()))

    # ------------------------------------------------------------ how it shows itself

    def __repr__(self) -> str:
        made = f", made by {self.operation}" if self.operation else ", requires_grad=True" * self.requires_grad
        return f"Tensor({np.array2string(self.data, precision=4, separator=', ', prefix='Tensor(')}{made})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """As the last line of a cell: a drawing of its graph where there is one and it is small, else text."""
        return Tensor.renderer(self) if Tensor.renderer and self.edges else {"text/plain": repr(self)}


def record(operation: str, data: Array, *edges: Edge) -> Tensor:
    """What an operation gives: a node with its value, its name and an edge to each value used. Lesson 08.

    Nothing is remembered where no parent requires a gradient, or inside `no_grad`. A derivative should hold the
    values it needs and not the node itself, which would then hold itself alive.
    """
    node = Tensor.__new__(Tensor)
    node.data = np.asarray(data)
    node.grad = None
    node.name = ""
    node.requires_grad = _recording and any([edge.parent.requires_grad for edge in edges])
    node.operation, node.edges = (operation, edges) if node.requires_grad else ("", ())
    return node


@contextmanager
def no_grad() -> Iterator[None]:
    """Inside ``with no_grad():`` nothing is remembered: values are computed, and no graph grows. Lesson 09."""
    global _recording
    before, _recording = _recording, False
    try:
        yield
    finally:
        _recording = before


def as_tensor(value: Any) -> Tensor:
    """A Tensor as it is; a number, list or array as a constant. Raises ValueError as `Tensor` does."""
    return value if isinstance(value, Tensor) else Tensor(value)


def summed_to(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Undo broadcasting: what was copied along an axis was used many times, so its gradients are summed there."""
    if gradient.shape == shape:
        return gradient
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(axis for axis, length in enumerate(shape) if length == 1 != gradient.shape[axis])
    return gradient.sum(axis=stretched, keepdims=True)


def _is_slice(index: Any) -> bool:
    """Whether an index can take no element twice: numbers and slices, no arrays."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is ... or type(part) in (int, slice) for part in parts)


def _numbers(data: Any) -> Array:
    """A float64 copy."""
    try:
        array = np.asarray(data)
    except (TypeError, ValueError):  # rows of several lengths, such as [[1, 2], [3]]
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"a Tensor is made of numbers in rows of one length, not of {_short(data)}")
    return array.astype(np.float64)


def _array(value: Any, shape: tuple[int, ...]) -> Array:
    array = as_tensor(value).data
    if array.shape != shape:
        raise ValueError(f"the gradient to start from should have the shape {shape}, not {array.shape}")
    return array


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{what} should be a number, not {_short(value)}") from None


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}…"
