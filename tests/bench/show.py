"""Sixteen bars as a score with a player: how long that takes, and how much a notebook has to hold."""

from __future__ import annotations

import sys

import tunesmith as ts
from bench.measure import Findings, Result, fewest_seconds, seconds
from tunesmith.display.show import mimebundle

SECONDS = 0.6
KILOBYTES = 220
REPEATS = 25  # a processor that is shared has slow half minutes


def run() -> Findings:
    """The benchmark: nothing that an earlier call made is used again."""
    melody = sixteen_bars()
    first, _ = seconds(lambda: fresh_bundle(melody))
    taken, bundle = fewest_seconds(lambda: fresh_bundle(melody), REPEATS)
    findings = judge(taken, bundle)
    findings.remarks.append(f"Show: the first of all, with what it imports, took {first:.2f} s")
    return findings


def judge(taken: float, bundle: dict[str, str]) -> Findings:
    """The two lines of the table."""
    size = sum(len(text.encode("utf-8")) for text in bundle.values()) / 1e3
    return Findings(
        [
            Result("Show, 16 bars", f"{taken:.2f} s", "–", taken, SECONDS, False, f"{taken:.2f} s", "s"),
            Result("Show, its size", f"{size:.0f} kB", "–", size, KILOBYTES, False, f"{size:.0f} kB", "kB"),
        ]
    )


def sixteen_bars() -> ts.Melody:
    """Sixteen bars of 4/4 with the mixture of note values of a folk song."""
    bar = "60 _ _ _ 62 _ 64 _ 65 _ _ _ 67 _ 69 _"
    other = "72 _ 71 _ 69 _ 67 _ 65 _ _ _ r _ 64 62"
    last = "60 _ _ _ _ _ _ _ _ _ _ _ r _ _ _"
    return ts.decode(" ".join([bar, other] * 7 + [other, last]), time_signature="4/4", key="C major")


def fresh_bundle(melody: ts.Melody) -> dict[str, str]:
    """What a notebook stores, made from the beginning."""
    forget()
    return mimebundle(melody)


def forget() -> None:
    """Empty every cache of ours, but the sound font's: that is read once in a notebook, not once a melody."""
    for name, module in list(sys.modules.items()):
        if name.startswith("tunesmith.") and module:
            for label, thing in vars(module).items():
                if label != "_font" and hasattr(thing, "cache_clear"):
                    thing.cache_clear()
