"""The benchmark of `tunesmith.scratch`, on tiny inputs. No time is tested: `python tasks.py bench` measures those."""

from __future__ import annotations

import numpy as np
import pytest

from bench import scratch as bench
from bench.measure import Findings

SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


def test_both_ideas_are_measured():
    found = bench.before_and_after(tunes=4, few=1, notes=9, repeats=1)
    (result,) = found.results
    assert result.value > 0 and result.goal == 5 and result.at_least and not found.failures
    assert "fusing alone" in found.remarks[0] and "batches alone" in found.remarks[0]


def test_both_do_the_same_work():
    found = bench.beside_pytorch(hidden=5, batch=2, steps=3, repeats=1)
    (result,) = found.results
    assert result.value > 0 and result.goal == 10 and not result.at_least and found.failures == []


def test_other_work_is_a_failure(monkeypatch: pytest.MonkeyPatch):
    def other(layer: bench.scratch.LSTM) -> dict[str, np.ndarray]:
        state = real(layer)
        state["bias_ih_l0"] = state["bias_ih_l0"] + 0.1
        return state

    real = bench.scratch.LSTM.state_dict
    monkeypatch.setattr(bench.scratch.LSTM, "state_dict", other)
    found = bench.beside_pytorch(hidden=5, batch=2, steps=3, repeats=1)
    assert len(found.failures) == 1 and found.failures[0].startswith("Scratch: the loss is")


def test_what_is_held_out_is_no_variant(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bench, "EPOCHS", 2)
    up, down = SCALE * 3, SCALE[::-1] * 3
    higher = [pitch + 12 for pitch in up]
    found = bench.beside_cpp([up], [higher, down])
    assert "1 tunes held out, 1 variants left out" in found.remarks[0] and "46 notes" in found.remarks[0]
    speed, loss = found.results
    assert speed.value > 0 and loss.unit == "nats" and 0 < loss.value < 10


def test_an_incipit_is_the_same_in_every_key():
    assert bench.incipit(SCALE * 2) == bench.incipit([pitch + 5 for pitch in SCALE * 2])
    assert bench.incipit(SCALE * 2) != bench.incipit(SCALE[::-1] * 2)
    assert len(bench.incipit(SCALE * 2)) == bench.INCIPIT


def test_findings_are_joined():
    one, two = Findings(["a"], ["b"], []), Findings(["c"], [], ["d"])
    assert bench.joined([one, two]) == Findings(["a", "c"], ["b"], ["d"])


def test_several_threads_are_no_fair_comparison():
    assert bench.one_thread("1").failures == []
    assert "OMP_NUM_THREADS is 2" in bench.one_thread("2").failures[0]
    assert "not set" in bench.one_thread(None).failures[0]
