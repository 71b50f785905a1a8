"""Texts to learn from: windows at random, whole tunes, styles, and a training that uses them."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import tunesmith as ts
from melodies import one_clear_line
from tunesmith import __main__ as cli
from tunesmith.learn import train as training
from tunesmith.learn.batches import PADDING
from tunesmith.learn.checkpoint import load_card
from tunesmith.learn.feed import feed
from tunesmith.learn.text import TextWindows, WholeTexts, joined_text, style_weights, unlabelled
from tunesmith.learn.train import fit, mean_loss

pytestmark = pytest.mark.usefixtures("one_thread")
HEAD = "M:2/4\nL:1/8\nK:C\n"
TUNES = [HEAD + f"{a}{b}{a}2|{b}{a}{b}2|]\n" for a in "CDEF" for b in "GAc"]
TRAIN, VALID = TUNES[:9], TUNES[9:]
KNOWN = ts.Characters.of(TUNES)
STYLED = [(text, "low" if "C" in text[16:] else "high") for text in TUNES]
STYLES = ("low", "high")


def seeded(number=0):
    return torch.Generator().manual_seed(number)


def char_lstm(seed=0, **options):
    torch.manual_seed(seed)
    sizes = {"embedding_size": 4, "hidden_size": 12, "num_layers": 2, "dropout": 0.2}
    return ts.CharLSTM(KNOWN, **{**sizes, **options})


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# --- Windows ------------------------------------------------------------------------------------


def test_an_empty_line_stands_between_tunes():
    assert joined_text(["K:C\nC|]\n", "K:D\nD|]\n"]) == "\nK:C\nC|]\n\nK:D\nD|]\n\n"


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(0, 9))
def test_a_window_is_a_piece_of_the_text_and_its_targets_are_one_on(length, seed):
    windows = TextWindows(KNOWN, TUNES, length)
    batch = windows.draw(20, seeded(seed))
    assert batch.inputs.shape == batch.targets.shape == (20, length) and batch.inputs.dtype == torch.int64
    assert batch.styles is None and batch.count == 20 * length
    whole = joined_text(TUNES)
    for inputs, targets in zip(batch.inputs, batch.targets, strict=True):
        read, wanted = KNOWN.text(inputs), KNOWN.text(targets)
        assert read[1:] == wanted[:-1] and read + wanted[-1] in whole


def test_a_window_begins_with_a_newline_only_where_a_tune_begins():
    first = TextWindows(KNOWN, TUNES, 4).draw(3000, seeded()).inputs
    begins = [KNOWN.text(row) for row in first if row[0] == 0]
    assert set(begins) == {"\nM:2"}
    # So do the places of four other newlines, and its own, of the 31 characters of a tune.
    assert 0.5 * 6 / 31 < len(begins) / 3000 < 1.5 * 6 / 31


def test_every_place_is_drawn():
    text = HEAD + "CDEF|]\n"
    characters = ts.Characters.of([text])
    windows = TextWindows(characters, [text], 3)
    found = {characters.text(row) for row in windows.draw(2000, seeded()).inputs}
    whole = joined_text([text])
    assert found == {whole[i : i + 3] for i in range(len(whole) - 3) if i == 0 or whole[i] != "\n"}


def test_an_epoch_reads_as_many_characters_as_there_are():
    windows = TextWindows(KNOWN, TUNES, 10)
    assert len(windows) == len(joined_text(TUNES)) // 10
    sizes = [len(batch.inputs) for batch in windows.batches(8, seeded())]
    assert sum(sizes) == len(windows) and set(sizes[:-1]) == {8} and 1 <= sizes[-1] <= 8


def test_the_generator_decides_and_an_epoch_is_never_the_last_one_again():
    windows = TextWindows(KNOWN, TUNES, 10)
    one = seeded(1)
    first, second = ([batch.inputs for batch in windows.batches(8, one)] for _ in range(2))
    again = [batch.inputs for batch in windows.batches(8, seeded(1))]
    assert all(map(torch.equal, first, again)) and not all(map(torch.equal, first, second))


def test_a_window_has_one_style():
    windows = TextWindows(KNOWN, STYLED, 12, STYLES)
    batch = windows.draw(600, seeded())
    assert batch.styles.shape == (600, 2) and torch.equal(batch.styles.sum(1), torch.ones(600))
    of = {style: joined_text([text for text, name in STYLED if name == style]) for style in STYLES}
    for inputs, row in zip(batch.inputs, batch.styles.tolist(), strict=True):
        assert KNOWN.text(inputs) in of[STYLES[row.index(1)]]
    share = float(batch.styles[:, 0].mean())
    assert share == pytest.approx(len(of["low"]) / sum(map(len, of.values())), abs=0.08)


def test_ids_are_kept_as_bytes():
    windows = TextWindows(KNOWN, TUNES, 10)
    assert windows.nbytes == len(joined_text(TUNES)) + 8 * len(TUNES)


@pytest.mark.parametrize(
    "texts, length, words",
    [
        ([], 10, ("no texts",)),
        (TUNES, 0, ("length 0", "1 or more")),
        (TUNES[:1], len(TUNES[0]) + 2, (f"{len(TUNES[0]) + 2} characters", f"windows of {len(TUNES[0]) + 2}")),
        (["K:X\n"], 2, ("'X'", "near it")),
    ],
)
def test_windows_that_can_not_be(texts, length, words):
    with pytest.raises(ValueError) as error:
        TextWindows(KNOWN, texts, length)
    one_clear_line(error.value, *words)


# --- Whole tunes, and styles --------------------------------------------------------------------


def test_the_loss_is_over_whole_tunes_with_their_ends():
    model = char_lstm(dropout=0).eval()
    nats = []
    for text in VALID:
        ids = torch.tensor(KNOWN.ids("\n" + text + "\n"))
        log_p = model(ids[None, :-1])[0][0].detach().log_softmax(-1)
        nats += [-float(row[target]) for row, target in zip(log_p, ids[1:], strict=True)]
    assert len(nats) == sum(len(text) + 1 for text in VALID)
    for batch_size in (1, 2, 64):
        assert mean_loss(model, VALID, batch_size) == pytest.approx(sum(nats) / len(nats), rel=1e-5)


def test_whole_texts_carry_their_styles():
    texts = [(TUNES[0] * (1 + i % 3), style) for i, (_, style) in enumerate(STYLED)]
    rows = [
        (KNOWN.text(t[t != PADDING]), STYLES[s.tolist().index(1)])
        for batch in WholeTexts(KNOWN, texts, STYLES).batches(5, seeded())
        for t, s in zip(batch.targets, batch.styles, strict=True)
    ]
    assert sorted(rows) == sorted((text + "\n", style) for text, style in texts)


@pytest.mark.parametrize(
    "style, expected",
    [("low", [1, 0]), ("high", [0, 1]), ({"low": 0.25, "high": 0.75}, [0.25, 0.75]), ({"high": 1}, [0, 1])],
)
def test_style_weights(style, expected):
    assert style_weights(STYLES, style) == expected


@pytest.mark.parametrize(
    "style, words",
    [
        ("hihg", ("'hihg'", "near it: high")),
        ({"low": 0.5, "irish": 0.5}, ("'irish'", "low, high")),
        ({"low": 0.5, "high": 0.6}, ("add up to 1", "1.1")),
        ({"low": -0.5, "high": 1.5}, ("low", "-0.5", "between 0 and 1")),
        ({"low": math.nan}, ("nan", "between 0 and 1")),
        ({}, ("add up to 1", "0")),
    ],
)
def test_weights_that_are_none(style, words):
    with pytest.raises(ValueError) as error:
        style_weights(STYLES, style)
    one_clear_line(error.value, *words)


@pytest.mark.parametrize(
    "texts, styles, words",
    [
        ([STYLED[0], TUNES[0]], STYLES, ("text 2 has no style", "(text, 'low')")),
        ([TUNES[0], STYLED[0]], (), ("text 2", "without styles")),
        ([(TUNES[0], "mid")], STYLES, ("'mid'",)),
    ],
)
def test_labels_that_do_not_fit(texts, styles, words):
    with pytest.raises(ValueError) as error:
        unlabelled(texts, styles)
    one_clear_line(error.value, *words)


def test_feed_tells_the_models_apart():
    model = char_lstm()
    assert isinstance(feed(model, TUNES), WholeTexts) and isinstance(feed(model, TUNES, 8), TextWindows)
    lstm = ts.MelodyLSTM(["60"])
    with pytest.raises(ValueError, match="window 8 is for a CharLSTM alone") as error:
        feed(lstm, ["60"], 8)
    one_clear_line(error.value)


# --- Training -----------------------------------------------------------------------------------

RUN = {"batch_size": 4, "learning_rate": 0.02, "window": 16, "patience": 50}


@pytest.mark.parametrize("styles", [(), STYLES])
def test_it_learns(styles):
    model = char_lstm(styles=styles)
    train, valid = (STYLED[:9], STYLED[9:]) if styles else (TRAIN, VALID)
    before = mean_loss(model, valid)
    history = fit(model, train, valid, epochs=40, **RUN)
    assert before == pytest.approx(math.log(len(KNOWN)), abs=0.2)
    assert mean_loss(model, valid) == pytest.approx(history.best_loss) and history.best_loss < before / 2
    assert "nats per character" in str(history)


@pytest.mark.parametrize("window", [16, None])
def test_resumed_in_parts_is_the_same(tmp_path, window):
    run = {**RUN, "window": window, "decay": 0.8}
    whole = char_lstm()
    history = fit(whole, TRAIN, VALID, epochs=4, checkpoint=tmp_path / "whole", **run)
    for epochs in (1, 3, 4):
        model = char_lstm(seed=epochs - 1)
        again = fit(model, TRAIN, VALID, epochs=epochs, checkpoint=tmp_path / "part", **run)
    assert again == history and same(weights(model), weights(whole))
    assert (tmp_path / "part").read_bytes() == (tmp_path / "whole").read_bytes()


def test_resumed_after_a_stop_in_the_middle_of_an_epoch_is_the_same(tmp_path, monkeypatch):
    train, valid, run = STYLED[:9], STYLED[9:], {**RUN, "epochs": 3}
    whole = char_lstm(styles=STYLES)
    history = fit(whole, train, valid, **run)
    loss, calls = training.batch_loss, iter(range(1000))

    def broken(*arguments):
        if next(calls) == 9:
            raise KeyboardInterrupt
        return loss(*arguments)

    path = tmp_path / "c.safetensors"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "batch_loss", broken)
        fit(char_lstm(styles=STYLES), train, valid, checkpoint=path, **run)
    model = char_lstm(seed=5, styles=STYLES)
    assert fit(model, train, valid, checkpoint=path, **run) == history
    assert same(weights(model), weights(whole))
    assert same(weights(ts.load_model(path)), weights(whole))


@pytest.mark.parametrize(
    "change", [{"window": 8}, {"window": None}, {"decay": 0.5}, {"styles": STYLES}, {"train": TRAIN[1:]}]
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, change):
    path = tmp_path / "c.safetensors"
    fit(char_lstm(), TRAIN, VALID, epochs=1, checkpoint=path, **RUN)
    styles = change.pop("styles", ())
    train, valid = (STYLED[:9], STYLED[9:]) if styles else (change.pop("train", TRAIN), VALID)
    with pytest.raises(ValueError, match="another model, other songs or other settings"):
        fit(char_lstm(styles=styles), train, valid, epochs=2, checkpoint=path, **{**RUN, **change})


def test_each_epoch_is_told(tmp_path):
    told = []
    path = tmp_path / "c.safetensors"

    def on_epoch(history):
        told.append((history.epochs, history.valid_loss[-1], path.is_file()))

    history = fit(char_lstm(), TRAIN, VALID, epochs=2, checkpoint=path, on_epoch=on_epoch, **RUN)
    assert told == [(1, history.valid_loss[0], True), (2, history.valid_loss[1], True)]
    told.clear()
    fit(char_lstm(), TRAIN, VALID, epochs=3, checkpoint=path, on_epoch=on_epoch, **RUN)
    assert [epoch for epoch, *_ in told] == [3]  # what an earlier run told is not told again
    with pytest.warns(UserWarning, match=r"exploded to .* nats per character"):
        fit(char_lstm(), TRAIN, VALID, epochs=3, on_epoch=on_epoch, **{**RUN, "learning_rate": 1e6, "clip": 1e9})
    assert len(told) == 1


def test_the_rate_decays(monkeypatch):
    rates = []
    step = torch.optim.Adam.step
    monkeypatch.setattr(
        torch.optim.Adam, "step", lambda self, *a: (rates.append(self.param_groups[0]["lr"]), step(self, *a))[1]
    )
    fit(char_lstm(), TRAIN, VALID, epochs=3, decay=0.5, **RUN)
    assert sorted(set(rates), reverse=True) == [0.02, 0.01, 0.005]


@pytest.mark.parametrize("decay", [0, -1, 1.5, math.nan])
def test_a_decay_out_of_range(decay):
    with pytest.raises(ValueError, match=r"decay .* above 0 and at most 1") as error:
        fit(char_lstm(), TRAIN, VALID, decay=decay)
    one_clear_line(error.value)


# --- Divided ------------------------------------------------------------------------------------


def test_split_keeps_the_variants_of_a_tune_on_one_side():
    tunes = [HEAD + f"{a}{b}{c}{a} {b}{c}{a}{c}|{b}8|]\n" for a in "CDEF" for b in "GABc" for c in "defga"]
    other_key = [text.replace("K:C", "K:D").replace("M:2/4", "M:4/4") + "C8|\n" for text in tunes]
    parts = ts.split([*tunes, *other_key])
    sides = [{text.replace("K:D", "K:C").replace("M:4/4", "M:2/4")[:28] for text in part} for part in parts]
    assert sum(map(len, parts)) == 160 and all(parts)
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])


def test_split_of_texts_hears_titles():
    parts = ts.split(TUNES, titles=["one"] * len(TUNES))
    assert sorted(map(len, parts)) == [0, 0, len(TUNES)]


# --- Measured -----------------------------------------------------------------------------------


@pytest.mark.parametrize("styles", [(), STYLES])
def test_evaluate_counts_characters(styles):
    model = char_lstm(styles=styles, dropout=0)
    train, valid = (STYLED[:9], STYLED[9:]) if styles else (TRAIN, VALID)
    result = ts.evaluate(model, valid, train)
    assert [score.model for score in result.scores] == ["uniform", "unigram", "bigram", "CharLSTM"]
    assert result.model.nats_per_step == pytest.approx(mean_loss(model, valid), rel=1e-5)
    assert result.scores[0].nats_per_step == pytest.approx(math.log(len(KNOWN)))
    assert (result.songs, result.steps, result.notes) == (3, sum(len(text) + 1 for text in VALID), 0)
    assert "nats/character" in str(result) and "note" not in str(result) and "nan" not in str(result)
    told = result.as_json()
    assert told["characters"] == result.steps and "notes" not in told
    assert set(told["scores"][3]) == {"model", "nats_per_character", "bits_per_character", "accuracy"}


# --- From the command line ----------------------------------------------------------------------

SMALL = ["--model", "CharLSTM", "--epochs", "1", "--hidden-size", "5", "--embedding-size", "3", "--window", "16"]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two folders of tunes, one file each."""
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "home"))
    for name, bar in (("hills", "{a}{b}{a}2"), ("lakes", "{a}3{b}")):
        notes = [(a, b) for a in "CDEFGAB" for b in "CDEFGABcde" if a != b]
        tunes = [
            f"X:{number}\nT:{name} {number}\nM:2/4\nL:1/8\nK:C\n{bar}|{{b}}4|{{a}}{{b}}{{a}}{{b}}|{{a}}4|]\n".format(
                a=a, b=b
            )
            for number, (a, b) in enumerate(notes, 1)
        ]
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.abc").write_text("\n".join(tunes), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return cli.main([str(argument) for argument in arguments])


