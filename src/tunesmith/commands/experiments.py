"""What ``compare`` and ``ablation`` share: songs, networks, seeds, and a file that grows row by row."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tunesmith as ts
from tunesmith.commands.parsing import COUNT
from tunesmith.commands.splitting import more_tokens, split_melodies
from tunesmith.music.files import write_whole
from tunesmith.tokens.barred import BarredSong, encode_barred

Json = dict[str, Any]


@dataclass(frozen=True)
class SongSplit:
    """The songs of an experiment. more: songs of other collections, without variants of those held out."""

    name: str
    train: Sequence[BarredSong]
    valid: Sequence[BarredSong]
    test: Sequence[BarredSong]
    more: Sequence[BarredSong] = ()

    @property
    def vocabulary(self) -> ts.Vocabulary:
        """The tokens of the songs; `more` adds none."""
        return ts.Vocabulary.of([*self.train, *self.valid, *self.test])

    @property
    def metres(self) -> list[str]:
        """The time signatures of the training songs."""
        return sorted({song.time_signature for song in [*self.train, *self.more] if song.time_signature})

    @property
    def collections(self) -> list[str]:
        """The collections of the training songs, the one that songs are held out from first."""
        return [self.name, *sorted({song.collection for song in self.more})]


def song_split(source: str, more: Sequence[str] = ()) -> SongSplit:
    """A collection divided by families of tunes, and what other collections add to its training songs.

    Left out of `more`: variants of the validation and test songs, and songs with tokens that the collection lacks.
    """
    melodies = split_melodies(ts.load(source))
    train, valid, test = ([encode_barred(song, collection=source) for song in part] for part in melodies)
    tokens = ts.Vocabulary.of([*train, *valid, *test])
    return SongSplit(source, train, valid, test, more_tokens(more, [*melodies[1], *melodies[2]], tokens))


@dataclass(frozen=True)
class Row:
    """One line of a table: a network and how it is trained.

    build: makes the network for a `SongSplit`. fit: what `fit` is given beside the songs. more: whether it learns from
    the other collections too. songs: what is made of the training songs before, such as transposed copies. memory:
    whether the test songs are read with a memory of the song beside the network.
    """

    name: str
    about: str
    build: Callable[[SongSplit], ts.MelodyLSTM]
    fit: Json = field(default_factory=dict)
    more: bool = False
    songs: Callable[[Sequence[BarredSong], SongSplit], Sequence[BarredSong]] | None = None
    memory: bool = False


def train_row(row: Row, data: SongSplit, seed: int) -> Json:
    """Train one network with one seed: its losses, epochs, seconds and number of weights."""
    import torch

    from tunesmith.learn.song_memory import memory_loss
    from tunesmith.learn.train import mean_loss
    from tunesmith.models.token_model import count_parameters

    torch.manual_seed(seed)
    model = row.build(data)
    train = [*data.train, *(data.more if row.more else ())]
    train = row.songs(train, data) if row.songs else train
    started, busy = time.monotonic(), time.process_time()
    history = ts.fit(model, train, data.valid, generator=torch.Generator().manual_seed(seed), **row.fit)
    seconds, busy = time.monotonic() - started, time.process_time() - busy
    losses = {part: round(mean_loss(model, getattr(data, part)), 4) for part in ("valid", "test")}
    if row.memory:
        losses["test"] = round(memory_loss(model, data.valid, data.test), 4)
    told = {"seed": seed, **losses, "epochs": history.epochs, "kept": history.best_epoch}
    spent = {"seconds": round(seconds), "processor_seconds": round(busy)}
    return {**told, **spent, "weights": count_parameters(model)}


def add_options(command: argparse.ArgumentParser, seeds: int) -> None:
    """What both commands are asked. seeds: the default."""
    command.add_argument("source", nargs="?", default="erk", metavar="SOURCE", help="a collection of songs")
    command.add_argument("--batches", type=COUNT, default=1500, help="batches of 16 songs that each network is given")
    command.add_argument("--seeds", type=COUNT, default=seeds, help="networks for each row")
    command.add_argument("--rows", nargs="*", metavar="NAME", help="only these rows")
    command.add_argument(
        "--out", type=Path, required=True, metavar="FILE.json", help="the numbers; a file that is there is gone on with"
    )


def wanted_rows(names: Sequence[str], asked: Sequence[str] | None) -> list[str]:
    """The rows that were asked for, in the table's order; all without any. Raises ValueError for an unknown one."""
    if unknown := {*(asked or ())} - {*names}:
        raise ValueError(f"there is no row {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
    return [name for name in names if not asked or name in asked]


def grow_table(out: Path, settings: Json, rows: Mapping[str, int], measure: Callable[[str, int], Json]) -> Json:
    """Fill a file with the result of each row and seed, written after each; what stands there is not done again.

    rows: name → how many seeds. measure: row's name, seed → its numbers.
    A file with other settings has to be removed first (ValueError).
    """
    versions = {"tunesmith": ts.__version__, "torch": _torch_version(), "python": platform.python_version()}
    table = {"settings": settings, "versions": versions, "rows": []}
    if out.exists():
        table = json.loads(out.read_text(encoding="utf-8"))
        if table["settings"] != settings:
            raise ValueError(f"{out} holds a table of other settings: choose another name, or remove it")
    names = list(rows)
    for name, seeds in rows.items():
        row = next((row for row in table["rows"] if row["name"] == name), None)
        if row is None:
            row = {"name": name, "runs": []}
            table["rows"].append(row)
        for seed in range(1, seeds + 1):
            if all(run["seed"] != seed for run in row["runs"]):
                row["runs"].append(measure(name, seed))
                for part in ("valid", "test"):
                    row[part] = spread([run[part] for run in row["runs"]])
                table["rows"].sort(key=lambda row: names.index(row["name"]) if row["name"] in names else len(names))
                write_whole(out, (json.dumps(table, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
                print(f"{name}, seed {seed}: {json.dumps(row['runs'][-1])}", flush=True)
    return table


def spread(losses: Sequence[float]) -> Json:
    """Mean and standard deviation over the seeds; no deviation for a single one."""
    deviation = round(statistics.stdev(losses), 4) if len(losses) > 1 else None
    return {"mean": round(statistics.fmean(losses), 4), "deviation": deviation}


def table_text(table: Json) -> str:
    """The table for a terminal: nats per step on validation and test songs, with the spread, and seconds."""
    width = max(len(row["name"]) for row in table["rows"])
    lines = [f"{'':{width}}    valid          test           weights  seconds"]
    for row in table["rows"]:
        parts = [row[part] for part in ("valid", "test")]
        losses = "  ".join(f"{p['mean']:.3f} ± {p['deviation'] or 0:.3f}" for p in parts)
        seconds = statistics.fmean(run["seconds"] for run in row["runs"])
        weights = row["runs"][0].get("weights")
        lines.append(f"{row['name']:{width}}  {losses}  {weights or '':>9}  {seconds:7.0f}")
    return "\n".join(lines)


def _torch_version() -> str:
    import torch

    return torch.__version__
