"""The command line, as a newcomer uses it: __main__.py."""

import argparse
import base64
import errno
import io
import json
import re
import shlex
import shutil
import warnings
from fractions import Fraction
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname
from xml.etree import ElementTree

import mido
import pytest
import soundfile
import torch

import tunesmith as ts
from melodies import command, one_clear_line, sounds
from tunesmith import __main__ as cli

SEED = "65 _ _ _ 65 _ 69"
TUNE = ["--seed", SEED, "--steps", "120", "--temperature", "0.8", "--random-seed", "1"]
ENDINGS = (".mid", ".krn", ".musicxml", ".svg", ".mp3")
TWO_BARS = "62 _ _ _ _ _ _ _ r _ _ _ 64 _ 67 _ 65 _ _ _ 64 _ _ _"
COMMANDS = [module.__name__.rpartition(".")[2] for module in cli.COMMANDS]


@pytest.fixture
def refused(run, tmp_path):
    """Run a command that must end with one clear line, and leave the folder as it was."""

    def refused(*arguments, words=()):
        before = _files(tmp_path)
        code, out, err = run(*arguments)
        assert code == 2 and out == ""
        assert err.startswith(f"tunesmith {arguments[0]}: ") and err.endswith("\n")
        one_clear_line(err, *words)
        assert _files(tmp_path) == before

    return refused


@pytest.fixture(scope="module")
def tunes(tmp_path_factory):
    """The same tune in each format."""
    folder = tmp_path_factory.mktemp("tunes")
    for ending in ENDINGS:
        assert cli.main(["generate", *TUNE, "--title", "Nobody's tune", "--out", str(folder / f"tune{ending}")]) == 0
    return folder


@pytest.fixture
def songs(tmp_path):
    """A small folder: every Kern song of the course."""
    folder = tmp_path / "songs in"
    folder.mkdir()
    for path in ts.data_path("songs").glob("*.krn"):
        shutil.copy(path, folder)
    return folder


