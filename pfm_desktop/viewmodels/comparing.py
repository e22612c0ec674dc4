"""Two visits beside each other: what was asked, how far it is, and what is said of it. No Qt.

`Comparison` is what is known about the two pictures that were asked for last. Whatever a job brings for an older
question never gets into it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from pfm_desktop.domain.grade import GRADE_WORDS, Grade
from pfm_desktop.domain.registration import NO_STRUCTURE, RegistrationStatus, reason_words
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.domain.treatment import treated_between
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.captions import Caption, Captions
from pfm_desktop.viewmodels.filmstrip import FilmstripEntry, entry_of
from pfm_desktop.viewmodels.registration_chip import ChipText, Light
from pfm_desktop.viewmodels.stages import stage_words
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pfm_desktop.domain.case import Pair, Picture, Visit
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.comparing import Compared, EarlierVisit

NO_EARLIER = tr("No earlier visit of this woman has pictures.")
NO_PICTURE = tr("No picture on the stage to compare with.")
LOCKED = tr("Two visits are on the stage. Press Esc to go back to the pair first.")
STOPPED = tr("Aligning was stopped: the two are side by side, not aligned. Choose the picture again to align them.")
GONE = tr("The earlier visit is no longer on record as one of this woman's: it is not shown any more.")
NOT_THE_PAIR = tr("Nothing is marked, read or kept here.")


class Doing(StrEnum):
    """What is being done for a comparison."""

    NOTHING = ""
    LOADING = "loading"
    ALIGNING = "aligning"


@dataclass(frozen=True, eq=False)
class Comparison:
    """`ticket` numbers the question; `problem` says what went wrong in the last one."""

    ticket: int = 0
    visit_id: str = ""
    now_id: str = ""
    earlier_id: str = ""
    pictures: Compared | None = None
    registration: Registration | None = None
    doing: Doing = Doing.NOTHING
    problem: str = ""

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return self.doing is not Doing.NOTHING


def asked(before: Comparison, visit_id: str, now_id: str, earlier_id: str) -> Comparison:
    """Another two are asked for; those that are shown stay until the new ones have come."""
    doing = Doing.LOADING if earlier_id else Doing.NOTHING
    return Comparison(before.ticket + 1, visit_id, now_id, earlier_id, doing=doing)


def with_pictures(now: Comparison, ticket: int, pictures: Compared) -> Comparison:
    """They have come, and are to be aligned."""
    return now if ticket != now.ticket else replace(now, pictures=pictures, doing=Doing.ALIGNING)


def with_registration(now: Comparison, ticket: int, registration: Registration) -> Comparison:
    """They are aligned, or it is known that they cannot be."""
    return now if ticket != now.ticket else replace(now, registration=registration, doing=Doing.NOTHING)


def with_problem(now: Comparison, ticket: int, problem: str) -> Comparison:
    """What was being done could not be done."""
    return now if ticket != now.ticket else replace(now, doing=Doing.NOTHING, problem=problem)


# ---- which pictures


def picture_now(case: VisitCase, pair: Pair | None, earlier: Picture) -> Picture | None:
    """The picture on the stage that an earlier one is laid beside: of its stage, else of its source, else the one that
    the stage speaks of."""
    if pair is None:
        return None
    ids = (pair.white_id, pair.fluorescence_id)
    shown = [picture for picture in (case.picture(one) for one in ids) if picture is not None]
    of_stage = [one for one in shown if one.stage is earlier.stage]
    of_source = [one for one in shown if one.source is earlier.source]
    return next(iter((*of_stage, *of_source, *shown)), None)


def nearest_first(pictures: Sequence[Picture], shown: Sequence[Picture]) -> tuple[Picture, ...]:
    """Those of the stage of one that is shown come first, the one taken nearest to it after acetic acid before the
    others; then those of its source."""

    def far(one: Picture) -> tuple[int, float]:
        alike = [other for other in shown if other.stage is one.stage]
        if not alike:
            return (1 if any(other.source is one.source for other in shown) else 2), 0.0
        return 0, min(_apart(one, other) for other in alike)

    return tuple(sorted(pictures, key=far))  # sorted keeps the order of time of what is as near


def _apart(one: Picture, other: Picture) -> float:
    first, second = one.seconds_since_acid, other.seconds_since_acid
    return 1e9 if first is None or second is None else abs(first - second)


def entries(
    visits: Sequence[EarlierVisit], shown: Sequence[Picture], load: Callable[[str], NDArray[np.uint8]]
) -> tuple[FilmstripEntry, ...]:
    """The earlier pictures to choose from, visit by visit, the newest visit first."""
    made: list[FilmstripEntry] = []
    for one in visits:
        read = GRADE_WORDS[Grade(one.impression)] if one.impression else ""
        group = COMMA.join(part for part in (day(one.visit.day), read) if part)
        for number, picture in enumerate(nearest_first(one.pictures, shown)):
            entry = entry_of(picture, partial(load, picture.id))
            made.append(replace(entry, group=group, begins=number == 0))
    return tuple(made)


def best(visits: Sequence[EarlierVisit], shown: Sequence[Picture]) -> str:
    """The picture that is offered: of the newest visit that has one of a stage that is shown, else of the newest."""
    stages = {one.stage for one in shown}
    alike = [one for one in visits if any(picture.stage in stages for picture in one.pictures)]
    chosen = next(iter((*alike, *visits)), None)
    return "" if chosen is None else nearest_first(chosen.pictures, shown)[0].id


def why_not(case: VisitCase | None, pair: Pair | None) -> str:
    """Why nothing can be compared now; "" when it can."""
    if case is None or pair is None or pair.visit_id != case.visit.id:
        return NO_PICTURE
    return "" if any(row.pictures for row in case.earlier) else NO_EARLIER


# ---- words


def captions(
    compared: Compared, registration: Registration | None, doing: Doing, *, today: date | None = None
) -> Captions:
    """What stands on the two, and what is said about both."""
    now, before = compared.now_visit, compared.earlier_visit
    treated = treated_between(compared.earlier_card, compared.now_card, before.day, now.day)
    between = treated is not None and treated.between
    of_now = now_words(now, today)
    lies = _lies_words(registration, doing)
    return Captions(
        {
            Source.WHITE: Caption(
                f"{of_now}, {day(now.day)}",
                _lines(compared.now, tr("after treatment") if between else ""),
                of_now,
            ),
            Source.FLUORESCENCE: Caption(
                tr("Earlier, {day}", day=day(before.day)),
                (*_lines(compared.earlier, tr("before treatment") if between else ""), *((lies,) if lies else ())),
                tr("Earlier"),
            ),
        },
        note=stages_differ(compared.now, compared.earlier),
    )


def now_words(visit: Visit, today: date | None = None) -> str:
    """What the visit that is open is called: today, where it is of today."""
    return tr("Today") if visit.day == (today or datetime.now(UTC).astimezone().date()) else tr("This visit")


def _lines(picture: Picture, treatment: str) -> tuple[str, ...]:
    words = capital(stage_words(picture))
    if picture.source is Source.FLUORESCENCE:
        words = tr("Fluorescence, {stage}", stage=stage_words(picture))
    return (words, capital(treatment)) if treatment else (words,)


def _lies_words(registration: Registration | None, doing: Doing) -> str:
    if registration is None:
        return tr("Being aligned ...") if doing is Doing.ALIGNING else tr("Not aligned")
    return tr("Not aligned") if registration.status is RegistrationStatus.REFUSED else ""


def stages_differ(now: Picture, earlier: Picture) -> str:
    """Said where the two do not show the same step of the examination; else ""."""
    if now.stage is not earlier.stage:
        return tr("Stages differ: {now} and {earlier}", now=_said(now), earlier=_said(earlier))
    first, second = now.seconds_since_acid, earlier.seconds_since_acid
    if now.stage is Stage.ACETIC_ACID and first is not None and second is not None and abs(first - second) > FAR_S:
        return tr("Seconds differ: {first:.0f} s and {second:.0f} s after acetic acid", first=first, second=second)
    return ""


FAR_S = 45.0  # seconds: by then whitening looks another (it comes within 60 s and fades in minutes; clinical practice)


def _said(picture: Picture) -> str:
    lit = picture.source is Source.FLUORESCENCE
    return tr("fluorescence {when}", when=picture.stage.words) if lit else picture.stage.words


def headline(compared: Compared) -> str:
    """Both days, and what is on record of a treatment."""
    now, before = compared.now_visit, compared.earlier_visit
    days = tr("{earlier} beside {now}", earlier=day(before.day), now=day(now.day))
    treated = treated_between(compared.earlier_card, compared.now_card, before.day, now.day)
    if treated is None:
        return days
    what = treated.what or tr("kind not told")
    if treated.on is not None:
        what = f"{what}, {day(treated.on)}"
    return f"{days}. " + tr("Treatment on record: {treatment}", treatment=what)


def details(compared: Compared) -> str:
    """What each of the two visits was for, in the words on record, and what this view is not for."""
    then, now = compared.earlier_visit.indication.strip(), compared.now_visit.indication.strip()
    said = [tr("Then: {indication}", indication=then)] if then else []
    said += [tr("now: {indication}", indication=now)] if now else []
    return f"{capital('; '.join(said))}. {NOT_THE_PAIR}" if said else NOT_THE_PAIR


def chip(now: Comparison) -> ChipText:
    """How well the two lie on each other."""
    if now.doing is Doing.ALIGNING:
        return ChipText(Light.GREY, tr("aligning ..."), tr("The earlier picture is being laid on this visit's."))
    found = now.registration
    if found is None:
        return ChipText(Light.GREY, tr("not aligned"), now.problem or tr("The two are not aligned."))
    if found.status is RegistrationStatus.REFUSED:
        reason = own_words(found.cause) or tr("no reliable match")
        reason = f"{reason[:1].lower()}{reason[1:]}"
        details = tr(
            "The two are not aligned: {reason}. They stand side by side, each in its own frame.", reason=reason
        )
        return ChipText(Light.RED, tr("not aligned: {reason}", reason=reason), details)
    error = tr("error not known") if found.error_px is None else f"{found.error_px:.1f} px"
    overlap = tr("{share:.0%} of this visit's picture is seen in the earlier one.", share=found.overlap)
    if found.status is RegistrationStatus.CHECK:
        reason = f" {capital(own_words(found.cause)).rstrip('.')}." if found.cause else ""
        said = tr("Look before you trust it: estimated error {error}.", error=error)
        return ChipText(Light.AMBER, tr("check, {error}", error=error), f"{said}{reason} {overlap}")
    return ChipText(Light.GREEN, error, tr("Aligned, estimated error {error}.", error=error) + f" {overlap}")


_OWN_WORDS = {
    reason_words(NO_STRUCTURE[0]): tr("this visit's picture shows no structure"),
    reason_words(NO_STRUCTURE[1]): tr("the earlier picture shows no structure"),
}


def own_words(reason: str) -> str:
    """A reason of the registration, which speaks of a pair, said of two visits."""
    return _OWN_WORDS.get(reason.strip(), reason.strip())


def still_hers(case: VisitCase | None, visit: Visit) -> bool:
    """Whether an earlier visit is on record as one of the woman's whose visit is open."""
    return case is not None and any(row.visit.id == visit.id for row in case.earlier)
