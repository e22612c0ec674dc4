"""An installation that is not whole, or a system that lacks something: which error means it, and what is said."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path

import pytest

from pfm_desktop.support import installation, system_libraries
from pfm_desktop.support.errors import MemoryFullError, for_a_person
from pfm_desktop.support.installation import IncompleteError, compare, trouble
from resources.installer import manifest


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The inside of a bundle, with the list that the build writes."""
    inside = tmp_path / "pfm-desktop" / "_internal"
    for name in ("torch/lib/libtorch_cpu.so", "cv2/cv2.so", "resources/fonts/Ä.ttf"):
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        (inside / name).write_bytes(name.encode() * 50)
    (inside.parent / "pfm-desktop").write_bytes(b"program")
    (inside.parent / "pfm").symlink_to("pfm-desktop")
    manifest.write_manifest(inside.parent)
    monkeypatch.setattr(sys, "_MEIPASS", str(inside), raising=False)
    return inside


def test_the_list_of_the_build_holds_all_files_and_fits_what_was_built(installed: Path) -> None:
    listed = json.loads((installed / installation.FILE).read_text())["files"]
    assert set(listed) == {
        "torch/lib/libtorch_cpu.so", "cv2/cv2.so", "resources/fonts/Ä.ttf", "../pfm-desktop", "../pfm",
    }  # fmt: skip
    assert compare(deep=True) == ()
    first = (installed / installation.FILE).read_bytes()
    manifest.write_manifest(installed.parent)
    assert (installed / installation.FILE).read_bytes() == first


def test_a_file_that_a_virus_scanner_took_is_named_with_what_to_do(installed: Path) -> None:
    (installed / "torch/lib/libtorch_cpu.so").unlink()
    said = trouble(OSError("[WinError 126] Error loading torch_cpu.dll or one of its dependencies."))
    assert isinstance(said, IncompleteError)
    assert "torch/lib/libtorch_cpu.so is missing" in said.what
    assert "untouched" in said.safe
    assert "quarantine" in said.remedy
    assert "install the program again" in said.remedy
    assert said.exit_code == 3
    assert "\n" not in str(said)


def test_a_file_that_was_cut_short_or_has_another_content_is_named(installed: Path) -> None:
    error = ImportError("cv2.so: file too short")
    (installed / "cv2/cv2.so").write_bytes(b"x")
    assert "cv2/cv2.so has 1 bytes, and should have 500" in str(trouble(error))
    (installed / "cv2/cv2.so").write_bytes(b"x" * 500)
    assert "another content" not in str(trouble(error))
    assert "cv2/cv2.so has another content" in str(trouble(error, deep=True))


def test_many_files_are_counted_out_short(installed: Path) -> None:
    for name in range(20):
        (installed / f"{name:02}.so").touch()
    manifest.write_manifest(installed.parent)
    for name in range(20):
        (installed / f"{name:02}.so").unlink()
    said = str(trouble(ImportError("x")))
    assert said.count("is missing") == 6
    assert " \N{HORIZONTAL ELLIPSIS}" in said


def test_a_library_of_the_system_is_named_by_its_package() -> None:
    gone = {"libxcb-cursor.so.0"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system_libraries, "loads", lambda name: name not in gone)
        said = trouble(
            ImportError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory", name="PySide6")
        )
    assert said is not None
    assert said.what == "the system lacks libxcb-cursor.so.0"
    assert "apt-get install libxcb-cursor0" in said.remedy


def test_a_part_that_does_not_load_though_all_files_are_there_is_named(installed: Path) -> None:
    assert "missing or were changed: cv2" in str(trouble(ImportError("dead", name="cv2")))


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/home/x/library.sqlite"),
        FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/home/x/white.png"),
        ValueError("cannot open shared object file"),
        KeyError("torch"),
    ],
)
def test_other_errors_are_not_taken_for_it_and_read_no_list(
    installed: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the list was read")

    monkeypatch.setattr(installation, "compare", never)
    assert trouble(error, deep=True) is None
    assert for_a_person(error) is None


def test_a_file_of_the_programs_own_that_is_gone_is_such_an_error(installed: Path) -> None:
    path = installed / "resources/fonts/Ä.ttf"
    path.unlink()
    said = for_a_person(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)))
    assert "resources/fonts/Ä.ttf is missing" in str(said)


def test_in_a_checkout_a_missing_module_is_what_it_was() -> None:
    assert trouble(ModuleNotFoundError("No module named 'x'", name="x")) is None


def test_a_library_for_which_there_is_no_memory_is_no_damage(installed: Path) -> None:
    error = ImportError("x.so: failed to map segment from shared object")
    assert isinstance(for_a_person(error), MemoryFullError)


def test_a_plugin_for_windows_that_is_gone_is_found_before_qt_ends_the_program(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    installation.look_for_plugin()  # that of the tests is there
    spec = installation.importlib.util.find_spec("PySide6")
    assert spec is not None
    monkeypatch.setattr(spec, "origin", str(installed / "PySide6" / "__init__.py"))
    monkeypatch.setattr(installation.importlib.util, "find_spec", lambda _name: spec)
    with pytest.raises(FileNotFoundError):
        installation.look_for_plugin()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    installation.look_for_plugin()
