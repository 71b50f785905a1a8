"""``blend`` and ``ways``: tunes written many at a time, measured against human ones, shown as a table."""

from __future__ import annotations

import json

import pytest
import torch

import tunesmith as ts
from melodies import one_clear_line
from tunesmith import __main__ as cli
from tunesmith.learn.blends import Yardstick, blend_table, dialled, readable
from tunesmith.learn.style_measures import MEASURES
from tunesmith.music.melody import Melody

STEPS = {"low": "CDEF", "high": "gabc'"}  # the two styles use different notes
METRES = {"low": "M:4/4", "high": "M:3/4"}


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def texts(style: str, count: int = 120) -> list[str]:
    """Short tunes of one style, all different, in the keys of C and D."""
    notes = ["C", "D", "E", "F"] if style == "low" else ["g", "a", "b", "c'"]
    beats = 4 if style == "low" else 3
    found = []
    for number in range(count):
        row = [notes[number // 4**place % 4] for place in range(2 * beats)] + [notes[(number + 1) % 4]] * beats * 2
        bars = ["".join(row[i : i + 2 * beats]) for i in range(0, 4 * beats, 2 * beats)]
        found.append(f"{METRES[style]}\nL:1/8\nK:{'CD'[number % 2]}\n{'|'.join(bars)}|]\n")
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two collections of ABC files, each a folder."""
    folder = tmp_path_factory.mktemp("tunes")
    for style in STEPS:
        (folder / style).mkdir()
        whole = "\n".join(f"X:{n}\nT:{style} {n}\n{text}" for n, text in enumerate(texts(style), 1))
        (folder / style / f"{style}.abc").write_text(whole, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory, folder):
    """Small networks: one for each style, one for both."""
    path = tmp_path_factory.mktemp("models")
    pairs = [(text, style) for style in STEPS for text in texts(style)]
    characters = ts.Characters.of(text for text, _ in pairs)
    for name in ("low", "high", "both"):
        torch.manual_seed(1)
        styles = tuple(STEPS) if name == "both" else ()
        model = ts.CharLSTM(characters, 16, 48, 1, styles=styles)
        train = pairs if name == "both" else texts(name)
        ts.fit(model, train, train[:4], epochs=8 if name == "both" else 15, batch_size=16, learning_rate=0.02)
        ts.save_model(model, path / f"{name}.safetensors")
    return path


@pytest.fixture(scope="module")
def results(models, folder, tmp_path_factory):
    """What ``blend`` measured with the small networks."""
    out = tmp_path_factory.mktemp("out") / "blend.json"
    parents = ["--parents", models / "low.safetensors", models / "high.safetensors"]
    sources = ["--collections", folder / "low", folder / "high"]
    choice = ["--tunes", 8, "--characters", 120, "--out", out]
    assert cli.main([str(part) for part in ["blend", models / "both.safetensors", *parents, *sources, *choice]]) == 0
    return json.loads(out.read_text(encoding="utf-8"))


def test_dialled():
    assert dialled("a", "b", 0.25) == {"a": 0.75, "b": 0.25}


# --- Reading and measuring -----------------------------------------------------------------------


def test_readable():
    melody = readable("M:6/8\nL:1/8\nK:D\nDEF A3|]\n")
    assert melody.pitches == (62, 64, 66, 69) and melody.key.tonic == "D" and melody.time_signature == "6/8"
    assert readable("M:6/8\nL:1/8\nK:D\nDEF A2|AAA|]\n")  # bars that do not add up are read all the same
    for broken in ("", "M:6/8\nL:1/8\n", "M:6/8\nL:1/8\nK:D\n|]\n", "M:x\nK:D\nDEF|]\n"):
        assert readable(broken) is None


def test_the_yardstick():
    low, high = ([readable(text) for text in texts(style, 24)] for style in STEPS)
    yardstick = Yardstick(low[:12], high[:12])
    own, half = (yardstick.measure(tunes, generator()) for tunes in (low[:12], [*low[12:18], *high[12:18]]))
    for measure in ("pitch classes", "metres"):
        assert own["places"][measure]["t"] == pytest.approx(0, abs=1e-4) and not own["places"][measure]["between"]
    assert own["places"]["rhythms"]["t"] is None  # all are eighths, in both styles
    for measure, values in half["histograms"].items():
        assert len(values) == len(MEASURES[measure].labels) and sum(values) == pytest.approx(1, abs=0.01)
    assert half["places"]["metres"]["t"] == 0.5 and half["places"]["metres"]["between"]
    assert half["leanings"]["metres"]["spread"] > own["leanings"]["metres"]["spread"] == 0
    assert own["notes"] == 16


def test_copied_tunes_are_counted():
    """Of sixteen notes in a row, in whatever key; of fifteen, none is."""
    row = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79, 81, 83, 84, 86]
    tune, short = (Melody.of([(pitch, 1) for pitch in pitches], key="C") for pitches in (row, row[1:]))
    other = Melody.of([(60, 2), (67, 2)], key="C")
    yardstick = Yardstick([tune, other], [other])
    assert yardstick.measure([tune.transpose(2), other, short, short], generator())["copied"] == 1


# --- The commands --------------------------------------------------------------------------------


def test_blend_writes_all_rows(results):
    assert results["collections"] == ["low", "high"]
    names = [row["name"] for row in results["rows"]]
    assert names[:3] == ["human, low", "human, high", "human, half of each"]
    assert names[5:] == [f"blend, {share} high" for share in ("0%", "25%", "50%", "75%", "100%")]
    assert len(names) == 10
    for row in results["rows"]:
        assert 0 < row["read"] <= row["tunes"] and 0 <= row["valid"] <= row["tunes"]
        assert set(row["places"]) == set(row["histograms"]) == set(row["leanings"]) == set(MEASURES)
        for measure, values in row["histograms"].items():
            assert len(values) == len(results["labels"][measure]) == len(results["parents"][measure][0])
    assert results["settings"]["tunes"] == 8 and results["settings"]["random_seed"] == 1
    assert {"tunesmith", "torch", "python"} == set(results["versions"]) and results["seconds"] >= 0


def test_the_dial_moves_the_tunes_from_one_style_to_the_other(results):
    by_name = {row["name"]: row["places"] for row in results["rows"]}
    for measure in ("pitch classes", "metres"):
        assert by_name["blend, 0% high"][measure]["t"] < 0.4 < 0.6 < by_name["blend, 100% high"][measure]["t"]
    assert by_name["human, low"]["metres"]["t"] == 0 and by_name["human, high"]["metres"]["t"] == 1
    assert not by_name["human, low"]["metres"]["between"] and by_name["human, half of each"]["metres"]["between"]


def test_the_table(results):
    lines = blend_table(results).splitlines()
    assert len(lines) == 2 + len(results["rows"]) and max(map(len, lines)) < 140
    assert "0 for low and 1 for high" in lines[0] and all(measure in lines[1] for measure in MEASURES)
    half = next(line for line in lines if line.startswith("human, half of each"))
    assert "0.50 (" in half and ")*" in half
    nothing = {"t": None, "low": None, "high": None, "between": False}
    row = {"name": "x", "read": 1, "valid": 1, "places": dict.fromkeys(MEASURES, nothing)}
    assert "–" in blend_table({"collections": ["a", "b"], "rows": [row]})


def test_blend_refuses(run, models, folder, tmp_path):
    both, low = models / "both.safetensors", models / "low.safetensors"
    out = tmp_path / "blend.json"
    sources = ["--collections", folder / "low", folder / "high"]
    empty = tmp_path / "few.abc"
    empty.write_text(f"X:1\nT:one\n{texts('low')[0]}", encoding="utf-8")
    for arguments, words in (
        ([low, "--out", out], ("0 styles", "two")),
        ([both, "--parents", both, low, *sources, "--out", out], ("both.safetensors", "without styles")),
        ([both, "--parents", low, low, "--collections", empty, folder / "high", "--out", out], ("too few", "few.abc")),
        ([models / "none.safetensors", "--out", out], ("none.safetensors",)),
        ([both, "--out", tmp_path / "nowhere" / "blend.json"], ("no folder",)),
        ([both, *sources, "--parents", low, low, "--temperature", 0, "--tunes", 1, "--out", out], ("temperature",)),
    ):
        code, _, err = run("blend", *arguments)
        assert code == 2 and not out.exists()
        one_clear_line(err, *words)
    out.write_text("mine")
    code, _, err = run("blend", both, "--out", out)
    assert code == 2 and out.read_text() == "mine"
    one_clear_line(err, "exists already", "--overwrite")


@pytest.mark.slow
def test_ways(run, folder, tmp_path):
    out = tmp_path / "ways.json"
    choice = ["--steps", 60, "--tunes", 5, "--characters", 120, "--ratio", 0.25, "--out", out]
    code, text, err = run("ways", folder / "low", folder / "high", *choice)
    assert (code, err) == (0, "") and "written" in text
    results = json.loads(out.read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in results["rows"]}
    assert list(rows)[3:] == ["concatenated", "mixed", "labelled, 0% high", "labelled, 50% high", "labelled, 100% high"]
    assert rows["concatenated"]["learned_from"] == 192 == rows["labelled, 50% high"]["learned_from"]
    assert 110 <= rows["mixed"]["learned_from"] <= 150  # all of the second collection, and a third as many of the first
    assert set(rows["mixed"]["nats_per_character"]) == {"low", "high"}
    assert rows["labelled, 50% high"]["style"] == {"low": 0.5, "high": 0.5} and "style" not in rows["mixed"]
    assert results["settings"]["steps"] == 60 and results["settings"]["ratio"] == 0.25


def test_ways_refuses(run, folder, tmp_path):
    for arguments, words in (
        ((folder / "low", folder / "low"), ("given twice",)),
        ((folder / "low", tmp_path / "none"), ("none",)),
        ((folder / "low", folder / "high", "--ratio", 1.5), ("ratio 1.5",)),
    ):
        code, _, err = run("ways", *arguments, "--out", tmp_path / "ways.json")
        assert code == 2
        one_clear_line(err, *words)
