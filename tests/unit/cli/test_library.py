"""`pfm library`: what it says, where it says it, and its exit codes."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from pfm_desktop.cli.main import main
from pfm_desktop.domain.change import Change
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, backup, backup_folder, cases
from pfm_desktop.storage.image_store import ImageStore
from pfm_desktop.storage.library import Library

pytestmark = pytest.mark.slow

NAME, PASSWORD = "Dr. Ada", "four words that differ"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, and what was written to stdout and stderr."""
    code = main(["library", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def rot(store: ImageStore) -> None:
    file = next(iter(store.files()))
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 0xFF]))


def put(lib: Library, number: int) -> str:

    visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}").id)
    data = b"picture %d" % number
    picture = {
        "visit_id": visit.id,
        "sha256": lib.pictures.put(data),
        "stage": "acetic_acid",
        "taken_at": "2026-03-14T08:30:00+00:00",
        "width": 640,
        "height": 480,
        "seconds_since_acid": None,
        "mm_per_px": None,
        "device": "",
        "original_name": "a.png",
    }
    lib.apply(Change("picture", f"{number:032d}", None, picture, "Picture added"))
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def closed(lib: Library) -> Path:
    put(lib, 1)
    lib.close()
    return lib.path


def test_a_backup_is_verified_and_a_rotten_picture_in_it_replaced(
    closed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "backup"
    assert run(capsys, "backup", closed, out)[0] == 0
    assert run(capsys, "verify", out)[:2] == (0, "1 backups with 1 pictures checked, nothing wrong\n")
    rot(ImageStore(out / backup_folder.PICTURES))
    code, said, wrong = run(capsys, "verify", out)
    assert (code, said) == (3, "1 backups with 1 pictures checked, 1 wrong\n")
    assert "was altered" in wrong
    code, said, _ = run(capsys, "backup", closed, out, "--check")
    assert code == 0
    assert "1 damaged ones replaced" in said
    assert run(capsys, "verify", out)[0] == 0


def test_the_backup_of_an_encrypted_library_asks_who_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lib, key = accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)
    with lib:
        backup.back_up(SilentContext(), lib, tmp_path / "backup")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, _, wrong = run(capsys, "verify", tmp_path / "backup")
    assert code == 2
    assert "PFM_ACCOUNT" in wrong
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    monkeypatch.setenv("PFM_ACCOUNT", NAME)
    monkeypatch.setenv("PFM_PASSWORD_FILE", str(tmp_path / "password"))
    assert run(capsys, "verify", tmp_path / "backup")[0] == 0
    monkeypatch.setattr("pfm_desktop.cli.library.asked_secret", lambda *_: key)
    assert run(capsys, "verify", tmp_path / "backup", "--recovery-key")[0] == 0


def test_the_list_of_a_folder_that_is_no_backup_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, wrong = run(capsys, "restore", tmp_path / "nowhere", tmp_path / "out", "--list")
    assert (code, said) == (2, "")
    assert "is no backup" in wrong


