"""What the Pins panel shows. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain.annotation import OsMark, Pin
from pfm_desktop.domain.clock import NO_WAY
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.specimen import SpecimenKind
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.findings import why_locked
from pfm_desktop.viewmodels.found import TAKE_KEY
from pfm_desktop.viewmodels.grades import SOURCES
from pfm_desktop.viewmodels.review import os_mark_of
from pfm_desktop.viewmodels.stages import stage_words
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.domain.specimen import Specimen
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Edit

NO_PINS = tr("No pins yet. Press P on the stage, then click where the biopsy is taken.")
NO_OS = tr("Mark the os first (O on the stage)")
NOT_SURE = tr("if the os is where the program found it ({key} on the stage marks it there)", key=TAKE_KEY)
NOT_ON_STAGE = tr("not on the stage now")


@dataclass(frozen=True)
class PinRow:
    """One pin: `place` is hour and quadrant, or what is missing for them; `picture` says what it is on, and whether
    that is on the stage. `pot` stands on the label; `answers` how it was taken; `result` what the laboratory said."""

    id: str
    letter: str
    place: str
    picture: str
    note: str
    pot: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    result: str = ""


@dataclass(frozen=True)
class SpecimenRow:
    """What was taken without a pin."""

    id: str
    name: str
    pot: str
    answers: Mapping[str, Any]
    result: str


@dataclass(frozen=True)
class PinsView:
    """`locked` says why nothing can be edited ("" when it can); `note` what to do while there is no pin."""

    rows: tuple[PinRow, ...] = ()
    others: tuple[SpecimenRow, ...] = ()
    locked: str = ""
    note: str = ""


@dataclass(frozen=True)
class Registered:
    """The pair on the stage ("" while none is) and its registration, as far as it is known: an os marked in the other
    picture then counts. `suggested` is the os that the program found in it, while none is marked."""

    pair_id: str = ""
    registration: Registration | None = None
    suggested: OsMark | None = None

    def for_pair(self, pair_id: str) -> Registration | None:
        """The registration where it is of this pair and may be used."""
        known = self.registration
        if known is None or known.status is RegistrationStatus.REFUSED or known.for_looking_only:
            return None
        return known if pair_id == self.pair_id else None


def pins_view(case: VisitCase | None, read_only_reason: str = "", known: Registered | None = None) -> PinsView:
    """The pins of a visit by letter."""
    locked = why_locked(case, read_only_reason)
    if case is None:
        return PinsView(locked=locked)
    if locked and known is not None:
        known = replace(known, suggested=None)  # nobody could confirm it
    specimens = {one.id: one for one in case.specimens}
    rows = tuple(
        PinRow(
            pin.id,
            pin.letter,
            place_words(case, pin, known),
            picture_words(case, pin, known),
            pin.note,
            pin.pot,
            pin.answers,
            _result_words(specimens.get(pin.id)),
        )
        for pin in case.pins
    )
    others = tuple(
        SpecimenRow(one.id, capital(one.name), one.pot, one.answers, _result_words(one))
        for one in case.specimens
        if one.kind is not SpecimenKind.BIOPSY
    )
    return PinsView(rows, others, locked, "" if rows or locked else NO_PINS)


def _result_words(one: Specimen | None) -> str:
    if one is None or not one.pot:
        return ""
    from pfm_desktop.viewmodels.follow_up import result_words

    return tr("Histology: {result}", result=result_words(one))


def place_words(case: VisitCase, pin: Pin, known: Registered | None = None) -> str:
    """`2 o'clock, anterior left`, as the report says it; what to do while there is no hour, or none that is sure."""
    from pfm_desktop.services.report import NO_HOUR, place_of

    pair_id = known.pair_id if known is not None and pin in case.pins_on(known.pair_id) else pin.pair_id
    mark = os_mark_of(case, pair_id)
    place = place_of(pin, mark, known.for_pair(pair_id) if known else None)
    if place != NO_HOUR:
        return place
    found = known.suggested if known is not None and pair_id == known.pair_id else None
    if known is None or found is None:
        return NO_OS
    place = place_of(pin, found, known.for_pair(pair_id))
    return NO_OS if place in (NO_HOUR, NO_WAY) else f"{place}, {NOT_SURE}"


def picture_words(case: VisitCase, pin: Pin, known: Registered | None = None) -> str:
    """`on white light, acetic acid, 60 s`; also when that picture is not on the stage."""
    picture = case.picture_of(pin)
    source, stage = SOURCES[pin.frame], stage_words(picture) if picture is not None else ""
    words = tr("on {source}, {stage}", source=source, stage=stage) if stage else tr("on {source}", source=source)
    elsewhere = known is not None and bool(known.pair_id) and pin not in case.pins_on(known.pair_id)
    return f"{words} ({NOT_ON_STAGE})" if elsewhere else words


def remove_edit(pin_id: str) -> Edit:
    """Take a pin away."""
    from pfm_desktop.services import review

    return lambda lib: review.remove_pin(lib, pin_id)


def pot_edit(specimen_id: str, pot: str) -> Edit:
    """What stands on its pot."""
    from pfm_desktop.services import specimens

    return lambda lib: specimens.set_pot(lib, specimen_id, pot)


def taken_edit(specimen_id: str, key: str, answer: Any) -> Edit:
    """One answer of how it was taken."""
    from pfm_desktop.services import specimens

    return lambda lib: specimens.set_taken(lib, specimen_id, key, answer)


def added_edit(case: VisitCase, kind: SpecimenKind) -> Edit:
    """Something more was taken, without a pin."""
    from pfm_desktop.services import specimens

    return lambda lib: specimens.add_specimen(lib, case.visit.id, kind)


def specimen_removed_edit(specimen_id: str) -> Edit:
    """It was not taken."""
    from pfm_desktop.services import specimens

    return lambda lib: specimens.remove_specimen(lib, specimen_id)


def save_note(lib: Library, pin_id: str, note: str) -> Change:
    """The note on a pin, for `Drafts`."""
    from pfm_desktop.services import review

    return review.note_pin(lib, pin_id, note)
