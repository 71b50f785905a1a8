"""The memory task: was the first note high or low, n steps ago? Lessons 01 and 02.

The smallest question that only a memory can answer. The first step of a melody is +1 (high) or −1 (low), n steps of
slight noise follow, and the target is the first step again. It is the latching problem of Yoshua Bengio, Patrice Simard
and Paolo Frasconi, "Learning long-term dependencies with gradient descent is difficult", *IEEE Transactions on Neural
Networks* 5, 1994; Sepp Hochreiter measured the same in his diploma thesis, Munich 1991.

A setting in which the plain unit h_t = tanh(w_x x_t + w_h h_{t−1} + b) fails as n grows, and one LSTM unit does not:

- the answer is the last hidden state, above 0 for "high"; the loss is its squared distance from the target, on average;
- 200 steps of Adam, learning rate 0.02, a fresh batch of 32 melodies each, gradient clipped to a norm of 1;
- every weight starts from N(0, 0.1²), every bias at 0; of the LSTM unit the forget gate's bias at about 4;
- *solved* means: at least 95 % of the answers are right, on 500 fresh melodies. Chance is 50 %.

How many of forty units solve it, each with its own start *and melodies of its own* (three seeds; melodies that all
forty share make their fates alike, and the count a matter of the seed):

=========  ========  ========  ========  ========  =======  =======
unit         n = 1     n = 2     n = 5    n = 10    n = 20   n = 30
=========  ========  ========  ========  ========  =======  =======
plain      40 40 40  40 40 40  29 31 27  13 14 11    4 4 1    1 1 1
LSTM       40 40 40  40 40 40  40 40 40  40 40 40  40 40 40  40 40 39
=========  ========  ========  ========  ========  =======  =======

What else was tried at n = 20, plain and LSTM. With weights from N(0, 1): 15 and 26. A third of such plain units has
|w_h| > 1 and so latches from the start, and some LSTM units have recurrent weights that undo what the forget gate
keeps. A learning rate of 0.05 in place of 0.02: 29 and 40. 600 steps in place of 200: 28 and 40. Patience moves the
plain unit's edge to larger n; it does not remove it.
"""

from __future__ import annotations

import torch
from torch import Tensor

NOISE = 0.2  # standard deviation of the steps after the first; the two signs of the first lie 10 of these apart


def memory_task(n: int, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`count` melodies of n + 1 steps that ask for their first note. Lessons 01 and 02.

    n: steps after the first note, 0 or more. Returns x (count, n + 1, 1), ready for ``batch_first``
    layers, and y (count,), each +1 or −1; both float32. x[:, 0, 0] is y, the other steps are drawn from N(0, 0.2²).
    Raises ValueError for an n below 0, a count below 1, or no generator.
    """
    for name, value, least in (("n", n, 0), ("count", count, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name} is {value!r}: give a whole number, {least} or more")
    if not isinstance(generator, torch.Generator):
        raise ValueError(f"generator is {generator!r}: give torch.Generator().manual_seed(1), or another seed")
    y = 2.0 * torch.randint(0, 2, (count,), generator=generator) - 1.0
    x = NOISE * torch.randn(count, n + 1, 1, generator=generator)
    x[:, 0, 0] = y
    return x, y
