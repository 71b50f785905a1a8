"""Many tunes at once from a `CharLSTM`, to measure what it writes. Lesson 10."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor

from tunesmith.learn.text import Style
from tunesmith.learn.write_text import TO_THE_END, style_inputs
from tunesmith.models.char_lstm import CharLSTM
from tunesmith.music.abc_grammar import AbcReader
from tunesmith.music.progress import progress
from tunesmith.tokens.characters import Characters


@torch.no_grad()
def write_texts(
    model: CharLSTM,
    count: int,
    *,
    generator: torch.Generator,
    grammar: bool = False,
    style: Style | None = None,
    characters: int = 2000,
    temperature: float = 1.0,
) -> list[str]:
    """So many tunes, each from its beginning to its end, as `generate_text` writes one. Lesson 10.

    Each is a row of one batch, which takes a small part of the time that they take one by one.
    generator: at each step it gives a number for every tune, also for those that have ended. So a tune does not hang
    on how long the others are, and with the mask and without it the same draws decide. One tune alone is the one that
    `generate_text` writes by this generator. temperature: above 0. grammar, style, characters: see `generate_text`.

    Raises ValueError for settings out of range, for a style that the model does not know, and where the grammar leaves
    a tune no character that the model knows: `generate_text` would go back and try another way.
    """
    if count < 1 or characters < 1:
        raise ValueError(f"{count} tunes of {characters} characters: both should be 1 or more")
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature {temperature} should be above 0: 1 is the model's own, lower is safer")
    styles = style_inputs(model, style)
    network = copy.deepcopy(model).cpu().double().eval()
    vocabulary = model.vocabulary
    newline = int(vocabulary.ids(vocabulary.END)[0])
    texts = [""] * count
    readers = [AbcReader() for _ in texts] if grammar else []
    going = torch.arange(count)  # the tunes that have not ended
    new, state = torch.full((count,), newline), None
    for step in progress(range(characters + (TO_THE_END if grammar else 0)), "writing"):
        inputs = {name: weights.expand(len(going), -1) for name, weights in styles.items()}
        logits, state = network(new[:, None], state, **inputs)
        logits = logits[:, -1] / temperature
        if step == 0:
            logits[:, newline] = -math.inf  # a tune has something in it
        if grammar:
            _forbid(logits, [readers[tune] for tune in going.tolist()], vocabulary, closing=step >= characters)
        new = _draw(logits, torch.rand(count, dtype=torch.float64, generator=generator)[going])
        drawn = zip(going.tolist(), new.tolist(), strict=True)
        on = torch.tensor([choice != newline or not texts[tune].endswith("\n") for tune, choice in drawn])
        going, new, state = going[on], new[on], (state[0][:, on], state[1][:, on])
        for tune, choice in zip(going.tolist(), new.tolist(), strict=True):
            texts[tune] += vocabulary[choice]
            if grammar:
                readers[tune].push(vocabulary[choice])
        if not len(going):
            break
    return texts


def _forbid(logits: Tensor, readers: list[AbcReader], vocabulary: Characters, closing: bool) -> None:
    """Take what the grammar does not allow its probability: logits (B, V), a reader for each row."""
    allowed = [reader.allowed(closing=closing) for reader in readers]
    logits[torch.tensor([[character not in row for character in vocabulary] for row in allowed])] = -math.inf
    if bool(logits.isneginf().all(1).any()):
        raise ValueError("a tune needs a character that the model does not know: write it with generate_text")


def _draw(logits: Tensor, numbers: Tensor) -> Tensor:
    """An id for each row, by inverse cumulative sums: logits (B, V), numbers (B,) from 0 up to 1 → (B,)."""
    cumulative = torch.softmax(logits, 1).cumsum(1)
    places = numbers[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, places, right=True)[:, 0].clamp(max=logits.shape[1] - 1)
