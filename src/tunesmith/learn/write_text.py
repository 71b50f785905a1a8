"""From a `CharLSTM` to a tune in ABC, one character after another. Lesson 10 writes the loop in the notebook.

In float64, by inverse cumulative sums, as `generate` does it: the same generator writes the same tune everywhere.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tunesmith.learn.sample import sample
from tunesmith.learn.text import Style, style_weights
from tunesmith.models.char_lstm import CharLSTM, State
from tunesmith.music.abc_grammar import AbcReader
from tunesmith.tokens.characters import Characters

TO_THE_END = 500  # with the grammar: more characters than these no tune needs from anywhere to its end


def generate_text(
    model: CharLSTM,
    start: str = "",
    *,
    characters: int = 2000,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    grammar: bool = False,
    style: Style | None = None,
) -> str:
    """Let a model go on from a start (or begin a tune) until it ends the tune with an empty line. Lesson 10.

    start: how the text is to begin, such as ``"M:6/8\\nL:1/8\\nK:G\\n"``. characters: at most so many new ones.
    temperature, top_k, top_p: see `probabilities`. generator: decides every draw; a new one if None.
    grammar: hold the model to the grammar of clean tunes (see `AbcReader`): what can't come next gets no
    probability, and after so many `characters` the tune is led to its end, which takes about a bar more.
    style: of a model with styles, a name, or how much of each, ``{"irish": 0.5, "han": 0.5}``; None: all alike.

    Returns the tune without the empty line; without the grammar it may be cut off where the characters were used up.
    Raises ValueError for a start with unknown characters, naming the nearest known ones, with an empty line, or one
    that breaks the grammar; for an unknown style, and for settings out of range.
    """
    if not isinstance(model, CharLSTM):
        raise ValueError(f"a {type(model).__name__} writes no text: use generate")
    if characters < 1:
        raise ValueError(f"characters {characters} should be 1 or more")
    if generator is None:
        generator = torch.Generator()
        generator.seed()
    vocabulary = model.vocabulary
    newline = int(vocabulary.ids(vocabulary.END)[0])
    network = copy.deepcopy(model).cpu().double().eval()
    styles = style_inputs(model, style)
    text, state, new = start, None, [newline, *_start_ids(vocabulary, start)]
    machine = _machine(start) if grammar else None
    places: list[_Place] = []
    with torch.no_grad():
        while len(places) < characters + (TO_THE_END if grammar else 0):
            logits, state = network(torch.tensor([new]), state, **styles)
            here = _Place(logits[0, -1], state, machine)
            if not text:
                here.logits[newline] = -math.inf  # a tune has something in it
            places.append(here)
            if machine:
                here.forbid(vocabulary, closing=len(places) > characters)
                text = _out_of_dead_ends(places, text)
                here = places[-1]
            here.choice = sample(here.logits, temperature, generator, top_k=top_k, top_p=top_p)
            if here.choice == newline and text.endswith(vocabulary.END):
                break
            text += vocabulary[here.choice]
            state, new = here.state, [here.choice]
            machine = here.machine and here.machine.copy()
            if machine:
                machine.push(vocabulary[here.choice])
    return text


@dataclass
class _Place:
    """Where a text stands: the logits (V,) of what comes next, the network's state, the grammar's machine."""

    logits: Tensor
    state: State
    machine: AbcReader | None
    choice: int = -1

    def forbid(self, vocabulary: Characters, closing: bool) -> None:
        """Take what the grammar does not allow its probability."""
        allowed = self.machine.allowed(closing=closing)
        self.logits[torch.tensor([character not in allowed for character in vocabulary])] = -math.inf


def _out_of_dead_ends(places: list[_Place], text: str) -> str:
    """Go back to where there still is another way, and forbid the one that led here. Gives the text up to there.

    A model that knows no o may begin K:Ador, but not go on. Raises ValueError if there is no way at all.
    """
    while bool(places[-1].logits.isneginf().all()):
        places.pop()
        if not places:
            raise ValueError("the model does not know the characters that a tune needs: train it on clean tunes")
        text = text[:-1]
        places[-1].logits[places[-1].choice] = -math.inf
    return text


def _machine(start: str) -> AbcReader:
    """The grammar's machine behind the start. Raises ValueError for one that breaks the grammar."""
    machine = AbcReader()
    for character in start:
        if fault := machine.push(character):
            raise ValueError(f"the start breaks the grammar: {fault}")
    if not machine.allowed():
        raise ValueError(f"the start breaks the grammar: nothing can come behind {start[-12:]!r}")
    return machine


def _start_ids(vocabulary: Characters, start: str) -> list[int]:
    """The start as ids. Raises ValueError for one that the model can't go on from."""
    end = vocabulary.END
    if start.startswith(end) or end + end in start:
        raise ValueError("the start holds an empty line, which ends a tune: leave it out")
    try:
        return vocabulary.ids(start).tolist()
    except ValueError as error:
        raise ValueError(f"the start can't be continued: {error}") from None


def style_inputs(model: CharLSTM, style: Style | None) -> dict[str, Tensor]:
    """What a model is told of the style: the weights, (1, S) float64, by the input's name; nothing without styles.

    style: None for all styles alike. Raises ValueError for a style that the model does not know. Lesson 10.
    """
    if not model.styles:
        if style is not None:
            raise ValueError(f"this {type(model).__name__} has no styles: leave style out")
        return {}
    alike = {name: 1 / len(model.styles) for name in model.styles}
    weights = style_weights(model.styles, alike if style is None else style)
    return {"styles": torch.tensor([weights], dtype=torch.float64)}
