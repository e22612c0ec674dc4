"""The bundle for Windows that is assembled from wheels: what is taken, what is refused, what nobody would find."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from resources.installer import cut, dlls, launchers, licences, stamp, wheels, windows_bundle

from .conftest import ROOT

STAMP = stamp.Stamp("1.2.3", "abc", 0, "win32-amd64", "3.11.9", "0", {})


def made_wheel(
    folder: Path, name: str, files: dict[str, bytes], *, tag: str = "py3-none-any", needs: tuple[str, ...] = ()
) -> Path:
    """`name` is `package-version`; the list of files is right."""
    path = folder / f"{name}-{tag}.whl"
    own = f"{name}.dist-info"
    said = "".join(f"Requires-Dist: {one}\n" for one in needs)
    files = {**files, f"{own}/METADATA": f"Metadata-Version: 2.1\nName: {name}\n{said}".encode()}
    rows = [f"{one},sha256={digest(content)},{len(content)}" for one, content in files.items()]
    with zipfile.ZipFile(path, "w") as archive:
        for one, content in files.items():
            archive.writestr(one, content)
        archive.writestr(f"{own}/RECORD", "\n".join([*rows, f"{own}/RECORD,,"]) + "\n")
    return path


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def unpacked(wheel: Path, into: Path) -> list[str]:
    wheels.unpack(wheel, into, cut.why_not_of_wheel)
    found = (path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file())
    return sorted(path for path in found if ".dist-info/" not in path)


def test_a_wheel_is_laid_out_without_its_programs_manuals_types_and_tests(tmp_path: Path) -> None:
    files = {
        "pi/__init__.py": b"", "pi/heif.pyd": b"x", "pi/__init__.pyi": b"", "pi/tests/test_it.py": b"",
        "pi-1.0.data/platlib/libheif.dll": b"y", "pi-1.0.data/scripts/pi.exe": b"z",
        "pi-1.0.data/data/share/man/man1/pi.1": b"",
    }  # fmt: skip
    wheel = made_wheel(tmp_path, "pi-1.0", files)
    assert unpacked(wheel, tmp_path / "to") == ["libheif.dll", "pi/__init__.py", "pi/heif.pyd"]
    assert (tmp_path / "to" / "pi-1.0.dist-info" / "METADATA").is_file()


@pytest.mark.parametrize("name", ["../out.py", "/out.py", "a\\..\\out.py", "C:/out.py", "pi/con.py", "pi/a.", "pi/a?b"])
def test_a_file_outside_of_the_folder_or_with_no_name_of_windows_is_refused(tmp_path: Path, name: str) -> None:
    wheel = made_wheel(tmp_path, "pi-1.0", {name: b"x"})
    with pytest.raises(SystemExit, match="no name for a file"):
        unpacked(wheel, tmp_path / "to")
    assert not (tmp_path / "out.py").exists()


def test_a_file_that_its_list_does_not_name_or_that_was_changed_is_refused(tmp_path: Path) -> None:
    wheel = made_wheel(tmp_path, "pi-1.0", {"pi/a.py": b"x"})
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("pi/more.py", b"")
    with pytest.raises(SystemExit, match=r"more\.py is not in its list"):
        unpacked(wheel, tmp_path / "to")
    changed = zipfile.ZipFile(made_wheel(tmp_path, "pi-1.0", {"pi/a.py": b"x"}))
    with zipfile.ZipFile(tmp_path / "pi-1.0-cp311-none-any.whl", "w") as archive:
        for one in changed.namelist():
            archive.writestr(one, b"other" if one == "pi/a.py" else changed.read(one))
    with pytest.raises(SystemExit, match=r"a\.py is not what its list says"):
        unpacked(Path(archive.filename or ""), tmp_path / "to2")


def test_a_wheel_that_is_no_archive_or_has_no_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pi-1.0-py3-none-any.whl").write_bytes(b"half a download")
    with pytest.raises(SystemExit, match="Get it again"):
        unpacked(tmp_path / "pi-1.0-py3-none-any.whl", tmp_path / "to")
    with zipfile.ZipFile(tmp_path / "po-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("po.py", b"")
    with pytest.raises(SystemExit, match="no list of its files"):
        unpacked(tmp_path / "po-1.0-py3-none-any.whl", tmp_path / "to")


def test_two_wheels_with_one_file_are_refused(tmp_path: Path) -> None:
    unpacked(made_wheel(tmp_path, "pi-1.0", {"same.dll": b"x"}), tmp_path / "to")
    with pytest.raises(SystemExit, match="of another wheel"):
        unpacked(made_wheel(tmp_path, "po-1.0", {"same.dll": b"y"}), tmp_path / "to")


def test_of_each_locked_package_the_wheel_of_windows_is_taken_and_what_has_none_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("pi-heif==1.0\n    # via pfm\npure==2.0\n")
    made_wheel(tmp_path, "pi_heif-1.0", {}, tag="cp311-cp311-manylinux_2_17_x86_64")
    made_wheel(tmp_path, "pure-2.0", {})
    with pytest.raises(SystemExit, match=r"no wheel for win_amd64 .* of: pi-heif 1\.0\."):
        wheels.of_lock(lock, tmp_path)
    for tag in ("cp312-cp312-win_amd64", "cp311-cp311-win32", "cp311-cp311-win_amd64"):
        made_wheel(tmp_path, "pi_heif-1.0", {}, tag=tag)
    found = wheels.of_lock(lock, tmp_path)
    assert [one.path.name for one in found] == ["pi_heif-1.0-cp311-cp311-win_amd64.whl", "pure-2.0-py3-none-any.whl"]
    assert all(one.sha256 in wheels.table(found) for one in found)


def test_what_a_package_needs_on_windows_only_and_the_lock_lacks_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("click==8.0\ntorch==2.0\n")
    needs = ('colorama; sys_platform == "win32"', 'uvloop; sys_platform == "linux"', 'more; extra == "all"')
    made_wheel(tmp_path, "click-8.0", {}, needs=needs)
    made_wheel(tmp_path, "torch-2.0", {}, needs=("click>=9", "setuptools"))
    assert wheels.unmet(wheels.of_lock(lock, tmp_path)) == [
        'click needs colorama; sys_platform == "win32", there is none',
        "torch needs click>=9, there is 8.0",
    ]


def test_a_library_is_looked_for_where_windows_does(tmp_path: Path) -> None:
    asks = {
        "python311.dll": {"kernel32.dll", "api-ms-win-crt-heap-l1-1-0.dll", "vcruntime140.dll"},
        "vcruntime140.dll": set(),
        "torch/_C.pyd": {"torch_python.dll", "python311.dll"},
        "torch/lib/torch_python.dll": {"c10.dll", "msvcp140.dll"},
        "torch/lib/c10.dll": set(),
        "scipy/special/_it.pyd": {"openblas.dll"},
        "scipy.libs/openblas.dll": set(),
        "PySide6/QtCore.pyd": {"shiboken6.abi3.dll"},
        "shiboken6/Shiboken6.abi3.dll": set(),
        "shiboken6/msvcp140.dll": set(),
    }
    assert dlls.missing(asks) == {"msvcp140.dll": ["torch/lib/torch_python.dll"]}
    assert dlls.missing({**asks, "msvcp140.dll": set()}) == {}
    assert dlls.unused(asks) == []


def test_what_is_asked_for_is_read_from_the_files_themselves(tmp_path: Path) -> None:
    pytest.importorskip("pefile", reason="of requirements-build.lock")
    distlib = pytest.importorskip("distlib", reason="of requirements-build.lock")
    launcher = Path(distlib.__file__).parent / "t64.exe"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pfm.exe").write_bytes(launcher.read_bytes())
    asks = dlls.asked(tmp_path)
    assert "kernel32.dll" in asks["sub/pfm.exe"]
    assert dlls.missing(asks) == {}
    (tmp_path / "broken.pyd").write_bytes(b"MZ no more")
    with pytest.raises(SystemExit, match=r"broken\.pyd is no program or library"):
        dlls.asked(tmp_path)


def test_the_programs_start_the_python_beside_them_wherever_the_folder_lies(tmp_path: Path) -> None:
    pytest.importorskip("distlib", reason="of requirements-build.lock")
    made = launchers.write(tmp_path, ROOT / "resources" / "installer" / "pfm_program.py")
    assert sorted(path.name for path in made) == ["pfm-desktop.exe", "pfm.exe"]
    for path, interpreter in zip(made, ("python.exe", "pythonw.exe"), strict=True):
        content = path.read_bytes()
        assert content.startswith(b"MZ")
        assert f'#!"<launcher_dir>\\_internal\\{interpreter}"'.encode() in content
        with zipfile.ZipFile(path) as archive:
            assert b"from pfm_desktop.__main__ import cli, gui" in archive.read("__main__.py")


def embeddable(path: Path, *more: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("python.exe", "python311.dll", "python311.zip", "python311._pth", "LICENSE.txt", *more):
            archive.writestr(name, b"x")
    return path


def test_python_is_taken_by_its_sum_only(tmp_path: Path) -> None:
    package = embeddable(tmp_path / "python.zip")
    with pytest.raises(SystemExit, match=r"SHA-256 of .* not 009d6bf7"):
        windows_bundle.check_python(package, windows_bundle.PYTHON_SHA256)
    windows_bundle.check_python(package, hashlib.sha256(package.read_bytes()).hexdigest().upper())
    with pytest.raises(SystemExit, match="there is no"):
        windows_bundle.check_python(tmp_path / "none.zip", "")


def test_python_looks_for_modules_in_the_bundle_and_nowhere_else(tmp_path: Path) -> None:
    windows_bundle.unpack_python(embeddable(tmp_path / "python.zip"), tmp_path / "in")
    assert (tmp_path / "in" / "python311._pth").read_bytes() == b"python311.zip\r\n.\r\n"
    assert (tmp_path / "in" / "LICENSE-Python.txt").is_file()
    with pytest.raises(SystemExit, match="has no folders"):
        windows_bundle.unpack_python(embeddable(tmp_path / "other.zip", "../evil.dll"), tmp_path / "in2")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("README", b"")
    with pytest.raises(SystemExit, match=r"python311\.dll is missing"):
        windows_bundle.unpack_python(tmp_path / "empty.zip", tmp_path / "in3")


def test_the_program_in_the_bundle_finds_all_by_its_own_place(tmp_path: Path) -> None:
    windows_bundle.lay_program(tmp_path, STAMP)
    script = (
        "from importlib.metadata import version\nfrom pfm_desktop.support import paths\n"
        "print(paths.app_root(), version('pfm-desktop'))\n"
        "places = paths.resources_dir(), paths.user_guide_dir(), paths.shipped_models_dir()\n"
        "print(all(one.is_dir() for one in places))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[:2] == [f"{tmp_path} 1.2.3", "True"]
    assert not (tmp_path / "resources" / "installer").exists()
    assert list(tmp_path.rglob("__pycache__")) == []


def test_what_lies_beside_python_has_a_known_licence_on_windows_too(tmp_path: Path) -> None:
    inside = tmp_path / "_internal"
    inside.mkdir()
    for name in ("python311.dll", "VCRUNTIME140.dll", "libheif-75127e.dll"):
        (inside / name).write_bytes(b"x")
    notices = ROOT / "docs" / "third-party.md"
    assert licences.problems(tmp_path, notices) == []
    (inside / "unheard-of.dll").write_bytes(b"x")
    (inside / "Qt6LottieVectorImageGenerator.dll").write_bytes(b"x")
    found = "\n".join(licences.problems(tmp_path, notices))
    assert "unheard-of.dll: its licence is not listed" in found
    assert "Qt6LottieVectorImageGenerator.dll may not be in an installer" in found


def test_names_that_windows_takes_for_one_or_has_no_room_for_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dlls, "asked", lambda _: {})
    for name in ("Same.txt", "same.txt", f"{'d' * 100}/{'f' * 90}"):
        path = tmp_path / "_internal" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    found = windows_bundle.check(tmp_path)
    assert [line.split(":")[0] for line in found] == ["path too long for Windows", "two names that are one on Windows"]


def test_modules_that_no_installer_has_are_cut_as_files_and_those_that_are_used_stay() -> None:
    for name in (
        "PySide6/QtQml.pyd", "PySide6/Qt6Qml.dll", "PySide6/qml/QtQuick/qmldir", "PySide6/opengl32sw.dll",
        "PySide6/designer.exe", "PySide6/translations/qtbase_de.qm", "PySide6/Qt6QuickTimeline.dll",
        "torch/lib/torch_cpu.lib", "torch/utils/benchmark/__init__.py", "pygments/lexers/ada.py",
        "openvino/libs/openvino_intel_npu_compiler.dll", "openvino/libs/openvino.lib", "numpy/core/npymath.lib",
    ):  # fmt: skip
        assert cut.why_not_of_wheel(name), name
    for name in (
        "PySide6/QtCore.pyd", "PySide6/Qt6Core.dll", "PySide6/plugins/platforms/qwindows.dll",
        "PySide6/plugins/platforms/qoffscreen.dll", "PySide6/translations/qtbase_fr.qm", "PySide6/QtOpenGL.pyd",
        "torch/lib/torch_cpu.dll", "torch/utils/__init__.py", "pygments/lexers/__init__.py",
        "pygments/lexers/python.py", "openvino/libs/openvino_intel_cpu_plugin.dll", "openvino/tools/ovc/__init__.py",
        "openvino/libs/openvino_pytorch_frontend.dll", "highdicom/_standard/module_attribute_map.json",
    ):  # fmt: skip
        assert not cut.why_not_of_wheel(name), name


@pytest.mark.slow
def test_the_whole_program_loads_without_the_modules_that_installers_leave_out() -> None:
    """As in the installed program, where they are missing: no part of it, and nothing that it uses, may need one."""
    script = f"""
import importlib, pkgutil, sys
left_out = {cut.MODULES!r}
class Missing:
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(one + ".") for one in left_out):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Missing())
import pfm_desktop
for found in pkgutil.walk_packages(pfm_desktop.__path__, "pfm_desktop."):
    if found.name.rpartition(".")[2] != "__main__":
        importlib.import_module(found.name)
import openvino, torch.optim, pyqtgraph
print("loaded")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip().endswith("loaded"), done.stderr[-2000:]
