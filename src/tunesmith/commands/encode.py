"""``encode``: songs as files of tokens."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.parsing import Commands, check_free, new_command
from tunesmith.music.files import write_whole
from tunesmith.music.sources import COLLECTIONS
from tunesmith.tokens.steps import SIXTEENTH, as_step


def add(commands: Commands) -> None:
    command = new_command(commands, "encode", _encode, "turn songs into tokens, one text file a song")
    command.add_argument(
        "source", metavar="SOURCE", help=f"a collection ({', '.join(COLLECTIONS)}), a folder or a file"
    )
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder, made if it is not there")
    command.add_argument(
        "--step", default=str(SIXTEENTH), help="length of a step in quarter notes; 1/12 admits triplets"
    )
    command.add_argument(
        "--durations",
        metavar="LIST",
        help="note values to admit, in quarter notes, such as 0.5,1,1.5,2; 'all' for every one on the grid "
        "(by default 0.25,0.5,0.75,1,1.5,2,3,4)",
    )
    command.add_argument("--keep-key", action="store_true", help="leave the songs in their own keys")
    command.add_argument("--overwrite", action="store_true", help="replace what an earlier run wrote there")


def _encode(options: argparse.Namespace) -> None:
    from tunesmith.music.corpus import DURATIONS
    from tunesmith.music.report import Outcome, Report

    step = as_step(options.step)
    durations = DURATIONS
    if options.durations:
        durations = None if options.durations == "all" else [part.strip() for part in options.durations.split(",")]
    folder = options.out / "songs"
    if folder.exists() and any(folder.iterdir()) and not options.overwrite:
        raise ValueError(f"{folder} has files in it already: choose another folder, or add --overwrite")
    for name in ("vocabulary.json", "report.json"):
        if (options.out / name).exists():
            check_free(options.out / name, options.overwrite)
    songs = ts.load(options.source, durations=durations)
    encoded: dict[str, list[str]] = {}
    failures: dict[str, str] = {}
    for name, song in zip(songs.names, songs, strict=True):
        try:
            encoded[name] = ts.encode(song if options.keep_key else ts.to_empty_signature(song), step)
        except ValueError as error:
            failures[name] = str(error)
    report = Report(
        songs.name,
        [
            Outcome(outcome.name, outcome.title, "off the grid", failures[outcome.name])
            if outcome.name in failures
            else outcome
            for outcome in songs.report
        ],
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name in _earlier_songs(options.out) - encoded.keys():
        (folder / f"{name}.txt").unlink(missing_ok=True)
    for name, tokens in encoded.items():
        write_whole(folder / f"{name}.txt", (" ".join(tokens) + "\n").encode())
    ts.Vocabulary.of(encoded.values()).save(options.out / "vocabulary.json")
    settings = {"step": str(step), "durations": options.durations or "default", "transposed": not options.keep_key}
    text = json.dumps({**report.as_json(), "settings": settings}, indent=1, ensure_ascii=False)
    write_whole(options.out / "report.json", (text + "\n").encode("utf-8"))
    print(report)
    print(f"written: {len(encoded):,} songs, vocabulary.json and report.json in {options.out}")


def _earlier_songs(folder: Path) -> set[str]:
    """Names of the songs that an earlier run wrote there, as its report says; files of others are left alone."""
    try:
        songs = json.loads((folder / "report.json").read_text(encoding="utf-8"))["songs"]
        return {song["name"] for song in songs if not song["cause"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
