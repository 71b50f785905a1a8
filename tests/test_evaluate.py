"""Measuring a model beside its baselines: by hand, against PyTorch and against mean_loss."""

import json
import math

import pytest
import torch
from torch import nn

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.learn.batches import song_ids
from tunesmith.learn.evaluate import Evaluation, Score, evaluate
from tunesmith.learn.train import mean_loss
from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.models.window_lstm import WindowLSTM
from tunesmith.tokens.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["_", "r", "60", "62", "64"])
TRAIN = ["60 _ 62 _", "64 r _ 60"]
SONGS = ["60 _ 62 _ 64 _ _", "62", "r 60 64 _ _ 60", ["64"] * 40]


def lstm(dropout=0.5):
    torch.manual_seed(0)
    return MelodyLSTM(VOCABULARY, 5, 7, dropout=dropout).eval()


def windows(dropout=0.5):
    torch.manual_seed(0)
    return WindowLSTM(6, 7, 6, 5, dropout=dropout, vocabulary=VOCABULARY).eval()


class Fixed(MelodyLSTM):
    """A model whose logits are the same at every step, whatever it reads."""

    def __init__(self, vocabulary, logits):
        super().__init__(vocabulary, 1, 1)
        self.logits = torch.tensor(logits)

    def forward(self, ids, state=None):
        return self.logits.expand(*ids.shape, -1), (torch.zeros(1), torch.zeros(1))


def scores(evaluation):
    return {score.model: score for score in evaluation.scores}


def test_a_tiny_case_by_hand():
    """Four tokens; two songs to measure on, one to count. Order of ids: / _ 60 62."""
    vocabulary = Vocabulary(["_", "60", "62"])
    x = [0.0, math.log(2), math.log(3), math.log(4)]  # probabilities 1/10 2/10 3/10 4/10
    found = evaluate(Fixed(vocabulary, x), ["60 _ 62", "62"], ["60 _"])
    assert (found.songs, found.steps, found.notes) == (2, 6, 3)
    assert list(scores(found)) == ["uniform", "unigram", "bigram", "Fixed"] and found.model.model == "Fixed"

    uniform = scores(found)["uniform"]
    assert uniform.nats_per_step == pytest.approx(math.log(4), abs=1e-14)
    assert uniform.bits_per_step == pytest.approx(2, abs=1e-14)
    assert uniform.nats_per_note == pytest.approx(6 * math.log(4) / 3, abs=1e-14)
    assert uniform.accuracy == uniform.onset_accuracy == 0.25  # all are equally likely: each counts a quarter

    # Targets 60 _ 62 / and 62 /; counted: 60, _ and the end once each, and one more of each: 2 2 2 1 of 7.
    unigram = scores(found)["unigram"]
    nats = -math.log(2 / 7) * 4 - math.log(1 / 7) * 2
    assert unigram.nats_per_step == pytest.approx(nats / 6, abs=1e-14)
    assert unigram.nats_per_note == pytest.approx(nats / 3, abs=1e-14)
    assert unigram.accuracy == pytest.approx(4 / 3 / 6)  # three tokens share the first place
    assert unigram.onset_accuracy == pytest.approx(1 / 3 / 3)

    # Each pair seen once counts 2 of 5, the others 1 of 5; after 62 nothing was seen: 1 of 4.
    bigram = scores(found)["bigram"]
    pairs = [2 / 5, 2 / 5, 1 / 5, 1 / 4, 1 / 5, 1 / 4]  # /60 60_ _62 62/ · /62 62/
    assert bigram.nats_per_step == pytest.approx(-sum(map(math.log, pairs)) / 6, abs=1e-14)
    assert bigram.accuracy == pytest.approx((1 + 1 + 0 + 1 / 4 + 0 + 1 / 4) / 6)
    assert bigram.onset_accuracy == pytest.approx(1 / 3)

    nats = -sum(math.log(p) for p in (0.3, 0.2, 0.4, 0.1, 0.4, 0.1))
    assert found.model.nats_per_step == pytest.approx(nats / 6, abs=1e-6)
    assert found.model.nats_per_note == pytest.approx(nats / 3, abs=1e-6)
    assert found.model.bits_per_note == pytest.approx(nats / 3 / math.log(2), abs=1e-6)
    assert found.model.accuracy == pytest.approx(2 / 6) and found.model.onset_accuracy == pytest.approx(2 / 3)


def test_ties_count_for_their_share():
    vocabulary = Vocabulary(["_", "60", "62"])
    found = evaluate(Fixed(vocabulary, [0.0, 1.0, 1.0, -1.0]), ["60 _ 62 60"])
    assert found.model.accuracy == pytest.approx(3 / 2 / 5)  # 60 _ 60 at a half each; 62 and the end at none
    assert found.model.onset_accuracy == pytest.approx(2 / 2 / 3)


