"""``python tasks.py bench``: run the benchmarks one after the other and print the table."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

from bench.measure import Findings

NAMES = ("kern", "memory", "generation", "show", "scratch", "training", "step")
HEAD = ["what", "ours", "theirs", "measured", "goal", "reached"]


def main(arguments: list[str]) -> int:
    """Run those that are asked for, all by default; 1 if a goal is missed or something else is wrong."""
    parser = argparse.ArgumentParser(prog="python tasks.py bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    chosen = parser.parse_args(arguments).only
    findings = [measured(name, benchmark(name)) for name in NAMES if not chosen or name in chosen]
    return report(findings)


def benchmark(name: str) -> Callable[[], Findings]:
    """A benchmark by its name, with PyTorch on one thread: a step of a melody is too little work to share."""
    from importlib import import_module

    import torch

    torch.set_num_threads(1)
    return import_module(f"bench.{name}").run


def measured(name: str, run: Callable[[], Findings]) -> Findings:
    """Run one, and say so."""
    print(f"{name} …", end=" ", flush=True)
    began = time.perf_counter()
    findings = run()
    print(f"{time.perf_counter() - began:.0f} s", flush=True)
    return findings


def report(findings: list[Findings]) -> int:
    """Print the table and what belongs to it; give the exit status."""
    results = [result for found in findings for result in found.results]
    print(f"\n{table([HEAD, *(result.cells() for result in results)])}\n")
    for remark in (remark for found in findings for remark in found.remarks):
        print(remark)
    print(surroundings())
    missed = [f"{result.what}: the goal is missed" for result in results if not result.reached]
    failures = [failure for found in findings for failure in found.failures] + missed
    for failure in failures:
        print(f"✗ {failure}")
    print(f"{sum(result.reached for result in results)} of {len(results)} goals reached")
    return 1 if failures else 0


def table(rows: list[list[str]]) -> str:
    """Rows under each other, columns aligned: text to the left, the first row underlined."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def surroundings() -> str:
    """What the numbers depend on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("music21", "torch", "verovio", "numpy"))
    return (
        f"Seconds of processor time; one process, PyTorch on 1 thread, {os.cpu_count()} processors "
        f"({platform.machine()}, {platform.system()})\nPython {platform.python_version()}, {packages}"
    )


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that lacks a letter shows "?"
    sys.exit(main(sys.argv[1:]))
