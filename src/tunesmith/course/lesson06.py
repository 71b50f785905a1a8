"""The exercises of lesson 06, An LSTM that learns melodies."""

from __future__ import annotations

import math
from typing import Any

from tunesmith.course.exercises import Answer, Lesson

lesson = Lesson()


def _lstm_parameters(D: int, H: int) -> int:
    return 4 * (D * H + H * H + 2 * H)


@lesson.exercise("6.1", reference=_lstm_parameters, praise="Four of everything: 82,944 for D = 32 and H = 128.")
def _count_lstm(answer: Answer) -> str | None:
    for D, H in [(32, 128), (64, 256), (1, 1), (5, 3)]:
        right = _lstm_parameters(D, H)
        value = answer(D, H)
        if not _is_number(value):
            return f"Return a number; for D = {D} and H = {H} yours is {value!r}."
        if value == right:
            continue
        asked = f"For D = {D} and H = {H} you count {value:,}"
        if value * 4 == right:
            return f"{asked}: that is one of its parts. An LSTM has four: three gates and a candidate."
        if value * 4 == right * 3:
            return f"{asked}: that is three gates. The candidate has its own weights too."
        if value == right - 4 * H:
            return f"{asked}: with one row of biases in each part. PyTorch has two, one for each matrix."
        if value == right - 8 * H:
            return f"{asked}: the biases are missing. There are 2 · H of them in each of the four parts."
        if value == 4 * (D * H + 2 * H):
            return f"{asked}: the network's own last output comes in too, through H × H weights in each part."
        return f"{asked}, and it is {right:,}: four parts of D · H + H · H + 2 H."
    return None


def _mean_loss(log_p: list[list[float]], targets: list[int]) -> float:
    return -sum(row[target] for row, target in zip(log_p, targets, strict=True)) / len(targets)


_ROWS = [[math.log(p) for p in row] for row in ([0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.25, 0.5, 0.25], [0.4, 0.4, 0.2])]


@lesson.exercise("6.2", reference=_mean_loss, praise="Logarithms first, then the mean: no good guess covers a bad one.")
def _mend_mean_loss(answer: Answer) -> str | None:
    for rows, targets in ((_ROWS, [0, 1, 2, 0]), (_ROWS[:2], [2, 2]), (_ROWS[:3], [1, 2, 1]), (_ROWS[:1], [2])):
        right = _mean_loss(rows, targets)
        value = answer(rows, targets)
        if not _is_number(value):
            return f"For targets {targets} return a number; yours is {value!r}."
        if math.isclose(value, right, rel_tol=1e-6):
            continue
        given = f"For targets {targets} you give {value:.3f}"
        p = [math.exp(row[target]) for row, target in zip(rows, targets, strict=True)]
        if math.isclose(value, -math.log(sum(p) / len(p)), rel_tol=1e-6):
            return f"{given}: still the logarithm of the mean. Take the mean of the logarithms."
        if math.isclose(value, right * len(targets), rel_tol=1e-6):
            return f"{given}: that is the sum. Divide it by the number of steps."
        if math.isclose(value, -right, rel_tol=1e-6):
            return f"{given}: the sign is turned. A log-probability is below 0, a loss above."
        if math.isclose(value, sum(p) / len(p), rel_tol=1e-6):
            return f"{given}: that is the mean probability. The loss averages the logarithms, with the sign turned."
        if math.isclose(value, -sum(map(sum, rows)) / sum(map(len, rows)), rel_tol=1e-6):
            return f"{given}: you average over all tokens. Only the target's place in each row counts."
        return f"{given}, and it is {right:.3f}: the mean of -row[target] over the steps."
    return None


