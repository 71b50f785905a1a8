"""From logits to a note, and from a model to a melody. Lesson 07 writes the sampling in the notebook.

All in float64, by inverse cumulative sums from one number a step, so that the same generator gives
the same melody on every machine and with every version of PyTorch.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor

from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.music.key import Key, estimate_key
from tunesmith.music.melody import Melody
from tunesmith.tokens.steps import HOLD, decode, encode, split_tokens
from tunesmith.tokens.vocabulary import DELIMITER


def probabilities(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """softmax(x / T): logits (V,) → probabilities (V,), float64. Lesson 07.

    temperature: 0 or more. 1 takes the model at its word, near 0 only the best is left (at 0 it is
    the argmax), far above 1 all become alike. Raises ValueError for a temperature below 0 or NaN.
    """
    if not temperature >= 0 or math.isinf(temperature):
        raise ValueError(f"temperature {temperature} should be 0 or more: 1 is the model's own, lower is safer")
    logits = logits.double()
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(), len(logits)).double()
    # The highest logit is taken off first: at a low temperature x / T alone would overflow.
    return torch.softmax((logits - logits.max()) / temperature, dim=0)


def sample(logits: Tensor, temperature: float = 1.0, generator: torch.Generator | None = None) -> int:
    """Draw an id from logits (V,): one random number, placed on the cumulative sums. Lesson 07."""
    cumulative = probabilities(logits, temperature).cumsum(0)
    place = torch.rand(1, dtype=torch.float64, generator=generator) * cumulative[-1]
    return min(int(torch.searchsorted(cumulative, place, right=True)), len(logits) - 1)


def generate(
    model: MelodyLSTM,
    seed: str | Sequence[str] | Melody = "",
    *,
    steps: int = 200,
    minimum: int = 64,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    metre: str | None = "4/4",
    upbeat: float | str | Fraction = 0,
    title: str = "",
) -> Melody:
    """Let a model continue a seed (or begin from nothing) until it ends the song. Lesson 07.

    seed: tokens such as ``"65 _ _ _ 65 _ 69"``, or a melody in C major or A minor.
    steps: at most so many new steps. minimum: the song does not end before so many steps in all.
    temperature: see `probabilities`. generator: decides every draw; a new one if None.
    metre, upbeat: how the result is barred; the model has not heard of either.

    Every result is a valid melody. Raises ValueError for a seed with unknown tokens, naming the
    nearest known ones, and for settings out of range.
    """
    if steps < 1:
        raise ValueError(f"steps {steps} should be 1 or more")
    decode([], model.step, time_signature=metre, upbeat=upbeat)  # refuses a metre that is none before the work
    if generator is None:
        generator = torch.Generator()
        generator.seed()
    start = _seed_tokens(model, seed)
    tokens = list(start)
    vocabulary = model.vocabulary
    end, hold = vocabulary.ids([DELIMITER, HOLD]) if HOLD in vocabulary else (vocabulary.ids([DELIMITER])[0], None)
    network = copy.deepcopy(model).cpu().double().eval()
    ids, state = torch.tensor([[end, *vocabulary.ids(start)]]), None
    with torch.no_grad():
        while len(tokens) < len(start) + steps:
            logits, state = network(ids, state)
            logits = logits[0, -1]
            if len(tokens) < max(minimum, 1):
                logits[end] = -math.inf
            if not tokens and hold is not None:
                logits[hold] = -math.inf  # nothing sounds yet that could be held
            choice = sample(logits, temperature, generator)
            if choice == end:
                break
            tokens.append(vocabulary[choice])
            ids = torch.tensor([[choice]])
    melody = decode(tokens, model.step, time_signature=metre, upbeat=upbeat, title=title)
    return melody.replace(key=_key_of(melody))


def _seed_tokens(model: MelodyLSTM, seed: str | Sequence[str] | Melody) -> list[str]:
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


def _key_of(melody: Melody) -> Key | None:
    """C major or A minor, the two keys that the models were trained in; None without a note."""
    if not melody.pitches:
        return None
    return Key("A", "minor") if estimate_key(melody).key.mode == "minor" else Key("C", "major")
