"""Answers that people give to the exercises of lesson 06, and that are wrong."""

import math
from collections import Counter


def one_gate(D, H):
    return D * H + H * H + 2 * H


def three_gates(D, H):
    return 3 * (D * H + H * H + 2 * H)


def one_bias(D, H):
    return 4 * (D * H + H * H + H)


def no_biases(D, H):
    return 4 * (D * H + H * H)


def no_recurrence(D, H):
    return 4 * (D * H + 2 * H)


def log_of_the_mean(log_p, targets):
    total = 0.0
    for row, target in zip(log_p, targets):
        total += math.exp(row[target])
    return -math.log(total / len(targets))


def only_the_sum(log_p, targets):
    return -sum(row[target] for row, target in zip(log_p, targets))


def no_minus(log_p, targets):
    return sum(row[target] for row, target in zip(log_p, targets)) / len(targets)


def mean_probability(log_p, targets):
    return sum(math.exp(row[target]) for row, target in zip(log_p, targets)) / len(targets)


def all_tokens(log_p, targets):
    return -sum(map(sum, log_p)) / sum(map(len, log_p))


def from_zero(losses, patience):
    best, last = right(losses, patience)
    return best - 1, last - 1


def goes_on(losses, patience):
    return right(losses, patience)[0], len(losses)


def looks_ahead(losses, patience):
    return losses.index(min(losses)) + 1, right(losses, patience)[1]


def one_more(losses, patience):
    best, last = right(losses, patience)
    return best, min(last + 1, len(losses))


def keeps_the_last(losses, patience):
    last = right(losses, patience)[1]
    return last, last


def equal_is_lower(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, 1):
        if loss <= losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


def right(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, 1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


def nats_per_note(nats_per_step, steps, notes):
    return nats_per_step * steps / notes


def bits_per_step(nats_per_step, steps, notes):
    return nats_per_step / math.log(2)


def times_ln_2(nats_per_step, steps, notes):
    return nats_per_step * steps / notes * math.log(2)


def upside_down(nats_per_step, steps, notes):
    return nats_per_step * notes / steps / math.log(2)


def the_bigram():
    return 2


def the_unigram():
    return 3


def _counted(train, back):
    """How often each token comes after the `back` tokens before it."""
    counts = Counter()
    for song in train:
        row = ["/"] * back + song + ["/"]
        for place in range(back, len(row)):
            counts[tuple(row[place - back : place]), row[place]] += 1
    return counts


def _look_back(back, more):
    def my_model(train, vocabulary):
        counts = _counted(train, back)

        def foretell(written):
            before = tuple((["/"] * back + written)[len(written) :])
            found = [counts[before, token] + more for token in vocabulary]
            return [count / sum(found) for count in found]

        return foretell

    return my_model


def the_table(train, vocabulary):
    return _look_back(1, 1)(train, vocabulary)


def too_far_back(train, vocabulary):
    return _look_back(4, 1)(train, vocabulary)


def nothing_left_over(train, vocabulary):
    counts = _counted(train, 1)

    def foretell(written):
        before = tuple((["/"] + written)[-1:])
        found = [counts[before, token] for token in vocabulary]
        return (
            [count / max(1, sum(found)) for count in found] if sum(found) else [1 / len(vocabulary)] * len(vocabulary)
        )

    return foretell


def counts_for_shares(train, vocabulary):
    counts = _counted(train, 1)
    return lambda written: [counts[tuple((["/"] + written)[-1:]), token] + 1 for token in vocabulary]


def logarithms(train, vocabulary):
    return lambda written: [-math.log(len(vocabulary))] * len(vocabulary)


def a_dictionary(train, vocabulary):
    return lambda written: dict.fromkeys(vocabulary, 1 / len(vocabulary))


def one_at_a_time(train, vocabulary):
    return lambda written: (1 / len(vocabulary) for _ in vocabulary)


def as_text(train, vocabulary):
    return lambda written: [f"{1 / len(vocabulary):.6f}" for _ in vocabulary]


def without_the_end(train, vocabulary):
    return lambda written: [1 / (len(vocabulary) - 1)] * (len(vocabulary) - 1)


def probabilities_at_once(train, vocabulary):
    return [1 / len(vocabulary)] * len(vocabulary)


def stops_at_the_beginning(train, vocabulary):
    return lambda written: [1 / len(vocabulary) for _ in vocabulary if written[-1]]


def keeps_its_own_count(train, vocabulary):
    calls = []

    def foretell(written):
        calls.append(written)
        share = 0.3 + 0.4 * (len(calls) % 2)
        return [share if token == "_" else (1 - share) / (len(vocabulary) - 1) for token in vocabulary]

    return foretell


WRONG = {
    "6.1": [one_gate, three_gates, one_bias, no_biases, no_recurrence],
    "6.2": [log_of_the_mean, only_the_sum, no_minus, mean_probability, all_tokens],
    "6.3": [from_zero, goes_on, looks_ahead, one_more, keeps_the_last, equal_is_lower],
    "6.4": [nats_per_note, bits_per_step, times_ln_2, upside_down],
    "6.5": [the_bigram, the_unigram],
    "6.6": [
        the_table,
        too_far_back,
        nothing_left_over,
        counts_for_shares,
        logarithms,
        a_dictionary,
        one_at_a_time,
        as_text,
        without_the_end,
        probabilities_at_once,
        stops_at_the_beginning,
        keeps_its_own_count,
    ],
}
