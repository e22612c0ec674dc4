"""A picture of an earlier visit beside one of the visit that is open: of the same woman, and nothing goes on record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.case import Picture, Visit
from pfm_desktop.domain.referral import Referral
from pfm_desktop.imaging.field import register_lit
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.jobs import Context
from pfm_desktop.services import cases
from pfm_desktop.storage import documented
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.worklist import Question
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import day

Pixels = NDArray[np.uint8]
_PAIR = tr("the pair is on the stage as before")


class OtherWomanError(UserError):
    """Two pictures that are not, or not surely, of one woman."""

    def __init__(self, *, nobody: bool = False) -> None:
        super().__init__(
            tr("nobody has said whose these visits are: they are not compared")
            if nobody
            else tr("these two pictures are not of the same woman: they are not compared"),
            safe=_PAIR,
            remedy=tr("say first whose this visit is") if nobody else tr("open the visit again"),
        )


@dataclass(frozen=True)
class EarlierVisit:
    """A visit of the same woman before the one that is open: `impression` "" while there is none."""

    visit: Visit
    pictures: tuple[Picture, ...]
    impression: str = ""


@dataclass(frozen=True, eq=False)
class Compared:
    """Two pictures of one woman, H x W x 3 uint8 RGB each, and what is on record of their visits."""

    now: Picture
    now_visit: Visit
    now_card: Referral
    now_pixels: Pixels
    earlier: Picture
    earlier_visit: Visit
    earlier_card: Referral
    earlier_pixels: Pixels


def earlier_visits(ctx: Context, lib: Library, visit_id: str) -> tuple[EarlierVisit, ...]:
    """The woman's visits before this one that have pictures, newest first. `StorageError` where it is gone,
    `OtherWomanError` where nobody has said whose it is."""
    ctx.check()
    with lib.read() as session:
        visit = stored.visit(session, visit_id)
        patient = stored.patient(session, visit.patient_id) if visit is not None else None
        if visit is None or patient is None:
            raise _gone("visit")
        if patient.unassigned:
            raise OtherWomanError(nobody=True)
        rows = stored.visit_rows(session, Question(patient_id=patient.id, before=visit.started_at))
        found = [EarlierVisit(row.visit, stored.pictures_of(session, row.visit.id), row.impression) for row in rows]
    return tuple(one for one in found if one.pictures)


def load(ctx: Context, lib: Library, visit_id: str, now_id: str, earlier_id: str) -> Compared:
    """The two pictures, once it is sure that they are of one woman.

    Raises `OtherWomanError` where they are not, or where nobody has said whose they are; `StorageError` where one of
    them is gone, or its bytes are missing or altered.
    """
    ctx.progress(0, 2, tr("Reading the pictures"))
    with lib.read() as session:
        now, earlier = stored.picture(session, now_id), stored.picture(session, earlier_id)
        if now is None or now.visit_id != visit_id:
            raise _gone("picture")
        if earlier is None:
            raise _gone("earlier picture")
        visits = stored.visit(session, now.visit_id), stored.visit(session, earlier.visit_id)
        cards = documented.referral(session, now.visit_id), documented.referral(session, earlier.visit_id)
    now_visit, earlier_visit = visits
    if now_visit is None or earlier_visit is None:
        raise _gone("visit")
    check_one_woman(lib, now_visit.id, earlier_visit.id)
    now_pixels = _pixels(lib, now, now_visit)
    ctx.progress(1, 2, tr("Reading the pictures"))
    earlier_pixels = _pixels(lib, earlier, earlier_visit)
    ctx.progress(2, 2, tr("Done"))
    return Compared(now, now_visit, cards[0], now_pixels, earlier, earlier_visit, cards[1], earlier_pixels)


def register(ctx: Context, lib: Library, compared: Compared) -> Registration:
    """The map from this visit's picture (its `white`) to the earlier one; not kept, as nothing is concluded from it.

    Raises as `load` where the two are no longer on record as one woman's when it is done.
    """
    ctx.progress(0, 2, tr("Aligning the earlier picture"))
    found = register_lit(compared.now_pixels, compared.earlier_pixels, ctx=ctx)
    ctx.progress(1, 2, tr("Aligning the earlier picture"))
    check_one_woman(lib, compared.now_visit.id, compared.earlier_visit.id)
    return found


def check_one_woman(lib: Library, visit_id: str, earlier_id: str) -> None:
    """Raise `OtherWomanError` unless two visits are on record as one woman's; `StorageError` where one is gone."""
    with lib.read() as session:
        visits = stored.visit(session, visit_id), stored.visit(session, earlier_id)
        if visits[0] is None or visits[1] is None:
            raise _gone("visit")
        if visits[0].patient_id != visits[1].patient_id:
            raise OtherWomanError
        patient = stored.patient(session, visits[0].patient_id)
        if patient is None or patient.unassigned:
            raise OtherWomanError(nobody=True)


def _pixels(lib: Library, picture: Picture, visit: Visit) -> Pixels:
    try:
        return cases.load_picture(lib, picture.id)
    except UserError as error:
        raise StorageError(
            tr("the picture of {day} cannot be shown: {problem}", day=day(visit.day), problem=error.what),
            safe=_PAIR,
            remedy=tr("choose another one"),
        ) from error


_GONE = {
    "visit": tr("this visit is no longer in the library"),
    "picture": tr("this picture is no longer in the library"),
    "earlier picture": tr("this earlier picture is no longer in the library"),
}


def _gone(what: str) -> StorageError:
    return StorageError(_GONE[what], safe=_PAIR, remedy=tr("choose another one"))