def test_the_list_has_each_snapshot(closed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        run(capsys, "backup", closed, tmp_path / "backup")
    code, said, _ = run(capsys, "restore", tmp_path / "backup", tmp_path / "out", "--list")
    assert code == 0
    assert said.split() == [one.stem for one in backup_folder.snapshots(tmp_path / "backup")]


def test_what_a_repair_leaves_has_a_next_step(closed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Library.open(closed) as lib:
        rot(lib.pictures)
    code, _, wrong = run(capsys, "repair", closed)
    assert code == 3
    assert "still wrong: the picture file" in wrong
    assert wrong.splitlines()[-1].startswith("next: pictures come back with --from BACKUP")


def test_a_library_whose_name_is_no_text_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said, wrong = run(capsys, "create", tmp_path / "\udcff", "--plain")
    assert (code, said) == (2, "")
    assert "is not written in UTF-8" in wrong
    assert len(wrong.splitlines()) == 1


def test_heatmaps_that_are_lost_are_a_note(closed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pfm_desktop.storage import thumbnails, upkeep

    with Library.open(closed) as lib:
        (picture,) = upkeep.picture_hashes(lib)
        with lib.write() as session:
            thumbnails.keep(session, picture, "0" * 64)
    code, said, wrong = run(capsys, "verify", closed)
    assert (code, said) == (0, "1 pictures checked, nothing wrong\n")
    assert wrong == "note: the thumbnail 000000000000... is missing: it is made again when needed\n"


@pytest.fixture
def signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An encrypted library with a picture and a backup; who runs commands is known."""
    lib, _ = accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)
    with lib:
        put(lib, 1)
        backup.back_up(SilentContext(), lib, tmp_path / "backup")
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    monkeypatch.setenv("PFM_ACCOUNT", NAME)
    monkeypatch.setenv("PFM_PASSWORD_FILE", str(tmp_path / "password"))
    return tmp_path / "clinic"


def test_a_repair_from_a_backup_puts_lost_keys_back(
    signed_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("keys.json", "keys.copy.json"):
        (signed_in / name).unlink()
    code, _, wrong = run(capsys, "verify", signed_in)
    assert code == 2
    assert "keys.json and keys.copy.json are missing" in wrong
    code, said, wrong = run(capsys, "repair", signed_in, "--from", tmp_path / "backup")
    assert code == 0
    assert "done: keys.json and keys.copy.json were put back from" in said
    assert "password of that day" in wrong
    assert run(capsys, "verify", signed_in)[0] == 0


def test_a_library_that_does_not_open_for_damage_has_its_pictures_checked(
    signed_in: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = signed_in / "library.sqlite"
    data = bytearray(database.read_bytes())
    data[200:203] = b"xxx"
    database.write_bytes(data)
    code, said, wrong = run(capsys, "verify", signed_in)
    assert (code, said) == (3, "1 pictures checked, 1 wrong\n")
    assert "keys.json is the right one" in wrong
    assert "permissions" not in wrong


def test_what_of_a_backup_is_lost_is_said_before_the_password_is_asked_for(
    signed_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with accounts.sign_in(signed_in, NAME, PASSWORD) as lib:
        second = backup.back_up(SilentContext(), lib, tmp_path / "backup").snapshot
    backup_folder.key_file_beside(second).unlink()
    (tmp_path / "backup" / backup_folder.ABOUT).unlink()
    code, said, wrong = run(capsys, "restore", tmp_path / "backup", tmp_path / "back")
    assert code == 0
    assert f"brought back from {second.stem}, 1 pictures\n" in said
    assert f"the key file of the snapshot {second.stem} is missing" in wrong
    assert "backup.json is missing" in wrong
    code, _, wrong = run(capsys, "verify", tmp_path / "backup")
    assert code == 3
    assert "put it back from a backup" not in wrong
    _, _, wrong = run(capsys, "backup", signed_in, tmp_path / "backup")
    assert "It was written anew" in wrong


def test_a_wrong_password_for_a_backup_names_its_day(
    signed_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "password").write_text("quite another sentence", encoding="utf-8")
    (made,) = backup_folder.snapshots(tmp_path / "backup")
    for command in (("restore", tmp_path / "backup", tmp_path / "back"), ("verify", tmp_path / "backup")):
        code, _, wrong = run(capsys, *command)
        assert code == 2
        assert f"a backup opens with those of its day, here of {made.stem}" in wrong
        assert "--recovery-key" in wrong


def test_a_picture_that_was_not_brought_back_is_counted(
    closed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "backup", closed, tmp_path / "backup")
    rot(ImageStore(tmp_path / "backup" / backup_folder.PICTURES))
    code, said, wrong = run(capsys, "restore", tmp_path / "backup", tmp_path / "back")
    assert code == 3
    assert "0 pictures (1 not brought back)" in said
    assert "wrong: not brought back: the picture file" in wrong