def test_train_writes_a_model_of_texts_and_its_card(folders, capsys):
    assert run("train", "hills", "--out", "m.safetensors", *SMALL) == 0
    said = capsys.readouterr().out
    assert "epoch 1: training" in said and "nats per character" in said and "per step" not in said
    model, card = ts.load_model("m.safetensors"), load_card("m.safetensors")
    assert isinstance(model, ts.CharLSTM) and model.styles == ()
    assert card["collection"] == "hills" and set(card["nats_per_character"]) == {"training", "validation", "test"}
    assert card["settings"]["window"] == 16 and card["settings"]["decay"] == 1
    page = (folders / "m.md").read_text(encoding="utf-8")
    assert f"next of {len(model.vocabulary)} characters" in page and "| songs | nats per character |" in page
    (line,) = [line for line in page.splitlines() if line.startswith("python -m tunesmith")]
    assert line.startswith("python -m tunesmith train hills --out m.safetensors --model CharLSTM --epochs 1")
    assert cli.main([*line.split()[3:], "--overwrite"]) == 0  # the card's line makes the same weights again
    assert same(weights(ts.load_model("m.safetensors")), weights(model))


def test_several_sources_are_styles(folders, capsys):
    assert run("train", "hills", "lakes", "--out", "m.safetensors", *SMALL) == 0
    model, card = ts.load_model("m.safetensors"), load_card("m.safetensors")
    assert model.styles == ("hills", "lakes") and card["collection"] == "hills + lakes"
    assert {"test, hills", "test, lakes"} < set(card["nats_per_character"])
    ts.generate_text(model, characters=5, style={"hills": 0.5, "lakes": 0.5})


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["hills", "lakes"], ["only a CharLSTM", "hills, lakes"]),
        (["hills", "hills", *SMALL], ["hills is given twice"]),
        (["hills", *SMALL, "--window", "9999"], ["too short for windows of 9999"]),
        (["hills", *SMALL, "--decay", "2"], ["decay 2.0"]),
        (["nowhere", *SMALL], ["'nowhere'"]),
    ],
)
def test_bad_input_to_train_is_one_line(folders, capsys, arguments, words):
    assert run("train", *arguments, "--out", "m.safetensors") == 2
    one_clear_line(capsys.readouterr().err, *words)
    assert not (folders / "m.safetensors").exists()
