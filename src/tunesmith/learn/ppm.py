"""PPM: what came next after the same notes, in long contexts and short ones at once. Lesson 11.

Prediction by partial matching (Cleary & Witten 1984) counts what followed every context that it has read. To foretell,
it looks the last notes up in contexts of all lengths and blends what it finds; no network, no training, one reading.

- Escape method C (Moffat 1990): a context with n counts and u different followers leaves u / (n + u) to a shorter one.
- Interpolated (Bunton 1997): the shorter contexts add to every follower, not to new ones alone.
- PPM* (Cleary & Teahan 1997) bounds no context's length. It starts from the shortest context that has had one follower
  alone, if there is one, else from the longest that is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from tunesmith.tokens.vocabulary import Vocabulary

Counts = dict[int, int]  # id of a follower → how often it followed


class PPM:
    """A model that foretells the next of V ids from counts. Lesson 11.

    size: V, how many ids there are. order: the longest context, 0 or more; None: any length (PPM*).
    exclude: a context's n leaves out the counts of ids that have followed the next longer context too, and at the end
    all is divided by its sum, as in Pearce (2005, section 6.2.3); False: plain interpolation, where shorter contexts
    are heard less.
    Raises ValueError for a size below 1 and an order below 0.
    """

    def __init__(self, size: int, order: int | None = 2, exclude: bool = False) -> None:
        if size < 1 or (order is not None and order < 0):
            raise ValueError(f"size {size} should be 1 or more, and order {order} 0 or more, or None for any length")
        self.size, self.order, self.exclude = size, order, exclude
        self._followers: dict[tuple[int, ...], Counts] = {}

    def learn(self, ids: Sequence[int], given: int = 0) -> PPM:
        """Count a song's ids, each after all its contexts. Gives the model itself.

        given: the first so many ids are context alone. Raises ValueError for an id outside 0 … V − 1.
        """
        ids = self._checked(ids)
        for place in range(given, len(ids)):
            self._count(ids, place)
        return self

    def probabilities(self, context: Sequence[int], order: int | None = None) -> np.ndarray:
        """How likely each id is to come after `context`: (V,), float64, adding up to 1, none of them 0.

        order: of the contexts that were counted, use none that is longer.
        """
        return self._probabilities(self._checked(context), order)

    def log_probabilities(
        self, ids: Sequence[int], *, given: int = 0, order: int | None = None, learning: bool = False
    ) -> np.ndarray:
        """At each place of a song, after `given` ids, the logarithms of what is foretold there: (T − given, V).

        learning: each id is counted once it has been foretold, so that the model learns on while it reads. A new
        model that does so is a memory of the song itself. order: see `probabilities`.
        """
        ids = self._checked(ids)
        rows = np.empty((max(len(ids) - given, 0), self.size))
        for place in range(given, len(ids)):
            rows[place - given] = self._probabilities(ids[:place], order)
            if learning:
                self._count(ids, place)
        return np.log(rows)

    def _count(self, ids: tuple[int, ...], place: int) -> None:
        longest = place if self.order is None else min(place, self.order)
        for start in range(place - longest, place + 1):
            followers = self._followers.setdefault(ids[start:place], {})
            followers[ids[place]] = followers.get(ids[place], 0) + 1

    def _known(self, context: tuple[int, ...], order: int | None) -> list[Counts]:
        """The counts of the contexts to blend, the shortest first."""
        limits = [limit for limit in (len(context), self.order, order) if limit is not None]
        known = []
        for length in range(min(limits) + 1):
            followers = self._followers.get(context[len(context) - length :])
            if followers is None:  # then no longer one is known
                break
            known.append(followers)
            if self.order is None and len(followers) == 1:  # deterministic: PPM* starts here
                break
        return known

    def _probabilities(self, context: tuple[int, ...], order: int | None) -> np.ndarray:
        known = self._known(context, order)
        p = [0.0] * self.size
        escape, longer = 1.0, {}  # what is left to shorter contexts; what followed the longer one
        for followers in reversed(known):
            n = sum(count for i, count in followers.items() if not (self.exclude and i in longer))
            if n:
                share = escape / (n + len(followers))
                for i, count in followers.items():
                    p[i] += share * count
                escape *= len(followers) / (n + len(followers))
            longer = followers
        seen = len(known[0]) if self.exclude and known else 1
        p = np.array(p) + escape / (self.size + 1 - seen)  # what is left is for all alike
        return p / p.sum()

    def _checked(self, ids: Sequence[int]) -> tuple[int, ...]:
        ids = tuple(map(int, ids))
        if ids and not 0 <= min(ids) <= max(ids) < self.size:
            wrong = next(i for i in ids if not 0 <= i < self.size)
            raise ValueError(f"id {wrong} is outside this model's alphabet: 0 to {self.size - 1}")
        return ids


def combine(log_probabilities: Sequence[np.ndarray], exponent: float = 1.0) -> np.ndarray:
    """Several models' guesses as one: their weighted geometric mean. Lesson 11.

    log_probabilities: of each model, an array (…, V) of natural logarithms. Gives logarithms of the same shape, each
    distribution adding up to 1. A model's weight is (H / ln V) ** −exponent, where H is the entropy of its guess: the
    surer it is, the more it counts (Conklin & Witten 1995; the geometric mean: Pearce, Conklin & Wiggins 2005).
    exponent: 0 weighs all alike. Raises ValueError for no models, and for a negative exponent.
    """
    if not len(log_probabilities) or not exponent >= 0:
        raise ValueError(f"there should be models to combine, and the exponent {exponent} should be 0 or more")
    guesses = np.stack(log_probabilities)  # (M, …, V)
    weights = np.maximum(entropy(guesses) / math.log(max(guesses.shape[-1], 2)), 1e-9) ** -exponent
    mixed = (guesses * (weights / weights.sum(0))[..., None]).sum(0)
    return mixed - np.logaddexp.reduce(mixed, axis=-1, keepdims=True)


def entropy(log_probabilities: np.ndarray) -> np.ndarray:
    """How open a guess is, in nats: (…, V) logarithms → (…,), from 0 to ln V. Lesson 11."""
    return -(np.exp(log_probabilities) * log_probabilities).sum(-1)


def song_ppm(
    vocabulary: Vocabulary, songs: Sequence[Sequence[str] | str], order: int | None = 8, exclude: bool = False
) -> PPM:
    """One table of counts for token songs, from which every order up to `order` can be read. Lesson 11.

    The delimiter stands before and after each song: the beginning can be a context, the end is foretold. exclude: see
    `PPM`; with it, time-step tokens are foretold better from order 5 on (erk: 0.92 nats a step at order 8, not 1.03).
    """
    model = PPM(len(vocabulary), order, exclude)
    for song in songs:
        model.learn(delimited_ids(vocabulary, song), given=1)
    return model


def song_guesses(
    model: PPM, vocabulary: Vocabulary, songs: Sequence[Sequence[str] | str], order: int | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each token song what `model` foretells, (T + 1, V) logarithms, and what came, (T + 1,). Lesson 11."""
    for song in songs:
        ids = delimited_ids(vocabulary, song)
        yield model.log_probabilities(ids, given=1, order=order), ids[1:]


def delimited_ids(vocabulary: Vocabulary, song: Sequence[str] | str) -> np.ndarray:
    """A song's ids with the delimiter before and after it: (T + 2,), int64."""
    end = vocabulary.ids([vocabulary.END])
    return np.concatenate([end, vocabulary.ids(song), end])
