"""Answers that people give to the exercises of lesson 01, and that are wrong."""


def weights_for_each_step(D, H, T):
    return T * (H * D + H * H + H)


def no_bias(D, H, T):
    return H * D + H * H


def no_way_back(D, H, T):
    return H * D + H


def two_biases(D, H, T):
    return H * D + H * H + 2 * H


def one_weight_back_each(D, H, T):
    return H * D + 2 * H


def always_from_nought(x, step):
    return [step(x_t, 0.0) for x_t in x]


def one_late(x, step):
    h, states = 0.0, []
    for x_t in x:
        states.append(h)
        h = step(x_t, h)
    return states


def with_the_start(x, step):
    states = [0.0]
    for x_t in x:
        states.append(step(x_t, states[-1]))
    return states


def only_the_last(x, step):
    h = 0.0
    for x_t in x:
        h = step(x_t, h)
    return [h]


def swapped(x, step):
    h, states = 0.0, []
    for x_t in x:
        h = step(h, x_t)
        states.append(h)
    return states


def last_step_only(g, w_h, x, h):
    return g * (1 - h[-1] ** 2) * x[-1]


def without_tanh(g, w_h, x, h):
    total = 0.0
    for t in range(len(x), 0, -1):
        total += g * x[t - 1]
        g *= w_h
    return total


def g_stays(g, w_h, x, h):
    return sum(g * (1 - h[t] ** 2) * x[t - 1] for t in range(1, len(x) + 1))


def back_through_w_h_alone(g, w_h, x, h):
    total = 0.0
    for t in range(len(x), 0, -1):
        total += g * (1 - h[t] ** 2) * x[t - 1]
        g *= w_h
    return total


def back_through_tanh_alone(g, w_h, x, h):
    total = 0.0
    for t in range(len(x), 0, -1):
        g *= 1 - h[t] ** 2
        total += g * x[t - 1]
    return total


def for_w_h(g, w_h, x, h):
    total = 0.0
    for t in range(len(x), 0, -1):
        g *= 1 - h[t] ** 2
        total += g * h[t - 1]
        g *= w_h
    return total


def no_slope_in_the_share(g, w_h, x, h):
    total = 0.0
    for t in range(len(x), 0, -1):
        total += g * x[t - 1]
        g *= (1 - h[t] ** 2) * w_h
    return total


def forwards(g, w_h, x, h):
    total = 0.0
    for t in range(1, len(x) + 1):
        total += g * (1 - h[t] ** 2) * x[t - 1]
        g *= (1 - h[t] ** 2) * w_h
    return total


def back_too_soon(g, w_h, x, h):
    total = 0.0
    for t in range(len(x), 0, -1):
        g *= (1 - h[t] ** 2) * w_h
        total += g * (1 - h[t] ** 2) * x[t - 1]
    return total


def one_note_on(g, w_h, x, h):
    total = 0.0
    for t in range(len(x), 0, -1):
        total += g * (1 - h[t] ** 2) * x[t]
        g *= (1 - h[t] ** 2) * w_h
    return total


def each_by_itself(gradient, limit):
    return gradient.clamp(-limit, limit)


def always_that_long(gradient, limit):
    return gradient * limit / gradient.norm().clamp(min=1e-12)


def by_nought(gradient, limit):
    return gradient * (limit / gradient.norm()).clamp(max=1.0) if gradient.norm() else gradient / gradient.norm()


def untouched(gradient, limit):
    return gradient


def to_length_one(gradient, limit):
    return gradient / gradient.norm() if gradient.norm() > limit else gradient


def along_the_axes(gradient, limit):
    return gradient * min(1.0, limit / float(gradient.abs().sum() or 1))


def times_the_limit(gradient, limit):
    return gradient * limit if gradient.norm() > limit else gradient


def the_first():
    return 1


def the_second():
    return 2


def three_lists():
    return [1.0], [[1.0]], [0.0]


def nine_numbers():
    return [1.0] * 9, [[0.0] * 9] * 9, [0.0] * 9, [0.1] * 9


def a_row_too_short():
    return [1.0, 1.0], [[1.0], [1.0]], [0.0, 0.0], [0.5, 0.5]


def v_too_short():
    return [1.0, 1.0], [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [0.5]


def far_away():
    return [10.0, 1.0], [[20.0, 0.0], [0.0, 0.0]], [0.0, 0.0], [3.0, 1.0]


def deaf():
    return [10.0], [[20.0]], [0.0], [1.0]


def forgetful():
    return [1.0], [[0.5]], [0.0], [1.0]


WRONG = {
    "1.1": [weights_for_each_step, no_bias, no_way_back, two_biases, one_weight_back_each],
    "1.2": [always_from_nought, one_late, with_the_start, only_the_last, swapped],
    "1.3": [
        last_step_only,
        without_tanh,
        g_stays,
        back_through_w_h_alone,
        back_through_tanh_alone,
        for_w_h,
        no_slope_in_the_share,
        forwards,
        back_too_soon,
        one_note_on,
    ],
    "1.4": [each_by_itself, always_that_long, by_nought, untouched, to_length_one, along_the_axes, times_the_limit],
    "1.5": [the_first, the_second],
    "1.6": [three_lists, nine_numbers, a_row_too_short, v_too_short, far_away, deaf, forgetful],
}
