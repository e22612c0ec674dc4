"""Encrypted libraries on the command line: a script signs in without a password on it, and nothing asks in vain."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pfm_desktop.cli.main import main
from pfm_desktop.services import accounts
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library

pytestmark = pytest.mark.slow

NAME, PASSWORD = "Dr. A", "four words that differ"


@pytest.fixture
def clinic(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PFM_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    assert main(["library", "create", str(tmp_path / "clinic"), "--name", NAME]) == 0
    assert len(capsys.readouterr().out.splitlines()[-1].split("-")) == 9
    return tmp_path / "clinic"


@pytest.fixture
def signed(clinic: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the name in the environment as well."""
    monkeypatch.setenv("PFM_ACCOUNT", NAME)
    return clinic


def test_a_library_is_encrypted_unless_told_otherwise(clinic: Path, tmp_path: Path) -> None:
    accounts.sign_in(clinic, NAME, PASSWORD).close()
    assert main(["library", "create", str(tmp_path / "plain"), "--plain"]) == 0
    with Library.open(tmp_path / "plain") as lib:
        assert lib.keys is None


def test_an_encrypted_library_needs_a_first_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "create", str(tmp_path / "clinic")]) == 2
    assert "--name" in capsys.readouterr().err
    assert not (tmp_path / "clinic").exists()


def test_a_script_signs_in_with_a_file_and_that_is_on_record(signed: Path) -> None:
    assert main(["library", "verify", str(signed)]) == 0
    with accounts.sign_in(signed, NAME, PASSWORD) as lib, lib.read() as session:
        assert sum(line.text.startswith("Signed in") for line in journal.entries(session)) == 2


def test_where_nobody_can_be_asked_it_says_how_to_sign_in(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "verify", str(clinic)]) == 2
    assert "PFM_ACCOUNT" in capsys.readouterr().err


def test_a_wrong_password_opens_nothing(signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "password").write_text("not the right one", encoding="utf-8")
    assert main(["audit", "verify", str(signed)]) == 2
    assert "the name or the password is wrong" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", None])
def test_a_password_file_that_cannot_be_read_says_so(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes | None
) -> None:
    (tmp_path / "password").unlink()
    if data is not None:
        (tmp_path / "password").write_bytes(data)
    assert main(["library", "verify", str(signed)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_backup_comes_back_with_the_password_of_that_day(signed: Path, tmp_path: Path) -> None:
    kept, back = tmp_path / "backup", tmp_path / "back"
    assert main(["library", "backup", str(signed), str(kept)]) == 0
    assert main(["library", "restore", str(kept), str(back)]) == 0
    with accounts.sign_in(back, NAME, PASSWORD) as lib, lib.read() as session:
        assert any(line.who == NAME and "Restored" in line.text for line in journal.entries(session))


def test_repairing_asks_who_it_is(signed: Path) -> None:
    assert main(["library", "repair", str(signed)]) == 0


def test_in_a_terminal_name_and_password_are_asked_for(
    clinic: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked = []

    def prompt(text: str, *, hide_input: bool = False, err: bool = False) -> str:
        asked.append((text, hide_input, err))
        return PASSWORD if hide_input else NAME

    monkeypatch.delenv("PFM_PASSWORD_FILE")
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("typer.prompt", prompt)
    assert main(["library", "verify", str(clinic)]) == 0
    assert [hidden for _, hidden, _ in asked] == [False, True]
    assert all(err for *_, err in asked), "what a script reads has no questions in it"
