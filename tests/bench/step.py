"""One training step of the course's best network: where its time goes, and what makes it quicker.

Songs of like length in a batch against songs as they come is judged; the rest is told: the parts of a step, half the
precision, more threads, `torch.compile`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import torch
from torch import nn

import tunesmith as ts
from bench.measure import Findings, Result, median_seconds
from tunesmith.commands.ablation import ALL_VIEWS, network
from tunesmith.commands.experiments import SongSplit, song_split
from tunesmith.learn.batches import PADDING, Batch, WholeSongs
from tunesmith.learn.train import batch_logits, batch_loss

GOAL = 1.2
BATCHES, SIZE = 20, 16


def run() -> Findings:
    """The benchmark: erk."""
    data = song_split("erk")
    torch.manual_seed(1)
    model = network(views=ALL_VIEWS, tied=True, dropout=0.35, input_dropout=0.2)(data)
    return compare(model, data, BATCHES, SIZE, repeats=3)


def compare(model: ts.MelodyLSTM, data: SongSplit, count: int, size: int, repeats: int) -> Findings:
    """Time so many steps in several ways."""
    songs = WholeSongs(model.vocabulary, data.train, model.views)
    alike = list(islice(songs.batches(size, torch.Generator().manual_seed(1)), count))
    mixed = list(islice(as_they_come(songs, size), count))
    step = stepper(model)
    step(alike[0])  # what the first call of all sets up
    per_target = {}
    for name, batches in (("alike", alike), ("mixed", mixed)):
        seconds, _ = median_seconds(lambda batches=batches: [step(batch) for batch in batches], repeats)
        per_target[name] = seconds / sum(batch.count for batch in batches)
    ratio = per_target["mixed"] / per_target["alike"]
    shown = [f"{each * 1e6:.0f} µs" for each in per_target.values()]
    what = "A training step, a target, songs of like length"
    findings = Findings([Result(what, *shown, ratio, GOAL, shown=f"{ratio:.1f} times")])
    padded = [padding(alike), padding(mixed)]
    shares = ", ".join(f"{name} {share:.0%}" for name, share in parts(model, alike).items())
    findings.remarks += [
        f"Padding: {padded[0]:.0%} of a batch of songs of like length, {padded[1]:.0%} as they come",
        f"Parts of a step: {shares}",
    ]
    findings.remarks.append("By the clock, a batch: " + "; ".join(clocked(model, alike, repeats)))
    return findings


def padding(batches: Sequence[Batch]) -> float:
    """The share of steps that are no targets."""
    return 1 - sum(batch.count for batch in batches) / sum(batch.targets.numel() for batch in batches)


def as_they_come(songs: WholeSongs, size: int) -> Iterator[Batch]:
    """Batches of songs in an order by chance, whatever their lengths."""
    order = torch.randperm(len(songs), generator=torch.Generator().manual_seed(1)).tolist()
    for first in range(0, len(order), size):
        yield songs.at(order[first : first + size])


def stepper(model: ts.MelodyLSTM, precision: torch.dtype | None = None) -> Callable[[Batch], None]:
    """A function that does what `fit` does with a batch."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    model.train()

    def step(batch: Batch) -> None:
        with torch.autocast("cpu", precision or torch.bfloat16, enabled=precision is not None):
            loss = batch_loss(model, batch)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    return step


def parts(model: ts.MelodyLSTM, batches: Sequence[Batch]) -> dict[str, float]:
    """Which share of a step's time goes where."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    spent = dict.fromkeys(("forward pass", "loss", "backward pass", "clipping and Adam"), 0.0)
    for batch in batches:
        clock = [time.perf_counter()]
        logits = batch_logits(model, batch)
        clock.append(time.perf_counter())
        loss = nn.functional.cross_entropy(logits, batch.targets.flatten(), ignore_index=PADDING)
        clock.append(time.perf_counter())
        optimiser.zero_grad()
        loss.backward()
        clock.append(time.perf_counter())
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        clock.append(time.perf_counter())
        for name, begin, end in zip(spent, clock, clock[1:], strict=False):
            spent[name] += end - begin
    return {name: seconds / sum(spent.values()) for name, seconds in spent.items()}


def clocked(model: ts.MelodyLSTM, batches: Sequence[Batch], repeats: int) -> Iterator[str]:
    """Milliseconds a batch by the clock, since threads are to be compared."""
    threads = torch.get_num_threads()
    for name, count, precision in (
        ("1 thread", 1, None),
        (f"{os.cpu_count()} threads", os.cpu_count() or 1, None),
        ("1 thread, bfloat16", 1, torch.bfloat16),
        (f"{os.cpu_count()} threads, bfloat16", os.cpu_count() or 1, torch.bfloat16),
    ):
        torch.set_num_threads(count)
        yield f"{name} {_milliseconds(stepper(model, precision), batches, repeats):.0f} ms"
    torch.set_num_threads(threads)
    try:
        compiled = torch.compile(model, dynamic=True)
        compiled(batches[0].inputs, views=batches[0].views)
        yield f"1 thread, torch.compile {_milliseconds(_compiled_stepper(compiled), batches, repeats):.0f} ms"
    except Exception as error:  # no compiler, or a layer that it does not take: PyTorch raises many kinds
        yield f"torch.compile does not run here ({type(error).__name__})"


def _compiled_stepper(compiled: nn.Module) -> Callable[[Batch], None]:
    optimiser = torch.optim.Adam(compiled.parameters(), lr=1e-4)

    def step(batch: Batch) -> None:
        logits, _ = compiled(batch.inputs, views=batch.views)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), ignore_index=PADDING)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(compiled.parameters(), 1.0)
        optimiser.step()

    return step


def _milliseconds(step: Callable[[Batch], None], batches: Sequence[Batch], repeats: int) -> float:
    """The fewest by the clock over some repeats."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        for batch in batches:
            step(batch)
        taken.append(time.perf_counter() - began)
    return min(taken) / len(batches) * 1e3
