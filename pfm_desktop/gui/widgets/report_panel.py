"""The report: signing and saving, and a preview that follows every edit."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QImage, QPalette, QResizeEvent, QShowEvent, QTextDocument
from PySide6.QtWidgets import (
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from pfm_desktop.domain.findings import meaning_words
from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.widgets.amend_part import AmendPart
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.diagram_view import diagram_image
from pfm_desktop.gui.widgets.file_dialog import ask_where
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, say, tall, words
from pfm_desktop.gui.widgets.sign_ask import SignAsk
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import opening
from pfm_desktop.viewmodels import report_form as model
from pfm_desktop.viewmodels.documenting import first_whitening
from pfm_desktop.viewmodels.report_form import MakeContent, ReportSources, Saved
from pfm_desktop.viewmodels.report_preview import (
    DIAGRAM_NAME,
    DIAGRAM_SIDE,
    PreviewLook,
    picture_name,
    preview_html,
)
from pfm_desktop.viewmodels.words import spoken

if TYPE_CHECKING:
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.interop.pdf_content import ReportContent
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.engine import PairAnswer, PairPictures
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

CALM_MS = 250  # edits that follow faster make one preview
_INKS = (
    QPalette.ColorRole.Base, QPalette.ColorRole.Text, QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.Mid,
    QPalette.ColorRole.Highlight,
)  # fmt: skip
_SHARP = 960  # longer side of a picture in the preview, pixels: 480 at 200 %
MAKING = tr("The preview is being made ...")


class ReportPanel(QWidget):
    """Follows `show_case` and `set_sources`. `command` is the page's action for saving.

    The preview is made on another thread, and only while it can be seen.
    """

    def __init__(
        self, session: Session, jobs: QtJobs, parent: QWidget | None = None, *, make: MakeContent = model.make_content
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._make = session, jobs, make
        self._case: VisitCase | None = None
        self._sources: tuple[PairPictures | None, PairAnswer | None] = (None, None)
        self._shown: tuple[ReportContent, list[QImage]] | None = None
        self._stale = True
        self._folder = ""
        self._reader = session.named
        self._asking = False
        self.setAccessibleName(tr("Report"))
        self.signed, self.gaps, self.blocked = words(self, "badge"), words(self), words(self, "quiet")
        self.name, self.meaning = QLineEdit(self._reader, self), CalmComboBox(self)
        self.sign, self.save = QPushButton(tr("Sign"), self), QPushButton(tr("Save PDF..."), self)
        self.account, self.off_record = words(self, "quiet"), words(self, "quiet")
        self.said, self.status, self.preview = words(self), words(self, "quiet"), _Preview(self)
        self.form, self.ask = QWidget(self), SignAsk(self)
        self._background, self._confirming = Background(self), Background(self)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(CALM_MS)
        self._calm.timeout.connect(self._make_preview)
        self.command = self._command()
        self.amend = AmendPart(session, jobs, make, self._all, self)
        self.amend.said.connect(lambda text: say(self.said, text))
        self.amend.opened.connect(lambda: self.name.setFocus(Qt.FocusReason.OtherFocusReason))
        self._lay_out()
        self._connect()
        self._name_reader()
        self.show_case(session.case)

    @property
    def idle(self) -> bool:
        """Whether the preview shows what it is to show."""
        return not (self._calm.isActive() or self._background.busy or self._confirming.busy)

    def show_case(self, case: VisitCase | None) -> None:
        """Show a visit as it is on disk. The report of another visit is gone at once."""
        if (case.visit.id if case else "") != (self._case.visit.id if self._case else ""):
            self._background.drop()
            self._shown = None
            self.preview.clear()
            self._name_reader()
            self._asking = False
        if self._saved_of(case) != self._saved_of(self._case):
            say(self.said, "")
        self._case = case
        self._show_form()
        self.amend.show_case(case)
        self._outdate()

    def set_sources(self, pictures: PairPictures | None, answer: PairAnswer | None) -> None:
        """The pair on the stage and the answer for it."""
        if (pictures, answer) != self._sources:
            self._sources = (pictures, answer)
            self._outdate()
            if self._asking:
                self._show_form()  # what speaks against the pictures

    def left(self) -> None:
        """The page goes out of sight: nobody waits for a preview."""
        self._calm.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Made when first seen. The reader may have been named on another page."""
        super().showEvent(event)
        if self.name.text() == self._reader:
            self._name_reader()
        self._show_form()
        if self._stale:
            self._calm.start()

    # ---- signing

    def _name_reader(self) -> None:
        """Who is signed in, or a name from the settings: the account of the computer is nobody's signature."""
        self._reader = self._session.named
        self.name.setText(self._reader)
        self.name.setReadOnly(self._session.account is not None)  # nobody signs as somebody else

    def _show_form(self) -> None:
        session = self._session
        view = model.sign_view(
            self._case, self.name.text(), session.library.no_editing, session.unnamed,
            accounts=session.account is not None,
        )  # fmt: skip
        say(self.signed, view.signed or (tr("Not signed") if self._case is not None else ""))
        say(self.gaps, view.gaps)
        say(self.blocked, view.blocked or ("" if view.signed else model.FOR_GOOD))
        self._asking = self._asking and self._case is not None and not (view.signed or view.blocked)
        self.form.setVisible(self._case is not None and not view.signed and not self._asking)
        for row, kept in enumerate(model.meanings(self._case, self.name.text())):
            self.meaning.setItemText(row, meaning_words(kept))
            self.meaning.setItemData(row, kept)
        asked = self._asking and self._case is not None
        meaning = self.meaning.currentData()
        if self._case is not None and asked:
            doubts = model.sign_doubts(self._case, *self._sources, self._first_whitening(self._case))
            entered_by = model.entered_by_another(session.library, self._case)
            self.ask.ask(model.sign_question(self._case, self.name.text(), meaning, entered_by), doubts)
        else:
            self.ask.ask("")
        self.sign.setEnabled(not view.blocked)
        self.save.setEnabled(not view.no_saving)
        self.command.setEnabled(not view.no_saving)
        self.save.setToolTip(" ".join(part for part in (view.no_saving or "Ctrl+S", view.off_record) if part))
        self.save.setAccessibleDescription(view.off_record)
        say(self.off_record, view.off_record)
        say(self.account, view.recorded_as)

    def _first_whitening(self, case: VisitCase) -> float | None:
        with suppress(UserError):  # a library that cannot be read says so elsewhere
            return first_whitening(self._session.library, case.visit.id)
        return None

    def _ask_first(self) -> None:
        self._asking = True
        self.ask.needs_password = self._session.account is not None
        self._show_form()
        first = self.ask.password if self.ask.needs_password else self.ask.back
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _do_not_sign(self) -> None:
        self._asking = False
        self._confirming.drop()
        self._show_form()
        self.sign.setFocus(Qt.FocusReason.OtherFocusReason)

    def _check_and_sign(self, password: str) -> None:
        """Who is signed in shows that it is them; then the visit is signed that was asked about, and no other."""
        if self._case is None:
            return
        if self._session.account is None:
            self._sign(self._case.visit.id)
            return
        visit_id = self._case.visit.id
        self._confirming.start(
            opening.confirmed, self._session.library, password, "to sign a visit",
            done=lambda refused: self._confirmed(refused, visit_id), failed=self.ask.refuse,
        )  # fmt: skip

    def _confirmed(self, refused: opening.Refused | None, visit_id: str) -> None:
        if refused is None:
            self._sign(visit_id)
        elif self._asking:
            self.ask.refuse(spoken(refused.error))

    def _sign(self, visit_id: str) -> None:
        if self._case is not None and self._case.visit.id == visit_id and self._asking:
            edit = model.sign_edit(self._case, self.name.text(), self.meaning.currentData(), self._sources[0])
            if self._session.perform(edit, undoable=False) is not None:
                self.save.setFocus(Qt.FocusReason.OtherFocusReason)

    # ---- saving

    def _ask_where(self) -> None:
        if self._case is None or not self.save.isEnabled():
            return
        if (refused := model.why_not_saved(self._session.library)) is not None:
            self._session.say(refused)
            return
        name = model.default_name(self._case)
        ask_where(self, "save_report", tr("Save the report"), name, self.save_to, folder=self._folder)

    def save_to(self, path: str) -> None:
        """Write the report of the visit that is shown, as it is now."""
        if self._case is None:
            return
        self._folder = str(Path(path).parent)
        say(self.said, tr("Saving the report ..."))
        of = self._saved_of(self._case)
        self._jobs.start(
            model.save_report, self._session.library, self._all(self._case), path, self._make,
            title=tr("Saving the report"), done=lambda out: self._saved(out, of), failed=self._not_saved,
            stopped=lambda: self._not_saved(tr("It was stopped. No report was saved.")),
        )  # fmt: skip

    @staticmethod
    def _saved_of(case: VisitCase | None) -> tuple[str, bool]:
        """What a saved report is of: it says nothing about another visit, nor about the same one signed since."""
        return ("", False) if case is None else (case.visit.id, case.signed)

    def _saved(self, saved: Saved, of: tuple[str, bool]) -> None:
        if isValid(self) and of == self._saved_of(self._case):
            say(self.said, saved.said)
            self.said.setToolTip(str(saved.path))

    def _not_saved(self, message: str) -> None:
        if isValid(self):
            say(self.said, tr("Not saved. {message}", message=message))

    # ---- the preview

    def _all(self, case: VisitCase) -> ReportSources:
        pictures, answer = self._sources
        return ReportSources(case, answer, pictures)

    def _outdate(self) -> None:
        self._stale = True
        if self.isVisible():
            self._calm.start()

    def _make_preview(self) -> None:
        case = self._case
        self._stale = False
        if case is None:
            self._background.drop()
            say(self.status, "")
            return
        say(self.status, MAKING if self._shown is None else "")
        self._background.start(
            _prepared, self._session.library, self._all(case), self._make,
            done=lambda made: self._made(case.visit.id, made), failed=self._not_made,
        )  # fmt: skip

    def _made(self, visit_id: str, made: tuple[ReportContent, list[QImage]]) -> None:
        if self._case is None or self._case.visit.id != visit_id:
            return
        self._shown = made
        say(self.status, "")
        self._draw()

    def _not_made(self, message: str) -> None:
        say(self.status, tr("There is no preview. {message}", message=message))

    def _draw(self) -> None:
        """Put the report that was made into the browser, at the place that was read."""
        if self._shown is None:
            return
        content, images = self._shown
        document, palette = self.preview.document(), self.preview.palette()
        place = self.preview.verticalScrollBar().value()
        look = PreviewLook(
            text=palette.color(QPalette.ColorRole.Text).name(),
            quiet=palette.color(QPalette.ColorRole.PlaceholderText).name(),
            line=palette.color(QPalette.ColorRole.Mid).name(),
            width=max(120, self.preview.viewport().width() - 2 * round(document.documentMargin()) - 4),
        )
        self.preview.setHtml("")
        for number, image in enumerate(images):
            kind = QTextDocument.ResourceType.ImageResource.value
            document.addResource(kind, QUrl(picture_name(number)), image)
        if content.diagram is not None:
            image = diagram_image(content.diagram, palette, self.font(), DIAGRAM_SIDE)
            document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(DIAGRAM_NAME), image)
        self.preview.setHtml(preview_html(content, look))
        self.preview.verticalScrollBar().setValue(place)

    # ---- building

    def _command(self) -> QAction:
        return page_action(
            self, "review.save_pdf", tr("Save the report as PDF ..."), "Ctrl+S", self._ask_where, repeat=False
        )

    def _lay_out(self) -> None:
        for kept in model.MEANINGS:
            self.meaning.addItem(meaning_words(kept), kept)
        self.meaning.setSizeAdjustPolicy(CalmComboBox.SizeAdjustPolicy.AdjustToContents)  # what is signed is read whole
        self.name.setAccessibleName(tr("Printed name"))
        self.name.setPlaceholderText(tr("Who signs"))
        self.meaning.setAccessibleName(tr("What the signature means"))
        self.preview.setAccessibleName(tr("Preview of the report"))
        self.preview.setMinimumHeight(320)
        rows = QFormLayout(self.form)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        rows.addRow(tr("Name"), self.name)
        rows.addRow(tr("Meaning"), self.meaning)
        rows.addRow(self.sign)
        for button in (self.sign, self.save):
            tall(button, 40)
        # the question takes the place of the form, also in the order of the keys
        reached = (self.sign, *self.ask.in_order(), self.save, *self.amend.in_order(), self.preview)
        for before, after in pairwise(reached):
            QWidget.setTabOrder(before, after)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        signing = (self.signed, self.gaps, self.form, self.ask, self.blocked, self.account)
        for widget in (*signing, self.save, self.amend, self.off_record, self.said, self.status):
            column.addWidget(widget)
        title = QLabel(tr("Preview"), self)
        title.setProperty("role", "heading")
        column.addWidget(title)
        column.addWidget(self.preview, 1)
        say(self.said, "")
        say(self.status, "")

    def _connect(self) -> None:
        self.name.textChanged.connect(lambda _text: self._show_form())
        self.sign.clicked.connect(lambda _checked=False: self._ask_first())
        self.ask.confirmed.connect(self._check_and_sign)
        self.ask.given_up.connect(self._do_not_sign)
        self.preview.widened.connect(self._draw)
        self.preview.recoloured.connect(self._draw)
        self.save.clicked.connect(lambda _checked=False: self._ask_where())


