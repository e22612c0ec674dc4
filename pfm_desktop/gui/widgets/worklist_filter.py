"""Which visits the Today list shows: all, those of today, or those of which something is still to be done."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from pfm_desktop.domain.followup import Only
from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.one_of_chips import OneOfChips
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.first_look import FirstLook
from pfm_desktop.viewmodels.worklist import ONLY_WORDS, OVERDUE_SIGN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pfm_desktop.jobs import Context
    from pfm_desktop.viewmodels.session import Session

_OF_FINDINGS = (Only.OVERDUE, Only.DISCUSS, Only.LETTER)
_ALARMS = frozenset({Only.OVERDUE.value})


class WorklistFilter(OneOfChips):
    """Each chip says how many visits it stands for, once they are counted; what is overdue stands out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__({only.value: words for only, words in ONLY_WORDS.items()}, tr("Show visits"), parent)
        self._session: Session | None = None
        self._work = Background(self)
        self._commands = tuple(self._command(place, only) for place, only in enumerate(Only, start=1))

    @property
    def only(self) -> Only:
        """What is chosen."""
        return Only(self.chosen)

    @property
    def restricts(self) -> bool:
        """Whether not all visits are shown."""
        return self.only is not Only.ALL

    def commands(self) -> tuple[QAction, ...]:
        """The same by keys."""
        return self._commands

    def show_all(self) -> None:
        """As a press on All."""
        self.choose(Only.ALL.value)

    def allow(self, session: Session | FirstLook, *, sees_findings: bool) -> None:
        """Who sees no findings is not shown of whom something is to be done; nothing while the library is opened."""
        self._session = None if isinstance(session, FirstLook) else session
        for only, command in zip(Only, self._commands, strict=True):
            usable = self._session is not None and (sees_findings or only not in _OF_FINDINGS)
            self.buttons[only.value].setEnabled(usable)
            command.setEnabled(usable)
        if not self.buttons[self.chosen].isEnabled() and self._session is not None:
            self.show_all()
        self.count()

    def count(self) -> None:
        """Count anew, on another thread."""
        if self._session is not None:
            self._work.start(_counts, self._session, done=self._counted, failed=_ignore)

    @property
    def counting(self) -> bool:
        """Whether counts are still to come."""
        return self._work.busy

    def _counted(self, counts: Mapping[str, int]) -> None:
        usable = {key: count for key, count in counts.items() if self.buttons[key].isEnabled()}
        self.show_counts(usable, alarms=_ALARMS, sign=OVERDUE_SIGN)

    def _command(self, place: int, only: Only) -> QAction:
        id_, text = f"today.show_{only.value}", tr("Show visits: {which}", which=ONLY_WORDS[only].lower())
        made = page_action(self, id_, text, f"Alt+{place}", partial(self.choose, only.value))
        made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        return made


def _counts(ctx: Context, session: Session) -> Mapping[str, int]:
    """How many visits each chip stands for, as a job."""
    from pfm_desktop.services import cases, follow_up

    days = follow_up.site_choice(session.library).days
    found = {}
    for only in Only:
        if only is not Only.ALL:
            ctx.check()
            found[only.value] = cases.count_visits(session.library, only=only, overdue_days=days, ctx=ctx)
    return found


def _ignore(_why: str) -> None:
    """The list itself says it where the library cannot be read."""
