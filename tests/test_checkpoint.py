"""Weights on disk: there and back, and every file that is something else."""

import errno
import json
import os

import pytest
import torch
from safetensors.torch import save_file

from melodies import one_clear_line
from tunesmith.learn import checkpoint
from tunesmith.learn.checkpoint import load_model, load_tensors, save_model, save_tensors
from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.music import files
from tunesmith.tokens.vocabulary import Vocabulary


@pytest.fixture
def model():
    torch.manual_seed(0)
    return MelodyLSTM(Vocabulary(["_", "r", "60", "62"]), 4, 6, 2, 0.25, "1/12")


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_saved_and_loaded(model, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(model, path, collection="mine", scores={"valid": 0.5})
    loaded = load_model(path)
    assert same(loaded.state_dict(), model.state_dict())
    assert loaded.settings() == model.settings() and not loaded.training
    assert same(load_model(str(path)).state_dict(), model.state_dict())
    tensors, info = load_tensors(path)
    assert info["card"] == {"collection": "mine", "scores": {"valid": 0.5}}
    assert info["model"] == "MelodyLSTM" and all(name.startswith("model.") for name in tensors)


def test_the_same_model_gives_the_same_bytes(model, tmp_path):
    for name in ("a", "b"):
        save_model(model, tmp_path / name, b=1, a=2)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_any_tensor_comes_back(tmp_path):
    tensors = {
        "float": torch.tensor([0.1, -0.0, float("inf")]),
        "double": torch.rand(2, 3, dtype=torch.float64),
        "bytes": torch.Generator().manual_seed(3).get_state(),
        "scalar": torch.tensor(3.0),
        "turned": torch.arange(6).reshape(2, 3).T,
    }
    save_tensors(tmp_path / "t", tensors, {"ä": [1, None, "x"]})
    loaded, info = load_tensors(tmp_path / "t")
    assert same(loaded, tensors) and info == {"ä": [1, None, "x"]}
    assert all(loaded[name].dtype == tensors[name].dtype for name in tensors)


def test_everything_else_is_one_json_string(model, tmp_path):
    """No pickle, and a header that holds one entry."""
    save_model(model, tmp_path / "m")
    content = (tmp_path / "m").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert list(header["__metadata__"]) == ["tunesmith"]
    assert set(json.loads(header["__metadata__"]["tunesmith"])) == {"model", "settings", "card"}
    assert b"pickle" not in content


def test_loading_never_unpickles(model, tmp_path, monkeypatch):
    import pickle

    def fail(*arguments, **options):
        raise AssertionError("unpickled")

    save_model(model, tmp_path / "m")
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, fail)
    monkeypatch.setattr(torch, "load", fail)
    load_model(tmp_path / "m")


@pytest.mark.parametrize("kind", ["empty", "cut", "cut header", "noise", "text", "pickle", "longer", "huge header"])
def test_a_damaged_file_is_one_clear_line(model, tmp_path, kind):
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "cut": whole[:-10],
            "cut header": whole[:40],
            "noise": os.urandom(2000),
            "text": b"this is no checkpoint at all",
            "pickle": b"\x80\x04\x95" + bytes(100),
            "longer": whole + b"x",
            "huge header": b"\xff" * 8 + whole[8:],
        }[kind]
    )
    with pytest.raises(ValueError, match="damaged or no checkpoint") as error:
        load_model(path)
    one_clear_line(error.value, "m.safetensors", f"{path.stat().st_size:,} bytes")


@pytest.mark.parametrize(
    "metadata", [None, {"format": "pt"}, {"tunesmith": "{"}, {"tunesmith": "[1]"}, {"tunesmith": "5"}]
)
def test_anothers_safetensors_are_refused(tmp_path, metadata):
    path = tmp_path / "m.safetensors"
    save_file({"weight": torch.zeros(3)}, path, metadata)
    with pytest.raises(ValueError, match="not of a model of this course") as error:
        load_model(path)
    one_clear_line(error.value, "m.safetensors")


