"""MelodyLSTM, and the batches it learns from."""

import math
from fractions import Fraction

import pytest
import torch
from torch import nn

from tunesmith.learn.batches import PADDING, WholeSongs, make_batch, song_ids
from tunesmith.learn.train import batch_loss, mean_loss
from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.models.token_model import count_parameters, device_of
from tunesmith.tokens.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["_", "r", "60", "62", "64"])
SONGS = ["60 _ 62 _", "64 r _ 60 62 64 _ _", "62", "60 " * 40]


def small(**settings):
    torch.manual_seed(0)
    return MelodyLSTM(VOCABULARY, **{"embedding_size": 5, "hidden_size": 7, **settings}).eval()


def ids_of(*songs):
    return [song_ids(VOCABULARY, song) for song in songs]


@pytest.mark.parametrize("layers", [1, 3])
def test_shapes(layers):
    model = small(num_layers=layers)
    logits, (h, c) = model(torch.zeros(2, 9, dtype=torch.int64))
    assert logits.shape == (2, 9, 6)
    assert h.shape == c.shape == (layers, 2, 7)


@pytest.mark.parametrize("layers", [1, 2])
def test_step_by_step_with_the_state_carried_on_is_the_same(layers):
    model = small(num_layers=layers).double()
    ids = torch.randint(6, (3, 12), generator=torch.Generator().manual_seed(1))
    together, last = model(ids)
    state = None
    for t in range(ids.shape[1]):
        logits, state = model(ids[:, t : t + 1], state)
        assert torch.allclose(logits[:, 0], together[:, t], atol=1e-12)
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(state, last, strict=True))
    forgetful, _ = model(ids[:, 5:6])
    assert not torch.allclose(forgetful[:, 0], together[:, 5], atol=1e-3)


def test_the_logits_know_nothing_of_later_steps():
    model = small()
    ids = torch.randint(6, (1, 10))
    changed = ids.clone()
    changed[0, 6] = (ids[0, 6] + 1) % 6
    before, after = model(ids)[0], model(changed)[0]
    assert torch.equal(before[:, :6], after[:, :6]) and not torch.allclose(before[:, 6], after[:, 6])


def test_it_is_embedding_lstm_linear():
    model = small(dropout=0.5)
    ids = torch.randint(6, (2, 4))
    h, _ = model.lstm(model.embedding(ids))
    assert torch.equal(model(ids)[0], model.linear(h))  # in eval, dropout does nothing
    assert count_parameters(model) == 6 * 5 + (4 * 7 * (5 + 7 + 2)) + (7 * 6 + 6)
    model.train()
    assert not torch.equal(model(ids)[0], model(ids)[0])


def test_dropout_of_one_layer_warns_of_nothing(recwarn):
    small(dropout=0.4)
    small(dropout=0.4, num_layers=2)
    assert not recwarn.list


def test_settings_build_the_same_network():
    model = small(num_layers=2, dropout=0.25, step="1/12")
    twin = MelodyLSTM.from_settings(model.settings())
    assert twin.settings() == model.settings()
    assert twin.step == Fraction(1, 12) and twin.vocabulary == VOCABULARY
    twin.load_state_dict(model.state_dict())
    ids = torch.randint(6, (2, 4))
    assert torch.equal(twin.eval()(ids)[0], model(ids)[0])
    assert device_of(model) == torch.device("cpu")
    assert "vocabulary of 6, step 1/12" in repr(model)


# --- Batches ------------------------------------------------------------------------------------


def test_a_song_has_the_delimiter_before_and_after_it():
    assert song_ids(VOCABULARY, "60 _ 62").tolist() == [0, 3, 1, 4, 0]
    assert song_ids(VOCABULARY, []).tolist() == [0, 0]


def test_a_batch_shifts_by_one_and_pads_at_the_end():
    batch = make_batch(ids_of("60 _ 62", "64"))
    assert batch.inputs.tolist() == [[0, 3, 1, 4], [0, 5, 0, 0]]
    assert batch.targets.tolist() == [[3, 1, 4, 0], [5, 0, PADDING, PADDING]]
    assert batch.count == 6
    assert batch.inputs.dtype == batch.targets.dtype == torch.int64


@pytest.mark.parametrize("generator", [None, 3])
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_every_song_is_in_one_batch_and_its_end_a_target_once(generator, size):
    songs = [" ".join(["60", *["_"] * n]) for n in range(37)]
    found = []
    for batch in WholeSongs(VOCABULARY, songs).batches(
        size, torch.Generator().manual_seed(generator) if generator else None
    ):
        assert len(batch.inputs) <= size
        for inputs, targets in zip(batch.inputs, batch.targets, strict=True):
            real = targets != PADDING
            assert real[: int(real.sum())].all()  # padding stands at the end
            assert int((targets == 0).sum()) == 1 and targets[real][-1] == 0
            found.append([*inputs[real].tolist(), 0])
    assert sorted(found) == sorted(song.tolist() for song in ids_of(*songs))


def test_the_order_is_new_with_each_epoch_and_decided_by_the_generator():
    songs = WholeSongs(VOCABULARY, ["60 " * n for n in range(1, 40)])

    def order(generator):
        return [tuple(batch.inputs.shape) + (int(batch.targets.sum()),) for batch in songs.batches(4, generator)]

    one = torch.Generator().manual_seed(1)
    first, second = order(one), order(one)
    assert first != second
    assert order(torch.Generator().manual_seed(1)) == first
    assert order(None) == order(None)


