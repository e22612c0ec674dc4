"""Settings: reader, theme, what the site chose of the AI, model, library, audit trail, shortcuts; about the program."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.bands import ALL
from pfm_desktop.gui.actions import ActionBook
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.audit_section import AuditSection
from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.flow import FlowRow
from pfm_desktop.gui.widgets.follow_up_choice import HINT, FollowUpChoice
from pfm_desktop.gui.widgets.language_choice import HINT as LANGUAGE_HINT
from pfm_desktop.gui.widgets.language_choice import LanguageChoice
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox
from pfm_desktop.gui.widgets.people_panel import PeoplePanel
from pfm_desktop.gui.widgets.shortcut_editor import ShortcutEditor
from pfm_desktop.gui.widgets.template_choice import TemplateChoice
from pfm_desktop.gui.widgets.upkeep_section import UpkeepSection
from pfm_desktop.services.bands import change_site_bands, site_bands
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.settings import AI_SHOWN, LOCK_MINUTES, MODALITIES, THEMES
from pfm_desktop.viewmodels.about import ABOUT
from pfm_desktop.viewmodels.session import why_not_chosen
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from pfm_desktop.support.settings import Settings
    from pfm_desktop.viewmodels.session import Session

ACCOUNT_HINT = tr("Who is signed in, written beside your reads and signatures.")
READER_HINT = tr("The name, written beside your reads and signatures.")
LOCK = tr("First read before the AI: the AI answer stays hidden until there is an impression")
LOCK_HINT = tr(
    "The audit trail of this library records each time this is switched on or off, and by whom. "
    "What was switched elsewhere is recorded when the library is opened."
)
AI_WORDS = {
    "hidden": tr("Stays hidden from who reads"),
    "after": tr("Shown on request, after the own grade"),
    "before": tr("Shown on request, also before the grade, in tasks made so"),
}
TEMPLATE_HINT = tr(
    "What stands above and below every report from now on, and which sections it has. Who she is, the findings, the AI "
    "answer where it was revealed, warnings and the signature always do; what is left out is said in the report."
)
BANDS_HINT = tr(
    "What a complete score is taken for, beside it in Findings. Sources differ. None says that a biopsy is not needed."
)
AI_HINT = tr(
    "Holds for reading pairs for labels. Who asks for the answer is on record, and a read after it counts in no blind "
    "figure. The audit trail keeps this choice as it does the first-read lock."
)
AI_HERE = tr("It is kept in this library: what is chosen while another one is open changes nothing here.")
THEME_WORDS = {"dark": tr("Dark"), "light": tr("Light", "the theme of light colours")}
MODALITY_WORDS = {"XC": tr("External-camera photography (XC)"), "ES": tr("Endoscopy (ES)")}
MODALITY_HINT = tr("What your archive (PACS) calls colposcopy: exports as DICOM are written so.")
WIDTH = 860


class SettingsPage(QWidget):
    """`library_wanted`, `new_library_wanted`, `demo_wanted` ask the window for another library."""

    library_wanted = Signal()
    new_library_wanted = Signal()
    demo_wanted = Signal()
    title = tr("Settings")

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.reader, self.theme, self.model = QLineEdit(self), CalmComboBox(self), CalmComboBox(self)
        self.lock = QCheckBox(LOCK, self)
        self.people = PeoplePanel(session, self)
        self.ai_shown, self.bands = CalmComboBox(self), CalmComboBox(self)
        self.follow_up, self.template = FollowUpChoice(session, self), TemplateChoice(session, self)
        session.drafts.append(self.template)
        for name in AI_SHOWN:
            self.ai_shown.addItem(AI_WORDS[name], name)
        self.ai_shown.activated.connect(lambda _i: self._keep_choice(ai_shown=self.ai_shown.currentData()))
        self.idle_lock = CalmComboBox(self)
        for minutes in LOCK_MINUTES:
            self.idle_lock.addItem(tr("%n minute(s) without keys or mouse", "", minutes), minutes)
        self.idle_lock.activated.connect(lambda _i: session.change_settings(lock_minutes=self.idle_lock.currentData()))
        self.modality = CalmComboBox(self)
        for name in MODALITIES:
            self.modality.addItem(MODALITY_WORDS[name], name)
        self.modality.activated.connect(lambda _i: session.change_settings(modality=self.modality.currentData()))
        self.audit, self.upkeep = AuditSection(session, self), UpkeepSection(session, jobs, self)
        self.shortcuts = ShortcutEditor(self)
        self.shortcuts.wanted.connect(lambda own: session.change_settings(shortcuts=own))
        self.reader.editingFinished.connect(self._keep_reader)
        for name in THEMES:
            self.theme.addItem(THEME_WORDS[name], name)
        self.theme.activated.connect(lambda _index: session.change_settings(theme=self.theme.currentData()))
        self.language = LanguageChoice(session, self)
        self.lock.clicked.connect(lambda on: self._keep_choice(first_read_lock=on))
        self.bands.addItem(tr("No bands"), "")
        for bands in ALL.values():
            self.bands.addItem(bands.source, bands.key)
        self.bands.activated.connect(lambda _i: self._keep_bands(self.bands.currentData()))
        for choice in (self.lock, self.ai_shown, self.bands, *self.follow_up.in_order(), self.template):
            choice.setEnabled(not session.why_no_switch)
        for kept in (self.model, self.idle_lock, self.modality):
            kept.setEnabled(not why_not_chosen(session.library))
            kept.setToolTip(capital(why_not_chosen(session.library)))
        self.model.activated.connect(lambda _index: session.change_settings(model=self.model.currentData()))
        self._lay_out()
        self._show(session.settings)
        session.on_settings.append(self._show)

    def page_actions(self) -> Sequence[QAction]:
        """None of its own."""
        return ()

    def use_actions(self, book: ActionBook) -> None:
        """Whose shortcuts the editor changes."""
        self.shortcuts.use(book)

    def show_shortcuts(self) -> None:
        """Bring the shortcut editor into sight, with the keys in its list."""
        self._scroll.ensureWidgetVisible(self.shortcuts)
        self.shortcuts.table.setFocus()

    def show_about(self) -> None:
        """Bring the About text into sight."""
        self._scroll.ensureWidgetVisible(self._about)

    def entered(self) -> None:
        """The page comes into sight: models may have come or gone."""
        self._fill_models()
        self._show(self._session.settings)
        self.people.read()
        (self.reader if self._session.account is None else self.theme).setFocus()

    def left(self) -> None:
        """What stands in the fields is kept."""
        self._keep_reader()

    def _keep_reader(self) -> None:
        if self._session.account is not None:
            return
        name = self.reader.text().strip()
        if name != self._session.settings.reader:
            self._session.change_settings(reader=name)

    def _keep_choice(self, **chosen: object) -> None:
        """A choice of the site; one that cannot go on record stays as it was."""
        if not self._session.change_settings(**chosen):
            self._show(self._session.settings)

    def _keep_bands(self, key: str) -> None:
        if self._session.perform(lambda lib: change_site_bands(lib, key), undoable=False) is None:
            self._show(self._session.settings)

    def _show(self, settings: Settings) -> None:
        with suppress(UserError):  # a library that cannot be read says so elsewhere
            chosen = site_bands(self._session.library)
            self.bands.setCurrentIndex(self.bands.findData("" if chosen is None else chosen.key))
        self.follow_up.read()
        self.template.read()
        if not self.reader.hasFocus() or not self.reader.isModified():
            self.reader.setText(self._session.named)
        self.reader.setReadOnly(self._session.account is not None)
        self.idle_lock.setCurrentIndex(self.idle_lock.findData(settings.lock_minutes))
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.language.show_choice(settings)
        self.modality.setCurrentIndex(self.modality.findData(settings.modality))
        self.lock.setChecked(settings.first_read_lock)
        self.ai_shown.setCurrentIndex(self.ai_shown.findData(self._session.ai_shown.value))
        if self.model.findData(settings.model) >= 0:
            self.model.setCurrentIndex(self.model.findData(settings.model))

    def _fill_models(self) -> None:
        from pfm_desktop.viewmodels.model_cards import card_rows

        used = self._session.settings.model
        self.model.clear()
        for row in card_rows():
            if row.usable and not row.hidden:  # what another folder hides would not answer
                self.model.addItem(f"{row.name} {row.version} ({row.label})", row.name)
        if self.model.findData(used) < 0:
            self.model.addItem(tr("{model} (cannot answer, see Models)", model=used), used)

    def _lay_out(self) -> None:
        inner = QWidget(self)
        inner.setMaximumWidth(WIDTH)
        column = QVBoxLayout(inner)
        column.setContentsMargins(4, 4, 16, 16)
        column.setSpacing(12)
        form = QFormLayout()
        form.setVerticalSpacing(12)
        form.setHorizontalSpacing(18)
        self.reader.setPlaceholderText(tr("Dr. Given Family"))
        self.reader.setAccessibleName(tr("Reader: the name beside your reads and signatures"))
        self.theme.setAccessibleName(tr("Theme"))
        self.model.setAccessibleName(tr("Model"))
        whose = ACCOUNT_HINT if self._session.account is not None else READER_HINT
        form.addRow(tr("Reader"), _under(self.reader, whose, self))
        self._add_choices(form)
        form.addRow(tr("Model"), self.model)
        self.idle_lock.setAccessibleName(tr("Lock the window"))
        form.addRow(tr("Lock after"), self.idle_lock)
        form.setRowVisible(self.idle_lock, self._session.account is not None)
        form.addRow(tr("Library"), self._library_row())
        form.addRow(tr("Backup"), self.upkeep)
        self.modality.setAccessibleName(tr("Colposcopy in DICOM"))
        form.addRow("DICOM", _under(self.modality, MODALITY_HINT, self))
        form.addRow(tr("Audit trail"), self.audit)
        column.addWidget(_heading(tr("Settings"), self))
        column.addLayout(form)
        column.addWidget(_heading(tr("People"), self))
        column.addWidget(self.people)
        column.addWidget(_heading(tr("Shortcuts"), self))
        column.addWidget(self.shortcuts)
        column.addWidget(_heading(tr("About"), self))
        about = QLabel(ABOUT, self)
        about.setWordWrap(True)
        about.setTextFormat(Qt.TextFormat.PlainText)
        let_copy(about)
        column.addWidget(about)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(14, 12, 0, 0)
        outer.addWidget(scroll)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll, self._about = scroll, about
        fields = (
            self.reader,
            self.theme,
            self.language,
            self.lock,
            self.ai_shown,
            self.bands,
            *self.follow_up.in_order(),
            *self.template.in_order(),
            self.model,
            self.idle_lock,
            *self._library_buttons,
        )
        order = (
            *fields,
            *self.upkeep.in_order(),
            self.modality,
            self.audit.show_trail,
            *self.people.in_order(),
            *self.shortcuts.in_order(),
        )
        for one, next_ in pairwise(order):
            self.setTabOrder(one, next_)

    def _add_choices(self, form: QFormLayout) -> None:
        """How the window looks and speaks; what the site decides, and the audit trail of each library knows."""
        form.addRow(tr("Theme"), self.theme)
        form.addRow(tr("Language"), _under(self.language, LANGUAGE_HINT, self))
        self.ai_shown.setAccessibleName(tr("AI answer in Annotate"))
        why_not = self._session.why_no_switch
        form.addRow(tr("First read"), _under(self.lock, why_not or LOCK_HINT, self))
        hint = f"{AI_HINT} {AI_HERE}" if self._session.account is not None else AI_HINT
        form.addRow(tr("AI in Annotate"), _under(self.ai_shown, why_not or hint, self))
        self.bands.setAccessibleName(tr("Bands of the Swede score"))
        form.addRow(tr("Swede score"), _under(self.bands, why_not or BANDS_HINT, self))
        form.addRow(tr("Histology"), _under(self.follow_up, why_not or HINT, self))
        form.addRow(tr("Report"), _under(self.template, why_not or TEMPLATE_HINT, self))

    def _library_row(self) -> QWidget:
        held = QWidget(self)
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 0, 0, 0)
        path = QLabel(str(self._session.library.path), held)
        path.setWordWrap(True)
        path.setTextFormat(Qt.TextFormat.PlainText)
        let_copy(path)
        column.addWidget(path)
        row = FlowRow(held)
        self._library_buttons: list[QPushButton] = []
        for text, signal in (
            (tr("Open another library..."), self.library_wanted),
            (tr("New library..."), self.new_library_wanted),
            (tr("Open the demo library"), self.demo_wanted),
        ):
            button = QPushButton(text, held)
            button.clicked.connect(signal)
            row.add(button)
            self._library_buttons.append(button)
        column.addWidget(row)
        return held

    def changeEvent(self, event: QEvent) -> None:
        """In another theme fields are of another height, which layouts keep from before."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            QTimer.singleShot(0, self, self._measure_again)

    def _measure_again(self) -> None:
        for part in self.findChildren(QWidget):
            part.updateGeometry()
            if (layout := part.layout()) is not None:
                layout.invalidate()


def _heading(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", "title")
    return label


def _under(field: QWidget, hint: str, parent: QWidget) -> QWidget:
    """A field with a sentence under it."""
    held = QWidget(parent)
    column = QVBoxLayout(held)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    label = QLabel(hint, held)
    label.setWordWrap(True)
    label.setProperty("role", "quiet")
    column.addWidget(field)
    column.addWidget(label)
    return held