def test_another_kind_of_model_is_refused(model, tmp_path):
    path = tmp_path / "m.safetensors"
    save_tensors(path, {"a": torch.zeros(1)}, {"model": "Transformer", "settings": {}})
    with pytest.raises(ValueError, match="holds a Transformer; known are: MelodyLSTM, WindowLSTM") as error:
        load_model(path)
    one_clear_line(error.value)
    save_tensors(path, {"a": torch.zeros(1)}, {})
    with pytest.raises(ValueError, match="nameless model"):
        load_model(path)


@pytest.mark.parametrize(
    "settings",
    [
        None,
        {},
        {"vocabulary": 5},
        {"vocabulary": ["_"], "heads": 4},
        {"vocabulary": ["_"], "hidden_size": 0},
        {"vocabulary": ["_"], "step": "x"},
    ],
)
def test_settings_of_another_version_are_refused(tmp_path, settings):
    path = tmp_path / "m.safetensors"
    save_tensors(
        path, {"model.a": torch.zeros(1)}, {"model": "MelodyLSTM", **({"settings": settings} if settings else {})}
    )
    with pytest.raises(ValueError, match="settings") as error:
        load_model(path)
    one_clear_line(error.value, "m.safetensors")


@pytest.mark.parametrize("change", ["shape", "missing", "extra"])
def test_weights_that_do_not_fit_are_named(model, tmp_path, change):
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    tensors, info = load_tensors(path)
    if change == "shape":
        info["settings"]["hidden_size"] = 8
        words = "linear.weight should be (5, 8) and is (5, 6)"
    elif change == "missing":
        del tensors["model.embedding.weight"]
        words = "embedding.weight should be (5, 4) and is absent"
    else:
        tensors["model.attention"] = torch.zeros(2)
        words = "attention should be absent and is (2,)"
    save_tensors(path, tensors, info)
    with pytest.raises(ValueError, match="does not fit this MelodyLSTM") as error:
        load_model(path)
    one_clear_line(error.value, *([words] if change != "shape" else ["should be", "and is"]))


def test_what_is_not_there(tmp_path, monkeypatch):
    for path in (tmp_path / "m.safetensors", str(tmp_path / "m.safetensors"), tmp_path):
        with pytest.raises(FileNotFoundError, match="there is no checkpoint") as error:
            load_model(path)
        one_clear_line(error.value)


def test_a_name_that_the_course_does_not_ship_is_answered_with_those_it_does(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    for name in ("zebra", "erk", "ape"):
        (tmp_path / "models" / f"{name}.safetensors").write_bytes(b"")
    (tmp_path / "models" / "notes.md").write_bytes(b"")
    monkeypatch.setattr(checkpoint, "data_path", lambda *parts: tmp_path.joinpath(*parts))
    with pytest.raises(FileNotFoundError, match="there is no model 'nobody'") as error:
        load_model("nobody")
    one_clear_line(error.value, "ape, erk, zebra")
    monkeypatch.undo()
    with pytest.raises(FileNotFoundError, match=r"the course's: .*erk") as error:
        load_model("nobody")
    one_clear_line(error.value)


def test_a_name_is_the_courses_model_even_beside_a_folder_of_that_name(tmp_path, monkeypatch):
    (tmp_path / "erk").mkdir()
    monkeypatch.chdir(tmp_path)
    assert len(load_model("erk").vocabulary) > 20


def test_a_file_is_replaced_whole_or_not_at_all(model, tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    before = path.read_bytes()

    def fail(*arguments):
        raise OSError(errno.EIO, "power cut")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError, match="power cut"):
        save_model(model, path, other=1)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["m.safetensors"]


def test_the_shipped_model_keeps_what_was_promised(root):
    path = root / "data" / "models" / "erk.safetensors"
    assert path.stat().st_size < 2_000_000
    tensors, info = load_tensors(path)
    card = info["card"]
    assert card["nats_per_step"]["validation"] <= 0.80
    assert (
        card["collection"] == "erk"
        and card["songs"]["training"] + card["songs"]["validation"] + card["songs"]["test"] == 1780
    )
    assert {"settings", "split", "versions", "epochs"} <= set(card)
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    assert load_model("erk").settings() == load_model(path).settings() != load_model().settings()
