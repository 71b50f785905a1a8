"""The networks that stand beside `MelodyLSTM` in lesson 11, and what was added to it."""

import json

import pytest
import torch

import tunesmith as ts
from tunesmith.models.melody_lstm import MelodyLSTM, SongDropout
from tunesmith.models.melody_rnn import MelodyRNN
from tunesmith.models.melody_transformer import MelodyTransformer
from tunesmith.models.token_model import count_parameters
from tunesmith.models.views import VIEWS
from tunesmith.models.window_network import WindowNetwork

VOCABULARY = ts.Vocabulary(["_", "r", "57", "60", "62", "64", "65", "67"])
METRES, COLLECTIONS = ("2/4", "3/4"), ("a", "b")
FULL = {
    "views": VIEWS,
    "metres": METRES,
    "collections": COLLECTIONS,
    "tied": True,
    "input_dropout": 0.1,
    "variational": True,
}
NETWORKS = {
    "rnn": lambda: MelodyRNN(VOCABULARY, "rnn", 8, 12, 2),
    "gru": lambda: MelodyRNN(VOCABULARY, "gru", 8, 12),
    "window": lambda: WindowNetwork(VOCABULARY, 5, 4, 12),
    "transformer": lambda: MelodyTransformer(VOCABULARY, 8, 2, 2, 16),
    "views": lambda: MelodyLSTM(VOCABULARY, 8, 12, dropout=0.3, **FULL),
}


def songs(count: int) -> list[ts.BarredSong]:
    """Short tunes in two metres, the second an echo of the first bar."""
    generator = torch.Generator().manual_seed(3)
    made = []
    for i in range(count):
        bar = [VOCABULARY[int(k)] for k in torch.randint(3, len(VOCABULARY), (4,), generator=generator)]
        made.append(ts.BarredSong((*bar, "_", "_", "_", "_") * 3, METRES[i % 2], 0, COLLECTIONS[i % 2]))
    return made


@pytest.mark.parametrize("name", NETWORKS)
def test_a_song_read_in_pieces_is_the_song_read_whole(name):
    torch.manual_seed(1)
    model = NETWORKS[name]().double().eval()
    ids = torch.randint(0, len(VOCABULARY), (3, 19))
    views = {} if name != "views" else {"views": torch.randint(0, 2, (3, 19, len(VIEWS)))}
    whole, _ = model(ids, **views)
    pieces, state = [], None
    for start, end in ((0, 1), (1, 9), (9, 19)):
        part, state = model(ids[:, start:end], state, **{key: value[:, start:end] for key, value in views.items()})
        pieces.append(part)
    assert whole.shape == (3, 19, len(VOCABULARY))
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "views"])
def test_no_network_sees_what_is_to_come(name):
    model = NETWORKS[name]().double().eval()
    ids = torch.randint(0, len(VOCABULARY), (2, 12))
    other = ids.clone()
    other[:, 7:] = (ids[:, 7:] + 1) % len(VOCABULARY)
    torch.testing.assert_close(model(ids)[0][:, :7], model(other)[0][:, :7], rtol=0, atol=1e-12)
    assert not torch.allclose(model(ids)[0][:, 7:], model(other)[0][:, 7:])


def test_a_window_network_has_no_memory():
    model = WindowNetwork(VOCABULARY, 3, 4, 12).double().eval()
    ids = torch.randint(0, len(VOCABULARY), (1, 9))
    other = ids.clone()
    other[:, 0] = (ids[:, 0] + 1) % len(VOCABULARY)
    same = (model(ids)[0] == model(other)[0]).all(-1)[0]
    assert same.tolist() == [False] * 3 + [True] * 6


@pytest.mark.parametrize("name", NETWORKS)
def test_it_trains_generates_and_comes_back_from_a_file(name, tmp_path):
    torch.manual_seed(1)
    model = NETWORKS[name]()
    before = ts.evaluate(model, songs(4)).model.nats_per_step
    ts.fit(model, songs(12), songs(4), epochs=3, batch_size=4, learning_rate=0.02)
    assert ts.evaluate(model, songs(4)).model.nats_per_step < before
    ts.save_model(model, tmp_path / "m.safetensors")
    again = ts.load_model(tmp_path / "m.safetensors")
    tunes = [
        ts.generate(each, steps=30, metre="3/4", generator=torch.Generator().manual_seed(2)) for each in (model, again)
    ]
    assert tunes[0] == tunes[1] and type(again) is type(model) and again.settings() == model.settings()


def test_tied_weights_are_stored_once():
    model = NETWORKS["views"]()
    names = set(model.state_dict())
    assert "embedding.weight" in names and "bias" in names
    untied = MelodyLSTM(VOCABULARY, 8, 12, **{**FULL, "tied": False})
    assert count_parameters(untied) != count_parameters(model)
    assert model.linear.out_features == 8  # back to the embedding's size


def test_what_is_not_asked_for_leaves_the_network_as_it_was():
    torch.manual_seed(4)
    plain = MelodyLSTM(VOCABULARY, 8, 12, dropout=0.3)
    assert sorted(plain.settings()) == sorted(
        ["vocabulary", "embedding_size", "hidden_size", "num_layers", "dropout", "step"]
    )
    assert not any("view" in name or name == "bias" for name in plain.state_dict())
    json.dumps(NETWORKS["views"]().settings())  # plain values for a file


def test_views_are_needed_where_they_were_asked_for_and_only_there():
    ids = torch.zeros(1, 4, dtype=torch.int64)
    with pytest.raises(ValueError, match="needs the views"):
        NETWORKS["views"]()(ids)
    with pytest.raises(ValueError, match="needs the views"):
        MelodyLSTM(VOCABULARY)(ids, None, torch.zeros(1, 4, 2, dtype=torch.int64))


