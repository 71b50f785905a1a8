"""What keeps the curves of a run: TensorBoard's event files, Comet's archives, or nothing."""

import json
import sys
import types
import zipfile

import pytest
from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event

import run_process
from melodies import one_clear_line
from run_process import EPOCHS, small, write_tunes
from tunesmith.learn import train as training
from tunesmith.learn.history import History
from tunesmith.runs.config import KEYS, Tracking
from tunesmith.runs.result import read_run
from tunesmith.runs.stages import run
from tunesmith.runs.tracking import TRAINING, VALIDATION, Comet, TensorBoard, Tracker, open_tracker

TWO = History([2.0, 1.5], [2.5, 2.25], unit="character")
THREE = History([2.0, 1.5, 1.25], [2.5, 2.25, 2.125], unit="character")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, with tunes."""
    write_tunes(tmp_path / "tunes")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def stopped_at(monkeypatch):
    """Let trainings stop at their so many-th batch, as if a key was pressed; 0: let them go on."""
    batch_loss = training.batch_loss

    def stopped_at(number):
        calls = []

        def loss(*arguments):
            calls.append(1)
            if len(calls) == number:
                raise KeyboardInterrupt
            return batch_loss(*arguments)

        monkeypatch.setattr(training, "batch_loss", loss)

    return stopped_at


def records(folder):
    """All that the event files hold, as it stands there, repetitions too: (name, step, value)."""
    found = []
    for path in sorted(folder.glob("events.*")):
        for raw in RawEventFileLoader(str(path)).Load():
            event = Event.FromString(raw)
            found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
    return found


def curve(folder, tag):
    return [(step, value) for name, step, value in records(folder) if name == tag]


# --- TensorBoard ----------------------------------------------------------------------------------


def test_a_run_leaves_its_curve(here):
    result = run(small())
    folder = here / "runs" / "small" / "tracking"
    for tag, losses in ((TRAINING, result.history.train_loss), (VALIDATION, result.history.valid_loss)):
        assert curve(folder, tag) == [(epoch, pytest.approx(loss)) for epoch, loss in enumerate(losses, 1)]
    events = EventAccumulator(str(folder), size_guidance={TENSORS: 0}).Reload()  # as TensorBoard itself reads them
    assert [event.step for event in events.Scalars(VALIDATION)] == list(range(1, EPOCHS + 1))
    (text,) = events.Tensors("tunes/tune-01/text_summary")
    assert f"    {result.tunes[0].text.splitlines()[-1]}" in text.tensor_proto.string_val[0].decode()
    (session,) = [raw for raw in [events.PluginTagToContent("hparams")["_hparams_/session_start_info"]] if raw]
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    kept = HParamsPluginData.FromString(session).session_start_info.hparams
    assert set(kept) == set(KEYS) and kept["train.epochs"].number_value == EPOCHS
    assert kept["train.enabled"].number_value == 1 and kept["data.sources"].string_value == "['tunes']"
    assert events.Scalars("best/validation")[0].value == pytest.approx(result.history.best_loss)


@pytest.mark.parametrize("batch", [3, 7, 12])
def test_no_epoch_twice_after_a_stop(here, stopped_at, batch):
    calm = run(small(name="calm"))
    stopped_at(batch)
    with pytest.raises(KeyboardInterrupt):
        run(small())
    stopped_at(0)
    assert run(small()).history == calm.history
    for tag in (TRAINING, VALIDATION, "tunes/tune-01/text_summary", "best/validation"):
        found = curve(here / "runs" / "small" / "tracking", tag)
        assert found == curve(here / "runs" / "calm" / "tracking", tag) and found


def test_no_epoch_twice_and_none_missing_after_kills(tmp_path):
    write_tunes(tmp_path / "tunes")
    exits = []
    for number in (13, 16, 0):  # right after a checkpoint, before another, never
        process = run_process.context().Process(target=run_process.run_there, args=(tmp_path, number))
        process.start()
        process.join()
        exits.append(process.exitcode)
    assert exits[0] and exits[1] and exits[2] == 0
    history = read_run(tmp_path / "runs" / "small").history
    for tag, losses in ((TRAINING, history.train_loss), (VALIDATION, history.valid_loss)):
        found = curve(tmp_path / "runs" / "small" / "tracking", tag)
        assert found == [(epoch, pytest.approx(loss)) for epoch, loss in enumerate(losses, 1)]


@pytest.mark.parametrize("lost", [1, 30, 60])
def test_a_record_that_was_cut_off_is_written_again(tmp_path, lost):
    tracker = TensorBoard(tmp_path)
    tracker.epochs(TWO)
    tracker.close()
    (path,) = tmp_path.glob("events.*")
    path.write_bytes(path.read_bytes()[:-lost])
    tracker = TensorBoard(tmp_path)
    tracker.epochs(THREE)
    tracker.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(event.step, event.value) for event in events.Scalars(VALIDATION)] == [(1, 2.5), (2, 2.25), (3, 2.125)]


def test_what_is_kept_already_is_left_out(tmp_path):
    for _ in range(2):
        tracker = TensorBoard(tmp_path)
        tracker.epochs(TWO)
        tracker.epochs(TWO)
        tracker.tune("tunes/a", "K:C\nC|\n")
        tracker.settings({"a": 1, "b": None, "c": [1]}, {"best": 2.25})
        tracker.close()
    tags = [tag for tag, *_ in records(tmp_path)]
    assert tags.count(TRAINING) == 2 and tags.count("tunes/a/text_summary") == tags.count("best") == 1


def test_none(here):
    for tracking in (Tracking(kind="none"), Tracking(enabled=False)):
        run(small(tracking=tracking))
        assert not (here / "runs" / "small" / "tracking").exists()
    assert type(open_tracker("none", here / "x", "x")) is Tracker and not (here / "x").exists()


def test_tracking_may_change_while_a_run_goes_on(here, stopped_at):
    stopped_at(9)
    with pytest.raises(KeyboardInterrupt):
        run(small(tracking=Tracking(kind="none")))
    stopped_at(0)
    run(small())
    assert [step for step, _ in curve(here / "runs" / "small" / "tracking", VALIDATION)] == list(range(1, EPOCHS + 1))


# --- Comet ----------------------------------------------------------------------------------------


class Experiment:
    """What Comet would be told."""

    url = "https://comet.example/x"

    def __init__(self, calls):
        self.calls = calls

    def __getattr__(self, name):
        return lambda *values, **named: self.calls.append((name, values, named))


@pytest.fixture
def comet(monkeypatch):
    """A stand-in for comet_ml that writes down what it is told. key: set it for being online; broken: an error."""
    module = types.ModuleType("comet_ml")
    module.calls, module.key, module.broken = [], None, None

    def start(**settings):
        if module.broken:
            raise module.broken
        module.calls.append(("start", (), settings))
        return Experiment(module.calls)

    module.start = start
    module.ExperimentConfig = lambda **settings: settings
    module.get_config = lambda name: module.key
    monkeypatch.setitem(sys.modules, "comet_ml", module)
    return module


def steps(calls):
    return [named["step"] for name, _, named in calls if name == "log_metrics" and "step" in named]


def test_comet_without_a_key_writes_one_whole_archive(here, comet, stopped_at):
    stopped_at(9)
    with pytest.raises(KeyboardInterrupt):
        run(small(tracking=Tracking(kind="comet")))
    folder = here / "runs" / "small" / "tracking"
    assert steps(comet.calls) and comet.calls[-1][0] == "end"
    (folder / "half.zip").write_bytes(b"half")  # what a kill leaves
    first, stopped = dict(comet.calls[0][2]), comet.calls[:]
    comet.calls.clear()
    stopped_at(0)
    result = run(small(tracking=Tracking(kind="comet")))
    names = [name for name, *_ in comet.calls]
    assert len(stopped) > 2 and comet.calls[0][2] == first  # the same key
    assert steps(comet.calls) == list(range(1, EPOCHS + 1)) and not (folder / "half.zip").exists()
    assert names.count("log_text") == 2 and names.count("log_parameters") == 1 and names[-1] == "end"
    assert first["online"] is False and first["experiment_config"]["offline_directory"] == str(folder.relative_to(here))
    told = next(values for name, values, named in comet.calls if name == "log_metrics" and named.get("step") == 2)
    assert told == ({TRAINING: result.history.train_loss[1], VALIDATION: result.history.valid_loss[1]},)


def test_comet_with_a_key_sends_nothing_twice(here, comet, stopped_at):
    comet.key = "secret"
    stopped_at(9)
    with pytest.raises(KeyboardInterrupt):
        run(small(tracking=Tracking(kind="comet")))
    stopped_at(0)
    run(small(tracking=Tracking(kind="comet")))
    starts = [named for name, _, named in comet.calls if name == "start"]
    assert [s["online"] for s in starts] == [True, True] and starts[0]["experiment_key"] == starts[1]["experiment_key"]
    assert steps(comet.calls) == list(range(1, EPOCHS + 1))
    for path in (here / "runs").rglob("*"):
        assert path.is_dir() or b"secret" not in path.read_bytes()


def test_comet_looks_at_nothing_unasked(tmp_path, comet):
    Comet(tmp_path, "x")
    settings = comet.calls[0][2]["experiment_config"]
    for name in ("log_code", "log_git_patch", "log_env_details", "parse_args", "auto_output_logging"):
        assert settings[name] is False


def test_comet_that_is_not_installed(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "comet_ml", None)
    with pytest.raises(ValueError) as error:
        run(small(tracking=Tracking(kind="comet")))
    one_clear_line(error.value, "tracking.kind", "pip install comet-ml", "tensorboard")
    assert not (here / "runs" / "small" / "model.safetensors").exists()  # said before the work


def test_comet_that_can_not_be_reached(here, comet):
    comet.key, comet.broken = "secret", RuntimeError("no route\nto host")
    with pytest.raises(ValueError) as error:
        run(small(tracking=Tracking(kind="comet")))
    one_clear_line(error.value, "can't be reached (no route to host)", "COMET_API_KEY", "none")


def test_comet_itself(here, monkeypatch):
    """With the real package, offline; skipped where it is not installed."""
    pytest.importorskip("comet_ml", exc_type=ImportError)
    monkeypatch.delenv("COMET_API_KEY", raising=False)
    run(small(tracking=Tracking(kind="comet")))
    (archive,) = (here / "runs" / "small" / "tracking").glob("*.zip")
    with zipfile.ZipFile(archive) as content:
        messages = [json.loads(line)["payload"] for line in content.read("messages.json").decode().splitlines()]
        texts = [content.read(message["file_path"]).decode() for message in messages if "file_path" in message]
    found = [(m["metric"]["metricName"], m["metric"]["step"]) for m in messages if "metric" in m]
    assert [step for name, step in found if name == VALIDATION] == list(range(1, EPOCHS + 1))
    assert len([text for text in texts if text.startswith("X:")]) == 2
    assert {m["param"]["paramName"] for m in messages if "param" in m} >= {"train.epochs", "model.hidden_size"}
