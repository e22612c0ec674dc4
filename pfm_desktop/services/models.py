"""Models: which there are, which one is used, are they what they say."""

from __future__ import annotations

import contextlib
import logging
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.jobs import Cancelled, Context, Failed, ProcessRunner
from pfm_desktop.pfm import registry
from pfm_desktop.pfm.backend import TORCH
from pfm_desktop.pfm.model_file import CARD, ModelFile, read_model_file, seal_words
from pfm_desktop.support import memory
from pfm_desktop.support.errors import ModelError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import model_dirs, shipped_models_dir, user_models_dir
from pfm_desktop.support.quiet import Own

if TYPE_CHECKING:
    from pfm_desktop.pfm.predict import Predictor

log = logging.getLogger(__name__)
DEFAULT_MODEL = "pfm-demo"
_LONGEST_CARD = 1_000_000  # bytes; the rest is not shown
_POLL_SECONDS, _PATIENCE_SECONDS = 0.1, 5.0  # between looks at a comparison, and for one that was cancelled
_KEPT = 2  # models held in memory: the one in use and the one compared with

_loaded: OrderedDict[tuple[str, str, str], Predictor] = OrderedDict()
_loading = threading.Lock()


def models() -> tuple[registry.ModelEntry, ...]:
    """Models that can be read, by name, also those that are hidden by another one."""
    return registry.list_models(model_dirs())


def broken() -> tuple[registry.BrokenModel, ...]:
    """Folders that look like models but cannot be read, and why."""
    return tuple(
        replace(bad, error=_or_the_shipped(bad.error, bad.path)) if isinstance(bad.error, ModelError) else bad
        for bad in registry.broken_models(model_dirs())
    )


def folder_of(name: str) -> Path:
    """Folder of a model by name or path; `ModelError` names those that there are."""
    return registry.find_model(name, model_dirs())


def hidden() -> tuple[tuple[registry.ModelEntry, Path], ...]:
    """Models that their name does not lead to, and the folder that it leads to instead."""
    return registry.hidden_models(model_dirs())


def content_of(name: str) -> ModelFile:
    """All that a model says about itself, without loading it."""
    folder = folder_of(name)
    with _naming_the_shipped(folder):
        return read_model_file(folder)


def info_of(name: str) -> ModelInfo:
    """What a model says about itself, without loading it."""
    return content_of(name).info


def verified_info(name: str) -> ModelInfo:
    """The same of weights that are what they promise: for what is written down. `ModelError` when altered."""
    folder = folder_of(name)
    with _naming_the_shipped(folder):
        with _loading:
            kept = _loaded.get(_key(folder))
        return kept.info if kept is not None else registry.verify(folder)


def card_of(name: str) -> str:
    """Text of a model's CARD.md, of which nothing but letters, line breaks and tabs is left; "" when it has none.

    `ModelError` when there is no such model or the card cannot be read.
    """
    path = folder_of(name) / CARD
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as stream:
            text = stream.read(_LONGEST_CARD).decode("utf-8", errors="replace")
    except OSError as error:
        raise ModelError(
            tr("the card {path} cannot be read ({reason})", path=path, reason=error.strerror or error),
            remedy=tr("check its permissions"),
        ) from error
    return "".join(letter for letter in text.replace("\r\n", "\n") if letter in "\n\t" or not _is_control(letter))


def _is_control(letter: str) -> bool:
    """Also what turns the direction of reading, or cannot be shown at all."""
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"}


def verify(name: str) -> ModelInfo:
    """Check a model's weights against the hash it promises; `ModelError` when missing or altered."""
    folder = folder_of(name)
    with _naming_the_shipped(folder):
        return registry.verify(folder)


def verify_whole(name: str) -> ModelInfo:
    """Like `verify`, and the weights fit the network and are numbers. Loads the numeric library."""
    from pfm_desktop.pfm.checkpoint import load_model

    return load_model(folder_of(name)).info


def seal_of(name: str) -> str:
    """What is known of the history of its `model.toml`, for a person."""
    return seal_words(read_model_file(folder_of(name)))


def predictor(name: str) -> Predictor:
    """A model ready to answer; kept for the next call. The first call loads the numeric library."""
    folder = folder_of(name)
    with _naming_the_shipped(folder):
        return _predictor(folder)


