"""The benchmarks' own logic, on tiny inputs. No time is tested: `python tasks.py bench` measures those."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
import torch

import tunesmith as ts
from bench import __main__ as command
from bench import generation, kern, memory, scratch, show, step, training
from bench.measure import Findings, Result, bytes_kept, fewest_seconds, median_seconds, seconds
from tunesmith.commands.experiments import SongSplit

SONGS = ["60 _ _ _ 62 _ r _", "67 _ 65 _ 64 _ _ _ 62 _ 60 _"]


@pytest.mark.parametrize(
    ("value", "at_least", "reached"),
    [(40, True, True), (39.99, True, False), (0.6, False, True), (0.61, False, False), (float("nan"), True, False)],
)
def test_when_a_goal_is_reached(value: float, at_least: bool, reached: bool):
    result = Result("a", "1 s", "2 s", value, 40 if at_least else 0.6, at_least)
    assert result.reached is reached and result.cells()[-1] == ("yes" if reached else "NO")


@pytest.mark.parametrize(("value", "failure", "status"), [(50, "", 0), (30, "", 1), (50, "other tokens", 1)])
def test_the_exit_status(value: float, failure: str, status: int, capsys: pytest.CaptureFixture):
    findings = Findings([Result("Kern", "1 s", "50 s", value, 40)], ["a remark"], [failure] if failure else [])
    assert command.report([findings]) == status
    out = capsys.readouterr().out
    assert "a remark" in out and failure in out and "torch" in out and "1 thread" in out
    assert ("✗ Kern: the goal is missed" in out) == (value < 40)


def test_the_table_has_straight_columns():
    lines = command.table([["what", "ours"], ["a", "1"], ["longer", "20 s"]]).split("\n")
    assert lines == ["what    ours", "------  ----", "a       1", "longer  20 s"]


def test_only_what_is_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    asked = []
    monkeypatch.setattr(command, "benchmark", lambda name: lambda: asked.append(name) or Findings())
    assert command.main(["--only", "show", "--only", "kern"]) == 0 and asked == ["kern", "show"]
    asked.clear()
    assert command.main([]) == 0 and asked == list(command.NAMES)
    with pytest.raises(SystemExit):
        command.main(["--only", "all"])


def test_every_benchmark_is_there():
    threads = torch.get_num_threads()
    try:
        assert [command.benchmark(name) for name in command.NAMES] == [
            module.run for module in (kern, memory, generation, show, scratch, training, step)
        ]
    finally:
        torch.set_num_threads(threads)


def test_times_are_of_the_work():
    assert seconds(lambda: "done")[1] == "done"
    calls = []
    assert median_seconds(lambda: calls.append(1) or len(calls), 3)[1] == 3
    assert fewest_seconds(lambda: calls.append(1) or len(calls), 2)[1] == 5


# ---------------------------------------------------------------- memory


def test_tensors_and_python_s_objects_are_counted():
    size, kept = bytes_kept(lambda: [torch.zeros(100_000), bytearray(50_000)])
    assert 450_000 <= size < 470_000 and len(kept) == 2
    size, _ = bytes_kept(lambda: torch.zeros(100_000)[:10])
    assert 400_000 <= size < 420_000, "a view keeps the whole"
    size, _ = bytes_kept(lambda: torch.zeros(100_000).sum().item())
    assert size < 10_000, "what is thrown away is not counted"


def test_stored_windows_are_the_windows():
    windows = ts.Windows(ts.Vocabulary.of(SONGS), [song.split() for song in SONGS], 4)
    stored = memory.stored_windows(windows, 5)
    assert torch.equal(stored, windows[[0, 1, 2, 3, 4]][0]) and stored.dtype == torch.float32
    assert stored.nbytes == 5 * 4 * len(windows.vocabulary) * 4


def test_memory_is_scaled_up():
    songs = [song.split() for song in SONGS] * 200
    findings = memory.compare(songs, part=64)
    (result,) = findings.results
    vocabulary = ts.Vocabulary.of(songs)
    windows = ts.Windows(vocabulary, songs, memory.LENGTH)
    whole = len(windows) * memory.LENGTH * len(vocabulary) * 4
    ours = int(re.search(r"([\d,]+) bytes measured", findings.remarks[0])[1].replace(",", ""))
    assert ours >= windows.nbytes * 0.9
    assert result.value == pytest.approx(whole / ours, rel=0.3)


# ---------------------------------------------------------------- generation


def tiny_model(seed: int = 0) -> ts.MelodyLSTM:
    """Random weights, large enough that what was read decides what comes next."""
    torch.manual_seed(seed)
    model = ts.MelodyLSTM(ts.Vocabulary.of([generation.SEED, *SONGS]), embedding_size=4, hidden_size=8)
    for weights in model.parameters():
        weights.data *= 10
    return model


def test_both_write_every_step():
    model, steps = tiny_model(), 12
    seed = generation.SEED.split()
    anew = generation.read_anew(model, steps)
    assert anew[: len(seed)] == seed and len(anew) == len(seed) + steps and "/" not in anew
    tokens = ts.encode(generation.carried(model, steps))
    assert tokens[: len(seed)] == seed and len(tokens) == len(seed) + steps


@pytest.mark.parametrize("seed", range(10))
def test_both_sample_alike_from_the_same_weights(seed: int):
    """With a window that begins where the song does, what was carried and what is read anew are the same."""
    model = tiny_model(seed)
    window = len(generation.SEED.split()) + 1  # the delimiter, then the seed
    assert generation.read_anew(model, 1, length=window) == ts.encode(generation.carried(model, 1))


def test_generation_gives_a_ratio():
    (result,) = generation.compare(tiny_model(), 4, repeats=1).results
    assert result.value > 0 and result.goal == 5 and result.ours.endswith(" ms")


# ---------------------------------------------------------------- show


def test_sixteen_bars():
    melody = show.sixteen_bars()
    assert len(melody.bars()) == 16 and melody.duration == 64 and melody.time_signature == "4/4"


def test_show_is_judged_by_both():
    fits, late, large = (
        show.judge(taken, {"text/html": "ä" * count, "text/plain": "b"}).results
        for taken, count in ((0.5, 100_000), (0.7, 100_000), (0.5, 110_001))
    )
    assert [result.reached for result in (*fits, *late, *large)] == [True, True, False, True, True, False]


def test_nothing_is_used_again():
    from tunesmith.display import engrave, sound

    melody = ts.decode("60 _ _ _")
    engrave.engrave(melody)
    sound._font()
    caches = [thing for thing in vars(engrave).values() if hasattr(thing, "cache_info")]
    assert any(cache.cache_info().currsize for cache in caches)
    show.forget()
    assert not any(cache.cache_info().currsize for cache in caches)
    assert sound._font.cache_info().currsize == 1, "a notebook reads the font once"


# ---------------------------------------------------------------- kern


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Songs in three keys, one with a tie, one that names no key, one with a note value that is left out."""
    songs = [
        ts.decode("67 _ _ _ 71 _ 74 _ r _ _ _ 66 _ _ _", time_signature="4/4", key="G major"),
        ts.decode("66 _ 70 _ 73 _ _ _ 66 _ _ _ _ _ _ _", time_signature="4/4", key="F# major"),
        ts.decode("64 _ 67 _ 71 _ _ _ 64 _ _ _ _ _ _ _", time_signature="4/4", key="E minor"),
        ts.decode("60 _ _ _ " * 3 + "62 _ _ _ _ _ _ _", time_signature="4/4", key="C major"),
        ts.decode("60 _ 64 _ 67 _ _ _ 60 _ _ _ _ _ _ _", time_signature="4/4"),
        ts.Melody.of([(60, 1), (62, "1/3"), (64, "1/3"), (65, "1/3")], time_signature="2/4", key="C major"),
    ]
    kern.write_folder(songs, tmp_path / "songs")
    return tmp_path / "songs"


