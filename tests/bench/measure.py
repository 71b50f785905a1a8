"""How times and memory are measured, and what a benchmark hands back."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass(frozen=True)
class Result:
    """One line of the table.

    value: what is judged, the ratio or the measured amount itself. goal: its bound; `at_least` says on which side
    the value should lie. ours, theirs, shown: the columns of the table, as text.
    """

    what: str
    ours: str
    theirs: str
    value: float
    goal: float
    at_least: bool = True
    shown: str = ""
    unit: str = "times"

    @property
    def reached(self) -> bool:
        """Whether the goal is met, the bound itself included; what is no number never is."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def cells(self) -> list[str]:
        """The line as the table prints it."""
        number = self.shown or f"{self.value:,.0f} {self.unit}"
        bound = f"{'at least' if self.at_least else 'at most'} {self.goal:,g} {self.unit}"
        return [self.what, self.ours, self.theirs, number, bound, "yes" if self.reached else "NO"]


@dataclass
class Findings:
    """What a benchmark found: lines of the table, remarks below it, and what went wrong besides missed goals."""

    results: list[Result] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of processor time that some work takes, and what it gives."""
    gc.collect()
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def median_seconds(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """The median over some repeats, and what the last one gave."""
    runs = [seconds(work) for _ in range(repeats)]
    return statistics.median(taken for taken, _ in runs), runs[-1][1]


def fewest_seconds(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """The fewest over some repeats, for what is judged by the clock alone: other programs can only add to it.

    Python's garbage collector rests meanwhile, as in `timeit`: what it costs depends on all else that is in memory.
    """
    gc.disable()
    try:
        runs = [seconds(work) for _ in range(repeats)]
    finally:
        gc.enable()
    return min(taken for taken, _ in runs), runs[-1][1]


def bytes_kept(build: Callable[[], Any]) -> tuple[int, Any]:
    """Bytes that stay allocated for what `build` gives: its tensors' whole storages, and Python's own objects.

    PyTorch asks the system for memory past `tracemalloc`, so its tensors are found and counted.
    """
    before = _storages()
    tracemalloc.start()
    try:
        result = build()
        gc.collect()
        python, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    tensors = sum(size for place, size in _storages().items() if place not in before)
    return python + tensors, result


def _storages() -> dict[int, int]:
    """The memory that all tensors alive stand in: address → bytes; two views of the same count once."""
    gc.collect()
    found = (thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor))
    return {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in found}
