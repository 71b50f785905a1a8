"""Write several melodies, keep the one that the model itself finds likeliest. Lesson 11."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tunesmith.learn.sample import Frame, end_and_hold, reader
from tunesmith.learn.sample_many import generate_many, offspring
from tunesmith.models.token_model import TokenModel
from tunesmith.music.melody import Melody
from tunesmith.tokens.steps import encode


def best_of(
    model: TokenModel,
    n: int,
    seed: str | Sequence[str] | Melody = "",
    *,
    generator: torch.Generator | None = None,
    title: str = "",
    **settings: Any,
) -> Melody:
    """The likeliest of n melodies that a model writes, by its `mean_log_probabilities`. Lesson 11.

    n: 1 or more. generator: decides every draw; a new one if None. seed, settings and errors are those of `generate`,
    whose temperature and other settings decide what is written; the score is always the model's own.
    A mean over steps is no judge of music: what holds its notes long is likely, and so is what says little.
    """
    if generator is None:
        generator = torch.Generator()
        generator.seed()
    return best_of_many(model, n, [generator], seed, **settings)[0].replace(title=title)


def best_of_many(
    model: TokenModel,
    n: int,
    generators: Sequence[torch.Generator],
    seed: str | Sequence[str] | Melody = "",
    frames: Sequence[Frame] | None = None,
    **settings: Any,
) -> list[Melody]:
    """For each generator the melody that `best_of` gives with it; all are written at once. Lesson 11.

    frames: see `generate_many`.
    """
    if n < 1:
        raise ValueError(f"best of {n} melodies is none: n should be 1 or more")
    each = [child for generator in generators for child in offspring(generator, n)]
    repeated = None if frames is None else [frame for frame in frames for _ in range(n)]
    written = generate_many(model, each, seed, frames=repeated, **settings)
    scores = mean_log_probabilities(model, written).reshape(-1, n)
    return [written[row * n + best] for row, best in enumerate(scores.argmax(1).tolist())]


@torch.no_grad()
def mean_log_probabilities(model: TokenModel, melodies: Sequence[Melody]) -> Tensor:
    """What a model gives melodies, each by itself: (N,), float64, nats per step, below 0. Lesson 11.

    The log-probability of every step, and of the end, given all before it, is averaged over them: minus the nats per
    step that `evaluate` finds for a song. Nothing is forbidden, and the temperature is 1.
    Raises ValueError for a melody with steps that the model does not know.
    """
    if not melodies:
        return torch.zeros(0, dtype=torch.float64)
    end = int(end_and_hold(model.vocabulary)[0])
    songs = [[*model.vocabulary.ids(encode(melody, model.step)).tolist(), end] for melody in melodies]
    lengths = torch.tensor([len(song) for song in songs])
    ids = torch.full((len(songs), int(lengths.max())), end)
    for row, song in enumerate(songs):
        ids[row, : len(song)] = torch.tensor(song)
    frames = [(melody.time_signature, melody.upbeat) for melody in melodies]
    read, total = reader(model, frames), torch.zeros(len(songs), dtype=torch.float64)
    before = torch.full((len(songs), 1), end)
    for step in range(ids.shape[1]):
        log_p = read(before.tolist()).log_softmax(-1)
        before = ids[:, step, None]
        total += torch.where(step < lengths, log_p.gather(1, before)[:, 0], 0.0)
    return total / lengths
