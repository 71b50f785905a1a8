"""From logits to a note, and from a model to a melody. Lesson 07 writes the sampling in the notebook.

All in float64, by inverse cumulative sums from one number a step, so that the same generator gives
the same melody on every machine and with every version of PyTorch.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from tunesmith.learn.repetition import lean
from tunesmith.learn.windows import one_hot
from tunesmith.models.token_model import TokenModel
from tunesmith.music.key import Key, estimate_key
from tunesmith.music.melody import Melody, exact
from tunesmith.tokens.steps import HOLD, decode, encode, split_tokens
from tunesmith.tokens.vocabulary import DELIMITER, Vocabulary

Frame = tuple[str | None, float | str | Fraction]  # a melody's metre and upbeat


def probabilities(
    logits: Tensor,
    temperature: float = 1.0,
    *,
    top_k: int | None = None,
    top_p: float | None = None,
    typical_p: float | None = None,
) -> Tensor:
    """softmax(x / T), cut down to the likely tokens if wanted: logits (V,) → probabilities (V,), float64. Lesson 07.

    temperature: 0 or more. 1 takes the model at its word, near 0 only the best is left (at 0 it is
    the argmax), far above 1 all become alike.
    top_k: 1 or more; only the k likeliest are kept, and those as likely as the k-th (Fan et al. 2018).
    top_p: above 0, up to 1; only the nucleus is kept, the fewest tokens that together have a probability of p or more
    (Holtzman et al. 2020).
    typical_p: above 0, up to 1; only the typical set is kept: the fewest tokens that together have a probability of p
    or more, those first whose surprise −log p is nearest to the mean surprise, the entropy (Meister et al. 2023,
    "Locally typical sampling"). So the likeliest token may go too, where it would say nothing new. Lesson 11.
    All act after the temperature, in this order; what is kept adds up to 1 again, each time.
    Raises ValueError for settings outside these ranges.
    """
    if not temperature >= 0 or math.isinf(temperature):
        raise ValueError(f"temperature {temperature} should be 0 or more: 1 is the model's own, lower is safer")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k {top_k} should be 1 or more: so many tokens are kept")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p {top_p} should be above 0 and at most 1: the nucleus has so much probability")
    if typical_p is not None and not 0 < typical_p <= 1:
        raise ValueError(f"typical_p {typical_p} should be above 0 and at most 1: the typical set has so much of it")
    logits = logits.double()
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(), len(logits)).double()
    # The highest logit is taken off first: at a low temperature x / T alone would overflow.
    p = torch.softmax((logits - logits.max()) / temperature, dim=0)
    if top_k is not None:
        p = _renormalised(p, p >= p.topk(min(top_k, len(p))).values[-1])
    if top_p is not None and top_p < 1:  # at 1 even what is lost in rounding stays
        p = _renormalised(p, _first_to_reach(p, p.argsort(descending=True, stable=True), top_p))
    if typical_p is not None and typical_p < 1:
        surprise = -p.log()  # infinite for a token that is forbidden
        entropy = torch.where(p > 0, p * surprise, 0.0).sum()
        p = _renormalised(p, _first_to_reach(p, (surprise - entropy).abs().argsort(stable=True), typical_p))
    return p


def _first_to_reach(p: Tensor, order: Tensor, share: float) -> Tensor:
    """Which tokens, the first in this order, are needed to reach a probability of `share`: (V,), bool."""
    before = torch.nn.functional.pad(p[order].cumsum(0)[:-1], (1, 0))  # what the earlier ones have already
    return torch.zeros_like(p, dtype=torch.bool).scatter(0, order, before < share)


def _renormalised(p: Tensor, kept: Tensor) -> Tensor:
    p = torch.where(kept, p, 0.0)
    return p / p.sum()


def sample(
    logits: Tensor,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    *,
    top_k: int | None = None,
    top_p: float | None = None,
    typical_p: float | None = None,
) -> int:
    """Draw an id from logits (V,): one random number, placed on the cumulative sums. Lesson 07.

    The settings, and the errors, are those of `probabilities`.
    """
    cumulative = probabilities(logits, temperature, top_k=top_k, top_p=top_p, typical_p=typical_p).cumsum(0)
    place = torch.rand(1, dtype=torch.float64, generator=generator) * cumulative[-1]
    return min(int(torch.searchsorted(cumulative, place, right=True)), len(logits) - 1)


def generate(
    model: TokenModel,
    seed: str | Sequence[str] | Melody = "",
    *,
    steps: int = 200,
    minimum: int = 64,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    typical_p: float | None = None,
    repetition: float = 0.0,
    generator: torch.Generator | None = None,
    metre: str | None = "4/4",
    upbeat: float | str | Fraction = 0,
    title: str = "",
) -> Melody:
    """Let a model continue a seed (or begin from nothing) until it ends the song. Lesson 07.

    seed: tokens such as ``"65 _ _ _ 65 _ 69"``, or a melody in C major or A minor.
    steps: at most so many new steps. minimum: the song does not end before so many steps in all.
    temperature, top_k, top_p, typical_p: see `probabilities`. repetition: above 0 what has been sung is liked to come
    again, below 0 it is shunned, see `lean`. generator: decides every draw; a new one if None.
    metre, upbeat: how the result is barred. A model with the view "bar" hears them while it writes; another one has
    not heard of either.

    A `MelodyLSTM` carries its state from step to step; a `WindowLSTM` reads its last steps anew each
    time. Every result is a valid melody. Raises ValueError for a seed with unknown tokens, naming the
    nearest known ones, for settings out of range, and for a model without a vocabulary.
    """
    check_request(model, steps, metre, upbeat)
    if generator is None:
        generator = torch.Generator()
        generator.seed()
    start = seed_tokens(model, seed)
    tokens = list(start)
    vocabulary = model.vocabulary
    end, hold = end_and_hold(vocabulary)
    read = reader(model, [(metre, upbeat)])
    new = [end, *vocabulary.ids(start)]
    with torch.no_grad():
        while len(tokens) < len(start) + steps:
            logits = read([new])[0]
            if len(tokens) < max(minimum, 1):
                logits[end] = -math.inf
            if not tokens and hold is not None:
                logits[hold] = -math.inf  # nothing sounds yet that could be held
            if repetition:
                logits = lean(logits, vocabulary.ids(tokens).tolist(), repetition)
            choice = sample(logits, temperature, generator, top_k=top_k, top_p=top_p, typical_p=typical_p)
            if choice == end:
                break
            tokens.append(vocabulary[choice])
            new = [choice]
    melody = decode(tokens, model.step, time_signature=metre, upbeat=upbeat, title=title)
    return melody.replace(key=key_of(melody))


def check_request(model: TokenModel, steps: int, metre: str | None, upbeat: float | str | Fraction) -> None:
    """Raise ValueError, before the work, for a model that writes no melodies and for settings out of range."""
    if model.vocabulary is None:
        raise ValueError(f"this {type(model).__name__} has no vocabulary: build it with vocabulary=…")
    if model.unit == "character":
        raise ValueError(f"a {type(model).__name__} writes text, not tokens: use generate_text")
    if steps < 1:
        raise ValueError(f"steps {steps} should be 1 or more")
    decode([], model.step, time_signature=metre, upbeat=upbeat)  # refuses a metre that is none


def end_and_hold(vocabulary: Vocabulary) -> tuple[int, int | None]:
    """The ids of what ends a song and of what holds a note; None for the latter where the vocabulary has none."""
    return vocabulary.ids([DELIMITER, HOLD]) if HOLD in vocabulary else (vocabulary.ids([DELIMITER])[0], None)


def reader(model: TokenModel, frames: Sequence[Frame]) -> Callable[[Sequence[Sequence[int]]], Tensor]:
    """A function that takes the ids that are new, equally many for each of some melodies, and gives the logits
    (melodies, V) for the next one, in float64. frames: the melodies' metres and upbeats, for a model that hears them.
    """
    network = copy.deepcopy(model).cpu().double().eval()
    length = model.sequence_length
    if length is None:
        state = None
        heard: list[list[int]] = [[] for _ in frames]

        def go_on(new: Sequence[Sequence[int]]) -> Tensor:
            nonlocal state
            beside = {}
            if model.views is not None and model.views.names:
                for ids, more in zip(heard, new, strict=True):
                    ids.extend(int(i) for i in more)
                rows = [
                    model.views(ids, metre, exact(upbeat)) for ids, (metre, upbeat) in zip(heard, frames, strict=True)
                ]
                beside["views"] = torch.from_numpy(np.stack(rows)[:, -len(new[0]) :])
            logits, state = network(torch.tensor(new), state, **beside)
            return logits[:, -1]

        return go_on

    size = len(model.vocabulary)
    windows = torch.full((len(frames), length), int(model.vocabulary.ids([DELIMITER])[0]))

    def read_anew(new: Sequence[Sequence[int]]) -> Tensor:
        nonlocal windows
        windows = torch.cat([windows, torch.tensor(new)], 1)[:, -length:]
        return network(one_hot(windows, size).double())

    return read_anew


def seed_tokens(model: TokenModel, seed: str | Sequence[str] | Melody) -> list[str]:
    """The seed as tokens that the model knows. Raises ValueError for any other."""
    tokens = encode(seed, model.step) if isinstance(seed, Melody) else split_tokens(seed)
    if DELIMITER in tokens:
        raise ValueError(f"the seed holds {DELIMITER!r}, which ends a song: leave it out")
    try:
        model.vocabulary.ids(tokens)
        decode(tokens, model.step)
    except ValueError as error:
        raise ValueError(f"the seed can't be continued: {error}") from None
    return tokens


def key_of(melody: Melody) -> Key | None:
    """C major or A minor, the two keys that the models were trained in; None without a note."""
    if not melody.pitches:
        return None
    return Key("A", "minor") if estimate_key(melody).key.mode == "minor" else Key("C", "major")
