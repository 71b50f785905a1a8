"""The sound: measured, not only made."""

import io
import sys

import numpy as np
import pytest
import soundfile

from tunesmith.display import sound as room
from tunesmith.display.sound import LONGEST, RATE, mp3, play, sound
from tunesmith.music.melody import Melody


@pytest.fixture(params=["font", "sines"])
def voice(request, monkeypatch):
    """Each test twice: with midirenderer and, as on Linux on ARM, without."""
    if request.param == "sines":
        monkeypatch.setitem(sys.modules, "midirenderer", None)
    forget()
    yield request.param
    forget()


def forget():
    play.cache_clear()
    room._note.cache_clear()
    room._has_font.cache_clear()


def samples(content):
    values, rate = soundfile.read(io.BytesIO(content), dtype="float32")
    assert (rate, values.ndim) == (RATE, 1)
    return values


def fundamental(values):
    """The lowest frequency, in hertz, that is there in strength: a piano's overtones may be louder than its note."""
    spectrum = np.abs(np.fft.rfft(values * np.hanning(len(values)), 2**18))
    first = np.flatnonzero(spectrum > 0.2 * spectrum.max())[0]
    nearby = first + 2**18 * 20 // RATE  # 20 hertz on, past the top of the first peak
    return np.fft.rfftfreq(2**18, 1 / RATE)[first + spectrum[first:nearby].argmax()]


