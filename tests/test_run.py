"""A run from one file to its tunes: every stage, every file, killed at any moment, the same each time."""

import json
import random
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import mido
import pytest
import soundfile
import torch

import run_process
import tunesmith as ts
from melodies import command, one_clear_line
from run_process import EPOCHS, small, write_tunes
from tunesmith.learn import train as training
from tunesmith.learn.checkpoint import load_tensors
from tunesmith.learn.train import mean_loss
from tunesmith.music.abc_check import check_abc
from tunesmith.runs import stages
from tunesmith.runs.config import Data, Evaluate, Generate, Tracking, Train
from tunesmith.runs.result import read_run
from tunesmith.runs.stages import run

QUIET = Tracking(kind="none")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, with tunes."""
    write_tunes(tmp_path / "tunes")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that is finished: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("finished")
    write_tunes(folder / "tunes")
    (folder / "tunes" / "broken.abc").write_text("X:1\nT:No key\nM:4/4\nCDEF|\n", encoding="utf-8")
    config = folder / "small.yaml"
    config.write_text(stages_yaml(), encoding="utf-8")
    done = command("run", config.name, "--set", f"train.epochs={EPOCHS}", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "runs" / "small", done.stdout, done.stderr


def stages_yaml():
    from tunesmith.runs.folder import settings_text

    return settings_text(small(train=Train(epochs=1, batch_size=8, window=24, learning_rate=0.02, patience=50)))


def results(folder):
    """All files that must be the same at every run; events have times in their names, run.json seconds."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {n: p.read_bytes() for n, p in files.items() if not n.startswith("tracking/") and n != "run.json"}


# --- What is there afterwards ---------------------------------------------------------------------


def test_the_folder(finished):
    folder, _, _ = finished
    names = set(results(folder)) | {"run.json"}
    assert {
        "settings.yaml",
        "run.json",
        "data.json",
        "history.json",
        "checkpoint.safetensors",
        "model.safetensors",
        "evaluation.json",
        "tunes.json",
        "tunes/tune-01.abc",
        "tunes/tune-02.abc",
    } <= names
    assert all(re.fullmatch(r"[\w/-]+\.\w+", name) for name in names)  # nothing half written is left
    about = json.loads((folder / "run.json").read_bytes())
    assert list(about["stages"]) == ["data", "train", "evaluate", "generate", "tracking"]
    assert {"python", "platform", "threads", "packages"} == about["versions"].keys()
    assert about["versions"]["packages"]["torch"] == torch.__version__ and about["seeds"]["training"] == 0


def test_what_it_says(finished):
    _, out, err = finished
    lines = out.splitlines()
    assert err == "" and lines[0] == f"{Path('runs') / 'small'}: a new run"
    for words in ("30 read, 1 left out", "tunes to train on", "weights", "nats per character", "guessing costs"):
        assert words in out
    assert f"after epoch {EPOCHS} of {EPOCHS}" in out or "best validation loss" in out
    assert "tensorboard --logdir runs" in out and "finished after" in lines[-1]
    assert sum(line.startswith("generate: tune-") for line in lines) == 2


def test_it_can_be_read(finished):
    folder, _, _ = finished
    result = ts.read_run(folder)
    assert result.settings == small() and result.stages[-1] == "tracking"
    assert result.history.epochs == EPOCHS and result.history.unit == "character"
    assert result.history.valid_loss[-1] < result.history.valid_loss[0]
    assert "svg" in str(result.history._repr_mimebundle_()) and result.evaluation.keys() == {"valid", "test"}
    model = result.model()
    parts = json.loads((folder / "data.json").read_bytes())
    assert mean_loss(model, parts["valid"]) == pytest.approx(result.history.best_loss, rel=1e-6)
    assert result.evaluation["valid"] == pytest.approx(result.history.best_loss, rel=1e-6)
    assert sum(parts["counts"].values()) == 30 and not set(parts["train"]) & set(parts["test"])
    assert "No key" not in str(parts["train"]) and "broken" in parts["sources"]["tunes"]["left_out"]
    for words in ("generate, tracking finished", "training: best", "evaluation: valid", "tune-01: "):
        assert words in str(result)


def test_the_tunes_open(finished):
    folder, out, _ = finished
    tunes = ts.read_run(folder).tunes
    assert len(tunes) == 2
    for tune in tunes:
        assert check_abc(tune.text).valid
        assert tune.valid and f"generate: {tune.name} is valid" in out
        abc, mid, mp3, svg = sorted(tune.files, key=lambda path: path.suffix)
        assert ts.read(abc).notes == tune.melody.notes and "T:small, tune" in abc.read_text(encoding="utf-8")
        assert [m.note for m in mido.MidiFile(mid) if m.type == "note_on" and m.velocity] == [*tune.melody.pitches]
        assert ElementTree.parse(svg).getroot().tag.endswith("svg")
        sound, rate = soundfile.read(mp3)
        assert len(sound) > rate and abs(sound).max() > 0.1


