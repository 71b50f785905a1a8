"""``tune``: a search for hyper-parameters of `MelodyLSTM`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.ablation import ALL_VIEWS, FIT, network
from tunesmith.commands.experiments import Json, SongSplit, song_split
from tunesmith.commands.parsing import COUNT, Commands, check_free, new_command, whole_number
from tunesmith.music.files import write_whole


def add(commands: Commands) -> None:
    command = new_command(
        commands, "tune", _tune, "search for good hyper-parameters of MelodyLSTM; a search that was stopped goes on"
    )
    command.add_argument("source", nargs="?", default="erk", metavar="SOURCE", help="a collection of songs")
    command.add_argument(
        "--out", type=Path, required=True, metavar="STUDY.db", help="the study; one that is there is gone on with"
    )
    command.add_argument("--trials", type=COUNT, default=20, help="trials in all, those given up early among them")
    command.add_argument("--batches", type=COUNT, default=300, help="batches that a trial is trained with at most")
    command.add_argument(
        "--random-seed", type=whole_number(0), default=1, metavar="N", help="decides what is tried, and each training"
    )
    command.add_argument("--summary", type=Path, metavar="FILE.json", help="write the settings and all trials there")
    command.add_argument("--plots", type=Path, metavar="FOLDER", help="write the plots there, as SVG")
    command.add_argument("--overwrite", action="store_true", help="replace the summary and the plots if they are there")


def _tune(options: argparse.Namespace) -> None:
    from tunesmith.display.tuning import write_tuning_plots
    from tunesmith.learn.study import tuning_table
    from tunesmith.learn.tune import Search, measure_best, tune

    _check_places(options)
    data = song_split(options.source)
    search = Search(
        lambda values: _network(data, values),
        data.train,
        data.valid,
        batches=options.batches,
        seed=options.random_seed,
        precision=FIT["precision"],
        source=options.source,
    )
    tune(options.out, search, options.trials, on_trial=lambda row: print(_line(row, options.trials), flush=True))
    results = measure_best(options.out, search, data.test)
    print(tuning_table(results))
    print(f"written: {options.out}")
    if options.summary:
        write_whole(options.summary, (json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
        print(f"written: {options.summary}")
    if options.plots:
        for path in write_tuning_plots(results, options.plots):
            print(f"written: {path}")


def _check_places(options: argparse.Namespace) -> None:
    """Say before the work, not after it, what is missing, or can't be written."""
    from tunesmith.display.tuning import plot_files
    from tunesmith.learn.study import load_optuna, nothing_there

    load_optuna()
    nothing_there(options.out)
    if options.summary:
        check_free(options.summary, options.overwrite)
    if options.plots and options.plots.exists():
        for path in plot_files(options.plots):
            check_free(path, options.overwrite)
    elif options.plots and not options.plots.parent.is_dir():
        raise ValueError(f"there is no folder {options.plots.parent}: make it first")


def _network(data: SongSplit, values: Json) -> ts.MelodyLSTM:
    """The network of a trial's values; its views are all or none."""
    return network(**{**values, "views": ALL_VIEWS if values["views"] else ()})(data)


def _line(row: Json, trials: int) -> str:
    """A trial's outcome."""
    how = f"pruned after {row['batches']} batches" if row["state"] == "pruned" else "done"
    loss = "the loss exploded" if row["valid"] is None else f"{row['valid']:.4f} nats per step"
    return f"trial {row['trial']} of {trials}: {loss}, {how}, {row['seconds']:.0f} s"
