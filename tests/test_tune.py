"""The search for hyper-parameters: its study, its trials, its plots, its command."""

from __future__ import annotations

import base64
import json
import math
import re
import shutil
import sqlite3
import sys
from xml.etree import ElementTree

import pytest
import torch

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.display.tuning import plot_files, tuning_plots, write_tuning_plots
from tunesmith.learn import tune as room
from tunesmith.learn.history import History
from tunesmith.learn.study import alone, opened, read_study, tuning_table
from tunesmith.learn.tune import Search, measure_best, tune

pytestmark = pytest.mark.usefixtures("one_thread")

SONGS = [f"{a} _ {b} _ {c} _ _ _" for a in (60, 62) for b in (62, 64, 65) for c in (64, 65, 67)]
TRAIN, VALID, TEST = SONGS[:12], SONGS[12:15], SONGS[15:]
VOCABULARY = ts.Vocabulary.of(SONGS)
SPACE = {
    "hidden_size": {"low": 4, "high": 8, "step": 4},
    "tied": [False, True],
    "learning_rate": {"low": 1e-3, "high": 1e-1, "log": True},
    "batch_size": [4, 6],
}
START = {"hidden_size": 8, "tied": False, "learning_rate": 1e-2, "batch_size": 4}
BATCHES = 5
WIDE = {**SPACE, "learning_rate": {"low": 1e-6, "high": 1.0, "log": True}}


def network(values):
    return ts.MelodyLSTM(VOCABULARY, 4, dropout=0.1, **values)


def search(kind=Search, **changes):
    return kind(network, TRAIN, VALID, **{"batches": BATCHES, "space": SPACE, "start": START, **changes})


