"""From logits to a note, and from a model to a melody. Lesson 07 writes the sampling in the notebook.

All in float64, by inverse cumulative sums from one number a step, so that the same generator gives
the same melody on every machine and with every version of PyTorch.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import torch
from torch import Tensor

from tunesmith.learn.windows import one_hot
from tunesmith.models.token_model import TokenModel
from tunesmith.music.key import Key, estimate_key
from tunesmith.music.melody import Melody
from tunesmith.tokens.steps import HOLD, decode, encode, split_tokens
from tunesmith.tokens.vocabulary import DELIMITER


def probabilities(
    logits: Tensor, temperature: float = 1.0, *, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """softmax(x / T), cut down to the likely tokens if wanted: logits (V,) → probabilities (V,), float64. Lesson 07.

    temperature: 0 or more. 1 takes the model at its word, near 0 only the best is left (at 0 it is
    the argmax), far above 1 all become alike.
    top_k: 1 or more; only the k likeliest are kept, and those as likely as the k-th (Fan et al. 2018).
    top_p: above 0, up to 1; only the nucleus is kept, the fewest tokens that together have a probability of p or more
    (Holtzman et al. 2020). Both act after the temperature, top_k first; what is kept adds up to 1 again.
    Raises ValueError for settings outside these ranges.
    """
    if not temperature >= 0 or math.isinf(temperature):
        raise ValueError(f"temperature {temperature} should be 0 or more: 1 is the model's own, lower is safer")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k {top_k} should be 1 or more: so many tokens are kept")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p {top_p} should be above 0 and at most 1: the nucleus has so much probability")
    logits = logits.double()
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(), len(logits)).double()
    # The highest logit is taken off first: at a low temperature x / T alone would overflow.
    p = torch.softmax((logits - logits.max()) / temperature, dim=0)
    if top_k is not None:
        p = _renormalised(p, p >= p.topk(min(top_k, len(p))).values[-1])
    if top_p is not None and top_p < 1:  # at 1 even what is lost in rounding stays
        p = _renormalised(p, _nucleus(p, top_p))
    return p


def _nucleus(p: Tensor, top_p: float) -> Tensor:
    """Which tokens, the likeliest first, are needed to reach a probability of `top_p`: (V,), bool."""
    order = p.argsort(descending=True, stable=True)
    before = torch.nn.functional.pad(p[order].cumsum(0)[:-1], (1, 0))  # what the likelier ones have already
    return torch.zeros_like(p, dtype=torch.bool).scatter(0, order, before < top_p)


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
) -> int:
    """Draw an id from logits (V,): one random number, placed on the cumulative sums. Lesson 07.

    The settings, and the errors, are those of `probabilities`.
    """
    cumulative = probabilities(logits, temperature, top_k=top_k, top_p=top_p).cumsum(0)
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
    generator: torch.Generator | None = None,
    metre: str | None = "4/4",
    upbeat: float | str | Fraction = 0,
    title: str = "",
) -> Melody:
    """Let a model continue a seed (or begin from nothing) until it ends the song. Lesson 07.

    seed: tokens such as ``"65 _ _ _ 65 _ 69"``, or a melody in C major or A minor.
    steps: at most so many new steps. minimum: the song does not end before so many steps in all.
    temperature, top_k, top_p: see `probabilities`. generator: decides every draw; a new one if None.
    metre, upbeat: how the result is barred; the model has not heard of either.

    A `MelodyLSTM` carries its state from step to step; a `WindowLSTM` reads its last steps anew each
    time. Every result is a valid melody. Raises ValueError for a seed with unknown tokens, naming the
    nearest known ones, for settings out of range, and for a model without a vocabulary.
    """
    if model.vocabulary is None:
        raise ValueError(f"this {type(model).__name__} has no vocabulary: build it with vocabulary=…")
    if model.unit == "character":
        raise ValueError(f"a {type(model).__name__} writes text, not tokens: use generate_text")
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
    read = _reader(model)
    new = [end, *vocabulary.ids(start)]
    with torch.no_grad():
        while len(tokens) < len(start) + steps:
            logits = read(new)
            if len(tokens) < max(minimum, 1):
                logits[end] = -math.inf
            if not tokens and hold is not None:
                logits[hold] = -math.inf  # nothing sounds yet that could be held
            choice = sample(logits, temperature, generator, top_k=top_k, top_p=top_p)
            if choice == end:
                break
            tokens.append(vocabulary[choice])
            new = [choice]
    melody = decode(tokens, model.step, time_signature=metre, upbeat=upbeat, title=title)
    return melody.replace(key=_key_of(melody))


def _reader(model: TokenModel) -> Callable[[Sequence[int]], Tensor]:
    """A function that takes the ids that are new and gives the logits (V,) for the next one, in float64."""
    network = copy.deepcopy(model).cpu().double().eval()
    length = model.sequence_length
    if length is None:
        state = None

        def go_on(new: Sequence[int]) -> Tensor:
            nonlocal state
            logits, state = network(torch.tensor([new]), state)
            return logits[0, -1]

        return go_on

    size = len(model.vocabulary)
    window = list(model.vocabulary.ids([DELIMITER])) * length

    def read_anew(new: Sequence[int]) -> Tensor:
        window[:] = [*window, *new][-length:]
        return network(one_hot(torch.tensor([window]), size).double())[0]

    return read_anew


def _seed_tokens(model: TokenModel, seed: str | Sequence[str] | Melody) -> list[str]:
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
