"""Text that was typed and is not on disk yet. No Qt: when to save is the widget's business, what is kept is here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.unkept_names import called

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Edit, Session

Save = Callable[["Library", str, str], "Change"]  # library, key, text


@dataclass(frozen=True)
class _Draft:
    visit_id: str
    text: str
    whose: str  # the name of the woman, or her number


class Drafts:
    """Drafts of one kind of field, by the key of the record that they belong to.

    A draft stays until `save` has it on disk, also when another visit is opened in between: what the disk refused is
    still there when the record is shown again.
    """

    def __init__(self, session: Session, save: Save, name: str = tr("A text")) -> None:
        """`name`: what the fields are called where one of them could not be kept."""
        self._session, self._save, self._name = session, save, name
        self._drafts: dict[str, _Draft] = {}
        session.drafts.append(self)

    @property
    def waiting(self) -> bool:
        """Whether something is not on disk yet."""
        return bool(self._drafts)

    @property
    def names(self) -> tuple[str, ...]:
        """What is not on disk yet, by the name of the field and of the woman."""
        return tuple(
            tr("{text} of {woman}", text=self._name, woman=draft.whose) if draft.whose else self._name
            for draft in self._drafts.values()
        )

    def type(self, key: str, visit_id: str, text: str, *, kept: str) -> None:
        """`text` stands in the field now; `kept` is what is on disk."""
        if text == kept:
            self._drafts.pop(key, None)
        else:
            case = self._session.case
            whose = called(case.patient) if case is not None and case.visit.id == visit_id else ""
            self._drafts[key] = _Draft(visit_id, text, whose)

    def shown(self, key: str, kept: str) -> str:
        """What the field shows: what was typed, else what is on disk."""
        draft = self._drafts.get(key)
        return kept if draft is None else draft.text

    def forget(self, key: str) -> None:
        """The record is gone, and what was typed with it."""
        self._drafts.pop(key, None)

    def drop(self) -> None:
        """Nothing that waits is kept any more: it was said, and is not wanted."""
        self._drafts.clear()

    def save(self) -> bool:
        """Bring all drafts to disk, each as one edit; False where one was refused (said by the session): it stays.

        Only an edit of the visit on the desk can be undone: undo must not change what is not in sight.
        """
        for key, draft in tuple(self._drafts.items()):
            del self._drafts[key]  # views that refresh during the edit must not take it for unsaved
            case = self._session.case
            on_desk = case is not None and case.visit.id == draft.visit_id
            if self._session.perform(self._edit(key, draft), undoable=on_desk) is None:
                self._drafts.setdefault(key, draft)
        return not self._drafts

    def _edit(self, key: str, draft: _Draft) -> Edit:
        return lambda lib: self._save(lib, key, draft.text)