def test_which_files_are_compared(folder: Path):
    assert kern.comparable_files(folder) == {"song0001", "song0002", "song0003", "song0006"}


def test_both_give_the_same_tokens(folder: Path):
    ours, theirs = kern.tokens_ours(folder), kern.tokens_theirs(folder)
    compared = kern.comparable_files(folder)
    assert {name: ours[name] for name in compared if name in ours} == {
        name: theirs[name] for name in compared if name in theirs
    }
    assert ours["song0001"].startswith("72 _ _ _ 76"), "G goes up to C"
    assert ours["song0002"].startswith("60 _ 64"), "F sharp goes down 6"
    assert ours["song0003"].startswith("69 _ 72"), "E minor goes up to A"
    assert "song0006" not in ours and "song0006" not in theirs
    assert ours["song0004"] != theirs["song0004"], "a tied note is struck again there"


def test_other_tokens_are_a_failure():
    findings = kern.judge(1.0, {"a": "60", "b": "62", "c": "1"}, 50.0, {"a": "60", "b": "64"}, {"a", "b"}, 3)
    assert findings.results[0].reached and "1 of 2 files" in findings.remarks[0]
    assert findings.failures == ["Kern: 1 files give other tokens, the first: b"]
    assert kern.judge(1.0, {"a": "60"}, 50.0, {}, {"a"}, 1).failures, "left out by one side alone"
    assert kern.judge(1.0, {}, 50.0, {}, set(), 0).failures == ["Kern: there was no file to compare"]