def _predictor(folder: Path) -> Predictor:
    key = _key(folder)
    with _loading:
        if key not in _loaded:
            with memory.without_collection():
                from pfm_desktop.pfm.predict import Predictor

                _loaded[key] = Predictor(folder)
            while len(_loaded) > _KEPT:
                _loaded.popitem(last=False)
        _loaded.move_to_end(key)
        return _loaded[key]


@contextlib.contextmanager
def _naming_the_shipped(folder: Path) -> Iterator[None]:
    """See `_or_the_shipped`."""
    try:
        yield
    except ModelError as error:
        raise _or_the_shipped(error, folder) from error


def _or_the_shipped(error: ModelError, folder: Path) -> ModelError:
    """The error; where the user's own copy hides a model that came with the program, also how to get that one back."""
    if folder.resolve().parent != user_models_dir().resolve():
        return error
    try:
        name = registry.read_info(folder).name
    except UserError:
        name = folder.name
    try:
        other = registry.read_info(registry.find_model(name, (shipped_models_dir(),)))
    except UserError:
        return error
    back = tr(
        "remove or rename the folder {folder}: then {name} {version} answers, which came with the program",
        folder=folder,
        name=other.name,
        version=other.version,
    )
    remedy = tr("{remedy}, or {other_way}", remedy=error.remedy, other_way=back) if error.remedy else back
    return ModelError(error.what, safe=error.safe, remedy=remedy)


def _key(folder: Path) -> tuple[str, str, str]:
    """Changes with the weights and with `model.toml`."""
    content = read_model_file(folder)
    return str(folder.resolve()), content.sha256, content.digest


def backend_of(name: str) -> str:
    """Which backend answers for a model (`pfm.backend`); loads the model."""
    return predictor(name).backend


def warm_up(ctx: Context, name: str) -> None:
    """Load a model ahead of the first case, holding up no other thread for long.

    At the first start with a model its backends are compared, in a process of its own, and the choice is kept. A model
    that cannot be loaded is not an error yet: it is said when it is asked.
    """
    from pfm_desktop.pfm import backends

    try:
        ctx.check()  # a window that was closed meanwhile starts nothing any more
        folder = folder_of(name)
        content = read_model_file(folder)
        if backends.undecided(content):
            choose_backend(ctx, name)
        ctx.check()
        wanted = backends.asked() or backends.chosen(content).backend
        if wanted == TORCH:
            from pfm_desktop.pfm.preload import load_libraries

            load_libraries()
            ctx.check()
        _let_go_of_others(_key(folder), wanted)
        predictor(name)
    except UserError as error:
        log.info("no model loaded ahead: %s", error)


def choose_backend(ctx: Context, name: str) -> str:
    """Compare the backends for a model, unless that was done, and keep the choice; returns its name.

    Needs torch, which stays in the process that is started for it. Where that fails or is cancelled nothing is kept
    and torch answers. Raises `ModelError` for a model that there is not.
    """
    from pfm_desktop.pfm import backends

    folder = folder_of(name)
    content = read_model_file(folder)
    if backends.undecided(content):
        ended: list[object] = []
        handle = ProcessRunner().start(_decide, folder, listener=ended.append, name="choose-backend")
        while not handle.wait(_POLL_SECONDS):
            try:
                ctx.check()
            except Cancelled:
                handle.cancel()
                handle.wait(_PATIENCE_SECONDS)
                raise
        said = ended[-1] if ended else None
        if isinstance(said, Failed):
            log.warning("the backends were not compared, torch answers: %s", said.message)
    choice = backends.chosen(content)
    log.info("%s answers for %s", Own(choice.backend), content.name)
    return choice.backend


def _decide(ctx: Context, folder: Path) -> str:
    """In a process of its own."""
    from pfm_desktop.pfm.choice import decide

    return decide(folder, ctx).backend


def _let_go_of_others(key: tuple[str, str, str], wanted: str) -> None:
    """Drop a predictor that was loaded before the choice was made, so that the next case is answered by the chosen."""
    with _loading:
        kept = _loaded.get(key)
        if kept is not None and kept.backend != wanted:
            del _loaded[key]


def forget_loaded() -> None:
    """Drop the models held in memory."""
    with _loading:
        _loaded.clear()
