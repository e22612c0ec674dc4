"""Models that go to another clinic, or come from one, as one signed file. No Qt; the jobs run on a thread."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.services.learning.exchange import Opened
    from pfm_desktop.storage.library import Library

FILES = tr("Model files (*.pfm-model)")
ENDING = ".pfm-model"
SENDING, LOOKING, BRINGING = tr("Passing a model on"), tr("Checking a model file"), tr("Bringing a model in")
OTHER_WAY = tr("on another way than the file itself: by telephone, or in a letter")


def may_send(lib: Library) -> bool:
    """Whether who is signed in may take a model out of here."""
    return lib.may(Act.EXPORT)


def send_job(ctx: Context, lib: Library, folder: str, out: str) -> str:
    """Job: write the file; what to tell about it."""
    from pfm_desktop.services.learning import exchange

    file = Path(out)
    sent = exchange.send(ctx, lib, folder, file if file.suffix == ENDING else file.with_name(file.name + ENDING))
    return tr(
        "Written to {path}: the model and its card, nothing of any patient. Tell who gets it "
        "this fingerprint of the key that signed it, {way}: {fingerprint}",
        path=sent.path,
        way=OTHER_WAY,
        fingerprint=sent.fingerprint,
    )


def open_job(ctx: Context, file: str) -> Opened:
    """Job: check a file as it came."""
    from pfm_desktop.services.learning import exchange

    ctx.check()
    return exchange.open_file(Path(file))


def opened_text(opened: Opened) -> str:
    """What is asked before it is brought in."""
    return tr(
        "{name} {version}, signed on {day}. Anybody can sign a file: type the fingerprint "
        "that its sender told you {way}. It answers nothing until it is chosen here.",
        name=opened.name,
        version=opened.version,
        day=opened.made_at[:10],
        way=OTHER_WAY,
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
    said = tr(
        "{name} {version} is here now ({label}). It answers nothing until it is chosen.",
        name=info.name,
        version=info.version,
        label=info.label,
    )
    if name != given:
        said += " " + tr("Its sender calls it {name}, which another model here is called already.", name=given)
    return said


def unused(name: str, taken: Collection[str]) -> str:
    """`name`, or `name-2` and so on where that is taken: every clinic's first model is called alike."""
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(one for one in names if one not in taken)


def _is_here(opened: Opened) -> bool:
    """Whether the same model was brought in before: it is not brought in twice."""
    from pfm_desktop.services import models
    from pfm_desktop.services.learning.exchange import weights_of

    return any((one.info.name, one.info.sha256) == (opened.name, weights_of(opened)) for one in models.models())
