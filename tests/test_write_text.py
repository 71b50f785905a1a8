"""generate_text: what it writes is decided by model, start, settings and generator alone."""

import re
import time
from collections import Counter

import pytest
import torch

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.learn import write_text as room
from tunesmith.learn.card import card_text
from tunesmith.learn.checkpoint import load_card
from tunesmith.learn.styles import labelled, split_together
from tunesmith.learn.train import mean_loss
from tunesmith.learn.write_text import generate_text

pytestmark = pytest.mark.usefixtures("one_thread")
HEAD = "M:2/4\nL:1/8\nK:C\n"
TUNE = HEAD + "C2 E2|G2 E2|C4|]\n"
KNOWN = ts.Characters.of([TUNE, "DFABcdz:()3>"])


def seeded(number=0):
    return torch.Generator().manual_seed(number)


def char_lstm(**options):
    torch.manual_seed(0)
    return ts.CharLSTM(KNOWN, **{"embedding_size": 4, "hidden_size": 12, **options}).eval()


class Scripted(ts.CharLSTM):
    """A model that wants these characters, one after the other, whatever it reads."""

    def __init__(self, script="", **settings):
        super().__init__(**{"characters": KNOWN, "embedding_size": 1, "hidden_size": 1, **settings})
        self.script = script

    def forward(self, ids, state=None):
        place = (0 if state is None else int(state[0])) + ids.shape[1] - 1
        logits = torch.zeros(1, ids.shape[1], len(KNOWN), dtype=torch.float64)
        logits[0, -1, KNOWN.ids(self.script[min(place, len(self.script) - 1)])] = 50.0
        return logits, (torch.tensor(place + 1), torch.tensor(0))


def test_it_stops_at_the_empty_line():
    assert generate_text(Scripted(TUNE + "\nC2"), generator=seeded()) == TUNE
    assert generate_text(Scripted(TUNE + "\nC2"), HEAD + "C2", generator=seeded()) == TUNE
    assert generate_text(Scripted(TUNE + "\nC2"), TUNE, generator=seeded()) == TUNE


def test_it_stops_after_so_many_characters():
    assert generate_text(Scripted("C"), characters=7, generator=seeded()) == "C" * 7
    assert generate_text(Scripted("C"), "GG", characters=7, temperature=0) == "GGCCCCC" + "CC"


def test_a_tune_has_something_in_it():
    assert generate_text(Scripted("\n"), generator=seeded())[0] != "\n"
    assert len(generate_text(Scripted("\nC\n\n"), temperature=0)) == 3


@pytest.mark.parametrize("styles, style", [((), None), (("a", "b"), "b"), (("a", "b"), {"a": 0.25, "b": 0.75})])
def test_the_state_is_fed_back(styles, style):
    """At temperature 0 each character is the likeliest after all before it."""
    model = char_lstm(styles=styles)
    text = generate_text(model, "K:C\n", characters=12, temperature=0, style=style)
    network = ts.CharLSTM.from_settings(model.settings()).double().eval()
    network.load_state_dict(model.state_dict())
    weights = {"styles": torch.tensor([{"b": [0, 1]}.get(str(style), [0.25, 0.75])]).double()} if styles else {}
    assert len(text) == 16 or text.endswith("\n")
    with torch.no_grad():
        for place in range(4, len(text)):
            logits = network(torch.tensor([[0, *KNOWN.ids(text[:place])]]), **weights)[0][0, -1]
            assert KNOWN[int(logits.argmax())] == text[place]


def test_the_same_generator_writes_the_same():
    model = char_lstm()
    one = generate_text(model, generator=seeded(1), characters=50)
    assert generate_text(model, generator=seeded(1), characters=50) == one
    assert generate_text(model, generator=seeded(2), characters=50) != one
    assert generate_text(model, characters=50) != generate_text(model, characters=50)


def test_the_draws_are_in_float64_and_the_model_is_left_as_it_was(monkeypatch):
    model, seen, draw = char_lstm(dropout=0.5).train(), [], room.sample
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.get_rng_state()
    monkeypatch.setattr(room, "sample", lambda logits, *a, **o: (seen.append(logits.dtype), draw(logits, *a, **o))[1])
    text = generate_text(model, characters=5, generator=seeded())
    assert set(seen) == {torch.float64} and len(text) <= 5
    assert model.training and next(model.parameters()).dtype == torch.float32
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_top_k_and_top_p():
    likeliest = generate_text(char_lstm(), characters=20, temperature=0)
    assert generate_text(char_lstm(), characters=20, top_k=1, generator=seeded(3)) == likeliest
    assert generate_text(char_lstm(), characters=20, top_p=1e-9, generator=seeded(3)) == likeliest


def test_styles_are_alike_unless_told_otherwise():
    model = char_lstm(styles=("a", "b"))
    with torch.no_grad():
        model.style_embedding.weight.mul_(20)
    texts = {
        str(style): generate_text(model, characters=60, generator=seeded(), style=style)
        for style in (None, {"a": 0.5, "b": 0.5}, "a", {"a": 1.0}, "b")
    }
    none, half, a, whole, b = texts.values()
    assert none == half and a == whole and len({half, a, b}) == 3


