"""Wrong answers to lesson 04's exercises, as people give them. Each must get a hint of its own."""

from __future__ import annotations

from collections.abc import Callable

# 4.1: write a line


def letters():
    return "C4 _ _ _ r _ D4 _ E4 _ _ _ _ _ _ _"


def silence_left_out():
    return "60 _ _ _ _ _ 62 _ 64 _ _ _ _ _ _ _"


def one_hold_too_many():
    return "60 _ _ _ _ r _ _ 62 _ _ 64 _ _ _ _ _ _ _ _"


def a_token_a_quarter():
    return "60 r 62 64 _"


def a_number_each_step():
    return "60 60 60 60 r r 62 62 64 64 64 64 64 64 64 64"


def dashes():
    return "60 - - - r - 62 - 64 - - - - - - -"


# 4.2: how many tokens of a tune are `_`


def all_tokens(quarters, notes):
    return int(4 * quarters)


def three_for_each_note(quarters, notes):
    return 3 * notes


def three_for_each_quarter(quarters, notes):
    return int(3 * quarters)


def quarters_for_steps(quarters, notes):
    return quarters - notes


def a_share(quarters, notes):
    return 1 - notes / (4 * quarters)


# 4.3: mend the decoder


def as_given(tokens):
    """The broken version that the exercise prints: the last note is never collected."""
    notes, pitch, steps = [], None, 0
    for token in tokens:
        if token == "_":
            steps += 1
        else:
            if steps:
                notes.append((pitch, steps))
            pitch, steps = (None if token == "r" else int(token)), 1
    return notes


def collects_before_it_counts(tokens):
    """As in a well-known tutorial: at the end the last `_` is not counted any more."""
    notes, pitch, steps = [], None, 1
    for i, token in enumerate(tokens):
        if token != "_" or i + 1 == len(tokens):
            if pitch is not None:
                notes.append((None if pitch == "r" else int(pitch), steps))
            pitch, steps = token, 1
        else:
            steps += 1
    if token != "_":
        notes.append((None if token == "r" else int(token), 1))
    return notes


def starts_at_nought(tokens):
    notes = []
    for token in tokens:
        if token == "_":
            notes[-1] = (notes[-1][0], notes[-1][1] + 1)
        else:
            notes.append((None if token == "r" else int(token), 0))
    return notes


def drops_rests(tokens):
    notes, pitch, steps = [], None, 0
    for token in [*tokens, "r"]:
        if token == "_":
            steps += 1
        else:
            if pitch is not None:
                notes.append((pitch, steps))
            pitch, steps = (None if token == "r" else int(token)), 1
    return notes


def pitches_as_text(tokens):
    notes = []
    for token in tokens:
        if token == "_":
            notes[-1] = (notes[-1][0], notes[-1][1] + 1)
        else:
            notes.append((token, 1))
    return notes


def melts_equal_pitches(tokens):
    notes, last = [], None
    for token in tokens:
        sounding = last if token == "_" else token
        if notes and sounding == last:
            notes[-1] = (notes[-1][0], notes[-1][1] + 1)
        else:
            notes.append((None if sounding == "r" else int(sounding), 1))
        last = sounding
    return notes


def in_quarters(tokens):
    notes = []
    for token in tokens:
        if token == "_":
            notes[-1] = (notes[-1][0], notes[-1][1] + 0.25)
        else:
            notes.append((None if token == "r" else int(token), 0.25))
    return notes


# 4.4: which version lost its sixteenths


def the_higher_one():
    return 1


def the_slower_one():
    return 2


# 4.5: the shift to C major or A minor


def everything_to_c(tonic, mode):
    return (6 - tonic) % 12 - 6


def everything_to_a(tonic, mode):
    return (9 - tonic + 6) % 12 - 6


def always_down(tonic, mode):
    home = 0 if mode == "major" else 9
    return -((tonic - home) % 12)


def always_up(tonic, mode):
    home = 0 if mode == "major" else 9
    return (home - tonic) % 12


def turned_round(tonic, mode):
    home = 0 if mode == "major" else 9
    shift = (home - tonic + 6) % 12 - 6
    return -shift


