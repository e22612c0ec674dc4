"""What is measured in the drawing of the chosen lesion, and the diagram of the cervix, in Findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.diagram_view import DiagramView
from pfm_desktop.gui.widgets.folding import Folding
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels import measuring as model

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfm_desktop.domain.lesion import Lesion
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session

TAKE = tr("Take from the drawing")


class DrawingPanel(QWidget):
    """Follows `show_case` and `show_pair`; `chosen` says which lesion is in front. `of_diagram` stands elsewhere in the
    column."""

    def __init__(self, session: Session, chosen: Callable[[], Lesion | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._chosen = session, chosen
        self._case: VisitCase | None = None
        self._known = model.Known()
        self._offer: model.Offer | None = None
        self._stale = False
        self._shown: tuple[object, ...] = ()  # what it was worked out from
        self.said, self.offered, self.wanting = words(self), words(self, "quiet"), words(self, "quiet")
        self.take = QPushButton(TAKE, self)
        self.take.setProperty("role", "chip")
        self.take.clicked.connect(lambda _checked=False: self._take())
        self.diagram = DiagramView()
        self.of_diagram = Folding(tr("Diagram of the cervix"), self.diagram, parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.said, self.offered, self.take, self.wanting):
            column.addWidget(part)
        self._show()

    def show_case(self, case: VisitCase | None) -> None:
        """A visit as it is on disk."""
        self._case = case
        self._show()

    def show_pair(self, known: model.Known) -> None:
        """What is known of the pair on the stage."""
        if known != self._known:
            self._known = known
            self._show()

    def follow(self) -> None:
        """Another lesion was chosen."""
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Nothing is measured while nobody looks."""
        super().showEvent(event)
        if self._stale:
            self._show()

    def _show(self) -> None:
        self._stale = not self.isVisible()
        if self._stale and self._case is not None:
            return
        asked = (self._case, self._known, self._chosen(), self._session.library.no_editing)
        if all(one is other for one, other in zip(asked, self._shown, strict=False)) and self._shown:
            return
        self._shown = asked
        view = model.drawing_view(*asked)
        self._offer = view.offer
        say(self.said, view.words)
        say(self.offered, titled(TAKE, view.offer.words) if view.offer is not None else "")
        say(self.wanting, view.wanting)
        self.take.setVisible(view.offer is not None)
        self.take.setAccessibleDescription(view.offer.words if view.offer is not None else "")
        self.diagram.show_diagram(view.diagram)
        self.of_diagram.setVisible(view.diagram is not None)

    def _take(self) -> None:
        if self._offer is not None:
            self._session.perform(model.taken_edit(self._offer, by=self._session.reader))
