"""``validity``: how many of a model's tunes are valid, with the grammar's mask and without."""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.parsing import COUNT, RANDOM_SEED, Commands, check_free, new_command
from tunesmith.music.files import write_whole


def add(commands: Commands) -> None:
    command = new_command(
        commands, "validity", _validity, "measure how many of a model's tunes are valid, and how alike"
    )
    command.add_argument("model", nargs="?", default="irish", metavar="MODEL", help="a CharLSTM: a file, or a name")
    command.add_argument("--collection", default="irish", metavar="SOURCE", help="the human tunes that it learned from")
    command.add_argument("--tunes", type=COUNT, default=200, help="so many of each kind")
    command.add_argument("--characters", type=COUNT, default=2000, help="at most so many without the mask")
    command.add_argument(
        "--close-after", type=COUNT, default=400, help="with it, a tune is led to its end after so many"
    )
    command.add_argument("--temperature", type=float, default=1.0, help="1 is the model's own, lower is safer")
    command.add_argument("--random-seed", type=RANDOM_SEED, default=1, metavar="N", help="decides every draw")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="the numbers")
    command.add_argument("--overwrite", action="store_true", help="replace that file if it is there")


def _validity(options: argparse.Namespace) -> None:
    import torch

    from tunesmith.learn.originality import CopiedRuns
    from tunesmith.learn.styles import split_together
    from tunesmith.learn.validity import RUN, diversity, fingerprint, table, validity
    from tunesmith.learn.write_texts import write_texts

    check_free(options.out, options.overwrite)
    model = ts.load_model(options.model)
    if model.unit != "character":
        raise ValueError(f"{options.model} writes no text: validity needs a CharLSTM")
    started = time.monotonic()
    tunes = ts.abc_tunes(options.collection)
    train, valid, test = (part[tunes.name] for part in split_together({tunes.name: tunes}))
    human = [*test, *valid][: options.tunes]
    songs = ts.load(options.collection, durations=None)
    learned = {tune.name for tune in tunes if tune.text in set(train)}
    known = CopiedRuns(song for name, song in zip(songs.names, songs, strict=True) if name in learned)
    rows = {"human, held out": human}
    for grammar, name, characters in (
        (False, "without the mask", options.characters),
        (True, "with the mask", options.close_after),
    ):
        how = {"grammar": grammar, "characters": characters, "temperature": options.temperature}
        generator = torch.Generator().manual_seed(options.random_seed)
        rows[name] = write_texts(model, options.tunes, generator=generator, **how)
    results = {
        "what": "valid tunes of a model with and without the grammar's mask, beside human tunes that it has not seen",
        "model": options.model,
        "collection": tunes.name,
        "settings": {
            "tunes": options.tunes,
            "characters": options.characters,
            "close_after": options.close_after,
            "temperature": options.temperature,
            "random_seed": options.random_seed,
            "run": RUN,
        },
        "versions": {"tunesmith": ts.__version__, "torch": torch.__version__, "python": platform.python_version()},
        "learned_from": len(train),
        "rows": [
            {"name": name, **validity(texts), **diversity(texts, known), "fingerprint": fingerprint(texts)}
            for name, texts in rows.items()
        ],
    }
    results["seconds"] = round(time.monotonic() - started)
    write_whole(options.out, (json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
    print(table(results))
    print(f"written: {options.out}")
