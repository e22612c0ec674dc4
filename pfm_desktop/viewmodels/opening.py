"""Opening a library, as a job: what loads the database modules, so that the window stands before them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.people import Account, Act, roles_words
from pfm_desktop.jobs import Context
from pfm_desktop.storage.schema import DATABASE, is_encrypted
from pfm_desktop.support import memory
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import filled, tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.paths import demo_library_dir
from pfm_desktop.viewmodels.words import spoken

if TYPE_CHECKING:
    from pfm_desktop.domain.case import VisitRow
    from pfm_desktop.storage.library import Library


class Way(Enum):
    """What the sign-in page asks for."""

    SIGN_IN = auto()
    RECOVER = auto()
    UNLOCK = auto()


@dataclass(frozen=True)
class SignInNeeded:
    """The library is encrypted: somebody has to sign in first."""


@dataclass(frozen=True)
class Refused:
    """Nobody was let in: why, and how many seconds the next attempt has to wait."""

    error: UserError
    seconds: float


def refused_because(said: str) -> Refused:
    """In a sentence of the window's own."""
    return Refused(UserError(said.rstrip(".")), 0)


@dataclass(frozen=True)
class NewLibrary:
    """A library that was made, and its recovery key where it is encrypted."""

    library: Library
    recovery_key: str = ""


def open_library(ctx: Context, folder: str) -> Library | SignInNeeded:
    """The library in `folder`; "" is the demo library, which is made first where there is none."""
    path = Path(folder) if folder else demo_library_dir()
    if is_encrypted(path):
        return SignInNeeded()
    if not folder and not os.path.exists(path / DATABASE):  # noqa: PTH110 - also where the folder may not be looked into
        from pfm_desktop.services.demo import ensure_demo_library

        return ensure_demo_library(ctx, path)
    load(ctx)
    from pfm_desktop.storage.library import Library

    ctx.check()
    return _still_wanted(ctx, Library.open(path))


def open_for_writing(ctx: Context, _folder: str, library: Library) -> Library:
    """The library that is open for reading only, once more and for writing, as the same person."""
    from pfm_desktop.services import accounts

    return _still_wanted(ctx, accounts.open_for_writing(library))


def why_not_writable(_ctx: Context, library: Library) -> str:
    """What keeps a library that is open for reading only from being written now; "" for nothing more."""
    return library.why_not_writable()


def read_only_text(library: Library) -> str:
    """Why nothing can be changed in it, and what will be possible once that is over; "" where it can."""
    from pfm_desktop.storage.refusals import FULL

    why = library.no_editing
    if library.read_only and why == FULL:
        return f"{why}. " + tr("Free some space: it can be opened for writing here then")
    if library.read_only and filled(why, "in use by {holder}") is not None:
        return f"{why}. " + tr("Once it is closed there it can be opened for writing here")
    return why


def bar_text(library: Library) -> str:
    """What the bar above all pages says of what can be changed in it by who is signed in; "" where all can."""
    why, person = read_only_text(library), library.account
    if why and person is not None and not library.read_only and (may := _may_all_the_same(person)):
        return tr(
            "{name} is {roles}: {acts}, nothing else can be changed",
            name=person.name,
            roles=roles_words(person.roles),
            acts=may,
        )
    return tr("Read only, nothing can be changed here: {why}", why=why) if why else ""


def _may_all_the_same(person: Account) -> str:
    """What who may not change visits does change."""
    said = []
    if person.may(Act.LABEL) and person.may(Act.ADJUDICATE):
        said.append(tr("reads for labels and decisions between readers are written"))
    elif person.may(Act.LABEL):
        said.append(tr("reads for labels are written"))
    elif person.may(Act.ADJUDICATE):
        said.append(tr("decisions between readers are written"))
    if person.may(Act.KEEP_ACCOUNTS):
        said.append(tr("accounts are kept here"))
    return COMMA.join(said)


def over_text(was: str) -> str:
    """What is said once nothing keeps the library from being written any more; `was`: what did."""
    from pfm_desktop.storage.refusals import FULL, in_use

    if in_use(was):
        return tr("Still open for reading only, but the program that had the library has closed it or has ended.")
    if was == FULL:
        return tr("Still open for reading only, but the disk has free space again.")
    return tr("Still open for reading only, but the folder can be written again.")


