"""Models that go to another clinic, or come from one, as one signed file. No Qt; the jobs run on a thread."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context

if TYPE_CHECKING:
    from pfm_desktop.services.learning.exchange import Opened
    from pfm_desktop.storage.library import Library

FILES = "Model files (*.pfm-model)"
ENDING = ".pfm-model"
SENDING, LOOKING, BRINGING = "Passing a model on", "Checking a model file", "Bringing a model in"
OTHER_WAY = "on another way than the file itself: by telephone, or in a letter"


def may_send(lib: Library) -> bool:
    """Whether who is signed in may take a model out of here."""
    return lib.may(Act.EXPORT)


def send_job(ctx: Context, lib: Library, folder: str, out: str) -> str:
    """Job: write the file; what to tell about it."""
    from pfm_desktop.services.learning import exchange

    file = Path(out)
    sent = exchange.send(ctx, lib, folder, file if file.suffix == ENDING else file.with_name(file.name + ENDING))
    return (
        f"Written to {sent.path}: the model and its card, nothing of any patient. Tell who gets it this fingerprint of "
        f"the key that signed it, {OTHER_WAY}: {sent.fingerprint}"
    )


def open_job(ctx: Context, file: str) -> Opened:
    """Job: check a file as it came."""
    from pfm_desktop.services.learning import exchange

    ctx.check()
    return exchange.open_file(Path(file))


def opened_text(opened: Opened) -> str:
    """What is asked before it is brought in."""
    return (
        f"{opened.name} {opened.version}, signed on {opened.made_at[:10]}. Anybody can sign a file: type the "
        f"fingerprint that its sender told you {OTHER_WAY}. It answers nothing until it is chosen here."
    )


def receive_job(ctx: Context, file: str, fingerprint: str) -> str:
    """Job: bring it among the models of this user, under another name where its own is taken; what to tell about it."""
    from pfm_desktop.services.learning import exchange
    from pfm_desktop.services.model_import import taken_names

    with TemporaryDirectory(prefix="pfm-model-") as work:
        opened = exchange.open_file(Path(file))
        given = opened.name
        name = given if _is_here(opened) else unused(given, taken_names())
        brought = exchange.receive(ctx, Path(file), Path(work) / "model", fingerprint=fingerprint, name=name)
    info = brought.info
    other = "" if name == given else f" Its sender calls it {given}, which another model here is called already."
    return f"{info.name} {info.version} is here now ({info.label}). It answers nothing until it is chosen.{other}"


def unused(name: str, taken: Collection[str]) -> str:
    """`name`, or `name-2` and so on where that is taken: every clinic's first model is called alike."""
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(one for one in names if one not in taken)


def _is_here(opened: Opened) -> bool:
    """Whether the same model was brought in before: it is not brought in twice."""
    from pfm_desktop.services import models
    from pfm_desktop.services.learning.exchange import weights_of

    return any((one.info.name, one.info.sha256) == (opened.name, weights_of(opened)) for one in models.models())
