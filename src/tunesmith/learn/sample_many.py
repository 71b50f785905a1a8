"""Many melodies at once from one model, to measure what it writes. Lesson 11."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import torch

from tunesmith.learn.repetition import lean
from tunesmith.learn.sample import Frame, check_request, end_and_hold, key_of, reader, sample, seed_tokens
from tunesmith.models.token_model import TokenModel
from tunesmith.music.melody import Melody
from tunesmith.music.progress import progress
from tunesmith.tokens.steps import decode


@torch.no_grad()
def generate_many(
    model: TokenModel,
    generators: Sequence[torch.Generator],
    seed: str | Sequence[str] | Melody = "",
    *,
    steps: int = 200,
    minimum: int = 64,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    typical_p: float | None = None,
    repetition: float = 0.0,
    metre: str | None = "4/4",
    upbeat: float | str | Fraction = 0,
    frames: Sequence[Frame] | None = None,
) -> list[Melody]:
    """One melody for each generator: the one that `generate` writes with it. Lesson 11.

    The network reads all of them as one batch, which takes a small part of the time. Each draws its numbers, one a
    step, from its own generator, so it does not hang on the others. All settings and errors are those of `generate`.
    frames: metre and upbeat of each melody, where they differ; there should be one for each generator.
    (A batch is added up in another order, so logits differ in their last digit: once in some 10¹³ draws a melody may
    go another way.)
    """
    frames = [(metre, upbeat)] * len(generators) if frames is None else frames
    if len(frames) != len(generators):
        raise ValueError(f"there are {len(generators)} generators but {len(frames)} frames")
    for frame in set(frames) or {(metre, upbeat)}:
        check_request(model, steps, *frame)
    start = seed_tokens(model, seed)
    vocabulary = model.vocabulary
    end, hold = (None if each is None else int(each) for each in end_and_hold(vocabulary))
    melodies = [vocabulary.ids(start).tolist() for _ in generators]
    going = list(range(len(melodies)))  # the places of those that have not ended
    read, rows = None, []  # what the network reads as one batch
    for step in progress(range(len(start), len(start) + steps), "writing"):
        if not going:
            break
        if read is None or len(going) <= len(rows) / 2:
            rows = list(going)  # those that have ended are left behind, and what there is so far is read once more
            read, new = reader(model, [frames[place] for place in rows]), [[end, *melodies[place]] for place in rows]
        else:
            new = [melodies[place][-1:] or [end] for place in rows]
        logits = read(new)
        if step < max(minimum, 1):
            logits[:, end] = -math.inf
        if step == 0 and hold is not None:
            logits[:, hold] = -math.inf  # nothing sounds yet that could be held
        for row, place in enumerate(rows):
            if place not in going:
                continue
            here = lean(logits[row], melodies[place], repetition) if repetition else logits[row]
            choice = sample(here, temperature, generators[place], top_k=top_k, top_p=top_p, typical_p=typical_p)
            if choice == end:
                going.remove(place)
            else:
                melodies[place].append(choice)
    written = [
        decode([vocabulary[each] for each in ids], model.step, time_signature=metre, upbeat=upbeat)
        for ids, (metre, upbeat) in zip(melodies, frames, strict=True)
    ]
    return [melody.replace(key=key_of(melody)) for melody in written]


def offspring(generator: torch.Generator, count: int) -> list[torch.Generator]:
    """So many new generators, each seeded by one draw from a generator; 1 or more. Lesson 11.

    The first ones are the same however many are asked for. Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError(f"count {count} should be 1 or more: so many are drawn")
    seeds = [int(torch.randint(2**62, (1,), generator=generator)) for _ in range(count)]
    return [torch.Generator().manual_seed(seed) for seed in seeds]
