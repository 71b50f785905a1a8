"""ScalarLSTM: equal to PyTorch's nn.LSTM(1, 1) in outputs, states and gradients; many units side by side."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.models.scalar_lstm import ScalarLSTM

ORDER = "ifCo"  # PyTorch's
EXACT = {"rtol": 0, "atol": 1e-12}
numbers = st.floats(-3, 3, allow_nan=False, width=32)


def pair(weights):
    """A unit and nn.LSTM(1, 1) with the same twelve numbers, in double precision."""
    unit, lstm = ScalarLSTM().double(), nn.LSTM(1, 1, batch_first=True).double()
    with torch.no_grad():
        for parameter, value in zip(unit.parameters(), weights, strict=True):
            parameter.fill_(value)
        for letter, name in (("w", "weight_ih_l0"), ("u", "weight_hh_l0"), ("b", "bias_ih_l0")):
            theirs = getattr(lstm, name)
            theirs.copy_(torch.stack([getattr(unit, f"{letter}_{part}") for part in ORDER]).reshape(theirs.shape))
        lstm.bias_hh_l0.zero_()
    return unit, lstm


def gradients(lstm):
    """PyTorch's gradients by our names."""
    rows = {"w": lstm.weight_ih_l0, "u": lstm.weight_hh_l0, "b": lstm.bias_ih_l0}
    return {
        f"{letter}_{part}": row.grad.flatten()[place]
        for letter, row in rows.items()
        for place, part in enumerate(ORDER)
    }


@settings(max_examples=60, deadline=None)
@given(
    weights=st.lists(numbers, min_size=12, max_size=12),
    inputs=st.lists(numbers, min_size=1, max_size=12),
    start=st.tuples(numbers, numbers),
)
def test_equal_to_pytorch(weights, inputs, start):
    unit, lstm = pair(weights)
    ours, theirs = (torch.tensor(inputs, dtype=torch.float64, requires_grad=True) for _ in range(2))
    h, C = (torch.tensor(value, dtype=torch.float64) for value in start)
    hidden, (h_end, C_end) = unit(ours, (h, C))
    expected, (their_h, their_C) = lstm(theirs[None, :, None], (h.reshape(1, 1, 1), C.reshape(1, 1, 1)))
    assert torch.allclose(hidden, expected[0, :, 0], **EXACT)
    assert torch.allclose(torch.stack([h_end, C_end]), torch.stack([their_h, their_C]).flatten(), **EXACT)

    (hidden.sum() + 2 * C_end).backward()
    (expected.sum() + 2 * their_C.sum()).backward()
    assert torch.allclose(ours.grad, theirs.grad, rtol=1e-12, atol=1e-12)
    for name, gradient in gradients(lstm).items():
        assert torch.allclose(getattr(unit, name).grad, gradient, rtol=1e-12, atol=1e-12), name


