"""A run's config: what a file and --set may say, and one clear line for all that they may not."""

import dataclasses
import inspect

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from melodies import one_clear_line
from tunesmith.learn.train import fit
from tunesmith.learn.write_text import generate_text
from tunesmith.models.char_lstm import CharLSTM
from tunesmith.music.sources import COLLECTIONS
from tunesmith.runs.config import KEYS, SECTIONS, Config, Data, Generate, Model, Train, flat
from tunesmith.runs.folder import settings_text
from tunesmith.runs.reading import config_of, read_config
from tunesmith.runs.rules import SettingError


@pytest.fixture
def read(tmp_path):
    """Read a config from its text, as ``c.yaml``."""

    def read(text, *changes):
        path = tmp_path / "c.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_config(path, changes)

    return read


# --- What stands there is taken -------------------------------------------------------------------


def test_a_file_says_only_what_differs(read):
    config = read("seed: 4\ntrain:\n  epochs: 3\n  learning_rate: 3e-3\nmodel:\n")
    assert config == Config(name="c", seed=4, train=Train(epochs=3, learning_rate=0.003))
    assert read("name: other") == Config(name="other")


def test_the_defaults_are_the_functions(read):
    """A key is named as the argument that it sets, and where the config has no other reason the default is the same."""
    for section, function, own in (
        (Train(), fit, {"enabled", "window"}),
        (Model(), CharLSTM, set()),
        (Generate(), generate_text, {"enabled", "tunes", "grammar"}),
    ):
        arguments = inspect.signature(function).parameters
        names = {field.name for field in dataclasses.fields(section)}
        assert names - arguments.keys() <= {"enabled", "tunes"}
        for name in names - own:
            assert getattr(section, name) == arguments[name].default, name


def test_set_stands_above_the_file(read):
    config = read("train:\n  epochs: 3\n", "train.epochs=5", "train.patience=2", "data.limit=null", "name=x", "seed=9")
    assert (config.train.epochs, config.train.patience, config.data.limit) == (5, 2, None)
    assert (config.name, config.seed) == ("x", 9)
    assert read("seed: 0", "train.epochs=1", "train.epochs=2").train.epochs == 2  # the last one counts
    assert read("seed: 0", "generate.top_p=.9", "generate.grammar=false").generate == Generate(top_p=0.9, grammar=False)


def test_set_takes_texts_and_lists(read):
    start = 'generate.start="M:6/8\\nL:1/8\\n"'
    assert read("seed: 0", start).generate.start == "M:6/8\nL:1/8\n"
    assert read("generate:\n  start: abc", "generate.start=").generate.start == ""
    assert read("seed: 0", "data.sources=[irish, han]").data.sources == ("irish", "han")
    blends = "generate.style=[irish, {irish: 0.5, han: 0.5}]"
    config = read("seed: 0", "data.sources=[irish, han]", "data.merge=labelled", blends)
    assert config.generate.style == ("irish", {"irish": 0.5, "han": 0.5})


def test_the_shipped_configs(root, tmp_path, monkeypatch):
    config = read_config(root / "config.yaml")
    assert config.name == "irish" and config.data.sources == ("irish",)
    assert all(getattr(config, stage).enabled for stage in SECTIONS if stage != "model")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as error:
        read_config(root / "config.pop.yaml")
    one_clear_line(error.value, "config.pop.yaml, line", "data.sources", "my_tunes", "put .abc files there")
    (tmp_path / "my_tunes").mkdir()
    with pytest.raises(ValueError) as error:
        read_config(root / "config.pop.yaml")
    one_clear_line(error.value, "config.pop.yaml, line", "my_tunes", "without .abc files", "put your tunes there")
    (tmp_path / "my_tunes" / "deep").mkdir()
    (tmp_path / "my_tunes" / "deep" / "a.ABC").touch()
    assert read_config(root / "config.pop.yaml").data.sources == ("my_tunes",)


def test_every_key_of_the_shipped_config_is_explained(root):
    """What a newcomer may want to change stands there, with a comment in its line or above it."""
    lines = (root / "config.yaml").read_text(encoding="utf-8").splitlines()
    keys = [line for line in lines if ":" in line and not line.lstrip().startswith("#") and not line.endswith(":")]
    plain = [line for line in keys if "#" not in line and "enabled" not in line]
    assert len(keys) > 20 and len(plain) <= 3, plain


# --- What is not taken ----------------------------------------------------------------------------

