"""Why a command does nothing: said, and taken back as soon as it is no longer so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pfm_desktop.support.errors import UserError

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.session import Session

Why = Callable[[], str]  # "" once nothing is in the way


class Refusals:
    """Those that stand in the message bar."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._standing: list[tuple[UserError, str, Why]] = []

    def refuse(self, why: Why) -> bool:
        """Say what is in the way; False when nothing is."""
        words = why()
        if words:
            problem = UserError(words)
            self._standing.append((problem, words, why))
            self._session.say(problem)
        return bool(words)

    def look_again(self) -> None:
        """Take back what is no longer so."""
        over = [(problem, why) for problem, words, why in self._standing if why() != words]
        for problem, _why in over:
            self._session.take_back(problem)
        self._standing = [one for one in self._standing if all(one[0] is not problem for problem, _why in over)]
