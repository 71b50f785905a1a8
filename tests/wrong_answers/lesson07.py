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


WRONG = {
    "7.1": [difference, one_probability, upside_down],
    "7.2": [knob_without_effect, softmax_of_probabilities, not_normalised, wrong_way_round],
    "7.3": [largest_piece, single_pieces, one_too_far, end_included, gap_at_the_end],
    "7.4": [middling, coldest],
}