class Quick(Search):
    """Losses by a formula: the learning rate alone matters, and 0.01 is best."""

    def train_one(self, values, seed, on_epoch=None):
        history = History()
        for epoch in range(1, self.batches // self.report_every + 1):
            history.train_loss.append(1.0)
            history.valid_loss.append(self.loss(values, epoch) + seed / 1000)
            if on_epoch:
                on_epoch(history)
        torch.manual_seed(0)
        return network({"hidden_size": 4}), history

    def loss(self, values, epoch):
        return 1 + abs(math.log10(values["learning_rate"]) + 2) + 1 / epoch


class Killed(BaseException):
    """What no one catches."""


def untimed(found):
    """The rows without what differs between runs."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in found["trials"]]


def quick(path, trials, **changes):
    return tune(path, search(Quick, **changes), trials)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study of sixteen trials: its file and its results. Those who change it take a copy."""
    path = tmp_path_factory.mktemp("tuned") / "study.db"
    return path, quick(path, 16, space=WIDE)


# --- A study --------------------------------------------------------------------------------------


def test_a_study_goes_on_where_it_was_stopped(tmp_path):
    torch.manual_seed(42)
    state = torch.get_rng_state()
    heard = []
    two = tune(tmp_path / "a.db", search(), 2, on_trial=heard.append)
    four = tune(tmp_path / "a.db", search(), 4)
    assert heard == two["trials"] == four["trials"][:2]
    assert [row["trial"] for row in four["trials"]] == [1, 2, 3, 4]
    assert tune(tmp_path / "a.db", search(), 3) == four  # there is nothing left to do
    assert untimed(tune(tmp_path / "b.db", search(), 4)) == untimed(four)  # never stopped
    assert torch.equal(torch.get_rng_state(), state)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db", "b.db"]

    first = four["trials"][0]
    assert first["values"] == START and first["state"] == "complete" and first["batches"] == BATCHES
    assert len(first["curve"]) == BATCHES and four["settings"]["report_every"] == 1
    assert first["valid"] == min(first["curve"])
    assert first["weights"] == ts.count_parameters(network({"hidden_size": 8}))
    assert four["best"] == min(four["trials"], key=lambda row: row["valid"])
    assert {"optuna", "torch", "numpy", "python"} == four["versions"].keys()


@pytest.mark.parametrize("place", [1, 12])
def test_a_killed_trial_is_done_again_with_the_same_values(tmp_path, whole, place):
    class Stopped(Quick):
        def train_one(self, values, seed, on_epoch=None):
            def after(history):
                if len(done) == place - 1 and history.epochs == (2 if place == 1 else 1):
                    raise Killed
                on_epoch(history)

            return super().train_one(values, seed, after)

    path, done = tmp_path / "study.db", []
    with pytest.raises(Killed):
        tune(path, search(Stopped, space=WIDE), place, on_trial=done.append)
    with opened(path) as study:
        assert [trial.state.name for trial in study.trials].count("RUNNING") == 1
    assert untimed(quick(path, place, space=WIDE)) == untimed(whole[1])[:place]


def test_an_interrupted_search_goes_on(tmp_path, whole):
    class Interrupted(Quick):
        def train_one(self, *arguments):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(tmp_path / "study.db", search(Interrupted, space=WIDE), 2)
    assert untimed(quick(tmp_path / "study.db", 2, space=WIDE)) == untimed(whole[1])[:2]


def test_the_seed_decides_the_trials(tmp_path):
    rows = [untimed(quick(tmp_path / f"{name}.db", 3, seed=seed)) for name, seed in (("a", 5), ("b", 5), ("c", 6))]
    assert rows[0] == rows[1]
    assert [row["values"] for row in rows[0]] != [row["values"] for row in rows[2]]
    assert len({json.dumps(row["values"]) for row in rows[0]}) == 3


def test_values_stay_in_the_space(whole):
    for row in whole[1]["trials"]:
        values = row["values"]
        assert values["hidden_size"] in (4, 8) and values["tied"] in (False, True) and values["batch_size"] in (4, 6)
        assert 1e-6 <= values["learning_rate"] <= 1


def test_a_learning_rate_far_too_small_is_pruned(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "FULL_TRIALS", 1)
    space = {**SPACE, "learning_rate": [1e-7, 2e-2]}
    found = tune(tmp_path / "study.db", search(space=space, start={**START, "learning_rate": 2e-2}), 4)
    pruned = [row for row in found["trials"] if row["state"] == "pruned"]
    assert pruned and any(row["values"]["learning_rate"] == 1e-7 for row in pruned)
    assert all(room.UNPRUNED * BATCHES <= row["batches"] < BATCHES for row in pruned)
    assert found["best"]["values"]["learning_rate"] == 2e-2


def test_what_is_pruned(whole):
    pruned = [row for row in whole[1]["trials"] if row["state"] == "pruned"]
    assert pruned and all(row["trial"] > room.FULL_TRIALS and row["batches"] < BATCHES for row in pruned)
    assert min(row["valid"] for row in pruned) > whole[1]["best"]["valid"]


def test_later_trials_heed_the_losses_of_earlier_ones(tmp_path, whole):
    class Backward(Quick):
        def loss(self, values, epoch):
            return 9 - super().loss(values, epoch)

    def values(found):
        return [row["values"] for row in found["trials"]]

    other = tune(tmp_path / "study.db", search(Backward, space=WIDE), 12)
    assert values(other)[:10] == values(whole[1])[:10]  # drawn at random
    assert values(other)[10:] != values(whole[1])[10:12]


def test_a_loss_that_explodes_ends_its_trial_alone(tmp_path):
    class Explodes(Quick):
        def train_one(self, values, seed, on_epoch=None):
            if values["tied"]:
                return network({"hidden_size": 4}), History(stopped="the loss exploded")
            return super().train_one(values, seed, on_epoch)

    path, hopeless = tmp_path / "study.db", search(Explodes, start={**START, "tied": True})
    found = tune(path, hopeless, 1)
    assert found["best"] is None and "1 trials, 1 of them pruned" in tuning_table(found)
    (row,) = found["trials"]
    assert (row["state"], row["valid"], row["batches"], row["curve"]) == ("pruned", None, 0, [])
    with pytest.raises(ValueError, match="no trial that was trained to its end"):
        measure_best(path, hopeless, TEST)
    with pytest.raises(ValueError, match="nothing to plot"):
        tuning_plots(found)
    found = tune(path, hopeless, 4)
    assert not found["best"]["values"]["tied"] and plot_texts(found)


def test_a_real_loss_that_explodes(tmp_path):
    hot = [1e6]
    given = search(space={**SPACE, "learning_rate": hot}, start={**START, "learning_rate": hot[0]})
    assert tune(tmp_path / "study.db", given, 1)["trials"][0]["valid"] is None


def test_the_budget_is_in_batches():
    assert search(batches=60).report_every == 2  # twelve songs are two batches of six
    assert search(batches=1).report_every == 1
    assert Search(network, TRAIN * 100, VALID, batches=300).report_every == 30
    _, history = search(batches=7).train_one(START, 1)
    assert history.epochs * search(batches=7).report_every == 7


# --- The best ---------------------------------------------------------------------------------------


def test_the_best_is_tested_once_with_a_fresh_seed(tmp_path, monkeypatch):
    class Falling(Quick):
        def loss(self, values, epoch):
            return 3 - len(trained)

    trained, tested = [], []
    monkeypatch.setattr(room, "mean_loss", lambda model, songs: tested.append(songs) or 1.5)
    path, given = tmp_path / "study.db", search(Falling)
    before = tune(path, given, 1)
    assert "again" not in before["best"] and before["tested"] == 0
    found = measure_best(path, given, TEST)
    assert found["best"]["again"] == {"seed": 2, "valid": 3.002, "test": 1.5} and found["best"]["valid"] == 3.001
    assert found["tested"] == 1 and measure_best(path, given, TEST) == found
    assert tested == [TEST]
    trained.append(1)
    better = tune(path, given, 2)
    assert better["best"]["trial"] == 2 and "again" not in better["best"] and better["tested"] == 1
    assert measure_best(path, given, TEST)["tested"] == 2


def test_the_test_loss_is_that_of_a_network_trained_so(tmp_path):
    path = tmp_path / "study.db"
    found = tune(path, search(), 1)
    again = measure_best(path, search(), TEST)["best"]["again"]
    model, history = search().train_one(found["best"]["values"], 2)
    assert again["valid"] == pytest.approx(history.best_loss, abs=1e-4)
    assert again["test"] == pytest.approx(room.mean_loss(model, TEST), abs=1e-4)


def test_importances_name_what_matters(whole):
    path, found = whole
    shares = found["importances"]
    assert shares.keys() == SPACE.keys() and sum(shares.values()) == pytest.approx(1, abs=0.01)
    assert next(iter(shares)) == "learning_rate" and shares["learning_rate"] > 0.6
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert read_study(path) == found


def test_few_trials_have_no_importances(whole, monkeypatch):
    monkeypatch.setattr("tunesmith.learn.study.FEWEST", 17)
    assert read_study(whole[0])["importances"] == {}


def test_the_table(whole):
    found = whole[1]
    best = {**found["best"], "again": {"seed": 2, "valid": 1.4, "test": 1.5}}
    lines = tuning_table({**found, "best": best, "tested": 1}, rows=2).splitlines()
    assert re.split(r"  +", lines[0].strip()) == [
        *("trial", "valid", "seconds", "hidden", "tied", "learning rate", "batch size"),
    ]
    assert lines[1].split()[:2] == [str(best["trial"]), f"{best['valid']:.4f}"]
    assert lines[3].startswith("16 trials, ") and lines[4].startswith(f"best: trial {best['trial']}, ")
    assert lines[5].endswith("1.5000 on the test songs (networks tested in all: 1)") and len(lines) == 6


# --- What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"batches": 20}, ["batches 5 there, 20 here"]),
        ({"seed": 3}, ["seed 1 there, 3 here"]),
        ({"precision": "bfloat16"}, ["precision 'float32' there"]),
        ({"source": "erk"}, ["source '' there, 'erk' here"]),
        ({"space": {**SPACE, "tied": [False]}}, ["another space"]),
        ({"start": {**START, "tied": True}}, ["another start"]),
        ({"valid": TEST}, ["other songs"]),
    ],
)
def test_other_settings_are_refused(tmp_path, whole, changes, words):
    path = tmp_path / "study.db"
    shutil.copy(whole[0], path)
    given = {"train": TRAIN, "valid": VALID, "batches": BATCHES, "space": WIDE, "start": START, **changes}
    for act in (tune, lambda *given: measure_best(*given, TEST)):
        with pytest.raises(ValueError, match="other settings") as error:
            act(path, Quick(network, **given))
        one_clear_line(error.value, "study.db", "choose another name", *words)
    assert read_study(path) == whole[1]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"batches": 0}, "batches 0 should be 1 or more"),
        ({"seed": -1}, "seed -1 should be 0 or more"),
        ({"space": {"batch_size": [4]}}, "lacks learning_rate"),
        ({"space": {**SPACE, "tied": []}}, "tied"),
        ({"space": {**SPACE, "hidden_size": {"low": 8, "high": 4}}}, "low not above"),
        ({"space": {**SPACE, "hidden_size": {"low": 8}}}, "low and high"),
        ({"space": {**SPACE, "hidden_size": {"low": "a", "high": "b"}}}, "low and high"),
        ({"space": {**SPACE, "hidden_size": {"low": 4, "high": 8, "pace": 2}}}, "low and high"),
        ({"space": {**SPACE, "hidden_size": 8}}, "low and high"),
        ({"start": {}}, "the start lacks hidden_size"),
        ({"start": {**START, "hidden_size": 16}}, "hidden_size 16 is not in the space"),
        ({"start": {**START, "batch_size": 5}}, "batch_size 5 is not in the space"),
    ],
)
def test_a_search_out_of_range(changes, words):
    with pytest.raises(ValueError, match=words) as error:
        search(**changes)
    one_clear_line(error.value)


