"""The accounts of a library as Settings shows them, and what is done to them. No Qt; the jobs run on a thread."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.domain.people import Account, Act, Role, roles_words
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library

ROLE_WORDS = {
    Role.CLINICIAN: tr("Clinician: sees names, examines, reads, signs"),
    Role.ANNOTATOR: tr("Annotator: labels pictures, sees neither names nor findings"),
    Role.ADJUDICATOR: tr("Adjudicator: decides between readings, sees neither names nor findings"),
    Role.ADMINISTRATOR: tr("Administrator: keeps accounts, reads the audit trail, changes no visit"),
}
NO_ACCOUNTS = tr(
    "This library is not encrypted and has no accounts: the name above is what stands beside your reads. For pictures "
    "of real women make an encrypted library (New library...)."
)


@dataclass(frozen=True)
class PersonRow:
    """A line of the list. `state` is "" for who may sign in."""

    account: Account
    name: str
    roles: str
    state: str


@dataclass(frozen=True)
class Done:
    """What was done, in words; `key` a new recovery key."""

    words: str
    key: str = ""


def may_keep(lib: Library) -> bool:
    """Whether who is signed in makes and changes accounts here."""
    return lib.account is not None and lib.may(Act.KEEP_ACCOUNTS) and not lib.read_only


def rows(lib: Library) -> tuple[PersonRow, ...]:
    """Everybody, by name."""
    from pfm_desktop.services import accounts

    try:
        without = accounts.without_password(lib)
    except StorageError:  # its key files are gone: a check says that
        without = frozenset()
    mine = lib.account.id if lib.account is not None else ""

    def state(one: Account) -> str:
        if not one.active:
            return tr("switched off")
        return tr("has no password yet") if one.id in without else ""

    return tuple(
        PersonRow(
            one, tr("{name} (you)", name=one.name) if one.id == mine else one.name, roles_words(one.roles), state(one)
        )
        for one in accounts.everybody(lib)
    )


def add(_ctx: Context, lib: Library, own: str, name: str, roles: Collection[Role], password: str) -> Done | UserError:
    """A new account. `own` is the password of who asks, so that nobody does it at a window that was left open."""
    from pfm_desktop.services import accounts

    def done() -> Done:
        accounts.confirm(lib, own, "to add a person")
        return Done(tr("{name} may sign in now.", name=accounts.add(lib, name, roles, password).name))

    return _said(done)


def change(
    _ctx: Context, lib: Library, own: str, account: Account, roles: Collection[Role], active: bool, password: str = ""
) -> Done | UserError:
    """Other roles, switched off or on, and another password where one is given. `own` as in `add`."""
    from pfm_desktop.services import accounts

    def done() -> Done:
        accounts.confirm(lib, own, f"to change the account of {account.name}")
        if password:  # first: who is switched on with a new password must not come in with the one before
            accounts.set_password(lib, account, password)
        now = account
        if (frozenset(roles), active) != (account.roles, account.active):
            try:
                now = accounts.change(lib, account, roles=roles, active=active)
            except UserError as error:
                if password:
                    safe = tr("the new password is set; roles, and who may sign in, are as before")
                    raise UserError(error.what, safe=safe, remedy=error.remedy) from error
                raise
        said = f"{now.name}: " + (roles_words(now.roles) if now.active else tr("switched off"))
        return Done(tr("{account}, with a new password.", account=said) if password else f"{said}.")

    return _said(done)


def own_password(_ctx: Context, lib: Library, old: str, new: str) -> Done | UserError:
    """The own password."""
    from pfm_desktop.services import accounts

    def done() -> Done:
        accounts.change_own_password(lib, old, new)
        return Done(tr("Your password is changed."))

    return _said(done)


def recovery_key(_ctx: Context, lib: Library, password: str) -> Done | UserError:
    """A new recovery key; who asks shows that it is them."""
    from pfm_desktop.services import accounts

    def done() -> Done:
        accounts.confirm(lib, password, "to make a recovery key")
        key = accounts.new_recovery_key(lib)
        return Done(tr("A new recovery key was made; the one before opens nothing any more."), key)

    return _said(done)


def _said(act: Callable[[], Done]) -> Done | UserError:
    try:
        return act()
    except UserError as error:
        return error
