"""The exercises of lesson 05, From tokens to tensors: what each answer must do, and what people get wrong."""

from __future__ import annotations

import math
import random
from itertools import combinations, pairwise
from numbers import Integral
from typing import Any

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, cut, is_number
from tunesmith.learn.batches import PADDING

lesson = Lesson()

Rows = list[list[float]]
Pair = tuple[list[int], int]


# --- 5.1: from a picture back to tokens ---------------------------------------------------------------

TOKENS = ["/", "_", "r", "60", "62", "64"]


def _read_picture(X: Rows, tokens: list[str]) -> list[str]:
    return [tokens[row.index(max(row))] for row in X]


@lesson.exercise("5.1", reference=_read_picture, praise="The largest number of each row wins, however noisy the rest.")
def _judge_picture(answer: Answer) -> str | None:
    clean = [[float(i == k) for i in range(len(TOKENS))] for k in (3, 1, 1, 5, 2, 4, 0)]
    faint = [[0.1, 0.2, -3.0, 0.3, 0.9, 0.6], [0.4, 0.0, 0.1, 0.2, 0.3, -2.0]]
    below_nought = [[-2.0, -0.5, -4.0, -1.0, -0.75, -3.0], [-1.0, -1.5, -9.0, -0.25, -6.0, -2.0]]
    large = [[12.0, 3.0, 15.5, 7.0, 0.0, -20.0]]
    for X in (clean, faint, below_nought, large):
        given = answer(X, TOKENS)
        right = _read_picture(X, TOKENS)
        if not isinstance(given, list):
            return f"For {len(X)} rows return a list of {len(X)} tokens; yours is {given!r}."
        if given != right:
            return _hint_on_picture(given, X, right)
    return None


def _hint_on_picture(given: list, X: Rows, right: list[str]) -> str:
    made = f"For {len(X)} rows you give {given}"
    if given == [TOKENS.index(token) for token in right]:
        return f"{made}: those are ids. Look up which tokens stand at these places."
    if given == [TOKENS[column.index(max(column)) % len(TOKENS)] for column in zip(*X, strict=True)]:
        return f"{made}: that goes down the columns. A step is a row: one token for each of the {len(X)} rows."
    if len(given) != len(X):
        return f"{made}, which has the length {len(given)}. Each row is one step, and gives one token."
    for token, row, wanted in zip(given, X, right, strict=True):
        if token == wanted:
            continue
        numbers = f"The row {row} gives {token!r} with you"
        if token == TOKENS[_heaviest(row)]:
            return f"{numbers}: {row[TOKENS.index(token)]} is below {max(row)}. Compare the numbers with their signs."
        if token == TOKENS[row.index(min(row))]:
            return f"{numbers}: there stands the smallest number. The largest wins."
        if token == TOKENS[0] and 1.0 not in row:
            return f"{numbers}: no number here is 1 or near it, and still one is the largest. Look for that."
        return f"{numbers}: its largest number is {max(row)}, at the place of {wanted!r}."
    return f"{made} instead of {right}."


def _heaviest(row: list[float]) -> int:
    return max(range(len(row)), key=lambda i: abs(row[i]))


# --- 5.2: how many targets ----------------------------------------------------------------------------


def _count_targets(lengths: list[int]) -> int:
    return sum(lengths) + len(lengths)


@lesson.exercise(
    "5.2", reference=_count_targets, praise="Every step is a target once, and so is every end: 411 for the three songs."
)
def _judge_count(answer: Answer) -> str | None:
    for lengths in ([24, 128, 256], [300], [64, 64], [5, 70, 12, 1]):
        value = answer(lengths)
        if not is_number(value):
            return f"Your function gives {value!r}; a number of targets is asked for."
        if value != _count_targets(lengths):
            return _hint_on_count(value, lengths)
    return None


