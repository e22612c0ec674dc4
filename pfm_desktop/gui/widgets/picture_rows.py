"""Picture files that are to be added: one row a file with its stage and the seconds since acetic acid."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.source import TIMED, Stage
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.cut_words import OneLine
from pfm_desktop.gui.widgets.file_dialog import ask_files
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, CalmSpinBox, say, words
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.intake import (
    PICTURE_FILES,
    STAGES,
    NewPicture,
    guessed_stage,
    named_stage,
    offered_as,
    pixels_of,
    sources_line,
    with_fluorescence_colours,
)
from pfm_desktop.viewmodels.known_pictures import MOMENT, Hashes, Known, read_files, typed_moment
from pfm_desktop.viewmodels.words import spoken

if TYPE_CHECKING:
    from pfm_desktop.services.file_says import FileSays

Asks = Callable[[Collection[Hashes]], Mapping[Hashes, Known]]
Doubts = Callable[["FileSays"], str]
_UNKNOWN = -1
STAGE_LETTERS = 16
THUMBNAIL = QSize(80, 60)


class _FileRow(QFrame):
    """One file."""

    def __init__(self, path: Path, stage: Stage, parent: PictureRows) -> None:
        super().__init__(parent)
        self.path = path
        self.guess: Stage | None = stage  # until the user chooses
        self.says: FileSays | None = None
        self.doubtful = False  # in another visit already, or it seems to be of another woman or day
        self.name = OneLine(self, cut=Qt.TextElideMode.ElideMiddle)  # names of one series differ at their ends
        self.name.show_words(path.name)
        self.known = words(self, "badge")
        self.known.hide()
        self.thumbnail = QLabel(self)
        self.thumbnail.setFixedSize(THUMBNAIL)
        self.thumbnail.setWordWrap(True)
        self.thumbnail.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stage = CalmComboBox(self)
        for one in STAGES:
            self.stage.addItem(offered_as(one), one)
        self.stage.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.stage.setMinimumContentsLength(STAGE_LETTERS)  # the list shows them whole
        self.stage.setCurrentIndex(STAGES.index(stage))
        self.stage.setAccessibleName(tr("Stage of {name}", name=path.name))
        self.seconds = CalmSpinBox(self)
        self.seconds.setRange(_UNKNOWN, 3600)
        self.seconds.setValue(_UNKNOWN)
        self.seconds.setSpecialValueText(tr("time not known"))
        self.seconds.setSuffix(" " + tr("s after acid"))
        self.seconds.setAccessibleName(tr("Seconds since acetic acid of {name}", name=path.name))
        self.taken = QLineEdit(self)  # the moment, or nothing where it is not known
        self.taken.setPlaceholderText(tr("taken at: not known"))
        self.taken.setAccessibleName(tr("When {name} was taken", name=path.name))
        self.guessed = words(self, "quiet")
        self.guessed.hide()
        remove = QPushButton(tr("Remove"), self)
        remove.setAccessibleName(tr("Remove {name}", name=path.name))
        remove.clicked.connect(lambda: parent.remove(self))
        self.stage.currentIndexChanged.connect(lambda _index: self._settle(parent))
        self.stage.activated.connect(lambda _index: self._chosen())
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.addWidget(self.thumbnail, 0, 0, 3, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.name, 0, 1, 1, 2)
        grid.addWidget(self.stage, 1, 1, 1, 2)
        grid.addWidget(self.seconds, 2, 1)
        grid.addWidget(remove, 2, 2)
        grid.addWidget(self.taken, 3, 1, 1, 2)
        grid.addWidget(self.guessed, 4, 0, 1, 3)
        grid.addWidget(self.known, 5, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        self._settle(parent)

    def item(self) -> NewPicture:
        """What the row says."""
        stage = Stage(self.stage.currentData())
        timed = stage in TIMED and self.seconds.value() != _UNKNOWN
        return NewPicture(self.path, stage, float(self.seconds.value()) if timed else None, self._taken_at())

    def _taken_at(self) -> datetime | None:
        try:
            at = typed_moment(self.taken.text())
        except BadInputError:  # said before anything is added
            return None
        exact = self.says.taken_at if self.says is not None else None
        return exact if exact is not None and self.taken.text() == _shown(exact) else at

    @property
    def wrong(self) -> str:
        """What is wrong with what was typed; "" for nothing."""
        try:
            typed_moment(self.taken.text())
        except BadInputError as error:
            return spoken(error)
        return ""

    def take_over(self, says: FileSays) -> None:
        """What the file says of time and seconds, where nothing was typed: marked as a guess, and can be changed."""
        self.says = says
        guessed = []
        if says.taken_at is not None and not self.taken.text():
            self.taken.setText(_shown(says.taken_at))
            guessed.append(tr("taken at ({why})", why=says.when_why))
        if says.seconds is not None and self.seconds.value() == _UNKNOWN and says.seconds <= self.seconds.maximum():
            self.seconds.setValue(round(says.seconds))
            guessed.append(tr("seconds after acid ({why})", why=says.seconds_why))
        say(self.guessed, tr("Guessed: {guesses}.", guesses="; ".join(guessed)) if guessed else "")

    def show_known(self, said: str) -> None:
        """Say where the picture is already; "" where it is new."""
        say(self.known, said)

    def show_picture(self, image: QImage) -> None:
        """The thumbnail is there."""
        shown = QPixmap.fromImage(image)
        shown.setDevicePixelRatio(image.width() / THUMBNAIL.width())
        self.thumbnail.setPixmap(shown)
        self.thumbnail.setAccessibleName(tr("Picture {name}", name=self.path.name))

    def show_no_picture(self, why: str) -> None:
        """The file cannot be read as a picture."""
        self.thumbnail.setText(tr("cannot be read"))
        self.thumbnail.setToolTip(why)

    def guess_anew(self, stage: Stage) -> None:
        """A better guess; what the user chose meanwhile stays."""
        if self.guess is not None and Stage(self.stage.currentData()) is self.guess:
            self.guess = stage
            self.stage.setCurrentIndex(STAGES.index(stage))

    def _chosen(self) -> None:
        self.guess = None

    def _settle(self, parent: PictureRows) -> None:
        self.seconds.setEnabled(Stage(self.stage.currentData()) in TIMED)
        parent.tell()


def _shown(at: datetime) -> str:
    return f"{at.astimezone():{MOMENT}}"


def _doubts_nothing(_said: FileSays) -> str:
    """Until a form says of whom the pictures are to be."""
    return ""


def _holds_nothing(_files: Collection[Hashes]) -> Mapping[Hashes, Known]:
    """Until a form says which library is asked."""
    return {}


class PictureRows(QWidget):
    """The files, a button to choose more, and whether they make a pair. Files may be dropped on it.

    `changed` tells that `items`, `looking` or `doubts` differ. `asks` is what the library is asked: which of these
    files it holds, and what is to be said of them; `doubts_of` what speaks against a file by what it says of itself.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._rows: list[_FileRow] = []
        self._background, self._seen = Background(self), set[Path]()
        self._painter = Background(self)  # of thumbnails, one after the other
        self._unpainted: list[_FileRow] = []
        self._hasher, self._hashes = Background(self), dict[Path, Hashes]()
        self._then: Callable[[], None] | None = None  # what waits until all files are known or new
        self.asks: Asks = _holds_nothing
        self.doubts_of: Doubts = _doubts_nothing
        self.looking = False  # at the colours of files whose names say nothing; their stages may still change
        self.choose = QPushButton(tr("Choose files..."), self)
        self.choose.clicked.connect(self._choose)
        self._line = QLabel(self)
        self._line.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.choose)
        self._column.addWidget(self._line)
        self.tell()

    def items(self) -> tuple[NewPicture, ...]:
        """What is to be added."""
        return tuple(row.item() for row in self._rows)

    def add_files(self, paths: Sequence[Path]) -> None:
        """Show more files; one that is there already is left out."""
        known = {row.path for row in self._rows}
        for path in dict.fromkeys(path for path in paths if path not in known):
            row = _FileRow(path, guessed_stage(path), self)
            self._rows.append(row)
            self._unpainted.append(row)
            self._column.insertWidget(self._column.count() - 1, row)
        self._look()
        self._paint()
        self._hash()
        self.tell()

    @property
    def doubts(self) -> frozenset[Path]:
        """Files that are in another visit already, as was last said."""
        return frozenset(row.path for row in self._rows if row.doubtful)

    def when_known(self, then: Callable[[], None]) -> None:
        """Do `then` once it is said of each file where it is already: now, unless files are still being read."""
        if not self.settled:
            self._then = then
            return
        self.say_known()
        then()

    @property
    def settled(self) -> bool:
        """Whether it is said of each file where it is already, and what it says of itself."""
        return not self._hasher.busy

    @property
    def waiting(self) -> bool:
        """Whether something waits in `when_known`."""
        return self._then is not None

    def drop_wish(self) -> None:
        """What waits in `when_known` is no longer wanted."""
        self._then = None

    def say_known(self) -> None:
        """Ask the library once more, also where the pictures are to go elsewhere now."""
        try:
            known = self.asks(tuple(self._hashes.values()))
        except UserError:  # what adds them meets it again and says it
            known = {}
        for row in self._rows:
            found = known.get(self._hashes.get(row.path, Hashes("")))
            doubt = self._doubt_of(row)
            row.doubtful = bool(doubt) or (found is not None and found.elsewhere)
            row.show_known("\n".join(part for part in (found.said if found is not None else "", doubt) if part))
        self.changed.emit()

    def _doubt_of(self, row: _FileRow) -> str:
        try:
            return self.doubts_of(row.says) if row.says is not None else ""
        except UserError:  # what adds them meets it again and says it
            return ""

    @property
    def wrong(self) -> str:
        """What is wrong with what was typed in a row; "" for nothing."""
        return next((row.wrong for row in self._rows if row.wrong), "")

    def show_wrong(self) -> None:
        """Put the keys where something wrong was typed, and say it there."""
        row = next((row for row in self._rows if row.wrong), None)
        if row is not None:
            row.show_known(row.wrong)
            row.taken.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_doubt(self) -> None:
        """Bring the first file that is in another visit already, or seems to be of another one, into sight."""
        row = next((row for row in self._rows if row.doubtful), None)
        area = self.parent()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parent()
        if row is not None and isinstance(area, QScrollArea):
            area.ensureWidgetVisible(row)

    @property
    def painting(self) -> bool:
        """Whether thumbnails are still to come."""
        return self._painter.busy

    def remove(self, row: _FileRow) -> None:
        """Take a file off the list; the file itself is not touched."""
        self._seen.discard(row.path)
        self._hashes.pop(row.path, None)
        self._rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()
        self.tell()

    def keep_only(self, paths: Sequence[Path]) -> None:
        """Take off all files but these. What waited for the others is forgotten."""
        self.drop_wish()
        for row in [row for row in self._rows if row.path not in paths]:
            self.remove(row)

    def tell(self) -> None:
        """Say what the visit gets."""
        self._line.setText(tr("Looking at the colours.") if self.looking else sources_line(self.items()))
        self.changed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """See `add_files`."""
        self.add_files([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def _look(self) -> None:
        silent = tuple(row.path for row in self._rows if named_stage(row.path) is None and row.path not in self._seen)
        if silent:
            self.looking = True
            self._background.start(
                with_fluorescence_colours,
                silent,
                done=lambda lit: self._looked(silent, lit),
                failed=lambda _why: self._looked(silent, ()),  # the guess by name stays
            )

    def _looked(self, silent: Collection[Path], lit: Collection[Path]) -> None:
        self._seen.update(silent)
        self.looking = self._background.busy
        for row in self._rows:
            if row.path in lit:
                row.guess_anew(Stage.FLUORESCENCE_AFTER_ACID)
        self.tell()

    def _hash(self) -> None:
        unread = tuple(row.path for row in self._rows if row.path not in self._hashes)
        if unread:
            self._hasher.start(read_files, unread, done=self._read, failed=lambda _why: self._read(({}, {})))

    def _read(self, found: tuple[Mapping[Path, Hashes], Mapping[Path, FileSays]]) -> None:
        hashes, said = found
        for row in self._rows:
            if row.says is None and row.path in said:
                row.take_over(said[row.path])
        here = {row.path for row in self._rows}
        self._hashes.update({path: found for path, found in hashes.items() if path in here})
        self.say_known()
        if self._then is not None and self.settled:
            then, self._then = self._then, None
            then()

    def _paint(self) -> None:
        self._unpainted = [row for row in self._unpainted if row in self._rows]
        if not self._unpainted or self._painter.busy:
            return
        from pfm_desktop.gui.widgets.filmstrip import thumbnail_job  # with numpy: not before the window stands

        row = self._unpainted.pop(0)

        def then(show: Callable[[Any], None], answer: object) -> None:
            if row in self._rows:
                show(answer)
            self._paint()

        self._painter.start(
            thumbnail_job,
            partial(pixels_of, row.path),
            THUMBNAIL * self.devicePixelRatioF(),
            done=lambda image: then(row.show_picture, image),
            failed=lambda why: then(row.show_no_picture, why),
        )

    def _choose(self) -> None:
        endings = " ".join(f"*.{ending}" for ending in PICTURE_FILES)
        kind = tr("Pictures ({endings});;All files (*)", endings=endings)
        ask_files(self, "picture_files", tr("Choose picture files"), self._files_chosen, kind=kind)

    def _files_chosen(self, names: Sequence[str]) -> None:
        """The keys go on to the first of them: Enter on the button would ask for files again."""
        before = len(self._rows)
        self.add_files([Path(name) for name in names])
        for row in self._rows[before : before + 1]:
            row.stage.setFocus(Qt.FocusReason.OtherFocusReason)