@pytest.mark.parametrize("build", [lstm, windows])
def test_it_agrees_with_mean_loss_and_with_cross_entropy(build):
    model = build()
    found = evaluate(model, SONGS).model
    assert found.nats_per_step == pytest.approx(mean_loss(model, SONGS), rel=1e-6)
    nats, right, onsets = [], [], []
    for song in SONGS:
        ids = song_ids(VOCABULARY, song)
        if build is lstm:
            logits = model(ids[None, :-1])[0][0]
        else:
            x = torch.stack([torch.cat([ids[:1].expand(5), ids[1 : t + 1]])[-5:] for t in range(len(ids) - 1)])
            logits = model(torch.eye(6)[x])
        nats.append(nn.functional.cross_entropy(logits.double(), ids[1:], reduction="none"))
        right.append(logits.argmax(1) == ids[1:])
        onsets.append(torch.isin(ids[1:], torch.from_numpy(VOCABULARY.ids("60 62 64"))))
    nats, right, onsets = map(torch.cat, (nats, right, onsets))
    assert found.nats_per_step == pytest.approx(nats.mean().item(), rel=1e-6)
    assert found.nats_per_note == pytest.approx(nats.sum().item() / int(onsets.sum()), rel=1e-6)
    assert found.accuracy == pytest.approx(right.double().mean().item(), abs=1e-12)
    assert found.onset_accuracy == pytest.approx(right[onsets].double().mean().item(), abs=1e-12)
    assert 0 < found.accuracy < 1 and found.model == type(model).__name__


@pytest.mark.parametrize("build", [lstm, windows])
def test_a_model_that_learned_beats_its_baselines(build):
    model = build(dropout=0.0)
    songs = ["60 _ 62 _ 64 _ 62 _"] * 3  # after _ a bigram can't know what comes
    ts.fit(model, songs, songs, epochs=20, batch_size=1 if build is lstm else 9, learning_rate=0.05, patience=30)
    found = evaluate(model, songs, songs)
    losses = [score.nats_per_step for score in found.scores]
    assert losses == sorted(losses, reverse=True) and len(set(losses)) == 4
    assert found.model.accuracy > 0.85


def test_dropout_is_off_and_the_model_left_as_it_was():
    for model in (lstm().train(), windows().train()):
        torch.manual_seed(3)
        state = torch.get_rng_state()
        assert evaluate(model, SONGS).as_json() == evaluate(model, SONGS).as_json()
        assert model.training and torch.equal(torch.get_rng_state(), state)
        assert all(parameter.grad is None for parameter in model.parameters())


def test_the_baselines_are_the_same_for_both_models():
    one, other = evaluate(lstm(), SONGS, TRAIN), evaluate(windows(), SONGS, TRAIN)
    assert one.scores[:3] == other.scores[:3] and one.scores[3] != other.scores[3]
    assert (one.songs, one.steps, one.notes) == (other.songs, other.steps, other.notes) == (4, 58, 47)


def test_without_training_songs_there_is_only_the_uniform_baseline():
    for train in (None, []):
        assert list(scores(evaluate(lstm(), SONGS, train))) == ["uniform", "MelodyLSTM"]


def test_songs_of_rests_have_no_notes_to_divide_by():
    found = evaluate(lstm(), ["r _ _", "r"], TRAIN)
    assert found.notes == 0 and found.steps == 6
    for score in found.scores:
        assert math.isfinite(score.nats_per_step) and 0 <= score.accuracy <= 1
        assert all(map(math.isnan, (score.nats_per_note, score.bits_per_note, score.onset_accuracy)))
    assert "notes: 0" in str(found) and len(str(found).splitlines()) == 6
    rows = json.loads(json.dumps(found.as_json(), allow_nan=False))["scores"]
    assert {row["nats_per_note"] for row in rows} == {row["onset_accuracy"] for row in rows} == {None}


def test_an_empty_song_is_its_end():
    found = evaluate(lstm(), ["", "60"])
    assert (found.songs, found.steps, found.notes) == (2, 3, 1)


def test_the_table():
    found = Evaluation(
        (Score("uniform", 1.5, 3.0, 0.25, 0.125), Score("MelodyLSTM", 0.5, 1.0, 0.75, 0.5)), 1200, 64000, 32000
    )
    assert str(found) == repr(found)
    assert str(found).splitlines() == [
        "songs: 1,200, notes: 32,000, steps: 64,000",
        "            nats/step  bits/step  nats/note  bits/note  right  right at onsets",
        "uniform         1.500      2.164      3.000      4.328  25.0%            12.5%",
        "MelodyLSTM      0.500      0.721      1.000      1.443  75.0%            50.0%",
    ]


def test_the_json_has_every_number():
    found = evaluate(windows(), SONGS, TRAIN)
    values = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert (values["songs"], values["steps"], values["notes"]) == (4, 58, 47)
    for row, score in zip(values["scores"], found.scores, strict=True):
        assert {name: getattr(score, name) for name in row} == row
        assert set(row) == {
            *("model", "nats_per_step", "bits_per_step", "nats_per_note", "bits_per_note"),
            *("accuracy", "onset_accuracy"),
        }


@pytest.mark.parametrize("build", [lstm, windows])
@pytest.mark.parametrize(
    "songs, train, words",
    [([], TRAIN, ["no songs to evaluate"]), (["60 65"], TRAIN, ["'65'", "near it"]), (SONGS, ["60 65"], ["'65'"])],
)
def test_bad_input(build, songs, train, words):
    with pytest.raises(ValueError) as error:
        evaluate(build(), songs, train)
    one_clear_line(error.value, *words)