def _hint_on_count(value: Any, lengths: list[int]) -> str:
    told = f"For songs of {lengths} steps you count {value}"
    steps, songs = sum(lengths), len(lengths)
    if value == steps:
        return f"{told}: all steps. But a song's end is to be guessed too, else the network never learns to stop."
    if value == steps - songs:
        return f"{told}: one less than steps in each song. The first step is a target too; its window is all `/`."
    if value == steps + 2 * songs:
        return f"{told}: that counts the `/` at both ends. The one at the beginning is never a target."
    if value == steps + 1:
        return f"{told}: one end in all. Each song has an end of its own."
    if value in (sum(max(0, n - 64) for n in lengths), sum(max(0, n - 63) for n in lengths)):
        return f"{told}: full windows only. Near a song's beginning `/` fills the window, so no step is left out."
    if value == steps * 64:
        return f"{told}: a window has 64 steps, but only one target."
    return f"{told}. Write down the pairs of a song with 3 steps, and count there."


# --- 5.3: listen and choose ---------------------------------------------------------------------------


@lesson.exercise(
    "5.3",
    reference=lambda: 2,
    praise="Even quarters, an ending, and then a lilt: God Rest Ye Merry runs into Greensleeves.",
)
def _judge_choice(answer: Answer) -> str | None:
    hints = {
        1: "it walks alike from first to last, and is one song. Which window changes its way of walking?",
        3: "a quarter on every beat, up to the end; that is one hymn. Listen for a window that breaks.",
    }
    return chosen(answer(), 2, hints)


# --- 5.4: mend the windows that look into the song before ----------------------------------------------


def _windows_of(songs: list[list[int]], length: int) -> list[Pair]:
    pairs = []
    for song in songs:
        row = [0] * length + song + [0]
        pairs += [(row[i : i + length], row[i + length]) for i in range(len(song) + 1)]
    return pairs


@lesson.exercise("5.4", reference=_windows_of, praise="Every window stays within its song, and every song has its end.")
def _judge_windows(answer: Answer) -> str | None:
    cases = (([[5, 1, 6], [7, 1]], 4), ([[3]], 2), ([[9, 1, 1, 1, 8, 1], [4, 2], [3, 1, 3]], 3), ([[2, 3, 4, 5]], 1))
    for songs, length in cases:
        given = answer(songs, length)
        if not isinstance(given, list) or not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in given):
            return f"For songs = {songs} return a list of pairs (window, target); yours is {cut(given)}."
        if not all(isinstance(window, (tuple, list)) for window, _ in given):
            return f"For songs = {songs} a window should be a list of {length} ids; your first pair is {given[0]}."
        found = [(list(window), target) for window, target in given]
        if found != _windows_of(songs, length):
            return _hint_on_windows(found, songs, length)
    return None


def _hint_on_windows(found: list[Pair], songs: list[list[int]], length: int) -> str:
    right = _windows_of(songs, length)
    told = f"For songs = {songs} and length {length}"
    if len(found) == len(right) - len(songs) and found == [pair for pair in right if pair[1] != 0]:
        return f"{told} you give {len(found)} pairs: the ends are missing. A 0 after each song is a target too."
    if found == [pair for pair in right if 0 not in pair[0]]:
        return f"{told} you give {len(found)} pairs: where a song has too few steps yet, fill up with 0 in front."
    if [(window, target) for window, target in found if target] == [pair for pair in right if pair[1]]:
        return f"{told} you give {len(found)} pairs, and {len(right)} are right: each song ends once, with a target 0."
    if len(found) != len(right):
        return f"{told} you give {len(found)} pairs; there is one for each step and one for each end: {len(right)}."
    window, target, wanted = next((w, t, pair) for (w, t), pair in zip(found, right, strict=True) if (w, t) != pair)
    given = f"{told} you give the window {window} with the target {target}"
    if len(window) != length:
        return f"{given}: {len(window)} steps, not {length}. Fill up with 0 in front."
    if window[-1] == target and window[:-1] == wanted[0][1:]:
        return f"{given}: the target stands in its own window, as its last step. The window ends one step before."
    if window == wanted[0]:
        return f"{given}: the window is right, the target is not. It should be {wanted[1]}."
    if sorted(wanted[0]) == sorted(window):
        return f"{given}: right steps, wrong order. Fill up in front, not behind: {wanted[0]}."
    if any(a and not b for a, b in pairwise(window)) or window[-1] == 0:
        return f"{given}: it still looks into the song before. Of that song nothing may be seen: {wanted[0]}."
    return f"{given}, and the window should be {wanted[0]}."


# --- 5.5: bytes of materialised windows ---------------------------------------------------------------


