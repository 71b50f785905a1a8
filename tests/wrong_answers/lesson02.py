"""Answers that people give to the exercises of lesson 02, and that are wrong."""

import math

import torch


def probability_itself(steps=64, keep=0.5):
    return keep ** (1 / steps)


def sign_turned(steps=64, keep=0.5):
    p = keep ** (1 / steps)
    return math.log((1 - p) / p)


def logarithm_alone(steps=64, keep=0.5):
    return math.log(keep ** (1 / steps))


def for_one_step(steps=64, keep=0.5):
    return math.log(keep / (1 - keep))


def a_share_for_each(steps=64, keep=0.5):
    p = 1 - (1 - keep) / steps
    return math.log(p / (1 - p)) if p < 1 else 0.0


def keras(steps=64, keep=0.5):
    return 1.0


def more_than_enough(steps=64, keep=0.5):
    p = keep ** (1 / steps)
    return math.log(p / (1 - p)) + 0.5


def the_cell_state(C, f, o, steps):
    return f**steps * C


def no_tanh(C, f, o, steps):
    return o * f**steps * C


def no_output_gate(C, f, o, steps):
    return math.tanh(f**steps * C)


def one_step(C, f, o, steps):
    return o * math.tanh(f * C)


def times_the_steps(C, f, o, steps):
    return o * math.tanh(f * steps * C)


def squeezed_first(C, f, o, steps):
    return f**steps * o * math.tanh(C)


def squeezed_each_time(C, f, o, steps):
    for _ in range(steps):
        C = math.tanh(f * C)
    return o * C


def output_gate_each_time(C, f, o, steps):
    return o**steps * math.tanh(f**steps * C)


def nothing_fades(C, f, o, steps):
    return o * math.tanh(C)


def _gates(x, h, w, u, b):
    z = {part: w[part] * x + u[part] * h + b[part] for part in w}
    return torch.sigmoid(z["f"]), torch.sigmoid(z["i"]), torch.tanh(z["C"]), torch.sigmoid(z["o"])


def the_copy(x, h, C, w, u, b):
    f, i, C_tilde, o = _gates(x, h, w, w, b)
    return o * torch.tanh(C), f * C + i * C_tilde


def still_one_weight(x, h, C, w, u, b):
    f, i, C_tilde, o = _gates(x, h, w, w, b)
    C = f * C + i * C_tilde
    return o * torch.tanh(C), C


def still_the_old_state(x, h, C, w, u, b):
    f, i, C_tilde, o = _gates(x, h, w, u, b)
    return o * torch.tanh(C), f * C + i * C_tilde


def wrong_order(x, h, C, w, u, b):
    f, i, C_tilde, o = _gates(x, h, w, u, b)
    C = f * C + i * C_tilde
    return C, o * torch.tanh(C)


def all_sigmoid(x, h, C, w, u, b):
    f, i, _, o = _gates(x, h, w, u, b)
    C = f * C + i * torch.sigmoid(w["C"] * x + u["C"] * h + b["C"])
    return o * torch.tanh(C), C


def gates_exchanged(x, h, C, w, u, b):
    f, i, C_tilde, o = _gates(x, h, w, u, b)
    C = i * C + f * C_tilde
    return o * torch.tanh(C), C


def weights_exchanged(x, h, C, w, u, b):
    f, i, C_tilde, o = _gates(x, h, u, w, b)
    C = f * C + i * C_tilde
    return o * torch.tanh(C), C


def no_biases(x, h, C, w, u, b):
    f, i, C_tilde, o = _gates(x, h, w, u, dict.fromkeys(b, 0.0))
    C = f * C + i * C_tilde
    return o * torch.tanh(C), C


def not_squeezed(x, h, C, w, u, b):
    f, i, C_tilde, o = _gates(x, h, w, u, b)
    C = f * C + i * C_tilde
    return o * C, C


def only_h(x, h, C, w, u, b):
    f, i, C_tilde, o = _gates(x, h, w, u, b)
    return o * torch.tanh(f * C + i * C_tilde)


def the_stubborn_one():
    return 1


def the_sticky_one():
    return 3


def no_numbers():
    return {}


def a_row_of_numbers():
    return [0.0] * 12


def another_name():
    return {"weight_f": 3.0}


def a_word_for_a_number():
    return {"b_f": "high"}


def never_says_a_thing():
    return {"b_f": 4.0, "b_C": -2.0}


def always_on():
    return {"b_f": 6.0, "b_i": 6.0, "b_C": 6.0, "b_o": 6.0}


def high_notes_and_no_memory():
    return {"b_f": -60.0, "b_i": 20.0, "w_C": 30.0, "b_o": 8.0}


def short_memory():
    return {"b_f": -1.0, "b_i": 20.0, "w_C": 3.0, "b_o": 8.0}


WRONG = {
    "2.1": [probability_itself, sign_turned, logarithm_alone, for_one_step, a_share_for_each, keras, more_than_enough],
    "2.2": [
        the_cell_state,
        no_tanh,
        no_output_gate,
        one_step,
        times_the_steps,
        squeezed_first,
        squeezed_each_time,
        output_gate_each_time,
        nothing_fades,
    ],
    "2.3": [
        the_copy,
        still_one_weight,
        still_the_old_state,
        wrong_order,
        all_sigmoid,
        gates_exchanged,
        weights_exchanged,
        no_biases,
        not_squeezed,
        only_h,
    ],
    "2.4": [the_stubborn_one, the_sticky_one],
    "2.5": [
        no_numbers,
        a_row_of_numbers,
        another_name,
        a_word_for_a_number,
        never_says_a_thing,
        always_on,
        high_notes_and_no_memory,
        short_memory,
    ],
}
