"""The command line: ``python -m tunesmith COMMAND``; `tunesmith.commands` has a file for each."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence

import tunesmith as ts
from tunesmith.commands import (
    ablation,
    blend,
    compare,
    doctor,
    encode,
    evaluate,
    generate,
    leakage,
    pearce,
    run,
    sampling,
    show,
    train,
    tune,
    validity,
    ways,
)

COMMANDS = (
    *(generate, show, encode, train, evaluate, run),
    *(blend, ways, validity, sampling, leakage, compare, ablation, tune, pearce, doctor),
)

_EXAMPLES = """examples:
  python -m tunesmith generate --seed "65 _ _ _ 65 _ 69" --out tune.mid
  python -m tunesmith generate --temperature 0.6 --random-seed 7 --out tune.mp3
  python -m tunesmith show tune.krn
  python -m tunesmith encode erk --out encoded
  python -m tunesmith train erk --out my_model.safetensors
  python -m tunesmith evaluate my_model.safetensors erk
  python -m tunesmith generate --model my_model.safetensors --out tune.svg
  python -m tunesmith run config.yaml --set train.epochs=3
  python -m tunesmith blend --out my_blend.json
  python -m tunesmith ways irish han --out my_ways.json
  python -m tunesmith validity irish --out my_validity.json
  python -m tunesmith sampling erk --melodies 20 --out my_sampling.json
  python -m tunesmith leakage kinder --texts --out my_leakage.json
  python -m tunesmith compare erk --batches 300 --seeds 1 --out my_comparison.json
  python -m tunesmith ablation erk --rows base echo --seeds 1 --out my_ablation.json
  python -m tunesmith tune kinder --trials 10 --batches 60 --out my_study.db --plots my_plots
  python -m tunesmith pearce kinder --out my_pearce.json
  python -m tunesmith doctor
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code: 0, or 2 after an error said in one line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda text, *_: print(f"tunesmith {options.command}: {text}", file=sys.stderr)
            return options.run(options) or 0
    except (ValueError, OSError) as error:
        message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        place = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        print(f"tunesmith {options.command}: {place}{message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """Says an error in one line, without the usage above it."""

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog.removeprefix('python -m ')}: {message} (--help lists all)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m tunesmith",
        description="Let a small recurrent network write melodies, and handle the songs that it learns from.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tunesmith {ts.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