def test_python_can_do_the_same(here, finished):
    """The library's `run` in this process gives what the command gave in its own, file for file."""
    shutil.rmtree(here / "tunes")
    shutil.copytree(finished[0].parents[1] / "tunes", here / "tunes")
    threads = torch.get_num_threads()
    torch.set_num_threads(json.loads((finished[0] / "run.json").read_bytes())["versions"]["threads"])
    run(small())
    torch.set_num_threads(threads)
    assert results(here / "runs" / "small") == results(finished[0])


def test_a_tune_that_is_not_valid_says_why(here, capsys):
    generate = Generate(tunes=1, start=run_process.START, characters=40, temperature=3, grammar=False)
    (tune,) = run(small(generate=generate, tracking=QUIET)).tunes
    out = capsys.readouterr().out
    assert not tune.valid and [path.name for path in tune.files] == ["tune-01.abc"]
    assert re.search(r"^generate: tune-01 line \d+.*: .+$", out, re.MULTILINE) and tune.why in out
    assert "0 of 1 tunes are valid" in out and f"tune-01: {tune.why}" in str(tune)
    with pytest.raises(ValueError) as error:
        tune.melody  # noqa: B018
    one_clear_line(error.value, "tune-01")


# --- Stages on and off ----------------------------------------------------------------------------


def only(**stages):
    """Settings in which these stages alone are on, without tracking."""
    flags = {"data": Data, "train": Train, "evaluate": Evaluate, "generate": Generate}
    plain = small()
    off = {
        name: type(getattr(plain, name))(**{**vars(getattr(plain, name)), "enabled": stages.get(name, False)})
        for name in flags
    }
    return small(**off, tracking=QUIET)


def test_stage_by_stage(here, capsys):
    """Each stage in a call of its own makes the same as all in one."""
    run(small(name="whole", tracking=QUIET))
    files = {"data": "data.json", "train": "model.safetensors", "evaluate": "evaluation.json", "generate": "tunes.json"}
    for count, stage in enumerate(files, 1):
        on = dict.fromkeys(["data", stage], True) if stage in ("train", "evaluate") else {stage: True}
        result = run(only(**on))
        assert result.stages == tuple(files)[:count]
        there = {name for name, file in files.items() if (here / "runs" / "small" / file).exists()}
        assert there == set(tuple(files)[:count])
    whole = read_run("runs/whole")
    assert result.history == whole.history and result.evaluation == whole.evaluation
    assert [tune.text for tune in result.tunes] == [tune.text for tune in whole.tunes]
    assert not (here / "runs" / "small" / "tracking").exists()


@pytest.mark.parametrize("stage", ["evaluate", "generate"])
def test_a_stage_that_needs_one_that_never_ran(here, stage):
    with pytest.raises(ValueError) as error:
        run(only(**{"data": True, stage: True}))
    one_clear_line(error.value, "small", f"{stage} needs", "train.enabled")


def test_training_without_data(here):
    """`data.enabled` may be false only where its tunes are not needed; a folder that has none says so."""
    with pytest.raises(ValueError) as error:
        only(train=True)
    one_clear_line(error.value, "data.enabled", "train needs the tunes")


def test_all_off(here, capsys):
    run(only())
    assert "nothing is left to do" in capsys.readouterr().out


def test_two_sources(here):
    write_tunes(here / "others", 30, seed=1)
    for merge in ("concatenated", "mixed", "labelled"):
        style = ["tunes", {"tunes": 0.5, "others": 0.5}] if merge == "labelled" else None
        data = Data(sources=("tunes", "others"), merge=merge, ratio=0.25, limit=20)
        generate = Generate(tunes=1, characters=60, style=style)
        result = run(small(name=merge, data=data, generate=generate, tracking=QUIET))
        kept = json.loads((here / "runs" / merge / "data.json").read_bytes())
        assert (kept["counts"]["train"] == 32) == (merge != "mixed")
        assert len(result.tunes) == (2 if style else 1)
        assert result.model().styles == (("tunes", "others") if style else ())


# --- Again, and other settings --------------------------------------------------------------------


def test_a_finished_run_is_not_done_again(here, capsys, monkeypatch):
    run(small(tracking=QUIET))
    before = results(here / "runs" / "small")
    capsys.readouterr()
    monkeypatch.setattr(stages, "_STAGES", {})
    shutil.rmtree(here / "tunes")
    assert run(small(tracking=QUIET)).stages == ("data", "train", "evaluate", "generate")
    out = capsys.readouterr().out
    assert "is finished: nothing is left to do" in out and "--set name=" in out and "tune-01" in out
    assert results(here / "runs" / "small") == before


def test_other_settings_need_another_name(here):
    run(only(data=True))
    before = results(here / "runs" / "small")
    with pytest.raises(ValueError) as error:
        run(small(seed=3, train=Train(epochs=9)))
    one_clear_line(error.value, "other settings", "seed 0, not 3", "train.epochs", "another name", "remove")
    assert results(here / "runs" / "small") == before


