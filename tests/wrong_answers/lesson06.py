"""Answers that people give to the exercises of lesson 06, and that are wrong."""

import math


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


WRONG = {
    "6.1": [one_gate, three_gates, one_bias, no_biases, no_recurrence],
    "6.2": [log_of_the_mean, only_the_sum, no_minus, mean_probability, all_tokens],
    "6.3": [from_zero, goes_on, looks_ahead, one_more, keeps_the_last, equal_is_lower],
    "6.4": [nats_per_note, bits_per_step, times_ln_2, upside_down],
    "6.5": [the_bigram, the_unigram],
}
