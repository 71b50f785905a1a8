"""Reading and writing files: encodings, endings, what MIDI and MusicXML hold, nothing overwritten or half written."""

import errno
import io
import os
import re
import warnings
import xml.etree.ElementTree as ET
from fractions import Fraction

import mido
import pretty_midi
import pytest
from hypothesis import Phase, given, settings
from music21 import converter

import tunesmith as ts
from melodies import KEYS, TUNE, TWELFTH, collection, melodies, one_clear_line, sounds
from tunesmith.music import files
from tunesmith.music.draft import SongError
from tunesmith.music.files import read, write
from tunesmith.music.kern import kern_text
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody
from tunesmith.music.midi import DEFAULT_TEMPO, TICKS, midi_bytes
from tunesmith.music.musicxml import musicxml_text

KERN = kern_text(TUNE)
ABC = "X:1\nT:t\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n"


@pytest.fixture
def place(tmp_path):
    def put(name, content):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / name

    return put


# --- Reading ------------------------------------------------------------------------------------


def quietly(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read(path)


def test_read(place):
    melody = quietly(place("tune.krn", KERN))
    assert (melody, melody.title, melody.source) == (TUNE, TUNE.title, "tune.krn")
    assert quietly(place("tune.abc", ABC)).pitches == (60, 62, 64, 65, 67, 69, 71, 72)
    assert quietly(str(place("TUNE.KRN", KERN))) == TUNE


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + KERN.encode(), KERN.replace("\n", "\r\n").encode(), KERN.replace("\n", "\r").encode()],
    ids=["byte order mark", "Windows", "old Mac"],
)
def test_read_takes_any_line_end_and_a_mark(place, content):
    assert quietly(place("tune.krn", content)) == TUNE


@pytest.mark.parametrize(
    "content, remark",
    [
        (KERN.replace("–", "-").encode("latin-1"), "not UTF-8: read as Latin-1"),
        (KERN.encode("utf-16"), "UTF-16, not UTF-8"),
        (KERN.encode("utf-16") + b"\x00", "UTF-16, not UTF-8"),
    ],
)
def test_read_says_what_is_not_utf8(place, content, remark):
    with pytest.warns(UserWarning, match=remark) as caught:
        melody = read(place("tune.krn", content))
    assert melody == TUNE and "für" in melody.title
    assert [str(warning.message) for warning in caught] == [f"tune.krn: {remark}"]


def test_read_says_what_is_lost(place):
    path = place("two.abc", ABC + "\n" + ABC.replace("X:1", "X:2"))
    with pytest.warns(UserWarning, match=r"two.abc: 2 tunes: only the first"):
        assert read(path).source == "two.abc, tune 1"
    with pytest.warns(UserWarning, match=r"two.krn: 2 spines: only the first") as caught:
        read(place("two.krn", "**kern\t**kern\n*C:\t*\n4c\t4e\n*-\t*-\n"))
    assert caught[0].filename == __file__  # points at who read the file


@pytest.mark.parametrize("ending", files.READS)
@pytest.mark.parametrize(
    "content",
    [b"", b" \n\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xef\xbb\xbf\n"],
    ids=["nothing", "space", "BOM", "BOM16", "both"],
)
def test_an_empty_file(place, ending, content):
    words = "file is empty|no whole .mxl|no(t a)? MIDI" if files.READERS[ending].binary else "the file is empty"
    with pytest.raises(SongError, match=words) as error:
        read(place(f"tune{ending}", content))
    one_clear_line(error.value, f"tune{ending}")


@pytest.mark.parametrize("ending", files.READS)
@pytest.mark.parametrize("seed", range(4))
def test_noise(place, ending, seed):
    import random

    content = random.Random(seed).randbytes(3000) if seed else bytes(3000)
    with pytest.raises(SongError) as error:
        read(place(f"tune{ending}", content))
    one_clear_line(error.value, f"tune{ending}", "" if files.READERS[ending].binary else "line 1")


