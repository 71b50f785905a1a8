"""The engine: every operator against PyTorch and against finite differences; the graph, and what stays of it."""

from __future__ import annotations

import ast
import gc
import inspect
import operator
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratch_checks import assert_same_gradients
from tunesmith import scratch
from tunesmith.scratch import Edge, Tensor, no_grad, record, tensor

QUICK = settings(max_examples=15, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def numbers(shape: tuple[int, ...], seed: int = 0, positive: bool = False) -> np.ndarray:
    """Away from 0, where a quotient or a power would be steep."""
    generator = np.random.default_rng(seed)
    signs = 1 if positive else generator.choice([-1, 1], shape)
    return generator.uniform(0.5, 2, shape) * signs


# ---------------------------------------------------------------- each operator


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv"])
@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), seed=SEEDS)
@QUICK
def test_two_values_of_shapes_that_fit(name: str, shapes: hnp.BroadcastableShapes, seed: int):
    one, two = (numbers(shape, seed + place) for place, shape in enumerate(shapes.input_shapes))
    assert_same_gradients(getattr(operator, name), getattr(operator, name), one, two)


UNARY: dict[str, Callable] = {
    "negative": lambda x: -x,
    "cube": lambda x: x**3,
    "constant": lambda x: x**0,
    "inverse": lambda x: x**-1,
    "number on the left": lambda x: 2 - (3 / x) * 0.5 + (1 + x) * (2 * x),
    "number on the right": lambda x: (x - 2) / 4 + x * 3 + 1,
    "base": lambda x: 2.5**x,
    "used three times": lambda x: x * x + x,
    "T": lambda x: x.T if x.ndim == 2 else x,
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "reshape": lambda x: x.reshape(-1),
}


@pytest.mark.parametrize("name", UNARY)
@given(shape=hnp.array_shapes(min_dims=0, max_dims=3, max_side=3), seed=SEEDS)
@QUICK
def test_one_value(name: str, shape: tuple[int, ...], seed: int):
    assert_same_gradients(UNARY[name], UNARY[name], numbers(shape, seed))


def test_a_root():
    assert_same_gradients(lambda x: x**0.5, lambda x: x**0.5, numbers((3,), positive=True))


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2), (0, 1, 2), None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_along_axes(name: str, axis: int | tuple[int, ...] | None, keepdims: bool):
    assert_same_gradients(
        lambda x: getattr(x, name)(axis=axis, keepdims=keepdims),
        lambda x: getattr(x, name)(dim=axis, keepdim=keepdims),
        numbers((2, 3, 4)),
    )


@pytest.mark.parametrize("axes", [(0, 1), (0, 2), (-1, 1)])
def test_two_axes_swapped(axes: tuple[int, int]):
    assert_same_gradients(lambda x: x.transpose(*axes), lambda x: x.transpose(*axes), numbers((2, 3, 4)))


@given(lead=hnp.array_shapes(min_dims=0, max_dims=2, max_side=3), sizes=st.tuples(*[st.integers(1, 4)] * 2), seed=SEEDS)
@pytest.mark.parametrize("vector", [False, True])
@QUICK
def test_matrix_product(vector: bool, lead: tuple[int, ...], sizes: tuple[int, int], seed: int):
    n, m = sizes
    assert_same_gradients(
        operator.matmul, operator.matmul, numbers((*lead, n), seed), numbers((n,) if vector else (n, m), seed + 1)
    )


def test_an_array_stands_on_either_side():
    array, x = np.array([[1.0, 2.0], [3.0, 4.0]]), Tensor([[1.0, -1.0], [0.5, 2.0]], requires_grad=True)
    for result in (array + x, array - x, array * x, array / x, array @ x, x @ array, x - array):
        assert isinstance(result, Tensor) and result.shape == (2, 2)
    assert np.array_equal((array @ x).data, array @ x.data) and np.array_equal((array - x).data, array - x.data)


INDICES = {
    "number": 1,
    "last": -1,
    "slice": slice(1, 3),
    "columns": (slice(None), slice(0, 3, 2)),
    "behind dots": (..., slice(1, None)),
    "all": ...,
    "element": (2, 1),
    "new axis": (None, 1),
    "list": [2, 0],
    "twice": [1, 1, 3, 1],
    "pairs": ([0, 0, 2], [1, 1, 0]),
    "table of rows": np.array([[0, 1], [1, 1]]),
    "mask": np.array([True, False, True, True]),
}


@pytest.mark.parametrize("name", INDICES)
def test_parts(name: str):
    index = INDICES[name]
    as_torch = torch.as_tensor(index) if isinstance(index, np.ndarray) else index
    assert_same_gradients(lambda x: x[index], lambda x: x[as_torch], numbers((4, 3)))


