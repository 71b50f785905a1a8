"""The functions and losses of `tunesmith.scratch`: against PyTorch, finite differences, and at their extremes."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.nn import functional

from scratch_checks import EXACT, assert_same_gradients
from tunesmith import scratch
from tunesmith.scratch import Tensor

QUICK = settings(max_examples=15, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def numbers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


# ---------------------------------------------------------------- functions


@pytest.mark.parametrize("name", ["exp", "log", "sigmoid", "tanh", "relu"])
@given(shape=hnp.array_shapes(min_dims=0, max_dims=3, max_side=3), seed=SEEDS)
@QUICK
def test_each_number_by_itself(name: str, shape: tuple[int, ...], seed: int):
    x = numbers(shape, seed)
    x = np.abs(x) + 0.1 if name == "log" else x + 0.01 * np.sign(x)
    assert_same_gradients(getattr(scratch, name), getattr(torch, name), x)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [-1, 0])
@given(shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), seed=SEEDS)
@QUICK
def test_scores_to_probabilities(name: str, axis: int, shape: tuple[int, ...], seed: int):
    assert_same_gradients(
        lambda x: getattr(scratch, name)(x, axis), lambda x: getattr(torch, name)(x, axis), numbers(shape, seed)
    )


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "softmax", "log_softmax"])
def test_large_scores(name: str):
    x = np.array([-1e4, -800.0, -1.0, 0.0, 1.0, 800.0, 1e4])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        take = {"axis": -1} if "softmax" in name else {}
        dim = {"dim": -1} if "softmax" in name else {}
        assert_same_gradients(
            lambda x: getattr(scratch, name)(x, **take),
            lambda x: getattr(torch, name)(x, **dim),
            x,
            differences=False,
        )


def test_relu_has_no_slope_at_zero():
    x = Tensor([-1.0, 0.0, 2.0], requires_grad=True)
    scratch.relu(x).sum().backward()
    assert x.grad.tolist() == [0, 0, 1]


def test_one_hot_rows():
    rows = scratch.one_hot([[2, 0], [1, 1]], 3)
    assert rows.shape == (2, 2, 3) and rows.data[0].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert not rows.requires_grad and rows.data.sum() == 4


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([0, 3], "ids should lie between 0 and 2, and 3 does not"),
        ([-1, 0], "ids should lie between 0 and 2, and -1 does not"),
        ([0.5], "ids should be whole numbers"),
        (["a"], "ids should be whole numbers"),
    ],
)
def test_ids_outside(ids: list, message: str):
    with pytest.raises(ValueError, match=message):
        scratch.one_hot(ids, 3)


# ---------------------------------------------------------------- losses


@given(shape=hnp.array_shapes(min_dims=0, max_dims=3, max_side=3), seed=SEEDS)
@QUICK
def test_mean_squared_error(shape: tuple[int, ...], seed: int):
    target = numbers(shape, seed + 1)
    assert_same_gradients(
        lambda x: scratch.mse_loss(x, target),
        lambda x: functional.mse_loss(x, torch.tensor(target)),
        numbers(shape, seed),
    )


@given(shape=hnp.array_shapes(min_dims=0, max_dims=2, max_side=4), seed=SEEDS)
@QUICK
def test_binary_cross_entropy(shape: tuple[int, ...], seed: int):
    target = np.random.default_rng(seed).uniform(0, 1, shape).round()
    assert_same_gradients(
        lambda z: scratch.binary_cross_entropy_with_logits(z, target),
        lambda z: functional.binary_cross_entropy_with_logits(z, torch.tensor(target, dtype=torch.float64)),
        numbers(shape, seed),
    )


@given(shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), seed=SEEDS)
@QUICK
def test_cross_entropy(shape: tuple[int, ...], seed: int):
    targets = np.random.default_rng(seed).integers(0, shape[-1], shape[:-1])
    assert_same_gradients(
        lambda z: scratch.cross_entropy(z, targets),
        lambda z: functional.cross_entropy(z.reshape(-1, shape[-1]), torch.tensor(targets.reshape(-1))),
        numbers(shape, seed),
    )


def test_targets_that_are_none():
    targets = np.array([[1, -100, 0], [-100, -100, 2]])
    assert_same_gradients(
        lambda z: scratch.cross_entropy(z, targets),
        lambda z: functional.cross_entropy(z.reshape(-1, 3), torch.tensor(targets.reshape(-1))),
        numbers((2, 3, 3), 0),
    )


@pytest.mark.parametrize("size", [1e2, 1e4])
def test_large_logits(size: float):
    logits = np.array([[size, -size, 0.0], [-size, size, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same_gradients(
            lambda z: scratch.cross_entropy(z, [1, 1]),
            lambda z: functional.cross_entropy(z, torch.tensor([1, 1])),
            logits,
            differences=False,
        )
        target = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]])
        assert_same_gradients(
            lambda z: scratch.binary_cross_entropy_with_logits(z, target),
            lambda z: functional.binary_cross_entropy_with_logits(z, torch.tensor(target)),
            logits,
            differences=False,
        )
    assert scratch.cross_entropy(logits, [1, 1]).item() == pytest.approx(size)


def test_a_loss_by_hand():
    """Four choices alike: −ln ¼, and a coin: −ln ½."""
    assert scratch.cross_entropy(np.zeros(4), 2).item() == pytest.approx(np.log(4))
    assert scratch.binary_cross_entropy_with_logits(0.0, 1).item() == pytest.approx(np.log(2))
    assert scratch.mse_loss([1.0, 2.0], [1.0, 4.0]).item() == 2


def test_targets_may_be_tensors():
    assert scratch.cross_entropy(np.zeros((2, 4)), Tensor([0, 3])).item() == pytest.approx(np.log(4))
    assert scratch.mse_loss(Tensor([1.0]), Tensor([3.0])).item() == 4


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda: scratch.mse_loss([1.0, 2.0], [1.0]), "the target should have the prediction's shape (2,), not (1,)"),
        (lambda: scratch.mse_loss([1.0], ["a"]), "a Tensor is made of numbers"),
        (lambda: scratch.binary_cross_entropy_with_logits([1.0], [2.0]), "should lie between 0 and 1"),
        (lambda: scratch.binary_cross_entropy_with_logits([1.0], 1.0), "the prediction's shape (1,), not ()"),
        (lambda: scratch.cross_entropy(1.0, 0), "logits should have the shape (…, V)"),
        (lambda: scratch.cross_entropy(np.zeros((2, 3)), [0]), "should have the shape (2,), not (1,)"),
        (lambda: scratch.cross_entropy(np.zeros((2, 3)), [0, 3]), "ids should lie between 0 and 2, and 3 does not"),
        (lambda: scratch.cross_entropy(np.zeros((2, 3)), [0, -1]), "and -1 does not"),
        (lambda: scratch.cross_entropy(np.zeros((1, 3)), [0.5]), "whole numbers"),
        (lambda: scratch.cross_entropy(np.zeros((2, 3)), [-100, -100]), "there is no target to compare with"),
    ],
)
def test_one_clear_line(do: Callable, message: str):
    with pytest.raises(ValueError) as caught:
        do()
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_exact_is_exact():
    """The bound that these tests use would notice a wrong last digit of single precision."""
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(1 + 1e-7, 1.0, **EXACT)