def test_nul_bytes_in_a_tune(place):
    with pytest.raises(SongError, match="line 9") as error:
        read(place("tune.krn", "**kern\n*C:\n*M4/4\n*MM90\n=1\n4c\n4d\n4e\n\x00\x00\n*-\n"))
    one_clear_line(error.value, "tune.krn")


def test_what_is_not_there_or_no_song(place, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nowhere.krn"):
        read(tmp_path / "nowhere.krn")
    (tmp_path / "tunes.mid").mkdir()
    with pytest.raises(SongError, match=r"tunes.mid is a folder: load\(\) reads it"):
        read(tmp_path / "tunes.mid")
    for name in ("tune.wav", "tune", "tune.krn.bak"):
        with pytest.raises(SongError, match="can't read") as error:
            read(place(name, KERN))
        one_clear_line(error.value, name, *files.READS)


@pytest.mark.parametrize("wrong", files.READS)
@pytest.mark.parametrize("right", [".krn", ".abc", ".mid", ".musicxml", ".mxl"])
def test_a_wrong_ending(tmp_path, right, wrong):
    """One clear line, but between .mid and .midi, .xml and .musicxml, which are the same."""
    if files.READERS[right] == files.READERS[wrong]:
        return
    write(TUNE, tmp_path / f"tune{right}").rename(tmp_path / f"tune{wrong}")
    with pytest.raises(SongError) as error:
        read(tmp_path / f"tune{wrong}")
    one_clear_line(error.value, f"tune{wrong}")


def test_track_channel_and_grid_are_for_midi_alone(tmp_path):
    for ending in (".krn", ".abc", ".musicxml", ".mxl"):
        path = write(TUNE, tmp_path / f"tune{ending}")
        for name, value in (("track", 1), ("channel", 1), ("grid", 0.25)):
            with pytest.raises(ValueError, match=f"{name}= is for MIDI") as error:
                read(path, **{name: value})
            one_clear_line(error.value, path.name)
    path = write(TUNE.replace(key=None), tmp_path / "tune.mid")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read(path, track=1, channel=1, grid="1/4").pitches == TUNE.pitches
        with pytest.raises(SongError, match="channel 9"):
            read(path, channel=9)


# --- Writing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".krn", ".abc", ".mid", ".midi", ".musicxml", ".mxl", ".svg", ".mp3", ".KRN"])
def test_write_goes_by_the_ending(tmp_path, ending):
    path = write(TUNE, tmp_path / f"tune{ending}")
    start = {
        ".krn": b"!!!OTL",
        ".abc": b"X:1",
        ".mxl": b"PK",
        ".mid": b"MThd",
        ".midi": b"MThd",
        ".musicxml": b"<?xml",
        ".svg": b"<svg",
        ".mp3": b"\xff",
    }
    assert path.read_bytes().lstrip().startswith(start[ending.lower()]) or path.read_bytes()[:3] == b"ID3"
    assert path.stat().st_size > 50
    assert os.listdir(tmp_path) == [path.name]


def test_write_overwrites_only_when_asked(tmp_path):
    path = tmp_path / "tune.krn"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="exists already") as error:
        write(TUNE, path)
    one_clear_line(error.value)
    assert path.read_text() == "mine"
    assert write(TUNE, str(path), overwrite=True) == path
    assert quietly(path) == TUNE