WRONG = {
    "sed: 1": ("line 1", "sed is no setting", "did you mean seed?"),
    "seed: 0\ntrain:\n  epoch: 3": ("line 3", "train.epoch is no setting", "did you mean train.epochs?"),
    "epochs: 3": ("line 1", "epochs is no setting", "did you mean train.epochs?"),
    "train:\n  hidden_size: 3": ("line 2", "train.hidden_size", "did you mean model.hidden_size?"),
    "trian:\n  epochs: 3": ("line 1", "trian is no setting", "did you mean train?"),
    "zzzz: 3": ("line 1", "zzzz is no setting", "a config has name, seed"),
    "train:\n  zzzz: 3": ("line 2", "train.zzzz is no setting", "train has enabled, epochs"),
    "1: 2": ("line 1", "1 is no setting"),
    "train: 3": ("line 1", "train should be a section", "epochs", "is 3"),
    "train: [1]": ("line 1", "train should be a section"),
    "seed: x": ("line 1", "seed should be a whole number", "'x'"),
    "seed: true": ("line 1", "seed should be a whole number", "is true"),
    "seed: -1": ("line 1", "seed should be a whole number from 0", "is -1"),
    "seed:": ("line 1", "seed should be", "is null"),
    "train:\n  epochs: 2.5": ("line 2", "train.epochs should be a whole number", "2.5"),
    "train:\n  epochs: 0": ("line 2", "train.epochs", "from 1", "is 0"),
    "train:\n  enabled: 1": ("line 2", "train.enabled should be true or false", "is 1"),
    "train:\n  learning_rate: fast": ("line 2", "train.learning_rate should be a number above 0", "'fast'"),
    "train:\n  learning_rate: 0": ("line 2", "train.learning_rate", "above 0", "is 0"),
    "train:\n  clip: .nan": ("line 2", "train.clip", "nan"),
    "train:\n  clip: .inf": ("line 2", "train.clip", "inf"),
    "train:\n  clip: true": ("line 2", "train.clip should be a number", "is true"),
    "train:\n  decay: [1, 2]": ("line 2", "train.decay should be a number", "[1, 2]"),
    "model:\n  dropout: 1": ("line 2", "model.dropout", "0.95", "is 1"),
    "model:\n  num_layers: 99": ("line 2", "model.num_layers", "1 to 8"),
    "data:\n  limit: many": ("line 2", "data.limit", "or null", "'many'"),
    "data:\n  merge: joined": ("line 2", "data.merge should be concatenated, mixed or labelled", "'joined'"),
    "data:\n  sources: []": ("line 2", "data.sources should be a collection", "[]"),
    "data:\n  sources: [irish, irish]": ("line 2", "data.sources should be"),
    "data:\n  sources: {irish: 1}": ("line 2", "data.sources should be"),
    "data:\n  sources: 3": ("line 2", "data.sources should be", "is 3"),
    "data:\n  sources: [irish, han, erk]": ("line 2", "a list of two"),
    "generate:\n  top_p: 2": ("line 2", "generate.top_p", "0 to 1 or null", "is 2"),
    "generate:\n  start: 12": ("line 2", "generate.start should be text", "is 12"),
    "tracking:\n  kind: wandb": ("line 2", "tracking.kind should be tensorboard, comet or none", "'wandb'"),
    "name: 2024": ("line 1", "name should be", "is 2024"),
    "name: a/b": ("line 1", "name should be", "'a/b'"),
    "name: ..": ("line 1", "name should be", "'..'"),
    "folder: ''": ("line 1", "folder should be a folder", "''"),
    # what does not fit together
    "seed: 0\ndata:\n  enabled: false": ("line 3", "data.enabled is false", "train.enabled"),
    "data:\n  enabled: false\ntrain:\n  enabled: false": ("line 2", "data.enabled", "evaluate.enabled"),
    "data:\n  merge: labelled": ("line 2", "data.merge", "name two in data.sources"),
    "generate:\n  style: irish": ("line 2", "generate.style", "set data.merge to labelled"),
    "data: {sources: [irish, han], merge: labelled}\ngenerate:\n  style: scots": ("line 3", "scots", "irish and han"),
    "data: {sources: [irish, han], merge: labelled}\ngenerate:\n  style: {irish: 1, han: 1}": ("line 3", "add up to 1"),
    "data: {sources: [irish, han], merge: labelled}\ngenerate:\n  style: {irish: x}": ("line 3", "generate.style"),
    # sources that are not there
    "data:\n  sources: irsh": ("line 2", "data.sources", "'irsh'", "did you mean irish?"),
    "data:\n  sources: my_songs": ("line 2", "'my_songs'", *COLLECTIONS),
    "data:\n  sources: [irish, my/songs]": ("line 2", "'my/songs'", "no such folder or file", "make it first"),
    "data:\n  sources: songs.abc": ("line 2", "'songs.abc'", "no such folder or file"),
    # what is no YAML, or too much of it
    "train:\n  epochs: 3\n  epochs: 4": ("line 3", "train.epochs stands in line 2 already"),
    "seed: 1\nname: a\nseed: 2": ("line 3", "seed stands in line 1 already"),
    "train:\n\tepochs: 3": ("line 2", "no YAML"),
    "train: {epochs: 3": ("line 1", "no YAML"),
    "seed: *other": ("line 1", "no YAML", "alias"),
    "seed: 0\n---\nseed: 1": ("line 2", "no YAML"),
    "seed: !!python/object/apply:os.getcwd []": ("line 1", "no YAML", "tag"),
    "seed: 2020-13-45": ("no YAML", "month"),
    "- seed": ("should hold settings",),
    "seed": ("should hold settings",),
    "": ("empty",),
    "# nothing\n": ("empty",),
    "---\n": ("empty",),
    "seed: 0\0": ("no YAML",),
    "[" * 3000: ("no YAML",),
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:40].replace("\n", " · "))
def test_one_line_says_where_and_what(read, text):
    with pytest.raises(ValueError) as error:
        read(text)
    one_clear_line(error.value, "c.yaml", *WRONG[text])
    assert str(error.value).startswith("c.yaml")


