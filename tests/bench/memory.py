"""The training data of a collection in memory: ids that become windows when asked for, and windows stored one-hot."""

from __future__ import annotations

from collections.abc import Sequence

import torch

import tunesmith as ts
from bench.measure import Findings, Result, bytes_kept

GOAL = 500
LENGTH = 64  # steps in a window
PART = 2_048  # windows that are really stored


def run() -> Findings:
    """The benchmark: the songs of erk that a network trains on."""
    songs = [ts.encode(ts.to_empty_signature(song)) for song in ts.load("erk")]
    return compare(ts.split(songs)[0])


def compare(songs: Sequence[Sequence[str]], part: int = PART) -> Findings:
    """Build both, the stored windows in part; measure what stays allocated, and scale the part up."""
    vocabulary = ts.Vocabulary.of(songs)
    ours, windows = bytes_kept(lambda: ts.Windows(vocabulary, songs, LENGTH))
    count = min(part, len(windows))
    theirs, stored = bytes_kept(lambda: stored_windows(windows, count))
    size = stored.shape[1] * stored.shape[2] * 4  # bytes of a window
    whole = theirs / count * len(windows)
    findings = Findings()
    what = f"Memory, {len(windows):,} windows of {LENGTH} steps"
    findings.results.append(Result(what, f"{ours / 1e6:.2f} MB", f"{whole / 1e6:,.0f} MB", whole / ours, GOAL))
    findings.remarks.append(
        f"Memory: {ours:,} bytes measured for ours, {windows.nbytes:,} by its own count; {count:,} windows stored as "
        f"float32 took {theirs / count:,.0f} bytes each, {size:,} by their shape"
    )
    if windows.nbytes > ours:
        findings.failures.append("Memory: nbytes is more than what was measured: the measure missed something")
    return findings


def stored_windows(windows: ts.Windows, count: int) -> torch.Tensor:
    """The first windows as a tutorial stores them all: one tensor (N, T, V), float32."""
    stored = torch.zeros(count, windows.length, len(windows.vocabulary))
    for index in range(count):
        stored[index] = windows[index][0]
    return stored