def _files(folder):
    """All files and what they hold, the cache's own left aside."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] != "home")
    return {path: path.read_bytes() for path in paths}


# --- Help ----------------------------------------------------------------------------------------


def _subparsers():
    (commands,) = (a for a in cli._parser()._actions if isinstance(a, argparse._SubParsersAction))
    return commands.choices


def test_help_lists_the_commands_and_examples():
    done = command("--help")
    assert done.returncode == 0 and done.stderr == ""
    for name in COMMANDS:
        assert re.search(rf"^    {name} +\w+", done.stdout, re.M)
        assert re.search(rf"python -m tunesmith {name}\b", done.stdout)


def test_the_examples_are_commands_that_are_understood():
    lines = [line.strip() for line in cli._EXAMPLES.splitlines() if "python -m tunesmith" in line]
    assert {cli._parser().parse_args(shlex.split(line)[3:]).command for line in lines} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_commands_help_explains_each_option(run, name):
    code, out, err = run(name, "--help")
    assert code == 0 and err == ""
    for action in _subparsers()[name]._actions:
        label = action.option_strings[-1] if action.option_strings else action.metavar
        assert label in out and action.help and len(action.help) > 5, label


def test_generates_help_names_a_seed_and_the_endings(run):
    out = " ".join(run("generate", "--help")[1].split())
    assert SEED in out
    for ending in ENDINGS:
        assert ending in out


def test_the_version(run):
    assert run("--version") == (0, f"tunesmith {ts.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["COMMAND"]),
        (["sing"], ["sing", "generate", "train"]),
        (["generate", "--tempo", "9"], ["--tempo"]),
        (["generate", "--steps", "many"], ["generate: ", "--steps", "many"]),
        (["generate", "--random-seed", "9" * 30], ["--random-seed", "18 digits"]),
        (["encode", "erk"], ["encode: ", "--out"]),
        (["train", "erk", "--out", "m.safetensors", "--epochs", "0"], ["--epochs", "1 or more"]),
        (["train", "erk", "--out", "m.safetensors", "--batch-size", "0"], ["--batch-size", "1 or more"]),
    ],
)
def test_a_wrong_command_line_is_one_line(run, arguments, words):
    code, out, err = run(*arguments)
    assert code == 2 and out == "" and err.startswith("tunesmith")
    one_clear_line(err, *words)


# --- generate ------------------------------------------------------------------------------------


def _midi_sounds(path):
    """Pitch, onset and duration in quarter notes of each note in a MIDI file."""
    file = mido.MidiFile(path)
    found, open_notes, now = [], {}, 0
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        if message.type == "note_on" and message.velocity:
            open_notes[message.note] = now
        elif message.type in ("note_on", "note_off"):
            start = open_notes.pop(message.note)
            found.append((message.note, *(Fraction(t, file.ticks_per_beat) for t in (start, now - start))))
    assert not open_notes
    return found


def _musicxml_sounds(path):
    """The same of a MusicXML file, read without music21."""
    root = ElementTree.parse(path).getroot()
    divisions = int(root.find(".//divisions").text)
    found, now, joins = [], Fraction(0), False
    for note in root.iter("note"):
        length = Fraction(int(note.find("duration").text), divisions)
        if (pitch := note.find("pitch")) is not None:
            step = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[pitch.find("step").text]
            number = 12 * (int(pitch.find("octave").text) + 1) + step + int(pitch.findtext("alter", "0"))
            if joins:
                assert found[-1][0] == number
                found[-1] = (number, found[-1][1], found[-1][2] + length)
            else:
                found.append((number, now, length))
            joins = "start" in {tie.get("type") for tie in note.iter("tie")}
        now += length
    return found


def test_each_ending_is_what_it_says_and_holds_the_same_notes(tunes):
    assert {path.name for path in tunes.iterdir()} == {f"tune{ending}" for ending in ENDINGS}
    melody = ts.read(tunes / "tune.krn")
    notes = sounds(melody)
    assert [note[:2] for note in notes[:2]] == [(65, 0), (65, 1)] and len(notes) > 10
    assert melody.title == "Nobody's tune"
    assert (tunes / "tune.mid").read_bytes().startswith(b"MThd")
    assert _midi_sounds(tunes / "tune.mid") == notes
    assert _musicxml_sounds(tunes / "tune.musicxml") == notes
    svg = (tunes / "tune.svg").read_text(encoding="utf-8")
    assert "<svg" in svg[:500] and ElementTree.fromstring(svg).tag.endswith("svg")
    samples, rate = soundfile.read(tunes / "tune.mp3")
    assert len(samples) / rate > 5 and abs(samples).max() > 0.05


def test_the_same_random_seed_in_another_process_folder_and_home_gives_the_same_bytes(tunes, tmp_path):
    """As in a fresh clone, by the command that the issue names; the file's name is relative."""
    home = str(tmp_path / "home")
    titled = [*TUNE, "--title", "Nobody's tune"]
    done = command("generate", *titled, "--out", "new.mid", cwd=tmp_path, TUNESMITH_HOME=home)
    assert done.returncode == 0 and done.stderr == ""
    assert (tmp_path / "new.mid").read_bytes() == (tunes / "tune.mid").read_bytes()
    assert "random seed 1" in done.stdout and "written: new.mid" in done.stdout


