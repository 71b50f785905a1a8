"""The exercises of lesson 00, Warm-up: PyTorch, and a first melody by chance."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, is_number
from tunesmith.music.melody import Melody

if TYPE_CHECKING:
    from torch import Tensor

lesson = Lesson()


def _transpose_rows(batch: Tensor, steps: Tensor) -> Tensor:
    return batch + steps.unsqueeze(1)


@lesson.exercise(
    "0.1",
    reference=_transpose_rows,
    praise="Each row moves by its own number. batch + steps[:, None], (B, T) + (B, 1), does it without a loop.",
)
def _each_its_own(answer: Answer) -> str | None:
    import torch

    scale = torch.tensor([60, 62, 64, 65])
    cases = [
        (scale[:3].repeat(3, 1), torch.tensor([5, 0, 12])),
        (scale.repeat(2, 1), torch.tensor([7, -5])),
        (scale.reshape(4, 1), torch.tensor([1, 2, 3, 4])),
        (torch.stack([scale, scale.flip(0), scale + 1, scale - 2]), torch.tensor([0, -1, 3, 12])),
    ]
    for batch, steps in cases:
        right = _transpose_rows(batch, steps)
        value = answer(batch, steps)
        shape = tuple(batch.shape)
        asked = f"For a batch of shape {shape} and steps {steps.tolist()}"
        if not isinstance(value, torch.Tensor):
            return f"{asked} return a tensor; yours is {value!r}."
        if value.shape != batch.shape:
            return f"{asked} yours has the shape {tuple(value.shape)}: it should stay {shape}."
        if value.dtype != batch.dtype:
            return f"{asked} yours holds {value.dtype}: pitches are whole numbers, {batch.dtype}."
        if torch.equal(value, right):
            continue
        given = f"{asked} the first row becomes {value[0].tolist()}, the last {value[-1].tolist()}"
        if torch.equal(value, batch):
            return f"{given}: nothing has moved."
        if torch.equal(value, batch - steps.unsqueeze(1)):
            return f"{given}: the wrong way, a positive number goes up."
        if batch.shape[0] == batch.shape[1] and torch.equal(value, batch + steps):
            return f"{given}: every column moved by its own number. Without another direction, steps is taken as a row."
        if len({int(move) for move in (value - batch).flatten()}) == 1:
            return f"{given}: all rows moved by {int((value - batch)[0, 0])}, and each has a number of its own."
        return f"{given}; they should be {right[0].tolist()} and {right[-1].tolist()}."
    return None


def _rows_to_probabilities(counts: Tensor) -> Tensor:
    return counts / counts.sum(dim=1).unsqueeze(1)


@lesson.exercise(
    "0.2", reference=_rows_to_probabilities, praise="Each row adds up to 1. The table below, and its tunes, are yours."
)
def _mend_rows(answer: Answer) -> str | None:
    import torch

    for rows in (
        [[1, 3], [2, 6]],
        [[4, 4, 0], [1, 0, 1], [2, 3, 5]],
        [[0, 1, 1, 0], [8, 0, 0, 0], [1, 1, 1, 1], [5, 3, 1, 1]],
    ):
        counts = torch.tensor(rows, dtype=torch.float64)
        right = _rows_to_probabilities(counts)
        value = answer(counts)
        asked = f"For counts {rows}"
        if not isinstance(value, torch.Tensor) or value.shape != counts.shape:
            what = tuple(value.shape) if isinstance(value, torch.Tensor) else repr(value)
            return f"{asked} return a table of the shape {tuple(counts.shape)}; yours is {what}."
        if value.dtype != counts.dtype:
            return f"{asked} yours holds {value.dtype}: keep {counts.dtype}, so that chance falls the same everywhere."
        if torch.allclose(value, right, atol=1e-6):
            continue
        sums = [round(total, 3) for total in value.sum(1).tolist()]
        given = f"{asked} your rows add up to {sums}"
        if torch.allclose(value, counts / counts.sum(1)):
            return f"{given}: still, each column is divided by the sum of a row. The sums need the shape (V, 1)."
        if torch.allclose(value.sum(0), torch.ones(len(rows), dtype=torch.float64)):
            return f"{given}: it is the columns that add up to 1. They say what came before, not what comes next."
        if torch.allclose(value.sum(), torch.ones((), dtype=torch.float64)):
            return f"{given}: the whole table adds up to 1. Each row should, for itself."
        if torch.allclose(value, counts / counts.max(1).values.unsqueeze(1)):
            return f"{given}: you divide by the largest of each row. Divide by its sum."
        if torch.allclose(value.sum(1), torch.ones(len(rows), dtype=torch.float64)):
            return f"{given}, but the first is {_rounded(value[0])} where it should be {_rounded(right[0])}."
        return f"{given}: each should add up to 1."
    return None


@lesson.exercise("0.3", reference=lambda: 3, praise="3 is the chain. 1 knows how frequent notes are, 2 not even that.")
def _the_chain(answer: Answer) -> str | None:
    hints = {
        1: "its notes are those of the songs, in no order. It leaps where a child's song steps.",
        2: "high, low, long and short, all alike. Those are fair dice.",
    }
    return chosen(answer(), 3, hints)


def _fair_surprise(n: int) -> float:
    return math.log(n)


@lesson.exercise(
    "0.4", reference=_fair_surprise, praise="ln n: 2.08 nats for 8 notes. Remember it as the loss of knowing nothing."
)
def _fair_choice(answer: Answer) -> str | None:
    for n in (8, 2, 82, 1):
        right = math.log(n)
        value = answer(n)
        if hasattr(value, "item") and not is_number(value):
            return f"For {n} notes yours is {value!r}, a tensor: take the number out of it by .item(), or use math.log."
        if not is_number(value):
            return f"Return a number; for {n} notes yours is {value!r}."
        if math.isclose(value, right, rel_tol=1e-6, abs_tol=1e-9):
            continue
        asked = f"For {n} notes you say {value:.4g}"
        if abs(value - right) < 0.0051:
            return f"{asked}: right, but rounded. Let the function compute it for any n, with all its digits."
        if math.isclose(value, 1 / n):
            return f"{asked}: that is the probability of each note. Its surprise is minus the logarithm of that."
        if math.isclose(value, -right, rel_tol=1e-6):
            return f"{asked}: the sign is turned. The logarithm of a probability is below 0, a surprise is not."
        if math.isclose(value, math.log2(n)):
            return f"{asked}: those are bits, with the logarithm to base 2. Nats take the natural one, math.log."
        if math.isclose(value, math.log10(n)):
            return f"{asked}: that is the logarithm to base 10. Take the natural one, math.log."
        if math.isclose(value, n * right):
            return f"{asked}: that is the sum over all {n} notes. One note is drawn."
        return f"{asked}, and it is {right:.4g}: each note has the probability 1 / {n}."
    return None


def _descend(loss_of: Callable[[Tensor], Tensor], rate: float, steps: int) -> float:
    import torch

    w = 0.0
    for _ in range(steps):
        at = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(loss_of(at), at)
        w -= rate * slope.item()
    return w


class _Valley:
    """A loss with its bottom at `bottom`; it prints itself as a formula, for hints."""

    def __init__(self, bottom: float) -> None:
        self.bottom = bottom

    def __call__(self, w: Tensor) -> Tensor:
        return (w - self.bottom) ** 2

    def __repr__(self) -> str:
        return f"(w - {self.bottom:g})²"


@lesson.exercise("0.5", reference=_descend, praise="Downhill, and a clean slate for each step: it comes to rest.")
def _mend_descend(answer: Answer) -> str | None:
    for bottom, rate, steps in [(3.0, 0.1, 12), (3.0, 0.1, 1), (-2.0, 0.25, 5), (1.0, 0.05, 40)]:
        loss_of = _Valley(bottom)
        try:
            value = _in_silence(answer, loss_of, rate, steps)
        except (TypeError, AttributeError, RuntimeError) as error:
            hint = _why_it_stopped(answer, error)
            if hint is None:
                raise
            return hint
        asked = f"For a loss of {loss_of!r} and {steps} step{'s' * (steps > 1)} at rate {rate}"
        if not is_number(value):
            return f"{asked} return a number, w.item(); yours is {value!r}."
        right = _descend(loss_of, rate, steps)
        if math.isclose(value, right, rel_tol=1e-4, abs_tol=1e-6):  # float32 is near enough
            continue
        given = f"{asked} you end at w = {value:.4g}"
        if math.isclose(value, _broken(bottom, rate, steps, -1, False), rel_tol=1e-4):
            return f"{given}: uphill, away from {bottom:g}. The gradient points up: go against it."
        if math.isclose(value, _broken(bottom, rate, steps, -1, True), rel_tol=1e-4):
            return f"{given}: uphill, and ever faster. Nothing is mended yet: two lines are wrong."
        if math.isclose(value, _broken(bottom, rate, steps, 1, True), rel_tol=1e-4):
            return f"{given}: the first step is right, then it swings past. The old gradients are still in w.grad."
        if value == 0:
            return f"{given}: w has not moved. Each step changes it by rate times the gradient."
        if any(math.isclose(value, _descend(loss_of, rate, k), rel_tol=1e-4) for k in (steps - 1, steps + 1)):
            return f"{given}: one step too many or too few."
        return f"{given}, and it is {right:.4g}: w minus rate times its gradient, {steps} times."
    return None


def _in_silence(answer: Answer, *args: Any) -> Any:
    """What the answer gives, without torch's six red lines on the gradient of a w that is not a leaf."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return answer(*args)


