"""Folders that are not the program's are left alone by its installer and its uninstaller for Windows. Under wine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .windows import INSTALLED, Wine, compiled, files

NO_NSIS = pytest.mark.skipif(shutil.which("makensis") is None, reason="no makensis: nsis")
pytestmark = [pytest.mark.slow, pytest.mark.installed, NO_NSIS]


def filled(folder: Path, *names: str) -> dict[str, bytes]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("hers", encoding="utf-8")
    return content(folder)


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder)}


@pytest.mark.parametrize(
    "names",
    [
        ("_internal/hers.dll",),
        ("_internal/hers.dll", "hers.exe", "uninstall.exe"),  # as PyInstaller and NSIS make them
        ("hers.exe", "uninstall.exe"),
        ("pfm.exe",),
    ],
)
def test_the_folder_of_another_program_is_left_alone(tmp_path: Path, wine: Wine, names: tuple[str, ...]) -> None:
    assert wine.run("wineboot", "-i") == 0
    other = wine.prefix / "drive_c" / "Other"
    before = filled(other, *names)
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", r"/D=C:\Other") == 2
    assert r"C:\Other holds another program. Nothing was changed" in wine.said()
    assert content(other) == before


@pytest.mark.parametrize("name", ["pfm-new", "pfm-old"])
def test_a_folder_of_hers_that_is_called_as_one_of_ours_is_left_alone(tmp_path: Path, wine: Wine, name: str) -> None:
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", r"/D=C:\Here") == 0
    here = wine.prefix / "drive_c" / "Here"
    before = filled(here, f"{name}/_internal/what.txt", f"{name}/library.sqlite")
    assert wine.run(compiled(tmp_path, "2.0.0", "two"), "/S", r"/D=C:\Here") == 2
    assert rf"C:\Here\{name} holds files that PFM Desktop did not put there" in wine.said()
    assert content(here) == before
    assert wine.run(here / "uninstall.exe", "/S", r"_?=C:\Here") == 2
    assert rf"C:\Here\{name} holds files that PFM Desktop did not put there" in wine.said()
    assert content(here) == before
    shutil.rmtree(here / name)
    filled(here, name)  # nor is a file one of ours
    assert wine.run(compiled(tmp_path, "3.0.0", "three"), "/S", r"/D=C:\Here") == 2
    assert files(here) == sorted([*INSTALLED, name])


def test_a_version_of_which_a_scanner_took_the_program_is_repaired(tmp_path: Path, wine: Wine) -> None:
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", r"/D=C:\Here") == 0
    here = wine.prefix / "drive_c" / "Here"
    (here / "pfm-desktop.exe").unlink()
    assert wine.run(compiled(tmp_path, "2.0.0", "two"), "/S", r"/D=C:\Here") == 0
    assert files(here) == INSTALLED


def test_an_uninstaller_that_is_waited_for_says_what_it_did_and_how_it_ended(tmp_path: Path, wine: Wine) -> None:
    setup = compiled(tmp_path, "1.0.0", "one")
    assert wine.run(setup, "/S", r"/D=C:\Here") == 0
    here = wine.prefix / "drive_c" / "Here"
    uninstaller = tmp_path / "uninstall.exe"
    shutil.copy(here / "uninstall.exe", uninstaller)
    other = wine.prefix / "drive_c" / "Other"
    before = filled(other, "_internal/hers.dll", "uninstall.exe")
    assert wine.run(uninstaller, "/S", r"_?=C:\Other") == 2
    assert r"PFM Desktop is not in C:\Other. Nothing was changed" in wine.said()
    assert content(other) == before

    assert wine.run(here / "uninstall.exe", "/S", r"_?=C:\Here") == 0
    assert r"PFM Desktop 1.0.0 was removed from C:\Here" in wine.said()
    assert "uninstall.exe stays" in wine.said()
    assert files(here) == ["uninstall.exe"]
    assert wine.noted("InstallLocation") == ""
    assert wine.run(setup, "/S", r"/D=C:\Here") == 0  # what stayed is known as ours
    assert files(here) == INSTALLED

    assert wine.run(here / "uninstall.exe", "/S") == 0
    wine.settle()
    assert r"PFM Desktop 1.0.0 was removed from C:\Here" in wine.said()
    assert "stays there" not in wine.said()
    assert not here.exists()


def test_a_copy_of_this_user_beside_one_for_all_is_named(tmp_path: Path, wine: Wine) -> None:
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", r"/D=C:\Mine") == 0
    second = compiled(tmp_path, "2.0.0", "two")
    assert wine.run(second, "/S", "/AllUsers", r"/D=C:\All") == 0
    assert r"2.0.0 (test) is in C:\All. PFM Desktop 1.0.0 stays in C:\Mine" in wine.said()
    assert wine.run(second, "/S", "/CurrentUser", r"/D=C:\Mine") == 0
    assert r"2.0.0 (test) is in C:\Mine. PFM Desktop 2.0.0 stays in C:\All" in wine.said()
    shutil.rmtree(wine.prefix / "drive_c" / "Mine")
    assert wine.run(second, "/S", "/AllUsers", r"/D=C:\All") == 0
    assert "stays in" not in wine.said()  # what is gone is not named


@pytest.mark.parametrize("place", [r"/D=Q:\none", "/D=none"])
def test_a_folder_that_cannot_be_is_told_and_no_other_is_taken(tmp_path: Path, wine: Wine, place: str) -> None:
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", place) == 2
    assert f"There can be no folder {place.removeprefix('/D=')}. Nothing was changed" in wine.said()
    assert wine.found("pfm-desktop.exe") is None