@pytest.mark.parametrize(
    "start, options, words",
    [
        ("K:Z", {}, ("start can't be continued", "character 3", "'Z'", "'z'")),
        ("\nK:C", {}, ("empty line", "leave it out")),
        ("K:C\n\nC", {}, ("empty line",)),
        ("", {"characters": 0}, ("characters 0",)),
        ("", {"temperature": -1}, ("temperature",)),
        ("", {"top_k": 0}, ("top_k",)),
        ("", {"style": "irish"}, ("no styles", "leave style out")),
    ],
)
def test_bad_input_is_one_clear_line(start, options, words):
    with pytest.raises(ValueError) as error:
        generate_text(char_lstm(), start, **options)
    one_clear_line(error.value, *words)


def test_an_unknown_style_names_the_nearest():
    with pytest.raises(ValueError, match="'hann'; near it: han") as error:
        generate_text(char_lstm(styles=("irish", "han")), style="hann")
    one_clear_line(error.value)


def test_a_model_of_tokens_is_refused():
    with pytest.raises(ValueError, match="MelodyLSTM writes no text: use generate") as error:
        generate_text(ts.MelodyLSTM(["60"]))
    one_clear_line(error.value)


# --- Held to the grammar ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("start", ["", HEAD, HEAD + "C2 E2|G"])
def test_even_an_untrained_model_writes_a_valid_tune_with_the_grammar(start, seed):
    text = generate_text(char_lstm(), start, characters=60, generator=seeded(seed), grammar=True)
    assert ts.check_abc(text).valid, str(ts.check_abc(text))
    assert text.startswith(start) and text.endswith("\n") and not text.endswith("\n\n")
    assert not ts.check_abc(generate_text(char_lstm(), start, characters=60, generator=seeded(seed))).valid


def test_the_grammar_leads_to_the_end_when_the_characters_are_used_up():
    text = generate_text(Scripted("C"), HEAD, characters=9, grammar=True, generator=seeded())
    assert ts.check_abc(text).valid and 9 < len(text) - len(HEAD) < 80


def test_the_grammar_leaves_alone_what_is_right():
    assert generate_text(Scripted(TUNE + "\n"), grammar=True, generator=seeded()) == TUNE
    wrong = TUNE.replace("C4|]", "C3|]")
    assert generate_text(Scripted(wrong + "\n"), generator=seeded()) == wrong
    held = generate_text(Scripted(wrong + "\n"), grammar=True, generator=seeded())
    assert held != wrong and ts.check_abc(held).valid


def test_top_k_counts_what_is_left_by_the_grammar():
    text = generate_text(char_lstm(), characters=40, top_k=1, grammar=True, generator=seeded())
    assert ts.check_abc(text).valid


@pytest.mark.parametrize("start", ["K:C\nC2", HEAD + "C3 E2|", HEAD + "C2 E2|]\nC"])
def test_a_start_that_breaks_the_grammar_is_refused(start):
    with pytest.raises(ValueError, match="the start breaks the grammar: ") as error:
        generate_text(char_lstm(), start, grammar=True)
    one_clear_line(error.value)
    assert generate_text(char_lstm(), start, characters=1).startswith(start)  # without it, it is taken


def test_a_model_that_lacks_what_has_to_come():
    model = ts.CharLSTM("ABC:/", 2, 2)
    with pytest.raises(ValueError, match="does not know the characters that a tune needs") as error:
        generate_text(model, grammar=True)
    one_clear_line(error.value)


# --- The models that the course ships -----------------------------------------------------------


@pytest.mark.parametrize("name, style", [("irish", None), ("han", None), ("irish_han", {"irish": 0.5, "han": 0.5})])
def test_a_shipped_model_writes_valid_tunes(name, style):
    model = ts.load_model(name)
    options = {"temperature": 0.8, "grammar": True, "characters": 400, "style": style}
    tunes = [generate_text(model, generator=seeded(number), **options) for number in range(2)]
    assert all(ts.check_abc(tune).valid for tune in tunes)
    assert tunes[0] == generate_text(model, generator=seeded(0), **options) != tunes[1]
    assert ts.data_path("models", f"{name}.safetensors").stat().st_size < 3_000_000


@pytest.mark.parametrize("name", ["irish", "han", "irish_han"])
def test_the_shipped_cards(name):
    """The page is what `card_text` makes of the weights and their metadata; the metadata keep no order."""
    page, card = ts.data_path("models", f"{name}.md").read_text(encoding="utf-8"), load_card(name)
    (command,) = re.findall(r"^python -m tunesmith train .*$", page, re.MULTILINE)
    made = card_text(f"{name}.safetensors", ts.load_model(name), card, command)
    words = re.compile(r"[\w%|-]+")
    assert Counter(words.findall(made)) == Counter(words.findall(page))
    assert {"training", "validation", "test"} <= set(card["nats_per_character"])
    assert all(0.8 < loss < 1.3 for loss in card["nats_per_character"].values())
    assert ("Non-commercial use only" in page) == ("han" in name) and "--model CharLSTM" in command


@pytest.mark.slow
@pytest.mark.parametrize("names", [("irish",), ("han",), ("irish", "han")])
def test_the_shipped_weights_are_as_good_as_their_cards_say(names):
    """Also that the tunes are still divided as they were for the training."""
    parts = split_together({name: ts.abc_tunes(name) for name in names})
    valid = labelled(parts[1]) if len(names) > 1 else parts[1][names[0]]
    loss = mean_loss(ts.load_model("_".join(names)), valid)
    assert loss == pytest.approx(load_card("_".join(names))["nats_per_character"]["validation"], abs=2e-3)


def test_a_tune_takes_less_than_half_a_second():
    model = ts.load_model("irish")
    started = time.process_time()
    generate_text(model, HEAD, characters=300, generator=seeded(), top_k=60)
    assert time.process_time() - started < 1.5  # 0.3 s on an idle core
