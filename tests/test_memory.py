"""The memory task: only the first note tells, and a network with a memory can learn it."""

import pytest
import torch
from torch import nn

from melodies import one_clear_line
from tunesmith.learn.memory import NOISE, memory_task


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("n, count", [(1, 1), (5, 32), (20, 7)])
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


@pytest.mark.parametrize("wrong", [0, -1, 2.0, "3", True, None])
def test_a_wrong_n_or_count(wrong):
    with pytest.raises(ValueError) as error:
        memory_task(wrong, 4, seeded())
    one_clear_line(error.value, f"n is {wrong!r}", "whole number")
    with pytest.raises(ValueError) as error:
        memory_task(4, wrong, seeded())
    one_clear_line(error.value, f"count is {wrong!r}", "whole number")


def test_no_generator():
    with pytest.raises(ValueError) as error:
        memory_task(4, 4, 1)
    one_clear_line(error.value, "generator is 1", "torch.Generator()")


class Listener(nn.Module):
    """What lessons 01 and 02 train: a layer, and a readout of its last output."""

    def __init__(self, layer, size):
        super().__init__()
        self.layer, self.readout = layer, nn.Linear(size, 1)

    def forward(self, x):
        return self.readout(self.layer(x)[0][:, -1])[:, 0]


def share_right(network, n, seed, steps=200):
    """Train as the module says; the share of 500 fresh melodies with a right answer."""
    generator = seeded(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(steps):
        x, y = memory_task(n, 32, generator)
        loss = nn.functional.binary_cross_entropy_with_logits(network(x), (y + 1) / 2)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    x, y = memory_task(n, 500, generator)
    with torch.no_grad():
        return float(((network(x) > 0) == (y > 0)).float().mean())


def plain(seed):
    torch.manual_seed(seed)
    return Listener(nn.RNN(1, 3, batch_first=True), 3)


def lstm_unit(seed):
    torch.manual_seed(seed)
    network = Listener(nn.LSTM(1, 1, batch_first=True), 1)
    with torch.no_grad():
        for name, parameter in network.layer.named_parameters():
            parameter.copy_(0.1 * torch.randn_like(parameter) if "weight" in name else torch.zeros_like(parameter))
        network.layer.bias_hh_l0[1] = 4.0  # PyTorch's order: input, forget, candidate, output
        network.readout.weight.fill_(1.0)
        network.readout.bias.zero_()
    return network


def test_a_plain_network_remembers_over_few_steps_and_not_over_many():
    assert [share_right(plain(seed), 2, seed) >= 0.95 for seed in range(2)] == [True] * 2
    assert sum(share_right(plain(seed), 20, seed) >= 0.95 for seed in range(3)) <= 1


def test_one_lstm_unit_remembers_over_twenty_steps():
    assert [share_right(lstm_unit(seed), 20, seed) >= 0.95 for seed in range(2)] == [True] * 2
