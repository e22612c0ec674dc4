"""What is said by hand about chosen pictures of an import: one line below the tree, asked and answered by keys."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.source import TIMED, Source, Stage
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, say, words
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.import_page import keys_of_source, woman_text
from pfm_desktop.viewmodels.importing import ImportPreview
from pfm_desktop.viewmodels.intake import offered_as
from pfm_desktop.viewmodels.words import spoken

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.session import Session

_USUAL = list(Stage).index(Stage.ACETIC_ACID)
ALONE = tr("A visit of their own")


class ImportEdit(QFrame):
    """Enter says it, Escape leaves it; `closed` then. `turned` when it is shown or hidden."""

    closed = Signal()
    turned = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._apply: Callable[[], None] = self.close_it
        self._asks_whose = False
        self._count: Callable[[Stage], tuple[int, int]] | None = None  # pictures that a stage goes to, and all chosen
        self._asking = Background(self)
        self.setProperty("role", "card")
        self.heading, self.told, self.wrong = QLabel(self), words(self, "quiet"), words(self, "problem")
        self.stage, self.visit = CalmComboBox(self), CalmComboBox(self)
        for one in Stage:
            self.stage.addItem(offered_as(one), one)
        self.seconds, self.text = QLineEdit(self), QLineEdit(self)
        self.apply, self.cancel = QPushButton(tr("Set"), self), QPushButton(tr("Cancel"), self)
        self._lay_out()
        self.text.textChanged.connect(lambda _text: self._ask_library())
        self.stage.currentIndexChanged.connect(lambda _index: self._stage_chosen())
        self.wrong.hide()
        self.hide()

    def ask_stage(self, preview: ImportPreview, keys: Sequence[str], present: Stage | None) -> None:
        """Which stage these pictures are of, and how long after acetic acid.

        A stage belongs to one source: of pictures of both, it goes to those of its own only, and that is said.
        """
        self.stage.setCurrentIndex(list(Stage).index(present) if present is not None else _USUAL)
        self.seconds.clear()

        def said() -> None:
            stage = Stage(self.stage.currentData())
            fitting = keys_of_source(preview, keys, stage.source)
            preview.set_stage(
                fitting, stage, seconds_since_acid=_seconds(self.seconds.text()) if stage in TIMED else None
            )

        self._ask(tr("Stage of %n picture(s)", "", len(keys)), said, self.stage, self.seconds)
        self._count = lambda stage: (len(keys_of_source(preview, keys, stage.source)), len(keys))
        self._stage_chosen()

    def ask_woman(self, preview: ImportPreview, keys: Collection[str], present: str) -> None:
        """Whose pictures these are: her identifier; what the library knows of her is shown."""
        self._ask(
            tr("Whose %n picture(s): identifier", "", len(keys)), lambda: preview.set_patient(keys, self.text.text()),
            self.text,
        )  # fmt: skip
        self._asks_whose = True
        self.text.setPlaceholderText(tr("the clinic's number"))
        self.text.setText(present)
        self.text.selectAll()
        self._ask_library()

    def ask_time(self, preview: ImportPreview, visit_key: str) -> None:
        """When a visit was."""
        self._ask(tr("Time of the visit"), lambda: preview.set_visit_time(visit_key, self.text.text()), self.text)
        self.text.setPlaceholderText(tr("like 2026-03-14 10:15, or the day alone"))
        self.text.clear()
        say(self.told, tr("Its pictures stay together."))

    def ask_move(self, preview: ImportPreview, keys: Collection[str]) -> None:
        """Into which visit pictures are to go."""
        self.visit.clear()
        self.visit.addItem(ALONE, None)
        for woman in preview.women():
            for visit in woman.visits:
                self.visit.addItem(tr("{title}: visit of {when}", title=woman.title, when=visit.when), visit.key)
        self._ask(
            tr("Move %n picture(s) to", "", len(keys)), lambda: preview.move(keys, self.visit.currentData()), self.visit
        )

    def close_it(self) -> None:
        """Nothing more is asked."""
        if self.isVisible():
            self._asking.drop()
            self.hide()
            self.turned.emit()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter says it, Escape leaves it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_it()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._say_it()
        else:
            super().keyPressEvent(event)

    def _say_it(self) -> None:
        try:
            self._apply()
        except UserError as error:
            say(self.wrong, spoken(error))
            return
        except KeyError:
            say(self.wrong, tr("These pictures stand elsewhere by now. Choose them again."))
            return
        self.close_it()

    def _ask(self, heading: str, said: Callable[[], None], *parts: QWidget) -> None:
        self._asking.drop()
        self._apply, self._asks_whose = said, False
        self.heading.setText(heading)
        say(self.told, "")
        say(self.wrong, "")
        for part in (self.stage, self.seconds, self.text, self.visit):
            part.setVisible(part in parts)
            part.setAccessibleName(heading)
        self.seconds.setAccessibleName(tr("Seconds after acetic acid"))
        self.show()
        self.turned.emit()
        parts[0].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _stage_chosen(self) -> None:
        if self.stage.isHidden() or self._count is None:
            return
        stage = Stage(self.stage.currentData())
        self.seconds.setVisible(stage in TIMED)
        some, everything = self._count(stage)
        if some >= everything:
            say(self.told, "")
        elif stage.source is Source.FLUORESCENCE:
            told = tr("Goes to {some} of the {all}: the rest is white light.", some=some, all=everything)
            say(self.told, told)
        else:
            told = tr("Goes to {some} of the {all}: the rest is fluorescence.", some=some, all=everything)
            say(self.told, told)

    def _ask_library(self) -> None:
        if self._asks_whose:
            self._asking.start(
                woman_text, self._session.library, self.text.text(),
                done=lambda text: say(self.told, text), failed=lambda message: say(self.told, message),
            )  # fmt: skip

    def _lay_out(self) -> None:
        self.seconds.setPlaceholderText(tr("seconds after acid, if known"))
        self.seconds.setFixedWidth(230)
        self.text.setMinimumWidth(280)
        self.visit.setMinimumWidth(280)
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout()
        for part in (self.heading, self.stage, self.seconds, self.text, self.visit, self.apply, self.cancel):
            row.addWidget(part)
        row.addWidget(self.told, 4)
        row.addStretch(1)
        self.apply.clicked.connect(lambda _checked=False: self._say_it())
        self.cancel.clicked.connect(lambda _checked=False: self.close_it())
        self.apply.setToolTip(tr("Enter", "key"))
        self.cancel.setToolTip(tr("Escape", "key"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.addLayout(row)
        column.addWidget(self.wrong)


def _seconds(text: str) -> float | None:
    """Seconds as typed; None for nothing. `BadInputError` for what is no number, or longer than an examination."""
    text = text.strip().removesuffix("s").strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1800:
        raise BadInputError(
            tr("{typed} is no number of seconds after acetic acid", typed=text), remedy=tr("give 0 to 1800, or nothing")
        )
    return value
