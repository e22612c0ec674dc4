"""`pfm update` from end to end, with a program that is installed in a folder."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

from pfm_desktop.cli import main as cli
from pfm_desktop.services import accounts
from pfm_desktop.services.updating import installed as place
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.update_file import Kind
from pfm_desktop.storage import migrations
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import Settings, save_settings
from tests.publishing import Publisher, program_in, publisher_in


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return publisher_in(tmp_path)


@pytest.fixture
def here(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """The program that runs is that one, and trusts the publisher; its window opens a library."""
    program, root = program_in(tmp_path), tmp_path / "build" / "root.json"
    root.parent.mkdir()
    root.write_bytes(publisher.root)
    monkeypatch.setattr(place, "update_root_file", lambda: root)
    monkeypatch.setattr(place, "installed", lambda: program)
    monkeypatch.setenv("PFM_HOME", str(tmp_path / "home"))
    Library.create(tmp_path / "clinic").close()
    save_settings(Settings(library=str(tmp_path / "clinic")))
    return program


def test_checking_says_what_it_is_and_changes_nothing(
    here: Installed, publisher: Publisher, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    file = publisher.file("0.2.0", library=99)
    assert cli.main(["update", "check", str(file)]) == 0
    said = capsys.readouterr().out
    assert "version 0.2.0, signed by A clinic's maker (key " in said
    assert f"Installed: 0.1.0, in {here.folder}" in said
    assert "pfm-desktop-0.2.0-linux-x86_64.tar.zst" in said
    assert "brings a library from version 12 to 99" in said
    left = set(tmp_path.rglob("*")) - set(before)
    assert {path.parent for path in left} == {publisher.folder}


def test_installing_and_going_back_say_where_everything_is(
    here: Installed, publisher: Publisher, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert cli.main(["update", "install", str(publisher.file("0.2.0"))]) == 0
    said = capsys.readouterr().out
    assert f"Backed up: {tmp_path / 'clinic'}, in {tmp_path / 'Backups of clinic'}" in said
    assert f"Start it from {here.link / 'pfm-desktop'}" in said
    assert f"0.1.0 stays in {here.folder}" in said
    new = Installed(Kind.FOLDER, "0.2.0", here.folder.with_name("pfm-desktop-0.2.0"))
    monkeypatch.setattr(place, "installed", lambda: new)
    assert cli.main(["update", "back"]) == 0
    said = capsys.readouterr().out
    assert f"{tmp_path / 'clinic'}: as it is, version 0.1.0 reads it" in said
    assert f"In use: 0.1.0, in {here.folder}" in said
    assert cli.main(["update", "back"]) == 2
    assert "no update was installed here" in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_an_older_file_is_refused_in_one_line(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["update", "install", str(publisher.file("0.0.9"))]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: version 0.1.0 is installed, and ")
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.usefixtures("here")
def test_while_the_window_has_the_library_nothing_is_installed(
    publisher: Publisher, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with Library.open(tmp_path / "clinic"):
        assert cli.main(["update", "install", str(publisher.file("0.2.0"))]) == 2
    assert "clinic is in use by" in capsys.readouterr().err
    assert not (tmp_path / "Backups of clinic").exists()


def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on as a newer program, which brings libraries to one more version."""
    module = types.ModuleType("pfm_desktop.storage.migrations.versions.v9999_next")
    module.upgrade = lambda op: op.execute("ALTER TABLE patients ADD COLUMN colour TEXT")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    versions = (*migrations.VERSIONS, "v9999_next")
    monkeypatch.setattr(migrations, "VERSIONS", versions)
    monkeypatch.setattr(migrations, "CURRENT", len(versions))


def worked_with_the_newer(monkeypatch: pytest.MonkeyPatch, *libraries: Path) -> None:
    with monkeypatch.context() as patch:
        newer(patch)
        for path in libraries:
            with Library.open(path) as lib:
                lib.record_event("test", "key", "a new patient")


