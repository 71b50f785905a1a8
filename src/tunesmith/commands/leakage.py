"""``leakage``: how many test songs have a relative in training, of the split that is used and of one by chance."""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import tunesmith as ts
from tunesmith.commands.parsing import COUNT, Commands, check_free, new_command
from tunesmith.music.files import write_whole

if TYPE_CHECKING:
    from tunesmith.learn.leakage import Song

SHARES = (0.8, 0.1, 0.1)
COUNTED = ("title", "incipit", "half", "any", "long")


def add(commands: Commands) -> None:
    command = new_command(commands, "leakage", _leakage, "count the test songs that training holds already, or nearly")
    command.add_argument(
        "collections",
        nargs="*",
        default=["erk", "kinder", "irish"],
        metavar="COLLECTION",
        help="songs that are divided as tokens, as train does it",
    )
    command.add_argument(
        "--texts", nargs="*", default=["irish", "han"], metavar="COLLECTION", help="tunes that are divided as text"
    )
    command.add_argument(
        "--more",
        nargs="*",
        default=[],
        metavar="COLLECTION",
        help="what is learned from beside the first one: how much of its test songs these hold",
    )
    command.add_argument("--random-splits", type=COUNT, default=5, help="so many splits by chance for each")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="the numbers")
    command.add_argument("--overwrite", action="store_true", help="replace that file if it is there")


def _leakage(options: argparse.Namespace) -> None:
    check_free(options.out, options.overwrite)
    started = time.monotonic()
    rows = [_row(*_songs(source), options.random_splits) for source in options.collections]
    rows += [_row(*_texts(source), options.random_splits) for source in options.texts]
    more = _more(options.collections[0], options.more) if options.more and options.collections else None
    results = {
        "what": "test songs that have a relative in training: of the split by families, and of splits by chance",
        "settings": {"shares": SHARES, "random_splits": options.random_splits, "half": 0.5, "least": 8},
        "versions": {"tunesmith": ts.__version__, "python": platform.python_version()},
        "seconds": round(time.monotonic() - started),
        "rows": rows,
        "more": more,
    }
    write_whole(options.out, (json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
    print(_table(rows, more))
    print(f"written: {options.out}")


def _songs(source: str) -> tuple[str, str, list[Song], list[Any]]:
    """Name, "tokens", the songs and what `split` divides: the tokens of each."""
    from tunesmith.learn.leakage import Song
    from tunesmith.tokens.split import incipit

    songs = ts.load(source)
    melodies = [ts.to_empty_signature(song) for song in songs if song.pitches]
    encoded = [ts.encode(song) for song in melodies]
    found = [Song(song, song.title, incipit(tokens)) for song, tokens in zip(melodies, encoded, strict=True)]
    return songs.name, "tokens", found, encoded


def _texts(source: str) -> tuple[str, str, list[Song], list[Any]]:
    """Name, "texts", the tunes, and the text of each."""
    from tunesmith.learn.leakage import Song
    from tunesmith.tokens.split import incipit

    tunes, songs = ts.abc_tunes(source), ts.load(source, durations=None)
    melodies = dict(zip(songs.names, songs, strict=True))
    found = [Song(melodies.get(tune.name), tune.title, incipit(tune.text)) for tune in tunes]
    return tunes.name, "texts", found, [tune.text for tune in tunes]


def _row(name: str, divided: str, songs: list[Song], contents: list[Any], random_splits: int) -> dict[str, Any]:
    """What leaks in the split by families, and in some by chance: the mean, the smallest and the largest count."""
    import torch

    from tunesmith.learn.leakage import Leakage, leakage, split_by_chance
    from tunesmith.tokens.split import split_places

    def count(parts: Sequence[Sequence[int]]) -> Leakage:
        train, _, test = ([songs[place] for place in part] for part in parts)
        return leakage(train, test)

    families = count(split_places(contents, SHARES, titles=[song.title for song in songs]))
    generators = (torch.Generator().manual_seed(seed) for seed in range(1, random_splits + 1))
    by_chance = [count(split_by_chance(len(songs), SHARES, generator)).as_json() for generator in generators]
    print(f"{name} as {divided}: {len(songs):,} songs")
    return {
        "collection": name,
        "divided_as": divided,
        "songs": len(songs),
        "families": families.as_json(),
        "by_chance": {
            key: {"mean": round(mean(values), 4), "least": min(values), "most": max(values)}
            for key in by_chance[0]
            for values in [[each[key] for each in by_chance]]
        },
    }


def _more(source: str, names: Sequence[str]) -> dict[str, Any]:
    """What leaks into the test songs of a collection from others that are learned from beside it: all their songs,
    and those that `train` takes, without variants of the validation and test songs."""
    from tunesmith.learn.leakage import leakage
    from tunesmith.learn.variants import without_variants
    from tunesmith.tokens.split import split_places

    name, _, songs, contents = _songs(source)
    places = split_places(contents, SHARES, titles=[song.title for song in songs])
    train, valid, test = ([songs[place] for place in part] for part in places)
    more = [song for each in names for song in _songs(each)[2]]
    kept = {id(melody) for melody in without_variants([s.melody for s in more], [s.melody for s in (*valid, *test)])}
    return {
        "collection": name,
        "more": list(names),
        "all": leakage([*train, *more], test).as_json(),
        "without_variants": leakage([*train, *(song for song in more if id(song.melody) in kept)], test).as_json(),
    }


def _table(rows: Sequence[dict[str, Any]], more: dict[str, Any] | None) -> str:
    """A line for each split: of how many test songs how many have a relative in training, and by what."""
    lines = [f"{'':34}  test  title  incipit   half    any  by half alone"]
    for row in rows:
        chance = {key: value["mean"] for key, value in row["by_chance"].items()}
        for split, counts in (("families", row["families"]), ("by chance", chance)):
            lines.append(_line(f"{row['collection']} as {row['divided_as']}, {split}", counts))
    if more:
        lines.append(_line(f"{more['collection']}, and more", more["all"]))
        lines.append(_line(f"{more['collection']}, and no variants", more["without_variants"]))
    return "\n".join(lines)


def _line(label: str, counts: dict[str, float]) -> str:
    numbers = [f"{counts[key]:{width}.1f}" for key, width in zip(COUNTED, (5, 7, 5, 5, 13), strict=True)]
    return f"{label:34}  {counts['test']:4.0f}  " + "  ".join(numbers)
