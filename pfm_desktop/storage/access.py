"""What each role may change and see. Asked where records are written and read, so that no screen can forget it.

A library that is not encrypted has no accounts, and whoever opens it may do everything.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.domain.case import Patient
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.people import Account, Act, Role, roles_of
from pfm_desktop.storage.tables import AccountTable
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

ACT_WORDS = {
    Act.SEE_NAMES: tr("see names, findings and histology"),
    Act.EDIT_VISITS: tr("change visits, pictures and findings"),
    Act.SIGN: tr("sign visits"),
    Act.LABEL: tr("label pictures"),
    Act.ADJUDICATE: tr("decide between reads"),
    Act.MAKE_TASKS: tr("make and close tasks for readers"),
    Act.EXPORT: tr("take pictures and records out of the library"),
    Act.READ_AUDIT: tr("read the audit trail"),
    Act.KEEP_ACCOUNTS: tr("make and change accounts"),
    Act.SET_PLAN: tr("change the plan of examinations"),
    Act.MAINTAIN: tr("back the library up, or repair it"),
}
_MASKED = "names are not seen"  # in `Session.info`
_ONLY_OWN = "reads of others are not seen"
_NEEDS = {
    "account": Act.KEEP_ACCOUNTS,
    "annotation": Act.LABEL,
    "read": Act.LABEL,
    "task": Act.MAKE_TASKS,
    "site_choice": Act.SET_PLAN,
    "amendment": Act.SIGN,
}


class NotAllowedError(UserError):
    """The account may not do that."""

    def __init__(self, account: Account, act: Act) -> None:
        self.act = act
        self.on_record = f"{account.name} may not {act.value}"  # the record is English
        super().__init__(
            tr("{name} may not {act}", name=account.name, act=ACT_WORDS[act]),
            safe=tr("nothing was changed"),
            remedy=tr("ask an administrator of the library, or sign in as somebody who may"),
        )


class LastAdministratorError(UserError):
    """A change after which nobody could make accounts any more."""

    def __init__(self) -> None:
        super().__init__(
            tr("the last administrator of a library cannot be taken away"),
            safe=tr("nothing was changed"),
            remedy=tr("make somebody else an administrator first"),
        )


def require(account: Account | None, act: Act) -> None:
    """Raise `NotAllowedError` where the account may not."""
    if account is not None and not account.may(act):
        raise NotAllowedError(account, act)


def check(account: Account | None, change: Change) -> None:
    """Raise `NotAllowedError` for a change that the account may not make."""
    if change.what == "account" and change.new is None:
        raise UserError(
            tr("an account is never removed: what it did stays its doing"),
            safe=tr("nothing was changed"),
            remedy=tr("switch it off"),
        )
    require(account, _NEEDS.get(change.what, Act.EDIT_VISITS))
    if change.what == "read" and (change.new or change.old or {}).get("adjudicates"):
        require(account, Act.ADJUDICATE)
    signature = (change.new or {}).get("signature") if change.what == "findings" else None
    if signature:
        require(account, Act.SIGN)
        if account is not None and signature.get("name") != account.name:
            raise UserError(
                tr("{name} is signed in, and cannot sign as {other}", name=account.name, other=signature.get("name")),
                safe=tr("nothing was signed"),
                remedy=tr("sign out, and let who signs sign in"),
            )


def check_administrator_left(session: Session, with_password: Collection[str]) -> None:
    """Raise `LastAdministratorError` where no administrator can sign in any more, after a change of an account."""
    able = (one for one in accounts(session) if one.active and one.id in with_password)
    if not any(Role.ADMINISTRATOR in one.roles for one in able):
        raise LastAdministratorError


def accounts(session: Session) -> tuple[Account, ...]:
    """All accounts by name, those that are not active as well."""
    return tuple(account_from(row) for row in session.scalars(select(AccountTable).order_by(AccountTable.name_folded)))


def account(session: Session, account_id: str) -> Account | None:
    """An account by id."""
    row = session.get(AccountTable, account_id)
    return account_from(row) if row else None


def account_from(row: AccountTable) -> Account:
    """A line of the table as the domain's account."""
    return Account(row.id, row.name, roles_of(row.roles), row.active)


def mask(session: Session, account: Account | None) -> None:
    """Note for what reads in this session whether names are to be seen."""
    session.info[_MASKED] = account is not None and not account.may(Act.SEE_NAMES)
    blind = account is not None and not (account.may(Act.ADJUDICATE) or account.may(Act.SEE_NAMES))
    session.info[_ONLY_OWN] = account.name if account is not None and blind else None


def masked(session: Session) -> bool:
    """Whether names, findings and whatever else tells of the woman are kept from who reads in this session."""
    return bool(session.info.get(_MASKED))


def only_reads_of(session: Session) -> str | None:
    """The reader whose reads are all that is to be seen in this session; None for those of everybody."""
    name: str | None = session.info.get(_ONLY_OWN)
    return name


def without_name(patient: Patient) -> Patient:
    """The same woman under a code that only the library can resolve; it does not look like a pseudonym of an export."""
    return Patient(patient.id, tr("Woman {code}", code=patient.id[:6]), "", "", None)
