"""Writing a melody step by step: with the state carried along, and with a window read anew at each step.

The same weights, the same sampling, both in float64. The window is that of the usual tutorial: always 64 steps,
delimiters before the song begins.
"""

from __future__ import annotations

import copy

import torch

import tunesmith as ts
from bench.measure import Findings, Result, median_seconds
from tunesmith.tokens.vocabulary import DELIMITER

GOAL = 5
LENGTH = 64
STEPS = 256
SEED = "65 _ _ _ 65 _ 69"


def run() -> Findings:
    """The benchmark, with the course's own model."""
    return compare(ts.load_model("erk"), STEPS, repeats=5)


def compare(model: ts.MelodyLSTM, steps: int, repeats: int) -> Findings:
    """Let both write so many steps, several times over."""
    carried(model, 8), read_anew(model, 8)  # what the first call of all sets up
    ours, _ = median_seconds(lambda: carried(model, steps), repeats)
    theirs, _ = median_seconds(lambda: read_anew(model, steps), repeats)
    shown = [f"{taken / steps * 1e3:.2f} ms" for taken in (ours, theirs)]
    what = f"Generation, a step (of {steps})"
    return Findings([Result(what, *shown, theirs / ours, GOAL, shown=f"{theirs / ours:.1f} times")])


def carried(model: ts.MelodyLSTM, steps: int) -> ts.Melody:
    """`generate`, kept from ending the song before the last step."""
    generator = torch.Generator().manual_seed(0)
    return ts.generate(model, SEED, steps=steps, minimum=steps + len(SEED.split()), generator=generator)


@torch.no_grad()
def read_anew(model: ts.MelodyLSTM, steps: int, length: int = LENGTH) -> list[str]:
    """The same, but the network reads its last `length` steps from the beginning each time."""
    generator = torch.Generator().manual_seed(0)
    network = copy.deepcopy(model).double().eval()
    end = int(model.vocabulary.ids([DELIMITER])[0])
    ids = [end] * length + model.vocabulary.ids(SEED).tolist()
    for _ in range(steps):
        logits, _ = network(torch.tensor([ids[-length:]]))  # (1, length, V)
        logits[0, -1, end] = -torch.inf
        ids.append(ts.sample(logits[0, -1], generator=generator))
    return model.vocabulary.tokens(ids[length:])
