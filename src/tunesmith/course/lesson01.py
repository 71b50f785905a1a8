"""The exercises of lesson 01, Recurrent networks."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, is_number

lesson = Lesson()


def _numbers_to_train(D: int, H: int, T: int) -> int:
    return H * D + H * H + H


@lesson.exercise(
    "1.1", reference=_numbers_to_train, praise="15 for D = 1 and H = 3, whether the tune has two notes or two thousand."
)
def _count(answer: Answer) -> str | None:
    for D, H, T in [(1, 3, 15), (1, 3, 62), (5, 4, 10), (2, 7, 3)]:
        right = _numbers_to_train(D, H, T)
        value = answer(D, H, T)
        if not is_number(value):
            return f"Return a number; for D = {D}, H = {H}, T = {T} yours is {value!r}."
        if value == right:
            continue
        asked = f"For D = {D}, H = {H}, T = {T} you count {value:g}"
        if value == right * T:
            return f"{asked}: that gives each step weights of its own. It is one function, used T times."
        if value == H * D + H * H:
            return f"{asked}: the biases are missing, a number for each of the H hidden ones."
        if value == H * D + H:
            return f"{asked}: the H × H matrix is missing, through which the old state comes in."
        if value == right + H:
            return f"{asked}: with two rows of biases, as PyTorch keeps them. The formula above has one b."
        if value == H * D + H + H:
            return f"{asked}: each hidden number listens to all H of them, so W_h has H × H numbers and not H."
        return f"{asked}, and it is {right}: H × D in W_x, H × H in W_h, H in b."
    return None


def _read_along(x: list[float], step: Callable[[float, float], float]) -> list[float]:
    h, states = 0.0, []
    for x_t in x:
        h = step(x_t, h)
        states.append(h)
    return states


def _steps() -> list[tuple[str, Callable[[float, float], float]]]:
    return [
        ("x + h / 2", lambda x, h: x + h / 2),
        ("tanh(2 x - h)", lambda x, h: math.tanh(2 * x - h)),
        ("h + 1, a counter", lambda x, h: h + 1),
    ]


@lesson.exercise("1.2", reference=_read_along, praise="The state is handed on: each step knows what came before it.")
def _mend_read_along(answer: Answer) -> str | None:
    for x in ([1.0, 0.0, 0.0, 0.5], [0.5, -1.0], [0.25]):
        for name, step in _steps():
            right = _read_along(x, step)
            value = answer(x, step)
            given = f"For x = {x} and the step {name} you give"
            if not isinstance(value, list | tuple) or not all(map(is_number, value)):
                return f"{given} {value!r}: return a list of states, one for each note."
            if _close(value, right):
                continue
            given = f"{given} {_rounded(value)}"
            forgetful = [step(x_t, 0.0) for x_t in x]
            if _close(value, forgetful):
                return f"{given}: still each note as if it were the first. Which state must the next step get?"
            if _close(value, [0.0, *right[:-1]]):
                return f"{given}: one step late. First take the step, then keep its state."
            if _close(value, [0.0, *right]):
                return f"{given}: {len(value)} states for {len(x)} notes. Leave out the one before the first."
            if _close(value, right[-1:]):
                return f"{given}: that is the last state alone. Keep one for each note."
            if _close(value, _read_along(x, lambda x_t, h, step=step: step(h, x_t))):
                return f"{given}: note and state have changed places. It is step(x_t, h)."
            return f"{given} instead of {_rounded(right)}: each step gets the note and the state of the step before."
    return None


def _gradient_of_w_x(g: float, w_h: float, x: list[float], h: list[float]) -> float:
    slopes = [1 - h_t**2 for h_t in h[1:]]
    return _walk(g, [slope * x_t for slope, x_t in zip(slopes, x, strict=True)], [slope * w_h for slope in slopes])


def _states(w_x: float, w_h: float, x: list[float]) -> list[float]:
    return [0.0, *_read_along(x, lambda x_t, h: math.tanh(w_x * x_t + w_h * h))]


@lesson.exercise(
    "1.3",
    reference=_gradient_of_w_x,
    praise="One line a step, and the same number that autograd finds, for any length.",
)
def _step_back(answer: Answer) -> str | None:
    cases = [([0.5, -0.3, 0.8], 0.7), ([0.4, 0.9], -1.2), ([0.6], 0.5), ([0.1, -0.7, 0.2, 0.5, -0.4], 1.1)]
    for x, w_h in cases:
        h, g = _states(0.9, w_h, x), 0.8
        right = _gradient_of_w_x(g, w_h, x, h)
        try:
            value = answer(g, w_h, x, h)
        except IndexError:
            return f"For {len(x)} steps an index is too large: x starts at x[0], so the note x_t is x[t - 1]."
        if not is_number(value):
            return f"For {len(x)} steps return a number; yours is {value!r}."
        if _near(value, right):
            continue
        asked = f"For {len(x)} steps with w_h = {w_h} you give {value:.4f}"
        for wrong, hint in _wrong_ways_back(g, w_h, x, h):
            if _near(value, wrong):
                return f"{asked}: {hint}"
        return f"{asked}, and it is {right:.4f}: add g · (1 - h_t²) · x_t at each step, from the last to the first."
    return None


def _wrong_ways_back(g: float, w_h: float, x: list[float], h: list[float]) -> list[tuple[float, str]]:
    """Numbers that people get, each with what has gone wrong."""
    slopes = [1 - h_t**2 for h_t in h[1:]]
    shares = [slope * x_t for slope, x_t in zip(slopes, x, strict=True)]
    backs = [slope * w_h for slope in slopes]
    only_w_h = [w_h] * len(x)
    forwards = _walk(g, shares[::-1], backs[::-1])
    stepped_first = _walk(g, [back * share for back, share in zip(backs, shares, strict=True)], backs)
    for_w_h = [slope * before for slope, before in zip(slopes, h[:-1], strict=True)]
    return [
        (g * shares[-1], "that is the last step's share alone. Go back to the others, and add."),
        (_walk(g, x, only_w_h), "the tanh is missing. Its slope is 1 - h_t², on every way through step t."),
        (_walk(g, x, backs), "the tanh is missing from the shares. Each has its slope, 1 - h_t², beside g and x_t."),
        (forwards, "you went from the first step to the last. g belongs to the last: start there, and go back."),
        (stepped_first, "g was taken a step back too soon. First add the share of step t, then step back."),
        (_walk(g, shares, [1.0] * len(x)), "g does not change on its way. Each step back multiplies it twice."),
        (_walk(g, shares, only_w_h), "on its way back, g must go through the tanh too, not through w_h alone."),
        (_walk(g, shares, slopes), "on its way back, g must go through w_h too, not through the tanh alone."),
        (_walk(g, for_w_h, backs), "that is the gradient for w_h. What is w_x multiplied by in the formula?"),
    ]


def _walk(g: float, shares: list[float], backs: list[float]) -> float:
    """The sum of g times each step's share, from the last step to the first; each step back multiplies g."""
    total = 0.0
    for share, back in zip(reversed(shares), reversed(backs), strict=True):
        total += g * share
        g *= back
    return total