@pytest.mark.parametrize(
    "change, words",
    {
        "train.epochs=0": ("train.epochs should be", "is 0"),
        "train.epoch=3": ("did you mean train.epochs?",),
        "train.epochs": ("KEY=VALUE", "train.epochs=3"),
        "=3": ("KEY=VALUE",),
        "train.epochs=[": ("can't be read",),
        "train=3": ("train should be a section",),
        "train=": ("train should be a section",),
        "foo.bar=3": ("foo.bar is no setting",),
        "train.epochs.x=3": ("train.epochs.x is no setting",),
        "data.sources=irsh": ("did you mean irish?",),
        "data.enabled=false": ("data.enabled is false",),
    }.items(),
)
def test_so_does_set(read, change, words):
    with pytest.raises(ValueError) as error:
        read("seed: 0\ntrain:\n  patience: 3\n", change)
    one_clear_line(error.value, *words)
    assert str(error.value).startswith(f"--set {change}: ")


def test_files_that_are_none(tmp_path, read):
    with pytest.raises(FileNotFoundError) as error:
        read_config(tmp_path / "none.yaml")
    one_clear_line(error.value, "none.yaml")
    with pytest.raises(ValueError) as error:
        read_config(tmp_path)
    one_clear_line(error.value, "is a folder")
    with pytest.raises(ValueError) as error:
        read("#" * 1_000_001)
    one_clear_line(error.value, "too large")
    assert read("seed: 7\n# caf\xe9".encode("latin-1")).seed == 7


def test_two_folders_of_one_name(tmp_path, read):
    for name in ("a", "b"):
        (tmp_path / name / "tunes").mkdir(parents=True)
        (tmp_path / name / "tunes" / "x.abc").touch()
    with pytest.raises(ValueError) as error:
        read(f"data:\n  sources: [{tmp_path / 'a' / 'tunes'}, {tmp_path / 'b' / 'tunes'}]")
    one_clear_line(error.value, "line 2", "both called tunes", "rename one")


def test_python_is_checked_as_a_file_is():
    for build, key in ((lambda: Train(epochs=0), "train.epochs"), (lambda: Config(seed="x"), "seed")):
        with pytest.raises(SettingError) as error:
            build()
        assert error.value.key == key
    with pytest.raises(SettingError):
        Config(generate=Generate(style="irish"))


# --- There and back, and what is the same run -----------------------------------------------------

whole, share = st.integers(1, 500), st.floats(0.01, 0.9)
configs = st.builds(
    Config,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True),
    seed=st.integers(0, 2**31 - 1),
    folder=st.text(min_size=1),
    data=st.builds(
        Data, sources=st.sampled_from(["erk", ["irish", "han"]]), ratio=share, limit=st.none() | st.integers(10, 99)
    ),
    model=st.builds(Model, hidden_size=whole, dropout=share),
    train=st.builds(
        Train, enabled=st.booleans(), epochs=whole, learning_rate=share, batches_per_epoch=st.none() | whole
    ),
    generate=st.builds(Generate, start=st.text(), top_k=st.none() | whole, top_p=st.none() | share),
)


@given(configs)
def test_a_run_s_settings_can_be_read_back(config):
    values = yaml.safe_load(settings_text(config))
    assert config_of(values) == config and config.differences(config_of(values)) == {}
    assert sorted(flat(values)) == sorted(KEYS)


def test_what_makes_another_run():
    config = Config()
    other = Config(
        folder="elsewhere", evaluate=type(config.evaluate)(enabled=False), tracking=type(config.tracking)(kind="none")
    )
    assert config.differences(other) == {}
    assert config.differences(Config(train=Train(epochs=3), seed=1)) == {"seed": (0, 1), "train.epochs": (20, 3)}