def test_a_second_library_that_is_in_use_keeps_the_first_from_being_put_back(
    here: Installed, publisher: Publisher, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    first, second = tmp_path / "clinic", tmp_path / "second"
    Library.create(second).close()
    named = ["--library", str(first), "--library", str(second)]
    assert cli.main(["update", "install", str(publisher.file("0.2.0")), *named]) == 0
    worked_with_the_newer(monkeypatch, first, second)
    before = (first / "library.sqlite").read_bytes()
    new = Installed(Kind.FOLDER, "0.2.0", here.folder.with_name("pfm-desktop-0.2.0"))
    monkeypatch.setattr(place, "installed", lambda: new)
    newer(monkeypatch)
    with Library.open(second):
        assert cli.main(["update", "back"]) == 2
    assert "second is in use" in capsys.readouterr().err
    assert not (first / "set-aside").exists()
    assert (first / "library.sqlite").read_bytes() == before
    assert cli.main(["update", "back"]) == 0
    said = capsys.readouterr().out
    assert said.count("What was recorded since (") == 2
    assert "To get at it: have 0.2.0 on another computer or in another folder, copy the whole folder" in said
    assert cli.main(["update", "back"]) == 2  # there is nothing to go back to; what was set aside is told all the same
    said = capsys.readouterr().out
    assert said.count("Set aside earlier: ") == 2
    assert "To get at it: have the newer version on another computer" in said


def test_a_library_that_nobody_named_is_brought_back_by_its_name_later(
    here: Installed, publisher: Publisher, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    other = tmp_path / "other"
    Library.create(other).close()
    assert cli.main(["update", "install", str(publisher.file("0.2.0"))]) == 0
    assert "No other library was backed up." in capsys.readouterr().out
    worked_with_the_newer(monkeypatch, other)
    new = Installed(Kind.FOLDER, "0.2.0", here.folder.with_name("pfm-desktop-0.2.0"))
    with monkeypatch.context() as patch:
        patch.setattr(place, "installed", lambda: new)
        newer(patch)
        assert cli.main(["update", "back"]) == 0
    assert "Any other library that 0.2.0 opened is brought back when you name it" in capsys.readouterr().out
    assert cli.main(["update", "back", "--library", str(other)]) == 0
    said = capsys.readouterr().out
    assert f"0.1.0 stays in use; to be brought back to it: {other}" in said
    assert f"{other}: as it was on " in said
    Library.open(other).close()


def test_a_script_brings_an_encrypted_library_back_by_its_name(
    here: Installed, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, who = tmp_path / "enc", ("Dr. Ada Berg", "a long password 17")
    lib, _ = accounts.make_library(path, *who)
    lib.close()
    with monkeypatch.context() as patch:
        newer(patch)
        accounts.sign_in(path, *who).close()
    (tmp_path / "password").write_text("another password\n")
    monkeypatch.setenv("PFM_ACCOUNT", who[0])
    monkeypatch.setenv("PFM_PASSWORD_FILE", str(tmp_path / "password"))
    assert cli.main(["update", "back", "--library", str(path)]) == 2
    assert "password is wrong" in capsys.readouterr().err
    assert not (path / "set-aside").exists()
    (tmp_path / "password").write_text(who[1])
    assert cli.main(["update", "back", "--library", str(path)]) == 0
    assert f"In use, as before: {here.version}" in capsys.readouterr().out
    accounts.sign_in(path, *who).close()


def test_a_deb_says_what_is_needed_to_go_back_and_asks_for_it_first(
    here: Installed, publisher: Publisher, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    deb = replace(here, kind=Kind.DEB)
    monkeypatch.setattr(place, "installed", lambda: deb)
    file = str(publisher.file("0.2.0", publisher.installer("0.2.0", Kind.DEB)))
    for command in ("check", "install"):
        assert cli.main(["update", command, file]) == 0
        said = capsys.readouterr().out
        assert "the earlier program stays" not in said
        assert "To go back you need pfm-desktop_0.1.0_amd64.deb, from which 0.1.0 was installed: keep it." in said
    worked_with_the_newer(monkeypatch, tmp_path / "clinic")
    monkeypatch.setattr(place, "installed", lambda: replace(deb, version="0.2.0"))
    newer(monkeypatch)
    assert cli.main(["update", "back"]) == 2
    assert "--installer FILE" in capsys.readouterr().err
    assert not (tmp_path / "clinic" / "set-aside").exists()
    kept = publisher.installer("0.1.0", Kind.DEB)
    assert cli.main(["update", "back", "--installer", str(kept)]) == 0
    said = capsys.readouterr().out
    assert f"0.1.0 has to be installed afterwards, from {kept}" in said
    assert said.endswith(f"sudo env PFM_DOWNGRADE=1 dpkg -i {kept}\n")


def test_a_build_without_a_key_says_so(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["update", "check", str(publisher.file("0.2.0"))]) == 2
    assert "has no key to check update files with" in capsys.readouterr().err


def test_a_checkout_says_what_it_is() -> None:
    assert place.installed().kind is Kind.SOURCE