def _clip(gradient: Any, limit: float) -> Any:
    length = math.sqrt(sum(float(g) ** 2 for g in gradient.flatten()))
    return gradient if length <= limit else gradient * (limit / length)


@lesson.exercise("1.4", reference=_clip, praise="Shorter if it is too long, and the direction stays.")
def _clip_by_length(answer: Answer) -> str | None:
    import torch

    cases = [([3.0, -4.0], 2.0), ([0.3, 0.4], 1.0), ([30.0, 0.4, 0.0], 2.0), ([0.0, 0.0], 1.0), ([1.0, 2.0, 2.0], 3.0)]
    for numbers, limit in cases:
        gradient = torch.tensor(numbers, dtype=torch.float64)
        right = _clip(gradient, limit).tolist()
        value = answer(gradient, limit)
        asked = f"For {numbers} and the limit {limit:g}"
        if not isinstance(value, torch.Tensor) or value.shape != gradient.shape:
            return f"{asked} you give {value!r}: return a tensor of the same shape."
        given = value.tolist()
        if _close(given, right):
            continue
        asked = f"{asked} you give {_rounded(given)}"
        length = math.sqrt(sum(g * g for g in numbers))
        if not all(map(math.isfinite, given)):
            return f"{asked}: divided by a length of 0. A gradient that is short enough stays as it is."
        if _close(given, [max(-limit, min(limit, g)) for g in numbers]):
            return f"{asked}: each number was cut by itself, so the direction has changed. Multiply all by one factor."
        if length <= limit and _close(given, [g * limit / length for g in numbers]):
            return f"{asked}: it was made longer. Only a gradient that is longer than the limit is touched."
        if _close(given, numbers):
            return f"{asked}: nothing was cut, and its length is {length:g}."
        if _close(given, [g * limit for g in numbers]):
            return f"{asked}: multiplied by the limit, its length is {length * limit:g}. Divide by the length as well."
        if _close(given, [g / length for g in numbers]):
            return f"{asked}: its length is now 1, whatever the limit."
        if _close(given, [g * limit / sum(map(abs, numbers)) for g in numbers]):
            return f"{asked}: that is measured along the axes. The length, by Pythagoras, is {length:g}."
        return f"{asked} instead of {_rounded(right)}."
    return None


