"""CharLSTM: its parts, its state, its styles, and the file it is kept in."""

import pytest
import torch
from torch import nn

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.learn.checkpoint import load_model, save_model
from tunesmith.models.char_lstm import CharLSTM
from tunesmith.models.token_model import count_parameters
from tunesmith.tokens.characters import Characters

KNOWN = Characters("GABcd|")  # with the newline 7


def small(**settings):
    torch.manual_seed(0)
    return CharLSTM(KNOWN, **{"embedding_size": 5, "hidden_size": 6, **settings}).eval()


def some_ids(rows=3, length=11):
    return torch.randint(7, (rows, length), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("layers", [1, 3])
def test_shapes(layers):
    logits, (h, c) = small(num_layers=layers)(some_ids())
    assert logits.shape == (3, 11, 7) and h.shape == c.shape == (layers, 3, 6)


def test_the_defaults_are_small_enough_to_ship():
    model = ts.CharLSTM(map(chr, range(32, 112)))
    assert (model.embedding.embedding_dim, model.lstm.hidden_size, model.lstm.num_layers) == (64, 224, 2)
    assert count_parameters(model) * 4 < 3_000_000 and model.styles == ()


def test_it_is_embedding_lstm_linear():
    model = small(num_layers=2, dropout=0.5)
    embedding, lstm, linear = nn.Embedding(7, 5), nn.LSTM(5, 6, 2, batch_first=True), nn.Linear(6, 7)
    for own, layer in ((model.embedding, embedding), (model.lstm, lstm), (model.linear, linear)):
        layer.load_state_dict(own.state_dict())
    ids = some_ids()
    h, (last_h, last_c) = lstm(embedding(ids))
    logits, state = model(ids)
    assert torch.equal(logits, linear(h)) and torch.equal(state[0], last_h) and torch.equal(state[1], last_c)
    assert count_parameters(model) == sum(map(count_parameters, (embedding, lstm, linear)))
    model.train()
    assert not torch.equal(model(ids)[0], model(ids)[0])


@pytest.mark.parametrize("styles", [(), ("a", "b")])
def test_one_character_at_a_time_is_the_same(styles):
    model = small(num_layers=2, styles=styles).double()
    ids = some_ids()
    weights = {"styles": torch.tensor([[0.3, 0.7], [1, 0], [0, 1]]).double()} if styles else {}
    together, last = model(ids, **weights)
    state = None
    for place in range(ids.shape[1]):
        logits, state = model(ids[:, place : place + 1], state, **weights)
        assert torch.allclose(logits[:, 0], together[:, place], atol=1e-12)
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(state, last, strict=True))


def test_the_logits_know_nothing_of_later_characters():
    model, ids = small(), some_ids(1)
    changed = ids.clone()
    changed[0, 6] = (ids[0, 6] + 1) % 7
    before, after = model(ids)[0], model(changed)[0]
    assert torch.equal(before[:, :6], after[:, :6]) and not torch.allclose(before[:, 6], after[:, 6])


def test_dropout_of_one_layer_warns_of_nothing(recwarn):
    small(num_layers=1, dropout=0.4)
    small(num_layers=2, dropout=0.4)
    assert not recwarn.list


# --- Styles -------------------------------------------------------------------------------------


def test_a_single_style_is_its_embedding_added_to_each_character():
    model, ids = small(styles=("a", "b")), some_ids()
    for place in range(2):
        alone = torch.eye(2)[[place] * 3]
        plain = small()
        plain.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("style")})
        with torch.no_grad():
            plain.embedding.weight += model.style_embedding.weight[place]
        assert torch.allclose(model(ids, styles=alone)[0], plain(ids)[0], atol=1e-6)
    a, b = (model(ids, styles=torch.eye(2)[[place] * 3])[0] for place in range(2))
    assert not torch.allclose(a, b, atol=1e-3)


def test_a_blend_mixes_the_embeddings():
    model, ids = small(styles=("a", "b", "c")), some_ids()
    blend = torch.tensor([[0.25, 0.75, 0.0]] * 3)
    mixed = small(styles=("m",))
    state = model.state_dict()
    state["style_embedding.weight"] = (
        0.25 * state["style_embedding.weight"][:1] + 0.75 * state["style_embedding.weight"][1:2]
    )
    mixed.load_state_dict(state)
    assert torch.allclose(model(ids, styles=blend)[0], mixed(ids, styles=torch.ones(3, 1))[0], atol=1e-6)


def test_each_row_has_its_own_style():
    model, ids = small(styles=("a", "b")), some_ids(1).repeat(2, 1)
    logits = model(ids, styles=torch.eye(2))[0]
    for place in range(2):
        alone = model(ids[:1], styles=torch.eye(2)[place : place + 1])[0]
        assert torch.allclose(logits[place], alone[0], atol=1e-6)


@pytest.mark.parametrize(
    "styles, given, words",
    [
        (("a", "b"), None, ("shape (3, 2)", "a, b", "None")),
        (("a", "b"), torch.ones(3, 3), ("shape (3, 2)", "(3, 3)")),
        (("a", "b"), torch.ones(1, 2), ("shape (3, 2)", "(1, 2)")),
        (("a", "b"), torch.ones(2), ("shape (3, 2)", "(2,)")),
        ((), torch.ones(3, 1), ("no styles", "leave styles out")),
    ],
)
def test_weights_that_do_not_fit(styles, given, words):
    with pytest.raises(ValueError) as error:
        small(styles=styles)(some_ids(), styles=given)
    one_clear_line(error.value, *words)


def test_a_style_has_one_name():
    with pytest.raises(ValueError, match="named twice: a, b, a") as error:
        small(styles=("a", "b", "a"))
    one_clear_line(error.value)
    assert small(styles="irish").styles == ("irish",)


# --- Its file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("styles", [(), ("a", "b")])
def test_it_is_kept_in_a_file(tmp_path, styles):
    model = small(num_layers=2, dropout=0.25, styles=styles)
    save_model(model, tmp_path / "m.safetensors", made="today")
    again = load_model(tmp_path / "m.safetensors")
    assert isinstance(again, CharLSTM) and not again.training
    assert again.settings() == model.settings() and again.vocabulary == KNOWN and again.styles == styles
    weights = {"styles": torch.tensor([[0.5, 0.5]] * 3)} if styles else {}
    assert torch.equal(again(some_ids(), **weights)[0], model(some_ids(), **weights)[0])
    assert ("styles a, b" in repr(again)) == bool(styles) and "7 characters" in repr(again)


def test_settings_build_the_same_network():
    model = small(num_layers=2, dropout=0.25, styles=["x"])
    assert CharLSTM.from_settings(model.settings()).settings() == model.settings()


def test_generate_sends_to_generate_text():
    with pytest.raises(ValueError, match="use generate_text") as error:
        ts.generate(small())
    one_clear_line(error.value)
