"""Models: which there are, which one is used, are they what they say."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.jobs import Context
from pfm_desktop.pfm import registry
from pfm_desktop.support import memory
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.paths import model_dirs

if TYPE_CHECKING:
    from pfm_desktop.pfm.predict import Predictor

log = logging.getLogger(__name__)
DEFAULT_MODEL = "pfm-demo"
_KEPT = 2  # models held in memory: the one in use and the one compared with

_loaded: OrderedDict[tuple[str, str], Predictor] = OrderedDict()
_loading = threading.Lock()


def models() -> tuple[registry.ModelEntry, ...]:
    """Models that can be read, by name."""
    return registry.list_models(model_dirs())


def broken() -> tuple[registry.BrokenModel, ...]:
    """Folders that look like models but cannot be read, and why."""
    return registry.broken_models(model_dirs())


def folder_of(name: str) -> Path:
    """Folder of a model by name or path; `ModelError` names those that there are."""
    return registry.find_model(name, model_dirs())


def info_of(name: str) -> ModelInfo:
    """What a model says about itself, without loading it."""
    return registry.read_info(folder_of(name))


def card_of(name: str) -> str:
    """Text of a model's CARD.md; "" when it has none."""
    path = folder_of(name) / "CARD.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def verify(name: str) -> ModelInfo:
    """Check a model's weights against the hash it promises; `ModelError` when missing or altered."""
    return registry.verify(folder_of(name))


def predictor(name: str) -> Predictor:
    """A model ready to answer; kept for the next call. The first call loads the numeric library."""
    folder = folder_of(name)
    key = str(folder.resolve()), registry.read_info(folder).sha256
    with _loading:
        if key not in _loaded:
            with memory.without_collection():
                from pfm_desktop.pfm.predict import Predictor

                _loaded[key] = Predictor(folder)
            while len(_loaded) > _KEPT:
                _loaded.popitem(last=False)
        _loaded.move_to_end(key)
        return _loaded[key]


def warm_up(ctx: Context, name: str) -> None:
    """Load the numeric library and a model ahead of the first case, holding up no other thread for long.

    A model that cannot be loaded is not an error yet: it is said when it is asked.
    """
    from pfm_desktop.pfm.preload import load_libraries

    load_libraries()
    ctx.check()
    try:
        predictor(name)
    except ModelError as error:
        log.info("no model loaded ahead: %s", error)


def forget_loaded() -> None:
    """Drop the models held in memory."""
    with _loading:
        _loaded.clear()
