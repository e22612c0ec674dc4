"""Who works with a library, and what each may do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA


class Role(StrEnum):
    """What a person is in this library; one person may be several."""

    CLINICIAN = "clinician"
    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"
    ADMINISTRATOR = "administrator"


class Act(StrEnum):
    """What may be allowed."""

    SEE_NAMES = "see names, findings and histology"
    EDIT_VISITS = "change visits, pictures and findings"
    SIGN = "sign visits"
    LABEL = "label pictures"
    ADJUDICATE = "decide between reads"
    MAKE_TASKS = "make and close tasks for readers"
    EXPORT = "take pictures and records out of the library"
    READ_AUDIT = "read the audit trail"
    KEEP_ACCOUNTS = "make and change accounts"
    SET_PLAN = "change the plan of examinations"
    MAINTAIN = "back the library up, or repair it"


_OF_ROLE: dict[Role, frozenset[Act]] = {
    Role.CLINICIAN: frozenset(
        {
            Act.SEE_NAMES,
            Act.EDIT_VISITS,
            Act.SIGN,
            Act.LABEL,
            Act.MAKE_TASKS,
            Act.EXPORT,
            Act.SET_PLAN,
            Act.MAINTAIN,
        }
    ),
    Role.ANNOTATOR: frozenset({Act.LABEL}),
    Role.ADJUDICATOR: frozenset({Act.LABEL, Act.ADJUDICATE}),
    # the audit trail holds names before and after each change, so who keeps it sees them
    Role.ADMINISTRATOR: frozenset(
        {Act.SEE_NAMES, Act.READ_AUDIT, Act.KEEP_ACCOUNTS, Act.EXPORT, Act.SET_PLAN, Act.MAINTAIN}
    ),
}


@dataclass(frozen=True)
class Account:
    """A person who may sign in to one library. One that is not active signs in no more, and stays on record."""

    id: str
    name: str
    roles: frozenset[Role]
    active: bool = True

    def may(self, act: Act) -> bool:
        """Whether one of the roles allows it."""
        return self.active and any(act in _OF_ROLE[role] for role in self.roles)


def roles_text(roles: frozenset[Role]) -> str:
    """In the order of `Role`, as it is put on record: clinician, administrator."""
    return ", ".join(role.value for role in Role if role in roles)


_ROLE_WORDS = {
    Role.CLINICIAN: tr("clinician"),
    Role.ANNOTATOR: tr("annotator"),
    Role.ADJUDICATOR: tr("adjudicator"),
    Role.ADMINISTRATOR: tr("administrator"),
}


def roles_words(roles: Collection[Role]) -> str:
    """`roles_text` for a person, in the language of the process."""
    return COMMA.join(_ROLE_WORDS[role] for role in Role if role in roles)


def roles_of(text: str) -> frozenset[Role]:
    """The reverse of `roles_text`; what is no role is left out."""
    known = {role.value: role for role in Role}
    return frozenset(known[part] for part in (piece.strip() for piece in text.split(",")) if part in known)
