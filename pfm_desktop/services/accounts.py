"""Who may open an encrypted library: making one, signing in, passwords, roles. All of it goes on record."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.people import Account, Act, Role, roles_text
from pfm_desktop.services import on_record
from pfm_desktop.storage import access, attempts, keys, passwords
from pfm_desktop.storage.engine import DamagedError, FullDiskError
from pfm_desktop.storage.keys import LibraryKeys, Unlocked, WrongPasswordError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import KEYS, KEYS_COPY
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.language import tr

SHORTEST, LONGEST = 10, 1000  # letters of a password
EVENT = "sign_in"
KEY_SHOWN = "recovery_key_shown"  # among the facts of the library, until somebody says that the key is kept
NOBODY = "(noted while closed)"  # stands for who did what happened before anybody was signed in, in a file open to all
# what is tried first by those who guess; compared without digits and signs at the end
_COMMON = """password passwort qwerty qwertyuiop letmein administrator colposcopy cervix hospital welcome iloveyou
changeme secret 1234567890 0123456789 abcdefghij pfm_desktop qwertzuiop azertyuiop asdfghjkl 1q2w3e4r5t 1qaz2wsx3edc"""


class NotActiveError(UserError):
    """The account may not sign in any more, or is not on record (any more)."""

    def __init__(self, name: str, *, on_record: bool = True) -> None:
        super().__init__(
            tr("the account {name} was switched off", name=name)
            if on_record
            else tr("this library has no account {name} on record", name=name),
            safe=tr("nothing was opened"),
            remedy=tr("ask an administrator of the library to switch it on again")
            if on_record
            else tr(
                "its database is older than its key file, as where a backup was brought back: ask an administrator of "
                "the library to make the account anew (Settings, People)"
            ),
        )


# making and opening


def make_library(path: Path, name: str, password: str) -> tuple[Library, str]:
    """A new encrypted library, whose first account is clinician and administrator; returns it and its recovery key.

    Raises `BadInputError` for a name or password that will not do, and what `Library.create` raises.
    """
    name = checked_name(name)
    check_password(password, name)
    account = Account(uuid.uuid4().hex, name, frozenset({Role.CLINICIAN, Role.ADMINISTRATOR}))
    written: list[str] = []

    def make_keys(folder: Path, library_id: str) -> LibraryKeys:
        made, recovery = keys.make(folder, library_id, account_id=account.id, name=name, password=password)
        written.append(recovery)
        return made

    first = (
        _made(account, "Account made with the library"),
        Change("library", "", None, None, "Encrypted library made; its recovery key was shown once"),
    )
    lib = Library.create(path, make_keys=make_keys, first=first, who=name)
    lib.account, lib.who = account, name
    passwords.settle(lib)
    return lib, written[0]


def first_account(lib: Library, account: Account, said: str) -> None:
    """Put the first account of a new library on record, and sign it in; `said` is the event."""
    lib.apply(_made(account, "Account made with the library"))
    lib.record_event("library", lib.id, said)
    lib.account = account
    passwords.settle(lib)


def sign_in(path: Path, name: str, password: str) -> Library:
    """Open an encrypted library as somebody. Goes on record, and so does every attempt that failed.

    Raises `TooSoonError`, `WrongPasswordError`, `NotActiveError`, and what `Library.open` raises.
    """
    path = Path(path).absolute()
    unlocked = _unlocked(path, name, password, "Wrong name or password at sign-in")
    lib, unlocked = _opened(path, name, password, unlocked)
    try:
        with lib.read() as session:
            account = access.account(session, unlocked.account_id)
        if account is None or not account.active:
            why = "is not on record" if account is None else "is switched off"
            attempts.failed(path, f"Sign-in to an account that {why}", unlocked.account_id)
            raise NotActiveError(name, on_record=account is not None)
        lib.account, lib.who = account, account.name
        old_keys = _tell_old_keys(lib)
        try:
            _note(lib, f"Signed in as {roles_text(account.roles)}")
            _remind_of_key(lib)
            if old_keys:
                _note(lib, old_keys)
        except FullDiskError:  # who wants to look may: the line waits, and every change says that there is no room
            attempts.later(path, f"Signed in as {roles_text(account.roles)} (the disk was full)", account.id)
    except BaseException:
        lib.close()
        raise
    return lib


def keys_of(path: Path, name: str, password: str, why: str) -> LibraryKeys:
    """The keys of an encrypted library that is not opened for it; a failed attempt counts as one at sign-in."""
    return _unlocked(Path(path).absolute(), name, password, f"Wrong name or password {why}").keys


def _opened(path: Path, name: str, password: str, unlocked: Unlocked) -> tuple[Library, Unlocked]:
    """The library with these keys; where they are of another one in which the same person has the same password, with
    those of the other key file."""
    try:
        return Library.open(path, unlocked.keys), unlocked
    except DamagedError:
        for file in (KEYS, KEYS_COPY):
            with suppress(UserError):
                other = keys.unlock(path, name, password, file=path / file)
                if other.keys != unlocked.keys:
                    return Library.open(path, other.keys), other
        raise


def open_for_writing(lib: Library) -> Library:
    """A library that is open for reading only, once more and for writing, by whoever is signed in. `lib` stays open.

    Raises `StorageError` where it still cannot be written, `NotActiveError`, and what `Library.open` raises.
    """
    again = Library.open(lib.path, lib.keys)
    try:
        if again.read_only:
            raise StorageError(
                tr("the library still cannot be written: {reason}", reason=again.read_only_reason),
                safe=tr("it stays open for reading, and nothing was changed"),
                remedy=tr("try again once that is over"),
            )
        again.account, again.who, again.key_file = lib.account, lib.who, lib.key_file
        if not still_there(again):
            raise NotActiveError(lib.who)
        if again.account is not None:
            _note(again, f"Went on, now with the right to write, as {roles_text(again.account.roles)}")
    except BaseException:
        again.close()
        raise
    return again


def recover(path: Path, recovery_key: str, name: str, password: str) -> Library:
    """Open an encrypted library with its recovery key, and give the account of that name a new password.

    A name that no account has becomes a new administrator's; one that is switched off or no administrator is made one.
    """
    path, name = Path(path).absolute(), checked_name(name)
    check_password(password, name)
    with attempts.one_at_a_time(path):
        attempts.check(path, keys.RECOVERY)
        try:
            unlocked = keys.unlock_with_recovery(path, recovery_key)
        except (WrongPasswordError, BadInputError):
            attempts.failed(path, "Wrong recovery key", keys.RECOVERY)
            raise
        attempts.succeeded(path, keys.RECOVERY)
    lib = Library.open(path, unlocked.keys)
    try:
        if lib.read_only:
            raise StorageError(
                tr("the library is open for reading only: {reason}", reason=lib.read_only_reason),
                safe=tr("no password was changed"),
                remedy=tr("close the other program, then try again"),
            )
        lib.who = name
        account = _recovered(lib, name)
        lib.account, lib.who = account, account.name
        if old_keys := _tell_old_keys(lib):  # before the new password evens the files
            _note(lib, old_keys)
        used = "Recovery key used by whoever had it, to sign in under this name with a new password"
        _put_password(lib, account, password, lambda: _note(lib, used))
    except BaseException:
        lib.close()
        raise
    return lib


def confirm(lib: Library, password: str, why: str) -> None:
    """Whoever is signed in shows that it is them; `why` is put on record, as "to sign a visit".

    Raises `WrongPasswordError` and `TooSoonError`.
    """
    if lib.account is None:
        return
    wrong = WrongPasswordError(tr("your own password is wrong"), account_id=lib.account.id, safe=tr("nothing was done"))
    try:
        unlocked = _unlocked(lib.path, lib.account.name, password, f"Wrong password: {why}")
    except WrongPasswordError as error:
        raise wrong from error
    if unlocked.account_id != lib.account.id:
        raise wrong
    if not still_there(lib):
        raise NotActiveError(lib.account.name)
    _note(lib, f"Password given: {why}")


def still_there(lib: Library) -> bool:
    """Whether who is signed in still may; roles that were changed meanwhile, by another program, hold from now on."""
    if lib.account is None:
        return True
    with lib.read() as session:
        now = access.account(session, lib.account.id)
    lib.account = now or replace(lib.account, active=False)
    return lib.account.active


# people


def everybody(lib: Library) -> tuple[Account, ...]:
    """All accounts by name; () in a library without."""
    with lib.read() as session:
        return access.accounts(session)


def without_password(lib: Library) -> frozenset[str]:
    """Ids of accounts that have no password, so that nobody signs in with them."""
    return frozenset(one.id for one in everybody(lib)) - passwords.who_has_one(lib)


def add(lib: Library, name: str, roles: Collection[Role], password: str) -> Account:
    """A new account. Raises `BadInputError` for what will not do, and `NotAllowedError`.

    One that was cut short before it had a password is completed when it is made again.
    """
    _keys(lib)  # raises where there are no accounts
    name = checked_name(name)
    check_password(password, name)
    _check_roles(roles)
    known = next((one for one in everybody(lib) if _same(one.name, name)), None)
    if known is not None and known.active and known.id in without_password(lib):
        access.require(lib.account, Act.KEEP_ACCOUNTS)
        account = known if known.roles == frozenset(roles) else change(lib, known, roles=roles)
        _new_password(lib, account, password, f"First password for {account.name}")
        return account
    if known is not None:
        raise BadInputError(
            tr("there is an account {name} already", name=name),
            safe=tr("nothing was changed"),
            remedy=tr("write the name so that the two are told apart"),
        )
    account = Account(uuid.uuid4().hex, name, frozenset(roles))
    lib.apply(_made(account, f"Account made: {name} ({roles_text(account.roles)})"))
    _put_password(lib, account, password)
    return account


def change(
    lib: Library, account: Account, *, roles: Collection[Role] | None = None, active: bool | None = None
) -> Account:
    """Other roles, or switched off or on again. An account is never removed: what it did stays its doing.

    Raises `NotAllowedError` and `LastAdministratorError`.
    """
    now = frozenset(roles) if roles is not None else account.roles
    _check_roles(now)
    new = Account(account.id, account.name, now, account.active if active is None else active)
    lib.apply(Change("account", account.id, _fields(account), _fields(new), _said(account, new)))
    if lib.account is not None and lib.account.id == account.id:
        lib.account = new
    return new


def set_password(lib: Library, account: Account, password: str) -> None:
    """A new password for somebody else, by an administrator. Raises `BadInputError` and `NotAllowedError`."""
    access.require(lib.account, Act.KEEP_ACCOUNTS)
    _new_password(lib, account, password, f"New password for {account.name}")


def change_own_password(lib: Library, old: str, new: str) -> None:
    """Whoever is signed in takes another password. The pictures stay as they are."""
    if lib.account is None:
        raise BadInputError(tr("nobody is signed in"), safe=tr("nothing was changed"))
    check_password(new, lib.account.name)
    confirm(lib, old, "to change it")
    _new_password(lib, lib.account, new, f"Own password changed: {lib.account.name}")


def new_recovery_key(lib: Library) -> str:
    """A recovery key in place of the one before, which opens nothing any more."""
    access.require(lib.account, Act.KEEP_ACCOUNTS)
    _writable(lib)

    def on_record(fingerprint: str) -> None:
        passwords.about_to_count(lib, keys.RECOVERY, fingerprint)
        lib.record_event("library", lib.id, "New recovery key made; the one before opens nothing any more")
        recovery_key_shown(lib)  # before it counts: where the program ends here, nobody ever sees it

    key = keys.new_recovery_key(lib.path, _keys(lib), on_record=on_record, current=passwords.current(lib))
    passwords.settle(lib)
    return key


def recovery_key_kept(lib: Library) -> None:
    """Somebody said that the key that was shown is on paper."""
    if lib.meta(KEY_SHOWN) is not None:
        lib.change_meta(KEY_SHOWN, lambda _said: None)
        lib.record_event("library", lib.id, "The recovery key that was shown was said to be kept")


def recovery_key_shown(lib: Library) -> None:
    """A key is on the screen, and lost where the program ends now: who signs in next is reminded."""
    with suppress(StorageError):  # then nobody is reminded, and the key is shown all the same
        lib.set_meta(KEY_SHOWN, f"{datetime.now(UTC):%Y-%m-%d}")


def _remind_of_key(lib: Library) -> None:
    """Without a recovery key one forgotten password may lose all, so who can make another hears of it each time."""
    shown = lib.meta(KEY_SHOWN)
    if shown and lib.account is not None and lib.account.may(Act.KEEP_ACCOUNTS):
        said = tr(
            "a recovery key was shown on {day}, and nobody said that it is kept: if it is not on "
            "paper, make a new one in Settings",
            day=shown,
        )
        lib.notice = ". ".join(part for part in (lib.notice, said) if part)


def _tell_old_keys(lib: Library) -> str:
    """Tell who signs in of a key file that was put back; what is to go on record of it, "" for nothing."""
    if lib.read_only:
        passwords.remember(lib)
    else:
        passwords.settle(lib)
    wrong = passwords.problem(lib)
    said = wrong or passwords.difference(lib)
    if not said:
        return ""
    lib.notice = ". ".join(part for part in (lib.notice, said) if part)
    if wrong:
        return "What was replaced opens the library again: an older key file (or database) was put back. Found by"
    return "Key file and copy differ: an older key file was put back, or a change was cut short. Found by"


def check_password(password: str, name: str = "") -> None:
    """Raise `BadInputError` for a password that is soon guessed."""
    squeezed = password.casefold().strip()
    if not SHORTEST <= len(password) <= LONGEST:
        raise _weak(
            tr("this password will not do: it has fewer than {count} letters", count=SHORTEST)
            if len(password) < SHORTEST
            else tr("this password will not do: it is too long")
        )
    common = _COMMON.split()
    if len(set(squeezed)) < 5 or squeezed in common or squeezed.rstrip("0123456789!?.#$*") in common:
        raise _weak(tr("this password will not do: it is one of those that are tried first"))
    if name and name.casefold().strip() in squeezed and len(squeezed) - len(name.strip()) < 6:
        raise _weak(tr("this password will not do: it is little more than the name"))


def _weak(what: str) -> BadInputError:
    return BadInputError(
        what,
        safe=tr("nothing was changed"),
        remedy=tr(
            "take {count} letters or more; four words that do not belong together are good, and easy to keep",
            count=SHORTEST,
        ),
    )


def _unlocked(path: Path, name: str, password: str, said: str) -> Unlocked:
    with attempts.one_at_a_time(path):
        called = keys.account_called(path, name)
        attempts.check(path, called)
        try:
            unlocked = keys.unlock(path, name, password)
        except WrongPasswordError:
            attempts.failed(path, said, called)
            raise
        for account_id in {called, unlocked.account_id}:  # key file and copy may differ
            attempts.succeeded(path, account_id)
    return unlocked


def _note(lib: Library, said: str) -> None:
    """Put on record, after what is still waiting to be; where the library is read only, it waits as well."""
    assert lib.account is not None
    if lib.read_only:
        attempts.later(lib.path, f"{said} (the library was open for reading only)", lib.account.id)
        return
    with attempts.one_at_a_time(lib.path):  # one turn for all that waits
        _note_what_waited(lib)
    lib.record_event(EVENT, lib.account.id, f"{said}: {lib.account.name}")


def _note_what_waited(lib: Library) -> None:
    waiting, left_out = attempts.waiting(lib.path)
    names = {one.id: one.name for one in everybody(lib)} if waiting else {}
    if left_out:
        lib.record_events((Change(EVENT, lib.id, None, None, f"{left_out} further wrong passwords"),), who=NOBODY)
        attempts.recorded(lib.path, 0)
    for one in waiting:
        whose = f": {names[one.account_id]}" if one.account_id in names else ""
        key, details = one.account_id or lib.id, {"happened_at": one.at}
        kind = "refused" if one.what.startswith(f"{attempts.REFUSED}:") else EVENT
        event, who = Change(kind, key, None, details, f"{one.what}{whose}{_when(one.at)}"), NOBODY
        sealed = on_record.noted(lib.keys, one.sealed, at=one.at)
        if sealed is not None:  # only who was signed in could seal it
            event, who = sealed[0], names.get(sealed[1], NOBODY)
        lib.record_events((event,), who=who)
        attempts.recorded(lib.path, 1)


def _when(at: str) -> str:
    """The moment at which it happened: the line stands at that of the next sign-in."""
    return f", {datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S} UTC"


def _recovered(lib: Library, name: str) -> Account:
    known = next((one for one in everybody(lib) if _same(one.name, name)), None)
    if known is None:
        account = Account(uuid.uuid4().hex, name, frozenset({Role.ADMINISTRATOR}))
        lib.apply(_made(account, f"Account made with the recovery key: {name}"))
        return account
    if known.active and Role.ADMINISTRATOR in known.roles:
        return known
    return change(lib, known, roles=known.roles | {Role.ADMINISTRATOR}, active=True)


def _new_password(lib: Library, account: Account, password: str, said: str) -> None:
    check_password(password, account.name)
    _writable(lib)

    _put_password(lib, account, password, lambda: lib.record_event("account", account.id, said))


def _put_password(
    lib: Library, account: Account, password: str, on_record: Callable[[], object] = lambda: None
) -> None:
    """Into the key file; what it replaces is known as such from then on. `on_record`: see `keys.set_password`."""

    def known(fingerprint: str) -> None:
        passwords.about_to_count(lib, account.id, fingerprint)
        on_record()

    keys.set_password(
        lib.path,
        _keys(lib),
        account_id=account.id,
        name=account.name,
        password=password,
        on_record=known,
        current=passwords.current(lib),
    )
    passwords.settle(lib)


def _writable(lib: Library) -> None:
    if lib.read_only:
        raise StorageError(
            tr("the library is open for reading only: {reason}", reason=lib.read_only_reason),
            safe=tr("nothing was changed"),
        )


def _keys(lib: Library) -> LibraryKeys:
    if lib.keys is None:
        raise BadInputError(
            tr("this library is not encrypted and has no accounts"),
            safe=tr("nothing was changed"),
            remedy=tr("make an encrypted library for real pictures"),
        )
    return lib.keys


def checked_name(name: str) -> str:
    """A person's name with single spaces; `BadInputError` for what is none."""
    squeezed = " ".join(name.split())
    if not squeezed or len(squeezed) > 100:
        raise BadInputError(
            tr("an account needs a name of at most 100 letters"),
            safe=tr("nothing was changed"),
            remedy=tr("write the person's name"),
        )
    if any(unicodedata.category(letter).startswith("C") for letter in squeezed) or _mixed(squeezed):
        raise BadInputError(
            tr("the name has signs that cannot be seen, or letters of two alphabets in one word"),
            safe=tr("nothing was changed: it could pass for another name"),
            remedy=tr("type the name anew, in one alphabet"),
        )
    return squeezed


def _mixed(name: str) -> bool:
    """Whether one word has letters of two of the alphabets that look alike: Latin, Greek, Cyrillic."""
    alphabets = ("LATIN", "GREEK", "CYRILLIC")
    for word in name.split():
        starts = {unicodedata.name(letter, "").split(" ")[0] for letter in word if letter.isalpha()}
        if len(starts & set(alphabets)) > 1:
            return True
    return False


def _check_roles(roles: Collection[Role]) -> None:
    if not roles:
        raise BadInputError(
            tr("an account needs a role"),
            safe=tr("nothing was changed"),
            remedy=tr("choose one, or switch the account off"),
        )


def _same(one: str, other: str) -> bool:
    from pfm_desktop.storage.schema import folded

    return folded(one).split() == folded(other).split()


def _fields(account: Account) -> dict[str, object]:
    return {"name": account.name, "roles": roles_text(account.roles), "active": account.active}


def _made(account: Account, said: str) -> Change:
    return Change("account", account.id, None, _fields(account), said)


def _said(before: Account, after: Account) -> str:
    if before.active != after.active:
        return f"Account switched {'on' if after.active else 'off'}: {after.name}"
    return f"Roles of {after.name}: {roles_text(after.roles)}"
