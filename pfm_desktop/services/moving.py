"""What lies with the wrong woman: pictures and visits go to another one, and what was emptied goes off the record.

All of it is undone by `review.undo_all`. Refused in signed visits, on either side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pfm_desktop.domain.case import Patient, Picture
from pfm_desktop.domain.change import Change
from pfm_desktop.services.capture.allergies import along
from pfm_desktop.services.cases import VisitCase, adding, visit_case
from pfm_desktop.services.removal import with_what_hangs_on
from pfm_desktop.storage import records
from pfm_desktop.storage import removal as storage
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

LONGEST_REASON = 200  # letters


def move_visit(
    lib: Library,
    visit_id: str,
    patient_id: str,
    *,
    why: str = "",
    new: Patient | None = None,
    also: Sequence[Change] = (),
) -> tuple[Change, ...]:
    """Give a whole visit to another woman; findings, pins and answers are the visit's and go with it, and so does what
    was said of iodine in it. `why` goes on record. `new`: she is put on record in the same step; `also`: what else is
    done in it.

    A woman who has no other visit goes off the record, unless she has a pseudonym in exports. Raises `UserError`;
    nothing is changed then.
    """
    case = visit_case(lib, visit_id)
    with lib.read() as session:
        to = new or stored.patient(session, patient_id)
        if to is None:
            raise _gone("patient")
        if to.id == case.patient.id:
            raise BadInputError(
                tr("this visit is hers already"), safe=tr("nothing was changed"), remedy=tr("choose another woman")
            )
        moved = {"patient_id": case.patient.id}, {"patient_id": to.id}
        text = f"Visit moved from {case.patient.identifier} to {to.identifier}{_because(why)}"
        changes = [adding(new, f"Patient {new.identifier} added")] if new is not None else []
        left = _woman_left(session, case)
        changes += [Change("visit", visit_id, *moved, text), *also]
        if not case.patient.unassigned:
            changes += along(session, case.visit, to.id, stays=not left)
        changes += left
    return lib.apply_all(with_what_hangs_on(lib, changes))


def move_pictures(lib: Library, picture_ids: Sequence[str], visit_id: str, *, why: str = "") -> tuple[Change, ...]:
    """Give pictures of one visit to another visit, all or none. `why` goes on record.

    A pair of which both move goes with them, with its registration, pins, marks and reads, and so does what is drawn on
    a picture. A pair that is torn is taken off the record. Refused (`UserError`) where that pair carries something,
    where the AI answer about it was revealed, where the other visit has the same picture, or pins of these letters, and
    where a contour of a lesion is drawn on one: the lesion is documented in the visit that it would leave.
    """
    to = visit_case(lib, visit_id)
    with lib.read() as session:
        pictures = [_known_picture(session, picture_id) for picture_id in picture_ids]
        origin = visit_case(lib, pictures[0].visit_id)
        _check_target(pictures, origin, to)
        _check_no_contours(pictures, origin)
        where = f"from {origin.patient.identifier} to {to.patient.identifier}"
        changes = [*_with_them(session, {picture.id for picture in pictures}, origin, to, where)]
        for picture in pictures:
            text = f"Picture moved {where} ({picture.stage.value.replace('_', ' ')}){_because(why)}"
            changes.append(_moved("picture", picture.id, origin, to, text))
    return lib.apply_all(with_what_hangs_on(lib, changes))


def remove_visit(lib: Library, visit_id: str) -> tuple[Change, ...]:
    """Take an empty visit off the record, and its woman where she has no other and no pseudonym in exports.

    Refused (`UserError`) while there is anything in it.
    """
    case = visit_case(lib, visit_id)
    with lib.read() as session:
        old = records.snapshot(session, "visit", visit_id)
        changes = [Change("visit", visit_id, old, None, f"Visit removed ({case.patient.identifier})")]
        changes += _woman_left(session, case)
    return lib.apply_all(with_what_hangs_on(lib, changes))


def remove_patient(lib: Library, patient_id: str) -> tuple[Change, ...]:
    """Take a woman without visits off the record; refused (`UserError`) while she has one."""
    with lib.read() as session:
        changes = [_removal(session, patient_id)]
    return lib.apply_all(with_what_hangs_on(lib, changes))


def women_without_visits(lib: Library, limit: int) -> tuple[Patient, ...]:
    """Women who stand in no list of visits, by identifier."""
    with lib.read() as session:
        found = (stored.patient(session, one) for one in storage.women_without_visits(session, limit))
        return tuple(patient for patient in found if patient is not None)


def last_visit(lib: Library, visit_id: str) -> bool:
    """Whether her woman goes off the record with this visit."""
    with lib.read() as session:
        return bool(_woman_left(session, visit_case(lib, visit_id)))


def _woman_left(session: Any, case: VisitCase) -> list[Change]:
    """Her removal, where this is all that there is of her."""
    if storage.stands_without(session, case.patient.id, case.visit.id):
        return []
    return [_removal(session, case.patient.id)]


def _removal(session: Any, patient_id: str) -> Change:
    old = records.snapshot(session, "patient", patient_id)
    if old is None:
        raise _gone("patient")
    return Change("patient", patient_id, old, None, f"Patient {old['identifier']} removed")


def _check_target(pictures: Sequence[Picture], origin: VisitCase, to: VisitCase) -> None:
    if any(picture.visit_id != origin.visit.id for picture in pictures) or origin.visit.id == to.visit.id:
        raise BadInputError(
            tr("pictures move from one visit to another one"),
            safe=tr("nothing was changed"),
            remedy=tr("choose another visit"),
        )
    there = {(content, picture.stage) for picture in to.pictures for content in _contents(picture)}
    if any((content, picture.stage) in there for picture in pictures for content in _contents(picture)):
        raise BadInputError(
            tr("the other visit has this picture already"),
            safe=tr("nothing was changed"),
            remedy=tr("remove the picture here instead"),
        )


def _check_no_contours(pictures: Sequence[Picture], origin: VisitCase) -> None:
    ids = {picture.id for picture in pictures}
    if any(contour.picture_id in ids for contour in origin.contours):
        raise BadInputError(
            tr("a lesion of this visit is drawn on the picture"),
            safe=tr("nothing was changed"),
            remedy=tr("remove the contours first, and draw them where the picture belongs"),
        )


def _contents(picture: Picture) -> tuple[str, ...]:
    """Its bytes, and its pixels where their hash is known."""
    return (picture.sha256, *filter(None, (picture.pixels_sha256,)))


def _with_them(session: Any, ids: set[str], origin: VisitCase, to: VisitCase, where: str) -> list[Change]:
    """Pairs of which all pictures move, and what is drawn on the pictures."""
    changes: list[Change] = []
    taken = {pin.letter for pin in to.pins}
    for pair in origin.pairs:
        if not {one for one in (pair.white_id, pair.fluorescence_id) if one} <= ids:
            continue
        if any(pin.letter in taken for pin in origin.pins if pin.pair_id == pair.id):
            raise BadInputError(
                tr("both visits have pins of the same letter"),
                safe=tr("nothing was changed"),
                remedy=tr("remove the pins on one side first"),
            )
        changes.append(_moved("pair", pair.id, origin, to, f"Pair moved {where}"))
    drawn = storage.drawn_on(session, ids)
    return [*changes, *(_moved("annotation", key, origin, to, f"Drawing moved {where}") for key in drawn)]


def _because(why: str) -> str:
    return f": {' '.join(why.split())[:LONGEST_REASON]}" if why.strip() else ""


def _moved(what: str, key: str, origin: VisitCase, to: VisitCase, text: str) -> Change:
    return Change(what, key, {"visit_id": origin.visit.id}, {"visit_id": to.visit.id}, text)


def _known_picture(session: Any, picture_id: str) -> Picture:
    found = stored.picture(session, picture_id)
    if found is None:
        raise _gone("picture")
    return found


def _gone(what: str) -> StorageError:
    return StorageError(
        {
            "patient": tr("this patient is not in the library"),
            "picture": tr("this picture is not in the library"),
        }[what],
        safe=tr("nothing was changed"),
        remedy=tr("open the list again"),
    )
