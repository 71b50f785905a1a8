"""``ablation``: what each addition to `MelodyLSTM` brings by itself, and all together."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import tunesmith as ts
from tunesmith.commands.experiments import (
    Json,
    Row,
    SongSplit,
    add_options,
    grow_table,
    song_split,
    table_text,
    train_row,
    wanted_rows,
)
from tunesmith.commands.parsing import Commands, new_command
from tunesmith.tokens.barred import BarredSong

# The songs that `more` adds: all of Essen but erk. Chinese songs are among them; the collection's embedding tells.
ESSEN = (
    "altdeu",
    "ballad",
    "boehme",
    "dva",
    "fink",
    "han",
    "haydn",
    "irl",
    "kinder",
    "lot",
    "lux",
    "variant",
    "zuccal",
)
ECHOES = ("echo1", "echo2", "echo4", "echo8")
ALL_VIEWS = ("bar", *ECHOES, "held", "pitch", "degree", "interval")
BASE = {"embedding_size": 64, "hidden_size": 256, "dropout": 0.3}
FIT = {"batch_size": 16, "learning_rate": 3e-3, "precision": "bfloat16"}
BATCHES = 100  # in an epoch: so often the network is validated, and its learning rate falls
SLOWEST = 0.05  # the learning rate at the end, as a share of that at the beginning


def schedule(batches: int) -> Json:
    """`fit`'s settings for so many batches in all: the budget."""
    epochs = max(batches // BATCHES, 1)
    return {**FIT, "epochs": epochs, "patience": epochs, "batches_per_epoch": BATCHES, "decay": SLOWEST ** (1 / epochs)}


def network(**additions: Any) -> Callable[[SongSplit], ts.MelodyLSTM]:
    """What makes a `MelodyLSTM` for songs: the base with some additions."""

    def build(data: SongSplit) -> ts.MelodyLSTM:
        views = additions.get("views", ())
        told = {"metres": data.metres if {"bar", *ECHOES} & {*views} else ()}
        told["collections"] = data.collections if "collection" in views else ()
        return ts.MelodyLSTM(data.vocabulary, **{**BASE, **told, **additions})

    return build


def rows(batches: int) -> list[Row]:
    """The lines of the table: the base, the base with one addition each, and all that helps together."""
    fit = schedule(batches)

    def row(name: str, about: str, *, averaging: float = 0, **additions: Any) -> Row:
        averaged = {**fit, "averaging": averaging} if averaging else fit
        whole = {part: additions.pop(part) for part in ("more", "songs", "memory") if part in additions}
        return Row(name, about, network(**additions), averaged, **whole)

    together = {"views": ALL_VIEWS, "tied": True, "dropout": 0.35, "input_dropout": 0.2}
    named = {**together, "views": (*ALL_VIEWS, "collection")}
    return [
        row("base", "embedding 64, LSTM 256, dropout 0.3"),
        row("bar", "is told metre and place in the bar", views=("bar",)),
        row("held", "is told for how many steps the note has sounded", views=("held",)),
        row("pitch and degree", "is told the note that sounds, and its degree", views=("pitch", "degree")),
        row("interval", "is told the last interval", views=("interval",)),
        row("echo", "is told what stood 1, 2, 4 and 8 bars before", views=ECHOES),
        row("tied", "token embedding and output layer share their weights", tied=True),
        row("dropout 0", "no dropout", dropout=0.0),
        row("dropout 0.5", "more dropout", dropout=0.5),
        row("dropout of input 0.1", "less dropout of the input alone", input_dropout=0.1),
        row("variational", "dropout that lasts a whole song", variational=True),
        row("averaging", "a running average of the weights, 0.995", averaging=0.995),
        row("transposed", "songs are shown in six more keys on each side", songs=transposed),
        row("more songs", "all of Essen, without variants of held-out songs", more=True),
        row("more songs, named", "the same, and is told the collection", more=True, views=("collection",)),
        row("memory", "the test songs are read with a memory of the song", memory=True),
        row("all views", "bar, echo, held, pitch, degree, interval", views=ALL_VIEWS),
        row("together", "all views, tied, dropout 0.35 and 0.2", **together),
        row("together, memory", "the same, with a memory of the song", memory=True, **together),
        row("together, more songs", "all of Essen, and the collections' names", more=True, **named),
    ]


def transposed(songs: Sequence[BarredSong], data: SongSplit) -> list[BarredSong]:
    """The songs in thirteen keys, −6 to +6 semitones, as far as the vocabulary goes."""
    known = set(data.vocabulary)
    moved = [moved_by(song, shift) for shift in range(-6, 7) for song in songs]
    return [song for song in moved if known.issuperset(song)]


def moved_by(song: BarredSong, semitones: int) -> BarredSong:
    """A token song, transposed."""
    tokens = tuple(str(int(token) + semitones) if token.isdecimal() else token for token in song)
    return BarredSong(tokens, song.time_signature, song.upbeat, song.collection)


def add(commands: Commands) -> None:
    command = new_command(commands, "ablation", _ablation, "measure what each addition to MelodyLSTM brings")
    command.add_argument("--more", nargs="*", default=list(ESSEN), metavar="SOURCE", help="what the last rows add")
    add_options(command, seeds=2)


def _ablation(options: argparse.Namespace) -> None:
    by_name = {row.name: row for row in rows(options.batches)}
    wanted = wanted_rows(list(by_name), options.rows)
    data = song_split(options.source, options.more if any(by_name[name].more for name in wanted) else ())

    def measure(name: str, seed: int) -> Json:
        return train_row(by_name[name], data, seed)

    settings = {"source": options.source, "more": options.more, "batches": options.batches, "base": BASE, "fit": FIT}
    table = grow_table(options.out, settings, dict.fromkeys(wanted, options.seeds), measure)
    print(table_text(table))
    print(f"written: {options.out}")
