"""In which language the window speaks; from the next start on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.gui.widgets.panel_parts import CalmComboBox
from pfm_desktop.support.language import ENGLISH, LANGUAGES, catalogue, current, tr
from pfm_desktop.support.settings import AS_COMPUTER

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from pfm_desktop.support.settings import Settings
    from pfm_desktop.viewmodels.session import Session

HINT = tr("Of the window and of what it prints, from the next start on.")

DAMAGED = tr("The catalogue of {language} is missing or damaged, so English is spoken. Install the program again.")


class LanguageChoice(CalmComboBox):
    """Each language calls itself by its own name."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Language"))
        self.addItem(tr("As the computer"), AS_COMPUTER)
        for code, name in LANGUAGES.items():
            self.addItem(name, code)
        self.activated.connect(lambda _index: session.change_settings(language=self.currentData()))

    def show_choice(self, settings: Settings) -> None:
        """As it is kept."""
        self.setCurrentIndex(self.findData(settings.language))
        damaged = current() != ENGLISH and not catalogue(current())
        said = DAMAGED if damaged else tr("Now: {language}")
        self.setToolTip(said.format(language=LANGUAGES[current()]))
