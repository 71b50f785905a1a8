"""The exercises of lesson 07, Writing new melodies."""

from __future__ import annotations

import math
import random
from itertools import groupby
from typing import Any

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, cut, is_number

lesson = Lesson()


def _times_as_likely(x_first: float, x_second: float) -> float:
    return math.exp(x_first - x_second)


@lesson.exercise(
    "7.1", reference=_times_as_likely, praise="e to the power of the difference: 7.39 times for logits 2 and 0."
)
def _ratio(answer: Answer) -> str | None:
    for first, second in [(5.0, 3.0), (2.0, 0.0), (1.0, 1.0), (-1.0, 2.5)]:
        right = _times_as_likely(first, second)
        value = answer(first, second)
        if not is_number(value):
            return f"Return a number; for logits {first} and {second} yours is {value!r}."
        if math.isclose(value, right, rel_tol=1e-6):
            continue
        asked = f"For logits {first} and {second} you say {value:.4g}"
        if value == first - second:
            return f"{asked}: that is the difference. The softmax raises e to it."
        if second and math.isclose(value, first / second):
            return f"{asked}: that divides the logits. Divide the probabilities, e to the power of each."
        if math.isclose(value, math.exp(first) / (math.exp(first) + math.exp(second)), rel_tol=1e-6):
            return f"{asked}: that is p_first alone. Divide it by p_second."
        if math.isclose(value, 1 / right, rel_tol=1e-6):
            return f"{asked}: that is p_second / p_first, the other way round."
        return f"{asked}, and it is {right:.4g}: divide one line of the softmax by the other."
    return None


def _heat(p: list[float], T: float) -> list[float]:
    powers = [value ** (1 / T) for value in p]
    return [power / sum(powers) for power in powers]


@lesson.exercise("7.2", reference=_heat, praise="The knob turns: log p / T, then a softmax.")
def _mend_heat(answer: Answer) -> str | None:
    for p, T in [([0.5, 0.3, 0.15, 0.05], 0.5), ([0.7, 0.2, 0.1], 2.0), ([0.25] * 4, 3.0), ([0.6, 0.4], 1.0)]:
        right = _heat(p, T)
        value = answer(p, T)
        if not isinstance(value, list | tuple) or len(value) != len(p) or not all(map(is_number, value)):
            return f"For {len(p)} probabilities return a list of {len(p)} numbers; yours is {value!r}."
        if _close(value, right):
            continue
        given = f"For p = {p} at T = {T:g} you give {_rounded(value)}"
        if _close(value, p):
            return f"{given}: nothing has changed. Dividing all by T and then by their sum undoes itself."
        if abs(sum(value) - 1) > 1e-6:
            return f"{given}: they add up to {sum(value):.3f}. Divide by the sum at the end."
        if _close(value, _heat(p, 1 / T)):
            return f"{given}: the wrong way round, a high T should make them more alike."
        exponentials = [math.exp(share / T) for share in p]
        if _close(value, [e / sum(exponentials) for e in exponentials]):
            return f"{given}: that is a softmax of p / T. Probabilities are no logits: take the logarithm first."
        logs = [math.log(share) / T for share in p]
        if _close(value, logs) or _close(value, [log / sum(logs) for log in logs]):
            return f"{given}: those are the logits, log p / T. Now raise e to each of them."
        return f"{given} instead of {_rounded(right)}."
    return None


def _hit(p: list[float], dart: float) -> int:
    end = 0.0
    for index, share in enumerate(p):
        end += share
        if dart < end:
            return index
    return len(p) - 1


