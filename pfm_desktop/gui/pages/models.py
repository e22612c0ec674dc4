"""Models on this computer: which there are, what they say about themselves, which one is used."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.actions import NATIVE, page_action
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.card_view import CardView, introduced
from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.file_dialog import ask_file, ask_where
from pfm_desktop.gui.widgets.model_arrival import ModelArrival
from pfm_desktop.gui.widgets.model_card import ModelCard
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import model_exchange
from pfm_desktop.viewmodels.learning import LEARNING, Runs, cut_short, runs_job
from pfm_desktop.viewmodels.model_cards import CardRow, card_rows, card_text, standing_of
from pfm_desktop.viewmodels.words import spoken

if TYPE_CHECKING:
    from pfm_desktop.support.settings import Settings
    from pfm_desktop.viewmodels.session import Session

log = logging.getLogger(__name__)
CARD_WIDTH = 460
LEARN = tr("Fine-tune on my cases")
NO_MODELS = tr(
    "No model on this computer. Pictures can be looked at, registered and reported; there is no AI answer.\n\n"
    "Bring a model folder with `pfm models import FOLDER`, or put it into:\n{folder}"
)


class ModelsPage(QWidget):
    """Cards on the left, the card's text on the right. `said(text)` for what went well; `learning_wanted` when cases of
    the library are to be learned from."""

    said = Signal(str)
    learning_wanted = Signal()
    title = tr("Models")

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._rows: tuple[CardRow, ...] = ()
        self._reading, self._runs = Background(self), Runs((), 0)
        self._chosen: Path | None = None  # by folder: two versions have one name
        self.cards: list[ModelCard] = []
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 8, 0)
        self._list.setSpacing(10)
        self.text = CardView(self)
        self.empty = QLabel(self)
        self.empty.setWordWrap(True)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        let_copy(self.empty)
        reread = self._action("reread", tr("&Read the model folders again"), "F5", self.reread)
        learn = self._action("learn", tr("&Fine-tune on my cases"), "Ctrl+Shift+F", self.learning_wanted.emit)
        bring = self._action("bring", tr("&Bring a model file..."), "Ctrl+Shift+B", self._ask_for_file)
        self.learn = QPushButton(LEARN, self)
        self.bring, self.arrival = QPushButton(tr("Bring a model file..."), self), ModelArrival(self)
        for button, action in ((self.learn, learn), (self.bring, bring)):
            button.setToolTip(action.shortcut().toString(NATIVE))
            button.clicked.connect(lambda _checked=False, action=action: action.trigger())
        self.arrival.wanted.connect(self._bring)
        self.arrival.given_up.connect(self._stay)
        self._actions = (reread, learn, bring)
        self._lay_out()
        session.on_settings.append(self._settings_changed)

    def page_actions(self) -> Sequence[QAction]:
        """Commands of this page."""
        return self._actions

    def entered(self) -> None:
        """The page comes into sight: folders are read again, and the model in use is checked."""
        self.reread()
        self._reading.start(runs_job, self._session.library, done=self._met_runs, failed=lambda _message: None)
        for row in self._rows:
            if self._used(row):  # whether it can answer should be known before the next case asks for it
                self._check(row.path, lambda _seal: None, lambda: None)
        for card in self.cards[:1]:
            (card.read if card.use.isHidden() else card.use).setFocus()

    def left(self) -> None:
        """Nothing is kept running."""

    def _met_runs(self, found: Runs) -> None:
        """A run that was cut short would be forgotten, were it said only where it can go on."""
        short = cut_short(
            found, self._session.library, learning=any(row.title.startswith(LEARNING) for row in self._jobs.rows)
        )
        self.learn.setText(f"{LEARN} ({short})" if short else LEARN)
        self._runs = found
        self._mark_standing()

    def reread(self) -> None:
        """Read the model folders again."""
        self._rows = card_rows()
        if self._chosen not in [row.path for row in self._rows]:
            used = [row.path for row in self._rows if self._used(row)]
            self._chosen = next(iter(used or [row.path for row in self._rows]), None)
        self._draw()

    def choose(self, path: Path | None) -> None:
        """Show the text of the model in a folder."""
        self._chosen = path
        for card in self.cards:
            card.set_chosen(card.row.path == path)
        self._show_text()

    def use(self, name: str) -> None:
        """Use a model from now on."""
        if self._session.change_settings(model=name):
            self.said.emit(
                tr("From now on, {name} answers. Answers kept from other models stay in the library.", name=name)
            )

    def verify(self, path: Path) -> None:
        """Check a model's weights and description against the hashes it promises."""
        self._check(
            path,
            lambda seal: self._verified(
                path, tr("Checked: the weights are what model.toml promises, and {seal}.", seal=seal)
            ),
            lambda: self._verified(path, tr("The check was stopped.")),
        )
        self._verified(path, tr("Checking the weights..."))

    def _check(self, path: Path, done: Callable[[Any], None], stopped: Callable[[], None]) -> None:
        self._jobs.start(
            _verify,
            path,
            title=tr("Checking {name}", name=path.name),
            done=done,
            failed=lambda message: self._verified(path, message, bad=True),
            stopped=stopped,
        )

    # ---- to other clinics and from them

    def send(self, path: Path, out: str) -> None:
        """Write a model as one signed file."""
        self._verified(path, f"{model_exchange.SENDING} ...")
        self._jobs.start(
            model_exchange.send_job, self._session.library, str(path.absolute()), out, title=model_exchange.SENDING,
            done=lambda said: self._verified(path, said),
            failed=lambda message: self._verified(path, message, bad=True, usable=True),
            stopped=lambda: self._verified(path, tr("Stopped. Nothing was written.")),
        )  # fmt: skip

    def look_at(self, file: str) -> None:
        """Look at a model file from elsewhere."""
        self.arrival.begin()
        self._jobs.start(
            model_exchange.open_job, file, title=model_exchange.LOOKING,
            done=lambda opened: self.arrival.show_opened(file, opened), failed=self.arrival.show_problem,
            stopped=self._stay,
        )  # fmt: skip

    def _bring(self, file: str, fingerprint: str) -> None:
        self._jobs.start(
            model_exchange.receive_job, file, fingerprint, title=model_exchange.BRINGING, done=self._brought,
            failed=self.arrival.show_problem, stopped=lambda: self.arrival.show_problem(tr("Stopped.")),
        )  # fmt: skip

    def _brought(self, said: str) -> None:
        self._stay()
        self.reread()
        self.said.emit(said)

    def _stay(self) -> None:
        self.arrival.hide()
        self.bring.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask_where(self, path: Path) -> None:
        name = next(card.row.name for card in self.cards if card.row.path == path)
        file = f"{name}{model_exchange.ENDING}"
        ask_where(
            self, "send_to", tr("Pass a model on"), file, lambda out: self.send(path, out), kind=model_exchange.FILES
        )

    def _ask_for_file(self) -> None:
        ask_file(self, "bring_from", tr("Bring a model file"), self.look_at, kind=model_exchange.FILES)

    def _action(self, id_: str, text: str, shortcut: str, slot: Callable[[], object]) -> QAction:
        return page_action(self, f"models.{id_}", text, shortcut, slot)

    def _verified(self, path: Path, said: str, *, bad: bool = False, usable: bool = False) -> None:
        for card in self.cards:
            if card.row.path == path:
                card.say(said, bad=bad, usable=usable)

    def _used(self, row: CardRow) -> bool:
        """Whether this model answers; a name leads to one folder only."""
        return row.usable and not row.hidden and row.name == self._session.settings.model

    def _leads_to(self) -> Path | None:
        """The folder that the name of the model in use leads to."""
        from pfm_desktop.services import models

        try:
            return models.folder_of(self._session.settings.model)
        except UserError:
            return None

    def _settings_changed(self, _settings: Settings) -> None:
        self._mark_used()

    def _mark_used(self) -> None:
        led_to = self._leads_to()
        for card in self.cards:
            card.set_used(self._used(card.row), unable=not card.row.version and card.row.path == led_to)

    def _mark_standing(self) -> None:
        for card in self.cards:
            card.set_standing(standing_of(card.row, self._runs))

    def _draw(self) -> None:
        for card in self.cards:
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = []
        for place, row in enumerate(self._rows):
            card = ModelCard(row, self)
            card.chosen.connect(self.choose)
            card.used.connect(self.use)
            card.checked.connect(self.verify)
            card.sent.connect(self._ask_where)
            card.send.setVisible(card.row.usable and model_exchange.may_send(self._session.library))
            self._list.insertWidget(place, card)
            self.cards.append(card)
        self._mark_used()
        self._mark_standing()
        buttons = [button for card in self.cards for button in (card.use, card.read, card.check, card.send)]
        for one, next_ in pairwise(
            (self.learn, self.bring, *buttons, self.text)
        ):  # the cards come before the text of one of them
            self.setTabOrder(one, next_)
        self.empty.setVisible(not self._rows)
        self.empty.setText(NO_MODELS.format(folder=_user_folder()))
        self.choose(self._chosen)

    def _show_text(self) -> None:
        """The card of the chosen model or why it cannot be shown; never another one's."""
        self.text.clear()
        row = next((row for row in self._rows if row.path == self._chosen), None)
        if row is None:
            return
        try:
            card = card_text(row)
            text = introduced(card) if card else ""
        except UserError as error:
            text = spoken(error)
        except Exception:  # whatever is in a folder from elsewhere, the page stands
            log.exception("a card was not shown")
            text = tr("The card of this model cannot be shown.")
        self.text.show_markdown(text or tr("This model has no CARD.md."))

    def _lay_out(self) -> None:
        held = QWidget(self)
        self._list.addWidget(self.empty)
        self._list.addStretch(1)
        held.setLayout(self._list)
        scroll = QScrollArea(self)
        scroll.setWidget(held)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setMinimumWidth(CARD_WIDTH)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(self.learn)
        row.addWidget(self.bring)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.arrival)
        column.addWidget(scroll, 1)
        split.addWidget(left)
        split.addWidget(self.text)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.setChildrenCollapsible(False)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(14, 12, 14, 10)
        whole.addWidget(split)


def _verify(_ctx: Any, path: Path) -> object:
    """The check, as a job."""
    from pfm_desktop.services import models

    models.verify(str(path.absolute()))
    return models.seal_of(str(path.absolute()))


def _user_folder() -> Path:
    from pfm_desktop.support.paths import user_models_dir

    return user_models_dir()