def test_without_out_the_notes_are_printed_and_the_random_seed_brings_them_back(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("generate", "--seed", SEED, "--steps", "40")
    assert (code, err) == (0, "") and "| F4 1 · F4 1/2 ·" in out and not _files(tmp_path)
    again = run("generate", "--seed", SEED, "--steps", "40", "--random-seed", re.search(r"random seed (\d+)", out)[1])
    assert again[1] == out
    assert run("generate", "--seed", SEED, "--steps", "40")[1] != out


def test_metre_and_upbeat_reach_the_file(run, tmp_path):
    out = tmp_path / "jig.krn"
    assert run("generate", *TUNE, "--metre", "6/8", "--upbeat", "1/2", "--out", out)[0] == 0
    jig = ts.read(out)
    assert (jig.time_signature, jig.upbeat) == ("6/8", Fraction(1, 2))


def test_a_file_is_replaced_only_when_asked(run, refused, tmp_path):
    out = tmp_path / "tune.krn"
    out.write_text("mine", encoding="utf-8")
    refused("generate", *TUNE, "--out", out, words=["tune.krn", "--overwrite"])
    assert run("generate", *TUNE, "--out", out, "--overwrite")[0] == 0
    assert ts.read(out).pitches[:2] == (65, 65)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--out", "tune.wav"], [".wav", ".mid"]),
        (["--out", "tune"], ["without an ending", ".mid"]),
        (["--out", "nowhere/tune.mid"], ["no folder nowhere"]),
        (["--out", "folder.mid"], ["folder.mid is a folder"]),
        (["--out", "folder.mid", "--overwrite"], ["folder.mid is a folder"]),
        (["--seed", "65 _ 130"], ["token 3", "'130'", "near it: "]),
        (["--seed", "do re mi"], ["token 1", "'do'"]),
        (["--seed", "_ 60"], ["'_'"]),
        (["--seed", "60 / 62"], ["'/'"]),
        (["--metre", "4/5"], ["'4/5'", "3/4"]),
        (["--upbeat", "7"], ["upbeat", "4/4"]),
        (["--upbeat", "soon"], ["'soon'"]),
        (["--temperature", "-1"], ["temperature -1", "0 or more"]),
        (["--temperature", "nan"], ["temperature nan"]),
        (["--steps", "0"], ["steps 0", "1 or more"]),
        (["--top-k", "0"], ["--top-k", "'0'", "1 or more"]),
        (["--top-k", "many"], ["'many'"]),
        (["--top-p", "0"], ["top_p 0", "at most 1"]),
        (["--top-p", "1.5"], ["top_p 1.5"]),
        (["--top-p", "nan"], ["top_p nan"]),
        (["--model", "nowhere.safetensors"], ["nowhere.safetensors"]),
        (["--model", "unheard_of"], ["unheard_of", "the course's: erk"]),
        (["--model", "broken.safetensors"], ["broken.safetensors", "damaged"]),
    ],
)
def test_bad_input_to_generate_is_one_line_and_nothing_is_written(refused, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.mid").mkdir()
    model = ts.data_path("models", "erk.safetensors").read_bytes()
    (tmp_path / "broken.safetensors").write_bytes(model[: len(model) // 2])
    out = [] if "--out" in arguments else ["--out", "tune.mid"]
    refused("generate", *arguments, *out, words=words)


def test_an_error_is_one_line_in_a_process_of_its_own(tmp_path):
    done = command("show", "nowhere.krn", "--out", "page.html", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and not _files(tmp_path)
    assert done.stderr.startswith("tunesmith show: ")
    one_clear_line(done.stderr, "nowhere.krn")


def test_a_tune_of_rests_alone_is_not_written(run, tmp_path):
    out = tmp_path / "tune.mid"
    code, _, err = run("generate", "--seed", "r", "--steps", "1", "--temperature", "0", "--out", out)
    assert code == 2 and not out.exists()
    one_clear_line(err, "no notes")


def test_an_interrupt_ends_without_a_traceback(run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(ts, "generate", interrupted)
    assert run("generate") == (130, "", "\nstopped\n")


def test_generate_draws_from_the_likeliest_alone(run, tmp_path):
    def tune(*options):
        path = tmp_path / "tune.krn"
        arguments = ["--seed", SEED, "--steps", "60", "--temperature", "1", "--random-seed", "3"]
        assert run("generate", *arguments, *options, "--out", path, "--overwrite")[0] == 0
        return path.read_bytes()

    best, plain = tune("--temperature", "0"), tune()
    assert tune("--top-k", "1") == tune("--top-p", "1e-9") == best != plain
    assert tune("--top-k", "999") == tune("--top-p", "1") == plain
    assert tune("--top-k", "2") not in (best, plain) and tune("--top-p", "0.5") not in (best, plain)


# --- show ----------------------------------------------------------------------------------------


def test_show_writes_a_page_with_a_score_and_a_sound_for_each_file(run, tmp_path):
    files = [ts.data_path("songs", name) for name in ("two_bars.krn", "old_hundredth.krn")]
    code, out, err = run("show", *files, "--out", tmp_path / "page.html")
    assert (code, err) == (0, "") and "| D4 2 · r 1 | E4 1/2 ·" in out
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<audio") == 2 == page.count("<img")
    assert "<title>two_bars.krn, old_hundredth.krn</title>" in page
    for data in re.findall(r'data:audio/mp[^;]*;base64,([^"]+)"', page):
        assert soundfile.info(io.BytesIO(base64.b64decode(data))).duration > 2
    assert len(re.findall("data:audio/", page)) == 2 and "http://" not in page.replace("http://www.w3.org", "")


def test_show_opens_the_browser_where_no_page_is_named(run, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    assert run("show", ts.data_path("songs", "two_bars.krn"))[0] == 0
    (address,) = opened
    page = Path(url2pathname(urlsplit(address).path))
    assert "<audio" in page.read_text(encoding="utf-8")
    shutil.rmtree(page.parent)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["good.krn", "nowhere.krn"], ["no file nowhere.krn"]),
        (["noise.krn"], ["noise.krn, line 1"]),
        (["empty.krn"], ["empty.krn", "empty"]),
        (["tune.doc"], [".doc", ".krn"]),
        (["good.krn", "--out", "there.html"], ["there.html", "--overwrite"]),
        (["good.krn", "--out", "nowhere/page.html"], ["no folder nowhere"]),
    ],
)
def test_bad_input_to_show_is_one_line_and_no_page(refused, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ts.data_path("songs", "two_bars.krn"), "good.krn")
    for name, text in (("noise.krn", "asdf\n"), ("empty.krn", ""), ("tune.doc", "song"), ("there.html", "mine")):
        Path(name).write_text(text, encoding="utf-8")
    refused("show", *arguments, *([] if "--out" in arguments else ["--out", "page.html"]), words=words)


def test_what_was_lost_is_said_in_one_line_each(run, tmp_path):
    song = tmp_path / "duet.krn"
    song.write_text("**kern\t**kern\n*C:\t*C:\n4c\t4e\n4d\t4f\n*-\t*-\n", encoding="utf-8")
    with warnings.catch_warnings():
        code, out, err = run("show", song, "--out", tmp_path / "page.html")
    assert code == 0 and "C4 1 · D4 1" in out
    assert re.fullmatch(r"tunesmith show: duet\.krn: 2 spines: .*\n", err)


# --- encode --------------------------------------------------------------------------------------


def test_encode_writes_a_line_of_tokens_for_each_song_and_what_became_of_it(run, songs, tmp_path, home, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stems = {path.stem for path in songs.iterdir()}
    (songs / "broken.krn").write_text("no song\n", encoding="utf-8")
    code, out, err = run("encode", "songs in", "--out", "a/new folder")
    assert (code, err) == (0, "")
    folder = tmp_path / "a" / "new folder"
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (folder / "songs").iterdir()}
    assert "two_bars" in texts and texts["two_bars"] == TWO_BARS + "\n"
    assert set(texts) <= stems and len(texts) >= 10
    assert all(text.count("\n") == 1 for text in texts.values())
    assert ts.Vocabulary.load(folder / "vocabulary.json") == ts.Vocabulary.of(texts.values())
    assert str(report["settings"]["step"]) == "1/4"
    listed = json.dumps(report)
    assert report["read"] == len(texts) and report["left_out"] == len(stems) + 1 - len(texts)
    assert all(name in listed for name in stems | {"broken"})
    assert f"written: {len(texts)} songs" in out
    for stem, text in texts.items():
        song = ts.read(songs / f"{stem}.krn")
        assert ts.decode(text).notes == ts.to_empty_signature(song).notes


def test_encode_replaces_only_when_asked(run, refused, songs, tmp_path, home):
    out = tmp_path / "out"
    assert run("encode", songs, "--out", out)[0] == 0
    first = _files(out)
    refused("encode", songs, "--out", out, words=["songs has files", "--overwrite"])
    (songs / "two_bars.krn").unlink()
    assert run("encode", songs, "--out", out, "--overwrite")[0] == 0
    assert set(first) - set(_files(out)) == {out / "songs" / "two_bars.txt"}


@pytest.mark.parametrize("name", ["vocabulary.json", "report.json"])
def test_encode_spares_files_that_stood_there_before(refused, songs, tmp_path, home, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    refused("encode", songs, "--out", tmp_path, words=[name, "--overwrite"])


def test_encode_with_triplets_on_a_finer_grid(run, tmp_path, home):
    source = tmp_path / "in"
    source.mkdir()
    (source / "song.krn").write_text("**kern\n*C:\n4c\n12d\n12e\n12f\n*-\n", encoding="utf-8")
    (source / "plain.krn").write_text("**kern\n*C:\n4c\n4d\n*-\n", encoding="utf-8")
    out = tmp_path / "out"
    assert run("encode", source, "--out", out, "--durations", "all", "--step", "1/12")[0] == 0
    tokens = (out / "songs" / "song.txt").read_text(encoding="utf-8").split()
    assert tokens == ["60"] + ["_"] * 11 + ["62", "_", "_", "_", "64", "_", "_", "_", "65", "_", "_", "_"]
    assert run("encode", source, "--out", tmp_path / "coarse", "--durations", "all")[0] == 0
    report = json.loads((tmp_path / "coarse" / "report.json").read_text(encoding="utf-8"))
    assert (report["read"], report["left_out"]) == (1, 1) and "grid" in json.dumps(report)
    assert [path.name for path in (tmp_path / "coarse" / "songs").iterdir()] == ["plain.txt"]


def test_encode_can_keep_the_key(run, tmp_path, home):
    (tmp_path / "song.krn").write_text("**kern\n*k[f#]\n*G:\n4g\n4b\n4g\n*-\n", encoding="utf-8")
    for option, start in (([], 0), (["--keep-key"], 7)):
        out = tmp_path / f"on {start}"
        assert run("encode", tmp_path / "song.krn", "--out", out, *option)[0] == 0
        first = (out / "songs" / "song.txt").read_text(encoding="utf-8").split()[0]
        assert int(first) % 12 == start


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["erkk"], ["'erkk'", "erk", "kinder"]),
        (["hollow"], ["no songs in hollow", ".krn"]),
        (["songs in", "--step", "0"], ["step '0'"]),
        (["songs in", "--step", "1/0"], ["step '1/0'"]),
        (["songs in", "--durations", "0.5,long"], ["'long'"]),
    ],
)
def test_bad_input_to_encode_is_one_line_and_no_folder(refused, songs, tmp_path, home, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hollow").mkdir()
    refused("encode", *arguments, "--out", "out", words=words)
    assert not (tmp_path / "out").exists()


def test_a_cache_that_can_not_be_written_is_one_line(run, songs, tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file, no folder", encoding="utf-8")
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "home"))
    code, _, err = run("encode", songs, "--out", tmp_path / "out")
    assert code == 0 and (tmp_path / "out" / "report.json").exists()
    assert err.startswith("tunesmith encode: the songs can't be cached")
    one_clear_line(err)


# --- train ---------------------------------------------------------------------------------------

SMALL = ["--epochs", "1", "--hidden-size", "16", "--embedding-size", "8"]


def test_train_writes_weights_and_a_card_that_generate_takes(run, refused, songs, tmp_path, home):
    model = tmp_path / "small.safetensors"
    code, out, err = run("train", songs, "--out", model, *SMALL)
    assert code == 0 and "Traceback" not in err
    card = (tmp_path / "small.md").read_text(encoding="utf-8")
    assert "--hidden-size 16" in card and "--epochs 1" in card and "validation" in card and "small.safetensors" in out
    tune = tmp_path / "tune.krn"
    assert run("generate", "--model", model, "--random-seed", "1", "--steps", "70", "--out", tune)[0] == 0
    assert ts.read(tune).pitches
    assert {str(p) for p in ts.read(tune).pitches} <= set(ts.load_model(model).vocabulary)
    refused("train", songs, "--out", model, *SMALL, words=["small.safetensors", "--overwrite"])
    weights = model.read_bytes()
    model.unlink()
    refused("train", songs, "--out", model, *SMALL, words=["small.md", "--overwrite"])
    assert run("train", songs, "--out", model, *SMALL, "--overwrite")[0] == 0
    retrained = ts.load_model(model).state_dict()
    model.write_bytes(weights)
    for name, tensor in ts.load_model(model).state_dict().items():
        assert tensor.equal(retrained[name]), "the same random seed trains the same weights"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nowhere"], ["'nowhere'"]),
        (["songs in", "--device", "abacus"], ["'abacus'", "cpu"]),
        (["songs in", "--out", "nowhere/m.safetensors"], ["no folder nowhere"]),
    ],
)
def test_bad_input_to_train_is_one_line(refused, songs, tmp_path, home, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    refused("train", *arguments, *([] if "--out" in arguments else ["--out", "m.safetensors"]), *SMALL, words=words)


WINDOWS = ["--model", "WindowLSTM", "--hidden-size", "4", "--batches-per-epoch", "3", "--epochs", "2"]


def test_train_makes_a_model_that_reads_windows(run, songs, tmp_path, home):
    path = tmp_path / "w.safetensors"
    code, _, err = run("train", songs, "--out", path, *WINDOWS, "--batch-size", "8", "--layers", "2")
    assert code == 0 and "Traceback" not in err
    model = ts.load_model(path)
    assert (type(model).__name__, model.sequence_length, model.lstm.num_layers) == ("WindowLSTM", 64, 2)
    assert model.linear.weight.shape == (len(model.vocabulary), 4 * 64)
    card = (tmp_path / "w.md").read_text(encoding="utf-8")
    for words in (
        "A `WindowLSTM`",
        "sequence length 64",
        "--model WindowLSTM",
        "--batches-per-epoch 3",
        "batches per epoch 3",
    ):
        assert words in card
    (line,) = re.findall(r"^python -m tunesmith train .*$", card, re.M)
    options = cli._parser().parse_args(["train", "x", *shlex.split(line.partition(str(songs))[2])])
    assert (options.model, options.batches_per_epoch, options.batch_size, options.layers) == ("WindowLSTM", 3, 8, 2)
    tune = tmp_path / "tune.krn"
    assert (
        run("generate", "--model", path, "--random-seed", "1", "--steps", "70", "--seed", "60 _ _ _", "--out", tune)[0]
        == 0
    )
    assert ts.read(tune).pitches[0] == 60


def test_train_stopped_and_taken_up_again_writes_the_same_weights(run, songs, tmp_path, home):
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    arguments = [*WINDOWS, "--patience", "9", "--checkpoint", tmp_path / "c.safetensors"]
    assert run("train", songs, "--out", whole, *WINDOWS, "--patience", "9")[0] == 0
    assert run("train", songs, "--out", parts, *arguments, "--epochs", "1")[0] == 0
    assert run("train", songs, "--out", parts, *arguments, "--overwrite")[0] == 0
    expected, found = (ts.load_model(path).state_dict() for path in (whole, parts))
    assert all(found[name].equal(tensor) for name, tensor in expected.items())


def test_an_exploding_training_is_one_line_and_what_was_best_is_written(run, songs, tmp_path, home):
    code, out, err = run("train", songs, "--out", tmp_path / "m.safetensors", *SMALL, "--learning-rate", "1e5")
    assert code == 0 and "no epoch finished" in out
    assert err.startswith("tunesmith train: training stopped in epoch 1: ")
    one_clear_line(err, "smaller learning_rate")
    ts.load_model(tmp_path / "m.safetensors")


def test_a_full_disk_is_one_line(run, songs, tmp_path, home, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert ts.load(songs) and run("generate", *TUNE, "--out", tmp_path / "tune.krn")[0] == 0  # the cache is written
    before = (tmp_path / "tune.krn").read_bytes()
    monkeypatch.setattr("os.fsync", full)
    code, _, err = run("train", songs, "--out", tmp_path / "m.safetensors", *SMALL, "--checkpoint", tmp_path / "c")
    first, last = err.splitlines()
    one_clear_line(first, "tunesmith train: the checkpoint", "No space left", "training goes on")
    one_clear_line(last, "tunesmith train: ", "No space left")
    assert code == 2
    code, _, err = run("generate", *TUNE, "--out", tmp_path / "tune.krn", "--overwrite", "--title", "x")
    assert code == 2 and (tmp_path / "tune.krn").read_bytes() == before
    one_clear_line(err, "tunesmith generate: ", "No space left")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "songs in", "tune.krn"]


@pytest.mark.parametrize("option", [["--dropout", "2"], ["--learning-rate", "nan"]])
def test_a_setting_that_can_not_be_is_one_line_and_no_weights(run, songs, tmp_path, home, option):
    code, _, err = run("train", songs, "--out", tmp_path / "m.safetensors", *SMALL, *option)
    assert code == 2 and err.startswith("tunesmith train: ")
    one_clear_line(err)
    assert not list(tmp_path.glob("m.*"))


# --- evaluate ------------------------------------------------------------------------------------


@pytest.fixture
def trained(songs, tmp_path):
    """A small model that knows every token of the songs."""
    encoded = [ts.encode(ts.to_empty_signature(song)) for song in ts.load(songs)]
    torch.manual_seed(0)
    path = tmp_path / "small.safetensors"
    ts.save_model(ts.MelodyLSTM(ts.Vocabulary.of(encoded), 4, 8), path)
    return path


def test_evaluate_prints_a_table_and_writes_the_numbers(run, refused, songs, trained, tmp_path, home):
    out = tmp_path / "scores.json"
    code, text, err = run("evaluate", trained, songs, "--out", out)
    assert (code, err) == (0, "")
    for words in (
        "nats/step",
        "bits/note",
        "right at onsets",
        "\nuniform ",
        "\nunigram ",
        "\nbigram ",
        "\nMelodyLSTM ",
    ):
        assert words in text
    loaded = ts.load(songs)
    encoded = [ts.encode(ts.to_empty_signature(song)) for song in loaded]
    train, valid, test = ts.split(encoded, titles=[song.title for song in loaded])
    expected = ts.evaluate(ts.load_model(trained), test, train)
    assert str(expected) in text and f"written: {out}" in text
    scores = json.loads(out.read_text(encoding="utf-8"))
    assert scores == {"model": str(trained), "source": loaded.name, "part": "test", **expected.as_json()}
    refused("evaluate", trained, songs, "--out", out, words=["scores.json", "--overwrite"])
    assert run("evaluate", trained, songs, "--out", out, "--overwrite", "--part", "valid")[0] == 0
    assert json.loads(out.read_text(encoding="utf-8"))["songs"] == len(valid)
    for part, count, rows in (("train", len(train), 4), ("all", len(encoded), 2)):
        assert run("evaluate", trained, songs, "--out", out, "--overwrite", "--part", part)[0] == 0
        scores = json.loads(out.read_text(encoding="utf-8"))
        assert (scores["part"], scores["songs"], len(scores["scores"])) == (part, count, rows)


def test_evaluate_says_how_many_songs_have_unknown_tokens(run, songs, tmp_path, home):
    encoded = [ts.encode(ts.to_empty_signature(song)) for song in ts.load(songs)]
    shortest = min(encoded, key=lambda song: len(set(song)))
    known = [song for song in encoded if set(song) <= set(shortest)]
    path = tmp_path / "m.safetensors"
    ts.save_model(ts.MelodyLSTM(ts.Vocabulary.of([shortest]), 4, 8), path)
    code, text, _ = run("evaluate", path, songs, "--part", "all")
    assert code == 0 and text.startswith(f"{len(encoded) - len(known)} songs left out: ")
    assert f"\nsongs: {len(known)}, " in text


def test_evaluate_reads_songs_on_the_models_own_grid(run, songs, trained, tmp_path, home):
    """A model of finer steps has more of them, and as many notes."""
    counts = []
    for step in ("1/4", "1/8"):
        path, out = tmp_path / "m.safetensors", tmp_path / "s.json"
        ts.save_model(ts.MelodyLSTM(ts.load_model(trained).vocabulary, 4, 8, step=step), path)
        assert run("evaluate", path, songs, "--part", "all", "--out", out, "--overwrite")[0] == 0
        counts.append(json.loads(out.read_text(encoding="utf-8")))
    assert counts[0]["notes"] == counts[1]["notes"] and counts[0]["songs"] == counts[1]["songs"]
    assert counts[1]["steps"] - counts[1]["songs"] == 2 * (counts[0]["steps"] - counts[0]["songs"])


def test_evaluate_takes_a_model_of_windows_and_a_single_song(run, trained, tmp_path, home):
    vocabulary, path = ts.load_model(trained).vocabulary, tmp_path / "w.safetensors"
    size = len(vocabulary)
    ts.save_model(ts.WindowLSTM(size, 3, size, 8, vocabulary=vocabulary), path)
    code, text, err = run("evaluate", path, ts.data_path("songs", "ode_to_joy.krn"), "--part", "all")
    assert (code, err) == (0, "") and text.startswith("songs: 1, ") and "\nWindowLSTM " in text


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nowhere.safetensors", "songs in"], ["nowhere.safetensors"]),
        (["nobody", "songs in"], ["'nobody'", "erk"]),
        (["broken.safetensors", "songs in"], ["broken.safetensors", "damaged"]),
        (["bare.safetensors", "songs in"], ["bare.safetensors", "without a vocabulary"]),
        (["small.safetensors", "nowhere"], ["'nowhere'"]),
        (["small.safetensors", "hollow"], ["no songs in hollow"]),
        (["small.safetensors", "songs in", "--part", "best"], ["--part", "'best'"]),
        (["small.safetensors", "songs in", "--out", "nowhere/s.json"], ["no folder nowhere"]),
        (["small.safetensors", "songs in", "--out", "hollow"], ["hollow is a folder"]),
        (["small.safetensors", "songs in/ode_to_joy.krn"], ["--part test", "--part all"]),
    ],
)
def test_bad_input_to_evaluate_is_one_line(refused, songs, trained, tmp_path, home, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hollow").mkdir()
    (tmp_path / "broken.safetensors").write_bytes(trained.read_bytes()[:-9])
    ts.save_model(ts.WindowLSTM(3, 4, 3, 5), tmp_path / "bare.safetensors")
    refused("evaluate", *arguments, words=words)


def test_a_model_that_knows_none_of_the_songs(run, songs, tmp_path, home):
    path = tmp_path / "m.safetensors"
    ts.save_model(ts.MelodyLSTM(ts.Vocabulary(["1"]), 4, 8), path)
    code, text, err = run("evaluate", path, songs, "--part", "all")
    assert code == 2 and text.count("\n") == 1 and "left out" in text
    one_clear_line(err, "no songs left", "--part")


def test_evaluate_says_when_the_model_may_know_the_songs(run, songs, trained, tmp_path, home):
    elsewhere = tmp_path / "elsewhere.safetensors"
    ts.save_model(ts.load_model(trained), elsewhere, collection="erk")
    here = tmp_path / "here.safetensors"
    ts.save_model(ts.load_model(trained), here, collection=songs.name)
    said = "the model learned from erk: songs that stand in songs in too may be known to it\n"
    assert run("evaluate", elsewhere, songs)[1].startswith(said)
    assert said not in run("evaluate", elsewhere, songs, "--part", "all")[1]  # all of them, whoever knows them
    assert "learned from" not in run("evaluate", here, songs)[1]


def test_train_counts_near_duplicates_and_says_so_on_the_card(run, songs, tmp_path, home):
    path = tmp_path / "m.safetensors"
    code, out, _ = run("train", songs, "--out", path, *SMALL)
    count = int(re.search(r"^(\d+) test songs are near-duplicates", out, re.MULTILINE)[1])
    loaded = ts.load(songs)
    encoded = [ts.encode(ts.to_empty_signature(song)) for song in loaded]
    train, _, test = ts.split(encoded, titles=[song.title for song in loaded])
    assert code == 0 and count == len(ts.near_duplicates(map(ts.decode, test), map(ts.decode, train)))
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert f"Near-duplicates of training songs among the test songs: {count}." in card


def test_two_songs_are_too_few_to_train_on(run, tmp_path, home):
    folder = tmp_path / "two"
    folder.mkdir()
    for name in ("ode_to_joy.krn", "greensleeves.krn"):
        shutil.copy(ts.data_path("songs", name), folder)
    code, out, err = run("train", folder, "--out", tmp_path / "m.safetensors")
    assert code == 2 and out == "two: 2 songs, 2 read, 0 left out\n"
    one_clear_line(err, "too few songs", "(2)", "ten or more")
    assert not (tmp_path / "m.safetensors").exists()


def test_show_takes_the_voice_that_is_asked_for(run, refused, tmp_path):
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    for pitch in (72, 48):
        track = mido.MidiTrack()
        for part in range(4):
            track.append(mido.Message("note_on", note=pitch + part, velocity=80, time=0))
            track.append(mido.Message("note_off", note=pitch + part, velocity=0, time=480))
        file.tracks.append(track)
    path = tmp_path / "two voices.mid"
    file.save(path)
    first = run("show", path, "--out", tmp_path / "a.html")[1]
    second = run("show", path, "--track", "2", "--out", tmp_path / "b.html")[1]
    assert "C5 1" in first and "C3 1" in second and "C5 1" not in second
    refused("show", path, "--track", "3", "--out", tmp_path / "c.html", words=["track 3", "track 1"])