def test_the_same_generator_gives_the_same_batches():
    songs = WholeSongs(VOCABULARY, SONGS * 5)
    one, two, other = ([*songs.batches(3, torch.Generator().manual_seed(seed))] for seed in (1, 1, 2))
    same = [
        torch.equal(a.inputs, b.inputs) and torch.equal(a.targets, b.targets) for a, b in zip(one, two, strict=True)
    ]
    assert all(same) and len(one) == 7
    assert any(a.inputs.shape != b.inputs.shape for a, b in zip(one, other, strict=True))


def test_songs_are_kept_as_bytes():
    songs = WholeSongs(VOCABULARY, SONGS)
    assert len(songs) == 4
    assert songs.nbytes == sum(len(song.split()) + 2 for song in SONGS)
    assert [song.dtype for song in songs.songs] == [torch.uint8] * 4
    many = Vocabulary(map(str, range(300)))
    assert len(many) == 301
    (batch,) = WholeSongs(many, ["299 255 256 0"]).batches(1)
    assert batch.inputs[0, 1:].tolist() == many.ids("299 255 256 0").tolist()
    full = Vocabulary(map(str, range(255)))
    assert len(full) == 256 and WholeSongs(full, ["254"]).nbytes == 3
    (batch,) = WholeSongs(full, ["254"]).batches(1)
    assert batch.targets.tolist() == [[255, 0]]


def test_an_empty_song_is_its_end_alone():
    (batch,) = WholeSongs(VOCABULARY, [[]]).batches(4)
    assert (batch.inputs.tolist(), batch.targets.tolist(), batch.count) == ([[0]], [[0]], 1)


def test_little_is_padded():
    chance = torch.Generator().manual_seed(0)
    songs = ["60 " * int(torch.randint(20, 300, (1,), generator=chance)) for _ in range(400)]
    cells = targets = 0
    for batch in WholeSongs(VOCABULARY, songs).batches(16, chance):
        cells, targets = cells + batch.targets.numel(), targets + batch.count
    assert targets / cells > 0.9


# --- The loss -----------------------------------------------------------------------------------


def by_hand(model, song):
    """The negative log-likelihood of a song and its end, step by step."""
    ids = song_ids(VOCABULARY, song).tolist()
    logits = model(torch.tensor([ids[:-1]]))[0][0].detach().double()
    return [-math.log(float(torch.softmax(row, 0)[target])) for row, target in zip(logits, ids[1:], strict=True)]


def test_the_loss_of_one_song_is_as_computed_by_hand():
    model = small()
    steps = by_hand(model, SONGS[1])
    assert len(steps) == 9
    assert mean_loss(model, [SONGS[1]]) == pytest.approx(sum(steps) / 9, rel=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_the_mean_is_over_steps_whatever_the_batch(batch_size):
    model = small()
    steps = [loss for song in SONGS for loss in by_hand(model, song)]
    assert mean_loss(model, SONGS, batch_size) == pytest.approx(sum(steps) / len(steps), rel=1e-5)


def test_the_loss_of_a_batch_leaves_padding_out():
    model = small()
    batch = make_batch(ids_of(*SONGS))
    steps = [loss for song in SONGS for loss in by_hand(model, song)]
    assert batch_loss(model, batch, "sum").item() == pytest.approx(sum(steps), rel=1e-5)
    assert batch_loss(model, batch).item() == pytest.approx(sum(steps) / len(steps), rel=1e-5)
    batch.inputs[2, 2:] = 5  # what stands under the padding makes no difference
    assert batch_loss(model, batch, "sum").item() == pytest.approx(sum(steps), rel=1e-5)


def test_no_gradient_flows_through_padding():
    model = small()
    batch = make_batch(ids_of(*SONGS))
    real = batch.targets != PADDING
    assert not real.all()
    read = []
    model.embedding.register_forward_hook(lambda layer, ids, out: (out.retain_grad(), read.append(out))[0])
    batch_loss(model, batch, "sum").backward()
    gradient = read[0].grad.abs().sum(-1)
    assert (gradient[~real] == 0).all() and (gradient[real] > 0).all()

    def gradients(batch):
        model.zero_grad()
        batch_loss(model, batch, "sum").backward()
        return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])

    expected = gradients(batch)
    for token in range(len(VOCABULARY)):
        batch.inputs[~real] = token
        assert torch.allclose(gradients(batch), expected, rtol=0, atol=1e-6)
    one_by_one = sum(gradients(make_batch(ids_of(song))) for song in SONGS)
    assert torch.allclose(one_by_one, expected, rtol=1e-4, atol=1e-5)


def test_before_training_every_token_is_about_as_likely():
    torch.manual_seed(0)
    vocabulary = Vocabulary(["_", "r", *map(str, range(48, 87))])
    model = MelodyLSTM(vocabulary)
    assert mean_loss(model, ["60 _ 62 _ 64 _ _ _ r _"]) == pytest.approx(math.log(len(vocabulary)), abs=0.15)


def test_mean_loss_leaves_the_model_as_it_was():
    model = small(dropout=0.5).train()
    assert mean_loss(model, SONGS) == mean_loss(model, SONGS)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert isinstance(model.lstm, nn.LSTM)