def test_a_part_and_the_whole_add_up():
    """A gift to a part comes after, before and between gifts to the whole, and changes no other node's gradient."""
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    double = x + x
    (double[1:].sum() + (double * 5).sum() + double[1] + (double + 1).sum()).backward()
    assert double.grad.tolist() == [6.0, 8.0, 7.0] and x.grad.tolist() == [12.0, 16.0, 14.0]


@given(axis=st.integers(-2, 1), lengths=st.lists(st.integers(0, 3), min_size=1, max_size=4), seed=SEEDS)
@QUICK
def test_joined(axis: int, lengths: list[int], seed: int):
    shapes = [(length, 2) if axis in (0, -2) else (2, length) for length in lengths]
    parts = [numbers(shape, seed) for shape in shapes]
    assert_same_gradients(lambda *xs: scratch.concatenate(xs, axis), lambda *xs: torch.concatenate(xs, axis), *parts)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_stacked(axis: int):
    parts = [numbers((2, 3), seed) for seed in range(3)]
    assert_same_gradients(lambda *xs: scratch.stack(xs, axis), lambda *xs: torch.stack(xs, axis), *parts)


# ---------------------------------------------------------------- the graph


def test_each_node_once_and_parents_first():
    a = Tensor(2.0, requires_grad=True)
    b = a * a
    c = b + a
    d = c * b
    order = d.topological_order()
    assert [id(node) for node in order] == [id(node) for node in (a, b, c, d)]


def test_a_shared_value_is_walked_once():
    """Twenty squares: 2²⁰ ways lead back to x, and each node is asked once."""
    asked = []
    x = y = Tensor(1.0, requires_grad=True)
    for _ in range(20):
        y = record("square", y.data**2, Edge(y, lambda g, v=y.data: asked.append(1) or 2 * v * g))
    y.backward()
    assert len(asked) == 20 and x.grad == 2.0**20


def test_a_long_chain():
    x = y = Tensor(1.0, requires_grad=True)
    for _ in range(20_000):
        y = y * 1.0 + 0.0
    y.backward()
    assert x.grad == 1


def test_nothing_holds_the_graph_alive():
    """Reference counting alone frees it, a long chain too: no node holds itself, and nothing is left behind."""
    gc.collect()
    gc.disable()
    try:
        x = Tensor(np.full((2, 2), 0.1), requires_grad=True)
        h, watched = x, []
        for _ in range(3_000):
            h = scratch.tanh(h @ x + h[0] * 2 - scratch.stack([h[0], h[1]]).sum(0) / 3)
            watched.append(weakref.ref(h))
        loss = (
            scratch.cross_entropy(scratch.concatenate([h, scratch.softmax(h)]), [0, 1, 0, 1])
            + scratch.sigmoid(h).mean()
        )
        watched.append(weakref.ref(loss))
        loss.backward()
        assert all(node() is not None for node in watched)
        del loss, h
        assert not any(node() is not None for node in watched)
        assert x.grad.shape == (2, 2)
    finally:
        gc.enable()


