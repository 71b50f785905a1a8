"""Answers that people give to the exercises of lesson 03, and that are wrong."""


def letters_for_semitones() -> int:
    return 69 - 4 * 7


def one_octave() -> int:
    return 69 - 12


def upwards() -> int:
    return 69 + 48


def upbeat_forgotten(durations, time_signature, upbeat):
    beats, unit = map(int, time_signature.split("/"))
    return int(sum(durations) // (beats * 4 / unit))


def eighths_for_quarters(durations, time_signature, upbeat):
    return int((sum(durations) - upbeat) // int(time_signature.split("/")[0]))


def short_bar_counted(durations, time_signature, upbeat):
    beats, unit = map(int, time_signature.split("/"))
    return int(-(-(sum(durations) - upbeat) // (beats * 4 / unit)))


def major() -> int:
    return 1


def dorian() -> int:
    return 3


def every_repeated_pitch(notes):
    joined = []
    for pitch, duration, _ in notes:
        if joined and joined[-1][0] == pitch:
            duration += joined.pop()[1]
        joined.append((pitch, duration))
    return joined


def no_tie_at_all(notes):
    return [(pitch, duration) for pitch, duration, _ in notes]


def tied_part_dropped(notes):
    return [(pitch, duration) for pitch, duration, tie_ends in notes if not tie_ends]


def _tune(*bars, head=("**kern", "*M3/4", "*G:")):
    lines = list(head)
    for number, bar in enumerate(bars, 1):
        lines += [f"={number}", *bar.split()]
    return "\n".join([*lines, "==", "*-"])


def ends_in_mid_air():
    return _tune("4g 8a 8b 4cc", "2.dd", "4cc 8b 8a 4b", "2.a")


def a_bar_too_short():
    return _tune("4g 8a 8b 4cc", "2dd", "4cc 8b 8a 4f#", "2.g")


def two_bars_only():
    return _tune("4g 8a 8b 4f#", "2.g")


def one_duration():
    return _tune("4g 4a 4b", "4cc 4b 4a", "4b 4a 4f#", "4g 4a 4g")


def abc_octaves():
    return _tune("4C 8d 8e 4f#", "2.g", "4a 8b 8cc 4f#", "2.g")


def no_metre():
    return _tune("4g 8a 8b 4cc", "2.dd", "4cc 8b 8a 4f#", "2.g", head=("**kern", "*G:"))


def no_key():
    return _tune("4g 8a 8b 4cc", "2.dd", "4cc 8b 8a 4f#", "2.g", head=("**kern", "*M3/4"))


def indented():
    return _tune("4g 8a 8b 4cc", "2.dd", "4cc 8b 8a 4f#", "2.g").replace("\n", "\n    ")


def bar_on_a_line():
    return "\n".join(["**kern", "*M3/4", "*G:", "=1", "4g 8a 8b 4cc", "=2", "2.dd", "*-"])


def no_bar_lines():
    notes = "4g 8a 8b 4cc 2.dd 4cc 8b 8a 4f# 2.g".replace(" ", "\n")
    return f"**kern\n*M3/4\n*G:\n{notes}\n*-"


def a_grace_note():
    return _tune("4g 8a 8b 4cc", "8qcc 2.dd", "4cc 8b 8a 4f#", "2.g")


def a_tie_from_nowhere():
    return _tune("4g] 8a 8b 4cc", "2.dd", "4cc 8b 8a 4f#", "2.g", "2.g")


def two_tunes():
    tune = _tune("4g 8a 8b 4cc", "2.dd", "4cc 8b 8a 4f#", "2.g")
    return f"{tune}\n{tune}"


def one_note_at_a_time():
    return [67, 69, 71, 67]


WRONG = {
    "3.1": [letters_for_semitones, one_octave, upwards],
    "3.2": [upbeat_forgotten, eighths_for_quarters, short_bar_counted],
    "3.3": [major, dorian],
    "3.4": [every_repeated_pitch, no_tie_at_all, tied_part_dropped],
    "3.5": [
        ends_in_mid_air,
        a_bar_too_short,
        two_bars_only,
        one_duration,
        abc_octaves,
        no_metre,
        no_key,
        indented,
        bar_on_a_line,
        no_bar_lines,
        a_grace_note,
        a_tie_from_nowhere,
        two_tunes,
        one_note_at_a_time,
    ],
}
