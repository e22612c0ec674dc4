"""A library: a folder with a database, a store of pictures, and things that can be made again."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.people import Account, Act, roles_words
from pfm_desktop.jobs import Context
from pfm_desktop.storage import access, after_crash, attempts, brought_up, journal, migrations, passwords
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.engine import (
    COPY_AND_RESTORE,
    EMPTY,
    DamagedError,
    NotWritableError,
    busy,
    copy_database,
    damaged,
    in_words,
    make_engine,
    wrong_or_damaged,
)
from pfm_desktop.storage.image_store import ImageStore, holds_sealed
from pfm_desktop.storage.keys import LibraryKeys, LockedLibraryError, renew
from pfm_desktop.storage.lock import HeldElsewhereError, LibraryLock, UnknownHolderError, user_name
from pfm_desktop.storage.refusals import (
    FULL,
    in_use,
    in_use_by,
    left_words,
    made_not_opened,
    perhaps_in_use,
    to_write_again,
)
from pfm_desktop.storage.schema import (
    DATABASE,
    KEYS,
    KEYS_COPY,
    PLAIN,
    PUT_KEYS_BACK,
    SIDE_FILES,
    check_name,
    is_encrypted,
)
from pfm_desktop.storage.tables import MetaTable
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import is_unfinished
from pfm_desktop.support.language import tr
from pfm_desktop.support.quiet import Own

__all__ = ["FULL", "Library"]  # more are used within storage
log = logging.getLogger(__name__)
ROOM = 1 << 20  # bytes that are free before a disk that was full counts as one that is not
_SIDE_ROOM = 48 << 10
_FULL = {errno.ENOSPC, errno.EDQUOT}
UNFINISHED = f".{DATABASE}.creating"
_OF_FILE_MANAGERS = (".DS_Store", "desktop.ini", "Thumbs.db", ".directory")
_UNTOLD = "untold"  # among the facts: a notice that no window has shown yet
# libraries that this process has open: a file of them that is opened and closed past SQLite lets go its locks on it
_open_here: Counter[Path] = Counter()
MakeKeys = Callable[[Path, str], LibraryKeys]


class Library:
    """An open library. Make one with `create` or `open`; usable from several threads; close it at the end.

    `who` is written beside every change (the reader's name once known). `read_only_reason` says why a library that
    opened without the right to write did so; it is "" otherwise. An encrypted library has `keys`, and an `account`
    once somebody is signed in (`services.accounts`).
    """

    def __init__(
        self,
        path: Path,
        engine: Engine,
        lock: LibraryLock | None,
        read_only_reason: str = "",
        keys: LibraryKeys | None = None,
    ) -> None:
        self.path, self.keys = path, keys
        self.who = user_name()
        self.account: Account | None = None
        self.key_file = b""  # as it was read last, of an encrypted one; see `storage.passwords`
        self.read_only_reason = read_only_reason
        self.pictures = ImageStore(path / "pictures", keys)
        self.derived = ImageStore(path / "derived", keys)
        self._engine: Engine | None = engine
        self._lock = lock
        self._writing = threading.RLock()
        self._hurry = threading.local()  # `seconds` on a thread that does not wait as long as others
        meta = self._all_meta()
        self.id = meta.get("library_id", "")
        self.notice = meta.get(_UNTOLD, "")  # what a person should know about the library as it was found
        self.demo = meta.get("demo") == "1"

    # opening and closing

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        demo: bool = False,
        make_keys: MakeKeys | None = None,
        first: Sequence[Change] = (),
        who: str = "",
    ) -> Library:
        """Make an empty library in the folder `path` (made if missing) and open it.

        `make_keys(path, library id)` makes it an encrypted one: it writes the key file and returns the keys. `first`,
        by `who`, is on record from the beginning: its accounts, and events of it (whose key may be "").
        Raises `StorageError` when there is one already or the folder cannot be written. A creation cut short leaves
        no library, and may be repeated.
        """
        path = Path(path).absolute()
        with _entering(path):
            if (path / DATABASE).exists():
                raise StorageError(
                    tr("{path} already holds a library", path=path),
                    safe=tr("it is unchanged"),
                    remedy=tr("open it, or choose another folder"),
                )
            _check_nothing_lost_there(path)
        unfinished = path / UNFINISHED
        try:
            path.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError):  # file systems without modes
                path.chmod(0o700)
            for name in ("pictures", "derived"):
                (path / name).mkdir(mode=0o700, exist_ok=True)
            for name in (KEYS, KEYS_COPY):  # of a creation that was cut short: see `_check_nothing_lost_there`
                (path / name).unlink(missing_ok=True)
            for left in path.glob(f"{unfinished.name}*"):
                left.unlink()
            unfinished.touch(0o600)  # before the keys: it says that they are of a library that never was
            library_id = uuid.uuid4().hex
            keys = make_keys(path, library_id) if make_keys is not None else None
            facts = {"library_id": library_id, "demo": "1" if demo else "0"}
            _make_database(unfinished, path, keys, facts, first, who)
            os.replace(unfinished, path / DATABASE)  # noqa: PTH105 - the one step that makes it a library
        except OSError as error:
            raise StorageError(
                tr("could not make a library in {path}: {why}", path=path, why=error.strerror or error),
                safe=tr("nothing was changed"),
                remedy=tr("choose a folder that you may write to, on a disk with free space"),
            ) from error
        try:
            return cls._open_new(path, keys)
        except BaseException as error:
            _take_back(path)
            if isinstance(error, StorageError) and (path / DATABASE).exists():
                raise made_not_opened(path, error, encrypted=keys is not None) from error
            raise

    @classmethod
    def _open_new(cls, path: Path, keys: LibraryKeys | None) -> Library:
        made = cls.open(path, keys)
        if made.read_only and not in_use(made.read_only_reason):
            made.close()
            raise StorageError(
                tr(
                    "the library in {path} could not be opened for writing: {why}", path=path, why=made.read_only_reason
                ),
                remedy=tr("choose a folder that you may write to, on a disk with free space"),
            )
        return made

    @classmethod
    def open(cls, path: Path, keys: LibraryKeys | None = None) -> Library:
        """Open the library in the folder `path`, bringing it to the current version first.

        A library that another program has open, and one on a read-only disk, opens read-only and says why. Raises
        `StorageError` when there is none, or it is damaged, or of a newer version, or may be in use by another user
        in a way that cannot be read along; nothing is changed then. For an encrypted one without its `keys` the error
        is a `LockedLibraryError`.
        """
        path = Path(path).absolute()
        here = _open_here[path] > 0
        with _entering(path):
            _check_folder(path, keys, here=here)
        lock, reason, immutable = _take_lock(path)
        engine = make_engine(path / DATABASE, keys=keys, never_written=lock is None, immutable=immutable)
        try:
            lost = ""
            if lock is not None:
                with _entering(path):
                    lost = after_crash.check(path, keys, left_behind=lock.left_behind, here=here)
            with in_words(path):
                copy = _check_and_migrate(engine, path, keys, reason)
                opened = cls(path, engine, lock, reason, keys)
            if keys is not None and lock is not None:
                renew(path, keys)
            if copy is not None:
                brought_up.tell(opened, copy)
            if lost:
                opened._tell_lost(lost)
            _open_here[path] += 1
            return opened
        except BaseException as error:
            engine.dispose()
            if lock is not None:
                lock.release()
            if isinstance(error, DamagedError) and keys is not None:
                raise _with_keys(error, path, keys) from error
            raise

    def close(self) -> None:
        """Close the database and give the lock back; twice does no harm."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()
            _open_here[self.path] -= 1
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, NotAllowedError):
            self.record_refusal(error)
        self.close()

    @property
    def read_only(self) -> bool:
        """Whether changes are refused; see `read_only_reason`."""
        return bool(self.read_only_reason)

    def why_not_writable(self) -> str:
        """What keeps a library that is open for reading only from being opened for writing now; "" for nothing more.

        Nothing is changed, and this one stays as it is: whoever wants to write opens it anew.
        """
        try:
            try:
                LibraryLock.ask(self.path / "lock")
            except FileNotFoundError:  # made by whoever opens it for writing, where the folder lets itself be written
                if not os.access(self.path, os.W_OK):
                    return self.read_only_reason
            return "" if shutil.disk_usage(self.path).free >= ROOM else FULL
        except HeldElsewhereError as error:
            return in_use_by(error)
        except OSError:
            return self.read_only_reason

    @property
    def no_editing(self) -> str:
        """Why visits cannot be changed here, by whoever is signed in; "" when they can."""
        if self.read_only_reason or self.may(Act.EDIT_VISITS):
            return self.read_only_reason
        assert self.account is not None
        roles = roles_words(self.account.roles)
        return tr("{name} is {roles} in this library", name=self.account.name, roles=roles)

    # reading and writing

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one consistent state of the library."""
        with in_words(self.path, self.keys), Session(self._opened()) as session:
            access.mask(session, self.account)
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose work is on disk when the block ends, or not at all when it raises."""
        if self.read_only:
            raise StorageError(
                tr("the library {path} is open for reading only: {why}", path=self.path, why=self.read_only_reason),
                safe=tr("nothing was changed"),
                remedy=to_write_again(self.read_only_reason),
            )
        self._check_in_place()
        try:
            with self._turn() as engine, in_words(self.path, self.keys), Session(engine) as session, session.begin():
                yield session
        except NotWritableError:
            if self.keys is not None:  # SQLCipher writes no more after a damaged page, and calls it that
                after_crash.check_pages(self.path, self.keys)
            raise

    @contextlib.contextmanager
    def in_a_hurry(self, seconds: float) -> Iterator[None]:
        """On this thread, no change waits longer than this for others that are being written, here or by another
        program: it is refused then. For the window's thread while it shows a live picture."""
        self._hurry.seconds = seconds
        try:
            yield
        finally:
            del self._hurry.seconds

    @contextlib.contextmanager
    def _turn(self) -> Iterator[Engine]:
        """One thread of this process writes at a time; with the engine to do so."""
        hurry: float | None = getattr(self._hurry, "seconds", None)
        if not self._writing.acquire(timeout=-1 if hurry is None else hurry):
            raise busy(self.path, tr("something else is being written to it"))
        try:
            yield self._opened().execution_options(writes=True, **({} if hurry is None else {"waits_s": hurry}))
        finally:
            self._writing.release()

    def apply(self, change: Change) -> Change:
        """Carry out a change and put it on record; on disk once this returns. THE one writer for edits.

        Raises `StorageError` when the record is not what `change.old` says, and `SignedError` or `FirstReadError` when
        a rule forbids it; nothing is changed then.
        """
        return self.apply_all((change,))[0]

    def apply_all(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        """Carry out several changes, all or none; see `apply`."""
        for change in changes:
            access.check(self.account, change)
        with self.write() as session:
            at = datetime.now(UTC)
            for change in changes:
                journal.apply(session, change, who=self.who, at=at)
            if any(change.what == "account" for change in changes):
                access.check_administrator_left(session, passwords.who_has_one(self))
        return tuple(changes)

    def record_event(self, what: str, key: str, text: str, details: Mapping[str, Any] | None = None) -> None:
        """Put on record what happened without changing a record: an export, a setting, a refused act."""
        self.record_events((Change(what, key, None, details, text),))

    def record_refusal(self, error: NotAllowedError) -> None:
        """Put on record that somebody wanted what her role does not allow; where that cannot be, nothing is said.

        Where another program has the library it waits until somebody signs in.
        """
        if self.account is None:
            return
        if self.read_only:  # without the name: that file is open to all
            said = f"{attempts.REFUSED}: may not {error.act.value} (the library was open for reading only)"
            attempts.later(self.path, said, self.account.id)
            return
        with contextlib.suppress(StorageError):
            self.record_event("refused", self.account.id, f"{attempts.REFUSED}: {error.on_record}")

    def record_events(self, events: Sequence[Change], *, who: str = "") -> None:
        """Put several on record, all or none; see `record_event`. `who`: where it was not who is signed in."""
        with self.write() as session:
            for event in events:
                journal.append(session, event, who=who or self.who)

    def copy_database(self, out: Path, *, safe: str, ctx: Context | None = None) -> None:
        """A consistent copy of the database, also while it is written to; see `engine.copy_database`."""
        copy_database(self._opened(), out, safe=safe, keys=self.keys, ctx=ctx)

    def read_ahead(self, ctx: Context) -> None:
        """Spare the first searches and visits a slow disk; takes as long as reading the database file does."""
        from pfm_desktop.storage.read_ahead import read_ahead

        read_ahead(self.path / DATABASE, ctx)

    def may(self, act: Act) -> bool:
        """Whether who is signed in may do that; in a library without accounts everybody may."""
        return self.account is None or self.account.may(act)

    def meta(self, key: str) -> str | None:
        """A fact about the library itself."""
        return self._all_meta().get(key)

    def set_meta(self, key: str, value: str) -> None:
        """Note a fact about the library itself; not journalled."""
        self.change_meta(key, lambda _old: value)

    def change_meta(self, key: str, change: Callable[[str | None], str | None]) -> None:
        """What `change` makes of a fact about the library, in one go; None: there is none (any more)."""
        with self.write() as session:
            row = session.get(MetaTable, key)
            old = row.value if row is not None else None
            new = change(old)
            if new is None and row is not None:
                session.delete(row)
            elif new is not None and new != old:
                session.merge(MetaTable(key=key, value=new))

    def _check_in_place(self) -> None:
        """What is open can be written to wherever it was moved, and pictures would go where it stood before."""
        if self._lock is None or self._lock.stands(self.path / "lock"):
            return
        raise StorageError(
            tr(
                "the library is no longer at {path}: its folder or the file 'lock' in it was moved, "
                "renamed or removed while it was open, or its disk is gone",
                path=self.path,
            ),
            safe=tr("nothing was changed, and all that was accepted before is where the folder is now"),
            remedy=tr("connect the disk or put the folder back; or close the library and open it where it is now"),
        )

    def _tell_lost(self, how: str) -> None:
        """No error, as a program may also end before it has written anything."""
        self.keep_notice(
            tr("the program ended without closing this library, and {harm}", harm=how)
            + ". "
            + tr("Look whether your last work is there; if not, do it again or restore a backup")
        )
        was = "missing" if how == after_crash.MISSING else "damaged"
        log.warning("the write-ahead log of a library was %s", Own(was))
        with contextlib.suppress(StorageError):  # a full disk keeps nobody from reading
            self.record_event("library", self.id, f"Opened after an end without closing; {DATABASE}-wal was {was}")

    def keep_notice(self, text: str) -> None:
        """Something that a person should know; whoever opens the library is told until a window was (`told`)."""
        if text in self.notice:
            return
        self.notice = ". ".join(said for said in (self.notice, text) if said)
        if not self.read_only:
            with contextlib.suppress(StorageError):  # a full disk keeps nobody from reading
                self.set_meta(_UNTOLD, self.notice)

    def told(self) -> None:
        """A person at the window was shown the notice."""
        if not self.read_only and self.meta(_UNTOLD) is not None:
            with contextlib.suppress(StorageError):
                self.change_meta(_UNTOLD, lambda _said: None)

    def _all_meta(self) -> dict[str, str]:
        with self.read() as session:
            return {row.key: row.value for row in session.query(MetaTable)}

    def _opened(self) -> Engine:
        if self._engine is None:
            raise StorageError(tr("the library {path} is closed", path=self.path), remedy=tr("open it again"))
        return self._engine


def _with_keys(error: DamagedError, library: Path, keys: LibraryKeys) -> DamagedError:
    """The error with the keys; where they open a picture, with what that tells of them."""
    error.keys = keys
    if wrong_or_damaged(error.detail) and ImageStore(library / "pictures", keys).has_one_whole():
        return error.to_be_mended(
            tr("{file} is damaged, or that of another library: {remedy}", file=DATABASE, remedy=COPY_AND_RESTORE),
            safe=tr("nothing was changed; {key_file} is the right one, as its keys open the pictures", key_file=KEYS),
        )
    return error


def _make_database(
    database: Path,
    library: Path,
    keys: LibraryKeys | None,
    facts: Mapping[str, str],
    first: Sequence[Change],
    who: str,
) -> None:
    engine = make_engine(database, keys=keys, create=True)
    try:
        with in_words(library):
            migrations.migrate(engine, library)
            facts = {**facts, "created_at": datetime.now(UTC).isoformat(timespec="seconds")}
            with Session(engine.execution_options(writes=True)) as session, session.begin():
                session.add_all(MetaTable(key=key, value=value) for key, value in facts.items())
                _put_first(session, first, who=who or user_name(), library_id=facts["library_id"])
    finally:
        engine.dispose()  # the last connection folds the WAL into the file, which is then whole on its own
    if database.with_name(f"{database.name}-wal").exists():
        raise OSError(tr("the database could not be completed"))


def _put_first(session: Session, first: Sequence[Change], *, who: str, library_id: str) -> None:
    for change in first:
        if change.what == "account":
            journal.apply(session, change, who=who)
        else:
            journal.append(session, replace(change, key=change.key or library_id), who=who)


def _take_back(path: Path) -> None:
    """A new library that cannot be opened: there is nothing in it yet, and nobody was told its recovery key."""
    with contextlib.suppress(OSError):
        for name in (DATABASE, *SIDE_FILES, KEYS, KEYS_COPY):
            (path / name).unlink(missing_ok=True)


def _check_nothing_lost_there(path: Path) -> None:
    """Where something of a library is still there nothing is written over: a backup of the database brings it back.

    A folder with other files is refused as well: a library is for those who may see it, and so is its whole folder.
    """
    pictures = any(ImageStore(path / "pictures").files())
    keys = () if (path / UNFINISHED).exists() else (KEYS, KEYS_COPY)  # else those of a creation that was cut short
    left = next((name for name in (*keys, *SIDE_FILES) if (path / name).exists()), "")
    if pictures or left:
        raise StorageError(
            left_words(path, "" if pictures else left),
            safe=tr("it is unchanged"),
            remedy=tr("put {file} back from a backup, or choose another folder", file=DATABASE),
        )
    if any(map(_foreign, path.iterdir() if path.is_dir() else ())):
        raise StorageError(
            tr("{path} holds other files", path=path),
            safe=tr("nothing was changed"),
            remedy=tr("choose a folder that is empty or not there yet: nobody else may look into that of a library"),
        )


def _foreign(file: Path) -> bool:
    notes = (attempts.FILE, attempts.TURN)  # of who tried to sign in where a library was to be
    ours = ("pictures", "derived", "lock", KEYS, KEYS_COPY, *SIDE_FILES, *notes, *_OF_FILE_MANAGERS)
    return file.name not in ours and not file.name.startswith(UNFINISHED) and not is_unfinished(file)


@contextlib.contextmanager
def _entering(path: Path) -> Iterator[None]:
    """Turn the system's refusal to look into the folder into words, and refuse a name that is no text."""
    check_name(path)
    try:
        yield
    except OSError as error:
        raise StorageError(
            tr("the folder {path} cannot be looked into: {why}", path=path, why=error.strerror or error),
            safe=tr("nothing was changed"),
            remedy=tr("ask who keeps it for permission to open the folder, check its disk, or choose another library"),
        ) from error


def _take_lock(path: Path) -> tuple[LibraryLock | None, str, bool]:
    """The lock, or why there is none; and whether the database is one that nobody can write to meanwhile."""
    try:
        lock = LibraryLock.take(path / "lock")
        if _has_room(path):
            return lock, "", False
        lock.release()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except HeldElsewhereError as error:
        return None, in_use_by(error), False
    except UnknownHolderError as error:
        # Read along with who writes, through the side files of the open database. Making those files here would lock
        # the other user out of them, and without them SQLite would not see that somebody writes.
        if not all((path / f"{DATABASE}-{side}").exists() for side in ("wal", "shm")):
            raise StorageError(
                tr(
                    "the library {path} is perhaps in use by another user of this computer or on another one: {why}",
                    path=path,
                    why=error,
                ),
                safe=tr("nothing was changed"),
                remedy=tr(
                    "close it there and ask for permission to write to the folder and the file 'lock' in it, "
                    "and keep it on a disk that locks files"
                ),
            ) from error
        return None, perhaps_in_use(error), False
    except OSError as error:
        reason = (
            FULL if error.errno in _FULL else tr("the folder cannot be written: {why}", why=error.strerror or error)
        )
        _check_settled(path, reason)
        return None, reason, True


def _has_room(path: Path) -> bool:
    """Whether the database can be opened for writing: SQLite makes a file of 32 kB beside it, and says nothing clear
    where it cannot."""
    if (path / f"{DATABASE}-shm").exists():
        return True
    try:
        return shutil.disk_usage(path).free >= _SIDE_ROOM
    except OSError:
        return True


def _check_folder(path: Path, keys: LibraryKeys | None, *, here: bool) -> None:
    """`here`: this process has it open, and reads none of its files past SQLite; see `_open_here`."""
    if not path.is_dir():
        raise StorageError(
            tr("there is no folder {path}", path=path),
            safe=tr("nothing was changed"),
            remedy=tr("check that its disk is connected"),
        )
    database = path / DATABASE
    if not database.is_file():
        raise StorageError(
            tr("{path} holds no library: {file} is missing", path=path, file=DATABASE),
            safe=tr("nothing was changed"),
            remedy=tr("choose the folder that holds {file}, or put it back from a backup", file=DATABASE),
        )
    try:
        with contextlib.nullcontext() if here else database.open("rb") as stream:
            header = PLAIN if stream is None else stream.read(16)
    except OSError as error:
        raise StorageError(
            tr("{file} cannot be read: {why}", file=database, why=error.strerror or error),
            remedy=tr("check the permissions and the disk"),
        ) from error
    if not header:  # SQLite would take that for a new database
        raise damaged(path, EMPTY)
    if is_encrypted(path):
        if keys is None:
            raise LockedLibraryError(path)
    elif keys is not None:
        raise StorageError(
            tr("{path} has no {file}", path=path, file=KEYS),
            safe=tr("it was not opened"),
            remedy=tr("put {key_file} back from a backup of this library: {how}", key_file=KEYS, how=PUT_KEYS_BACK),
        )
    elif header != PLAIN:
        raise _no_plain_database(path)


def _no_plain_database(path: Path) -> StorageError:
    """The error for a database that is encrypted, where no keys are, or else damaged; the pictures tell which."""
    if holds_sealed(path / "pictures"):
        return StorageError(
            tr(
                "the library {path} is encrypted, and {key_file} and {copy} are missing: without one "
                "nobody can open it",
                path=path,
                key_file=KEYS,
                copy=KEYS_COPY,
            ),
            safe=tr("nothing was changed; the database and the pictures are there, encrypted"),
            remedy=tr("put {key_file} back: {how}", key_file=KEYS, how=PUT_KEYS_BACK),
        )
    error = damaged(
        path,
        tr("its first bytes are not those of a database; if it was encrypted, {key_file} is missing", key_file=KEYS),
    )
    if not isinstance(error, DamagedError):
        return error
    return error.to_be_mended(
        tr(
            "if it was encrypted, put {key_file} back: {how}. Else {remedy}",
            key_file=KEYS,
            how=PUT_KEYS_BACK,
            remedy=error.remedy,
        )
    )


def _check_settled(path: Path, reason: str) -> None:
    """A database with a journal that was not folded in cannot be read rightly without writing."""
    wal = path / f"{DATABASE}-wal"
    if wal.exists() and wal.stat().st_size:
        if reason == FULL:
            raise StorageError(
                tr(
                    "the library {path} was not closed properly, and {reason}: it cannot be brought in order",
                    path=path,
                    reason=reason,
                ),
                safe=tr("nothing was changed, and nothing is lost"),
                remedy=tr("free some space, then open it again"),
            )
        raise StorageError(
            tr(
                "the library {path} was not closed properly, or is in use elsewhere, and its folder cannot be written",
                path=path,
            ),
            safe=tr("nothing was changed"),
            remedy=tr(
                "when no program has it open, copy the whole folder to a place that can be written and use it there"
            ),
        )


def _check_and_migrate(engine: Engine, path: Path, keys: LibraryKeys | None, reason: str) -> migrations.Copy | None:
    """`reason`: why nothing can be written; "" where it can."""
    with engine.connect() as connection:
        version = migrations.version_of(connection)
    migrations.check_version(version, path)
    if version is not None and version < migrations.CURRENT:
        if reason:
            raise StorageError(
                tr(
                    "the library {path} is of an older version and cannot be brought up to date: {reason}",
                    path=path,
                    reason=reason,
                ),
                safe=tr("nothing was changed"),
                remedy=to_write_again(reason),
            )
        return migrations.migrate(engine, path, keys)
    return None
