"""The networks in Pearce's test: trained on the folds alone, or before that on other collections. Lesson 11."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence

import torch

from tunesmith.learn.batches import song_ids
from tunesmith.learn.mixture import Mixture
from tunesmith.learn.pearce import FOLDS, Guesses, Pitches, memory_guesses
from tunesmith.learn.train import fit
from tunesmith.learn.variants import COPIED
from tunesmith.models.pitch_lstm import PitchLSTM
from tunesmith.music.melody import Melody
from tunesmith.tokens.split import INCIPIT_NOTES

# Essen's collections but for `kinder`, which is a test set.
OTHERS = ("altdeu", "ballad", "boehme", "dva", "erk", "fink", "han", "haydn", "irl", "lot", "lux", "variant", "zuccal")
LOWEST, HIGHEST = 48, 90  # MIDI numbers that a network knows which learns from other collections

# Set by a few trials on the first three folds of `kinder`: transposing the training melodies too, by up to a tritone,
# was no better there by the validation melodies (2.23 bits either way), so it was left out.
ALONE = {"embedding_size": 32, "hidden_size": 128, "dropout": 0.4, "input_dropout": 0.2}
ALONE_FIT = {"epochs": 30, "batch_size": 16, "learning_rate": 4e-3, "decay": 0.92, "patience": 30}
BEFORE = {"embedding_size": 48, "hidden_size": 256, "dropout": 0.2, "input_dropout": 0.1}
BEFORE_FIT = {"epochs": 24, "batch_size": 32, "learning_rate": 3e-3, "decay": 0.88, "patience": 24}
BEFORE_PASSES = 6  # times that the other collections are read, each time in keys drawn anew
AFTER = {"dropout": 0.4, "input_dropout": 0.2}
AFTER_FIT = {"epochs": 15, "batch_size": 16, "learning_rate": 1.5e-3, "decay": 0.85, "patience": 15}


def settings() -> dict[str, object]:
    """All that decides a network here but the seed, for a JSON file."""
    return {
        "alone": {**ALONE, **ALONE_FIT},
        "pre_training": {**BEFORE, **BEFORE_FIT, "passes": BEFORE_PASSES, "lowest": LOWEST, "highest": HIGHEST},
        "after": {**AFTER, **AFTER_FIT},
        "variant": {"copied_notes": COPIED, "incipit_notes": INCIPIT_NOTES, "title": True},
    }


def tokens(song: Melody) -> list[str]:
    """A melody's pitches as tokens, one a note; rests are left out."""
    return [str(pitch) for pitch in song.pitches]


def in_all_keys(song: Melody) -> list[Melody]:
    """A song in twelve keys around the middle of `LOWEST` to `HIGHEST`, where it stays within; too wide a one: none."""
    low, high = min(song.pitches), max(song.pitches)
    octaves = 12 * round((LOWEST + HIGHEST - low - high) / 24)  # first to the middle
    shifts = [octaves + semitones for semitones in range(-6, 6)]
    return [song.transpose(shift) for shift in shifts if low + shift >= LOWEST and high + shift <= HIGHEST]


def train_alone(data: Pitches, fold: int, seed: int) -> PitchLSTM:
    """A network that learns from the melodies outside a fold; the next fold says when it is best."""
    model = _new_model([str(pitch) for pitch in data.alphabet], ALONE, seed)
    return _fitted(model, *_parts(data, fold), ALONE_FIT, seed)