@pytest.mark.parametrize("pitch", [57, 69, 76])
def test_pitch_is_right(voice, pitch):
    heard = samples(mp3(Melody.of([(pitch, 2)], tempo=60)))
    assert fundamental(heard[RATE // 10 : RATE]) == pytest.approx(440 * 2 ** ((pitch - 69) / 12), rel=0.01)


def test_length_loudness_and_the_silences(voice):
    melody = Melody.of([(69, 1), (71, 1), (None, 1), (72, 1)], tempo=120)
    made = sound(melody)
    heard = samples(made.mp3)
    assert made.seconds == pytest.approx(len(heard) / RATE, abs=0.05)
    assert 2.0 < made.seconds < 3.1  # 4 quarters at 120, the last one's ring, a quarter second
    assert 0.6 < np.abs(heard).max() <= 1.0
    loud = np.flatnonzero(np.abs(heard) > 0.05)
    assert loud[0] < 0.1 * RATE
    assert np.abs(heard[int(-0.2 * RATE) :]).max() < 0.01


def test_notes_sound_one_after_the_other(voice):
    heard = samples(mp3(Melody.of([(60, 1), (67, 1), (72, 1)], tempo=60)))
    parts = [fundamental(heard[int((k + 0.1) * RATE) : int((k + 0.9) * RATE)]) for k in range(3)]
    assert parts == pytest.approx([261.6, 392.0, 523.3], rel=0.01)


def test_each_different_note_is_rendered_once(monkeypatch):
    forget()
    rendered = []
    with_font = room._with_font
    monkeypatch.setattr(room, "_with_font", lambda midi: rendered.append(midi) or with_font(midi))
    heard = sound(Melody.of([(60, 1), (62, 1), (60, 1), (60, 2), (None, 1)], tempo=120))
    assert len(rendered) == 3  # C4 for one quarter, D4, C4 for two
    again = sound(Melody.of([(62, 1), (60, 1)], tempo=120))
    assert len(rendered) == 3
    assert heard.mp3 != again.mp3


def test_notes_begin_where_they_should(voice):
    heard = np.abs(samples(mp3(Melody.of([(60, 1), (None, 1), (60, 0.25), (None, 1.75), (60, 1)], tempo=120))))
    for seconds in (0, 1, 2):
        assert heard[round((seconds + 0.03) * RATE) : round((seconds + 0.1) * RATE)].max() > 0.2
    for seconds in (0.98, 1.95):
        assert heard[round((seconds - 0.1) * RATE) : round((seconds - 0.02) * RATE)].max() < 0.1


def test_the_ring_of_a_note_dies_away(voice):
    alone = room._note(69, 0.5)
    assert len(alone) <= round(1.1 * RATE)
    assert np.abs(alone[-20:]).max() < 0.01 * np.abs(alone).max()


def loudness(heard, seconds):
    """The loudest sample in the tenth of a second around a time."""
    return np.abs(heard[round((seconds - 0.05) * RATE) : round((seconds + 0.05) * RATE)]).max()


def strength(heard, frequency, start, stop):
    """How much of a frequency is there from `start` to `stop`, in seconds: the amplitude of that one tone."""
    piece = heard[round(start * RATE) : round(stop * RATE)]
    turns = np.exp(-2j * np.pi * frequency * np.arange(len(piece)) / RATE)
    return 4 * np.abs((piece * np.hanning(len(piece)) * turns).mean())


def test_a_note_sounds_to_its_end_and_rings_on(voice):
    heard = samples(mp3(Melody.of([(60, 4), (None, 4)], tempo=240)))  # a second, and a second of rest
    held = loudness(heard, 0.9)
    assert held > 0.1
    if voice == "font":  # a plain sine tone ends as its note does
        assert loudness(heard, 1.2) > 0.05 * held
    assert loudness(heard, 1.7) < 0.005


def test_rings_that_overlap_are_added(voice):
    notes = [(60, 0.5), (64, 0.5), (67, 0.5)]  # a quarter second each: all three ring at once
    alone = [room._note(pitch, 0.25) for pitch, _ in notes]
    both = room._mixed(Melody.of(notes).notes, 0.5, RATE * 2)
    wanted = np.zeros(RATE * 2, np.float32)
    for place, ring in enumerate(alone):
        wanted[place * RATE // 4 :][: len(ring)] += ring
    assert both == pytest.approx(wanted, abs=1e-6)


def test_a_note_rings_on_into_the_next():
    forget()
    heard = samples(mp3(Melody.of([(60, 1), (67, 1)], tempo=120)))
    silence = strength(heard, 261.63, 0.85, 1.0)
    assert strength(heard, 392.0, 0.5, 0.65) > 0.2
    assert strength(heard, 261.63, 0.5, 0.65) > 0.05 > 5 * silence


def test_without_a_tempo_120_quarters_a_minute():
    melody = Melody.of([(69, 10)])
    assert sound(melody).seconds == sound(melody.replace(tempo=120)).seconds
    assert sound(melody).seconds == pytest.approx(5 + 0.85)


def test_odd_tempi_are_kept():
    assert sound(Melody.of([(69, 10)], tempo=92.5)).seconds == pytest.approx(600 / 92.5 + 0.85, abs=0.001)


def test_a_long_tune_is_faded_out_after_a_minute(voice):
    made = sound(Melody.of([(69, 1)] * 150, tempo=100))
    heard = samples(made.mp3)
    assert made.seconds == pytest.approx(LONGEST + 0.25)
    assert room.CUT in made.remarks
    assert len(made.mp3) < 250_000
    loudness = np.abs(heard)
    assert loudness[57 * RATE : 58 * RATE].max() > 0.1 > loudness[int((LONGEST - 0.1) * RATE) :].max()


def test_the_sines_are_announced(voice):
    assert sound(Melody.of([(69, 1)])).remarks == ((room.SINES,) if voice == "sines" else ())


def test_silence_is_not_amplified(voice):
    assert np.abs(samples(mp3(Melody.of([(None, 4)])))).max() < 0.01


def test_size():
    melody = Melody.of([(67, 1), (71, 0.5), (72, 0.5), (74, 2)] * 16, time_signature="4/4")
    assert len(mp3(melody)) < 140_000


def test_no_notes():
    with pytest.raises(ValueError, match="nothing to play"):
        mp3(Melody.of([]))
