"""The memory task: was the first note high or low, n steps ago? Lessons 01 and 02.

The smallest question that only a memory can answer. The first step of a melody is +1 (high) or −1 (low), n steps of
slight noise follow, and the target is the first step again. It is the latching problem of Yoshua Bengio, Patrice Simard
and Paolo Frasconi, "Learning long-term dependencies with gradient descent is difficult", *IEEE Transactions on Neural
Networks* 5, 1994; Sepp Hochreiter measured the same in his diploma thesis, Munich 1991.

Both lessons train in one setting, so that only the layer differs:

- the answer is ``readout(h)`` at the last step, with ``readout = nn.Linear(H, 1)``: above 0 means "high";
- the loss is ``binary_cross_entropy_with_logits(answer, (y + 1) / 2)``;
- 200 steps of Adam, learning rate 0.01, a fresh batch of 32 melodies each, gradient clipped to a norm of 1;
- *solved* means: at least 95 of 100 answers are right, on 500 fresh melodies. Chance is 50.

How many of ten trainings (ten seeds) solved it, measured with torch 2.13:

====================================================  =====  =====  ======  ======  ======
layer                                                 n = 2  n = 5  n = 10  n = 20  n = 30
====================================================  =====  =====  ======  ======  ======
``nn.RNN(1, 3)``, as PyTorch starts it                   10     10       5       1       1
``nn.LSTM(1, 1)``, started as below                       –     10      10      10      10
====================================================  =====  =====  ======  ======  ======

The LSTM unit starts with weights from N(0, 0.1²), the bias of the forget gate 4, all other biases 0, and with a readout
that hands its state on (weight 1, bias 0). With weights from N(0, 1) it solves n = 20 in 4 of 10: its recurrent weights
can then undo what the forget gate keeps. The plain network starts as PyTorch starts it, which is better for it than
small weights. A learning rate of 0.03 (5 of 10 for n = 20), 600 steps (3 of 10) or 8 hidden numbers (3 of 10) move its
edge; none removes it.
"""

from __future__ import annotations

import torch
from torch import Tensor

NOISE = 0.2  # standard deviation of the steps after the first; the two signs of the first lie 10 of these apart


def memory_task(n: int, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`count` melodies of n + 1 steps that ask for their first note. Lessons 01 and 02.

    n: steps between the first note and the answer, 1 or more. Returns x (count, n + 1, 1), ready for ``batch_first``
    layers, and y (count,), each +1 or −1; both float32. x[:, 0, 0] is y, the other steps are drawn from N(0, 0.2²).
    Raises ValueError for an n or a count below 1, or no generator.
    """
    for name, value in (("n", n), ("count", count)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} is {value!r}: give a whole number, 1 or more")
    if not isinstance(generator, torch.Generator):
        raise ValueError(f"generator is {generator!r}: give torch.Generator().manual_seed(1), or another seed")
    y = 2.0 * torch.randint(0, 2, (count,), generator=generator) - 1.0
    x = NOISE * torch.randn(count, n + 1, 1, generator=generator)
    x[:, 0, 0] = y
    return x, y