@pytest.mark.parametrize(
    "melody, name, words",
    [
        (TUNE, "tune.wav", r"can't write \.wav: choose one of .*\.mid.*\.mp3"),
        (TUNE, "tune", "without an ending"),
        (Melody.of([(None, 4)]), "tune.mid", "no notes"),
        (Melody(()), "tune.krn", "no notes"),
        (TUNE, "nowhere/tune.mid", "no folder .*nowhere"),
    ],
)
def test_what_cannot_be_written(tmp_path, melody, name, words):
    with pytest.raises((ValueError, FileNotFoundError), match=words) as error:
        write(melody, tmp_path / name)
    one_clear_line(error.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_file_is_there_whole_or_not_at_all(tmp_path, monkeypatch, step):
    path = write(TUNE, tmp_path / "tune.krn")

    def fail(*arguments):
        raise OSError(errno.ENOSPC, "disk full")

    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(OSError, match="disk full"):
        write(TUNE.transpose(1), path, overwrite=True)
    assert os.listdir(tmp_path) == ["tune.krn"]
    assert quietly(path) == TUNE


def test_what_cannot_be_made_is_named_as_it_was_asked_for(tmp_path):
    path = tmp_path / f"{'long' * 70}.krn"
    with pytest.raises(OSError) as error:
        files.write_whole(path, b"x")
    assert error.value.filename == os.fspath(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_written_files_can_be_read_by_others_as_usual(tmp_path):
    (tmp_path / "usual").write_text("x")
    assert write(TUNE, tmp_path / "tune.krn").stat().st_mode == (tmp_path / "usual").stat().st_mode


# --- MIDI ---------------------------------------------------------------------------------------


def from_midi(content):
    """Pitch, onset and duration in quarter notes as mido reads them."""
    now, started, found = 0, {}, []
    for message in mido.MidiFile(file=io.BytesIO(content)).tracks[0]:
        now += message.time
        if message.type == "note_on" and message.velocity:
            assert not started
            started[message.note] = now
        elif message.type in ("note_off", "note_on"):
            start = started.pop(message.note)
            found.append((message.note, Fraction(start, TICKS), Fraction(now - start, TICKS)))
    assert not started
    return found


@given(melodies() | melodies(step=TWELFTH))
def test_midi_read_back_sounds_the_same(melody):
    assert from_midi(midi_bytes(melody)) == sounds(melody)


@pytest.mark.parametrize("tempo", [None, 60, 100, 137])
def test_midi_as_another_program_reads_it(tmp_path, tempo):
    write(TUNE.replace(tempo=tempo), tmp_path / "tune.mid")
    (instrument,) = (midi := pretty_midi.PrettyMIDI(str(tmp_path / "tune.mid"))).instruments
    quarter = 60 / (tempo or DEFAULT_TEMPO)
    assert [(note.pitch, note.start, note.end) for note in instrument.notes] == [
        (
            pitch,
            pytest.approx(float(onset) * quarter, abs=1e-4),
            pytest.approx(float(onset + length) * quarter, abs=1e-4),
        )
        for pitch, onset, length in sounds(TUNE)
    ]
    metres = [(change.numerator, change.denominator) for change in midi.time_signature_changes]
    assert metres == [(1, 4), (3, 4)]  # an upbeat has a time signature of its own
    assert pretty_midi.key_number_to_key_name(midi.key_signature_changes[0].key_number) == "G Major"
    assert instrument.program == 0


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_midi_has_every_signature(key):
    track = mido.MidiFile(file=io.BytesIO(midi_bytes(TUNE.replace(key=key)))).tracks[0]
    (named,) = [message.key for message in track if message.type == "key_signature"]
    minor = named.endswith("m")
    assert Key(named.removesuffix("m"), "minor" if minor else "major").signature == key.signature
    assert minor == (key.mode == "minor")


def test_midi_of_a_title_that_latin_1_lacks_and_a_program():
    track = mido.MidiFile(file=io.BytesIO(midi_bytes(TUNE.replace(title="Ода к радости"), program=40))).tracks[0]
    assert track[0].name == "??? ? ???????"
    assert [message.program for message in track if message.type == "program_change"] == [40]


# --- MusicXML -----------------------------------------------------------------------------------


def from_musicxml(melody):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return converter.parseData(musicxml_text(melody), format="musicxml").parts[0]


def ties_joined(part):
    """Pitch, onset and duration; not by stripTies, to which a natural sign makes another pitch of a tied note."""
    joined = []
    for n in part.flatten().notes:
        if n.tie and n.tie.type != "start":
            pitch, onset, duration = joined.pop()
            assert (pitch, onset + duration) == (n.pitch.midi, fraction(n.offset))
            joined.append((pitch, onset, duration + fraction(n.quarterLength)))
        else:
            joined.append((n.pitch.midi, fraction(n.offset), fraction(n.quarterLength)))
    return joined


def fraction(number):
    return Fraction(number).limit_denominator(96)


def check_musicxml(melody):
    part = from_musicxml(melody)
    assert ties_joined(part) == sounds(melody)
    bars = [fraction(bar.highestTime) for bar in part.getElementsByClass("Measure")]
    assert bars == [sum(written.duration for written in bar) for bar in melody.bars()]
    signature = part.recurse().getElementsByClass("KeySignature").first()
    assert signature.sharps == melody.key.signature
    metre = part.recurse().getElementsByClass("TimeSignature").first()
    assert (metre and metre.ratioString) == melody.time_signature


@settings(max_examples=15, phases=[Phase.generate])
@given(melodies(low=36, high=90).filter(lambda melody: melody.time_signature))
def test_musicxml_read_back_is_the_same(melody):
    check_musicxml(melody)


@settings(max_examples=10, phases=[Phase.generate])
@given(melodies(step=TWELFTH, low=36, high=90).filter(lambda melody: melody.time_signature))
def test_musicxml_keeps_triplets(melody):
    assert ties_joined(from_musicxml(melody)) == sounds(melody)


def test_musicxml_keeps_all_there_is():
    check_musicxml(TUNE)
    part = from_musicxml(TUNE)
    first = part.getElementsByClass("Measure").first()
    assert (first.number, first.paddingLeft) == (0, 2)
    assert part.recurse().getElementsByClass("MetronomeMark").first().number == 96
    assert [n.pitch.name for n in part.recurse().notes][:3] == ["D", "G", "F#"]
    assert "<movement-title>An air – für Elise</movement-title>" in musicxml_text(TUNE)
    assert "<sign>F</sign>" in musicxml_text(TUNE.transpose(-24))


def test_musicxml_without_a_metre():
    check_musicxml(TUNE.replace(time_signature=None, upbeat=0))
    long = Melody.of([(60 + i % 12, Fraction(1 + i % 7, 4)) for i in range(150)], key="C major")  # once took minutes
    tree = ET.fromstring(musicxml_text(long))
    assert len(tree.findall(".//measure")) == 1
    assert len(tree.findall(".//note")) == 150 + sum(
        note.duration in (Fraction(5, 4), Fraction(7, 4)) for note in long.notes
    )


def test_musicxml_is_the_same_at_every_run_and_valid_xml():
    text = musicxml_text(TUNE)
    assert musicxml_text(TUNE) == text
    ET.fromstring(text.split("?>", 1)[1].split(">", 1)[1] if "<!DOCTYPE" in text else text)
    assert not re.search(r"encoding-date|[0-9a-f]{32}", text)
    assert text.count("<tie ") == 2 * sum(part.tied for bar in TUNE.bars() for part in bar) + 2  # 5/4 is 1 + 1/4


# --- What each format keeps ---------------------------------------------------------------------


def test_what_each_format_keeps(tmp_path):
    """The table that data/README.md and lesson 07 rely on: rests side by side and a last rest."""
    tune = Melody.of(
        [(None, 1), (60, 1), (None, 1), (None, 1), (62, 1), (None, 1)], time_signature="3/4", key="C major", title="x"
    )
    assert quietly(write(tune, tmp_path / "a.krn")) == tune
    assert [(n.pitch.midi if n.isNote else None) for n in from_musicxml(tune).flatten().notesAndRests] == [
        None, 60, None, None, 62, None
    ]  # fmt: skip
    assert from_midi(midi_bytes(tune)) == [(60, 1, 1), (62, 4, 1)]
    assert mido.MidiFile(file=io.BytesIO(midi_bytes(tune))).length == pytest.approx(5 * 0.5)  # the last rest is lost


def test_songs_of_a_collection_survive_midi():
    for song in collection("kinder"):
        assert from_midi(midi_bytes(song)) == sounds(song)


def test_the_lazy_names_are_all_there():
    for name in ts.__all__:
        assert getattr(ts, name) is not None
        assert name in dir(ts)
    with pytest.raises(AttributeError, match="tunesmith has no 'lode'"):
        ts.lode  # noqa: B018
