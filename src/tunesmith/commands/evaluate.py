"""``evaluate``: how well a model foretells songs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.parsing import Commands, check_free, new_command
from tunesmith.commands.splitting import split_tokens
from tunesmith.music.files import write_whole
from tunesmith.music.sources import COLLECTIONS


def add(commands: Commands) -> None:
    command = new_command(commands, "evaluate", _evaluate, "measure how well a model foretells songs, beside baselines")
    command.add_argument("model", metavar="MODEL", help="a trained model: a file, or a name that the course ships")
    command.add_argument(
        "source", metavar="SOURCE", help=f"a collection ({', '.join(COLLECTIONS)}), a folder or a file"
    )
    command.add_argument(
        "--part",
        choices=("train", "valid", "test", "all"),
        default="test",
        help="which songs, of the same split that train makes; all: every song, with no baselines that count songs",
    )
    command.add_argument("--out", type=Path, metavar="SCORES.json", help="write the numbers there too")
    command.add_argument("--overwrite", action="store_true", help="replace that file if it is there")


def _evaluate(options: argparse.Namespace) -> None:
    from tunesmith.learn.checkpoint import load_card

    if options.out:
        check_free(options.out, options.overwrite)
    model = ts.load_model(options.model)
    if model.vocabulary is None:
        raise ValueError(f"{options.model} holds a {type(model).__name__} without a vocabulary: it can't read songs")
    name, train, valid, test = (_texts if isinstance(model, ts.CharLSTM) else _songs)(model, options.source)
    card = load_card(options.model)
    learned_from = card.get("collection", name)
    if name in card.get("more", ()):
        print(f"the model learned from all of {name}, but for variants of songs that {learned_from} holds out")
    elif name not in learned_from.split(" + ") and options.part != "all":
        print(f"the model learned from {learned_from}: songs that stand in {name} too may be known to it")
    part = {"train": train, "valid": valid, "test": test, "all": [*train, *valid, *test]}[options.part]
    train, known = ([song for song in songs if _knows(model, song)] for songs in (train, part))
    if len(known) < len(part):
        print(f"{len(part) - len(known):,} songs left out: they have {model.unit}s that the model does not know")
    if not known:
        raise ValueError(f"{name} has no songs left to evaluate on as --part {options.part}: try --part all")
    result = ts.evaluate(model, known, None if options.part == "all" else train)
    print(result)
    if options.out:
        about = {"model": str(options.model), "source": name, "part": options.part, **result.as_json()}
        write_whole(options.out, (json.dumps(about, indent=1) + "\n").encode())
        print(f"written: {options.out}")


def _songs(model: ts.MelodyLSTM, source: str) -> tuple[str, list, list, list]:
    """The source's name, and its songs as tokens, divided."""
    songs = ts.load(source)
    return songs.name, *split_tokens(songs, model.step, collection=songs.name)


def _texts(model: ts.CharLSTM, source: str) -> tuple[str, list, list, list]:
    """The source's name, and its tunes as texts, divided; for a model with styles each with its own."""
    tunes = ts.abc_tunes(source)
    if model.styles and tunes.name not in model.styles:
        raise ValueError(f"the model writes in the styles {', '.join(model.styles)}; {tunes.name} is none of them")
    parts = ts.split_together({tunes.name: tunes})
    return tunes.name, *(ts.labelled(part) if model.styles else part[tunes.name] for part in parts)


def _knows(model: ts.MelodyLSTM | ts.CharLSTM, song: Sequence) -> bool:
    """Has the song, or the text of a pair of text and style, nothing that the model's vocabulary lacks?"""
    return set(model.vocabulary).issuperset(song[0] if isinstance(song, tuple) else song)