def test_a_batch_is_its_melodies_one_by_one():
    unit, lstm = pair([0.3, -1.2, 0.8, 0.5, 1.1, -0.4, 0.9, -0.7, 2.0, 0.1, -0.3, 0.6])
    x = torch.randn(4, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    hidden, (h, C) = unit(x)
    assert hidden.shape == (4, 9) and h.shape == C.shape == (4,)
    assert torch.equal(h, hidden[:, -1])
    assert torch.allclose(hidden, lstm(x[..., None])[0][..., 0], **EXACT)
    for row, expected in zip(x, hidden, strict=True):
        assert torch.allclose(unit(row)[0], expected, **EXACT)


def test_going_on_from_a_state():
    unit, _ = pair([0.5] * 12)
    x = torch.linspace(-1, 1, 10, dtype=torch.float64)
    first, state = unit(x[:4])
    second, end = unit(x[4:], state)
    whole, whole_end = unit(x)
    assert torch.equal(torch.cat([first, second]), whole) and torch.equal(torch.stack(end), torch.stack(whole_end))


def test_one_step_by_hand():
    """The step that lesson 02 works through."""
    values = {
        "w_f": 0.8,
        "u_f": -0.5,
        "w_i": 1.5,
        "u_i": 0.5,
        "w_C": 1.2,
        "u_C": 0.3,
        "w_o": 1.0,
        "u_o": -0.4,
        "b_o": 0.5,
    }
    unit = ScalarLSTM().double()
    with torch.no_grad():
        for name, parameter in unit.named_parameters():
            parameter.fill_(values.get(name, 0.0))
    x, h, C = (torch.tensor(value, dtype=torch.float64) for value in (1.0, 0.2, 0.5))

    def sigmoid(z):
        return 1 / (1 + math.exp(-z))

    expected = sigmoid(0.7), sigmoid(1.6), math.tanh(1.26), sigmoid(1.42)
    assert torch.stack(unit.gates(x, h)).tolist() == pytest.approx(expected, abs=1e-12)
    f, i, C_tilde, o = expected
    new_h, new_C = unit.lstm_unit(x, h, C)
    assert new_C.item() == pytest.approx(f * 0.5 + i * C_tilde, abs=1e-12)
    assert new_h.item() == pytest.approx(o * math.tanh(f * 0.5 + i * C_tilde), abs=1e-12)


def test_weights_from_the_normal_distribution_and_biases_0():
    torch.manual_seed(3)
    many = ScalarLSTM(forget_bias=2.5, shape=(4000,))
    named = dict(many.named_parameters())
    assert list(named) == [f"{letter}_{part}" for letter in "wub" for part in "fiCo"]
    for name, parameter in named.items():
        if name[0] == "b":
            assert (parameter == (2.5 if name == "b_f" else 0.0)).all()
        else:
            assert abs(parameter.mean()) < 0.06 and abs(parameter.std() - 1) < 0.06
    torch.manual_seed(5)
    one = ScalarLSTM()
    torch.manual_seed(5)
    same = ScalarLSTM()
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert ts.count_parameters(one) == 12 and ts.ScalarLSTM is ScalarLSTM


def test_units_side_by_side_know_nothing_of_each_other():
    torch.manual_seed(1)
    many = ScalarLSTM(shape=(5, 1)).double()
    x = torch.randn(3, 7, dtype=torch.float64)
    hidden, (h, C) = many(x)
    assert hidden.shape == (5, 3, 7) and h.shape == C.shape == (5, 3)
    for k in range(5):
        unit = ScalarLSTM().double()
        unit.load_state_dict({name: parameter[k, 0] for name, parameter in many.state_dict().items()})
        assert torch.allclose(unit(x)[0], hidden[k], **EXACT)
    hidden[2].sum().backward()
    assert many.w_C.grad[2] != 0 and (many.w_C.grad[[0, 1, 3, 4]] == 0).all()


def test_a_high_forget_bias_keeps_the_cell_state():
    unit = ScalarLSTM(forget_bias=20.0)
    with torch.no_grad():
        for name, parameter in unit.named_parameters():
            if name != "b_f":
                parameter.zero_()
        state = (torch.tensor(0.0), torch.tensor(0.7))
        assert unit(torch.randn(64), state)[1][1].item() == pytest.approx(0.7, abs=1e-5)
        unit.b_f.fill_(0.0)
        assert unit(torch.zeros(10), state)[1][1].item() == pytest.approx(0.7 / 2**10, rel=1e-5)


@pytest.mark.parametrize("x", [torch.tensor(1.0), torch.zeros(0), torch.zeros(3, 0)])
def test_inputs_without_a_step(x):
    with pytest.raises(ValueError, match="at least one step") as caught:
        ScalarLSTM()(x)
    one_clear_line(caught.value)


def test_a_state_of_another_shape():
    with pytest.raises(ValueError, match=r"shape \(2,\), not \(3,\) and \(2,\)") as caught:
        ScalarLSTM()(torch.zeros(2, 5), (torch.zeros(3), torch.zeros(2)))
    one_clear_line(caught.value)


@pytest.mark.parametrize(
    "shape, x_shape", [((), (4, 6, 1)), ((40, 1), (40, 32, 21, 1)), ((1, 1), (1, 3, 6, 1)), ((5,), (2, 3, 5, 1))]
)
def test_time_in_the_wrong_place(shape, x_shape):
    """What `memory_task` gives, (count, n + 1, 1), must not be read as melodies of one step."""
    with pytest.raises(ValueError, match=r"time comes last: give x\[\.\.\., 0\]") as caught:
        ScalarLSTM(shape=shape)(torch.zeros(x_shape))
    one_clear_line(caught.value)
    x, _ = ts.memory_task(5, 4, torch.Generator().manual_seed(1))
    assert ScalarLSTM()(x[..., 0])[0].shape == (4, 6)


@pytest.mark.parametrize(
    "shape, x_shape, hidden",
    [
        ((), (1,), (1,)),
        ((), (4, 1), (4, 1)),
        ((40, 1), (1,), (40, 1, 1)),
        ((40, 1), (8, 1), (40, 8, 1)),
        ((40, 1), (40, 8, 1), (40, 8, 1)),
        ((1, 1), (1, 8, 1), (1, 8, 1)),
        ((5,), (3, 5, 1), (3, 5, 1)),
        ((), (2, 3, 7), (2, 3, 7)),
    ],
)
def test_melodies_of_one_step_where_they_are_meant(shape, x_shape, hidden):
    assert ScalarLSTM(shape=shape)(torch.zeros(x_shape))[0].shape == hidden


@pytest.mark.parametrize("x_shape", [(7, 3, 5), (40, 3, 2, 5)])
def test_inputs_that_do_not_fit_the_units(x_shape):
    with pytest.raises(ValueError, match=r"don't fit units of the shape \(40, 1\)") as caught:
        ScalarLSTM(shape=(40, 1))(torch.zeros(x_shape))
    one_clear_line(caught.value)


@pytest.mark.parametrize("x", [[1.0, 0.0], 1.0, None])
def test_inputs_that_are_no_tensor(x):
    with pytest.raises(ValueError, match="should be a tensor, not a ") as caught:
        ScalarLSTM()(x)
    one_clear_line(caught.value)


@pytest.mark.parametrize("state", [(torch.zeros(2),), torch.zeros(2, 2), 0.5, (0.0, 0.0)])
def test_a_state_that_is_not_two_tensors(state):
    with pytest.raises(ValueError, match=r"two tensors, \(h, C\)") as caught:
        ScalarLSTM()(torch.zeros(2, 5), state)
    one_clear_line(caught.value)


def test_side_by_side_going_on_from_a_state():
    """Melodies that all units share: the state has a row for each unit all the same."""
    torch.manual_seed(4)
    many, x = ScalarLSTM(forget_bias=1.5, shape=(5, 1)).double(), torch.randn(3, 9, dtype=torch.float64)
    first, state = many(x[:, :4])
    second, end = many(x[:, 4:], state)
    whole, whole_end = many(x)
    assert torch.equal(torch.cat([first, second], dim=-1), whole) and torch.equal(end[1], whole_end[1])


def test_hidden_states_by_hand():
    """Three steps and a start with numbers of their own: each hidden state, the bias and the start count."""
    unit = ScalarLSTM(forget_bias=0.75).double()
    with torch.no_grad():
        for name, parameter in unit.named_parameters():
            if name != "b_f":
                parameter.zero_()
        unit.b_C.fill_(0.5)
    C, expected = 0.9, []
    for _ in range(3):
        C = C / (1 + math.exp(-0.75)) + 0.5 * math.tanh(0.5)
        expected.append(0.5 * math.tanh(C))
    start = torch.tensor(0.3, dtype=torch.float64), torch.tensor(0.9, dtype=torch.float64)
    hidden, (h_end, C_end) = unit(torch.zeros(3, dtype=torch.float64), start)
    assert hidden.tolist() == pytest.approx(expected, abs=1e-12)
    assert h_end.item() == pytest.approx(expected[-1], abs=1e-12) and C_end.item() == pytest.approx(C, abs=1e-12)
