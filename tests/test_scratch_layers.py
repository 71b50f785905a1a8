"""The layers of `tunesmith.scratch`: with weights copied, outputs, states and gradients are PyTorch's to 1e-10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from scratch_checks import EXACT
from tunesmith import scratch
from tunesmith.scratch import GRU, LSTM, Embedding, Linear, Tensor

T, B, INPUTS, HIDDEN = 5, 3, 4, 6


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def torch_layer(kind: str, inputs: int = INPUTS, hidden: int = HIDDEN) -> torch.nn.Module:
    torch.manual_seed(3)
    return getattr(torch.nn, kind)(inputs, hidden, dtype=torch.float64)


def gradients(layer: LSTM | GRU) -> dict[str, np.ndarray]:
    """Our gradients under PyTorch's names and in its shapes."""

    def joined(letter: str) -> np.ndarray:
        return np.concatenate([getattr(layer, f"{letter}_{gate}").grad.T for gate in layer.order])

    found = {"weight_ih_l0": joined("W"), "weight_hh_l0": joined("U"), "bias_ih_l0": joined("b")}
    found["bias_hh_l0"] = found["bias_ih_l0"].copy()
    if isinstance(layer, GRU):
        found["bias_hh_l0"][-layer.hidden_size :] = layer.c_n.grad
    return found


def states(kind: str, batch: tuple[int, ...]) -> list[np.ndarray]:
    return [rng(place).normal(size=(*batch, HIDDEN)) for place in range(2 if kind == "LSTM" else 1)]


def run_both(kind: str, fused: bool, batch: tuple[int, ...], given: bool) -> tuple[list, list, Any, Any]:
    """Both layers on the same work. Arrays to compare from ours and theirs, and the layers, after backward."""
    theirs = torch_layer(kind)
    ours = getattr(scratch, kind)(INPUTS, HIDDEN, fused=fused)
    ours.load_state_dict(theirs.state_dict())
    x = rng().normal(size=(T, *batch, INPUTS))
    own_x, other_x = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    own_states = [Tensor(state, requires_grad=True) for state in states(kind, batch)]
    other_states = [torch.tensor(state.data[None], requires_grad=True) for state in own_states]
    pair = kind == "LSTM"
    own_out, own_end = ours(own_x, (tuple(own_states) if pair else own_states[0]) if given else None)
    other_out, other_end = theirs(other_x, (tuple(other_states) if pair else other_states[0]) if given else None)
    own_end, other_end = (own_end, other_end) if pair else ((own_end,), (other_end,))
    weigh = rng(9).uniform(0.5, 1.5, own_out.shape)
    (own_out * weigh).sum().backward(retain_grads=True)
    sum((end * end).sum() for end in own_end).backward()
    ((other_out * torch.tensor(weigh)).sum() + sum((end * end).sum() for end in other_end)).backward()
    mine = [own_out.data, *(end.data for end in own_end), own_x.grad]
    expected = [other_out, *(end[0] for end in other_end), other_x.grad]
    if given:
        mine += [state.grad for state in own_states]
        expected += [state.grad[0] for state in other_states]
    return mine, [array.detach().numpy() for array in expected], ours, theirs


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("given", [False, True])
def test_outputs_states_and_gradients_are_pytorch_s(kind: str, fused: bool, given: bool):
    mine, expected, ours, theirs = run_both(kind, fused, (B,), given)
    for own, other in zip(mine, expected, strict=True):
        np.testing.assert_allclose(own, other, **EXACT)
    found = gradients(ours)
    for name, parameter in theirs.named_parameters():
        np.testing.assert_allclose(found[name], parameter.grad.numpy(), **EXACT, err_msg=name)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("fused", [False, True])
def test_one_melody_without_a_batch(kind: str, fused: bool):
    mine, expected, *_ = run_both(kind, fused, (), False)
    for own, other in zip(mine, expected, strict=True):
        np.testing.assert_allclose(own, other, **EXACT)


GRUS = [(after, on) for after in (True, False) for on in ("old", "candidate")]


@pytest.mark.parametrize(("reset_after", "update_on"), GRUS)
def test_every_gru_is_the_same_fused(reset_after: bool, update_on: str):
    layers = [
        GRU(INPUTS, HIDDEN, reset_after=reset_after, update_on=update_on, fused=fused, generator=rng())
        for fused in (False, True)
    ]
    x = rng(1).normal(size=(T, B, INPUTS))
    outputs = [layer(x)[0] for layer in layers]
    np.testing.assert_allclose(outputs[0].data, outputs[1].data, **EXACT)
    for output in outputs:
        (output * output).sum().backward()
    for one, two in zip(*(layer.parameters() for layer in layers), strict=True):
        np.testing.assert_allclose(one.grad, two.grad, **EXACT)


