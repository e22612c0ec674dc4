"""Below the stage: the visit's pictures, adding to them, and the woman's other visits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.case import Pair, Picture
from pfm_desktop.gui.widgets.filmstrip import Filmstrip, PictureList
from pfm_desktop.gui.widgets.move_form import MoveForm
from pfm_desktop.gui.widgets.picture_rows import PictureRows
from pfm_desktop.gui.widgets.second_press import SecondPress
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.filmstrip import entries_of
from pfm_desktop.viewmodels.intake import NewPicture
from pfm_desktop.viewmodels.known_pictures import ALL_THE_SAME
from pfm_desktop.viewmodels.moving import visits_for
from pfm_desktop.viewmodels.review import VisitLink

if TYPE_CHECKING:
    from datetime import datetime

    from numpy import uint8
    from numpy.typing import NDArray

    from pfm_desktop.domain.clip import Clip
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session

ACROSS = QBoxLayout.Direction.LeftToRight
VISITS_WIDTH = 215
FORM_HEIGHT = 190
LOW_PAGE = 620  # logical pixels
CHOOSE_FIRST = tr("Choose the pictures in the filmstrip first: a click, or Shift and the arrows.")


class PicturesArea(QWidget):
    """Filmstrip, form and other visits; collapses to its header."""

    add_asked = Signal(tuple)  # of NewPicture
    not_added = Signal()  # another visit came before the files were read
    visit_chosen = Signal(str)
    declined = Signal(str)  # why what is asked for cannot be
    covered = Signal()  # a form needs the room in which earlier pictures are chosen
    compare_asked = Signal()
    play_asked = Signal()

    def __init__(self, load: Callable[[str], NDArray[uint8]], session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._load, self._session = load, session
        self._pictures: tuple[Picture, ...] = ()
        self._clips: tuple[Clip, ...] = ()
        self._acid_at: datetime | None = None
        self._visit_id, self._why_not = "", ""
        self.filmstrip, self.form, self.visits = Filmstrip(self), AddForm(self), VisitList(self)
        self.move_form = MoveForm(session, self, across=True)
        self.toggle, self.add = QPushButton(self), QPushButton(tr("Add pictures ..."), self)
        self.compare, self.play = QPushButton(tr("Compare visits ..."), self), QPushButton(tr("Play sequence"), self)
        self._picker: QWidget | None = None
        self._choosing = False  # among pictures of earlier visits, in the filmstrip's place
        self._low = False  # the page has little height
        self._before: tuple[bool | None, bool] = None, True  # as `_chosen` and `_open` were then
        self._open = True
        self._chosen: bool | None = None  # by the user: the page's height counts no more
        self._buttons, self._row = QGridLayout(), QBoxLayout(ACROSS)
        self._across, self._columns = True, 0  # of the buttons, which `_arrange` places
        self._lay_out()
        self.toggle.clicked.connect(self.toggle_open)
        self.add.clicked.connect(self.ask_for_files)
        self.compare.clicked.connect(self.compare_asked)
        self.play.clicked.connect(self.play_asked)
        self.form.saved.connect(self.add_asked)
        self.form.closed.connect(self._form_closed)
        self.move_form.closed.connect(self._form_closed)
        self.move_form.done.connect(lambda _changes: self._form_closed())
        self.filmstrip.move_asked.connect(self._ask_move)
        self.visits.chosen.connect(self.visit_chosen)

    def show_case(self, case: VisitCase | None, links: Sequence[VisitLink]) -> None:
        """The pictures and other visits of a case; the same pictures again stay as they are."""
        visit_id = "" if case is None else case.visit.id
        if visit_id != self._visit_id:
            self._visit_id = visit_id
            if self.form.rows.waiting:
                self.not_added.emit()
            self.form.leave()  # its files were meant for the other visit
            self.move_form.leave()
        line = ((), (), None) if case is None else (case.pictures, case.clips, case.acid_at)
        if line != (self._pictures, self._clips, self._acid_at):
            self._pictures, self._clips, self._acid_at = line
            load_clip = partial(_first_frame, self._session)
            self.filmstrip.set_pictures(entries_of(*line, self._load, load_clip))
        self.visits.show_links(links)
        self._settle()

    def mark_on_stage(self, pair: Pair | None) -> None:
        """Mark the pictures of the pair on the stage."""
        self.filmstrip.set_on_stage(() if pair is None else (pair.white_id, pair.fluorescence_id))

    def toggle_open(self) -> None:
        """Show or hide all but the buttons: the stage takes the room."""
        self._chosen = self._open = not self._open
        if not self._open:
            self.form.leave()
            self.move_form.leave()
        self._settle()

    def fit_to(self, height: int) -> None:
        """On a page lower than `LOW_PAGE` the stage has the room, until the user chooses otherwise."""
        self._low = height < LOW_PAGE
        if self._chosen is None and self._open is self._low:
            self._open = not self._low
            self._settle()

    def take_in(self, picker: QWidget) -> None:
        """Where earlier pictures are chosen, once that is asked for."""
        self._picker = picker
        self._row.insertWidget(self._row.indexOf(self.visits), picker, 1)
        self._settle()

    def show_picker(self, choosing: bool) -> None:
        """In the filmstrip's place, or no more."""
        if choosing is self._choosing:
            return
        self._choosing = choosing
        if choosing:
            self._before = self._chosen, self._open
            self._chosen = self._open = True
            self.form.leave()
            self.move_form.leave()
        else:
            self._chosen, self._open = self._before
        self._settle()

    def make_room(self) -> None:
        """Earlier pictures were chosen from: on a low page they give way to what is on the stage. F8 shows them."""
        if self._low and self._choosing:
            self._open = False
            self._settle()

    @property
    def list_in_sight(self) -> PictureList | None:
        """The thumbnails that can be reached by key now; None while there are none."""
        strips = (self.filmstrip, self._picker.findChild(Filmstrip) if self._picker is not None else None)
        return next((strip.list for strip in strips if strip is not None and strip.list.isVisible()), None)

    def allow_comparing(self, why_not: str) -> None:
        """Switch comparing on, or off with the reason why."""
        self.compare.setEnabled(not why_not)
        self.compare.setToolTip(why_not or tr("A picture of an earlier visit beside the one on the stage (F7)"))
        self.compare.setAccessibleDescription(why_not)

    def allow_playing(self, why_not: str) -> None:
        """Switch the player on, or off with the reason why."""
        self.play.setEnabled(not why_not)
        self.play.setToolTip(
            why_not or tr("The pictures after acetic acid, one after the other, each on the first (F9)")
        )
        self.play.setAccessibleDescription(why_not)

    def allow_adding(self, why_not: str) -> None:
        """Switch adding on, or off with the reason why."""
        self._why_not = why_not
        self.add.setEnabled(not why_not)
        self.add.setToolTip(why_not or tr("Choose picture files, or drop them here"))
        if why_not:
            self.form.leave()
            self.move_form.leave()

    def ask_for_files(self) -> None:
        """Open the form."""
        self.take_files(())

    def take_files(self, files: Sequence[Path]) -> bool:
        """Open the form with these files in it; False while no picture may be added."""
        if self._why_not:
            return False
        self.covered.emit()
        self._chosen = self._open = True
        self.move_form.leave()
        self.form.open(files)
        self._settle()
        return True

    def ask_move(self) -> None:
        """To which visit the chosen pictures are to go; `declined` where none is chosen, or none may leave."""
        if not self.filmstrip.list.selectedItems():
            self.declined.emit(CHOOSE_FIRST)
        else:
            self.filmstrip.list.ask_move()

    def _ask_move(self, picture_ids: list[str]) -> None:
        if self._why_not:
            self.declined.emit(tr("No picture can be moved. {reason}", reason=self._why_not))
            return
        self.covered.emit()
        self._chosen = self._open = True
        self.form.leave()
        what = self._visit_id, tuple(picture_ids)
        self.move_form.ask(tr("Move %n picture(s)", "", len(picture_ids)), tr("Move"), visits_for, *what)
        self._settle()

    def _form_closed(self) -> None:
        self._settle()
        (self.filmstrip.list if self._pictures else self.add).setFocus(Qt.FocusReason.OtherFocusReason)

    def _settle(self) -> None:
        count = len(self._pictures) + len(self._clips)
        said = tr("Hide pictures ({count})") if self._open else tr("Show pictures ({count})")
        self.toggle.setText(said.format(count=len(self._pictures)))
        free = self.form.isHidden() and self.move_form.isHidden()
        self.filmstrip.setVisible(self._open and bool(count) and free and not self._choosing)
        if self._picker is not None:
            self._picker.setVisible(self._open and free and self._choosing)
        self.visits.collapse(not self._open or self._choosing)  # they are there to choose from
        self._across = not (self._open and (count or not free))  # one line of buttons needs least height
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrower: buttons in two lines, where one would cut their words."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        buttons = (self.toggle, self.add, self.compare, self.play)
        gaps = (len(buttons) - 1) * self._buttons.horizontalSpacing()
        beside = 0 if self.visits.isHidden() else self.visits.width() + self._row.spacing()
        margins = self._row.contentsMargins()
        room = self.width() - margins.left() - margins.right() - beside
        fits = sum(button.sizeHint().width() for button in buttons) + gaps <= room
        columns = (len(buttons) if fits else 2) if self._across else 1
        if columns == self._columns:
            return
        self._columns = columns
        for number, button in enumerate(buttons):
            self._buttons.addWidget(button, number // columns, number % columns)
        self._buttons.setRowStretch(len(buttons), 0 if self._across else 1)
        self._buttons.setColumnStretch(len(buttons), 1 if self._across else 0)

    def _lay_out(self) -> None:
        self.toggle.setToolTip(tr("Show or hide the pictures and visits below the stage (F8)"))
        self._row.setContentsMargins(6, 4, 6, 4)
        self._row.addLayout(self._buttons)
        self._row.addWidget(self.filmstrip, 1)
        self._row.addWidget(self.form, 1)
        self._row.addWidget(self.move_form, 1)
        self._row.addWidget(self.visits)
        self.setLayout(self._row)
        self._settle()


def _first_frame(session: Session, clip_id: str) -> NDArray[uint8]:
    from pfm_desktop.services.capture import clips

    return clips.frame_pixels(session.library, clip_id, 0)


class AddForm(QFrame):
    """Files with their stages; Enter adds them, Escape closes. What another visit has already takes a second press."""

    saved = Signal(tuple)  # of NewPicture
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Add pictures"))
        self.rows = PictureRows(self)
        self.save, self.cancel = QPushButton(tr("Add to this visit"), self), QPushButton(tr("Cancel"), self)
        self.second = SecondPress(self.save, ALL_THE_SAME)
        self.save.clicked.connect(self._save)
        self.rows.changed.connect(self._files_changed)
        self.cancel.clicked.connect(self.leave)
        scroll = QScrollArea(self)
        scroll.setWidget(self.rows)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        buttons = QVBoxLayout()
        buttons.addWidget(self.save)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        row = QHBoxLayout(self)
        row.addWidget(scroll, 1)
        row.addLayout(buttons)
        self.setFixedHeight(FORM_HEIGHT)
        self.hide()

    def open(self, files: Sequence[Path]) -> None:
        """Show the form, with these files in it."""
        self.show()
        self.rows.add_files(files)
        (self.save if self.rows.items() else self.rows.choose).setFocus(Qt.FocusReason.OtherFocusReason)

    def leave(self) -> None:
        """Close without adding; the files are forgotten."""
        self.rows.keep_only(())
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter adds, Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        else:
            super().keyPressEvent(event)

    def _files_changed(self) -> None:
        self.save.setEnabled(not self.rows.looking)
        self.second.follow(self.rows.doubts)

    def _save(self) -> None:
        if self.rows.items() and not self.rows.looking:
            self.rows.when_known(self._add)

    def _add(self) -> None:
        if self.rows.wrong:
            self.rows.show_wrong()
            return
        if not self.second.passes(self.rows.doubts):
            self.rows.show_doubt()
            return
        items: tuple[NewPicture, ...] = self.rows.items()
        self.saved.emit(items)
        self.leave()


class VisitList(QWidget):
    """The woman's other visits; hidden while there is none."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget(self)
        self.list.setAccessibleName(tr("Other visits of this woman"))
        self.list.setAccessibleDescription(tr("Enter or a click opens the visit."))
        self.list.setToolTip(tr("Click to open the visit"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setWordWrap(True)  # whether a visit is signed stands at the end of its line
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setMinimumHeight(60)
        self.list.setSizePolicy(
            QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored
        )  # no higher than the filmstrip
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        title = QLabel(tr("Other visits"), self)
        title.setProperty("role", "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(title)
        column.addWidget(self.list, 1)
        self.setFixedWidth(VISITS_WIDTH)
        self._links: tuple[VisitLink, ...] = ()
        self._collapsed = False
        self.hide()

    def show_links(self, links: Sequence[VisitLink]) -> None:
        """Other visits to show."""
        if tuple(links) != self._links:
            self._links = tuple(links)
            self.list.clear()
            for link in links:
                item = QListWidgetItem(link.text, self.list)
                item.setData(Qt.ItemDataRole.UserRole, link.visit_id)
                item.setToolTip(link.text)
        self._settle()

    def collapse(self, collapsed: bool) -> None:
        """Hide with the filmstrip."""
        self._collapsed = collapsed
        self._settle()

    def _settle(self) -> None:
        self.setVisible(bool(self._links) and not self._collapsed)

    def _choose(self, item: QListWidgetItem) -> None:
        visit_id = str(item.data(Qt.ItemDataRole.UserRole))
        self.list.clearSelection()
        self.chosen.emit(visit_id)