def load(_ctx: Context) -> None:
    """What opening a library needs, loaded here and not later on the GUI thread."""
    with memory.without_collection():
        import pfm_desktop.services.accounts
        import pfm_desktop.viewmodels.session  # noqa: F401


def sign_in(ctx: Context, folder: str, name: str, password: str) -> Library | Refused:
    """The encrypted library in `folder`, as somebody."""
    from pfm_desktop.services import accounts

    return _let_in(ctx, Path(folder), name, lambda: accounts.sign_in(Path(folder), name, password))


def recover(ctx: Context, folder: str, key: str, name: str, password: str) -> Library | Refused:
    """The encrypted library in `folder`, opened with its recovery key; the password is that of `name` from then on."""
    from pfm_desktop.services import accounts

    return _let_in(ctx, Path(folder), None, lambda: accounts.recover(Path(folder), key, name, password))


def recovery_key_kept(lib: Library) -> None:
    """That it is on paper goes on record; where the disk refuses it, the next sign-in reminds once more."""
    from pfm_desktop.services import accounts
    from pfm_desktop.support.errors import StorageError

    with suppress(StorageError):
        accounts.recovery_key_kept(lib)


def unlock(ctx: Context, library: Library, password: str) -> Refused | None:
    """Whether who is signed in comes back to a locked window; None where so."""
    return confirmed(ctx, library, password, "to unlock the window")


def confirmed(_ctx: Context, library: Library, password: str, why: str) -> Refused | None:
    """Whether it is who is signed in that asks; None where so. `why` goes on record."""
    from pfm_desktop.services import accounts
    from pfm_desktop.storage import attempts

    try:
        accounts.confirm(library, password, why)
    except UserError as error:
        account_id = library.account.id if library.account is not None else ""
        return Refused(error, attempts.seconds_to_wait(library.path, account_id=account_id))
    return None


def _let_in(ctx: Context, path: Path, name: str | None, opened: Callable[[], Library]) -> Library | Refused:
    """`name`: who tries to sign in; None: with the recovery key."""
    from pfm_desktop.storage import attempts, keys

    try:
        library = opened()
    except UserError as error:
        account_id = keys.RECOVERY
        if name is not None:
            with suppress(UserError):
                account_id = keys.account_called(path, name)
        return Refused(error, attempts.seconds_to_wait(path.absolute(), account_id=account_id))
    return _still_wanted(ctx, library)


def _still_wanted(ctx: Context, library: Library) -> Library:
    try:
        ctx.check()
    except BaseException:
        library.close()  # nobody will ask for it any more
        raise
    return library


def first_look(_ctx: Context, folder: str) -> tuple[VisitRow, ...] | None:
    """The list of the library in `folder` as it can be read at once, before all that opening it needs is loaded; None
    where that cannot be."""
    with memory.without_collection():
        from pfm_desktop.storage.worklist import first_rows

    return first_rows(Path(folder) if folder else demo_library_dir())


def create_library(ctx: Context, folder: str, name: str = "", password: str = "") -> NewLibrary | Refused:
    """A new, empty library in `folder`: encrypted, with `name` as its first account; without a name a plain one."""
    load(ctx)
    from pfm_desktop.services import accounts
    from pfm_desktop.storage.library import Library

    ctx.progress(0, 1, tr("Making the library"))
    try:
        if not name:
            return NewLibrary(Library.create(Path(folder)))
        made = NewLibrary(*accounts.make_library(Path(folder), name, password))
        accounts.recovery_key_shown(made.library)
        return made
    except UserError as error:
        return Refused(error, 0)


def password_problem(password: str, name: str) -> str:
    """Why a password will not do, "" where it will."""
    from pfm_desktop.services.accounts import check_password

    try:
        check_password(password, name)
    except UserError as error:
        return spoken(error)
    return ""


def name_of(folder: str) -> str:
    """A library as the window names it."""
    return Path(folder).name if folder else tr("Demo library")
