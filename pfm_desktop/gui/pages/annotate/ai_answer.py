"""The AI answer beside the pair that is read: a button, and after it what the model says, until another pair comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.labelling import AiShown
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import bring_into_sight, say, words
from pfm_desktop.gui.widgets.warning_notice import WarningNotice
from pfm_desktop.services.ai_shown import shown_in
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import annotate_ai

if TYPE_CHECKING:
    from pfm_desktop.domain.prediction import Analysis
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.annotate import Reading

NAME = tr("AI answer")


@dataclass(frozen=True)
class Site:
    """What Settings say: when readers see the answer, and which model gives it."""

    choice: Callable[[], AiShown] = field(default=lambda: AiShown.HIDDEN)
    model: Callable[[], str] = field(default=lambda: "")


class AiAnswer(QWidget):
    """Follows `follow`; hidden where the site shows no answer in the task. `ask` is the key and the button.

    An answer belongs to the turn for which it was asked: it goes before anything of another one is seen, and one that
    comes after that is thrown away.
    """

    def __init__(self, library: Library, site: Site, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library, self._site, self._work = library, site, Background(self)
        self._reading: Reading | None = None
        self._at: object = None  # the turn of which something is said, asked or shown
        self._asked = False  # the answer is shown, or on its way
        self.button, self.hint = QPushButton(self), words(self, "quiet")
        self.said = words(self)
        self.banner, self.model, self.warning = words(self, "badge"), words(self, "quiet"), WarningNotice(self)
        self.headline, self.possible = words(self, "title"), words(self, "heading")
        self.numbers, self.advice, self.one_source = words(self), words(self), words(self, "badge")
        self.passes, self.on_record = words(self, "quiet"), words(self, "quiet")
        self._texts = (
            self.banner, self.model, self.headline, self.possible, self.numbers, self.advice, self.one_source,
            self.passes, self.on_record,
        )  # fmt: skip
        self._lay_out()
        self.hide()

    @property
    def idle(self) -> bool:
        """Whether no answer is on its way."""
        return not self._work.busy

    @property
    def shown(self) -> bool:
        """Whether an answer can be read."""
        return bool(self.headline.text())

    def follow(self, reading: Reading | None) -> None:
        """The turn in front, or what the site chose, may be another one: what does not belong to it goes at once."""
        self._reading = reading
        offered = reading is not None and annotate_ai.offered(reading.task, self._site.choice())
        if reading is None or not self._belongs(reading):
            self.clear()
        if offered and reading is not None:
            say(self.hint, annotate_ai.HINTS[shown_in(reading.task, self._site.choice())] if self._at is None else "")
            self.button.setEnabled(reading.turn is not None)
        self.setVisible(offered)

    def ask(self) -> None:
        """Show what the model says of the pair in front, or why that is not shown. Nothing where the site hides it."""
        reading = self._reading
        if reading is None or not annotate_ai.offered(reading.task, self._site.choice()):
            return
        if self._asked and self._belongs(reading):
            return
        self.clear()
        self._at = self._here(reading)
        why_not = annotate_ai.why_not_now(reading, self._site.choice())
        self._say(why_not or annotate_ai.ASKING)
        if not why_not and reading.turn is not None:
            self._asked = True
            asked = (self._library, reading.turn.pair_id, self._site.model(), reading.task.id)
            self._work.start(_answer_job, *asked, done=partial(self._take, self._at), failed=self._failed)

    def let_go(self) -> None:
        """Another page is in front: what is on its way is not waited for, and so not put on record."""
        if self._asked and not self.shown:
            self.clear()
            self.follow(self._reading)

    def clear(self) -> None:
        """Nothing is said of any pair; what was on the screen is painted over before this returns."""
        if self._at is None:
            return
        self._work.drop()
        self._at, self._asked = None, False
        for text in (*self._texts, self.said):
            text.clear()
        self.warning.show_warning("", "")
        self.setAccessibleDescription("")
        if self.isVisible():
            self.repaint()
        for text in (*self._texts, self.said):
            text.hide()

    def _belongs(self, reading: Reading) -> bool:
        """Whether what is said, asked or shown is of the turn in front, and may still be."""
        may = not self._asked or annotate_ai.may_stand(reading, self._site.choice())
        return self._at is not None and self._at == self._here(reading) and may

    def _here(self, reading: Reading) -> object:
        """The turn in front, and who reads: what one has seen is on record for nobody else."""
        return self._library.who, reading.turn, reading.place

    def _take(self, place: object, analysis: Analysis) -> None:
        """It is on record by now. Shown only beside the turn for which it was asked."""
        if self._reading is None or self._at != place or not self._belongs(self._reading):
            self.clear()
            return
        self._show(analysis)

    def _show(self, analysis: Analysis) -> None:
        from pfm_desktop.viewmodels.answer import answer_of

        answer = answer_of(analysis)
        say(self.said, "")
        self.warning.show_warning(answer.caution, answer.unlike, answer.distances)
        said = (
            answer.banner, answer.model, f"AI: {answer.headline}", answer.possible,
            annotate_ai.probability_lines(answer), answer.advice, answer.one_source, answer.passes,
            annotate_ai.ON_RECORD,
        )  # fmt: skip
        for label, text in zip(self._texts, said, strict=True):
            say(label, text)
        self._tell(annotate_ai.spoken(answer))

    def _failed(self, message: str) -> None:
        """Said, and it can be asked again."""
        self._asked = False
        self._say(annotate_ai.failed_words(message))

    def _say(self, text: str) -> None:
        say(self.hint, "")
        say(self.said, text)
        self._tell(text)

    def _tell(self, text: str) -> None:
        """A screen reader is told at once, wherever the keys are."""
        self.setAccessibleDescription(text)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        bring_into_sight(self)

    def _lay_out(self) -> None:
        self.setAccessibleName(NAME)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        above = (self.button, self.hint, self.said, self.banner, self.model, self.warning)
        below = (self.headline, self.possible, self.numbers, self.advice, self.one_source, self.passes, self.on_record)
        for part in (*above, *below):
            column.addWidget(part)
            if part is not self.button:
                part.hide()


def _answer_job(ctx: Context, library: Library, pair_id: str, model: str, task_id: str) -> Analysis:
    from pfm_desktop.services import ai_shown

    return ai_shown.show_job(ctx, library, pair_id, model, task_id)
