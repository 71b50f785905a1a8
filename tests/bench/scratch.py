"""The engine of `tunesmith.scratch`: notes a second before and after its two ideas, beside PyTorch, and beside C++.

The C++ project that inspired it (own matrices, own automatic differentiation) passed 455,000 notes of 399 tunes in
48 seconds on two cores, with hidden size 36 and a target at each tune's last note alone; its training loss ended at
2.26 nats. That was measured once on another machine, so it is a figure to pass and no ratio of one run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

import tunesmith as ts
from bench.measure import Findings, Result, fewest_seconds, seconds
from tunesmith import scratch

FUSING_GOAL, PYTORCH_GOAL, LOSS_GOAL = 5, 10, 2.26
CPP_NOTES = 455_000 / 48  # a second

TUNES, HELD_OUT = 399, 60
HIDDEN, EPOCHS = 36, 6
TRAINING = {"lr": 1.0, "clip": 0.5, "truncate": 8, "batch": 16}
INCIPIT = 8  # a tune held out whose first intervals are those of a training tune is a variant of it, and left out


def run() -> Findings:
    """The benchmark: synthetic tunes for the two speeds, O'Neill's for the learning."""
    tunes = irish_tunes(TUNES + HELD_OUT)
    found = [before_and_after(), beside_pytorch(), beside_cpp(tunes[:TUNES], tunes[TUNES:])]
    return joined([one_thread(os.environ.get("OMP_NUM_THREADS")), *found])


def one_thread(threads: str | None) -> Findings:
    """NumPy reads the number of threads when it is imported: it cannot be set from here, only asked for."""
    said = f"Scratch: NumPy may use several threads (OMP_NUM_THREADS is {threads or 'not set'}): set it to 1"
    return Findings(failures=[] if threads == "1" else [said])


def joined(findings: Sequence[Findings]) -> Findings:
    """Several findings as one."""
    parts = ("results", "remarks", "failures")
    return Findings(*([line for found in findings for line in getattr(found, part)] for part in parts))


# ---------------------------------------------------------------- before and after


def before_and_after(tunes: int = 64, few: int = 4, notes: int = 65, repeats: int = 3) -> Findings:
    """The same training: gate by gate and tune by tune, on `few` tunes; then with one product, 32 side by side."""
    generator = np.random.default_rng(0)
    work = generator.integers(48, 48 + HIDDEN, (tunes, notes)).tolist()

    def notes_a_second(fused: bool, batch: int, tunes: list[list[int]]) -> float:
        model = scratch.MelodyModel(range(48, 48 + HIDDEN), HIDDEN, fused=fused, generator=np.random.default_rng(0))
        taken, _ = fewest_seconds(lambda: model.train(tunes, epochs=1, truncate=16, batch=batch), repeats)
        return len(tunes) * (notes - 1) / taken

    before, after = notes_a_second(False, 1, work[:few]), notes_a_second(True, 32, work)
    fused, batched = notes_a_second(True, 1, work[:few]), notes_a_second(False, 32, work)
    what = "Scratch, one product for four gates and batches of 32"
    shown = [f"{speed:,.0f} notes/s" for speed in (after, before)]
    result = Result(what, *shown, after / before, FUSING_GOAL, shown=f"{after / before:.1f} times")
    remark = (
        f"Scratch: from {before:,.0f} notes a second, fusing alone gives {fused / before:.1f} times as many, "
        f"batches alone {batched / before:.1f} times, both {after / before:.1f} times"
    )
    return Findings([result], [remark])


# ---------------------------------------------------------------- beside PyTorch


def beside_pytorch(hidden: int = 128, batch: int = 32, steps: int = 64, repeats: int = 7) -> Findings:
    """A forward and a backward pass over the same numbers with the same weights, ours in float64.

    The one that is judged is `nn.LSTM` as everyone uses it, in float32; float64 is told in a remark.
    """
    layer = scratch.LSTM(hidden, hidden, generator=np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(steps, batch, hidden))

    def ours() -> float:
        layer.zero_grad()
        hidden_states, _ = layer(x)
        loss = (hidden_states * hidden_states).mean()
        loss.backward(retain_grads=False)
        return loss.item()

    def theirs(dtype: torch.dtype) -> tuple[float, float]:
        module = torch.nn.LSTM(hidden, hidden, dtype=dtype)
        module.load_state_dict({name: torch.tensor(array) for name, array in layer.state_dict().items()})
        inputs = torch.tensor(x, dtype=dtype)

        def work() -> float:
            module.zero_grad()
            hidden_states, _ = module(inputs)
            loss = (hidden_states * hidden_states).mean()
            loss.backward()
            return loss.item()

        return fewest_seconds(work, repeats)

    taken, loss = fewest_seconds(ours, repeats)
    (single, _), (double, expected) = theirs(torch.float32), theirs(torch.float64)
    notes = steps * batch
    what = f"Scratch beside nn.LSTM, {hidden} units, batch {batch}"
    shown = [f"{notes / each:,.0f} notes/s" for each in (taken, single)]
    ratio = taken / single
    result = Result(what, *shown, ratio, PYTORCH_GOAL, at_least=False, shown=f"{ratio:.1f} times slower")
    remark = (
        f"Scratch: nn.LSTM in float64, as ours is, passes {notes / double:,.0f} notes/s: {taken / double:.1f} times"
    )
    same = abs(loss - expected) < 1e-10
    return Findings([result], [remark], [] if same else [f"Scratch: the loss is {loss}, and PyTorch's {expected}"])


# ---------------------------------------------------------------- beside C++


def beside_cpp(train: list[list[int]], held_out: list[list[int]]) -> Findings:
    """Train on tunes, a target at every note, and judge by tunes that were held out."""
    known = {incipit(tune) for tune in train}
    fresh = [tune for tune in held_out if incipit(tune) not in known]
    model = scratch.MelodyModel(set().union(*train, *fresh), HIDDEN, generator=np.random.default_rng(0))
    order = np.random.default_rng(1)
    taken, losses = seconds(lambda: model.train(train, epochs=EPOCHS, generator=order, **TRAINING))
    notes = EPOCHS * sum(len(tune) - 1 for tune in train)
    loss, last = model.loss(fresh), model.loss([tune[:-1] for tune in fresh], [tune[-1] for tune in fresh])
    ratio = notes / taken / CPP_NOTES
    speed = Result(
        "Scratch beside C++, notes a second",
        f"{notes / taken:,.0f} notes/s",
        f"{CPP_NOTES:,.0f} notes/s",
        ratio,
        1,
        shown=f"{ratio:.1f} times",
    )
    better = Result(
        "Scratch, loss on tunes held out",
        f"{loss:.2f} nats",
        f"{LOSS_GOAL} nats in training",
        loss,
        LOSS_GOAL,
        at_least=False,
        shown=f"{loss:.2f} nats",
        unit="nats",
    )
    remark = (
        f"Scratch: {len(train)} tunes, {notes:,} notes in {taken:.1f} s with a target at each; training loss "
        f"{losses[0]:.2f} → {losses[-1]:.2f} nats a note; {len(fresh)} tunes held out, "
        f"{len(held_out) - len(fresh)} variants left out; on their last notes alone, C++'s only targets, "
        f"{last:.2f} nats. C++'s figures were published."
    )
    return Findings([speed, better], [remark])


def incipit(tune: list[int]) -> tuple[int, ...]:
    """The first intervals, which a transposed tune has too."""
    return tuple(second - first for first, second in pairwise(tune[: INCIPIT + 1]))


def irish_tunes(count: int) -> list[list[int]]:
    """The pitches of O'Neill's first tunes, file by file. The first run reads, later ones find them cached."""
    folder = Path(find_spec("music21").origin).parent / "corpus" / "oneills1850"
    tunes: list[list[int]] = []
    for path in sorted(folder.glob("*.abc")):
        tunes += [[note.pitch for note in song.notes if note.pitch is not None] for song in ts.load(path)]
        if len(tunes) >= count:
            break
    return tunes[:count]
