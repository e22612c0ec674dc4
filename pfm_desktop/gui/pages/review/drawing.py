"""Contours of lesions and the SCJ line: what is drawn on the stage becomes edits of the visit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pfm_desktop.domain.source import Source
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import drawings as model
from pfm_desktop.viewmodels.review import Desk

if TYPE_CHECKING:
    from pfm_desktop.domain.anatomy import Outline
    from pfm_desktop.gui.widgets.lesions_panel import LesionsPanel
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Edit, Session


class DrawingEdits:
    """Edits go to the pictures on the stage, and only while their visit is the one on the desk; contours are of the
    lesion that is chosen in Findings, and what is chosen on the stage chooses its lesion there."""

    def __init__(self, session: Session, stage: StageWidget, desk: Callable[[], Desk], lesions: LesionsPanel) -> None:
        self._session, self._stage, self._desk, self._lesions = session, stage, desk, lesions
        self._refused: UserError | None = None  # what was drawn last, as the message bar says
        stage.lesion_drawn.connect(self.draw_contour)
        stage.brushed.connect(self.brush)
        stage.junction_drawn.connect(self.draw_junction)
        stage.drawing_selected.connect(self._chosen)
        stage.drawing_removed.connect(self.remove)
        stage.corner_moved.connect(self.move_corner)
        stage.declined.connect(self._decline)
        stage.tool_changed.connect(lambda _tool: self.show_hint())
        lesions.chosen_changed.connect(self.show_hint)

    def draw_contour(self, frame: Source, outline: Outline) -> None:
        """A stroke, or corners, around the lesion that is chosen."""
        from pfm_desktop.services import drawing

        pair_id, lesion_id = self._pair_id(), self._lesion_id()
        self._draw(lambda lib: drawing.draw_contour(lib, pair_id, frame, outline, lesion_id))

    def brush(self, frame: Source, line: Outline, radius: float, erases: bool) -> None:
        """A stroke with a brush or the eraser."""
        from pfm_desktop.services import drawing

        pair_id, lesion_id = self._pair_id(), self._lesion_id()
        edit = drawing.erase if erases else drawing.paint
        self._draw(lambda lib: edit(lib, pair_id, frame, line, radius, lesion_id), choose=False)

    def draw_junction(self, frame: Source, line: Outline) -> None:
        """A stroke, or points, along the squamocolumnar junction."""
        from pfm_desktop.services import drawing

        pair_id = self._pair_id()
        self._draw(lambda lib: drawing.draw_junction(lib, pair_id, frame, line))

    def remove(self, drawing_id: str) -> None:
        """Delete was pressed with something chosen."""
        from pfm_desktop.services import drawing

        drawn = next((one for one in self._stage.drawings.given if one.id == drawing_id), None)
        if drawn is not None and self._pair_id():
            edit = drawing.remove_contour if drawn.closed else drawing.remove_junction
            self._session.perform(lambda lib: edit(lib, drawing_id))

    def move_corner(self, drawing_id: str, corner: int, x: float, y: float) -> None:
        """A corner of what is chosen was dragged."""
        from pfm_desktop.services import drawing

        if any(one.id == drawing_id for one in self._stage.drawings.given):
            self._draw(lambda lib: drawing.move_corner(lib, drawing_id, corner, x, y))

    def add_lesion(self) -> None:
        """A lesion more, which is drawn next."""
        from pfm_desktop.viewmodels.documenting import added_edit

        case = self._session.case
        made = self._session.perform(added_edit(case)) if case is not None and self._pair_id() else None
        if made:
            self._stage.draw.choose("")
            self._lesions.choose(made[0].key)

    def toggle(self) -> None:
        """Show or hide what is drawn."""
        self._stage.draw.show(self._stage.drawings.hidden)
        self.show_hint()

    def show(self, case: VisitCase | None) -> None:
        """What is drawn on the pictures on the stage."""
        pair_id = self._pair_id()
        self._stage.drawings.show(model.drawings_of(case, pair_id) if case is not None and pair_id else ())
        self.show_hint()

    def show_hint(self) -> None:
        """What the tool in hand does, and for which lesion."""
        chosen = self._lesions.chosen
        drawings = self._stage.drawings
        hidden = drawings.hidden and bool(drawings.given)
        drawings.say(model.hint(self._stage.tool, chosen.number if chosen is not None else None, hidden=hidden))

    def _draw(self, edit: Edit, *, choose: bool = True) -> None:
        if self._refused is not None:
            self._session.take_back(self._refused)
            self._refused = None
        if not self._pair_id():
            return
        self._stage.draw.show(True)
        changes = self._session.perform(edit)
        if changes is None:
            self._refused = self._session.last_problem
        drawn = [change.key for change in changes or () if change.what == "annotation" and change.new is not None]
        if choose and drawn:
            self._stage.draw.choose(drawn[0])

    def _chosen(self, drawing_id: str) -> None:
        drawn = next((one for one in self._stage.drawings.given if one.id == drawing_id), None)
        if drawn is not None and drawn.lesion_id not in ("", self._lesion_id()):
            self._lesions.choose(drawn.lesion_id)

    def _decline(self, why: str) -> None:
        self._session.say(UserError(why))

    def _lesion_id(self) -> str | None:
        chosen = self._lesions.chosen
        return chosen.id if chosen is not None else None

    def _pair_id(self) -> str:
        case, pair = self._session.case, self._desk().pair
        return pair.id if case is not None and pair is not None and pair.visit_id == case.visit.id else ""
