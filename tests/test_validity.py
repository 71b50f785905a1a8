"""The measure: valid tunes with the mask and without, and how alike they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import tunesmith as ts
from tunesmith.__main__ import main
from tunesmith.learn.originality import CopiedRuns
from tunesmith.learn.validity import diversity, fingerprint, table, validity
from tunesmith.music.abc_check import check_abc
from tunesmith.music.abc_grammar import SIGNS

GOOD = "M:6/8\nL:1/8\nK:G\nGAB cde|d3 g3|]\n"
BAD = "M:6/8\nL:1/8\nK:G\nGAB cde|d3 g2|G6|]\n"


@pytest.fixture(scope="module")
def untrained() -> ts.CharLSTM:
    from tunesmith.tokens.characters import Characters

    torch.manual_seed(0)
    return ts.CharLSTM(Characters(SIGNS), embedding_size=4, hidden_size=8, num_layers=1)


def test_the_same_texts_have_the_same_mark() -> None:
    assert fingerprint([GOOD, BAD]) == fingerprint(iter([GOOD, BAD])) != fingerprint([BAD, GOOD])


def test_validity_counts_tunes_and_kinds_of_fault() -> None:
    found = validity([GOOD, BAD, BAD, "la la"])
    assert (found["tunes"], found["valid"], found["share"], found["read"]) == (4, 1, 0.25, 1)
    assert found["faults"]["header"] == 1 and max(found["faults"].values()) == 2
    assert "5 eighths where 6/8 has 6" in " ".join(found["examples"].values())


def test_diversity_tells_twins_from_different_tunes() -> None:
    other = "M:3/4\nL:1/8\nK:D\nf2 ed Bc|A2 FE DE|F6|]\n"
    known = CopiedRuns([check_abc(GOOD).melody()])
    twins, different = diversity([GOOD, GOOD], known), diversity([GOOD, other], known)
    assert (twins["twins"], twins["overlap"], twins["distinct_bars"]) == (1, 1.0, 0.0)
    assert (different["twins"], different["overlap"], different["distinct_bars"]) == (0, 0.0, 1.0)
    assert different["metres"] > twins["metres"] == 0
    assert twins["copied_median"] == 8 and twins["of"] == 2 and twins["copied"] == 0


def test_the_command_writes_its_numbers_and_shows_them(
    tmp_path: Path, untrained: ts.CharLSTM, capsys: pytest.CaptureFixture[str]
) -> None:
    ts.save_model(untrained, tmp_path / "small.safetensors")
    tunes = [
        f"X:{number}\nT:{number}\nM:3/4\nL:1/8\nK:D\n{'ABCDEFG'[number % 7]}2 {'cdefgab'[number // 7]}4|A6|]\n"
        for number in range(40)
    ]
    (tmp_path / "tunes.abc").write_text("\n".join(tunes), encoding="utf-8")
    out = tmp_path / "validity.json"
    command = ["validity", str(tmp_path / "small.safetensors"), "--collection", str(tmp_path / "tunes.abc")]
    command += ["--tunes", "4", "--characters", "30", "--close-after", "30", "--out", str(out)]
    assert main(command) == 0
    results = json.loads(out.read_text(encoding="utf-8"))
    assert [row["name"] for row in results["rows"]] == ["human, held out", "without the mask", "with the mask"]
    assert results["rows"][0]["share"] == results["rows"][2]["share"] == 1
    assert results["settings"]["random_seed"] == 1 and results["versions"]["torch"] == torch.__version__
    assert table(results) in capsys.readouterr().out
    assert main(command) != 0  # it is there already
    assert "exists already" in capsys.readouterr().err


def test_a_model_that_writes_no_text_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validity", "erk", "--out", str(tmp_path / "a.json")]) != 0
    assert "CharLSTM" in capsys.readouterr().err
