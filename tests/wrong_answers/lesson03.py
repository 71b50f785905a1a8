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


WRONG = {
    "3.1": [letters_for_semitones, one_octave, upwards],
    "3.2": [upbeat_forgotten, eighths_for_quarters, short_bar_counted],
    "3.3": [major, dorian],
    "3.4": [every_repeated_pitch, no_tie_at_all, tied_part_dropped],
}