@lesson.exercise(
    "1.5",
    reference=lambda: 3,
    praise="3: its answers go separate ways to the end. In 1 they agree from note 7 on, in 2 from note 4.",
)
def _the_chaotic_one(answer: Answer) -> str | None:
    hints = {
        1: "compare bars 3 and 4 with bars 7 and 8. They are alike, note for note, so it has forgotten.",
        2: "three notes differ, then bars 6 to 8 repeat bars 2 to 4. It has forgotten even sooner than 1.",
    }
    return chosen(answer(), 3, hints)


def _second_voice(x: list[float], W_x: list, W_h: list, b: list, v: list) -> list[float]:
    """What a network by hand sings at each step, in octaves."""
    h = [0.0] * len(b)
    sung = []
    for x_t in x:
        h = [
            math.tanh(W_x[i] * x_t + sum(w * old for w, old in zip(W_h[i], h, strict=True)) + b[i])
            for i in range(len(b))
        ]
        sung.append(sum(weight * number for weight, number in zip(v, h, strict=True)))
    return sung


def _by_hand() -> tuple[list[float], list[list[float]], list[float], list[float]]:
    return [10.0, 1.0], [[20.0, 0.0], [0.0, 0.0]], [0.0, 0.0], [0.4, 0.7]


@lesson.exercise(
    "1.6", reference=_by_hand, praise="It hears every note, and it never forgets the first. Nobody trained it but you."
)
def _network_by_hand(answer: Answer) -> str | None:
    network = answer()
    if trouble := _shape_trouble(network):
        return trouble
    chance = random.Random(1)
    for rest in (4, 11, 23, 40):
        x = [0.5] + [chance.uniform(-0.5, 0.5) for _ in range(rest)]
        sung = _second_voice(x, *network)
        if max(map(abs, sung)) > 2:
            return f"Your voice goes {max(map(abs, sung)):.1f} octaves away. Stay within 2: make v smaller."
        high, low = (_second_voice([*x[:-1], last], *network)[-1] for last in (0.5, -0.5))
        if abs(high - low) < 1 / 6:
            return (
                f"After {rest} notes I play a high note, then a low one in its place, and your voice moves "
                f"{abs(high - low) * 12:.1f} semitones. It does not listen any more: let one hidden number follow x."
            )
        other = _second_voice([-0.5, *x[1:]], *network)[-1]
        if abs(sung[-1] - other) < 1 / 4:
            return (
                f"Whether the first note was high or low makes {abs(sung[-1] - other) * 12:.1f} semitones "
                f"{rest} notes later. It has forgotten: let one hidden number keep itself, with a large weight."
            )
    return None


def _shape_trouble(network: Any) -> str | None:
    """What is wrong with the form of W_x, W_h, b, v; None if nothing is."""
    if not isinstance(network, tuple | list) or len(network) != 4:
        return f"Return four lists, W_x, W_h, b, v; yours is {network!r}."
    W_x, W_h, b, v = network
    for name, row in (("W_x", W_x), ("b", b), ("v", v)):
        if not _is_row(row):
            return f"{name} should be a list of numbers; yours is {row!r}."
    H = len(b)
    if not 1 <= H <= 8:
        return f"You use {H} hidden numbers. Take 1 to 8."
    if len(W_x) != H or len(v) != H:
        return f"b has {H} numbers, W_x has {len(W_x)} and v has {len(v)}: each needs one for each hidden number."
    if not isinstance(W_h, list | tuple) or len(W_h) != H or not all(_is_row(row) and len(row) == H for row in W_h):
        return f"W_h should be {H} rows of {H} numbers; yours is {W_h!r}."
    return None


def _is_row(row: Any) -> bool:
    return isinstance(row, list | tuple) and all(map(is_number, row))


def _near(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=1e-6, abs_tol=1e-9)


def _close(values: Any, others: Any) -> bool:
    return len(values) == len(others) and all(map(_near, values, others))


def _rounded(values: Any) -> list[float]:
    return [round(value, 3) for value in values]
