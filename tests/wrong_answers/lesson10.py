"""Answers that people give to the exercises of lesson 10, and that are wrong."""

import random
import re
from fractions import Fraction


def the_upper_number(metre, unit):
    return int(metre.split("/")[0])


def the_lower_number(metre, unit):
    return int(metre.split("/")[1])


def the_wrong_way_round(metre, unit):
    return Fraction(unit) / Fraction(metre)


def multiplied(metre, unit):
    return Fraction(metre) * Fraction(unit)


def in_quarters(metre, unit):
    return 4 * Fraction(metre)


def in_eighths(metre, unit):
    return 8 * Fraction(metre)


def in_whole_notes(metre, unit):
    return Fraction(metre)


def off_the_end(ids, L, dart):
    start = int(dart * len(ids))
    return ids[start : start + L], ids[start + 1 : start + L + 1]


def the_next_window(ids, L, dart):
    start = int(dart * (len(ids) - L))
    return ids[start : start + L], ids[start + L : start + 2 * L]


def the_same(ids, L, dart):
    start = int(dart * (len(ids) - L))
    return ids[start : start + L], ids[start : start + L]


def one_target(ids, L, dart):
    start = int(dart * (len(ids) - L))
    return ids[start : start + L], ids[start + L : start + L + 1]


def the_id_before(ids, L, dart):
    start = int(dart * (len(ids) - L))
    return ids[start : start + L], ids[max(start - 1, 0) : start + L - 1]


def one_place_too_many(ids, L, dart):
    start = int(dart * (len(ids) - L + 1))
    return ids[start : start + L], ids[start + 1 : start + L + 1]


def one_place_too_few(ids, L, dart):
    start = int(dart * max(len(ids) - L - 1, 1))
    return ids[start : start + L], ids[start + 1 : start + L + 1]


def always_the_first(ids, L, dart):
    return ids[:L], ids[1 : L + 1]


def one_list(ids, L, dart):
    start = int(dart * (len(ids) - L))
    return ids[start : start + L + 1]


def every_second(ids, L, dart):
    start = int(dart * (len(ids) - L))
    return (ids[start::2] + ids)[:L], ids[start + 1 : start + L + 1]


NOTE = r"([\^_=]?)([A-Ga-gz])([,']*)(\d*)(/?)(\d*)"


def notes_alone(bar):
    return len(re.findall(r"[A-Ga-gz]", bar))


def signs(bar):
    return len(bar)


def no_slash(bar):
    return sum(int(over or 1) for _, _, _, over, _, _ in re.findall(NOTE, bar))


def a_slash_alone_is_nothing(bar):
    return sum(Fraction(int(over or 1), int(below or 1)) for _, _, _, over, _, below in re.findall(NOTE, bar))


def every_slash_halves(bar):
    return sum(Fraction(int(over or 1), 2 if slash else 1) for _, _, _, over, slash, _ in re.findall(NOTE, bar))


def _length(over, slash, below):
    return Fraction(int(over or 1), int(below or 2) if slash else 1)


def no_rests(bar):
    return sum(_length(*note[3:]) for note in re.findall(NOTE, bar) if note[1] != "z")


def capitals_alone(bar):
    return sum(_length(*note[3:]) for note in re.findall(NOTE, bar) if note[1] not in "abcdefg")


def written_lengths_alone(bar):
    return sum(_length(*note[3:]) for note in re.findall(NOTE, bar) if note[3] or note[4])


def one_more_each(bar):
    return sum(1 + (_length(*note[3:]) if note[3] or note[4] else 0) for note in re.findall(NOTE, bar))


def octaves_halve(bar):
    return sum(_length(*note[3:]) / (2 if note[2] else 1) for note in re.findall(NOTE, bar))


def all_chinese():
    return 1


def all_irish():
    return 2


HEAD = "M:2/4\nL:1/8\nK:G\n"


def _bars(draw, count, scale="DEGABdeg"):
    return ["".join(draw.choice(scale) for _ in range(4)) for _ in range(count)]


def _tune(bars, head=HEAD):
    return f"{head}|:{'|'.join(bars[:4])}:|\n|:{'|'.join(bars[4:])}|G4:|\n"


def a_single_tune(draw):
    return _tune(_bars(random.Random(1), 7))


def from_another_lot(draw):
    return _tune(_bars(random, 7))


def without_a_header(draw):
    return f"|:{'|'.join(_bars(draw, 7))}|G4:|\n"


def a_bar_too_long(draw):
    return _tune([*_bars(draw, 6), "GABcd"])


def four_bars(draw):
    return f"{HEAD}|:{'|'.join(_bars(draw, 3))}|G4:|\n"


def what_tokens_can_say(draw):
    return f"{HEAD}{'|'.join(_bars(draw, 7))}|G4|]\n"


def three_pitches(draw):
    return _tune(_bars(draw, 7, "GAB"))


def ends_anywhere(draw):
    return f"{HEAD}|:{'|'.join(_bars(draw, 7))}|A4:|\n"


def any_metre(draw):
    if draw.random() < 0.5:
        return _tune(_bars(draw, 7))
    bars = ["".join(draw.choice("DEGABd") for _ in range(6)) for _ in range(7)]
    return f"M:6/8\nL:1/8\nK:G\n|:{'|'.join(bars)}|G6:|\n"


def few_tunes(draw):
    return _tune(_bars(random.Random(draw.randrange(8)), 7))


def one_opening(draw):
    return _tune(["GABd", "edBA", *_bars(draw, 5)])


def notes_in_a_list(draw):
    return _bars(draw, 8)


WRONG = {
    "10.1": [
        the_upper_number,
        the_lower_number,
        the_wrong_way_round,
        multiplied,
        in_quarters,
        in_eighths,
        in_whole_notes,
    ],
    "10.2": [
        off_the_end,
        the_next_window,
        the_same,
        one_target,
        the_id_before,
        one_place_too_many,
        one_place_too_few,
        always_the_first,
        one_list,
        every_second,
    ],
    "10.3": [
        notes_alone,
        signs,
        no_slash,
        a_slash_alone_is_nothing,
        every_slash_halves,
        no_rests,
        capitals_alone,
        written_lengths_alone,
        one_more_each,
        octaves_halve,
    ],
    "10.4": [all_chinese, all_irish],
    "10.5": [
        a_single_tune,
        from_another_lot,
        without_a_header,
        a_bar_too_long,
        four_bars,
        what_tokens_can_say,
        three_pitches,
        ends_anywhere,
        any_metre,
        few_tunes,
        one_opening,
        notes_in_a_list,
    ],
}
