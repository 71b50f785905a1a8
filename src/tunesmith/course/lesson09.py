"""The exercises of lesson 09, LSTM and GRU from scratch."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from tunesmith import scratch
from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, is_number
from tunesmith.scratch import Tensor

lesson = Lesson()


# ---------------------------------------------------------------- 9.1: matrix products


def _products(T: int) -> int:
    return 8 * T


@lesson.exercise("9.1", reference=_products, praise="96 for 12 steps: two for each gate and the candidate.")
def _count_products(answer: Answer) -> str | None:
    for T in (12, 1, 190, 50):
        value = answer(T)
        if not is_number(value):
            return f"Return a number; for {T} steps yours is {value!r}."
        if value == 8 * T:
            continue
        asked = f"For {T} step{'s' * (T != 1)} you count {value:g}"
        wrong = {
            4 * T: "that is one for each gate and the candidate. The hidden state has matrices of its own.",
            6 * T: "three gates have two each. The candidate has two as well.",
            3 * T: "that is one for each gate. Count the signs @ in step.",
            11 * T: "some of them are products of numbers, side by side: * multiplies no matrices. Count @ alone.",
            8: "that is a single step.",
            8 * (T - 1): "the first step computes h @ U, too, with an h of zeros.",
            16 * T: "asked is the way forward alone.",
            24 * T: "asked is the way forward alone.",
        }
        return f"{asked}: {wrong.get(value, f'count the signs @ in step; they come {T} times.')}"
    return None


# ---------------------------------------------------------------- 9.2: piece by piece


def _in_pieces(lstm: Any, x: Any, every: int) -> list:
    hidden, state = [], None
    for start in range(0, len(x), every):
        out, (h, C) = lstm(x[start : start + every], state)
        hidden.append(out)
        state = h.detach(), C.detach()
    return hidden


@lesson.exercise("9.2", reference=_in_pieces, praise="The state crosses the cut, and no gradient does.")
def _mend_pieces(answer: Answer) -> str | None:
    for steps, every, batch in ((12, 4, 2), (7, 3, 1), (5, 5, 2)):
        draw = np.random.default_rng(steps)
        lstm = scratch.LSTM(3, 4, generator=draw)
        x = Tensor(draw.normal(size=(steps, batch, 3)), requires_grad=True)
        whole = lstm(x)[0].data
        asked = f"{steps} steps, cut every {every}"
        lengths = [min(every, steps - start) for start in range(0, steps, every)]
        given = answer(lstm, x, every)
        if not isinstance(given, list | tuple) or not all(isinstance(piece, Tensor) for piece in given):
            return f"Return a list of Tensors, one for each piece; yours is of type {type(given).__name__}."
        if [piece.shape for piece in given] != [(length, batch, 4) for length in lengths]:
            return f"{asked}: your pieces have the lengths {[len(piece) for piece in given]}, not {lengths}."
        if trouble := _wrong_numbers(given, whole, lstm, x, every) or _wrong_graph(given):
            return f"{asked}: {trouble}"
    return None


def _wrong_numbers(given: Any, whole: np.ndarray, lstm: Any, x: Tensor, every: int) -> str:
    said = np.concatenate([piece.data for piece in given])
    if np.allclose(said, whole, atol=1e-9):
        return ""
    deaf = np.concatenate([lstm(x[start : start + every])[0].data for start in range(0, len(x), every)])
    if np.allclose(said, deaf, atol=1e-9):
        return "each piece begins with a state of zeros. Hand the state on: state = None comes once, before the loop."
    h = C = None
    half = {"h": [], "C": []}
    for kept in half:
        state = None
        for start in range(0, len(x), every):
            out, (h, C) = lstm(x[start : start + every], state)
            half[kept].append(out.data)
            zeros = Tensor(np.zeros(h.shape))
            state = (h, zeros) if kept == "h" else (zeros, C)
    for kept, lost in (("h", "C"), ("C", "h")):
        if np.allclose(said, np.concatenate(half[kept]), atol=1e-9):
            return f"{kept} goes on, and {lost} begins with zeros in each piece."
    return "the hidden states are not those of the whole melody. The numbers of h and C should cross the cut."


def _wrong_graph(given: Any) -> str:
    graphs = [piece.topological_order() for piece in given]
    if not all(piece.requires_grad for piece in given):
        return (
            "the pieces themselves are cut off: no loss could go back into them. Detach the state, not what you return."
        )
    for early, late in itertools.pairwise(graphs):
        inner = {id(node): node for node in early if node.edges}
        slips = {
            edge.parent.operation
            for node in late
            if id(node) not in inner
            for edge in node.edges
            if id(edge.parent) in inner
        }
        through = [name for name, operation in (("h", "*"), ("C", "+")) if operation in slips]
        if slips and not through:
            return "the right numbers, but it was read in one piece. Read a piece, cut the state, read the next."
        if slips:
            return (
                f"the right numbers, but a gradient slips back into the piece before, through {' and '.join(through)}."
            )
    return ""


# ---------------------------------------------------------------- 9.3: the same budget


def _gru_parameters(inputs: int, H: int) -> int:
    return 3 * (inputs * H + H * H + H) + H


def _gru_size(inputs: int, budget: int) -> int:
    return _largest(lambda H: _gru_parameters(inputs, H), budget)


def _largest(count: Callable[[int], int], budget: int) -> int:
    H = 0
    while count(H + 1) <= budget:
        H += 1
    return H


@lesson.exercise("9.3", reference=_gru_size, praise="38 units for the budget of an LSTM with 32: the race is fair.")
def _same_budget(answer: Answer) -> str | None:
    # LSTMs of 32, 128 and 7 units; no biases counted, no c_n counted; exactly a GRU of 9 units.
    cases = [(30, 8064), (42, 87552), (5, 364), (4, 360), (4, 380), (4, 387)]
    for inputs, budget in cases:
        value, right = answer(inputs, budget), _gru_size(inputs, budget)
        if not is_number(value):
            return f"Return a number of units; for {inputs} inputs and {budget:,} parameters yours is {value!r}."
        asked = f"{inputs} inputs, {budget:,} parameters: you say {value:g} units"
        if value == right:
            continue
        if value != int(value):
            return f"{asked}. Units come whole: the largest whole number that fits."
        if hint := _wrong_size(inputs, budget, right).get(value):
            return f"{asked}: {hint}"
        if value < 1:
            return f"{asked}, and {right} fit."
        return f"{asked}. Such a GRU has {_gru_parameters(inputs, int(value)):,} parameters: 3 (I H + H H + H) + H."
    return None


def _wrong_size(inputs: int, budget: int, right: int) -> dict[int, str]:
    """Mistakes that people make, and a hint for each."""
    counts: dict[str, Callable[[int], int]] = {
        "that many has the LSTM. A GRU has three blocks, not four.": lambda H: 4 * (inputs * H + H * H + H),
        "there are three blocks of W, U and b, not one.": lambda H: inputs * H + H * H + 2 * H,
        "the matrices for the hidden state, H · H each, are missing.": lambda H: 3 * (inputs * H + H),
        "the matrices for the input, I · H each, are missing.": lambda H: 3 * H * H,
    }
    return {
        right - 1: f"one more still fits: {_gru_parameters(inputs, right):,} parameters.",
        right + 1: f"that makes {_gru_parameters(inputs, right + 1):,}, over the budget. Stop one earlier.",
        **{_largest(count, budget): hint for hint, count in counts.items()},
    }


# ---------------------------------------------------------------- 9.4: one product for four gates


class _Counted(np.ndarray):
    """An array that counts products of matrices, its own and those of what is made from it."""

    products = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc is np.matmul:
            _Counted.products += 1
        plain = [part.view(np.ndarray) if isinstance(part, _Counted) else part for part in inputs]
        if kwargs.get("out"):
            kwargs["out"] = tuple(part.view(np.ndarray) for part in kwargs["out"])
        result = getattr(ufunc, method)(*plain, **kwargs)
        return result.view(_Counted) if isinstance(result, np.ndarray) else result

    def dot(self, other: Any, out: Any = None) -> Any:
        return np.matmul(self, other)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in (np.dot, np.einsum, np.inner, np.tensordot):
            _Counted.products += 1
        return super().__array_function__(func, types, args, kwargs)


def _four_gates(x: Any, h: Any, W: list, U: list, b: list) -> list:
    W, U, b = (np.concatenate(parts, axis=-1) for parts in (W, U, b))
    return np.split(x @ W + h @ U + b, 4, axis=1)


@lesson.exercise("9.4", reference=_four_gates, praise="The same four sums, and two products where there were eight.")
def _one_product(answer: Answer) -> str | None:
    for B, inputs, H in ((20, 30, 48), (1, 2, 3), (4, 4, 4)):
        draw = np.random.default_rng(B)

        def counted(*shape: int, draw: Any = draw) -> _Counted:
            return draw.normal(size=shape).view(_Counted)

        x, h = counted(B, inputs), counted(B, H)
        W, U, b = ([counted(*shape) for _ in range(4)] for shape in ((inputs, H), (H, H), (H,)))
        _Counted.products = 0
        given = answer(x, h, W, U, b)
        products = _Counted.products
        right = [np.asarray(x @ W[k] + h @ U[k] + b[k]) for k in range(4)]
        asked = f"For B = {B}, I = {inputs}, H = {H}"
        if not isinstance(given, list | tuple) or len(given) != 4:
            return f"{asked}: return a list of four arrays; yours is {_what(given)}."
        value = [np.asarray(part) for part in given]
        if [part.shape for part in value] != [(B, H)] * 4:
            return f"{asked} your parts have the shapes {[part.shape for part in value]}, not four times {(B, H)}."
        if trouble := _wrong_sums(value, right, x, h, W, U, b):
            return f"{asked}: {trouble}"
        if products > 2:
            return f"{asked}: the right sums, in {products} products. Put the matrices side by side: two are enough."
    return None


def _wrong_sums(value: list, right: list, x: Any, h: Any, W: list, U: list, b: list) -> str:
    def same(others: list) -> bool:
        return all(np.allclose(a, np.asarray(other)) for a, other in zip(value, others, strict=True))

    if same(right):
        return ""
    if same([x @ W[k] + h @ U[k] for k in range(4)]):
        return "the biases are missing."
    if same([x @ W[k] + b[k] for k in range(4)]):
        return "h U is missing."
    if any(same([right[k] for k in order]) for order in itertools.permutations(range(4))):
        return "the right sums in another order. Leave the gates as they come: f, i, C, o."
    every_fourth = np.concatenate(right, axis=1)
    if same([every_fourth[:, k::4] for k in range(4)]):
        return "you take every fourth column. The parts stand side by side: the first H columns are the first gate's."
    return "the sums are not x W + h U + b. Which axis of W counts the units? Join along that one."


def _what(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"an array of shape {shape}" if shape is not None else repr(value)[:60]


# ---------------------------------------------------------------- 9.5: listen


@lesson.exercise(
    "9.5", reference=lambda: 2, praise="2: each step is fine after the last, and together they lead nowhere."
)
def _the_table(answer: Answer) -> str | None:
    hints = {
        1: "that is the jig itself, as at the top of the page. Its third bar is its first, a step higher.",
        3: "that is the network. It runs up a scale and down again, and keeps a direction over many notes.",
    }
    return chosen(answer(), 2, hints)


# ---------------------------------------------------------------- 9.6: call and response

_SCALE = (60, 62, 64, 67, 69)
_HEARD = 100
_SHARE = 0.7
_LONGEST = 32  # notes of a response

Tune = list[int]


def _my_responder(calls: list[Tune], responses: list[Tune]) -> Callable[[Tune], Tune]:
    notes = sorted({note for tune in [*calls, *responses] for note in tune})
    end = len(notes)
    draw = np.random.default_rng(0)
    encoder = scratch.LSTM(end + 1, 32, generator=draw)
    decoder = scratch.LSTM(end + 1, 32, generator=draw)
    output = scratch.Linear(32, end + 1, generator=draw)

    def ids(tunes: list[Tune]) -> np.ndarray:
        longest = max(map(len, tunes)) + 1
        rows = [[notes.index(note) for note in tune] for tune in tunes]
        return np.array([row + [end] * (longest - len(row)) for row in rows]).T

    def read(tunes: list[Tune]) -> Any:
        return encoder(scratch.one_hot(ids(tunes), end + 1))[1]

    y = ids(responses)
    y_before = np.vstack([np.full_like(y[:1], end), y[:-1]])
    parameters = [*encoder.parameters(), *decoder.parameters(), *output.parameters()]
    optimizer = scratch.SGD(parameters, lr=8.0)
    for _ in range(200):
        said, _ = decoder(scratch.one_hot(y_before, end + 1), read(calls))
        optimizer.zero_grad()
        scratch.cross_entropy(output(said), y).backward(retain_grads=False)
        scratch.clip_grad_norm(parameters, 1.0)
        optimizer.step()

    def respond(call: Tune) -> Tune:
        state, last, response = read([call]), end, []
        while len(response) < 16:
            said, state = decoder(scratch.one_hot([[last]], end + 1), state)
            last = int(output(said).data.argmax())
            if last == end:
                break
            response.append(notes[last])
        return response

    return respond


_LANGUAGES: dict[str, Callable[[Tune], Tune]] = {
    "the call backwards": lambda call: call[::-1],
    "the first note and the last": lambda call: [call[0], call[-1]],
}


@lesson.exercise(
    "9.6", reference=_my_responder, praise="It answers calls that it never heard, in two languages. Hear it below."
)
def _call_and_response(answer: Answer) -> str | None:
    calls = [list(call) for call in itertools.product(_SCALE, repeat=3)]
    random.Random(1).shuffle(calls)
    for language, rule in _LANGUAGES.items():
        heard, kept_back = calls[:_HEARD], calls[_HEARD:]
        respond = answer(heard, [rule(call) for call in heard])
        if not callable(respond):
            return f"Return the function that answers, without calling it; yours is of type {type(respond).__name__}."
        if hint := _judge_responses(respond, rule, kept_back):
            return f"Where a response is {language}: {hint}"
    return None


def _judge_responses(respond: Callable, rule: Callable[[Tune], Tune], calls: list[Tune]) -> str | None:
    right = total = short = echoes = 0
    said = set()
    for call in calls:
        given = _notes(respond(list(call)))
        if given is None:
            return f"to {call} it gives no list of pitches, but {respond(list(call))!r}."
        wanted = rule(call)
        said.add(tuple(given))
        short += len(given) != len(wanted)
        right += sum(a == b for a, b in zip(given, wanted, strict=False))
        total += len(wanted)
        echoes += given == call != wanted
    if _notes(respond(list(calls[0]))) != _notes(respond(list(calls[0]))):
        return f"asked twice about {calls[0]}, it gives two answers. Take the likeliest note at each step."
    if short > len(calls) // 5:
        return f"{short} of {len(calls)} responses have the wrong length. Is the end sign among the targets?"
    if len(said) == 1:
        return f"it says {said.pop()} to every call. Does the encoder's last state reach the decoder?"
    if echoes > len(calls) // 2:
        return "it says the call again. It should write what its decoder makes of the call."
    if right < _SHARE * total:
        return (
            f"{right / total:.0%} of the notes are right on calls that were kept back, at least {_SHARE:.0%} are asked "
            f"for; chance finds {1 / len(_SCALE):.0%}. Does its loss still fall when you stop?"
        )
    return None


def _notes(value: Any) -> Tune | None:
    """A response as whole numbers, None for what is none."""
    if isinstance(value, str | dict) or not hasattr(value, "__iter__"):
        return None
    notes = list(itertools.islice(value, _LONGEST))
    if not all(isinstance(note, int | np.integer) and not isinstance(note, bool) for note in notes):
        return None
    return [int(note) for note in notes]
