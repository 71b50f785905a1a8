"""`show`: what it takes, what it says, and the text form that nbval compares."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import IPython
import pytest

from tunesmith.display import show as room
from tunesmith.display.show import mimebundle, page, parse_text_form, show, text_form
from tunesmith.music.melody import Melody

SOURCES = Path(room.__file__).parents[2]
TUNE = Melody.of(
    [(62, 1), (67, 1.5), (66, 0.5), (None, 1), (69, 2), (72, "1/3"), (71, "1/3"), (70, "1/3"), (67, 2)],
    time_signature="3/4",
    upbeat=1,
    key="G major",
    title="A tune",
)


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def test_text_form():
    assert text_form(TUNE) == (
        "A tune · 3/4 · G major · 8 notes · 9 quarters\n"
        "| D4 1 | G4 3/2 · F#4 1/2 · r 1 | A4 2 · C5 1/3 · B4 1/3 · Bb4 1/3 | G4 2 |"
    )


def test_text_form_marks_ties():
    melody = Melody.of([(60, 1), (62, 7), (62, 1)], time_signature="3/4")
    assert text_form(melody).splitlines()[1] == "| C4 1 · D4 2~ | D4 3~ | D4 2 · D4 1 |"


@pytest.mark.parametrize(
    "melody",
    [
        TUNE,
        Melody.of([(60, 1), (62, 7), (62, 1)], time_signature="3/4"),
        Melody.of([(0, "1/12"), (127, 9), (11, "5/12")]),
        Melody.of([(61, 0.5), (63, 1), (66, 2.5), (68, 1), (70, 3)] * 20, time_signature="6/8", key="Db major"),
        Melody.of([(59, 1), (71, 1), (60, 4)], time_signature="2/4", key="C# minor"),
    ],
)
def test_text_form_reads_back(melody):
    form = text_form(melody)
    assert parse_text_form(form) == [(note.pitch, note.duration) for note in melody.notes]
    assert max(map(len, form.splitlines())) <= 100
    assert all(line[0] not in "·0123456789" for line in form.splitlines()[1:])
    assert "\xa0" not in form


def test_bundle_of_several_with_captions():
    bundle = mimebundle(TUNE, TUNE, captions=["a human song", "<b>the model</b>"])
    assert bundle["text/html"].count('class="tunesmith-player"') == 2
    assert "&lt;b&gt;the model&lt;/b&gt;" in bundle["text/html"]
    assert bundle["text/plain"] == f"a human song\n{text_form(TUNE)}\n\n<b>the model</b>\n{text_form(TUNE)}"


def test_the_title_is_printed_when_asked_for():
    assert 'class="tunesmith-title"' not in mimebundle(TUNE)["text/html"]
    assert ">A tune</div>" in mimebundle(TUNE, title=True)["text/html"]


@pytest.mark.parametrize("options", [{"grand_staff": True}, {"piano_roll": True}])
def test_the_text_form_is_the_same_whatever_is_drawn(options):
    drawn = mimebundle(TUNE, **options)
    assert drawn["text/plain"] == mimebundle(TUNE)["text/plain"]
    assert drawn["text/html"] != mimebundle(TUNE)["text/html"]
    assert mimebundle(TUNE, grand_staff=False, piano_roll=False) == mimebundle(TUNE)


def test_show_hands_the_options_on(monkeypatch):
    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: type("Shell", (), {"kernel": None})())
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    show(TUNE, TUNE, grand_staff=True, piano_roll=True)
    assert shown[0]["text/html"].count("on two staves") >= 2
    assert shown[0]["text/html"].count('class="tunesmith-roll"') == 2


def test_outside_a_notebook_it_prints(capsys):
    assert show(TUNE, captions="mine") is None
    assert capsys.readouterr().out == f"mine\n{text_form(TUNE)}\n"


def test_in_a_notebook_it_displays(monkeypatch):
    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: type("Shell", (), {"kernel": None})())
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    assert show(TUNE) is None
    assert shown == [mimebundle(TUNE)]


def test_tokens_go_through_the_decoder(monkeypatch, capsys):
    monkeypatch.setattr(room, "decoder", lambda tokens: Melody.of([(int(t), 1) for t in tokens.split()]))
    show("60 62 64")
    assert "| C4 1 · D4 1 · E4 1 |" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [str, Path])
def test_files_are_read(tmp_path, capsys, kind):
    from tunesmith.music.kern import kern_text

    path = tmp_path / "a tune.krn"
    path.write_text(kern_text(TUNE), encoding="utf-8")
    show(kind(path))
    assert text_form(TUNE).splitlines()[1] in capsys.readouterr().out


@pytest.mark.parametrize("thing", [None, 3, 2.5, object(), {"a": 1}, "60 _ 62", ["60"]])
def test_anything_else_gets_one_clear_line(monkeypatch, thing):
    monkeypatch.setattr(room, "decoder", None)
    with pytest.raises(TypeError, match=r"can't show .*: pass a melody, tokens or the path of a file"):
        show(thing)


def test_a_list_of_melodies_says_what_to_do():
    with pytest.raises(TypeError, match=r"put a star before it, show\(\*melodies\)"):
        show([TUNE, TUNE])


def test_nothing_to_show():
    for things in ([Melody.of([])], [TUNE, Melody.of([])]):
        with pytest.raises(ValueError, match="nothing to show: the melody has no notes"):
            show(*things)
    with pytest.raises(ValueError, match="nothing to show: pass"):
        show()
    with pytest.raises(ValueError, match="2 captions for 1 melodies"):
        show(TUNE, captions=["a", "b"])


def test_an_empty_melody_as_the_last_line_of_a_cell_is_text():
    assert mimebundle(Melody.of([])) == {"text/plain": "untitled · 0 notes · 0 quarters"}
    assert parse_text_form(text_form(Melody.of([]))) == []


def test_a_page_of_its_own():
    text = page([TUNE, TUNE], captions=["one", "two"], title="Mine & yours")
    assert text.startswith("<!doctype html>") and "<title>Mine &amp; yours</title>" in text
    assert text.count("<audio controls") == 2


def test_the_same_bytes_in_every_process():
    code = (
        "import hashlib; from tunesmith.display.show import mimebundle; from tunesmith.music.melody import Melody;"
        "m = Melody.of([(67, 1), (71, '1/2'), (72, '3/2')] * 4, time_signature='3/4', key='G major', title='T');"
        "print(hashlib.sha256(mimebundle(m)['text/html'].encode()).hexdigest())"
    )
    first, second = python(code, PYTHONHASHSEED="1"), python(code, PYTHONHASHSEED="2")
    assert first.stdout == second.stdout and len(first.stdout.strip()) == len(hashlib.sha256().hexdigest())
    assert first.stderr == second.stderr == ""


def test_importing_it_is_light_and_showing_needs_no_music21():
    code = (
        "import sys; from tunesmith.display.show import mimebundle;"
        "heavy = {'verovio', 'matplotlib', 'soundfile', 'IPython', 'pretty_midi', 'midirenderer', 'music21', 'torch'};"
        "print(sorted(heavy & set(sys.modules)));"
        "from tunesmith.music.melody import Melody; mimebundle(Melody.of([(60, 1)]));"
        "print(sorted({'music21', 'torch', 'matplotlib', 'pretty_midi'} & set(sys.modules)))"
    )
    assert python(code).stdout.split("\n")[:2] == ["[]", "[]"]