def train_before(songs: Sequence[Melody], seed: int) -> PitchLSTM:
    """A network that learns from other collections in all keys; every thirtieth song says when it is best."""
    songs = [song for song in songs if len(song.pitches) >= 8]
    keys = [in_all_keys(song) for song in songs]
    valid = [tokens(each[len(each) // 2]) for i, each in enumerate(keys) if each and i % 30 == 0]
    train = [tokens(song) for i, each in enumerate(keys) if i % 30 for song in each]
    model = _new_model([str(pitch) for pitch in range(LOWEST, HIGHEST + 1)], BEFORE, seed)
    batches = math.ceil(len(songs) * BEFORE_PASSES / BEFORE_FIT["batch_size"] / BEFORE_FIT["epochs"])
    return _fitted(model, train, valid, {**BEFORE_FIT, "batches_per_epoch": batches}, seed)


def train_after(before: PitchLSTM, data: Pitches, fold: int, seed: int) -> PitchLSTM:
    """That network, trained further on the melodies outside a fold."""
    model = copy.deepcopy(before)
    model.dropout, model.input_dropout = AFTER["dropout"], AFTER["input_dropout"]
    return _fitted(model, *_parts(data, fold), AFTER_FIT, seed)


def valid_fold(fold: int) -> int:
    """The fold by which a network that is tested on `fold` knows when to stop: the next one."""
    return (fold + 1) % FOLDS


def _parts(data: Pitches, fold: int) -> tuple[list[list[str]], list[list[str]]]:
    """Training and validation songs as tokens: of all folds but one, eight and one."""
    train, valid = data.rest(fold, valid_fold(fold)), data.folds[valid_fold(fold)]
    return [tokens(data.songs[i]) for i in train], [tokens(data.songs[i]) for i in valid]


def _new_model(pitches: Sequence[str], settings: dict[str, float], seed: int) -> PitchLSTM:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return PitchLSTM(pitches, **settings)


def _fitted(
    model: PitchLSTM, train: Sequence[list[str]], valid: Sequence[list[str]], settings: dict[str, float], seed: int
) -> PitchLSTM:
    fit(model, train, valid, generator=torch.Generator().manual_seed(seed), **settings)
    return model


@torch.no_grad()
def network_guesses(model: PitchLSTM, data: Pitches, places: Iterable[int]) -> Guesses:
    """What a network foretells of some melodies, of the collection's pitches alone: of each (T, V), logarithms.

    The end, and pitches that the collection does not have, are left out, and the rest adds up to 1.
    """
    model.eval()
    columns = torch.from_numpy(model.vocabulary.ids([str(pitch) for pitch in data.alphabet]))
    guesses = []
    for place in places:
        ids = song_ids(model.vocabulary, tokens(data.songs[place]))
        logits = model(ids[None, :-1])[0, :-1]  # the last speaks of the end
        guesses.append(logits[:, columns].double().log_softmax(-1).numpy())
    return guesses


def network_rows(data: Pitches, fold: int, before: PitchLSTM | None, seed: int) -> dict[str, Guesses]:
    """What networks foretell in a fold, with and without memories of what they read: by name, of each melody (T, V).

    before: a network that has learned from other collections; None: no rows of it. How much networks and memories are
    heard is learned on the fold that none of them was trained on; then the memories are filled anew, from all nine.
    """
    inner, test = data.folds[valid_fold(fold)], data.folds[fold]
    networks = {"LSTM, folds alone": train_alone(data, fold, seed)}
    if before:
        networks["LSTM, pre-trained, then folds"] = train_after(before, data, fold, seed)
    known = _memories(data, data.rest(fold, valid_fold(fold)), inner), _memories(data, data.rest(fold), test)
    rows = {"LSTM, pre-trained alone": network_guesses(before, data, test)} if before else {}
    parts = {}
    for name, network in networks.items():
        parts[name] = tuple(network_guesses(network, data, places) for places in (inner, test))
        rows[name] = parts[name][1]
    came = [data.ids[i] for i in inner]
    for name, (seen, unseen) in parts.items():
        for label, memories in ((", + STM", slice(1, 2)), (", + LTM+ & STM", slice(0, 2))):
            mixture = Mixture().learn([seen, *known[0][memories]], came)
            rows[name + label] = mixture([unseen, *known[1][memories]])
    return rows


def _memories(data: Pitches, train: Iterable[int], test: Iterable[int]) -> tuple[Guesses, Guesses]:
    """LTM+ and STM over some melodies."""
    return memory_guesses(len(data.alphabet), [data.ids[i] for i in train], [data.ids[i] for i in test])
