"""`SGD` and `clip_grad_norm` of `tunesmith.scratch` against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from scratch_checks import EXACT
from tunesmith.scratch import SGD, Tensor, clip_grad_norm


def a_parameter() -> Tensor:
    return Tensor([1.0, -2.0], requires_grad=True)


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_steps_are_pytorch_s(weight_decay: float, max_norm: float):
    ours = [Tensor(np.linspace(-1, 2, 6).reshape(2, 3), requires_grad=True), a_parameter()]
    theirs = [torch.tensor(parameter.data, requires_grad=True) for parameter in ours]
    own, other = SGD(ours, 0.1, weight_decay), torch.optim.SGD(theirs, 0.1, weight_decay=weight_decay)
    for _ in range(5):
        own.zero_grad()
        other.zero_grad()
        ((ours[0] ** 3).sum() + (ours[1] ** 2 * 3).sum()).backward()
        ((theirs[0] ** 3).sum() + (theirs[1] ** 2 * 3).sum()).backward()
        norm = clip_grad_norm(ours, max_norm)
        assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, max_norm).item(), rel=1e-12)
        own.step()
        other.step()
    for mine, their in zip(ours, theirs):
        np.testing.assert_allclose(mine.data, their.detach().numpy(), **EXACT)


def test_weight_decay_is_a_term_of_the_loss():
    plain, decayed = a_parameter(), a_parameter()
    (plain.sum() + 0.5 * 0.2 * (plain**2).sum()).backward()
    SGD([plain], 0.1).step()
    decayed.sum().backward()
    SGD([decayed], 0.1, weight_decay=0.2).step()
    np.testing.assert_allclose(plain.data, decayed.data, **EXACT)


def test_the_direction_stays():
    one, two = a_parameter(), a_parameter()
    one.grad, two.grad = np.array([3.0, 0.0]), np.array([0.0, -4.0])
    assert clip_grad_norm([one, two], 1.0) == 5
    assert one.grad == pytest.approx([0.6, 0]) and two.grad == pytest.approx([0, -0.8])
    assert np.hypot(one.grad[0], two.grad[1]) <= 1
    assert clip_grad_norm([one, two], 10.0) == pytest.approx(1) and one.grad[0] == pytest.approx(0.6)


def test_without_a_gradient_it_stays():
    parameter = a_parameter()
    SGD([parameter], 0.1, weight_decay=1.0).step()
    assert parameter.data.tolist() == [1, -2] and clip_grad_norm([parameter], 1) == 0


def test_zero_grad():
    parameter = a_parameter()
    parameter.sum().backward()
    SGD([parameter], 0.1).zero_grad()
    assert parameter.grad is None


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda p: SGD([], 0.1), "there are no parameters"),
        (lambda p: SGD([p], -0.1), "lr should be a number of 0 or more, not -0.1"),
        (lambda p: SGD([p], float("nan")), "lr should be a number of 0 or more, not nan"),
        (lambda p: SGD([p], 0.1, -1), "weight_decay should be a number of 0 or more, not -1"),
        (lambda p: SGD([Tensor(1.0)], 0.1), "made with requires_grad=True"),
        (lambda p: SGD([p * 2], 0.1), "made with requires_grad=True"),
        (lambda p: SGD([np.zeros(2)], 0.1), "made with requires_grad=True"),
        (lambda p: clip_grad_norm([p], 0), "max_norm should be above 0, not 0"),
        (lambda p: clip_grad_norm([], 1), "there are no parameters"),
    ],
)
def test_one_clear_line(do: Callable, message: str):
    with pytest.raises(ValueError) as caught:
        do(a_parameter())
    assert message in str(caught.value) and "\n" not in str(caught.value)