# ---------------------------------------------------------------- where the forms of the GRU differ


def two_grus(hidden: int = HIDDEN, **changed: Any) -> tuple[GRU, GRU]:
    """PyTorch's form and another one, with the same weights and c_n = 0."""
    ours = GRU(INPUTS, hidden, generator=rng())
    ours.c_n.data[:] = 0
    other = GRU(INPUTS, hidden, **changed)
    other.load_state_dict(ours.state_dict())
    return ours, other


def test_reset_before_the_product_differs_from_the_second_step_on():
    """At the first step h is 0, and there is nothing to reset. Then r ∘ (h U) and (r ∘ h) U part."""
    ours, other = two_grus(reset_after=False)
    x = rng(1).normal(size=(T, B, INPUTS))
    difference = np.abs(ours(x)[0].data - other(x)[0].data).max(axis=(1, 2))
    assert difference[0] < 1e-12 and (difference[1:] > 1e-4).all()


def test_reset_before_and_after_are_one_where_each_unit_sees_itself_alone():
    """A diagonal U multiplies unit by unit, as r does, and the order of two factors doesn't matter."""
    ours, other = two_grus(reset_after=False)
    for layer in (ours, other):
        layer.U_n.data *= np.eye(HIDDEN)
    x = rng(1).normal(size=(T, B, INPUTS))
    np.testing.assert_allclose(ours(x)[0].data, other(x)[0].data, **EXACT)
    ours, other = two_grus(hidden=1, reset_after=False)
    np.testing.assert_allclose(ours(x)[0].data, other(x)[0].data, **EXACT)


def test_a_bias_inside_the_reset_differs_from_the_first_step_on():
    ours, other = two_grus(reset_after=False)
    ours.c_n.data[:] = 0.5
    x = rng(1).normal(size=(T, B, INPUTS))
    assert np.abs(ours(x)[0].data - other(x)[0].data).max(axis=(1, 2))[0] > 1e-2


def test_update_on_the_candidate_is_the_other_way_round():
    """It differs from the first step on; with the update gate's weights negated it is the same: 1 − σ(a) = σ(−a)."""
    ours, other = two_grus(update_on="candidate")
    x = rng(1).normal(size=(T, B, INPUTS))
    assert np.abs(ours(x)[0].data - other(x)[0].data).max(axis=(1, 2))[0] > 1e-2
    for parameter in (other.W_z, other.U_z, other.b_z):
        parameter.data *= -1
    np.testing.assert_allclose(ours(x)[0].data, other(x)[0].data, **EXACT)


def test_the_other_form_has_no_place_for_pytorch_s_second_bias():
    with pytest.raises(ValueError, match="no place for the candidate's bias_hh_l0"):
        GRU(INPUTS, HIDDEN, reset_after=False).load_state_dict(torch_layer("GRU").state_dict())


# ---------------------------------------------------------------- the other layers


def test_linear_is_pytorch_s():
    theirs = torch.nn.Linear(INPUTS, 2, dtype=torch.float64)
    ours = Linear(INPUTS, 2)
    ours.load_state_dict(theirs.state_dict())
    x = rng().normal(size=(T, B, INPUTS))
    out, expected = ours(x), theirs(torch.tensor(x))
    np.testing.assert_allclose(out.data, expected.detach().numpy(), **EXACT)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    np.testing.assert_allclose(ours.W.grad.T, theirs.weight.grad.numpy(), **EXACT)
    np.testing.assert_allclose(ours.b.grad, theirs.bias.grad.numpy(), **EXACT)


def test_embedding_is_pytorch_s_and_a_product_with_one_hot_rows():
    theirs = torch.nn.Embedding(5, 3, dtype=torch.float64)
    ours = Embedding(5, 3)
    ours.load_state_dict(theirs.state_dict())
    ids = np.array([[0, 4], [4, 4], [2, 0]])
    out, expected = ours(ids), theirs(torch.tensor(ids))
    np.testing.assert_allclose(out.data, expected.detach().numpy(), **EXACT)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    np.testing.assert_allclose(ours.W.grad, theirs.weight.grad.numpy(), **EXACT)
    np.testing.assert_allclose((scratch.one_hot(ids, 5) @ ours.W).data, out.data, **EXACT)


@pytest.mark.parametrize(("ours", "kind"), [(LSTM, "LSTM"), (GRU, "GRU")])
def test_weights_go_to_pytorch_and_back(ours: type, kind: str):
    layer = ours(INPUTS, HIDDEN, generator=rng())
    theirs = torch_layer(kind)
    theirs.load_state_dict({name: torch.tensor(array) for name, array in layer.state_dict().items()})
    x = rng(1).normal(size=(T, B, INPUTS))
    np.testing.assert_allclose(layer(x)[0].data, theirs(torch.tensor(x))[0].detach().numpy(), **EXACT)