def test_the_metre_is_heard_while_it_writes():
    torch.manual_seed(2)
    model = MelodyLSTM(VOCABULARY, 16, 24, views=("bar",), metres=METRES)
    # In 2/4 a note at each bar line and nothing else; in 3/4 the same: only the metre tells how long a bar is.
    tunes = [ts.BarredSong(("60", *"_" * (steps - 1)) * 6, metre) for metre, steps in (("2/4", 8), ("3/4", 12))] * 8
    ts.fit(model, tunes, tunes, epochs=30, batch_size=8, learning_rate=0.02)
    for metre, steps in (("2/4", 8), ("3/4", 12)):
        song = ts.generate(model, steps=36, temperature=0, metre=metre)
        lengths = [int(note.duration * 4) for note in song.notes[:-1]]
        assert lengths and set(lengths) == {steps}
        upbeat = ts.generate(model, "60 _ _ _", steps=24, temperature=0, metre=metre, upbeat=1)
        assert upbeat.notes[0].duration * 4 == 4  # the next note comes at the bar line


def test_a_song_without_a_metre_can_be_read_by_a_model_that_asks_for_one():
    model = NETWORKS["views"]()
    assert ts.evaluate(model, [["60", "_", "62"]]).steps == 4


def test_an_embedding_is_a_linear_layer_over_one_hot_vectors():
    """The same numbers, forward and backward: the embedding only skips the multiplications by 0."""
    table = torch.nn.Embedding(len(VOCABULARY), 5).double()
    linear = torch.nn.Linear(len(VOCABULARY), 5, bias=False).double()
    linear.weight.data = table.weight.detach().T.clone()
    ids = torch.randint(0, len(VOCABULARY), (3, 7))
    looked_up, multiplied = table(ids), linear(ts.one_hot(ids, len(VOCABULARY)).double())
    assert torch.equal(looked_up, multiplied)
    looked_up.square().sum().backward()
    multiplied.square().sum().backward()
    torch.testing.assert_close(table.weight.grad, linear.weight.grad.T, rtol=0, atol=1e-12)


def test_song_dropout_silences_a_unit_for_a_whole_song():
    torch.manual_seed(1)
    dropout = SongDropout(0.5)
    out = dropout(torch.ones(4, 7, 50))
    assert (out == out[:, :1]).all()
    assert set(out.unique().tolist()) == {0.0, 2.0}
    assert not (out[0] == out[1]).all()
    assert (dropout.eval()(torch.ones(1, 2, 3)) == 1).all()
    for share in (-0.1, 1.0):
        with pytest.raises(ValueError, match="dropout"):
            SongDropout(share)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MelodyRNN(VOCABULARY, "lstm"), "rnn, gru"),
        (lambda: WindowNetwork(VOCABULARY, 0), "1 or more"),
        (lambda: MelodyTransformer(VOCABULARY, 9, 3), "even"),
        (lambda: MelodyTransformer(VOCABULARY, 10, 4), "multiple of the 4 heads"),
        (lambda: MelodyLSTM(VOCABULARY, views=["metre"]), "view 'metre' should be one of"),
    ],
)
def test_settings_that_make_no_network_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


class TestAveraging:
    """`fit(averaging=)`: a running average of the weights."""

    def fitted(self, **settings):
        torch.manual_seed(1)
        model = MelodyLSTM(VOCABULARY, 8, 12)
        history = ts.fit(model, songs(12), songs(4), batch_size=4, learning_rate=0.01, **settings)
        return model, history

    def test_it_is_the_average_that_is_kept(self):
        seen = []
        torch.manual_seed(1)
        by_hand = MelodyLSTM(VOCABULARY, 8, 12)
        averaged, _ = self.fitted(epochs=1, averaging=0.5)
        # The same three steps by hand: each moves the average half the way to the weights.
        generator = torch.Generator().manual_seed(0)
        data = ts.WholeSongs(VOCABULARY, songs(12))
        optimiser = torch.optim.Adam(by_hand.parameters(), lr=0.01)
        torch.randint(2**62, (1,), generator=generator)  # an epoch's first draw is the seed of its dropout
        for batch in data.batches(4, generator):
            loss = torch.nn.functional.cross_entropy(by_hand(batch.inputs)[0].flatten(0, 1), batch.targets.flatten())
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(by_hand.parameters(), 1.0)
            optimiser.step()
            seen.append({name: value.clone() for name, value in by_hand.state_dict().items()})
        for name, value in averaged.state_dict().items():
            expected = seen[0][name]
            for later in seen[1:]:
                expected = (expected + later[name]) / 2
            torch.testing.assert_close(value, expected)

    def test_a_training_that_stops_and_goes_on_ends_the_same(self, tmp_path):
        whole, history = self.fitted(epochs=4, averaging=0.9)
        self.fitted(epochs=2, averaging=0.9, checkpoint=tmp_path / "c.safetensors")
        pieces, again = self.fitted(epochs=4, averaging=0.9, checkpoint=tmp_path / "c.safetensors")
        assert history.valid_loss == again.valid_loss
        for name, value in whole.state_dict().items():
            assert torch.equal(value, pieces.state_dict()[name])

    def test_half_precision_learns_the_same_to_its_digits(self):
        _, full = self.fitted(epochs=3)
        _, half = self.fitted(epochs=3, precision="bfloat16")
        assert half.valid_loss != full.valid_loss
        assert half.valid_loss == pytest.approx(full.valid_loss, abs=0.02)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [({"averaging": 1.0}, "less than 1"), ({"averaging": -0.1}, "0 for none"), ({"precision": "half"}, "bfloat16")],
    )
    def test_settings_out_of_range_are_refused(self, settings, message):
        with pytest.raises(ValueError, match=message):
            self.fitted(epochs=1, **settings)
