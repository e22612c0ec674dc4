"""A plain library becomes an encrypted one, with everything in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import accounts, cases, housekeeping, review
from pfm_desktop.services.encrypting import encrypted_copy
from pfm_desktop.storage import chain, journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError

from .conftest import put_on_record

CTX = SilentContext()
NAME, PASSWORD = "Dr. A", "four words that differ"


@pytest.fixture
def visit(lib: Library) -> str:
    made = cases.add_visit(lib, cases.add_patient(lib, identifier="K-17", family_name="Müller").id).id
    put_on_record(lib, made, b"a picture that is here")
    lib.derived.put(b"a heatmap that is here")
    review.set_text(lib, made, "white at 3")
    return made


def test_everything_is_in_the_copy_and_nothing_of_it_can_be_read(lib: Library, visit: str, tmp_path: Path) -> None:
    copy, recovery = encrypted_copy(CTX, lib, tmp_path / "copy", NAME, PASSWORD)
    copy.close()
    raw = b"".join(path.read_bytes() for path in (tmp_path / "copy").rglob("*") if path.is_file())
    assert not [word for word in (b"ller", b"that is here", b"white at", b"CREATE") if word in raw]
    with accounts.sign_in(tmp_path / "copy", NAME, PASSWORD) as again:
        case = cases.visit_case(again, visit)
        assert (case.patient.family_name, case.findings.text) == ("Müller", "white at 3")
        assert again.pictures.get(case.pictures[0].sha256) == b"a picture that is here"
        assert housekeeping.verify(CTX, again).clean
        assert again.id != lib.id
        with again.read() as session:
            assert not list(chain.problems(session))
            assert any(lib.id in line.text for line in journal.entries(session))
    accounts.recover(tmp_path / "copy", recovery, NAME, "another long password").close()


def test_the_plain_library_is_as_it_was_and_in_use_all_the_while(lib: Library, visit: str, tmp_path: Path) -> None:
    before = sorted(path.name for path in lib.path.rglob("*"))
    encrypted_copy(CTX, lib, tmp_path / "copy", NAME, PASSWORD)[0].close()
    assert sorted(path.name for path in lib.path.rglob("*")) == before
    review.set_text(lib, visit, "goes on")


def test_a_copy_that_is_stopped_is_no_library(lib: Library, visit: str, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        encrypted_copy(CallbackContext(lambda *_: None, lambda: True), lib, tmp_path / "copy", NAME, PASSWORD)
    assert not (tmp_path / "copy").exists()
    assert not list(lib.path.glob(".*.part"))
    encrypted_copy(CTX, lib, tmp_path / "copy", NAME, PASSWORD)[0].close()


def test_nothing_is_written_over_and_nothing_encrypted_twice(lib: Library, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "letter.txt").write_text("x", encoding="utf-8")
    with pytest.raises(BadInputError, match="not empty"):
        encrypted_copy(CTX, lib, tmp_path / "there", NAME, PASSWORD)
    with pytest.raises(BadInputError, match="will not do"):
        encrypted_copy(CTX, lib, tmp_path / "copy", NAME, "short")
    sealed, _ = accounts.make_library(tmp_path / "sealed", NAME, PASSWORD)
    with sealed, pytest.raises(BadInputError, match="already"):
        encrypted_copy(CTX, sealed, tmp_path / "copy", NAME, PASSWORD)
    assert not (tmp_path / "copy").exists()


def test_a_copy_that_cannot_take_its_first_account_is_not_left_behind(
    lib: Library, visit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as at:
        at.setattr(accounts, "first_account", full)
        with pytest.raises(StorageError):
            encrypted_copy(CTX, lib, tmp_path / "copy", NAME, PASSWORD)
    assert not (tmp_path / "copy").exists()
    assert cases.visit_case(lib, visit).patient.family_name == "Müller"


def test_one_picture_that_rots_keeps_no_library_from_being_encrypted(lib: Library, visit: str, tmp_path: Path) -> None:
    files = list(lib.pictures.files())
    files[0].chmod(0o600)
    files[0].write_bytes(b"something else")
    copy, _ = encrypted_copy(CTX, lib, tmp_path / "sealed", NAME, PASSWORD)
    with copy:
        assert copy.notice.startswith("1 picture is altered or missing")
        assert "then encrypt it once more" in copy.notice
        assert len(list(copy.pictures.files())) == len(files) - 1
        assert len(housekeeping.verify(CTX, copy).problems) == 1
    with accounts.sign_in(tmp_path / "sealed", NAME, PASSWORD) as copy:  # who opens it is told as well
        assert "1 picture is altered or missing" in copy.notice


def test_a_disk_that_goes_away_in_between_leaves_no_half_of_a_copy(
    lib: Library, visit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(_: Path) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", unread)
        with pytest.raises(StorageError, match="cannot be read"):
            encrypted_copy(CTX, lib, tmp_path / "sealed", NAME, PASSWORD)
    assert not (tmp_path / "sealed").exists()
