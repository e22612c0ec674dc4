"""What the main job does not show: the other backend, an encrypted library, languages, learning in its own process."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import Cancelled, Context, Event, Failed, Finished, ProcessRunner, SilentContext
from pfm_desktop.services.selftest.bench import Bench
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, UserError

if TYPE_CHECKING:
    from pfm_desktop.services.learning.run import Learned, Request

WOMEN, SIDE, ENOUGH = 16, 256, 3  # phantoms to learn from, their pixels a side, women of each grade that do
_POLL_S = 0.1


def backends(ctx: Context, bench: Bench) -> str:
    """Both backends answer, alike, in a process of their own."""
    from pfm_desktop.pfm.backends import chosen
    from pfm_desktop.services import models

    models.choose_backend(ctx, bench.model)
    choice = chosen(models.content_of(bench.model))
    if len(choice.milliseconds) < 2:
        raise UserError(f"of two backends, those that answer alike here: {', '.join(choice.milliseconds) or 'none'}")
    took = ", ".join(f"{name} {took:.0f} ms" for name, took in choice.milliseconds.items())
    return f"{took}; probabilities at most {max(choice.difference.values()):.4f} apart"


def encryption(ctx: Context, bench: Bench) -> str:
    """An encrypted library is made and opened by its password; its database tells nothing without."""
    from pfm_desktop.services import accounts, cases

    folder, password = bench.folder / "encrypted", secrets.token_urlsafe(16)
    lib, _recovery = accounts.make_library(folder, "Selftest", password)
    with lib:
        cases.add_patient(lib, identifier="SELFTEST-SEALED", family_name="Selftest")
    if any(b"SELFTEST-SEALED" in file.read_bytes() for file in folder.rglob("*") if file.is_file()):
        raise UserError("a name can be read in the files of an encrypted library")
    with accounts.sign_in(folder, "Selftest", password) as again:
        found = cases.find_patients(again, search="SELFTEST-SEALED")
    if not found:
        raise UserError("what was written into an encrypted library is not found again")
    return "made, closed, opened by its password"


def languages(ctx: Context, bench: Bench) -> str:
    """Each catalogue is there and whole."""
    from pfm_desktop.support import language

    counts = {name: len(language.catalogue(name)) for name in language.LANGUAGES if name != language.ENGLISH}
    if not all(counts.values()):
        raise UserError(f"no words of {', '.join(name for name, count in counts.items() if not count)}")
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def learning(ctx: Context, bench: Bench) -> str:
    """A model learns for one epoch from phantoms in a library, in a process of its own."""
    from pfm_desktop.services.learning import run
    from pfm_desktop.services.learning.cases import find_cases
    from pfm_desktop.services.learning.women import groups_of

    with Library.create(bench.folder / "learning") as lib:
        _fill(ctx, lib)
        found = find_cases(SilentContext(), lib)
        groups = groups_of(SilentContext(), lib, found.cases).groups
        settings = run.Settings("selftest", parent=bench.model, epochs=1, rehearse=0, enough=ENOUGH)
        request = run.begin(lib, found, groups, settings)
        learned = _in_a_process(ctx, request)
        ended = run.settle(lib, learned)
    return f"{len(found.cases)} phantoms, {learned.counts['epochs']} epoch in a process of its own: {ended.state.value}"


def _fill(ctx: Context, lib: Library) -> None:
    from pfm_desktop.imaging.io import encode_png
    from pfm_desktop.imaging.phantom import render
    from pfm_desktop.services import cases, labelling, pairing

    for number in range(WOMEN):
        ctx.check()
        grade = GRADES[number % len(GRADES)]
        phantom = render(100 + number, grade=grade, size=SIDE)
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"S-{number}", family_name="Selftest").id).id
        for stage, pixels in (
            (Stage.ACETIC_ACID, phantom.white),
            (Stage.FLUORESCENCE_AFTER_ACID, phantom.fluorescence),
        ):
            cases.add_picture(lib, visit, encode_png(pixels), stage=stage)
        pairing.ensure_pair(lib, visit)
        labelling.set_histology(lib, visit, grade)


def _in_a_process(ctx: Context, request: Request) -> Learned:
    from pfm_desktop.services.learning import run

    events: list[Event] = []
    handle = ProcessRunner().start(run.learn, request, listener=events.append, name="selftest-learning")
    while not handle.wait(_POLL_S):
        try:
            ctx.check()
        except Cancelled:
            handle.cancel()
            raise
    last = events[-1] if events else None
    if isinstance(last, Failed):
        raise UserError(last.message)
    if not isinstance(last, Finished):
        raise UserError("learning ended without a word")
    return cast("Learned", last.result)


def updates(_ctx: Context, _bench: Bench) -> str:
    """What checks and unpacks update files is there; whose are taken."""
    from pfm_desktop.services.updating import unpacking, update_file  # noqa: F401 - the first is only loaded
    from pfm_desktop.services.updating.installed import trusted_root

    try:
        publisher, key = update_file.trusted(trusted_root())
    except BadInputError:
        return "this build takes no update files"
    return f"update files of {publisher} are taken (key {key})"
