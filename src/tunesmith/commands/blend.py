"""``blend``: do the tunes of a model with two styles lie between the styles?"""

from __future__ import annotations

import argparse
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.blending import Table, add_options, human_tunes
from tunesmith.commands.parsing import COUNT, Commands, check_free, new_command

DIALS = (0.0, 0.25, 0.5, 0.75, 1.0)  # shares of the second style


def add(commands: Commands) -> None:
    command = new_command(
        commands, "blend", _blend, "measure whether tunes of blended styles lie between the tunes of each"
    )
    command.add_argument(
        "model", nargs="?", default="irish_han", metavar="MODEL", help="a CharLSTM with two styles: a file, or a name"
    )
    command.add_argument(
        "--parents", nargs=2, metavar="MODEL", help="models of one style each; without it, those named as the styles"
    )
    command.add_argument(
        "--collections", nargs=2, metavar="SOURCE", help="the human tunes; without it, those named as the styles"
    )
    command.add_argument("--tunes", type=COUNT, default=100, help="so many tunes for each row of the table")
    add_options(command)


def _blend(options: argparse.Namespace) -> None:
    from tunesmith.learn.blends import dialled

    check_free(options.out, options.overwrite)
    model = ts.load_model(options.model)
    if len(model.styles) != 2:
        raise ValueError(f"{options.model} has {len(model.styles)} styles: blend needs a CharLSTM with two")
    first, second = model.styles
    parents = {name: ts.load_model(name) for name in options.parents or model.styles}
    for name, parent in parents.items():
        if parent.unit != "character" or parent.styles:
            raise ValueError(f"{name} should be a CharLSTM without styles, which learned from one collection")
    table = Table(options, human_tunes(options.collections or model.styles, model.styles))
    table.add_human()
    for name, parent in parents.items():
        table.add_written(f"model, {Path(name).stem}", parent)
    for t in DIALS:
        table.add_written(f"blend, {t:.0%} {second}", model, dialled(first, second, t), t=t)
    table.finish(
        "tunes of two styles and of their blends, measured relative to the tonic against human tunes",
        model=options.model,
        parents=list(parents),
    )
