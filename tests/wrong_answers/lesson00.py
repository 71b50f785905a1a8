"""Answers that people give to the exercises of lesson 00, and that are wrong."""

import math
import random

import torch


def as_a_row(batch, steps):
    return batch + (steps if len(steps) == batch.shape[1] else steps[:1])


def all_by_the_first(batch, steps):
    return batch + steps[0]


def downwards(batch, steps):
    return batch - steps[:, None]


def unmoved(batch, steps):
    return batch


def one_long_row(batch, steps):
    return (batch + steps[:, None]).flatten()


def as_lists(batch, steps):
    return [[pitch + step for pitch in row] for row, step in zip(batch.tolist(), steps.tolist())]


def as_fractions(batch, steps):
    return batch + steps[:, None] * 1.0


def as_it_was(counts):
    return counts / counts.sum(1)


def columns(counts):
    return counts / counts.sum(0)


def the_whole(counts):
    return counts / counts.sum()


def by_the_largest(counts):
    return counts / counts.max(1, keepdim=True).values


def by_softmax(counts):
    return torch.softmax(counts, 1)


def half_as_exact(counts):
    return (counts / counts.sum(1, keepdim=True)).float()


def frequencies():
    return 1


def fair_dice():
    return 2


def probability(n):
    return 1 / n


def no_minus(n):
    return math.log(1 / n)


def in_bits(n):
    return math.log2(n)


def base_ten(n):
    return math.log10(n)


def all_of_them(n):
    return n * math.log(n)


def rounded(n):
    return round(math.log(n), 2)


def in_a_tensor(n):
    return torch.tensor(float(n)).log()


def loop(loss_of, rate, steps, sign=-1.0, clear=True):
    w = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        loss = loss_of(w)
        if clear:
            w.grad = None
        loss.backward()
        with torch.no_grad():
            w += sign * rate * w.grad
    return w.item()


def nothing_mended(loss_of, rate, steps):
    return loop(loss_of, rate, steps, 1.0, False)


def uphill(loss_of, rate, steps):
    return loop(loss_of, rate, steps, 1.0)


def piled_up(loss_of, rate, steps):
    return loop(loss_of, rate, steps, clear=False)


def cleared_after_backward(loss_of, rate, steps):
    w = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        loss_of(w).backward()
        w.grad = None
        with torch.no_grad():
            w -= rate * w.grad
    return w.item()


def a_new_w(loss_of, rate, steps):
    w = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        w.grad = None
        loss_of(w).backward()
        w = w - rate * w.grad
    return w.item()


def in_the_account(loss_of, rate, steps):
    w = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        w.grad = None
        loss_of(w).backward()
        w -= rate * w.grad
    return w.item()


def nothing_to_zero(loss_of, rate, steps):
    w = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        w.grad.zero_()
        loss_of(w).backward()
        with torch.no_grad():
            w -= rate * w.grad
    return w.item()


def one_more(loss_of, rate, steps):
    return loop(loss_of, rate, steps + 1)


def the_tensor(loss_of, rate, steps):
    return torch.tensor(loop(loss_of, rate, steps))


def tune(dice, bars=8, keys=(60, 62, 64, 65, 67), end=60, length=1):
    return [(dice.choice(keys), length) for _ in range(bars * 2 - 1)] + [(end, length)]


def always_the_same(seed):
    return tune(random.Random(7))


def without_the_seed(seed):
    return tune(random.Random())


def too_long(seed):
    return tune(random.Random(seed), bars=16)


def black_keys(seed):
    return tune(random.Random(seed), keys=(60, 61, 63, 66, 68))


def on_the_fifth(seed):
    return tune(random.Random(seed), end=67)


def one_pitch(seed):
    return tune(random.Random(seed), keys=(60,))


def too_high(seed):
    return tune(random.Random(seed), keys=(86, 88, 89, 91, 93), end=84)


def wide_leaps(seed):
    return tune(random.Random(seed), keys=(48, 50, 81, 83), end=60)


def pitches_alone(seed):
    return [60, 62, 64, 60]


WRONG = {
    "0.1": [as_a_row, all_by_the_first, downwards, unmoved, one_long_row, as_lists, as_fractions],
    "0.2": [as_it_was, columns, the_whole, by_the_largest, by_softmax, half_as_exact],
    "0.3": [frequencies, fair_dice],
    "0.4": [probability, no_minus, in_bits, base_ten, all_of_them, rounded, in_a_tensor],
    "0.5": [
        nothing_mended,
        uphill,
        piled_up,
        cleared_after_backward,
        a_new_w,
        in_the_account,
        nothing_to_zero,
        one_more,
        the_tensor,
    ],
    "0.6": [
        always_the_same,
        without_the_seed,
        too_long,
        black_keys,
        on_the_fifth,
        one_pitch,
        too_high,
        wide_leaps,
        pitches_alone,
    ],
}
