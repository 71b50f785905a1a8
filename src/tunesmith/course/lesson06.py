"""The exercises of lesson 06, An LSTM that learns melodies."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, cut, is_number, own_tunes
from tunesmith.learn.baselines import bigram_table
from tunesmith.tokens.steps import encode
from tunesmith.tokens.vocabulary import Vocabulary

lesson = Lesson()


def _lstm_parameters(D: int, H: int) -> int:
    return 4 * (D * H + H * H + 2 * H)


@lesson.exercise("6.1", reference=_lstm_parameters, praise="Four of everything: 82,944 for D = 32 and H = 128.")
def _count_lstm(answer: Answer) -> str | None:
    for D, H in [(32, 128), (64, 256), (1, 1), (5, 3)]:
        right = _lstm_parameters(D, H)
        value = answer(D, H)
        if not is_number(value):
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
        if not is_number(value):
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
        if not isinstance(value, tuple | list) or len(value) != 2 or not all(map(is_number, value)):
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
        if not is_number(value):
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
    hints = {
        2: "it holds notes, but its pulse limps. That is the bigram table, which knows one token back.",
        3: "it leaps about with no pulse at all. That is the unigram table, which listens to nothing.",
    }
    return chosen(answer(), 1, hints)


# --- 6.6, open: a model of one's own, without a network -----------------------------------------------

_GAIN = 0.1  # nats per step below the table of pairs
_PARTS = 3

Tokens = list[str]


def _my_model(train: list[Tokens], vocabulary: Tokens) -> Callable[[Tokens], list[float]]:
    pairs, holds = Counter(), Counter()
    for song in train:
        last, held = "/", 0
        for token in [*song, "/"]:
            holds[held, token == "_"] += 1
            if token == "_":
                held += 1
            else:
                pairs[last, token] += 1
                last, held = token, 1

    def foretell(written: Tokens) -> list[float]:
        starts = [place for place, token in enumerate(written) if token != "_"]
        last, held = (written[starts[-1]], len(written) - starts[-1]) if starts else ("/", 0)
        hold = (holds[held, True] + 0.5) / (holds[held, True] + holds[held, False] + 1)
        counts = [0 if token == "_" else pairs[last, token] + 0.5 for token in vocabulary]
        total = sum(counts)
        return [
            hold if token == "_" else (1 - hold) * count / total
            for token, count in zip(vocabulary, counts, strict=True)
        ]

    return foretell


@cache
def _tunes() -> tuple[Tokens, ...]:
    return tuple(map(encode, own_tunes()))


@cache
def _division(part: int) -> tuple[list[Tokens], list[Tokens], float]:
    """Tunes to count, tunes that are kept back, and what the table of pairs costs on these, in nats per step."""
    train = [tune for place, tune in enumerate(_tunes()) if place % _PARTS != part]
    test = [tune for place, tune in enumerate(_tunes()) if place % _PARTS == part]
    vocabulary = Vocabulary.of(_tunes())
    table = bigram_table(vocabulary, train)
    rows = [vocabulary.ids(["/", *tune, "/"]) for tune in test]
    costs = [-float(table[a, b]) for row in rows for a, b in pairwise(row)]
    return train, test, sum(costs) / len(costs)


@lesson.exercise(
    "6.6",
    reference=_my_model,
    praise="No network, and still well below the table of pairs, on tunes that it has not counted. Hear it below.",
)
def _judge_model(answer: Answer) -> str | None:
    vocabulary = list(Vocabulary.of(_tunes()))
    for part in range(_PARTS):
        train, test, table = _division(part)
        foretell = answer(train, vocabulary)
        if not callable(foretell):
            kind = type(foretell).__name__
            return f"Return the function that foretells, without calling it; yours returns something of type {kind}."
        costs: list[float] = []
        for tune in test:
            for place, token in enumerate([*tune, "/"]):
                p, trouble = _foretold(foretell, tune[:place], vocabulary)
                if trouble:
                    return trouble
                if not (chance := p[vocabulary.index(token)]):
                    return _impossible(tune[:place], token)
                costs.append(-math.log(chance))
        if _foretold(foretell, test[0][:9], vocabulary) != _foretold(foretell, test[0][:9], vocabulary):
            return "Asked twice about the same tokens, your model gives two answers: it may look at `written` alone."
        if trouble := _hint_on_cost(sum(costs) / len(costs), table):
            return trouble
    return None


def _foretold(foretell: Callable, written: Tokens, vocabulary: Tokens) -> tuple[list[float], str]:
    """The probabilities that a model gives, and what is wrong with them."""
    after = f"After {' '.join(written[-6:]) or 'nothing'}"
    try:
        given = foretell(list(written))
    except Exception as error:
        return [], f"{after} your model raises {type(error).__name__}: {error}."
    if isinstance(given, dict | str) or not (hasattr(given, "__getitem__") and hasattr(given, "__len__")):
        kind = type(given).__name__
        return [], f"{after} your model gives something of type {kind}: give a list, in the vocabulary's order."
    if len(given) != len(vocabulary):
        return [], f"{after} your model gives {len(given)} numbers, and there are {len(vocabulary)} tokens."
    if not all(hasattr(number, "__float__") for number in given):
        return [], f"{after} your model gives {cut(given)}: those are no numbers."
    p = list(map(float, given))
    if min(p) < 0 or not all(map(math.isfinite, p)):
        return [], f"{after} your model gives {min(p):.3g} to a token: probabilities lie between 0 and 1."
    if abs(sum(p) - 1) > 1e-6:
        return [], f"{after} your numbers add up to {sum(p):.4g}. Divide each by their sum."
    return p, ""


def _impossible(written: Tokens, token: str) -> str:
    after = " ".join(written[-6:]) or "nothing"
    return f"After {after} your model gives {token!r} no chance, and it came: ln 0. Leave a little for every token."


def _hint_on_cost(cost: float, table: float) -> str | None:
    told = f"Tunes that you have not counted cost {cost:.2f} nats per step with your model, {table:.2f} with the table"
    if cost > table:
        return f"{told}: it is behind. The more exact your counts, the fewer there are of each: mix in rougher ones."
    if cost > table - _GAIN:
        return f"{told}: at least {_GAIN} less is asked for. What does the table not know about a note that is held?"
    return None
