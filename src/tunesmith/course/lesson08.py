"""The exercises of lesson 08, Autodiff from scratch."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, is_number
from tunesmith.scratch import Tensor, clip_grad_norm

lesson = Lesson()


def _slope_of_y(a: float) -> float:
    return 4 * a


@lesson.exercise("8.1", reference=_slope_of_y, praise="4a, 12 at a = 3: each use has a say, and they add up.")
def _used_twice(answer: Answer) -> str | None:
    for a in (3.0, 1.5, -2.0):
        value = answer(a)
        if not is_number(value):
            return f"Return a number; at a = {a:g} yours is {value!r}."
        if math.isclose(value, 4 * a):
            continue
        said = f"At a = {a:g} you say {value:.4g}"
        if math.isclose(value, 2 * a):
            return f"{said}: that is one factor's share. The sum hands its own on to a, twice."
        if math.isclose(value, 3 * a):
            return f"{said}: the sum hands its message to both of its terms, and here one of them is missing."
        if math.isclose(value, 2 * a * a):
            return f"{said}: that is y itself. How fast does it grow?"
        if math.isclose(value, 2 + 2 * a) or math.isclose(value, 2):
            return f"{said}: in a product each factor's derivative is the other factor, not 1."
        return f"{said}, and it is {4 * a:g}: what comes along each of the three ways to a, added up."
    return None


class _Edge(NamedTuple):
    """As the lesson's: a parent, and what to do with a gradient on its way there."""

    parent: _Node
    derivative: Callable[[float], float]


class _Node:
    """As the lesson's, as far as a walk back needs it."""

    def __init__(self, *edges: tuple[_Node, float]) -> None:
        self.grad = 0.0
        self.edges = [_Edge(parent, _times(factor)) for parent, factor in edges]

    def __deepcopy__(self, memo: Any) -> _Node:
        """The answer gets the node itself: it is there to be changed."""
        return self


def _times(factor: float) -> Callable[[float], float]:
    return lambda gradient: gradient * factor


def _graphs() -> list[tuple[str, list[_Node], list[float]]]:
    """Some graphs, each with what it is, its nodes, parents first, and their gradients."""
    a, b = _Node(), _Node()
    product = _Node((a, 5.0), (b, 3.0))
    cases = [("p = a · b, at a = 3 and b = 5", [a, b, product], [5.0, 3.0, 1.0])]
    a = _Node()
    total = _Node((a, 1.0), (a, 1.0))
    cases.append(("s = a + a", [a, total], [2.0, 1.0]))
    a = _Node()
    total = _Node((a, 1.0), (a, 1.0))
    product = _Node((total, 3.0), (a, 6.0))
    cases.append(("y = (a + a) · a, at a = 3", [a, total, product], [12.0, 3.0, 1.0]))
    a = _Node()
    square = _Node((a, 3.0), (a, 3.0))
    double = _Node((square, 1.0), (square, 1.0))
    cases.append(("y = a² + a², at a = 3", [a, square, double], [12.0, 2.0, 1.0]))
    for _, nodes, _ in cases:
        nodes[-1].grad = 1.0
    return cases


def _walk_back(nodes: list[Any]) -> None:
    for node in nodes[::-1]:
        for edge in node.edges:
            edge.parent.grad += edge.derivative(node.grad)


@lesson.exercise("8.2", reference=_walk_back, praise="From the last to the first, and messages add up: an engine.")
def _mend_walk(answer: Answer) -> str | None:
    for what, nodes, right in _graphs():
        answer(nodes)
        found = [node.grad for node in nodes]
        if not all(is_number(value) for value in found):
            return f"For {what} the gradients are {found!r}: each should be a number."
        if all(map(math.isclose, found, right)):
            continue
        given = f"For {what} the gradient of a is {found[0]:g}, and it is {right[0]:g}"
        if found[:-1] == [0.0] * len(found[:-1]):
            return f"{given}: no message has left the last node. Does the walk begin there?"
        if len(nodes) == 2 and found[0] == 1:
            return f"{given}: a gets two messages of 1, and the second has overwritten the first."
        if found[-1] != 1:
            return f"{given}: the last node's own gradient is 1, and you have made {found[-1]:g} of it."
        if found[0] == sum(edge.derivative(1.0) for edge in nodes[-1].edges if edge.parent is nodes[0]):
            return f"{given}: only the last node's own message has come. Begin at the last node, and go back."
        if len(nodes) == 3 and found[1:] == right[1:]:
            return f"{given}, though the other nodes are right: look at how messages to one node come together."
        if found[1] == right[1] / 2:
            return f"{given}: the node between has {found[1]:g} instead of {right[1]:g}, one of its two messages."
        return f"{given}: go from the last node to the first, and add each message to what is there."
    return None


