"""Many tunes at once: each is what its own draws decide, and ends by itself."""

from __future__ import annotations

import pytest
import torch

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.learn.write_text import generate_text
from tunesmith.learn.write_texts import write_texts
from tunesmith.music.abc_check import check_abc
from tunesmith.music.abc_grammar import SIGNS


def draws(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def char_lstm(characters: str = SIGNS, styles: tuple[str, ...] = ()) -> ts.CharLSTM:
    torch.manual_seed(1)
    return ts.CharLSTM(ts.Characters(characters), embedding_size=4, hidden_size=8, num_layers=2, styles=styles)


def by_hand(model: ts.CharLSTM, numbers: list[float]) -> str:
    """The tune that these random numbers draw, with no other beside it."""
    model = model.double().eval()
    signs = list(model.vocabulary)
    text, state, new = "", None, signs.index("\n")
    for number in numbers:
        with torch.no_grad():
            logits, state = model(torch.tensor([[new]]), state)
        chances = logits[0, -1].softmax(0)
        if not text:
            chances[signs.index("\n")] = 0
        new = int((chances.cumsum(0) / chances.sum() <= number).sum())
        if text.endswith("\n") and signs[new] == "\n":
            break
        text += signs[new]
    return text


def test_a_tune_does_not_hang_on_how_long_the_others_are() -> None:
    model = char_lstm("ab\n")
    numbers = torch.rand(50, 12, dtype=torch.float64, generator=draws())
    tunes = write_texts(model, 12, generator=draws(), characters=50)
    assert len({len(tune) for tune in tunes}) > 5
    assert tunes == [by_hand(model, numbers[:, tune].tolist()) for tune in range(12)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("how", [{}, {"grammar": True}, {"temperature": 0.7}, {"style": "b"}, {"style": None}])
def test_one_tune_alone_is_what_generate_text_writes(how: dict, seed: int) -> None:
    model = char_lstm(styles=("a", "b") if "style" in how else ())
    one = write_texts(model, 1, generator=draws(seed), characters=50, **how)
    assert one == [generate_text(model, generator=draws(seed), characters=50, **how)]


def test_tunes_end_each_by_itself() -> None:
    model = char_lstm("ab\n")
    tunes = write_texts(model, 40, generator=draws(), characters=30)
    assert len(tunes) == 40 and all(text and text[0] != "\n" and "\n\n" not in text for text in tunes)
    assert max(map(len, tunes)) <= 30
    assert all(text.endswith("\n") for text in tunes if len(text) < 30)


def test_held_to_the_grammar_even_an_untrained_network_writes_valid_tunes() -> None:
    with_mask = write_texts(char_lstm(), 6, generator=draws(), grammar=True, characters=60)
    assert all(check_abc(text).valid for text in with_mask)
    assert len(set(with_mask)) == 6
    without = write_texts(char_lstm(), 6, generator=draws(), characters=60)
    assert not any(check_abc(text).valid for text in without)
    assert all(0 < len(text) <= 60 for text in without)


def test_the_generator_decides() -> None:
    model = char_lstm()
    one, other = (write_texts(model, 3, generator=draws(), grammar=True, characters=40) for _ in range(2))
    assert one == other != write_texts(model, 3, generator=draws(4), grammar=True, characters=40)


def test_the_style_decides_and_none_is_all_alike() -> None:
    model = char_lstm(styles=("a", "b"))
    with torch.no_grad():
        model.style_embedding.weight.mul_(20)
    styles = ("a", "b", None, {"a": 0.5, "b": 0.5})
    first, second, none, half = (write_texts(model, 4, generator=draws(), characters=30, style=s) for s in styles)
    assert none == half and first != second and half not in (first, second)


def test_the_model_stays_as_it_was() -> None:
    model = char_lstm().train()
    write_texts(model, 2, generator=draws(), characters=5)
    assert model.training and model.linear.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("count", "how", "words"),
    [
        (1, {"temperature": 0}, ("temperature 0", "above 0")),
        (1, {"temperature": float("nan")}, ("temperature nan",)),
        (0, {}, ("0 tunes",)),
        (1, {"characters": 0}, ("0 characters",)),
        (1, {"style": "x"}, ("no styles", "leave style out")),
    ],
)
def test_what_can_not_be_written(count: int, how: dict, words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError) as error:
        write_texts(char_lstm(), count, generator=draws(), **how)
    one_clear_line(error.value, *words)


def test_an_unknown_style_and_an_unknown_character() -> None:
    with pytest.raises(ValueError, match="no style 'z'") as error:
        write_texts(char_lstm(styles=("x", "y")), 1, generator=draws(), style="z")
    one_clear_line(error.value)
    with pytest.raises(ValueError, match="a character that the model does not know") as error:
        write_texts(char_lstm("ABC:/\n"), 2, generator=draws(), grammar=True)
    one_clear_line(error.value, "generate_text")
