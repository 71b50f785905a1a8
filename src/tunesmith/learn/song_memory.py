"""A network beside a memory of the song that it reads: what has come once in this song may come again. Lesson 11.

The memory is a PPM that starts empty with each song and learns while it reads (Pearce's short-term model). How much it
is heard is learned by a `Mixture` from songs that the network was not trained on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from tunesmith.learn.batches import WholeSongs, song_ids
from tunesmith.learn.mixture import Mixture
from tunesmith.learn.ppm import PPM
from tunesmith.learn.train import Song, batch_logits
from tunesmith.models.token_model import TokenModel

ORDER = 16  # steps of the longest context that the memory looks up

Guesses = list[np.ndarray]  # of each song (T, V), logarithms of probabilities


def memory_loss(model: TokenModel, valid: Sequence[Song], test: Sequence[Song]) -> float:
    """Nats per step on the test songs of a network mixed with a memory of the song. Lesson 11.

    valid: the songs from which the mixture learns. Each song's end is counted.
    """
    mixture = Mixture().learn([_network_guesses(model, valid), _memory_guesses(model, valid)], _targets(model, valid))
    mixed = mixture([_network_guesses(model, test), _memory_guesses(model, test)])
    right = [log_p[np.arange(len(ids)), ids] for log_p, ids in zip(mixed, _targets(model, test), strict=True)]
    return float(-np.concatenate(right).mean())


def _targets(model: TokenModel, songs: Sequence[Song]) -> list[np.ndarray]:
    return [song_ids(model.vocabulary, song)[1:].numpy() for song in songs]


@torch.no_grad()
def _network_guesses(model: TokenModel, songs: Sequence[Song]) -> Guesses:
    model.eval()
    guesses = []
    for song in songs:  # one at a time: no padding to cut away
        batch = next(WholeSongs(model.vocabulary, [song], model.views).batches(1))
        guesses.append(batch_logits(model, batch).double().log_softmax(-1).numpy())
    return guesses


def _memory_guesses(model: TokenModel, songs: Sequence[Song]) -> Guesses:
    size = len(model.vocabulary)
    return [
        PPM(size, ORDER).log_probabilities(song_ids(model.vocabulary, song).numpy(), given=1, learning=True)
        for song in songs
    ]
