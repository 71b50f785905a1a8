"""Answers that people give to the exercises of lesson 08, and that are wrong."""

import numpy as np


def one_factor(a):
    return 2 * a


def one_term(a):
    return 3 * a


def the_value(a):
    return 2 * a * a


def factors_of_one(a):
    return 2 + 2 * a


def as_text(a):
    return "4a"


def from_the_first(nodes):
    for node in nodes:
        for parent, derivative in node.edges:
            parent.grad = parent.grad + derivative(node.grad)


def overwritten(nodes):
    for node in reversed(nodes):
        for parent, derivative in node.edges:
            parent.grad = derivative(node.grad)


def ones_instead(nodes):
    for node in reversed(nodes):
        for parent, derivative in node.edges:
            parent.grad = parent.grad + derivative(1.0)


def doubled_start(nodes):
    nodes[-1].grad += 1
    for node in reversed(nodes):
        for parent, derivative in node.edges:
            parent.grad = parent.grad + derivative(node.grad)


def one_side(f, values, h=1e-5):
    return [(f([*values[:i], x + h, *values[i + 1 :]]) - f(values)) / h for i, x in enumerate(values)]


def turned(f, values, h, by):
    pairs = [([*values[:i], x + h, *values[i + 1 :]], [*values[:i], x - h, *values[i + 1 :]]) for i, x in by]
    return [f(up) - f(down) for up, down in pairs]


def by_h(f, values, h=1e-5):
    return [slope / h for slope in turned(f, values, h, enumerate(values))]


def down_minus_up(f, values, h=1e-5):
    return [-slope / (2 * h) for slope in turned(f, values, h, enumerate(values))]


def all_at_once(f, values, h=1e-5):
    slope = (f([x + h for x in values]) - f([x - h for x in values])) / (2 * h)
    return [slope] * len(values)


def never_back(f, values, h=1e-5):
    up, down, slopes = list(values), list(values), []
    for i in range(len(values)):
        up[i] += h
        down[i] -= h
        slopes.append((f(up) - f(down)) / (2 * h))
    return slopes


def the_first_alone(f, values, h=1e-5):
    return (f([values[0] + h, *values[1:]]) - f([values[0] - h, *values[1:]])) / (2 * h)


def right_line():
    return 1


def lower():
    return 3


def adam(w, g, m, v, t, lr, beta1, beta2, eps, *, hats=True, square=True, root=True, under=False, sign=-1.0):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g**2 if square else g)
    m_hat, v_hat = (m / (1 - beta1**t), v / (1 - beta2**t)) if hats else (m, v)
    below = np.sqrt(v_hat + eps) if under else (np.sqrt(np.abs(v_hat)) if root else v_hat) + eps
    return w + sign * lr * m_hat / below, m, v


def without_hats(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam(w, g, m, v, t, lr, beta1, beta2, eps, hats=False)


def not_squared(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam(w, g, m, v, t, lr, beta1, beta2, eps, square=False)


def no_root(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam(w, g, m, v, t, lr, beta1, beta2, eps, root=False)


def eps_under_the_root(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam(w, g, m, v, t, lr, beta1, beta2, eps, under=True)


def uphill(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam(w, g, m, v, t, lr, beta1, beta2, eps, sign=1.0)


def hats_kept(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w, m / (1 - beta1**t), v / (1 - beta2**t)


def betas_swapped(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam(w, g, m, v, t, lr, 1 - beta1, beta2, eps)


def only_w(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam(w, g, m, v, t, lr, beta1, beta2, eps)[0]


def a_list(x):
    return ((x[1:] - x[:-1]) ** 2 - 4) ** 2


def a_plain_number(x):
    return float(((x.data[1:] - x.data[:-1]) ** 2).mean())


def cut_off(x):
    return (x.detach() ** 2).mean()


def all_the_same(x):
    return ((x - 60) ** 2).mean()


def no_end(x):
    return (((x[1:] - x[:-1]) ** 2 - 4) ** 2).mean() + ((x - 66) ** 2).mean() + 10 * (x[-1] - 62) ** 2


def wild_leaps(x):
    return ((x[1:] - x[:-1]) ** 2 - 400).mean() ** 2 + 0.1 * ((x - 66) ** 2).mean() + 100 * (x[-1] - 60) ** 2


def one_tune(x):
    return ((x - np.array([60, 62, 64, 65, 67, 65, 62] * 3 + [67, 65, 64, 62, 64, 62, 60])) ** 2).mean()


WRONG = {
    "8.1": [one_factor, one_term, the_value, factors_of_one, as_text],
    "8.2": [from_the_first, overwritten, ones_instead, doubled_start],
    "8.3": [one_side, by_h, down_minus_up, all_at_once, never_back, the_first_alone],
    "8.4": [right_line, lower],
    "8.5": [
        without_hats,
        not_squared,
        no_root,
        eps_under_the_root,
        uphill,
        hats_kept,
        betas_swapped,
        only_w,
    ],
    "8.6": [a_list, a_plain_number, cut_off, all_the_same, no_end, wild_leaps, one_tune],
}
