"""Answers that people give to the exercises of lesson 07, and that are wrong."""

import math


def difference(x_first, x_second):
    return x_first - x_second


def one_probability(x_first, x_second):
    return math.exp(x_first) / (math.exp(x_first) + math.exp(x_second))


def upside_down(x_first, x_second):
    return math.exp(x_second - x_first)


def knob_without_effect(p, T):
    q = [value / T for value in p]
    return [value / sum(q) for value in q]


def softmax_of_probabilities(p, T):
    powers = [math.exp(value / T) for value in p]
    return [power / sum(powers) for power in powers]


def not_normalised(p, T):
    return [value ** (1 / T) for value in p]


def wrong_way_round(p, T):
    powers = [value**T for value in p]
    return [power / sum(powers) for power in powers]


def largest_piece(p, dart):
    return p.index(max(p))


def one_too_far(p, dart):
    end = 0.0
    for index, share in enumerate(p):
        end += share
        if dart < end:
            return index + 1
    return len(p)


def end_included(p, dart):
    end = 0.0
    for index, share in enumerate(p):
        end += share
        if dart <= end:
            return index
    return len(p) - 1


def gap_at_the_end(p, dart):
    end = 0.0
    for index, share in enumerate(p):
        end += share
        if dart < end:
            return index


def single_pieces(p, dart):
    for index, share in enumerate(p):
        if dart < share:
            return index
    return len(p) - 1


def middling() -> int:
    return 1


def coldest() -> int:
    return 3


def _fit(token, left):
    """Range and ending alone."""
    if left <= 4:
        return token in ("60", "72") if left == 4 else token == "_"
    return token in ("_", "r") or (token.isdigit() and 57 <= int(token) <= 76)


def _tired(written):
    pitches = [token for token in written if token.isdigit()]
    return pitches[-1] if len(pitches) > 2 and len(set(pitches[-3:])) == 1 else ""


def _forbid(logits, tokens, allowed):
    return [x if allowed(token) else -math.inf for x, token in zip(logits, tokens)]


def repeats_for_ever(logits, tokens, written, left):
    return _forbid(logits, tokens, lambda token: _fit(token, left))


def unlikely_only(logits, tokens, written, left):
    return [x if _fit(token, left) and token != _tired(written) else x - 5 for x, token in zip(logits, tokens)]


def never_home(logits, tokens, written, left):
    return _forbid(logits, tokens, lambda token: _fit(token, 9) and token != _tired(written))


def home_too_late(logits, tokens, written, left):
    if left == 1:
        return _forbid(logits, tokens, lambda token: token == "60")
    return _forbid(logits, tokens, lambda token: _fit(token, 9) and token not in ("60", "72", _tired(written)))


def forgets_the_end_sign(logits, tokens, written, left):
    return _forbid(logits, tokens, lambda token: token == "/" or (_fit(token, left) and token != _tired(written)))


def only_a_ceiling(logits, tokens, written, left):
    return _forbid(logits, tokens, lambda token: _fit(token, left) or token in ("48", "50", "52", "53", "55"))


def one_way_only(logits, tokens, written, left):
    step = "62" if [token for token in written if token.isdigit()][-1] == "60" else "60"
    return _forbid(logits, tokens, lambda token: _fit(token, left) if left <= 4 else token in ("_", step))


def forbids_everything(logits, tokens, written, left):
    return _forbid(logits, tokens, lambda token: _fit(token, left) and token not in ("60", "72", "_"))


def deaf(logits, tokens, written, left):
    return _forbid([0.0] * len(tokens), tokens, lambda token: _fit(token, left) and token != _tired(written))


def infinity_less_infinity(logits, tokens, written, left):
    changed = _forbid(logits, tokens, lambda token: _fit(token, left) and token != _tired(written))
    return [x if x > -math.inf else x - x for x in changed]


def shares(logits, tokens, written, left):
    kept = [math.exp(x) if _fit(token, left) else 0.0 for x, token in zip(logits, tokens)]
    return [x / sum(kept) for x in kept]


def tokens_kept(logits, tokens, written, left):
    return [token for token in tokens if _fit(token, left)]


def shorter(logits, tokens, written, left):
    return [x for x, token in zip(logits, tokens) if _fit(token, left)]


WRONG = {
    "7.1": [difference, one_probability, upside_down],
    "7.2": [knob_without_effect, softmax_of_probabilities, not_normalised, wrong_way_round],
    "7.3": [largest_piece, single_pieces, one_too_far, end_included, gap_at_the_end],
    "7.4": [middling, coldest],
    "7.5": [
        repeats_for_ever,
        unlikely_only,
        never_home,
        home_too_late,
        forgets_the_end_sign,
        only_a_ceiling,
        one_way_only,
        forbids_everything,
        deaf,
        infinity_less_infinity,
        shares,
        tokens_kept,
        shorter,
    ],
}