def test_a_folder_that_is_no_run(here):
    (here / "runs" / "small").mkdir(parents=True)
    (here / "runs" / "small" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(ValueError) as error:
        run(small())
    one_clear_line(error.value, "small", "no run's folder", "name=")
    assert [path.name for path in (here / "runs" / "small").iterdir()] == ["letter.txt"]
    (here / "runs" / "other").write_text("a file", encoding="utf-8")
    with pytest.raises(ValueError) as error:
        run(small(name="other"))
    one_clear_line(error.value, "no run's folder")


@pytest.mark.parametrize("name", ["settings.yaml", "run.json", "data.json", "checkpoint.safetensors", "history.json"])
def test_a_damaged_file(here, name):
    run(only(data=True, train=True))
    path = here / "runs" / "small" / name
    path.write_bytes(b"{half")
    if name == "checkpoint.safetensors":
        about = json.loads((path.parent / "run.json").read_bytes())
        del about["stages"]["train"]
        (path.parent / "run.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(ValueError) as error:
        run(small(tracking=QUIET))
        read_run(path.parent)
    one_clear_line(error.value, name, "damaged")


def test_too_few_tunes(here):
    for path in sorted((here / "tunes").iterdir())[3:]:
        path.unlink()
    with pytest.raises(ValueError) as error:
        run(small())
    one_clear_line(error.value, "data.sources", "3", "too few")


def test_no_tune_that_can_be_read(here):
    for path in (here / "tunes").iterdir():
        path.write_text("X:1\nT:No key\nCDEF|\n", encoding="utf-8")
    with pytest.raises(ValueError) as error:
        run(small())
    one_clear_line(error.value, "data.sources", "too few")


@pytest.mark.parametrize("start", [run_process.START + "\u20ac", "C|"])
def test_a_start_that_can_not_be_taken(here, start):
    with pytest.raises(ValueError) as error:
        run(small(generate=Generate(start=start)))
    one_clear_line(error.value, "generate.start", "\u20ac" if "\u20ac" in start else "grammar")
    assert not (here / "runs" / "small" / "checkpoint.safetensors").exists()  # said before the training, not after


def test_the_command_says_errors_in_one_line(tmp_path):
    for text, words in (
        ("trian:\n", ("trian", "did you mean train?")),
        ("data: {sources: none_such}\n", ("none_such",)),
    ):
        (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
        done = command("run", "c.yaml", cwd=tmp_path)
        assert done.returncode == 2 and done.stdout == "" and done.stderr.startswith("tunesmith run: c.yaml, line 1: ")
        one_clear_line(done.stderr, *words)
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def test_no_run_to_read(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        ts.read_run(tmp_path)
    one_clear_line(error.value, "there is no run in")


def test_other_versions_are_said(here):
    run(only(data=True))
    path = here / "runs" / "small" / "run.json"
    about = json.loads(path.read_bytes())
    about["versions"]["threads"] = 77
    path.write_text(json.dumps(about), encoding="utf-8")
    with pytest.warns(UserWarning) as caught:
        run(only(data=True, train=True))
    one_clear_line(caught[0].message, "threads 77, now", "may differ")


# --- Killed ---------------------------------------------------------------------------------------


def started(folder, *arguments):
    process = run_process.context().Process(target=run_process.run_there, args=(folder, *arguments))
    process.start()
    return process


# At which writing of a file a run kills itself, see `run_there`; None: it is killed from outside while it trains.
MOMENTS = (1, 2, 3, 4, 6, 7, None, 8, 9, 12, None, 13, 16, 17, 18, None, 19)


@pytest.mark.slow
def test_killed_at_every_moment_it_ends_as_if_nothing_had_happened(tmp_path):
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    for folder in (calm, killed):
        write_tunes(folder / "tunes")
    undisturbed = started(calm, 0)
    undisturbed.join()
    assert undisturbed.exitcode == 0
    chance, seen, finished = random.Random(1), set(), 0
    for moment in MOMENTS:
        process = started(killed, moment or 0, 0 if moment else 0.02)
        process.join(None if moment else chance.uniform(0.2, 1.5))
        process.kill()
        process.join()
        finished += process.exitcode == 0
        now = read_run(killed / "runs" / "small")  # what is there is whole, whenever the kill came
        seen.add((now.stages, now.history.epochs))
    assert not finished, "the kills came too late to prove anything"
    assert {len(stages) for stages, _ in seen} >= {0, 1, 3} and len({epochs for _, epochs in seen}) >= 3
    last = started(killed, 0)
    last.join()
    assert last.exitcode == 0
    expected, found = results(calm / "runs" / "small"), results(killed / "runs" / "small")
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    assert load_tensors(killed / "runs" / "small" / "model.safetensors")[1]["card"]["history"]["valid_loss"]


def test_it_can_be_stopped_by_hand(here, monkeypatch, capsys):
    batch_loss, calls = training.batch_loss, []

    def stop(*arguments):
        calls.append(1)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return batch_loss(*arguments)

    monkeypatch.setattr(training, "batch_loss", stop)
    with pytest.raises(KeyboardInterrupt):
        run(small())
    assert "the same command goes on from here" in capsys.readouterr().out
    result = run(small())
    assert "goes on after data" in capsys.readouterr().out and result.history.epochs == EPOCHS
