"""MusicXML and .mxl, read: parts, voices, repeats, keys, what is dropped and said, and bad input of every kind."""

import io
import zipfile
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings

from melodies import KEYS, TUNE, TWELFTH, melodies, one_clear_line, rests_joined
from tunesmith.music import mxl
from tunesmith.music.draft import SongError
from tunesmith.music.files import read
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody
from tunesmith.music.musicxml import musicxml_text, parse_musicxml
from tunesmith.music.mxl import mxl_bytes, parse_mxl

KEY = "<key><fifths>0</fifths><mode>major</mode></key>"
FOUR = "<time><beats>4</beats><beat-type>4</beat-type></time>"


def note(step="C", octave=4, beats=4, extra="", before=""):
    """A note as XML, `beats` quarters long; two divisions are a quarter."""
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>" if step else "<rest/>"
    length = "" if "<grace" in before else f"<duration>{int(beats * 2)}</duration>"
    return f"<note>{before}{pitch}{length}{extra}</note>"


def score(*parts, key=KEY, time=FOUR, head=""):
    """A score; a part is a list of measures, a measure the XML in it."""
    names = "".join(f'<score-part id="P{i}"><part-name>p</part-name></score-part>' for i in range(len(parts)))
    attributes = f"<attributes><divisions>2</divisions>{key}{time}</attributes>"
    written = "".join(
        f'<part id="P{i}">'
        + "".join(
            f'<measure number="{n}">{attributes if n == 1 else ""}{body}</measure>' for n, body in enumerate(part, 1)
        )
        + "</part>"
        for i, part in enumerate(parts)
    )
    content = f"{head}<part-list>{names}</part-list>{written}"
    return f'<?xml version="1.0"?><score-partwise version="4.0">{content}</score-partwise>'