def _bytes_of_windows(targets: int, length: int, size: int) -> int:
    return 4 * targets * length * size


@lesson.exercise("5.5", reference=_bytes_of_windows, praise="Windows times steps times tokens, four bytes each.")
def _judge_bytes(answer: Answer) -> str | None:
    for targets, length, size in ((257, 64, 30), (100_000, 64, 50), (10, 8, 5)):
        value = answer(targets, length, size)
        if not is_number(value):
            return f"Your function gives {value!r}; a number of bytes is asked for."
        right = _bytes_of_windows(targets, length, size)
        if value == right:
            continue
        told = f"{targets} windows of {length} steps and {size} tokens: you say {value:,}"
        if value == targets * length * size:
            return f"{told}. That is how many numbers there are. How many bytes does a float32 take?"
        if value == 2 * right:
            return f"{told}. That would be float64. A float32 takes half of it."
        if value == 8 * right:
            return f"{told}. 32 is the number of bits; a byte has 8 of them."
        if value in (4 * targets * length, targets * length):
            return f"{told}. Each step is not one number: a one-hot vector has {size} of them."
        if value in (4 * targets * size, targets * size):
            return f"{told}. Each window holds {length} steps, not one."
        if math.isclose(value, right / 1e6) or math.isclose(value, right / 1e9):
            return f"{told}. Give plain bytes here; the cell below turns them into gigabytes."
        return f"{told}, and it is {right:,}: the shape has three numbers. Multiply them, then think of the bytes."
    return None


# --- 5.6: a mean that leaves padding out --------------------------------------------------------------


def _mean_loss(losses: Rows, targets: list[list[int]]) -> float:
    kept = [loss for loss, target in _places(losses, targets) if target != PADDING]
    return sum(kept) / len(kept)


def _places(losses: Rows, targets: list[list[int]]) -> list[tuple[float, int]]:
    rows = zip(losses, targets, strict=True)
    return [place for row, ids in rows for place in zip(row, ids, strict=True)]


@lesson.exercise("5.6", reference=_mean_loss, praise="Only real targets count, each of them once.")
def _judge_mean(answer: Answer) -> str | None:
    no = PADDING
    cases = [
        ([[3.0, 1.0, 2.0, 2.0], [5.0, 4.0, 9.0, 9.0]], [[12, 1, 17, 0], [14, 0, no, no]]),
        ([[1.5, 0.5]], [[7, 0]]),
        ([[2.0, 6.0, 0.0], [1.0, 0.0, 0.0], [4.0, 2.5, 3.0]], [[5, 0, no], [0, no, no], [3, 1, 0]]),
    ]
    for losses, targets in cases:
        value = answer(losses, targets)
        if not is_number(value):
            return f"Return one number, the mean; yours is {value!r}."
        right = _mean_loss(losses, targets)
        if not math.isclose(value, right, rel_tol=1e-6):
            return _hint_on_mean(value, right, losses, targets)
    return None


def _hint_on_mean(value: float, right: float, losses: Rows, targets: list[list[int]]) -> str:
    told = f"For losses = {losses} and targets = {targets} you give {value:.4g}"
    places = _places(losses, targets)
    kept = [loss for loss, target in places if target != PADDING]
    rows = [_mean_loss([row], [ids]) for row, ids in zip(losses, targets, strict=True)]
    ends_left_out = [loss for loss, target in places if target not in (PADDING, 0)]
    wrong = {
        sum(loss for loss, _ in places) / len(places): "padding is in it. Leave out the places whose target is -100.",
        sum(kept) / len(places): "you divide by all places. Divide by as many as you have added up.",
        sum(kept): "that is the sum. Divide it by the number of targets.",
        sum(rows) / len(rows): (
            "that is the mean of the songs' means. A step of a short song then counts more. Add up all, divide once."
        ),
        sum(ends_left_out) / len(ends_left_out): "the ends are missing. A target of 0 is the `/`, and it counts.",
    }
    for number, hint in wrong.items():
        if math.isclose(value, number, rel_tol=1e-6):
            return f"{told}: {hint}"
    return f"{told}, and it is {right:.4g}."


# --- 5.7, open: batches of one's own ------------------------------------------------------------------

