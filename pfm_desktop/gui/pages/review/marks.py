"""Pins and os: what the stage asks for becomes edits of the visit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pfm_desktop.domain.source import Source
from pfm_desktop.viewmodels.found import Found, found_cervix, found_in, suggested_os
from pfm_desktop.viewmodels.review import Desk, os_mark_of

if TYPE_CHECKING:
    from pfm_desktop.domain.anatomy import Outline
    from pfm_desktop.domain.change import Change
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.support.errors import UserError
    from pfm_desktop.viewmodels.session import Session


class StageEdits:
    """Edits go to the pictures on the stage, and only while their visit is the one on the desk."""

    def __init__(self, session: Session, stage: StageWidget, desk: Callable[[], Desk]) -> None:
        self._session, self._stage, self._desk = session, stage, desk
        self._found: Mapping[Source, Found] = {}
        self._refused: UserError | None = None  # the last stroke, as the message bar says

    def place_pin(self, frame: Source, x: float, y: float) -> None:
        """A click with the pin tool; the new pin is chosen."""
        from pfm_desktop.services import review

        pair_id = self._pair_id()
        if not pair_id:
            return
        changes = self._session.perform(lambda lib: review.place_pin(lib, pair_id, frame, x, y))
        if changes:
            self._stage.commands.choose_pin(changes[0].key)

    def move_pin(self, pin_id: str, x: float, y: float) -> None:
        """A pin was dragged."""
        from pfm_desktop.services import review

        if self._knows(pin_id):
            self._session.perform(lambda lib: review.move_pin(lib, pin_id, x, y))

    def remove_pin(self, pin_id: str) -> None:
        """Delete was pressed with a pin chosen."""
        from pfm_desktop.services import review

        if self._knows(pin_id):
            self._session.perform(lambda lib: review.remove_pin(lib, pin_id))

    def mark_os(self, frame: Source, x: float, y: float) -> None:
        """A click with the os tool. A pair has one os: a mark in the other picture gives way; undo brings it back."""
        pair_id = self._pair_id()
        if pair_id:
            self._session.perform(lambda lib: _mark_os(lib, self._session.case, pair_id, frame, x, y))

    def take_os(self) -> None:
        """The os that the program found becomes the mark, as it stands."""
        found = self._stage.marks.suggested
        if found is not None and found.pair_id == self._pair_id():
            self.mark_os(found.frame, found.x, found.y)

    def draw_cervix(self, frame: Source, outline: Outline) -> None:
        """A stroke with the cervix tool."""
        from pfm_desktop.services import review

        if self._refused is not None:
            self._session.take_back(self._refused)
            self._refused = None
        pair_id = self._pair_id()
        if not pair_id:
            return
        if self._session.perform(lambda lib: review.mark_cervix(lib, pair_id, frame, outline)):
            self._stage.commands.show_cervix(True)
        else:
            self._refused = self._session.last_problem

    def take_cervix(self) -> None:
        """The outline that the program found becomes the drawn one, as it stands."""
        found = self.found_cervix()
        if found is not None:
            self.draw_cervix(*found)

    def found_cervix(self) -> tuple[Source, Outline] | None:
        """The outline that was found in one piece, in white light if it was found there; None where none was, and where
        the user drew one."""
        return None if self.has_drawn() else found_cervix(self._found)

    def clear_cervix(self) -> None:
        """What was drawn on the pictures on the stage goes; what was found in them counts again."""
        from pfm_desktop.services import review

        case, pair_id = self._session.case, self._pair_id()
        drawn = tuple(case.cervix_on(pair_id)) if case is not None else ()
        if drawn:
            self._session.perform(lambda lib: tuple(review.clear_cervix(lib, pair_id, frame) for frame in drawn))

    def has_drawn(self) -> bool:
        """Whether the user drew the cervix on a picture on the stage."""
        case = self._session.case
        return case is not None and bool(case.cervix_on(self._pair_id()))

    def show(self, case: VisitCase | None) -> None:
        """Pins and os of the pictures on the stage, and what was found in them."""
        pair_id, answer = self._pair_id(), self._desk().answer
        if case is None or not pair_id:
            self._found = {}
            self._stage.set_found({})
            self._stage.set_marks((), None)
            return
        found = self._found = found_in(answer.analysis if answer is not None else None, case.cervix_on(pair_id))
        mark = os_mark_of(case, pair_id)
        self._stage.set_found(found)
        locked = case.signed or bool(self._session.library.no_editing)  # nobody could confirm it
        suggested = None if locked else suggested_os(found, pair_id, mark)
        self._stage.set_marks(case.pins_on(pair_id), mark, suggested)

    def _pair_id(self) -> str:
        case, pair = self._session.case, self._desk().pair
        return pair.id if case is not None and pair is not None and pair.visit_id == case.visit.id else ""

    def _knows(self, pin_id: str) -> bool:
        case = self._session.case
        return case is not None and any(pin.id == pin_id for pin in case.pins_on(self._pair_id()))


def _mark_os(
    lib: Library, case: VisitCase | None, pair_id: str, frame: Source, x: float, y: float
) -> tuple[Change, ...]:
    from pfm_desktop.services import review

    marked = review.mark_os(lib, pair_id, frame, x, y)
    others = [] if case is None else [mark for mark in case.os_marks_on(pair_id) if mark.frame is not frame]
    return (marked, *(review.clear_os(lib, mark.pair_id, mark.frame) for mark in others))
