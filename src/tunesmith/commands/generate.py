"""``generate``: a trained model writes a melody."""

from __future__ import annotations

import argparse
import secrets
from functools import partial
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.parsing import COUNT, RANDOM_SEED, Commands, check_out, new_command
from tunesmith.music.files import WRITERS


def add(commands: Commands) -> None:
    command = new_command(commands, "generate", _generate, "write a new melody with a trained model")
    command.add_argument(
        "--seed",
        default="",
        metavar="TOKENS",
        help='how the melody begins, in C major or A minor: MIDI numbers, "r" for a rest, "_" to hold for one more '
        'sixteenth, such as "65 _ _ _ 65 _ 69"; empty: the model begins by itself',
    )
    command.add_argument("--steps", type=int, default=200, help="at most so many new steps (sixteenths)")
    command.add_argument("--minimum", type=int, default=64, help="the song does not end before so many steps")
    command.add_argument(
        "--temperature", type=float, default=0.8, help="0 always takes the likeliest, above 1 dares more"
    )
    command.add_argument("--top-k", type=COUNT, metavar="K", help="draw from the K likeliest tokens only")
    command.add_argument(
        "--top-p", type=float, metavar="P", help="draw from the fewest tokens that together have probability P"
    )
    command.add_argument(
        "--typical-p",
        type=float,
        metavar="P",
        help="draw from the fewest tokens of typical surprise that together have probability P",
    )
    command.add_argument(
        "--repetition",
        type=float,
        default=0.0,
        metavar="W",
        help="above 0 what comes again is likelier to go on as before, below 0 less likely; W is added to the logits",
    )
    command.add_argument(
        "--best-of", type=COUNT, default=1, metavar="N", help="write N melodies, keep the one the model finds likeliest"
    )
    command.add_argument("--random-seed", type=RANDOM_SEED, metavar="N", help="the same number gives the same melody")
    command.add_argument("--metre", default="4/4", help="how to bar the result")
    command.add_argument("--upbeat", default="0", help="quarter notes before the first full bar")
    command.add_argument("--title", default="", help="written into the file")
    command.add_argument("--model", default="folk", help="a trained model: a file, or a name that the course ships")
    command.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"the ending decides the format: {' '.join(WRITERS)}; without it the notes are printed only",
    )
    command.add_argument("--overwrite", action="store_true", help="replace the file if it is there")


def _generate(options: argparse.Namespace) -> None:
    import torch

    if options.out:
        check_out(options.out, options.overwrite)
    random_seed = secrets.randbelow(10**6) if options.random_seed is None else options.random_seed
    write = ts.generate if options.best_of == 1 else partial(ts.best_of, n=options.best_of)
    melody = write(
        ts.load_model(options.model),
        seed=options.seed,
        steps=options.steps,
        minimum=options.minimum,
        temperature=options.temperature,
        top_k=options.top_k,
        top_p=options.top_p,
        typical_p=options.typical_p,
        repetition=options.repetition,
        generator=torch.Generator().manual_seed(random_seed),
        metre=options.metre,
        upbeat=options.upbeat,
        title=options.title,
    )
    ts.show(melody)
    print(f"random seed {random_seed}: give it again to get the same melody")
    if options.out:
        print(f"written: {ts.write(melody, options.out, overwrite=options.overwrite)}")
