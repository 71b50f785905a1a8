"""The memory task: only the first note tells, and a network with a memory can learn it."""

import pytest
import torch
from torch import nn

from melodies import one_clear_line
from tunesmith.learn.memory import NOISE, memory_task


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("n, count", [(0, 3), (1, 1), (5, 32), (20, 7)])
def test_shapes_and_types(n, count):
    x, y = memory_task(n, count, seeded())
    assert x.shape == (count, n + 1, 1) and y.shape == (count,)
    assert x.dtype == y.dtype == torch.float32


def test_the_first_note_is_the_target_and_is_high_half_of_the_time():
    x, y = memory_task(3, 4000, seeded())
    assert torch.equal(x[:, 0, 0], y)
    assert set(y.tolist()) == {-1.0, 1.0}
    assert abs(y.mean()) < 0.1


def test_the_other_steps_say_nothing_of_it():
    x, y = memory_task(6, 4000, seeded())
    rest = x[:, 1:, 0]
    assert abs(rest.mean()) < 0.01 and abs(rest.std() - NOISE) < 0.01
    assert (rest * y[:, None]).mean(0).abs().max() < 0.02


def test_the_generator_decides():
    first, again, other = (memory_task(4, 8, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_it_leaves_the_global_generator_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    memory_task(4, 8, seeded())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("wrong", [-1, 2.0, "3", True, None])
def test_a_wrong_n_or_count(wrong):
    with pytest.raises(ValueError) as error:
        memory_task(wrong, 4, seeded())
    one_clear_line(error.value, f"n is {wrong!r}", "whole number")
    with pytest.raises(ValueError) as error:
        memory_task(4, wrong, seeded())
    one_clear_line(error.value, f"count is {wrong!r}", "whole number")


def test_no_melodies():
    with pytest.raises(ValueError) as error:
        memory_task(4, 0, seeded())
    one_clear_line(error.value, "count is 0", "1 or more")


def test_no_generator():
    with pytest.raises(ValueError) as error:
        memory_task(4, 4, 1)
    one_clear_line(error.value, "generator is 1", "torch.Generator()")


COUNT = 40  # units side by side, each with a start and melodies of its own


class Units(nn.Module):
    """Plain units, or LSTM units: one hidden number each, small weights."""

    def __init__(self, parts):
        super().__init__()
        self.w = nn.Parameter(0.1 * torch.randn(parts, COUNT, 1))
        self.u = nn.Parameter(0.1 * torch.randn(parts, COUNT, 1))
        self.b = nn.Parameter(torch.zeros(parts, COUNT, 1))


class Plain(Units):
    def forward(self, x):
        h = torch.zeros(x.shape[:-1])
        for x_t in x.unbind(-1):
            h = torch.tanh(self.w[0] * x_t + self.u[0] * h + self.b[0])
        return h


class LSTM(Units):
    def forward(self, x):
        h = C = torch.zeros(x.shape[:-1])
        for x_t in x.unbind(-1):
            f, i, o, candidate = self.w * x_t + self.u * h + self.b
            C = (f + 4).sigmoid() * C + i.sigmoid() * candidate.tanh()
            h = o.sigmoid() * C.tanh()
        return h


def solved(units, n):
    """Train as the module's docstring says; how many units of forty remember."""
    generator = seeded()
    optimiser = torch.optim.Adam(units.parameters(), lr=0.02)
    for _ in range(200):
        x, y = memory_task(n, COUNT * 32, generator)
        h = units(x.reshape(COUNT, 32, n + 1))
        loss = ((h - y.reshape(COUNT, 32)) ** 2).mean(1).sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(units.parameters(), 1.0)
        optimiser.step()
    x, y = memory_task(n, 500, generator)
    with torch.no_grad():
        right = (units(x[..., 0]) > 0) == (y > 0)
    return int((right.double().mean(1) >= 0.95).sum())


def test_plain_units_remember_over_few_steps_and_not_over_many():
    torch.manual_seed(1)
    assert solved(Plain(1), 2) >= 38
    assert 5 <= solved(Plain(1), 10) <= 25
    assert solved(Plain(1), 20) <= 10


def test_lstm_units_remember_over_twenty_steps():
    torch.manual_seed(1)
    assert solved(LSTM(4), 20) >= 38