def _why_it_stopped(answer: Answer, error: Exception) -> str | None:
    """A hint for the errors that torch raises in a loop mended in the wrong place; None for any other error."""
    said = str(error)
    if isinstance(error, RuntimeError) and "in-place" in said:
        return "w -= … stops, since PyTorch keeps account of w: put the step under `with torch.no_grad():`."
    if "NoneType" not in said and "does not require grad" not in said:
        return None
    try:
        _in_silence(answer, _Valley(3.0), 0.1, 1)
    except (TypeError, AttributeError, RuntimeError):
        if isinstance(error, AttributeError):
            return "Before the first backward() w.grad is None, with nothing to set to 0: write w.grad = None instead."
        return "When you take the step, w.grad is None: backward() fills it. Clear it before backward(), not after."
    return "One step works, a second does not: `w = w - …` makes a new w. Change w in place, `w -= …`, under no_grad."


def _broken(bottom: float, rate: float, steps: int, sign: int, piled: bool) -> float:
    """Where the loop ends with its mistakes: uphill for a sign of -1, the gradients piled up or not."""
    w = gradient = 0.0
    for _ in range(steps):
        gradient = 2 * (w - bottom) + (gradient if piled else 0)
        w -= sign * rate * gradient
    return w


_QUARTERS = 16  # eight bars of 2/4
_WHITE = {0, 2, 4, 5, 7, 9, 11}

