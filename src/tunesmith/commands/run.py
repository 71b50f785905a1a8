"""``run``: data, training, evaluation, generation and tracking from one file."""

from __future__ import annotations

import argparse
from pathlib import Path

from tunesmith.commands.parsing import Commands, new_command


def add(commands: Commands) -> None:
    command = new_command(
        commands, "run", _run, "train a network on tunes as text and let it write, as a config file says"
    )
    command.add_argument(
        "config", type=Path, metavar="CONFIG.yaml", help="the settings of the run, such as config.yaml"
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting in place of the file's, such as train.epochs=3; may be given several times",
    )


def _run(options: argparse.Namespace) -> None:
    from tunesmith.runs.reading import read_config

    config = read_config(options.config, options.set)  # what is wrong there is said before PyTorch is loaded
    from tunesmith.runs.stages import run

    run(config)