def _prepared(
    ctx: Context, lib: Library, sources: ReportSources, make: MakeContent
) -> tuple[ReportContent, list[QImage]]:
    """Job: the report and its pictures, decoded."""
    ctx.check()
    content = make(lib, sources)
    return content, [_small(QImage.fromData(picture.jpeg)) for picture in content.pictures]


def _small(image: QImage) -> QImage:
    """No larger than the column ever shows it: painting stays cheap."""
    if max(image.width(), image.height()) <= _SHARP:
        return image
    return image.scaled(_SHARP, _SHARP, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


class _Preview(QTextBrowser):
    """`widened` when pictures have another width to fill, `recoloured` when words are to be readable on another paper.

    Its own colours count: with a style sheet those of the panel around it change before.
    """

    widened, recoloured = Signal(), Signal()

    def __init__(self, parent: QWidget) -> None:
        self._colours: list[str] = []
        super().__init__(parent)
        self.setOpenLinks(False)
        # always there, so that the width does not depend on what is shown
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._colours = self._drawn_in()

    def _drawn_in(self) -> list[str]:
        return [self.palette().color(role).name() for role in _INKS]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See the class."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.widened.emit()

    def changeEvent(self, event: QEvent) -> None:
        """See the class."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self._colours != (colours := self._drawn_in()):
            self._colours = colours  # many events a theme, most of which change none of them
            self.recoloured.emit()
