"""The labels of the pots of a visit: what stands on them, and how they are saved. No Qt."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.people import Act
from pfm_desktop.domain.specimen import KIND_WORDS, SpecimenKind
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.pins import NO_OS, NOT_SURE, place_words
from pfm_desktop.viewmodels.report_form import Saved
from pfm_desktop.viewmodels.worklist import birth_text, moment_of

if TYPE_CHECKING:
    from pfm_desktop.domain.specimen import Specimen
    from pfm_desktop.interop.labels import Label
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.pins import Registered

NO_HOUR = tr("hour not known: the os is not marked")


def pot_labels(case: VisitCase, known: Registered | None = None) -> tuple[Label, ...]:
    """One for each pot, in the order of the list; `known` as for `pins.pins_view`. An hour is never guessed."""
    from pfm_desktop.interop.labels import Label

    pots = [one for one in case.specimens if one.pot]
    patient = case.patient
    return tuple(
        Label(
            name=patient.display_name or tr("no name"),
            born=birth_text(patient.birth_date),
            identifier=patient.identifier,
            taken=tr("taken {when}", when=moment_of(case.visit)),
            pot=one.pot,
            what=_what(case, one, known),
            number=number,
            count=len(pots),
        )
        for number, one in enumerate(pots, start=1)
    )


def default_name(case: VisitCase) -> str:
    """A name for the file that tells nobody whose it is."""
    return f"labels_{case.visit.started_at.astimezone():%Y%m%d_%H%M}.pdf"


def save_labels(ctx: Context, lib: Library, labels: tuple[Label, ...], visit_id: str, path: str) -> Saved:
    """Job: write the labels as PDF and put that on record, as a report is. Raises `UserError`: no file is there."""
    from pfm_desktop.interop.labels import labels_pdf
    from pfm_desktop.services import on_record
    from pfm_desktop.storage import access
    from pfm_desktop.support.files import replacing

    access.require(lib.account, Act.EXPORT)
    ctx.progress(0, 1, tr("Making the labels"))
    data = labels_pdf(labels)
    out = Path(path)
    details = {"pots": [label.pot for label in labels], "sha256": hashlib.sha256(data).hexdigest()}
    with replacing(out) as stream:
        stream.write(data)
        recorded = on_record.note(lib, "export", visit_id, "Labels of the pots saved as PDF", details)
    return Saved(out, recorded=recorded)


def _what(case: VisitCase, one: Specimen, known: Registered | None) -> str:
    if one.kind is not SpecimenKind.BIOPSY:
        return KIND_WORDS[one.kind]
    pin = next((pin for pin in case.pins if pin.id == one.id), None)
    place = place_words(case, pin, known) if pin is not None else NO_OS
    sure = place != NO_OS and NOT_SURE not in place
    return tr("biopsy {name}, {place}", name=one.name, place=place if sure else NO_HOUR)
