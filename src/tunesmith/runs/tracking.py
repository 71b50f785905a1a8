"""What keeps the curves of a run, so that runs can be compared: TensorBoard, Comet, or nothing. Lesson 10.

A tracker takes what there is to keep and leaves out what it has already. So after a resumption it is
given everything from the first epoch on, and no epoch stands there twice.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunesmith.learn.history import History
from tunesmith.music.files import write_whole

TRAINING, VALIDATION = "loss/training", "loss/validation"  # nats per character, one number an epoch
_HYPERPARAMETERS = "_hparams_/session_start_info"  # what TensorBoard calls the record of them


class Tracker:
    """Keeps nothing: what a run without tracking is given, and what the other trackers are made like."""

    where = ""  # a line on where the curves are to be seen

    def epochs(self, history: History) -> None:
        """Keep the losses of all epochs that are not kept yet."""

    def tune(self, name: str, text: str) -> None:
        """Keep a tune that was written, as text."""

    def settings(self, settings: Mapping[str, Any], scores: Mapping[str, float]) -> None:
        """Keep the run's settings, key by key, beside what came out of them."""

    def close(self) -> None:
        """Write what is not written yet."""


def open_tracker(kind: str, folder: Path, name: str) -> Tracker:
    """The tracker of a run, which goes on where it was left.

    kind: ``tensorboard``, ``comet`` or ``none``. folder: where its files stand, made if need be. name: the run's.
    Raises ValueError where Comet is chosen and not installed, or can't be reached.
    """
    if kind == "none":
        return Tracker()
    folder.mkdir(parents=True, exist_ok=True)
    return Comet(folder, name) if kind == "comet" else TensorBoard(folder)


class TensorBoard(Tracker):
    """Event files, which ``tensorboard --logdir`` shows. No account, no network."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.where = f"tensorboard --logdir {folder.parent.parent}"
        self._kept = _kept(folder)
        self._writer = SummaryWriter(str(folder))

    def epochs(self, history: History) -> None:
        for tag, losses in ((TRAINING, history.train_loss), (VALIDATION, history.valid_loss)):
            for epoch, loss in enumerate(losses, 1):
                if (tag, epoch) not in self._kept:
                    self._writer.add_scalar(tag, loss, epoch)
                    self._kept.add((tag, epoch))
        self._writer.flush()

    def tune(self, name: str, text: str) -> None:
        if (f"{name}/text_summary", 0) not in self._kept:
            self._writer.add_text(name, "\n".join(f"    {line}" for line in text.splitlines()), 0)

    def settings(self, settings: Mapping[str, Any], scores: Mapping[str, float]) -> None:
        if (_HYPERPARAMETERS, 0) not in self._kept:
            plain = {
                key: value if isinstance(value, (bool, int, float)) else str(value) for key, value in settings.items()
            }
            self._writer.add_hparams(plain, dict(scores), run_name=".")  # beside the curves, not in a run of its own

    def close(self) -> None:
        self._writer.close()


def _kept(folder: Path) -> set[tuple[str, int]]:
    """What the event files of a folder hold: name and step. A record that a kill cut off does not count."""
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, TENSORS, EventAccumulator

    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    if not any(folder.iterdir()):
        return set()
    events = EventAccumulator(str(folder), size_guidance={SCALARS: 0, TENSORS: 0}).Reload()
    kept = {(tag, event.step) for tag in events.Tags()["scalars"] for event in events.Scalars(tag)}
    kept |= {(tag, event.step) for tag in events.Tags()["tensors"] for event in events.Tensors(tag)}
    return kept | {(tag, 0) for tag in _plugin_tags(events, "hparams")}


def _plugin_tags(events: Any, plugin: str) -> list[str]:
    try:
        return list(events.PluginTagToContent(plugin))
    except KeyError:
        return []


class Comet(Tracker):
    """Comet (comet.com): online where there is a key, COMET_API_KEY; else an archive that can be sent there later.

    An archive is complete only once it is closed. So after a kill a new one takes its place, with everything in it.
    """

    def __init__(self, folder: Path, name: str) -> None:
        try:
            import comet_ml
        except ImportError:
            message = "tracking.kind comet needs a package that is not installed: pip install comet-ml"
            raise ValueError(f"{message} (or set tracking.kind to tensorboard)") from None
        self._state = folder / "comet.json"
        state = json.loads(self._state.read_bytes()) if self._state.exists() else {}
        self._key = state.get("key") or uuid.uuid4().hex
        self._online = bool(comet_ml.get_config("comet.api_key"))
        self._kept = set(state.get("kept", ())) if self._online else set()
        if not self._online:
            for archive in folder.glob("*.zip"):
                archive.unlink()
        self._save()
        logging.getLogger("comet_ml").setLevel(logging.ERROR)
        own = dict.fromkeys(_UNASKED, False) | {"name": name, "display_summary_level": 0}
        try:
            self._experiment = comet_ml.start(
                experiment_key=self._key,
                mode="get_or_create",
                online=self._online,
                experiment_config=comet_ml.ExperimentConfig(offline_directory=str(folder), **own),
            )
        except Exception as error:  # its own kinds of error are many
            reason = " ".join(str(error).split())[:120]
            message = f"Comet can't be reached ({reason})"
            raise ValueError(
                f"{message}: take COMET_API_KEY away for an archive, or set tracking.kind to none"
            ) from None
        self.where = f"{self._experiment.url}" if self._online else f"comet upload {folder / (self._key + '*.zip')}"

    def epochs(self, history: History) -> None:
        for epoch, losses in enumerate(zip(history.train_loss, history.valid_loss, strict=True), 1):
            if self._new(f"epoch {epoch}"):
                self._experiment.log_metrics(dict(zip((TRAINING, VALIDATION), losses)), step=epoch, epoch=epoch)
        self._save()

    def tune(self, name: str, text: str) -> None:
        if self._new(name):
            self._experiment.log_text(text, step=0, metadata={"name": name})
            self._save()

    def settings(self, settings: Mapping[str, Any], scores: Mapping[str, float]) -> None:
        if self._new("settings"):
            self._experiment.log_parameters(dict(settings))
            self._experiment.log_metrics(dict(scores))
            self._save()

    def close(self) -> None:
        self._experiment.end()

    def _new(self, what: str) -> bool:
        if what in self._kept:
            return False
        self._kept.add(what)
        return True

    def _save(self) -> None:
        """Remember the experiment's key; and what has been sent, where it was sent."""
        kept = sorted(self._kept) if self._online else []
        write_whole(self._state, json.dumps({"key": self._key, "kept": kept}).encode())


# What Comet would look at by itself: the code, its repository, the machine, everything that is printed.
_UNASKED = (
    "log_code",
    "log_graph",
    "log_git_metadata",
    "log_git_patch",
    "log_env_details",
    "parse_args",
    "auto_output_logging",
    "auto_param_logging",
    "auto_metric_logging",
    "auto_log_co2",
)