# Bars of 2/4 to choose from, by the chord that would go with them.
_BARS = {
    "C": [
        [(60, 0.5), (64, 0.5), (67, 1)],
        [(67, 0.5), (67, 0.5), (64, 1)],
        [(64, 0.5), (65, 0.5), (67, 1)],
        [(72, 0.5), (67, 0.5), (64, 0.5), (67, 0.5)],
    ],
    "F": [[(69, 0.5), (69, 0.5), (65, 1)], [(65, 0.5), (69, 0.5), (72, 1)], [(69, 1), (65, 0.5), (67, 0.5)]],
    "G": [
        [(62, 0.5), (62, 0.5), (67, 1)],
        [(67, 0.5), (65, 0.5), (62, 1)],
        [(65, 0.5), (64, 0.5), (62, 1)],
        [(71, 0.5), (67, 0.5), (62, 1)],
    ],
    "end": [[(64, 0.5), (62, 0.5), (60, 1)], [(62, 0.5), (59, 0.5), (60, 1)]],
}


def _my_dice(seed: int) -> list[tuple[int, float]]:
    """A dice game: for each bar of a plan, chance picks one of a few that fit."""
    dice = random.Random(seed)
    return [note for name in ("C", "C", "G", "C", "F", "C", "G", "end") for note in dice.choice(_BARS[name])]


@lesson.exercise("0.6", reference=_my_dice, praise="Eight bars in C, home at the end, another tune for each seed.")
def _judge_dice(answer: Answer) -> str | None:
    tunes = []
    for seed in range(6):
        value = answer(seed)
        try:
            tune = Melody.of(value)
        except (ValueError, TypeError) as error:
            return f"For seed {seed} return a list of pairs (pitch, quarter notes); yours is no melody: {error}"
        hint = _not_a_dice_tune(tune)
        if hint:
            return f"For seed {seed} {hint}"
        if Melody.of(answer(seed)) != tune:
            return f"For seed {seed} you give two different tunes. Let random.Random(seed) make every choice."
        tunes.append(tune)
    if len(set(tunes)) < 4:
        return f"Of {len(tunes)} seeds only {len(set(tunes))} gave another tune: chance has too little to say."
    return None


def _not_a_dice_tune(tune: Melody) -> str | None:
    pitches = tune.pitches
    if not pitches:
        return "there is no note."
    if tune.duration != _QUARTERS:
        bars = Fraction(tune.duration, 2)
        return (
            f"your tune lasts {tune.duration} quarter notes, {float(bars):g} bars of 2/4: it should be 16, eight bars."
        )
    black = [pitch for pitch in pitches if pitch % 12 not in _WHITE]
    if black:
        return f"there is a {black[0]}, which is not in C major: the remainder by 12 is one of {sorted(_WHITE)}."
    if pitches[-1] % 12:
        return f"your last note is {pitches[-1]}: end on a C, such as 60 or 72."
    if len(set(pitches)) < 4:
        return f"the pitches are {sorted(set(pitches))} and no others: use four or more."
    if not 48 <= min(pitches) <= max(pitches) <= 84:
        return f"it goes from {min(pitches)} to {max(pitches)}: stay between 48 and 84, so that it can be sung."
    leap = max(abs(a - b) for a, b in pairwise(pitches))
    if leap > 12:
        return f"there is a leap of {leap} semitones: at most an octave, 12."
    return None


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 3) for value in values]