@lesson.exercise("7.3", reference=_hit, praise="Every dart finds its piece: this is how each note is drawn.")
def _mend_hit(answer: Answer) -> str | None:
    cases = [
        ([0.5, 0.3, 0.2], 0.1),
        ([0.5, 0.3, 0.2], 0.6),
        ([0.5, 0.3, 0.2], 0.95),
        ([0.1, 0.2, 0.7], 0.05),
        ([0.25, 0.25, 0.5], 0.25),
        ([0.0, 1.0], 0.0),
        ([0.3, 0.3, 0.3999999], 0.99999995),
    ]
    for p, dart in cases:
        right = _hit(p, dart)
        value = answer(p, dart)
        if is_number(value) and value == right:
            continue
        given = f"For p = {p} and a dart at {dart} you give {value!r}"
        if value is None and dart < sum(p[:-1]):
            return f"{given}: no piece was hit. Add up the pieces as you go, and compare the dart with the sum."
        if value is None:
            return f"{given}: no piece was hit. Rounding can leave a gap at the very end: give the last index there."
        if not is_number(value):
            return f"{given}: give the index of a piece."
        if sum(p[: right + 1]) == dart or (right and math.isclose(sum(p[:right]), dart)) or p[int(value) % len(p)] == 0:
            return f"{given}: a dart that lies on the end of a piece belongs to the next one. Stop where dart < end."
        if value == max(range(len(p)), key=p.__getitem__):
            return f"{given}: that is the largest piece. Where does the dart lie when the pieces stand end to end?"
        if value == next((index for index, share in enumerate(p) if dart < share), len(p) - 1):
            return f"{given}: you compare the dart with one piece. Compare it with the sum of all pieces so far."
        if value == right + 1:
            return f"{given}: one too far. The first piece has index 0."
        return f"{given}, and it is {right}: add up the pieces until you are beyond the dart."
    return None


@lesson.exercise("7.4", reference=lambda: 2, praise="2, at temperature 1.8. 1 is at 0.9, 3 at 0.3.")
def _the_hottest(answer: Answer) -> str | None:
    hints = {
        1: "it moves calmly, by a fourth at most. One of the others falls by more than two octaves.",
        3: "it moves in small steps and repeats itself. That is cold, not hot.",
    }
    return chosen(answer(), 2, hints)


# --- 7.5, open: a rule of one's own between logits and lot --------------------------------------------

_LOW, _HIGH, _TONIC = 57, 76, (60, 72)
_STEPS = 48  # how many steps the judge lets a rule write
_TOKENS = ["/", "_", "r", *map(str, range(48, 86))]

Logits = list[float]


def _my_rule(logits: Logits, tokens: list[str], written: list[str], left: int) -> Logits:
    pitches = [token for token in written if token.isdigit()]
    tired = pitches[-1] if len(pitches) > 2 and len(set(pitches[-3:])) == 1 else ""

    def allowed(token: str) -> bool:
        if left < 4:
            return token == "_"
        if left == 4:
            return token in ("60", "72") and token != tired
        if not token.isdigit():
            return token != "/"
        return token != tired and _LOW <= int(token) <= _HIGH and abs(int(token) - int(pitches[-1])) <= 7

    return [x if allowed(token) else -math.inf for x, token in zip(logits, tokens, strict=True)]


@lesson.exercise(
    "7.5",
    reference=_my_rule,
    praise="Whatever the network says, the tune can be sung and comes home. Hear it below.",
)
def _judge_rule(answer: Answer) -> str | None:
    for seed, favourite, opening in _RULE_CASES:
        written, lot = opening.split(), random.Random(seed)
        given = len(written)
        lowered, free, heard = [False] * given, [], []
        while len(written) < _STEPS:
            logits = [lot.gauss(0, 2) + (8.0 if token == favourite else 0.0) for token in _TOKENS]
            left = _STEPS - len(written)
            changed = answer(logits, _TOKENS, written, left)
            if trouble := _hint_on_logits(changed, logits, written, left):
                return trouble
            if left > 4:
                free.append(sum(x > max(changed) - 20 for x in changed))
                other = answer(logits[::-1], _TOKENS, written, left)
                if trouble := _hint_on_logits(other, logits, written, left):
                    return trouble
                if free[-1] > 1:  # where there is one way only, nothing can be heard
                    heard.append(_listens(changed, other))
            drawn = lot.choices(range(len(_TOKENS)), [math.exp(x - max(changed)) for x in changed])[0]
            written.append(_TOKENS[drawn])
            lowered.append(changed[drawn] < logits[drawn])
        if trouble := _hint_on_rule(written, lowered) or _hint_on_choices(free) or _hint_on_deafness(heard):
            return trouble
    return None