def test_state_dicts_are_copies():
    for layer in (LSTM(2, 2), GRU(2, 2), Linear(2, 2), Embedding(2, 2)):
        before = [parameter.data.copy() for parameter in layer.parameters()]
        state = layer.state_dict()
        layer.load_state_dict(state)
        for array in state.values():
            array += 1
        loaded = [parameter.data for parameter in layer.parameters()]
        assert all(np.array_equal(one, two) for one, two in zip(before, loaded))


def test_parameters_and_their_number():
    assert sum(p.data.size for p in LSTM(3, 5).parameters()) == 4 * (3 * 5 + 5 * 5 + 5)
    assert sum(p.data.size for p in GRU(3, 5).parameters()) == 3 * (3 * 5 + 5 * 5 + 5) + 5
    assert sum(p.data.size for p in GRU(3, 5, reset_after=False).parameters()) == 3 * (3 * 5 + 5 * 5 + 5)
    layer = LSTM(3, 5)
    layer(np.ones((2, 1, 3)))[0].sum().backward()
    assert all(p.grad is not None for p in layer.parameters())
    layer.zero_grad()
    assert all(p.grad is None for p in layer.parameters())


def test_weights_are_drawn_as_in_pytorch():
    one, two, other = (LSTM(3, 25, generator=rng(seed)) for seed in (0, 0, 1))
    assert all(np.array_equal(a.data, b.data) for a, b in zip(one.parameters(), two.parameters()))
    assert not np.array_equal(one.W_f.data, other.W_f.data)
    weights = np.concatenate([p.data.reshape(-1) for p in one.parameters()])
    assert 0.19 < np.abs(weights).max() <= 1 / np.sqrt(25)


def test_the_state_goes_on_and_the_graph_is_cut():
    """Two halves with the state carried give the whole's outputs; with it detached, no gradient comes back."""
    layer = LSTM(INPUTS, HIDDEN, generator=rng())
    x = Tensor(rng(1).normal(size=(6, B, INPUTS)), requires_grad=True)
    whole, _ = layer(x)
    _, (h, C) = layer(x[:3])
    second, _ = layer(x[3:], (h.detach(), C.detach()))
    np.testing.assert_allclose(second.data, whole.data[3:], **EXACT)
    second.sum().backward()
    assert not x.grad[:3].any() and x.grad[3:].all()


# ---------------------------------------------------------------- bad input

X = np.zeros((T, B, INPUTS))


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda: LSTM(0, 3), "input_size should be a whole number of 1 or more, not 0"),
        (lambda: GRU(3, 2.5), "hidden_size should be a whole number of 1 or more, not 2.5"),
        (lambda: Linear(-1, 3), "inputs should be a whole number"),
        (lambda: Embedding(3, 0), "size should be a whole number"),
        (lambda: LSTM(3, 3, generator=7), "generator should be made by np.random.default_rng(seed), not 7"),
        (lambda: GRU(3, 3, update_on="new"), "update_on should be 'old' or 'candidate', not 'new'"),
        (lambda: LSTM(5, 3)(X), "the input should have the shape (T, B, 5) with T ≥ 1, not (5, 3, 4)"),
        (lambda: LSTM(4, 3)(X[:0]), "with T ≥ 1, not (0, 3, 4)"),
        (lambda: GRU(4, 3)(X[0, 0]), "not (4,)"),
        (lambda: LSTM(4, 3)(X, (np.zeros((B, 3)), np.zeros(3))), "the state C should have the shape (3, 3), not (3,)"),
        (lambda: GRU(4, 3)(X, np.zeros((1, B, 3))), "the state h should have the shape (3, 3), not (1, 3, 3)"),
        (lambda: Embedding(3, 2)([3]), "ids should lie between 0 and 2, and 3 does not"),
        (lambda: Linear(2, 2).load_state_dict({"weight": X}), "expected the parameters weight, bias, not weight"),
        (lambda: Linear(2, 2).load_state_dict({}), "not none"),
        (
            lambda: Linear(2, 2).load_state_dict({"weight": np.zeros((2, 3)), "bias": np.zeros(2)}),
            "weight should have the shape (2, 2), not (2, 3)",
        ),
    ],
)
def test_one_clear_line(do: Callable, message: str):
    with pytest.raises(ValueError) as caught:
        do()
    assert message in str(caught.value) and "\n" not in str(caught.value)
