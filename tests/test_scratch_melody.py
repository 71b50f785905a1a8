"""`MelodyModel` and `read_tunes`: what is learnt and predicted, the same as PyTorch step by step, and bad input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from scratch_checks import EXACT
from tunesmith.scratch import MelodyModel, read_tunes

SCALE = [60, 62, 64, 65, 67, 69, 71, 72]
TUNES = [SCALE * 3, SCALE[::-1] * 2, [60, 64, 67, 64] * 4, [72, 67, 64, 60, 62]]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def a_model(**options: object) -> MelodyModel:
    return MelodyModel(SCALE, 12, generator=rng(), **options)


# ---------------------------------------------------------------- learning


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_it_learns_a_scale(cell: str):
    model = a_model(cell=cell)
    losses = model.train([SCALE * 6], epochs=60, lr=1.0, truncate=8)
    assert losses[0] == pytest.approx(np.log(8), abs=0.3) and losses[-1] < 0.2
    assert model.predict(SCALE, 10) == (SCALE * 2)[:10]
    assert model.loss([SCALE * 6]) < 0.2


def test_the_interface_as_it_is_known():
    model = a_model()
    losses = model.train(
        [tune[:-1] for tune in TUNES], [tune[1:] for tune in TUNES], epochs=4, lr=0.05, clip=1.0, l2=1e-4, truncate=3
    )
    assert len(losses) == 4 and all(isinstance(loss, float) for loss in losses)
    written = model.predict([60, 62, 64])
    assert len(written) == 16 and set(written) <= set(SCALE)


def test_without_targets_each_note_s_successor_is_learnt():
    one, two = a_model(), a_model()
    assert one.train(TUNES, epochs=2) == two.train([t[:-1] for t in TUNES], [t[1:] for t in TUNES], epochs=2)
    assert one.loss(TUNES) == two.loss([t[:-1] for t in TUNES], [t[1:] for t in TUNES])


def test_one_target_a_tune():
    """The last note alone is judged: the loss is that of the last step, and it can be learnt."""
    model = a_model()
    sequences, targets = [tune[:-1] for tune in TUNES], [tune[-1] for tune in TUNES]
    expected = [model.loss([tune], [[target] * len(tune)]) for tune, target in zip(sequences, targets)]
    alone = [model.loss([tune], [target]) for tune, target in zip(sequences, targets)]
    assert model.loss(sequences, targets) == pytest.approx(np.mean(alone)) and alone != pytest.approx(expected)
    losses = model.train(sequences, targets, epochs=100, lr=0.5)
    assert losses[-1] < 0.3 < losses[0]


def test_side_by_side_is_one_after_the_other():
    """What fills up short tunes counts nothing: the loss of a batch is that of its tunes by themselves."""
    model = a_model()
    notes = [len(tune) - 1 for tune in TUNES]
    alone = sum(model.loss([tune]) * count for tune, count in zip(TUNES, notes)) / sum(notes)
    for batch in (1, 2, 32):
        assert model.loss(TUNES, batch=batch) == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_fused_or_not_it_learns_the_same(cell: str):
    models = [a_model(cell=cell, fused=fused) for fused in (False, True)]
    losses = [model.train(TUNES, epochs=3, lr=0.5, batch=2) for model in models]
    np.testing.assert_allclose(*losses, **EXACT)


def test_the_same_seed_gives_the_same_model():
    runs = []
    for seed in (1, 1, 2):
        model = a_model()
        runs.append((model.train(TUNES, epochs=2, batch=1, generator=rng(seed)), model.predict([60], generator=rng(3))))
    assert runs[0] == runs[1] and runs[0][0] != runs[2][0]


def torch_losses(model: MelodyModel, tune: list[int], epochs: int, lr: float, truncate: int) -> list[float]:
    """The same training in PyTorch, from the same weights. Its second row of biases rests: it only ever adds up."""
    lstm = torch.nn.LSTM(len(SCALE), 12, dtype=torch.float64)
    linear = torch.nn.Linear(12, len(SCALE), dtype=torch.float64)
    for ours, theirs in ((model.recurrent, lstm), (model.output, linear)):
        theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    lstm.bias_hh_l0.requires_grad_(False)
    parameters = [p for p in (*lstm.parameters(), *linear.parameters()) if p.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr, weight_decay=0.001)
    ids = torch.tensor([SCALE.index(pitch) for pitch in tune])
    losses = []
    for _ in range(epochs):
        state, total = None, 0.0
        for start in range(0, len(ids) - 1, truncate):
            x, y = ids[:-1][start : start + truncate], ids[1:][start : start + truncate]
            hidden, state = lstm(torch.nn.functional.one_hot(x, len(SCALE)).double(), state)
            state = tuple(part.detach() for part in state)
            loss = torch.nn.functional.cross_entropy(linear(hidden), y)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 0.5)
            optimizer.step()
            total += loss.item() * len(y)
        losses.append(total / (len(ids) - 1))
    return losses


def test_two_curves_lie_on_each_other():
    model = a_model()
    expected = torch_losses(model, TUNES[0], epochs=5, lr=0.5, truncate=3)
    losses = model.train([TUNES[0]], epochs=5, lr=0.5, clip=0.5, l2=0.001, truncate=3)
    np.testing.assert_allclose(losses, expected, rtol=1e-9)


# ---------------------------------------------------------------- writing


def test_the_continuation_is_drawn_with_the_model_s_probabilities():
    model = a_model()
    drawn = [model.predict([60, 64], 1, generator=rng(seed))[0] for seed in range(400)]
    logits, _ = model([0, 2])
    expected = np.exp(logits.data[-1]) / np.exp(logits.data[-1]).sum()
    shares = [drawn.count(pitch) / 400 for pitch in SCALE]
    np.testing.assert_allclose(shares, expected, atol=0.08)


def test_the_state_is_carried_along():
    """Step by step it writes what it would write reading everything anew."""
    model = a_model()
    model.train(TUNES, epochs=20, lr=1.0)
    written, melody = model.predict([60, 62], 8), [60, 62]
    for _ in range(8):
        melody.append(model.predict(melody, 1)[0])
    assert melody[2:] == written


def test_nothing_is_remembered_while_writing():
    model = a_model()
    model.predict([60])
    model.loss(TUNES)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_pitches_may_be_numpy_s():
    model = MelodyModel(np.array(SCALE), 4, generator=rng())
    assert model.pitches == SCALE and model.loss([np.array(TUNES[0])]) > 0
    assert isinstance(model.predict(np.array([60]))[0], int)


def test_the_hidden_state_is_as_wide_as_the_vocabulary_by_default():
    assert MelodyModel([60, 62, 60]).recurrent.hidden_size == 2


# ---------------------------------------------------------------- reading


def test_reading_tunes(tmp_path: Path):
    path = tmp_path / "tunes.txt"
    path.write_bytes("\ufeff# two tunes\r\n60 62, 64\r\n\r\n  67;65 0 127\r\n".encode())
    assert read_tunes(path) == [[60, 62, 64], [67, 65, 0, 127]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("60 62\n60 x 64\n", "line 2: 'x' is no MIDI number from 0 to 127"),
        ("60 128\n", "line 1: '128' is no MIDI number"),
        ("-1 60\n", "line 1: '-1' is no MIDI number"),
        ("60 _ 62\n", "line 1: '_' is no MIDI number"),
        ("60.5\n", "line 1: '60.5' is no MIDI number"),
        ("# nothing\n\n", "there is no tune in it; a line is one tune, such as 60 62 64"),
        ("", "there is no tune in it"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, message: str):
    path = tmp_path / "tunes.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError) as caught:
        read_tunes(path)
    assert message in str(caught.value) and "tunes.txt" in str(caught.value) and "\n" not in str(caught.value)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda m: MelodyModel([]), "there are no pitches: give those of the tunes, set().union(*tunes)"),
        (lambda m: MelodyModel([60, 200]), "200 is no MIDI number from 0 to 127"),
        (lambda m: MelodyModel(["a"]), "'a' is no MIDI number"),
        (lambda m: MelodyModel([60.5]), "60.5 is no MIDI number"),
        (lambda m: MelodyModel([None]), "None is no MIDI number"),
        (lambda m: MelodyModel(SCALE, 0), "hidden_size should be a whole number of 1 or more, not 0"),
        (lambda m: MelodyModel(SCALE, -3), "hidden_size should be a whole number of 1 or more, not -3"),
        (lambda m: MelodyModel(SCALE, cell="RNN"), "cell should be one of LSTM, GRU, not 'RNN'"),
        (lambda m: m.train([]), "there are no tunes"),
        (lambda m: m.train([SCALE, [60]]), "tune 2 is too short: there should be a note and one that follows it"),
        (lambda m: m.train([[]]), "tune 1 is too short"),
        (lambda m: m.train([SCALE, [60, 61]]), "tune 2: the model does not know the pitch 61, it has 8 from 60 to 72"),
        (lambda m: m.train([SCALE], []), "there should be targets for each of the 1 tunes, not for 0"),
        (lambda m: m.train([SCALE], [[60, 62]]), "tune 1 has 8 notes and 2 targets: give one for each note, or one"),
        (lambda m: m.train([SCALE], [61]), "the target of tune 1: the model does not know the pitch 61"),
        (lambda m: m.train([SCALE], [["a"] * 8]), "the targets of tune 1: 'a' is no MIDI number"),
        (lambda m: m.train(TUNES, epochs=0), "epochs should be a whole number of 1 or more, not 0"),
        (lambda m: m.train(TUNES, truncate=1.5), "truncate should be a whole number of 1 or more, not 1.5"),
        (lambda m: m.train(TUNES, batch=0), "batch should be a whole number of 1 or more, not 0"),
        (lambda m: m.train(TUNES, lr=-1), "lr should be a number of 0 or more, not -1"),
        (lambda m: m.train(TUNES, l2=-1), "weight_decay should be a number of 0 or more, not -1"),
        (lambda m: m.train(TUNES, clip=0), "max_norm should be above 0, not 0"),
        (lambda m: m.predict([]), "the seed should have at least one pitch, such as [67]"),
        (lambda m: m.predict([60], 2.5), "steps should be a whole number of 1 or more, not 2.5"),
        (lambda m: m.predict([61]), "the seed: the model does not know the pitch 61"),
        (lambda m: m.predict(["x"]), "the seed: 'x' is no MIDI number"),
    ],
)
def test_one_clear_line(do: Callable, message: str):
    with pytest.raises(ValueError) as caught:
        do(a_model())
    assert message in str(caught.value) and "\n" not in str(caught.value)