# A seed, a token that the made-up network likes too well, an opening.
_RULE_CASES = (
    (1, "84", "67 _ 69 _"),
    (2, "", "60 _ _ _ 64 _ _ _"),
    (3, "67", "67 _ _ _"),
    (4, "_", "69 _ _ _ 71 _ _ _"),
    (5, "r", "64 _ 65 _ 67 _ _ _"),
    (6, "48", "72 _ 72 _ 72 _ _ _"),
    (7, "/", "57 _ 59 _ 60 _"),
    *((seed, "60", "64 _") for seed in range(8, 16)),
)


def _hint_on_logits(changed: Any, logits: Logits, written: list[str], left: int) -> str | None:
    """What is wrong with the logits that a rule gives back, before anything is drawn."""
    told = f"After {' '.join(written[-8:])}, with {left} steps left,"
    if not isinstance(changed, list | tuple) or not all(
        isinstance(x, int | float) and not isinstance(x, bool) for x in changed
    ):
        asked = f"a list of {len(_TOKENS)} numbers, one for each token"
        return f"{told} your rule should give {asked}; it gives {cut(changed, 40)}."
    if len(changed) != len(logits):
        return f"{told} you give {len(changed)} logits for {len(_TOKENS)} tokens. Forbid a token by -math.inf."
    if odd := [x for x in changed if math.isnan(x) or x == math.inf]:
        return f"{told} one of your logits is {odd[0]}: a logit may be -math.inf, but no other infinity."
    if max(changed) == -math.inf:
        return f"{told} your rule forbids every token. Something must be left to draw."
    if all(0 <= x <= 1 for x in changed) and abs(sum(changed) - 1) < 1e-6:
        return f"{told} your numbers add up to 1. Those are probabilities; the softmax comes after you: give logits."
    return None


def _hint_on_rule(written: list[str], lowered: list[bool]) -> str | None:
    """What a tune that was drawn under the rule does that it should not."""
    pitches = [int(token) for token in written if token.isdigit()]
    for token, less in zip(written, lowered, strict=True):
        if token == "/" or (token.isdigit() and not _LOW <= int(token) <= _HIGH):
            if less:
                return f"Your rule made {token} less likely, and it was drawn all the same. -math.inf forbids a token."
            what = "the end, before its time" if token == "/" else f"beyond the range from {_LOW} to {_HIGH}"
            return f"A network that likes it got {token} past your rule: {what}."
    for pitch, run in groupby(pitches):
        if (often := len(list(run))) > 3:
            return f"Your rule let {pitch} be struck {often} times in a row. A hold or a rest in between does not help."
    tail = f"A tune under your rule ends {' '.join(written[-8:])}"
    if pitches[-1] not in _TONIC:
        return f"{tail}: its last note is {pitches[-1]}, and should be a C, 60 or 72."
    if written[-4:] != [str(pitches[-1]), "_", "_", "_"]:
        return f"{tail}: the last C should start where left is 4, and be held to the end."
    return None


def _hint_on_choices(free: list[int]) -> str | None:
    mean = sum(free) / len(free)
    if mean < 4:
        return f"Your rule leaves {mean:.1f} tokens to choose from, on average: too few for a tune. Leave four or more."
    return None


def _hint_on_deafness(heard: list[bool]) -> str | None:
    if 2 * sum(heard) < len(heard):
        return "Your rule gives the same, whatever the network likes. Change its logits, do not replace them."
    return None


def _listens(one: Logits, other: Logits) -> bool:
    """Whether two answers, to different logits, differ in more than a constant, which the softmax would not see."""
    if any((a == -math.inf) != (b == -math.inf) for a, b in zip(one, other, strict=True)):
        return True
    shifts = [a - b for a, b in zip(one, other, strict=True) if a > -math.inf]
    return max(shifts) - min(shifts) > 0.1


def _close(values: Any, others: list[float]) -> bool:
    return all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(values, others, strict=True))


def _rounded(values: Any) -> list[float]:
    return [round(value, 3) for value in values]