@pytest.mark.parametrize("train, valid, words", [([], VALID, "to train on"), (TRAIN, [], "to validate on")])
def test_no_songs(train, valid, words):
    with pytest.raises(ValueError, match=words):
        Search(network, train, valid)


def _text(path):
    path.write_text("a diary\n" * 200)


def _data_base(path):
    data_base = sqlite3.connect(path)
    data_base.execute("create table friends (name text)")
    data_base.commit()
    data_base.close()


@pytest.mark.parametrize("make", [_text, _data_base])
def test_a_file_of_another_kind_is_left_alone(tmp_path, make):
    path = tmp_path / "study.db"
    make(path)
    before = path.read_bytes()
    for act in (lambda: quick(path, 1), lambda: read_study(path), lambda: measure_best(path, search(Quick), TEST)):
        with pytest.raises(ValueError, match="is no study") as error:
            act()
        one_clear_line(error.value, "study.db")
    assert path.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["study.db"]


def test_other_bad_places(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        quick(tmp_path / "nowhere" / "study.db", 1)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_study(tmp_path / "study.db")
    with pytest.raises(ValueError, match="is no study"):
        quick(tmp_path, 1)
    with pytest.raises(ValueError, match="question mark"):
        quick(tmp_path / "which?.db", 1)
    with pytest.raises(ValueError, match="trials 0 should be 1 or more"):
        quick(tmp_path / "study.db", 0)
    with pytest.raises(ValueError, match="holds no study yet"):
        measure_best(tmp_path / "study.db", search(Quick), TEST)
    (tmp_path / "empty.db").touch()
    with pytest.raises(ValueError, match="holds no study yet"):
        read_study(tmp_path / "empty.db")
    assert len(quick(tmp_path / "empty.db", 1)["trials"]) == 1


def test_a_study_that_another_process_works_on(tmp_path):
    path = tmp_path / "study.db"
    with alone(path), pytest.raises(ValueError, match="another process") as error:
        quick(path, 1)
    one_clear_line(error.value, "study.db", "wait")
    (tmp_path / "study.db.lock").touch()  # what a killed process leaves behind
    assert len(quick(path, 1)["trials"]) == 1


def test_without_optuna_there_is_a_clear_line_and_stored_results_are_read(tmp_path, whole, monkeypatch):
    path, found = whole
    (tmp_path / "results.json").write_text(json.dumps(found), encoding="utf-8")
    monkeypatch.setitem(sys.modules, "optuna", None)
    for act in (lambda: quick(tmp_path / "new.db", 1), lambda: read_study(path)):
        with pytest.raises(ValueError, match="pip install optuna") as error:
            act()
        one_clear_line(error.value)
    assert read_study(tmp_path / "results.json") == found
    assert tuning_table(found)


@pytest.mark.parametrize("text", ["", "[1]", '{"trials": []}', "\x00"])
def test_json_that_holds_no_results(tmp_path, text):
    (tmp_path / "results.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="holds no results of a search") as error:
        read_study(tmp_path / "results.json")
    one_clear_line(error.value, "results.json")


# --- Plots ------------------------------------------------------------------------------------------


def plot_texts(found):
    """The text alternatives of the plots, as a notebook stores them."""
    shown = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
        tuning_plots(found)
    for bundle in shown:
        picture = base64.b64decode(re.search(r"base64,([^\"]+)", bundle["text/html"])[1])
        assert ElementTree.fromstring(picture).tag.endswith("svg")
    return [bundle["text/plain"] for bundle in shown]


def test_the_plots_say_what_they_show(whole):
    found = whole[1]
    pruned = [row["batches"] for row in found["trials"] if row["state"] == "pruned"]
    history, curves, importances, slices = plot_texts(found)
    best = found["best"]
    assert pruned and history.startswith(f"History of the search: 16 trials, {len(pruned)} of them pruned.")
    assert f"trial {best['trial']} is the best, {best['valid']:.3f}" in history
    assert f"{len(pruned)} end early, after {min(pruned)} to {max(pruned)}" in curves
    assert importances.startswith("Importances: learning rate 0.")
    assert slices.endswith(f"batch size {best['values']['batch_size']}.")


def test_plots_are_written_as_files(tmp_path, whole):
    found = whole[1]
    paths = write_tuning_plots(found, tmp_path / "plots")
    assert paths == plot_files(tmp_path / "plots")
    for path in paths:
        assert b"Validation loss" in path.read_bytes() or b"Learning" in path.read_bytes() or path.stem == "importances"


def test_nothing_to_plot(whole):
    with pytest.raises(ValueError, match="nothing to plot"):
        tuning_plots({**whole[1], "trials": []})


# --- The command ------------------------------------------------------------------------------------


@pytest.fixture
def songs(tmp_path, monkeypatch):
    """A small folder of songs, and a search of small networks."""
    folder = tmp_path / "songs"
    folder.mkdir()
    for path in ts.data_path("songs").glob("*.krn"):
        shutil.copy(path, folder)
    space = {"embedding_size": [4], "hidden_size": [4, 8], "views": [False, True]}
    space |= {"learning_rate": {"low": 1e-3, "high": 1e-1, "log": True}, "batch_size": [2, 4]}
    monkeypatch.setattr(room, "SPACE", space)
    start = {"embedding_size": 4, "hidden_size": 8, "views": True, "learning_rate": 1e-2, "batch_size": 4}
    monkeypatch.setattr(room, "START", start)
    return folder


def test_the_command(run, songs, tmp_path):
    given = ["tune", songs, "--batches", 2, "--out", tmp_path / "study.db"]
    written = ["--summary", tmp_path / "results.json", "--plots", tmp_path / "plots"]
    code, out, err = run(*given, *written, "--trials", 2)
    assert (code, err) == (0, "")
    assert re.search(r"^trial 2 of 2: \d\.\d{4} nats per step, done, \d+ s$", out, re.M)
    assert "on the test songs (networks tested in all: 1)" in out and "written: " in out
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert found == read_study(tmp_path / "study.db") and found["settings"]["batches"] == 2
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["curves.svg", "history.svg", "slices.svg"]

    code, out, err = run(*given, *written, "--trials", 3)
    assert code == 2 and "--overwrite" in err and out == ""
    code, out, err = run(*given, *written[:2], "--trials", 3, "--overwrite")
    assert (code, err) == (0, "") and "trial 3 of 3" in out and "trial 2 of" not in out

    code, out, err = run(*given[:2], "--batches", 4, *given[4:], "--trials", 3)
    assert code == 2 and out == ""
    one_clear_line(err, "batches 2 there, 4 here")


@pytest.mark.parametrize(
    "given, words",
    [
        (["--out", "nowhere/study.db"], ["there is no folder", "nowhere"]),
        (["--out", "songs"], ["is no study"]),
        (["--out", "study.db", "--summary", "nowhere/results.json"], ["nowhere"]),
        (["--out", "study.db", "--plots", "no/where"], ["there is no folder"]),
        (["--out", "study.db", "--trials", "0"], ["--trials"]),
        (["--out", "study.db", "--random-seed", "-1"], ["--random-seed"]),
        (["--trials", "2"], ["--out"]),
    ],
)
def test_a_wrong_command_writes_nothing(run, songs, tmp_path, monkeypatch, given, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("tune", songs, *given)
    assert code == 2 and out == ""
    one_clear_line(err, *words)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["songs"]


def test_the_command_without_optuna(run, songs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    code, _, err = run("tune", songs, "--out", tmp_path / "study.db")
    assert code == 2
    one_clear_line(err, "pip install optuna")


def test_the_start_is_in_the_space():
    Search(network, TRAIN, VALID)