def _early_stop(losses: list[float], patience: int) -> tuple[int, int]:
    best = 1
    for epoch, loss in enumerate(losses, 1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


@lesson.exercise("6.3", reference=_early_stop, praise="The best weights are kept, and no epoch is wasted.")
def _stop_in_time(answer: Answer) -> str | None:
    cases = [
        ([1.4, 1.1, 0.9, 0.95, 0.93, 0.91, 0.92, 0.94, 0.96], 3),
        ([1.0, 0.9, 0.8, 0.7], 2),
        ([1.0, 0.8, 0.85, 0.84, 0.5, 0.4], 2),
        ([1.0, 0.8, 0.85, 0.84, 0.5, 0.55], 3),
        ([0.9, 0.9, 0.9, 0.9], 2),
        ([1.0], 1),
    ]
    for losses, patience in cases:
        right = _early_stop(losses, patience)
        value = answer(losses, patience)
        asked = f"For losses {losses} and patience {patience} you give {value!r}"
        if not isinstance(value, tuple | list) or len(value) != 2 or not all(map(_is_number, value)):
            return f"{asked}: return two epochs, the best one and the last one."
        best, last = value
        if (best, last) == right:
            continue
        if (best + 1, last + 1) == right:
            return f"{asked}: one too early, both. Epochs are counted from 1."
        if best == losses.index(min(losses)) + 1 and best > right[1]:
            return f"{asked}: epoch {best} was never trained. Patience had run out after epoch {right[1]}."
        if best == right[0] and last == len(losses):
            return f"{asked}: the best one is right, but you went on to the end. Stop when patience has run out."
        if best == right[0] and last == right[1] + 1:
            return f"{asked}: one epoch too many. After epoch {right[1]}, {patience} had passed without a lower loss."
        if last == right[1] and best == last:
            return f"{asked}: the weights of the last epoch are not the best ones. Keep those of the lowest loss."
        if best != right[0] and losses[best - 1] == losses[right[0] - 1]:
            return f"{asked}: an equal loss is not a lower one. Epoch {right[0]} had it first."
        return f"{asked}, and it is {right}: the epoch of the lowest loss so far, and the one where patience ran out."
    return None


def _bits_per_note(nats_per_step: float, steps: int, notes: int) -> float:
    return nats_per_step * steps / notes / math.log(2)


@lesson.exercise(
    "6.4", reference=_bits_per_note, praise="Share the steps' loss among the notes, and divide by ln 2: 3.03."
)
def _convert(answer: Answer) -> str | None:
    for nats, steps, notes in [(0.7, 1200, 400), (0.5, 900, 300), (1.0, 1000, 200)]:
        right = _bits_per_note(nats, steps, notes)
        value = answer(nats, steps, notes)
        if not _is_number(value):
            return f"Return a number; for {nats} nats per step yours is {value!r}."
        if math.isclose(value, right, rel_tol=1e-6):
            continue
        asked = f"For {nats} nats per step, {steps} steps and {notes} notes you say {value:.3f}"
        if math.isclose(value, nats * steps / notes, rel_tol=1e-6):
            return f"{asked}: those are nats per note. A bit is ln 2 nats."
        if math.isclose(value, nats / math.log(2), rel_tol=1e-6):
            return f"{asked}: those are bits per step. There are fewer notes than steps to share them."
        if math.isclose(value, nats * steps / notes * math.log(2), rel_tol=1e-6):
            return f"{asked}: you multiply by ln 2. Bits are smaller than nats, so there are more of them."
        if math.isclose(value, nats * notes / steps / math.log(2), rel_tol=1e-6):
            return f"{asked}: steps and notes are the wrong way round. A note lasts several steps, and pays for them."
        return f"{asked}, and it is {right:.3f}: all steps together, shared among the notes, in bits."
    return None


@lesson.exercise("6.5", reference=lambda: 1, praise="1: it keeps a pulse. 2 is the table of pairs, 3 counts only.")
def _the_network(answer: Answer) -> str | None:
    value = answer()
    if value == 1 and not isinstance(value, bool):
        return None
    if value == 2:
        return "You say 2: it holds notes, but its pulse limps. That is the bigram table, which knows one token back."
    if value == 3:
        return "You say 3: it leaps about with no pulse at all. That is the unigram table, which listens to nothing."
    return f"You say {value!r}: return 1, 2 or 3."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