def archive(files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


def container(path):
    return (
        '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        f'<rootfiles><rootfile full-path="{path}"/><rootfile full-path="b.pdf"/></rootfiles></container>'
    )


# --- What was written is read back --------------------------------------------------------------


@settings(max_examples=20, phases=[Phase.generate])
@given(melodies() | melodies(step=TWELFTH))
def test_what_is_written_is_read_back_equal(melody):
    parsed = parse_musicxml(musicxml_text(melody))
    assert rests_joined(parsed.melody) == rests_joined(melody)
    assert parsed.remarks == ()


@pytest.mark.parametrize("parse, make", [(parse_musicxml, musicxml_text), (parse_mxl, mxl_bytes)])
def test_all_there_is_comes_back(parse, make):
    parsed = parse(make(TUNE), "tune")
    assert (parsed.melody, parsed.remarks) == (TUNE, ())
    assert (parsed.melody.title, parsed.melody.source) == (TUNE.title, "tune")
    first = {1: 0, Fraction(3, 2): 1, Fraction(1, 2): 1, Fraction(1, 4): 2, Fraction(3, 4): 2, 2: 3}
    assert parsed.written == first  # each value's first bar, before ties are joined
    assert parse(make(TUNE.replace(title=""))).melody.title == ""


@pytest.mark.parametrize("key", KEYS[::4], ids=str)
def test_keys_and_modes(key):
    assert parse_musicxml(musicxml_text(TUNE.replace(key=key))).melody.key == key


def test_a_lone_short_bar_is_an_upbeat_if_it_is_written_as_one():
    melody = Melody.of([(60, 1)], time_signature="4/4", key="C major")
    for upbeat in (0, 1):
        assert parse_musicxml(musicxml_text(melody.replace(upbeat=upbeat))).melody.upbeat == upbeat


@pytest.mark.parametrize("length", ["11/6", "5/12", "13/12", "9/7"])
def test_a_short_last_bar_whatever_it_lacks(length):
    """music21 9 subtracts in floating point what fills the bar, and would add a rest that it can't write."""
    melody = Melody.of([(60, 1), (62, "1/3"), (64, length)], time_signature="4/4", key="C major")
    for tune in (melody, melody.replace(upbeat=Fraction(1, 3))):
        assert parse_musicxml(musicxml_text(tune)).melody == tune
        assert "<rest" not in musicxml_text(tune)


def test_mxl_bytes_are_the_same_each_time():
    assert mxl_bytes(TUNE) == mxl_bytes(TUNE)
    with zipfile.ZipFile(io.BytesIO(mxl_bytes(TUNE))) as made:
        assert made.testzip() is None and made.namelist() == ["META-INF/container.xml", "score.musicxml"]
        assert made.read("score.musicxml").decode() == musicxml_text(TUNE)


# --- What is read -------------------------------------------------------------------------------


def test_of_several_parts_the_first():
    parsed = parse_musicxml(score([note("E")], [note("C", 3)], [note("G", 3)]))
    assert parsed.melody.pitches == (64,)
    assert parsed.remarks == ("3 parts: only the first is read",)


def test_of_several_voices_the_top_one():
    back = "<backup><duration>8</duration></backup>"
    two = note("E", extra="<voice>1</voice>") + back + note("C", extra="<voice>2</voice>")
    short = note("G", beats=2, extra="<voice>1</voice>") + "<backup><duration>4</duration></backup>"
    parsed = parse_musicxml(score([two, short + note("C", extra="<voice>2</voice>"), note("D")]))
    assert [(n.pitch, n.duration) for n in parsed.melody.notes] == [(64, 4), (67, 2), (None, 2), (62, 4)]
    assert parsed.remarks == ("2 voices: only the first is read",)


def test_repeats_and_endings_are_played_out():
    forward = '<barline location="left"><repeat direction="forward"/></barline>'
    backward = '<barline location="right"><repeat direction="backward"/></barline>'
    first = '<barline location="left"><ending number="1" type="start"/></barline>'
    stop = '<barline location="right"><ending number="1" type="stop"/><repeat direction="backward"/></barline>'
    second = '<barline location="left"><ending number="2" type="start"/></barline>'
    end = '<barline location="right"><ending number="2" type="stop"/></barline>'
    played = parse_musicxml(score([forward + note("C") + backward, note("D")]))
    assert (played.melody.pitches, played.remarks) == ((60, 60, 62), ())
    played = parse_musicxml(score([forward + note("C"), first + note("D") + stop, second + note("E") + end, note("F")]))
    assert (played.melody.pitches, played.remarks) == ((60, 62, 60, 64, 65), ())


FORWARD = '<barline location="left"><repeat direction="forward"/></barline>'
BACKWARD = '<barline location="right"><repeat direction="backward"/></barline>'
C, D, E = note("C"), note("D"), note("E")


@pytest.mark.parametrize(
    "measures, pitches",
    [
        ([C + BACKWARD, D + BACKWARD], (60, 60, 62, 62)),
        ([FORWARD + C + BACKWARD, D + BACKWARD], (60, 60, 62, 62)),
        ([FORWARD + C + BACKWARD, FORWARD + D + BACKWARD], (60, 60, 62, 62)),
        ([C + BACKWARD, D + BACKWARD, E + BACKWARD], (60, 60, 62, 62, 64, 64)),
        ([FORWARD + C + BACKWARD, FORWARD + D, E], (60, 60, 62, 64)),
    ],
)
def test_a_section_goes_back_to_its_own_beginning(measures, pitches):
    parsed = parse_musicxml(score(measures))
    assert (parsed.melody.pitches, parsed.remarks) == (pitches, ())


def test_what_is_dropped_is_counted():
    grace = note("D", before="<grace/>")
    chord = note("C") + note("E", before="<chord/>")
    parsed = parse_musicxml(score([grace + note("C"), chord, note("", beats=1) + note("G", beats=3)]))
    assert [(n.pitch, n.duration) for n in parsed.melody.notes] == [(60, 4), (64, 4), (None, 1), (67, 3)]
    assert parsed.remarks == ("grace notes dropped: 1", "chords cut down to one note: 1")


def test_a_drum_is_a_rest_and_a_clarinet_sounds_lower():
    drum = "<note><unpitched><display-step>E</display-step><display-octave>4</display-octave></unpitched>"
    parsed = parse_musicxml(score([f"{drum}<duration>8</duration></note>", note("C")]))
    assert [n.pitch for n in parsed.melody.notes] == [None, 60]
    flat = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    parsed = parse_musicxml(score([note("D")], key=KEY.replace(">0<", ">2<"), time=FOUR + flat))
    assert parsed.melody.pitches == (60,) and parsed.melody.key == Key("C")


def test_a_forward_is_a_rest():
    skip = "<forward><duration>4</duration></forward>"
    parsed = parse_musicxml(score([note("C", beats=2) + skip, note("D")]))
    assert [(n.pitch, n.duration) for n in parsed.melody.notes] in (
        [(60, 2), (None, 2), (62, 4)],
        [(60, 2), (62, 4)],
    )


@pytest.mark.parametrize("steps, key", [("CEGCDBC", "C major"), ("ACEAGBA", "A minor")])
def test_a_signature_without_a_mode(steps, key):
    for named in ("", "<mode>none</mode>", "<mode>crazy</mode>"):
        sign = f"<key><fifths>0</fifths>{named}</key>"
        parsed = parse_musicxml(score([note(step) for step in steps], key=sign))
        assert parsed.melody.key == Key.parse(key)
        assert parsed.remarks == (f"no mode named: {key} estimated",)


def test_no_key_at_all_and_a_key_that_changes():
    parsed = parse_musicxml(score([note(step) for step in "CEGCDBC"], key=""))
    assert (parsed.melody.key, parsed.remarks) == (Key("C"), ("no key named: C major estimated",))
    change = "<attributes><key><fifths>1</fifths><mode>major</mode></key></attributes>"
    parsed = parse_musicxml(score([note("C"), change + note("D")]))
    assert (parsed.melody.key, parsed.remarks) == (Key("C"), ("the key changes: only the first is kept",))


def test_title_tempo_and_metre():
    beat = "<metronome><beat-unit>half</beat-unit><per-minute>50</per-minute></metronome>"
    beat = f"<direction><direction-type>{beat}</direction-type></direction>"
    time = "<time><beats>3+2</beats><beat-type>8</beat-type></time>"
    head = "<work><work-title>A  work</work-title></work>"
    parsed = parse_musicxml(score([beat + note(beats=2.5), note(beats=2.5)], time=time, head=head))
    melody = parsed.melody
    assert (melody.title, melody.tempo, melody.time_signature) == ("A work", 100, "5/8")
    assert parse_musicxml(score([note()], time="")).melody.time_signature is None


def test_a_changing_metre_is_refused():
    change = "<attributes><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
    with pytest.raises(SongError, match="4/4 to 3/4") as error:
        parse_musicxml(score([note(), change + note(beats=3)]), "a.xml")
    assert error.value.cause == "metre"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_encodings(tmp_path, encoding):
    text = musicxml_text(TUNE.replace(title="für")).replace('encoding="utf-8"', f'encoding="{encoding}"')
    (tmp_path / "a.xml").write_bytes(text.encode(encoding))
    assert read(tmp_path / "a.xml").title == "für"


def test_music21s_temporary_folder_is_left_alone(monkeypatch, tmp_path):
    """converter.parse pickles there, and unpickles what it finds."""
    from music21 import environment

    monkeypatch.setattr(environment.Environment, "getRootTempDir", lambda self: tmp_path)
    parse_musicxml(musicxml_text(TUNE))
    assert list(tmp_path.iterdir()) == []


# --- What can't be read -------------------------------------------------------------------------

NINES = "9" * 5000
LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "text, words, cause",
    [
        ("no XML", ("a.xml, line 1", "no whole XML"), "broken file"),
        (musicxml_text(TUNE)[:900], ("no whole XML",), "broken file"),
        ("<html><body/></html>", ("no MusicXML", "<html>"), "no song"),
        ("<score-timewise/>", ("score-partwise",), "broken file"),
        ("<score-partwise/>", ("no part",), "no notes"),
        (score([note("")]), ("no note",), "no notes"),
        (score([note("H")]), ("music21 can't read",), "broken file"),
        (LAUGHS + score([note()]).split("?>")[1], ("entities",), "entities"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///a">]><score-partwise/>', ("entities",), "entities"),
        (score([note() + '<barline><repeat direction="backward" times="99999"/></barline>']), ("99999",), "repeats"),
        (score([note() + f'<barline><repeat direction="backward" times="{NINES}"/></barline>']), ("9",), "repeats"),
        (score(['<barline><ending number="1-99999" type="start"/></barline>' + note()]), ("99999",), "repeats"),
        (score([note() + BACKWARD] * 31), ("more than 30 repeats",), "repeats"),
        (score([*[note()] * 501, note() + BACKWARD]), ("more than 1,000 bars",), "repeats"),
        (score([note(beats=5e8)]), ("no sensible duration", "at most 1,000"), "times"),
        (score([note(beats=900)] * 12), ("more than 10,000 quarter notes",), "times"),
        (score([note() * 20_001]), ("20,001 notes", "at most 20,000"), "too large"),
        (score(["<print/>" * 40_001]), ("too many",), "too large"),
    ],
)  # fmt: skip
def test_bad_xml_is_one_clear_line(text, words, cause):
    with pytest.raises(SongError) as error:
        parse_musicxml(text, "a.xml")
    one_clear_line(error.value, "a.xml", *words)
    assert error.value.cause == cause


SCORE = musicxml_text(TUNE)


@pytest.mark.parametrize(
    "files",
    [
        {"META-INF/container.xml": container("a/b/c.xml"), "b.xml": "<x/>", "a/b/c.xml": SCORE},
        {"META-INF/container.xml": container("score"), "score": SCORE},
        {"tune.musicxml": SCORE, "__MACOSX/tune.musicxml": "x", "picture.png": "x"},
        {"deep/er/TUNE.XML": SCORE},
    ],
    ids=["container", "no ending", "no container", "deep"],
)
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_the_score_in_an_archive(files, method):
    assert parse_mxl(archive(files, method)).melody == TUNE


@pytest.mark.parametrize(
    "content, words",
    [
        (mxl_bytes(TUNE)[:-30], "no whole .mxl"),
        (mxl_bytes(TUNE)[:300], "no whole .mxl"),
        (mxl_bytes(TUNE)[:400] + bytes(20) + mxl_bytes(TUNE)[420:], "no whole .mxl"),
        (b"PK\x03\x04", "no whole .mxl"),
        (SCORE.encode(), "no whole .mxl"),
        (archive({}), "no score"),
        (archive({"readme.txt": "x"}), "no score"),
        (archive({"META-INF/container.xml": container("a.xml"), "b.xml": SCORE}), "names 'a.xml'"),
        (archive({"META-INF/container.xml": container("../../etc/passwd"), "b.xml": SCORE}), "etc/passwd"),
        (archive({"META-INF/container.xml": "<container/>", "b.xml": SCORE}), "does not name"),
        (archive({"META-INF/container.xml": "<contai", "b.xml": SCORE}), "does not name"),
        (archive({"META-INF/container.xml": LAUGHS + container("b.xml")[21:], "b.xml": SCORE}), "does not name"),
        (archive({"a.xml": SCORE, "b.xml": SCORE}), "2 scores"),
        (archive({"a.xml": ""}), "empty"),
        (archive({"a.xml": "<html/>"}), "no MusicXML"),
        (archive({"a.xml": SCORE}, zipfile.ZIP_BZIP2), "packed in a way"),
    ],
)
def test_bad_archives_are_one_clear_line(content, words):
    with pytest.raises(SongError) as error:
        parse_mxl(content, "a.mxl")
    one_clear_line(error.value, "a.mxl", words)


def test_an_encrypted_archive():
    content = bytearray(archive({"a.xml": SCORE}))
    content[6] |= 1  # the flag stands in the file's head and in the list at the end
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(SongError, match="encrypted") as error:
        parse_mxl(bytes(content), "a.mxl")
    one_clear_line(error.value, "a.mxl", "password")


def test_a_bomb_is_never_unpacked():
    import tracemalloc

    bomb = bytearray(archive({"a.xml": b"<score-partwise>" + bytes(5 * mxl.LIMIT)}))
    assert len(bomb) < mxl.LIMIT / 100
    for lie in (False, True):
        if lie:  # the size that the archive claims
            at = bomb.index(b"PK\x01\x02") + 24
            bomb[at : at + 4] = (100).to_bytes(4, "little")
        tracemalloc.start()
        with pytest.raises(SongError) as error:
            parse_mxl(bytes(bomb), "a.mxl")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        one_clear_line(error.value, "a.mxl")
        assert peak < 3 * mxl.LIMIT
        assert lie or "larger than 20 MB" in str(error.value)


@pytest.mark.parametrize("ending", [".musicxml", ".xml", ".mxl", ".abc"])
def test_a_file_over_the_limit_is_not_even_opened(tmp_path, monkeypatch, ending):
    path = tmp_path / f"a{ending}"
    with path.open("wb") as file:
        file.truncate(mxl.LIMIT + 1)
    monkeypatch.setattr(type(path), "read_bytes", lambda self: pytest.fail("it was opened"))
    with pytest.raises(SongError, match="larger than 20 MB") as error:
        read(path)
    one_clear_line(error.value, path.name)