def test_nothing_is_cached_for_ours(home: Path, folder: Path):
    kern.tokens_ours(folder)
    assert not home.exists() and os.environ["TUNESMITH_HOME"] == str(home)


def test_the_tutorial_s_side_unpickles_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch):
    import pickle

    def refuse(*_, **__):
        raise AssertionError("unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    assert kern.tokens_theirs(folder)


def test_training_is_timed_until_the_bound():
    songs = [ts.BarredSong(tuple(song.split()), "2/4") for song in SONGS * 4]
    data = SongSplit("small", songs, songs[:2], songs[:2])
    size = len(data.vocabulary)
    ours = ts.MelodyLSTM(data.vocabulary, 8, 12, views=("bar",), metres=["2/4"])
    theirs = ts.WindowLSTM(size, 4, size, 8, vocabulary=data.vocabulary)
    settings = {"batch_size": 4, "batches_per_epoch": 2, "learning_rate": 0.02}
    findings = training.compare(ours, theirs, data, 40, bound=1.0, settings=(settings, settings))
    assert findings.results[0].goal == 10 and findings.results[0].value > 0 and not findings.failures
    assert "targets a second" in findings.remarks[0] and "MB of memory" in findings.remarks[1]


def test_a_training_that_does_not_arrive_is_said():
    songs = [ts.BarredSong(tuple(song.split()), "2/4") for song in SONGS * 4]
    data = SongSplit("small", songs, songs[:2], songs[:2])
    settings = {"batch_size": 4, "batches_per_epoch": 1, "learning_rate": 1e-4}
    models = [ts.MelodyLSTM(data.vocabulary, 4, 4) for _ in range(2)]
    findings = training.compare(*models, data, 1, bound=0.1, settings=(settings, settings))
    assert "ours stopped at" in findings.failures[0] and "their seconds are a least" in findings.remarks[-1]


def test_the_peak_of_memory_is_seen():
    with training.Peak() as peak:
        kept = bytearray(80_000_000)
        kept[::4096] = b"x" * len(kept[::4096])
        time.sleep(0.1)
    assert 60e6 < peak.bytes < 300e6


def test_a_step_is_timed_in_several_ways(monkeypatch: pytest.MonkeyPatch):
    def refused(*_: object, **__: object):
        raise RuntimeError("no compiler")

    monkeypatch.setattr(torch, "compile", refused)  # it would take half a minute
    songs = [ts.BarredSong(tuple(song.split()), "2/4") for song in SONGS * 4]
    data = SongSplit("small", songs, songs[:2], songs[:2])
    model = ts.MelodyLSTM(data.vocabulary, 4, 4, views=("bar",), metres=["2/4"])
    findings = step.compare(model, data, count=2, size=2, repeats=1)
    assert findings.results[0].value > 0
    padded, parts, clocked = findings.remarks
    assert re.fullmatch(r"Padding: \d+% of a batch of songs of like length, \d+% as they come", padded)
    assert sum(int(share) for share in re.findall(r"(\d+)%", parts)) in range(97, 104)
    assert "1 thread, bfloat16" in clocked and "torch.compile does not run here (RuntimeError)" in clocked


def test_padding_is_what_is_no_target():
    vocabulary = ts.Vocabulary.of(SONGS)
    songs = ts.WholeSongs(vocabulary, [["60"] * 3, ["62"] * 7])  # with the end 4 and 8 targets
    assert step.padding([songs.at([0, 1])]) == pytest.approx(4 / 16) and step.padding([songs.at([1])]) == 0
    assert sum(len(batch.inputs) for batch in step.as_they_come(songs, 1)) == 2