def test_a_node_that_holds_itself_stays():
    """What the engine does not do, so that the test above can fail: a derivative that reads its own node."""

    def held(x: Tensor) -> Tensor:
        node = record("exp", np.exp(x.data), Edge(x, lambda g: g * node.data))
        return node

    x = Tensor(1.0, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        node = held(x)
        node.backward()
        assert x.grad == pytest.approx(np.e)
        watched = weakref.ref(node)
        del node
        assert watched() is not None
    finally:
        gc.enable()
    gc.collect()
    assert watched() is None


def test_leaves_add_up_and_the_way_starts_anew():
    x = Tensor(3.0, requires_grad=True)
    middle = x * 2
    y = middle * middle
    y.backward()
    assert (x.grad, middle.grad, y.grad) == (24, 12, 1)
    y.backward()
    assert (x.grad, middle.grad, y.grad) == (48, 12, 1)


def test_gradients_on_the_way_can_be_dropped():
    x = Tensor(3.0, requires_grad=True)
    middle = x * 2
    (middle * middle).backward(retain_grads=False)
    assert x.grad == 24 and middle.grad is None


def test_a_gradient_to_start_from():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward([1.0, 10.0])
    assert x.grad.tolist() == [2, 40]
    one = Tensor([[2.0]], requires_grad=True)
    (one * 3).backward()
    assert one.grad.tolist() == [[3.0]]


def test_constants_get_no_gradient_and_no_graph():
    x, c = Tensor(2.0, requires_grad=True), Tensor(5.0)
    y = x * c + 1
    y.backward()
    assert c.grad is None and x.grad == 5
    assert not (c * c).requires_grad and (c * c).edges == ()


def test_detached_values_are_constants():
    x = Tensor(3.0, requires_grad=True)
    y = x * (x * x).detach()
    y.backward()
    assert x.grad == 9
    copy = x.detach()
    copy.data += 1
    assert x.data == 3


def test_no_graph_grows_inside_no_grad():
    x = Tensor(3.0, requires_grad=True)
    with pytest.raises(RuntimeError), no_grad():
        assert not (x * x).requires_grad
        with no_grad():
            assert (x * x).edges == ()
        assert not (x * x).requires_grad
        raise RuntimeError
    assert (x * x).requires_grad


def test_data_is_copied():
    array = np.array([1.0, 2.0])
    copied = Tensor(array)
    array[0] = 9
    assert copied.data.tolist() == [1, 2] and Tensor([1, 2]).data.dtype == np.float64


def test_numpy_can_read_it_and_not_compute_with_it():
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    assert np.array_equal(np.asarray(x), [[1, 2]]) and np.asarray(x) is not x.data
    assert Tensor(x).data.tolist() == [[1, 2]] and Tensor(3.0) and not Tensor(0.0)
    with pytest.raises(TypeError):
        np.exp(x)  # the graph would end here, and nobody would notice


def test_walking_along_it():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(x) == 2
    first, second = x
    (first * 2 + second).sum().backward()
    assert x.grad.tolist() == [[2, 2], [1, 1]]


def test_an_operation_of_one_s_own():
    x = Tensor([0.3, 1.2], requires_grad=True)
    record("sin", np.sin(x.data), Edge(x, lambda g: g * np.cos(x.data))).sum().backward()
    assert np.allclose(x.grad, np.cos(x.data))


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (Tensor(2.0), "Tensor(2.)"),
        (Tensor([1.0, 2.5], requires_grad=True), "Tensor([1. , 2.5], requires_grad=True)"),
        (Tensor(2.0, requires_grad=True) * 3, "Tensor(6., made by *)"),
    ],
)
def test_how_it_is_printed(shown: Tensor, text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Tensor, "renderer", None)
    assert repr(shown) == text and shown._repr_mimebundle_() == {"text/plain": text}


def test_a_graph_shows_itself_by_what_is_plugged_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Tensor, "renderer", staticmethod(lambda node: {"text/plain": f"drawn: {node.operation}"}))
    assert (Tensor(2.0, requires_grad=True) * 3)._repr_mimebundle_() == {"text/plain": "drawn: *"}
    assert Tensor(2.0)._repr_mimebundle_() == {"text/plain": "Tensor(2.)"}


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda x: Tensor("abc"), "a Tensor is made of numbers in rows of one length, not of 'abc'"),
        (lambda x: Tensor([[1, 2], [3]]), "rows of one length"),
        (lambda x: Tensor([None]), "not of"),
        (lambda x: x + "a", "not of 'a'"),
        (lambda x: x.backward(), "call sum() or mean()"),
        (lambda x: x.backward([1.0, 2.0]), "the gradient to start from should have the shape (2, 3), not (2,)"),
        (lambda x: Tensor(1.0).backward(), "requires_grad=True"),
        (lambda x: x**x, "the exponent of ** should be a number"),
        (lambda x: (-2) ** x, "the base of ** should be above 0 where a Tensor is the exponent, not -2"),
        (lambda x: "a" ** x, "the base of ** should be a number, not 'a'"),
        (lambda x: x @ x, "(2, 3) @ (2, 3) does not fit: expected (…, n) @ (n, m) or (…, n) @ (n,)"),
        (lambda x: x @ Tensor(np.zeros((2, 3, 2))), "does not fit"),
        (lambda x: x @ 3, "does not fit"),
        (lambda x: Tensor(3.0) @ x, "does not fit"),
        (lambda x: x + Tensor(np.zeros(4)), "(2,3) (4,)"),
        (lambda x: x.item(), "item() needs a tensor of one number, and this one has the shape (2, 3)"),
        (lambda x: scratch.concatenate([]), "there is nothing to concatenate: the list is empty"),
        (lambda x: scratch.stack([]), "there is nothing to stack: the list is empty"),
    ],
)
def test_one_clear_line(do: Callable, message: str):
    with pytest.raises(ValueError) as caught:
        do(Tensor(np.ones((2, 3)), requires_grad=True))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_the_engine_is_short():
    """Small enough to read in one sitting: 300 lines without docstrings, comments and blank lines."""
    source = inspect.getsource(tensor)
    told = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
        for line in range(node.body[0].lineno, node.body[0].end_lineno + 1)
    }
    lines = [
        line
        for number, line in enumerate(source.splitlines(), 1)
        if number not in told and line.strip() and not line.strip().startswith("#")
    ]
    assert len(lines) <= 300, len(lines)


def test_numpy_is_all_it_stands_on():
    for path in Path(scratch.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                known = {"numpy", "__future__"} | sys.stdlib_module_names
                assert name.split(".")[0] in known or name.startswith("tunesmith.scratch"), f"{path.name}: {name}"
