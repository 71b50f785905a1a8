"""Several models' guesses become one, and who is heard how much is learned. Lesson 11."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from tunesmith.learn.ppm import entropy

STEPS, LEARNING_RATE, PULL = 250, 0.03, 0.01  # set once, not tuned
SUREST = 1e-3  # an entropy below this share of ln V counts as this


class Mixture:
    """A weighted geometric mean of M models, whose weights are learned from songs that no model was trained on.

    A model's weight is softplus(w · f): f are the logarithms of all models' entropies, as shares of ln V, and that of
    the place in the song; w is learned by gradient descent on the negative log-likelihood, and pulled to where all
    models weigh alike. Weights need not add up to 1: the mean is divided by its sum. It carries on from the fixed rule
    of `combine` (Conklin & Witten 1995), as a product of experts (Hinton 2002). Lesson 11.
    """

    def __init__(self) -> None:
        self._weights: Tensor | None = None  # (M + 2, M)

    def learn(self, guesses: Sequence[Sequence[np.ndarray]], songs: Sequence[Sequence[int]]) -> Mixture:
        """Find the weights. Gives the mixture itself.

        guesses: of each model, of each song an array (T, V) of logarithms. songs: the ids that came, (T,) each.
        """
        logs, features = _joined(guesses)
        came = torch.tensor([i for song in songs for i in song])
        start = torch.zeros(features.shape[1], len(guesses), dtype=torch.float64)
        start[0] = -0.5
        weights = start.clone().requires_grad_()
        optimiser = torch.optim.Adam([weights], lr=LEARNING_RATE)
        for _ in range(STEPS):
            loss = nn.functional.nll_loss(_mixed(logs, features, weights), came)
            optimiser.zero_grad()
            (loss + PULL * (weights - start).square().sum()).backward()
            optimiser.step()
        self._weights = weights.detach()
        return self

    def __call__(self, guesses: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
        """The mixed guesses, of each song an array (T, V) of logarithms, each row's probabilities adding up to 1.

        Raises ValueError before `learn`, and for another number of models.
        """
        if self._weights is None or self._weights.shape[1] != len(guesses):
            known = 0 if self._weights is None else self._weights.shape[1]
            raise ValueError(f"this mixture has learned the weights of {known} models, and here are {len(guesses)}")
        mixed = _mixed(*_joined(guesses), self._weights).numpy()
        return np.split(mixed, np.cumsum([len(song) for song in guesses[0]])[:-1])


def _joined(guesses: Sequence[Sequence[np.ndarray]]) -> tuple[Tensor, Tensor]:
    """All notes of all songs: logarithms (N, M, V), and what the weights depend on (N, M + 2)."""
    logs = np.stack([np.concatenate(songs) for songs in guesses], 1)
    doubt = np.log(np.maximum(entropy(logs) / math.log(max(logs.shape[-1], 2)), SUREST))
    place = np.concatenate([np.arange(len(song)) for song in guesses[0]])
    features = np.column_stack([np.ones(len(place)), doubt, np.log1p(place) / 2 - 1])
    return torch.from_numpy(logs), torch.from_numpy(features)


def _mixed(logs: Tensor, features: Tensor, weights: Tensor) -> Tensor:
    """(N, M, V), (N, M + 2), (M + 2, M) → (N, V)."""
    heard = nn.functional.softplus(features @ weights)  # (N, M)
    return (logs * heard[..., None]).sum(1).log_softmax(-1)
