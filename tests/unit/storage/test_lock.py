from __future__ import annotations

import errno
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pfm_desktop.storage.lock import HeldElsewhereError, Holder, LibraryLock, UnknownHolderError, read_holder
from pfm_desktop.support.moments import moment


def test_one_holder_at_a_time_and_the_others_learn_who(tmp_path: Path) -> None:
    lock = LibraryLock.take(tmp_path / "lock")
    with pytest.raises(HeldElsewhereError) as caught:
        LibraryLock.take(tmp_path / "lock")
    assert caught.value.holder is not None
    assert (caught.value.holder.host, caught.value.holder.pid) == (socket.gethostname(), os.getpid())
    lock.release()
    lock.release()  # twice does no harm
    LibraryLock.take(tmp_path / "lock").release()


def test_a_proper_end_leaves_an_empty_file_and_a_crash_leaves_its_text(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    LibraryLock.take(path).release()
    assert path.read_bytes() == b""
    clean = LibraryLock.take(path)
    assert not clean.left_behind
    text = path.read_bytes()
    clean.release()
    path.write_bytes(text)  # as after a crash: the text stands, nobody holds the lock
    lock = LibraryLock.take(path)
    assert lock.left_behind
    holder = read_holder(path)
    assert holder is not None
    assert holder.pid == os.getpid()
    lock.release()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"user": 1}',
        b"\xff\xfe",
        b'{"user":"a","host":"b","pid":"x","since":""}',
        b'{"user":"a","host":"b","pid":1,"since":"lately"}',
    ],
)
def test_a_lock_text_that_makes_no_sense_names_nobody(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "lock").write_bytes(text)
    assert read_holder(tmp_path / "lock") is None
    LibraryLock.take(tmp_path / "lock").release()


def test_a_holder_is_told_in_words() -> None:
    since = datetime(2026, 3, 14, 8, 30, tzinfo=UTC)
    told = str(Holder("anna", "room-2", 4242, since.isoformat()))
    assert told == f"anna on room-2 (process 4242, since {moment(since)})"


def test_a_full_disk_while_locking_leaves_the_lock_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            LibraryLock.take(tmp_path / "lock")
    LibraryLock.take(tmp_path / "lock").release()


def test_a_folder_that_cannot_be_written_is_no_reason_to_say_held(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="lock"):
        LibraryLock.take(tmp_path / "nowhere" / "lock")


def test_a_lock_of_another_user_that_may_not_be_opened_is_nobody_s_for_certain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lock").write_bytes(b"")

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(UnknownHolderError, match="may not be opened"):
            LibraryLock.take(tmp_path / "lock")
        with pytest.raises(PermissionError):  # no lock at all: nobody has ever held it
            LibraryLock.take(tmp_path / "none")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_share_without_locks_cannot_tell_who_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def unlockable(_stream: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("pfm_desktop.storage.lock._lock", unlockable)
    with pytest.raises(UnknownHolderError, match="does not lock files"):
        LibraryLock.take(tmp_path / "lock")


def test_a_lock_stands_until_its_folder_moves_or_another_file_takes_its_name(tmp_path: Path) -> None:
    (tmp_path / "clinic").mkdir()
    path = tmp_path / "clinic" / "lock"
    lock = LibraryLock.take(path)
    assert lock.stands(path)
    (tmp_path / "clinic").rename(tmp_path / "moved")
    assert not lock.stands(path)
    (tmp_path / "clinic").mkdir()
    path.write_text("another")
    assert not lock.stands(path)
    assert lock.stands(tmp_path / "moved" / "lock")
    lock.release()
    assert not lock.stands(tmp_path / "moved" / "lock")
