"""tunesmith: what the lessons of *From Gates to Melodies* share.

``import tunesmith as ts`` is quick: each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tunesmith.display import show as _show
from tunesmith.learn.history import History as _History
from tunesmith.music import files
from tunesmith.music.melody import Melody
from tunesmith.scratch.tensor import Tensor as _Tensor

__version__ = "0.1.0"

_PLACES = {
    "Note": "music.melody",
    "Melody": "music.melody",
    "Key": "music.key",
    "estimate_key": "music.key",
    "pitch_name": "music.key",
    "to_empty_signature": "music.key",
    "kern_text": "music.kern",
    "read": "music.files",
    "write": "music.files",
    "load": "music.corpus",
    "abc_tunes": "music.abc_tunes",
    "clean_abc": "music.abc_clean",
    "check_abc": "music.abc_check",
    "data_path": "music.data",
    "encode": "tokens.steps",
    "BarredSong": "tokens.barred",
    "encode_barred": "tokens.barred",
    "decode": "tokens.steps",
    "Vocabulary": "tokens.vocabulary",
    "Characters": "tokens.characters",
    "split": "tokens.split",
    "MelodyLSTM": "models.melody_lstm",
    "WindowLSTM": "models.window_lstm",
    "ScalarLSTM": "models.scalar_lstm",
    "CharLSTM": "models.char_lstm",
    "MelodyRNN": "models.melody_rnn",
    "MelodyTransformer": "models.melody_transformer",
    "WindowNetwork": "models.window_network",
    "count_parameters": "models.token_model",
    "one_hot": "learn.windows",
    "Windows": "learn.windows",
    "WholeSongs": "learn.batches",
    "TextWindows": "learn.text",
    "memory_task": "learn.memory",
    "PPM": "learn.ppm",
    "combine": "learn.ppm",
    "chorale_sopranos": "music.sopranos",
    "fit": "learn.train",
    "evaluate": "learn.evaluate",
    "load_model": "learn.checkpoint",
    "save_model": "learn.checkpoint",
    "probabilities": "learn.sample",
    "sample": "learn.sample",
    "generate": "learn.sample",
    "generate_many": "learn.sample_many",
    "best_of": "learn.best_of",
    "mean_log_probabilities": "learn.best_of",
    "generate_text": "learn.write_text",
    "CopiedRuns": "learn.originality",
    "near_duplicates": "learn.originality",
    "overlap_area": "learn.overlap",
    "overlap": "learn.overlap",
    "features": "learn.melody_measures",
    "repeated_bars": "learn.melody_measures",
    "repeated_phrases": "learn.melody_measures",
    "scale_consistency": "learn.melody_measures",
    "sampling_table": "learn.reference",
    "read_study": "learn.study",
    "tuning_table": "learn.study",
    "split_together": "learn.styles",
    "concatenated": "learn.styles",
    "mixed": "learn.styles",
    "labelled": "learn.styles",
    "shares": "learn.style_measures",
    "histogram": "learn.style_measures",
    "divergence": "learn.style_measures",
    "place_between": "learn.style_measures",
    "leanings": "learn.style_measures",
    "blend_table": "learn.blends",
    "read_run": "runs.result",
    "show": "display.show",
    "piano_roll": "display.plots",
    "figure": "display.figures",
    "explore_lstm": "display.explorer",
    "plot_graph": "display.graph",
    "plot_one_hot": "display.grids",
    "plot_token_grid": "display.grids",
    "plot_table": "display.tables",
    "plot_bars": "display.plots",
    "tuning_plots": "display.tuning",
    "plot_lines": "display.plots",
    "check": "course.exercises",
    "mine": "course.exercises",
    "progress": "course.progress",
}
__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"tunesmith has no {name!r}: it has {', '.join(__all__)}")
    value = getattr(import_module(f"tunesmith.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES])


def _svg(melody: Melody) -> str:
    return import_module("tunesmith.display.engrave").svg(melody)


def _mp3(melody: Melody) -> bytes:
    return import_module("tunesmith.display.sound").mp3(melody)


def _history(history: _History) -> dict[str, str]:
    return import_module("tunesmith.display.plots").history_bundle(history)


def _graph(node: _Tensor) -> dict[str, str]:
    return import_module("tunesmith.display.graph").graph_bundle(node)


def _decode(tokens: Any) -> Melody:
    return import_module("tunesmith.tokens.steps").decode(tokens)


# The rooms know nothing of those beside or above them; what these add is plugged in here.
Melody.renderer = staticmethod(_show.mimebundle)
_show.decoder = _decode
_History.renderer = staticmethod(_history)
_Tensor.renderer = staticmethod(_graph)
files.WRITERS.update({".svg": _svg, ".mp3": _mp3})
