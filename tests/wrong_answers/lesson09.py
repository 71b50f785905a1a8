"""Answers that people give to the exercises of lesson 09, and that are wrong."""

import random

import numpy as np

from tunesmith.scratch import Tensor


def one_each(T):
    return 4 * T


def gates_only(T):
    return 6 * T


def stars_too(T):
    return 11 * T


def one_step(T):
    return 8


def first_step_is_free(T):
    return 8 * (T - 1)


def backward_too(T):
    return 24 * T


def _in_pieces(lstm, x, every, carry):
    hidden, state = [], None
    for start in range(0, len(x), every):
        out, (h, C) = lstm(x[start : start + every], state)
        hidden.append(out)
        state = carry(h, C)
    return hidden


def deaf(lstm, x, every):
    return _in_pieces(lstm, x, every, lambda h, C: None)


def cuts_h_alone(lstm, x, every):
    return _in_pieces(lstm, x, every, lambda h, C: (h.detach(), C))


def cuts_C_alone(lstm, x, every):
    return _in_pieces(lstm, x, every, lambda h, C: (h, C.detach()))


def cuts_nothing(lstm, x, every):
    return _in_pieces(lstm, x, every, lambda h, C: (h, C))


def forgets_C(lstm, x, every):
    return _in_pieces(lstm, x, every, lambda h, C: (h.detach(), Tensor(np.zeros(C.shape))))


def exchanges_them(lstm, x, every):
    return _in_pieces(lstm, x, every, lambda h, C: (C.detach(), h.detach()))


def cuts_the_output(lstm, x, every):
    return [out.detach() for out in _in_pieces(lstm, x, every, lambda h, C: (h.detach(), C.detach()))]


def in_one_piece(lstm, x, every):
    hidden = lstm(x)[0]
    return [hidden[start : start + every] for start in range(0, len(x), every)]


def the_last_alone(lstm, x, every):
    return _in_pieces(lstm, x, every, lambda h, C: (h.detach(), C.detach()))[-1:]


def one_tensor(lstm, x, every):
    return lstm(x)[0]


def _largest(count, budget):
    H = 0
    while count(H + 1) <= budget:
        H += 1
    return H


def size_of_an_lstm(inputs, budget):
    return _largest(lambda H: 4 * (inputs * H + H * H + H), budget)


def one_block(inputs, budget):
    return _largest(lambda H: inputs * H + H * H + 2 * H, budget)


def no_recurrence(inputs, budget):
    return _largest(lambda H: 3 * (inputs * H + H), budget)


def no_inputs(inputs, budget):
    return _largest(lambda H: 3 * H * H, budget)


def one_too_many(inputs, budget):
    return _largest(lambda H: 3 * (inputs * H + H * H + H) + H, budget) + 1


def one_too_few(inputs, budget):
    return _largest(lambda H: 3 * (inputs * H + H * H + H) + H, budget) - 1


def not_whole(inputs, budget):
    return (-(inputs + 4 / 3) + ((inputs + 4 / 3) ** 2 + 4 * budget / 3) ** 0.5) / 2


def eight_products(x, h, W, U, b):
    return [x @ W[k] + h @ U[k] + b[k] for k in range(4)]


def without_biases(x, h, W, U, b):
    return np.split(x @ np.concatenate(W, 1) + h @ np.concatenate(U, 1), 4, axis=1)


def without_h(x, h, W, U, b):
    return np.split(x @ np.concatenate(W, 1) + np.concatenate(b), 4, axis=1)


def another_order(x, h, W, U, b):
    f, i, C, o = _joined(x, h, W, U, b)
    return [i, f, C, o]


def every_fourth(x, h, W, U, b):
    z = np.concatenate(_joined(x, h, W, U, b), axis=1)
    return [z[:, k::4] for k in range(4)]


def not_parted(x, h, W, U, b):
    return np.concatenate(_joined(x, h, W, U, b), axis=1)


def gates_added(x, h, W, U, b):
    z = sum(_joined(x, h, W, U, b))
    return [z] * 4


def _joined(x, h, W, U, b):
    return np.split(x @ np.concatenate(W, 1) + h @ np.concatenate(U, 1) + np.concatenate(b), 4, axis=1)


def the_jig():
    return 1


def the_network():
    return 3


def an_echo(calls, responses):
    return lambda call: call


def always_the_same(calls, responses):
    return lambda call: responses[0]


def what_it_has_heard(calls, responses):
    known = {tuple(call): response for call, response in zip(calls, responses)}
    return lambda call: known.get(tuple(call), [])


def by_lot(calls, responses):
    draw = random.Random(1)
    return lambda call: [draw.choice(call) for _ in responses[0]]


def the_answers_themselves(calls, responses):
    return responses


def a_word(calls, responses):
    return lambda call: "G A G"


WRONG = {
    "9.1": [one_each, gates_only, stars_too, one_step, first_step_is_free, backward_too],
    "9.2": [
        deaf,
        cuts_h_alone,
        cuts_C_alone,
        cuts_nothing,
        forgets_C,
        exchanges_them,
        cuts_the_output,
        in_one_piece,
        the_last_alone,
        one_tensor,
    ],
    "9.3": [size_of_an_lstm, one_block, no_recurrence, no_inputs, one_too_many, one_too_few, not_whole],
    "9.4": [eight_products, without_biases, without_h, another_order, every_fourth, not_parted, gates_added],
    "9.5": [the_jig, the_network],
    "9.6": [an_echo, always_the_same, what_it_has_heard, by_lot, the_answers_themselves, a_word],
}