def _measured_slopes(f: Callable[[list[float]], float], values: list[float], h: float = 1e-5) -> list[float]:
    def turned(i: int, by: float) -> list[float]:
        return [value + by * (i == j) for j, value in enumerate(values)]

    return [(f(turned(i, h)) - f(turned(i, -h))) / (2 * h) for i in range(len(values))]


def _volume(values: list[float]) -> float:
    return values[0] ** 3 * values[1] + values[1] ** 2


def _alone(values: list[float]) -> float:
    return values[0] ** 3


def _three(values: list[float]) -> float:
    return values[0] * values[1] - 4 * values[2] ** 3


@lesson.exercise("8.3", reference=_measured_slopes, praise="One at a time, to both sides: a judge of gradients.")
def _measure(answer: Answer) -> str | None:
    for f, formula, values, h in (
        (_alone, "a³", [2.0], 0.1),
        (_volume, "a³ b + b²", [1.0, 2.0], 0.1),
        (_three, "a b − 4 c³", [1.0, -2.0, 0.5], 0.01),
    ):
        value = answer(f, values, h)
        asked = f"For {formula} at {values} with h = {h:g}"
        if not isinstance(value, list | tuple) or len(value) != len(values) or not all(map(is_number, value)):
            return f"{asked} return a list with a slope for each number, {len(values)} in all; yours is {value!r}."
        right = _measured_slopes(f, values, h)
        if _near(value, right):
            continue
        said = f"{asked} you give {_rounded(value)}"
        if _near([slope / 2 for slope in value], right):
            return f"{said}, twice too much: up and down lie 2 h apart."
        if _near([-slope for slope in value], right):
            return f"{said}: the sign is turned. Up minus down."
        if _near(value, [(f(_turn(values, i, h)) - f(values)) / h for i in range(len(values))]):
            return f"{said}: that is measured to one side only, and so is less exact. Go up and down by h."
        together = (f([v + h for v in values]) - f([v - h for v in values])) / (2 * h)
        if _near(value, [together] * len(values)):
            return f"{said}: all numbers were turned at once. Leave the others where they are."
        if math.isclose(value[0], right[0], rel_tol=1e-6):
            return f"{said}: the first slope is right. Is the first number back in its place when the second is turned?"
        return f"{said}, and it is {_rounded(right)}: the difference of two values of f, divided by 2 h."
    return None


def _turn(values: list[float], i: int, by: float) -> list[float]:
    return [*values[:i], values[i] + by, *values[i + 1 :]]


@lesson.exercise("8.4", reference=lambda: 2, praise="Its intervals are squeezed. The other one is only lower.")
def _wrong_a(answer: Answer) -> str | None:
    hints = {
        1: "that is the right line. Listen for a tune whose leaps have become steps.",
        3: "it is the right tune, and lower as a whole. That is a wrong b.",
    }
    return chosen(answer(), 2, hints)


def _adam(
    w: Any,
    g: Any,
    m: Any,
    v: Any,
    t: int,
    lr: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Any, Any, Any]:
    """Diederik P. Kingma and Jimmy Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015."""
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    rate = lr / (1 - beta1**t)
    return w - rate * m / ((v / (1 - beta2**t)) ** 0.5 + eps), m, v


_SETTINGS = {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 0.01}  # a large eps shows where it was put


@lesson.exercise("8.5", reference=_adam, praise="As torch.optim.Adam does it. The curve below is yours.")
def _judge_adam(answer: Answer) -> str | None:
    w, m, v = np.array([1.0, -2.0, 0.5]), np.zeros(3), np.zeros(3)
    for t, g in enumerate(([0.5, -1.0, 0.02], [0.4, 1.0, 0.03], [-0.1, 2.0, 0.01]), 1):
        value = answer(w, np.array(g), m, v, t, **_SETTINGS)
        if not isinstance(value, tuple | list) or len(value) != 3:
            return f"At step {t} return three things, the new w, m and v; yours is {value!r}."
        if any(np.shape(part) != (3,) for part in value):
            return f"At step {t} the shapes are {[np.shape(part) for part in value]}: each should stay (3,)."
        new = [np.asarray(part, dtype=float) for part in value]
        hint = _adam_hint(t, (w, m, v), np.array(g), new)
        if hint:
            return hint
        w, m, v = new
    return None