def up_six(tonic, mode):
    home = 0 if mode == "major" else 9
    shift = (home - tonic) % 12
    return shift - 12 if shift > 6 else shift


# 4.6: a language of one's own


def the_grid():
    def encode(notes):
        return [sign for pitch, steps in notes for sign in ["r" if pitch is None else str(pitch), *["_"] * (steps - 1)]]

    def decode(tokens):
        notes = []
        for token in tokens:
            if token == "_":
                notes[-1] = (notes[-1][0], notes[-1][1] + 1)
            else:
                notes.append((None if token == "r" else int(token), 1))
        return notes

    return encode, decode


def a_tune_a_token():
    return lambda notes: [repr(notes)], lambda tokens: eval(tokens[0])


def kept_aside():
    memory = []

    def encode(notes):
        memory[:] = notes
        return ["x"]

    return encode, lambda tokens: list(memory)


def rests_lost():
    def encode(notes):
        return [f"{pitch}:{steps}" for pitch, steps in notes if pitch is not None]

    return encode, lambda tokens: [tuple(map(int, token.split(":"))) for token in tokens]


def strings_back():
    def encode(notes):
        return [f"{pitch}:{steps}" for pitch, steps in notes]

    return encode, lambda tokens: [tuple(token.split(":")) for token in tokens]


def runs_of_equal_pitches():
    def encode(notes):
        grid = [pitch for pitch, steps in notes for _ in range(steps)]
        runs = []
        for pitch in grid:
            if runs and runs[-1][0] == pitch:
                runs[-1][1] += 1
            else:
                runs.append([pitch, 1])
        return [f"{'r' if pitch is None else pitch}:{steps}" for pitch, steps in runs]

    def decode(tokens):
        halves = [token.split(":") for token in tokens]
        return [(None if pitch == "r" else int(pitch), int(steps)) for pitch, steps in halves]

    return encode, decode


def intervals_from_nowhere():
    def encode(notes):
        last, tokens = None, []
        for pitch, steps in notes:
            if pitch is None:
                tokens.append(f"r:{steps}")
            else:
                tokens.append(f"{pitch - (pitch if last is None else last)}:{steps}")
                last = pitch
        return tokens

    def decode(tokens):
        last, notes = 60, []
        for token in tokens:
            step, steps = token.split(":")
            if step != "r":
                last += int(step)
            notes.append((None if step == "r" else last, int(steps)))
        return notes

    return encode, decode


def pitches_without_durations():
    def encode(notes):
        return ["r" if pitch is None else str(pitch) for pitch, _ in notes]

    return encode, lambda tokens: [(None if token == "r" else int(token), 4) for token in tokens]


def in_quarters_and_back():
    def encode(notes):
        return [f"{'r' if pitch is None else pitch}:{steps / 4}" for pitch, steps in notes]

    def decode(tokens):
        halves = [token.split(":") for token in tokens]
        return [(None if pitch == "r" else int(pitch), float(quarters) * 4) for pitch, quarters in halves]

    return encode, decode


def called_already():
    return ["60:4"], [(60, 4)]


WRONG: dict[str, list[Callable]] = {
    "4.1": [letters, silence_left_out, one_hold_too_many, a_token_a_quarter, a_number_each_step, dashes],
    "4.2": [all_tokens, three_for_each_note, three_for_each_quarter, quarters_for_steps, a_share],
    "4.3": [
        as_given,
        collects_before_it_counts,
        starts_at_nought,
        drops_rests,
        pitches_as_text,
        melts_equal_pitches,
        in_quarters,
    ],
    "4.4": [the_higher_one, the_slower_one],
    "4.5": [everything_to_c, everything_to_a, always_down, always_up, turned_round, up_six],
    "4.6": [
        the_grid,
        a_tune_a_token,
        kept_aside,
        rests_lost,
        strings_back,
        runs_of_equal_pitches,
        intervals_from_nowhere,
        pitches_without_durations,
        in_quarters_and_back,
        called_already,
    ],
}