_PADDING = 0.2  # of all places, at most
_COMPANY = 0.6  # of the pairs that share a batch in one epoch, so many may share one in another, on average
_EPOCHS = 12  # with two, it would be luck whether a way passes
_UNEVEN = [int(random.Random(place).triangular(16, 400, 60)) for place in range(300)]


def _my_batches(lengths: list[int], size: int, rng: random.Random) -> list[list[int]]:
    about = [length * rng.uniform(0.9, 1.1) for length in lengths]
    order = sorted(range(len(lengths)), key=about.__getitem__)
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches


@lesson.exercise(
    "5.7",
    reference=_my_batches,
    praise="Every song once, little padding, and new company in each epoch. The bars below are yours.",
)
def _judge_batches(answer: Answer) -> str | None:
    cases = [([5, 9, 7], 4), ([64] * 48, 8), (_UNEVEN, 16), (_UNEVEN[:97], 8)]
    for lengths, size in cases:
        epochs = [answer(lengths, size, random.Random(seed)) for seed in (*range(_EPOCHS), 0)]
        for batches in epochs:
            if trouble := _hint_on_places(batches, len(lengths), size):
                return trouble
        told = f"For {len(lengths)} songs, {size} in a batch,"
        if epochs[0] != epochs.pop():
            return f"{told} equal random numbers give unequal batches. Draw from rng, and from nothing else."
        if len(lengths) > size and (trouble := _hint_on_epochs(epochs, lengths)):
            return f"{told} {trouble}"
    return None


def _hint_on_places(batches: Any, count: int, size: int) -> str | None:
    """What is wrong with batches, whatever the lengths are: places missing, twice, too many."""
    told = f"For {count} songs, {size} in a batch,"
    if not isinstance(batches, list) or not all(isinstance(batch, tuple | list) and batch for batch in batches):
        return f"{told} return a list of batches, each a list of places in lengths; yours is {cut(batches)}."
    places = [place for batch in batches for place in batch]
    if not all(isinstance(place, Integral) and 0 <= place < count for place in places):
        return f"{told} your first batch is {cut(batches[0])}: it should hold places, from 0 to {count - 1}."
    if missing := sorted(set(range(count)) - set(places)):
        return f"{told} {len(missing)} are in none of your batches, such as place {missing[-1]}. A batch may be short."
    if len(places) > count:
        return f"{told} your batches hold {len(places)}: some songs come more than once in an epoch."
    if (largest := max(map(len, batches))) > size:
        return f"{told} your largest batch has {largest}."
    needed = math.ceil(count / size)
    if len(batches) > math.ceil(1.1 * needed):
        return f"{told} you make {len(batches)} batches where {needed} would do: small ones need no padding, but time."
    return None


def _hint_on_epochs(epochs: list[list[list[int]]], lengths: list[int]) -> str | None:
    """What is wrong with the batches of several epochs: padding, company, order."""
    places = sum(len(batch) * max(lengths[i] for i in batch) for batches in epochs for batch in batches)
    padding = 1 - len(epochs) * sum(lengths) / places
    if padding > _PADDING:
        return f"{padding:.0%} of your places are padding, and {_PADDING:.0%} may be. Let like lengths go together."
    again = _meet_again(epochs)
    if again > _COMPANY:
        return (
            f"{again:.0%} of the pairs in a batch meet again in another epoch, on average, and {_COMPANY:.0%} may. "
            "Let rng decide among songs of like length."
        )
    means = [[sum(lengths[i] for i in batch) / len(batch) for batch in batches] for batches in epochs]
    if len(set(lengths)) > 1 and all(_falls(row) or _falls(row[::-1]) for row in means):
        return "your batches go by length each time: let rng decide their order, too."
    return None


def _meet_again(epochs: list[list[list[int]]]) -> float:
    """The share of all pairs in a batch that share one again in another epoch, on average."""
    pairs = [{pair for batch in batches for pair in combinations(sorted(batch), 2)} for batches in epochs]
    shares = [len(first & second) / len(first) for first, second in combinations(pairs, 2)]
    return sum(shares) / len(shares)


def _falls(values: list[float]) -> bool:
    """Whether no value is above the one before it by more than a little."""
    return all(b <= 1.1 * a for a, b in pairwise(values))
