"""Wrong answers to lesson 05's exercises, as people give them. Each must get a hint of its own."""

from __future__ import annotations

import random
from collections.abc import Callable

# 5.1: read the picture


def ids_for_tokens(X, tokens):
    return [row.index(max(row)) for row in X]


def down_the_columns(X, tokens):
    return [tokens[column.index(max(column)) % len(tokens)] for column in zip(*X, strict=True)]


def first_above_a_half(X, tokens):
    return [tokens[next((i for i, x in enumerate(row) if x > 0.5), 0)] for row in X]


def without_the_sign(X, tokens):
    return [tokens[max(range(len(row)), key=lambda i: abs(row[i]))] for row in X]


def the_smallest(X, tokens):
    return [tokens[row.index(min(row))] for row in X]


def the_first_row_only(X, tokens):
    return [tokens[X[0].index(max(X[0]))]]


# 5.2: how many targets


def no_ends(lengths):
    return sum(lengths)


def no_beginnings(lengths):
    return sum(length - 1 for length in lengths)


def both_ends(lengths):
    return sum(length + 2 for length in lengths)


def one_end_for_all(lengths):
    return sum(lengths) + 1


def full_windows_only(lengths):
    return sum(max(0, length - 64) for length in lengths)


def steps_in_windows(lengths):
    return 64 * sum(lengths)


# 5.3: which window holds two songs


def the_calm_one():
    return 1


def the_hymn():
    return 3


# 5.4: mend the windows


def as_given(songs, length):
    """The broken version that the exercise prints: windows look into the song before."""
    row = [0] * length
    for song in songs:
        row = row + song + [0]
    pairs = []
    for i in range(len(row) - length):
        pairs.append((row[i : i + length], row[i + length]))
    return pairs


def without_ends(songs, length):
    pairs = []
    for song in songs:
        row = [0] * length + song
        pairs += [(row[i : i + length], row[i + length]) for i in range(len(song))]
    return pairs


def two_ends(songs, length):
    pairs = []
    for song in songs:
        row = [0] * length + song + [0, 0]
        pairs += [(row[i : i + length], row[i + length]) for i in range(len(song) + 2)]
    return pairs


def not_filled_up(songs, length):
    pairs = []
    for song in songs:
        row = [*song, 0]
        pairs += [(row[max(0, i - length) : i], row[i]) for i in range(len(row))]
    return pairs


def full_ones_only(songs, length):
    pairs = []
    for song in songs:
        row = [*song, 0]
        pairs += [(row[i : i + length], row[i + length]) for i in range(len(row) - length)]
    return pairs


def target_in_its_window(songs, length):
    pairs = []
    for song in songs:
        row = [0] * length + song + [0]
        pairs += [(row[i + 1 : i + length + 1], row[i + length]) for i in range(len(song) + 1)]
    return pairs


def filled_up_behind(songs, length):
    pairs = []
    for song in songs:
        row = [*song, 0]
        for i in range(len(row)):
            window = row[max(0, i - length) : i]
            pairs.append((window + [0] * (length - len(window)), row[i]))
    return pairs


def target_one_too_far(songs, length):
    pairs = []
    for song in songs:
        row = [0] * length + song + [0, 0]
        pairs += [(row[i : i + length], row[i + length + 1]) for i in range(len(song) + 1)]
    return pairs


# 5.5: bytes


def numbers_for_bytes(targets, length, size):
    return targets * length * size


def double_precision(targets, length, size):
    return 8 * targets * length * size


def bits(targets, length, size):
    return 32 * targets * length * size


def one_number_a_step(targets, length, size):
    return 4 * targets * length


def one_step_a_window(targets, length, size):
    return 4 * targets * size


def in_gigabytes(targets, length, size):
    return 4 * targets * length * size / 1e9


# 5.6: the mean without padding


def padding_counted(losses, targets):
    return sum(map(sum, losses)) / sum(map(len, losses))


def divided_by_all_places(losses, targets):
    pairs = [pair for row, ids in zip(losses, targets, strict=True) for pair in zip(row, ids, strict=True)]
    return sum(loss for loss, target in pairs if target != -100) / len(pairs)


def a_sum(losses, targets):
    pairs = [pair for row, ids in zip(losses, targets, strict=True) for pair in zip(row, ids, strict=True)]
    return sum(loss for loss, target in pairs if target != -100)


def mean_of_means(losses, targets):
    means = []
    for row, ids in zip(losses, targets, strict=True):
        kept = [loss for loss, target in zip(row, ids, strict=True) if target != -100]
        means.append(sum(kept) / len(kept))
    return sum(means) / len(means)


def ends_left_out(losses, targets):
    pairs = [pair for row, ids in zip(losses, targets, strict=True) for pair in zip(row, ids, strict=True)]
    kept = [loss for loss, target in pairs if target > 0]
    return sum(kept) / len(kept)


# 5.7: batches of one's own


def as_they_come(lengths, size, rng):
    order = list(range(len(lengths)))
    rng.shuffle(order)
    return [order[i : i + size] for i in range(0, len(order), size)]


def sorted_then_shuffled(lengths, size, rng):
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches


def short_ones_first(lengths, size, rng):
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] * rng.uniform(0.9, 1.1))
    return [order[i : i + size] for i in range(0, len(order), size)]


def one_by_one(lengths, size, rng):
    return [[i] for i in range(len(lengths))]


def full_ones(lengths, size, rng):
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] * rng.uniform(0.9, 1.1))
    return [order[i : i + size] for i in range(0, len(order) - size + 1, size)]


def drawn_again(lengths, size, rng):
    places = range(len(lengths))
    return [list(places)[:size], *([rng.choice(places)] for _ in places), list(places)[size:] or [0]]


def one_large_batch(lengths, size, rng):
    return [list(range(len(lengths)))]


def lengths_for_places(lengths, size, rng):
    return [sorted(lengths)[i : i + size] for i in range(0, len(lengths), size)]


def luck_of_its_own(lengths, size, rng):
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] * random.uniform(0.9, 1.1))
    return [order[i : i + size] for i in range(0, len(order), size)]


WRONG: dict[str, list[Callable]] = {
    "5.1": [
        ids_for_tokens,
        down_the_columns,
        first_above_a_half,
        without_the_sign,
        the_smallest,
        the_first_row_only,
    ],
    "5.2": [no_ends, no_beginnings, both_ends, one_end_for_all, full_windows_only, steps_in_windows],
    "5.3": [the_calm_one, the_hymn],
    "5.4": [
        as_given,
        without_ends,
        two_ends,
        not_filled_up,
        full_ones_only,
        target_in_its_window,
        filled_up_behind,
        target_one_too_far,
    ],
    "5.5": [numbers_for_bytes, double_precision, bits, one_number_a_step, one_step_a_window, in_gigabytes],
    "5.6": [padding_counted, divided_by_all_places, a_sum, mean_of_means, ends_left_out],
    "5.7": [
        as_they_come,
        sorted_then_shuffled,
        short_ones_first,
        one_by_one,
        full_ones,
        drawn_again,
        one_large_batch,
        lengths_for_places,
        luck_of_its_own,
    ],
}
