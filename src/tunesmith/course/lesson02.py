"""The exercises of lesson 02, The LSTM unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, is_number

lesson = Lesson()


def _bias_that_remembers(steps: int = 64, keep: float = 0.5) -> float:
    p = keep ** (1 / steps)
    return math.log(p / (1 - p))


@lesson.exercise("2.1", reference=_bias_that_remembers, praise="About 4.52: half of the state is left after 64 steps.")
def _bias(answer: Answer) -> str | None:
    for steps, keep in [(64, 0.5), (16, 0.9), (1, 0.5), (100, 0.25), (2, 0.81)]:
        right = _bias_that_remembers(steps, keep)
        value = answer(steps, keep)
        if not is_number(value):
            return f"Return a number; for {steps} steps and {keep} yours is {value!r}."
        if math.isclose(value, right, rel_tol=1e-3, abs_tol=1e-6):
            continue
        p = keep ** (1 / steps)
        asked = f"To keep {keep} over {steps} steps you give {value:.3g}"
        if math.isclose(value, p, rel_tol=1e-6):
            return f"{asked}: that is what one step keeps. Now find the bias whose sigmoid it is."
        if math.isclose(value, -right, rel_tol=1e-3):
            return f"{asked}: the sign is turned. A high bias opens the gate; the inverse is ln(p / (1 - p))."
        if math.isclose(value, math.log(p), rel_tol=1e-3):
            return f"{asked}: that is ln p. The inverse of the sigmoid is ln(p / (1 - p))."
        if math.isclose(value, math.log(keep / (1 - keep)), rel_tol=1e-3, abs_tol=1e-9):
            return f"{asked}: with it a single step keeps {keep}. {steps} steps multiply."
        for share in (keep / steps, 1 - keep / steps, 1 - (1 - keep) / steps):
            if 0 < share < 1 and math.isclose(value, math.log(share / (1 - share)), rel_tol=1e-3, abs_tol=1e-9):
                return f"{asked}: {steps} steps multiply. Take the root of {keep}, not a share of it."
        kept = _sigmoid(value) ** steps
        if value > right:
            return f"{asked}: that keeps more than asked, {kept:.2g}. The smallest such bias is wanted."
        return f"{asked}: then {kept:.2g} is left, not {keep}. What must one step keep?"
    return None


def _said_after(C: float, f: float, o: float, steps: int) -> float:
    return o * math.tanh(f**steps * C)


@lesson.exercise("2.2", reference=_said_after, praise="0.0485: the path fades step by step, and is squeezed once.")
def _secret(answer: Answer) -> str | None:
    for C, f, o, steps in [(0.8, 0.9, 0.5, 20), (2.0, 1.0, 0.7, 64), (-1.5, 0.8, 1.0, 3), (0.6, 0.95, 0.25, 5)]:
        right = _said_after(C, f, o, steps)
        value = answer(C, f, o, steps)
        if not is_number(value):
            return f"Return a number; for C = {C} and {steps} steps yours is {value!r}."
        if math.isclose(value, right, rel_tol=1e-3):
            continue
        asked = f"For C = {C}, f = {f}, o = {o} and {steps} steps you say {value:.4g}"
        left = f**steps * C
        wrong = {
            left: "that is the cell state at the end. What is said of it is o · tanh(C).",
            o * left: "the tanh is missing. The cell state is squeezed before it is said.",
            math.tanh(left): "the output gate is missing: h = o · tanh(C).",
            o * math.tanh(f * C): f"that is h after one step. The forget gate multiplies {steps} times.",
            o * math.tanh(f * steps * C): f"you multiply f by {steps}. The steps multiply each other: take a power.",
            f**steps * o * math.tanh(C): "you squeeze first, then forget. The path forgets; only its end is squeezed.",
            o**steps * math.tanh(left): "the output gate acts on what is said now, once, not on the path.",
            o * math.tanh(C): "that is h at the start. The path fades by f at each step.",
        }
        for mistake, hint in wrong.items():
            if math.isclose(value, mistake, rel_tol=1e-4):
                return f"{asked}: {hint}"
        if math.isclose(value, o * _squeezed(C, f, steps), rel_tol=1e-4):
            return f"{asked}: there is no tanh on the path. Squeeze once, at the end."
        return f"{asked}, and it is {right:.4g}: C times f at each step, then o · tanh(C)."
    return None


def _squeezed(C: float, f: float, steps: int) -> float:
    """What is left if the path itself went through a tanh at each step."""
    for _ in range(steps):
        C = math.tanh(f * C)
    return C


def _mended_step(x: Any, h: Any, C: Any, w: Any, u: Any, b: Any) -> tuple[Any, Any]:
    return _step(x, h, C, w, u, b)


_PARTS = ("f", "i", "C", "o")


def _step(
    x: Any, h: Any, C: Any, w: Any, u: Any, b: Any, *, old: bool = False, candidate: str = "tanh", swapped: bool = False
) -> tuple[Any, Any]:
    """One step, right as it stands; the keywords are mistakes that people make."""
    import torch

    z = {part: w[part] * x + u[part] * h + b[part] for part in _PARTS}
    f, i, o = (torch.sigmoid(z[part]) for part in "fio")
    C_tilde = torch.tanh(z["C"]) if candidate == "tanh" else torch.sigmoid(z["C"])
    if swapped:
        f, i = i, f
    C_new = f * C + i * C_tilde
    return o * torch.tanh(C if old else C_new), C_new


_STEPS = [
    # x, h, C, then w, u, b, each for f, i, C, o
    (1.0, 0.2, 0.5, (0.8, 1.5, 1.2, 1.0), (-0.5, 0.5, 0.3, -0.4), (0.0, 0.0, 0.0, 0.5)),
    (-0.5, 0.6, -1.2, (1.1, -0.7, 0.9, 0.4), (0.3, 1.4, -1.0, 0.8), (2.0, -0.5, 0.3, -0.2)),
    (0.7, -0.4, 2.0, (-1.0, 0.6, -0.8, 1.3), (0.9, -0.2, 0.7, -1.1), (0.5, 1.0, -0.6, 0.1)),
]


@lesson.exercise("2.3", reference=_mended_step, praise="Two weights in each gate, and h says what has just been heard.")
def _mend_step(answer: Answer) -> str | None:
    for *state, w, u, b in _STEPS:
        state, rows = _tensors(*state), [dict(zip(_PARTS, _tensors(*row), strict=True)) for row in (w, u, b)]
        given = answer(*state, *rows)
        value = _two_numbers(given)
        if value is None:
            return f"Return two numbers, the new h and the new C; yours is {given!r}."
        right = _two_numbers(_step(*state, *rows))
        if _close(value, right):
            continue
        x, h, C = map(float, state)
        asked = f"For x = {x:g}, h = {h:g} and C = {C:g} you give h = {value[0]:.3f} and C = {value[1]:.3f}"
        return f"{asked}{_what_is_wrong(value, right, state, *rows)}"
    return None


def _what_is_wrong(value: Any, right: Any, state: Any, w: Any, u: Any, b: Any) -> str:
    """The mistake behind a wrong step, as the rest of a sentence."""
    mistakes = [
        ((right[1], right[0]), ": the right numbers in the wrong order. Return h first, then C."),
        (_step(*state, w, w, b, old=True), ": as the copy does, both mistakes are still in it."),
        (_step(*state, w, w, b), ": the hidden state still goes through w. It has weights of its own, in u."),
        (_step(*state, w, u, b, old=True), ": the gates are right, but h is computed from the old C. Update C first."),
        (_step(*state, w, u, b, candidate="sigmoid"), ": the candidate goes through a tanh, not a sigmoid."),
        (_step(*state, w, u, b, swapped=True), ": f and i are exchanged. f belongs to the old C, i to the candidate."),
        (_step(*state, u, w, b), ": w and u are exchanged. w is for the input x, u for the hidden state h."),
        (_step(*state, w, u, dict.fromkeys(b, 0.0)), ": the biases b are missing."),
    ]
    for mistake, hint in mistakes:
        if _close(value, _two_numbers(mistake)):
            return hint
    if math.isclose(value[1], right[1], rel_tol=1e-5):
        return f"; C is right, h should be {right[0]:.3f}: o · tanh(C)."
    return f", and it is {right[0]:.3f} and {right[1]:.3f}. Look at each of the four sums, then at C."


@lesson.exercise("2.4", reference=lambda: 2, praise="2: what begins high ends high, and what begins low ends low.")
def _the_keeper(answer: Answer) -> str | None:
    hints = {
        1: "it ends high both times, and the second phrase begins low. It always says the same.",
        3: "it ends low, then high, and is wrong both times. It goes by the last note that it heard.",
    }
    return chosen(answer(), 2, hints)


def _my_unit() -> dict[str, float]:
    return {"w_f": 20.0, "b_f": 12.0, "w_i": 20.0, "b_i": -12.0, "b_C": 5.0, "b_o": 8.0}


_NAMES = tuple(f"{letter}_{part}" for letter in "wub" for part in _PARTS)
_MELODIES, _BEGINNING, _ENDING = 200, 4, 8  # notes


@lesson.exercise("2.5", reference=_my_unit, praise="It chooses, and it remembers: a unit that nobody trained.")
def _own_unit(answer: Answer) -> str | None:
    value = answer()
    if not isinstance(value, Mapping):
        return f"Return a dictionary such as {{'b_f': 4.0}}; yours is {value!r}."
    if unknown := [name for name in value if name not in _NAMES]:
        return f"A unit has no number {unknown[0]!r}: it has {', '.join(_NAMES)}."
    if not value:
        return "The dictionary is empty: a unit of zeros never says a thing."
    if broken := [name for name, number in value.items() if not is_number(number)]:
        return f"{broken[0]} should be a number, not {value[broken[0]]!r}."
    return _chooses_and_remembers({name: float(number) for name, number in value.items()})


def _chooses_and_remembers(weights: dict[str, float]) -> str | None:
    """None for a unit that plays some notes and not others, by what came at least `_BEGINNING` steps before."""
    import torch

    generator = torch.Generator().manual_seed(2)
    ending = torch.rand(_MELODIES, _ENDING, generator=generator) * 2 - 1
    endings = []  # what is played of the same notes after three beginnings: two as long as each other, one longer
    shares = []
    for length in (_BEGINNING, _BEGINNING, 3 * _BEGINNING):
        beginning = torch.rand(_MELODIES, length, generator=generator) * 2 - 1
        played = _played(weights, torch.cat([beginning, ending], dim=1))
        shares.append(played.float().mean().item())
        endings.append(played[:, -_ENDING:])
    share = sum(shares) / len(shares)
    if share < 0.02:
        return f"It plays {share:.0%} of the notes of {_MELODIES} melodies. h must come above a half now and then."
    if share > 0.98:
        return f"It plays {share:.0%} of the notes of {_MELODIES} melodies. It should leave some out."
    differs = (endings[0] != endings[1]) | (endings[0] != endings[2])
    if not differs.any():
        return f"It chooses, and plays {share:.0%} of the notes, but by the note that sounds: it remembers nothing."
    late = differs[:, _BEGINNING:].any(1).float().mean().item()
    if late < 0.02:
        return (
            f"It remembers a little: four notes later, what came before counts in {late:.1%} of the melodies only. "
            "What keeps the cell state, and what overwrites it?"
        )
    return None


def _played(weights: dict[str, float], x: Any) -> Any:
    """Which notes of the melodies x (…, T) the unit plays: where its hidden state is above a half."""
    import torch

    from tunesmith.models.scalar_lstm import ScalarLSTM

    with torch.random.fork_rng(devices=[]):  # a new unit draws weights: the learner's random numbers stay as they are
        unit = ScalarLSTM()
    with torch.no_grad():
        for name, parameter in unit.named_parameters():
            parameter.fill_(weights.get(name, 0.0))
        return unit(x)[0] > 0.5


def _tensors(*values: float) -> list[Any]:
    import torch

    return [torch.tensor(value, dtype=torch.float64) for value in values]


def _two_numbers(value: Any) -> tuple[float, float] | None:
    """Two numbers, from floats or from tensors of one number each; None for anything else."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        return None
    numbers = [part.item() if hasattr(part, "item") and getattr(part, "numel", int)() == 1 else part for part in value]
    return (float(numbers[0]), float(numbers[1])) if all(map(is_number, numbers)) else None


def _close(values: tuple[float, float], others: tuple[float, float]) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-7) for a, b in zip(values, others, strict=True))


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
