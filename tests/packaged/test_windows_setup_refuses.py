"""What stops the installer for Windows: each is said, and the version that was there is as it was. Under wine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .windows import INSTALLED, Wine, compiled, files

NO_NSIS = pytest.mark.skipif(shutil.which("makensis") is None, reason="no makensis: nsis")
pytestmark = [pytest.mark.slow, pytest.mark.installed, NO_NSIS]
Mount = Callable[[str, str], Path]
HERE = r"/D=C:\Small\pfm"


@pytest.fixture
def mount(wine: Wine) -> Iterator[Mount]:
    """A disk of its own as a folder of drive C, with options of tmpfs."""
    made: list[Path] = []

    def mounted(name: str, options: str) -> Path:
        assert wine.run("wineboot", "-i") == 0
        place = wine.prefix / "drive_c" / name
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting a small disk takes root")
        made.append(place)
        return place

    yield mounted
    subprocess.run(["wineserver", "-k"], env=wine.env, check=False)
    wine.settle()
    for place in made:
        subprocess.run(["umount", "-l", str(place)], check=True)


def is_as_it_was(folder: Path) -> bool:
    return files(folder) == INSTALLED and (folder / "_internal" / "what.txt").read_text() == "one"


def test_a_disk_with_too_little_room_is_told_before_anything_is_written(
    tmp_path: Path, wine: Wine, mount: Mount
) -> None:
    disk = mount("Small", "size=2m")
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", HERE) == 0
    large = compiled(tmp_path, "2.0.0", "two", large=os.urandom(3_000_000))
    assert wine.run(large, "/S", HERE) == 2
    assert r"too little room for C:\Small\pfm" in wine.said()
    assert "Nothing was changed" in wine.said()
    assert is_as_it_was(disk / "pfm")
    assert wine.noted("DisplayVersion") == "1.0.0"
    assert wine.run(large, "/S", r"/D=C:\Small\other") == 2
    assert not (disk / "other").exists()


def test_a_disk_that_is_full_meanwhile_leaves_the_earlier_version(tmp_path: Path, wine: Wine, mount: Mount) -> None:
    disk = mount("Small", "size=20m,nr_inodes=24")  # room, but not for so many files
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", HERE) == 0
    many = compiled(tmp_path, "2.0.0", "two", **{f"_internal/{number}": b"two" for number in range(30)})
    assert wine.run(many, "/S", HERE) == 2
    assert "could not be written" in wine.said()
    assert "is as it was" in wine.said()
    assert is_as_it_was(disk / "pfm")
    assert wine.noted("DisplayVersion") == "1.0.0"


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path, wine: Wine, mount: Mount) -> None:
    disk = mount("Small", "size=2m")
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", HERE) == 0
    wine.settle()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert wine.run(compiled(tmp_path, "2.0.0", "two"), "/S", HERE) == 2
    assert r"may not write to C:\Small\pfm. Nothing was changed" in wine.said()
    assert is_as_it_was(disk / "pfm")


def sleeper(folder: Path) -> bytes:
    """A program of Windows that only waits."""
    script = folder / "sleeper.nsi"
    script.write_text(
        'Target amd64-unicode\nSilentInstall silent\nOutFile "sleeper.exe"\nSection\nSleep 60000\nSectionEnd\n'
    )
    subprocess.run(["makensis", "-V1", script.name], cwd=folder, check=True)
    return (folder / "sleeper.exe").read_bytes()


@pytest.mark.parametrize("name", ["pfm-desktop.exe", "pfm.exe", "_internal/python.exe"])
def test_while_the_program_runs_nothing_is_replaced_and_nothing_removed(tmp_path: Path, wine: Wine, name: str) -> None:
    program = sleeper(tmp_path)
    assert wine.run(compiled(tmp_path, "1.0.0", "one", **{name: program}), "/S", HERE) == 0
    folder = wine.prefix / "drive_c" / "Small" / "pfm"
    before = files(folder)
    running = subprocess.Popen(["wine", str(folder / name)], env=wine.env, stderr=subprocess.DEVNULL)
    try:
        second = compiled(tmp_path, "2.0.0", "two")
        for _ in range(50):  # until wine has started it
            time.sleep(0.2)
            if subprocess.run(["pgrep", "-f", f"Small.pfm.*{Path(name).name}"], check=False).returncode == 0:
                break
        time.sleep(2)
        assert wine.run(second, "/S", HERE) == 2
        assert "is running" in wine.said()
        assert "Nothing was changed" in wine.said()
        assert files(folder) == before
        wine.run(folder / "uninstall.exe", "/S")
        time.sleep(5)  # it goes on in a copy of itself
        assert "is running" in wine.said()
        assert files(folder) == before
        assert wine.noted("DisplayVersion") == "1.0.0"
    finally:
        running.kill()
        subprocess.run(["wineserver", "-k"], env=wine.env, check=False)
        running.wait()


def test_what_a_computer_leaves_that_went_off_while_versions_changed_places_is_put_in_order(
    tmp_path: Path, wine: Wine, mount: Mount
) -> None:
    disk = mount("Small", "size=2m")
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", HERE) == 0
    folder = disk / "pfm"
    (folder / "pfm-old").mkdir()
    (folder / "_internal").rename(folder / "pfm-old" / "_internal")
    (folder / "pfm-new").mkdir()
    (folder / "pfm-new" / "pfm.exe").write_text("two")
    assert wine.run(compiled(tmp_path, "2.0.0", "two", large=os.urandom(3_000_000)), "/S", HERE) == 2
    assert is_as_it_was(folder)  # although there is no room for the new one
    shutil.copytree(folder / "_internal", folder / "pfm-old" / "_internal")  # and where only the tidying was left
    assert wine.run(compiled(tmp_path, "3.0.0", "three"), "/S", HERE) == 0
    assert files(folder) == INSTALLED
    assert (folder / "_internal" / "what.txt").read_text() == "three"


def test_a_folder_whose_name_is_too_long_for_windows_is_told(tmp_path: Path, wine: Wine) -> None:
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", "/D=C:\\" + "\\".join(["d" * 60] * 4)) == 2
    assert "too long for Windows" in wine.said()
    assert not (wine.prefix / "drive_c" / ("d" * 60)).exists()


def test_two_versions_side_by_side_know_of_each_other_and_go_one_by_one(tmp_path: Path, wine: Wine) -> None:
    assert wine.run(compiled(tmp_path, "1.0.0", "one"), "/S", r"/D=C:\One") == 0
    assert wine.run(compiled(tmp_path, "2.0.0", "two"), "/S", r"/D=C:\Two") == 0
    assert r"2.0.0 (test) is in C:\Two. PFM Desktop 1.0.0 stays in C:\One" in wine.said()
    one, two = wine.prefix / "drive_c" / "One", wine.prefix / "drive_c" / "Two"
    assert files(one) == files(two) == INSTALLED
    assert wine.run(one / "uninstall.exe", "/S") == 0
    wine.settle()
    assert not one.exists()
    assert files(two) == INSTALLED
    assert wine.noted("InstallLocation") == r"C:\Two"
    assert wine.found("PFM Desktop.lnk") is not None
    assert wine.run(two / "uninstall.exe", "/S") == 0
    wine.settle()
    assert not two.exists()
    assert wine.noted("InstallLocation") == ""
    assert wine.found("PFM Desktop.lnk") is None
