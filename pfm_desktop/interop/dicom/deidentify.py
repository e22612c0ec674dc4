"""Exports for research: written from nothing, so that what identifies a woman is never there to be removed.

PS3.15 Annex E, Basic Profile with the options Clean Pixel Data, Retain Longitudinal Temporal Information with Modified
Dates, and Retain Patient Characteristics (her age). The writers of this room put into a file only what the frozen data
hold; the functions here make frozen data without names, numbers, dates or UIDs of the clinic. Free text, who examined
and read, the institution and the camera's number are left out, and a printed report is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from pfm_desktop.interop.dicom.content import PictureInfo, ReadingContent, StudyInfo
from pfm_desktop.interop.dicom.header import one_line
from pfm_desktop.interop.dicom.picture import Pixels
from pfm_desktop.interop.dicom.uids import SMALLEST_SALT, keyed_uids
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

LONGEST_LIFE = 120  # years
OLDEST = 90  # years; above it an age alone may tell who somebody is (HIPAA safe harbour)
FILTERED = "a filter"  # in place of what a site calls it, so that none is not said
_SHORTEST = 3  # letters of a name that is looked for in a pseudonym
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; right and bottom are not part of it


@dataclass(frozen=True)
class Research:
    """How one woman is called in one export.

    `salt` keys all UIDs: the same secret gives the same UIDs, so that later exports join, and must be kept as the names
    are. `offset_days` moves all her dates, the same for all her visits. `pixels_looked_at` says that a person looked
    at the pictures, and that nothing in them names her (or was blanked, see `blanked`); without it nothing is written.
    `device` is what may be said of the camera, chosen by a person; never its number.
    """

    pseudonym: str
    salt: bytes = field(repr=False)
    offset_days: int = field(repr=False)
    pixels_looked_at: bool = False
    device: str = ""


def research_study(study: StudyInfo, research: Research) -> StudyInfo:
    """The visit under a pseudonym: moved in time, begun at noon UTC, with an age and no birth date.

    Raises `BadInputError` where it would not be one: no or a telling pseudonym, a short salt, no offset, or pictures
    that nobody looked at.
    """
    _check(study, research)
    age = study.age_years if study.birth_date is None else _age(study.birth_date, study.started_at.date())
    return StudyInfo(
        visit_id=study.visit_id,  # reaches a file only through the keyed UIDs
        patient_identifier=research.pseudonym,
        family_name=research.pseudonym,
        given_name="",
        birth_date=None,
        started_at=_start(study, research),
        software=study.software,
        age_years=None if age is None else min(max(age, 0), OLDEST),
        de_identified=True,
        uids=keyed_uids(research.salt),
    )


def research_picture(picture: PictureInfo, study: StudyInfo, research: Research) -> PictureInfo:
    """A picture of that visit (`study` as it was, with its true dates): times between pictures stay as they were.

    Raises `BadInputError` for one with words drawn into it; blank them, and say `burned_in=False`.
    """
    if picture.burned_in:
        raise _refused(tr("words are drawn into a picture"), tr("blank them, or leave the picture out"))
    moved = research_moment(picture.taken_at, study, research)
    how = picture.acquisition
    if how is not None:  # what a site calls its filters may tell which site it is
        how = replace(how, camera="", filter=FILTERED if how.filter else "", polariser="", dark_sha256="", clip_id="")
    return replace(picture, taken_at=moved, device=one_line(research.device), device_serial="", acquisition=how)


def research_content(content: ReadingContent, study: StudyInfo, research: Research) -> ReadingContent:
    """A reading of that visit. Its free text is left out by the writer, as of all that is de-identified."""
    return replace(
        content,
        made_at=research_moment(content.made_at, study, research),
        pictures=tuple(research_picture(picture, study, research) for picture in content.pictures),
    )


def research_moment(moment: datetime, study: StudyInfo, research: Research) -> datetime:
    """A moment of that visit, such as when an overlay was made, as it stands in the export."""
    return _start(study, research) + (moment - study.started_at)


def blanked(pixels: Pixels, boxes: tuple[Box, ...]) -> Pixels:
    """A copy with black boxes where words are drawn into the picture; boxes may reach beyond it."""
    clean = np.array(pixels, copy=True)
    for left, top, right, bottom in boxes:
        clean[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 0
    return clean


def _start(study: StudyInfo, research: Research) -> datetime:
    """Noon of the moved day of the visit: neither the time of day nor the zone is given away."""
    day = study.started_at.date() + timedelta(days=research.offset_days)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _age(birth: date, day: date) -> int | None:
    """Years at the visit; None for a birth date that cannot be hers: after the visit, or longer ago than anybody lives.

    A typing error must not become an age.
    """
    if birth > day or day.year - birth.year > LONGEST_LIFE:
        return None
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _check(study: StudyInfo, research: Research) -> None:
    pseudonym = research.pseudonym.strip()
    if not pseudonym or pseudonym != one_line(pseudonym) or set("^=") & set(pseudonym):
        raise _refused(
            tr("the pseudonym is empty, too long or holds signs that DICOM does not"), tr("choose another one")
        )
    named = (study.patient_identifier, study.family_name, study.given_name)
    parts = [part for text in named for part in (text, *text.split()) if len(part) >= _SHORTEST]
    if any(part.casefold() in pseudonym.casefold() for part in parts):
        raise _refused(tr("the pseudonym holds part of the patient's name or identifier"), tr("choose another one"))
    if len(research.salt) < SMALLEST_SALT:
        raise _refused(
            tr("the secret of the export is shorter than {fewest} bytes", fewest=SMALLEST_SALT),
            tr("make a new one"),
        )
    if research.offset_days == 0:
        raise _refused(tr("the dates would not be moved"), tr("choose an offset in days other than 0"))
    if not research.pixels_looked_at:
        raise _refused(
            tr("nobody said that the pictures were looked at for names drawn into them"),
            tr("look at each picture, blank what names the patient, and say so"),
        )


def _refused(what: str, remedy: str) -> BadInputError:
    return BadInputError(
        tr("this is no export for research: {what}", what=what), safe=tr("nothing was written"), remedy=remedy
    )
