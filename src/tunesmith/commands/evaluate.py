"""``evaluate``: how well a model foretells songs."""

from __future__ import annotations

import argparse
import json
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
    songs = ts.load(options.source)
    train, valid, test = split_tokens(songs, model.step)
    learned_from = load_card(options.model).get("collection", songs.name)
    if learned_from != songs.name and options.part != "all":
        print(f"the model learned from {learned_from}: songs that stand in {songs.name} too may be known to it")
    part = {"train": train, "valid": valid, "test": test, "all": [*train, *valid, *test]}[options.part]
    vocabulary = set(model.vocabulary)
    train, known = ([song for song in songs if vocabulary.issuperset(song)] for songs in (train, part))
    if len(known) < len(part):
        print(f"{len(part) - len(known):,} songs left out: they have tokens that the model does not know")
    if not known:
        raise ValueError(f"{songs.name} has no songs left to evaluate on as --part {options.part}: try --part all")
    result = ts.evaluate(model, known, None if options.part == "all" else train)
    print(result)
    if options.out:
        about = {"model": str(options.model), "source": songs.name, "part": options.part, **result.as_json()}
        write_whole(options.out, (json.dumps(about, indent=1) + "\n").encode())
        print(f"written: {options.out}")
