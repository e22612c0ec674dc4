"""What stands above and below the reports of this site, and which sections they have."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from pfm_desktop.domain.report_template import FIELDS, SECTIONS
from pfm_desktop.gui.widgets.chips import Chip, ChipRow
from pfm_desktop.gui.widgets.panel_parts import TextField, say, words
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.session import Session

FIELDS_HINT = tr("Closing words may name {fields}.", fields=COMMA.join(f"{{{name}}}" for name in FIELDS))


class TemplateChoice(QWidget):
    """Follows `read`. Texts are kept when the keys leave them; what cannot be kept stays, and is said."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._kept = ("", "")
        self._left_out: tuple[str, ...] = ()
        self.heading = TextField(tr("Heading of reports"), tr("Name and address of the clinic"), self, lines=3)
        self.closing = TextField(tr("Closing words of reports"), tr("What stands above the signature"), self, lines=3)
        self.sections = ChipRow(self)
        self.sections.setAccessibleName(tr("Sections of reports"))
        self.buttons = {key: Chip(title, self.sections) for key, title in SECTIONS.items()}
        for key, button in self.buttons.items():
            button.setAccessibleName(tr("Report has: {section}", section=SECTIONS[key]))
            button.clicked.connect(lambda _checked=False, key=key: self._switch(key))
        self.sections.put(*self.buttons.values())
        self.problem, self.hint = words(self, "problem"), words(self, "quiet", FIELDS_HINT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.heading, self.closing, self.hint, self.problem, self.sections):
            column.addWidget(part)
        for field in (self.heading, self.closing):
            field.let_go.connect(self.save)
        self.read()

    def in_order(self) -> tuple[QWidget, ...]:
        """As the keys go through them."""
        return self.heading, self.closing, next(iter(self.buttons.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """What was typed and is not on disk (`Session.drafts`)."""
        return (tr("Template of reports"),) if self._typed() != self._kept else ()

    def drop(self) -> None:
        """It is not wanted any more."""
        self._kept = self._typed()
        self.read()

    def read(self) -> None:
        """What the library holds; what is typed and not kept stays."""
        from pfm_desktop.services import report_template

        with suppress(UserError):  # a library that cannot be read says so elsewhere
            template, problem = report_template.site_template(self._session.library)
            if not self.names:
                self._kept = template.heading, template.closing
                self.heading.show_text(template.heading)
                self.closing.show_text(template.closing)
                say(self.problem, problem)
            self._left_out = template.leave_out
            for key, button in self.buttons.items():
                button.show_chosen(chosen=key not in template.leave_out)

    def save(self) -> bool:
        """Keep what stands in the fields; False where it cannot be kept."""
        return not self.names or self._keep(self._left_out)

    def _switch(self, key: str) -> None:
        kept = (one for one in SECTIONS if (one in self._left_out) != (one == key))
        self._keep(tuple(kept))
        self.read()

    def _keep(self, left_out: tuple[str, ...]) -> bool:
        from pfm_desktop.domain.report_template import ReportTemplate
        from pfm_desktop.services import report_template

        heading, closing = self._typed()
        try:
            ReportTemplate(heading, closing, left_out)
        except ValueError as error:
            say(self.problem, tr("Not kept: {why}.", why=error))
            return False
        done = self._session.perform(
            lambda lib: report_template.change_site_template(lib, heading=heading, closing=closing, leave_out=left_out),
            undoable=False,
        )
        if done is not None:
            self._kept = heading, closing
            say(self.problem, "")
        return done is not None

    def _typed(self) -> tuple[str, str]:
        return self.heading.toPlainText().strip(), self.closing.toPlainText().strip()