def _adam_hint(t: int, before: tuple[np.ndarray, ...], g: np.ndarray, new: list[np.ndarray]) -> str | None:
    """What is wrong with one step, or None."""
    (w, m, v), (lr, b1, b2, eps) = before, _SETTINGS.values()
    right_w, right_m, right_v = _adam(w, g, m, v, t, **_SETTINGS)
    at = f"At step {t}"
    if np.allclose(new[1], right_m / (1 - b1**t)) and not np.allclose(new[1], right_m):
        return f"{at} your m is {_rounded(new[1])}: that is m with its hat. Keep the mean itself, {_rounded(right_m)}."
    if np.allclose(new[1], b1 * g + (1 - b1) * m) and not np.allclose(new[1], right_m):
        return f"{at} your m is {_rounded(new[1])}: β₁ belongs to the old mean, 1 − β₁ to the gradient."
    if not np.allclose(new[1], right_m):
        return f"{at} your m is {_rounded(new[1])}, and it is {_rounded(right_m)}."
    if np.allclose(new[2], v + (1 - b2) * (g - v)) and not np.allclose(new[2], right_v):
        return f"{at} your v is {_rounded(new[2])}: the gradients in it should be squared."
    if not np.allclose(new[2], right_v):
        return f"{at} your v is {_rounded(new[2])}, and it is {_rounded(right_v)}."
    if np.allclose(new[0], right_w):
        return None
    m_hat, v_hat = right_m / (1 - b1**t), right_v / (1 - b2**t)
    given = f"{at} your w is {_rounded(new[0])}, and it is {_rounded(right_w)}"
    if np.allclose(new[0], w - lr * right_m / (np.sqrt(right_v) + eps)):
        return f"{given}: the hats are missing. At first both means are too small."
    if np.allclose(new[0], w - lr * m_hat / np.sqrt(v_hat + eps)):
        return f"{given}: your ε stands under the root. It is added to the root."
    if np.allclose(new[0], w - lr * m_hat / (v_hat + eps)):
        return f"{given}: the root of v is missing."
    if np.allclose(new[0], w + lr * m_hat / (np.sqrt(v_hat) + eps)):
        return f"{given}: uphill. A step goes against the gradient."
    return f"{given}; m and v are right. Look at the last formula."


_NOTES = 28
_STEPS = 300
_WHITE = [key for key in range(48, 85) if key % 12 in (0, 2, 4, 5, 7, 9, 11)]


def _my_wishes(x: Tensor) -> Tensor:
    """Small steps, the first line back as the third, a higher middle, and C at the end."""
    small = (((x[1:] - x[:-1]) ** 2 - 5) ** 2).mean()
    again = ((x[:7] - x[14:21]) ** 2).mean()
    ends = (x[0] - 64) ** 2 + 10 * (x[27] - 60) ** 2
    return small + 4 * again + 0.2 * ((x - 67) ** 2).mean() + ends


@lesson.exercise("8.6", reference=_my_wishes, praise="It rolls downhill, and ends on C. Play it, and wish again.")
def _judge_wishes(answer: Answer) -> str | None:
    tunes = []
    for seed in range(4):
        rolled = _roll(answer, seed)
        if isinstance(rolled, str):
            return rolled
        first, last, pitches = rolled
        from_seed = f"From the start by seed {seed}"
        if not last < first:
            return f"{from_seed} your loss was {first:.4g} and is {last:.4g} after the roll: it should be smaller."
        if pitches[-1] % 12:
            return f"{from_seed} the last note comes out as {pitches[-1]}: wish harder that it be a C, such as 60."
        if len(set(pitches)) < 5:
            return f"{from_seed} the pitches are {sorted(set(pitches))} and no others: wish for five or more."
        leap = max(abs(a - b) for a, b in pairwise(pitches))
        if leap > 12:
            return f"{from_seed} there is a leap of {leap} semitones: wish for smaller ones, an octave at most."
        tunes.append(tuple(pitches))
    if len(set(tunes)) == 1:
        return "All four starts lead to the same tune: your wishes leave no choice. Let a step be up or down."
    return None


class _Pitches(Tensor):
    """A Tensor that an answer gets as it is, not as a copy: gradients must come back to it."""

    def __deepcopy__(self, memo: Any) -> _Pitches:
        return self


def _roll(wishes: Answer, seed: int) -> tuple[float, float, list[int]] | str:
    """The loss before and after, and the pitches on white keys, as the lesson's `roll` finds them; or what is wrong."""
    x = _Pitches(np.random.default_rng(seed).uniform(55, 79, _NOTES), requires_grad=True)
    losses = []
    for step in range(_STEPS + 1):
        loss = wishes(x)
        if not isinstance(loss, Tensor):
            return f"Return one number made from x, a Tensor; yours is {loss!r}."
        if loss.data.size != 1:
            return f"Return one number; yours has the shape {loss.shape}: put .mean() or .sum() behind it."
        if not loss.requires_grad:
            return "Your loss does not depend on x by operators with a gradient: no message can reach the notes."
        if not math.isfinite(loss.item()):
            return f"After {step} steps your loss is {loss.item()}: something divides by 0 or overflows."
        losses.append(loss.item())
        if step < _STEPS:
            x.grad = None
            loss.backward(retain_grads=False)
            clip_grad_norm([x], 1.0)
            x.data -= 2 * (1 - step / _STEPS) * x.grad
    return losses[0], losses[-1], [min(_WHITE, key=lambda key: abs(key - pitch)) for pitch in x.data]


def _near(value: Any, right: list[float]) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) for a, b in zip(value, right, strict=True))


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]
