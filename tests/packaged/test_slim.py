"""A bundle made smaller still does the same: ICU sorts, OpenCV solves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import cv2
import PySide6
import pytest

from resources.installer import parcels, slim

NO_LINKER = pytest.mark.skipif(sys.platform != "linux" or shutil.which("ld") is None, reason="needs binutils, on Linux")
pytestmark = [pytest.mark.slow, NO_LINKER]
SORTED = """
import ctypes, sys
folder = sys.argv[1]
for name in ("data", "uc", "i18n"):
    lib = ctypes.CDLL(f"{folder}/libicu{name}.so.73", mode=ctypes.RTLD_GLOBAL)
lib.ucol_open_73.restype = ctypes.c_void_p
def order(language, first, second):
    status = ctypes.c_int(0)
    ordered = ctypes.c_void_p(lib.ucol_open_73(language, ctypes.byref(status)))
    assert status.value <= 0, status.value
    units = [word.encode("utf-16-le") for word in (first, second)]
    return lib.ucol_strcoll_73(ordered, units[0], len(units[0]) // 2, units[1], len(units[1]) // 2)
print(order(b"fr", "z", "é"), order(b"es", "ñ", "o"), order(b"zh", "阿", "中"), order(b"en", "a", "b"))
"""
SOLVED = """
import sys
sys.path.insert(0, sys.argv[1])
import cv2, numpy as np
assert cv2.__file__.startswith(sys.argv[1]), cv2.__file__
drawn = np.random.default_rng(5)
for kind in (np.float32, np.float64):
    a = drawn.normal(size=(40, 40)).astype(kind)
    b = drawn.normal(size=(40, 3)).astype(kind)
    for way in (cv2.DECOMP_LU, cv2.DECOMP_QR, cv2.DECOMP_SVD):
        assert np.abs(a @ cv2.solve(a, b, flags=way)[1] - b).max() < 0.02, way
    assert np.abs(a.T @ a @ cv2.solve(a.T @ a, b, flags=cv2.DECOMP_CHOLESKY)[1] - b).max() < 2
    assert np.allclose(cv2.gemm(a, b, 1, None, 0), a @ b, atol=1e-3)
    s, u, vt = cv2.SVDecomp(a)
    assert np.allclose(u * s.T @ vt, a, atol=1e-3)
    assert abs(cv2.determinant(a) / np.linalg.det(a.astype(float)) - 1) < 1e-2
print(open("/proc/self/maps").read().count("libscipy_openblas-") > 0)
"""


def in_a_child(code: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_icu_sorts_as_before_with_a_quarter_of_its_tables(tmp_path: Path) -> None:
    for path in (Path(PySide6.__file__).parent / "Qt" / "lib").glob("libicu*.so.73"):
        shutil.copy(path, tmp_path)
    before = in_a_child(SORTED, tmp_path)
    data = tmp_path / "libicudata.so.73"
    size = data.stat().st_size
    slim.shorten_icu(data)
    assert data.stat().st_size < size / 3
    assert in_a_child(SORTED, tmp_path) == before == "1 -1 -1 -1\n"
    assert [path.name for path in tmp_path.iterdir() if "icudata" in path.name] == ["libicudata.so.73"]


def test_opencv_calculates_with_the_openblas_of_scipy(tmp_path: Path) -> None:
    site = Path(cv2.__file__).parents[1]
    for name in ("cv2", "opencv_python_headless.libs", "scipy.libs"):
        shutil.copytree(site / name, tmp_path / name, symlinks=True)
    (own,) = (tmp_path / "opencv_python_headless.libs").glob("libopenblas*")
    (lender,) = (tmp_path / "scipy.libs").glob("libscipy_openblas-*")
    slim.lend_openblas(own, lender, next((tmp_path / "cv2").glob("cv2*.so")))
    assert own.stat().st_size < 50_000
    assert in_a_child(SOLVED, tmp_path) == "True\n"


def test_a_lender_that_lacks_a_function_ends_the_build_and_changes_nothing(tmp_path: Path) -> None:
    site = Path(cv2.__file__).parents[1]
    (own,) = (shutil.copy(path, tmp_path) for path in (site / "opencv_python_headless.libs").glob("libopenblas*"))
    (other,) = (Path(PySide6.__file__).parent / "Qt" / "lib").glob("libicuuc.so.*")
    before = Path(own).read_bytes()
    with pytest.raises(SystemExit, match="does not have what OpenCV takes"):
        slim.lend_openblas(Path(own), other, next((site / "cv2").glob("cv2*.so")))
    assert Path(own).read_bytes() == before


def test_long_json_says_the_same_without_its_blanks_and_short_json_is_left(tmp_path: Path) -> None:
    said = {"names": ["Ä"] * 200_000, "deep": {"one": 1}}
    for name, value in (("long.json", said), ("short.json", {"a": 1})):
        (tmp_path / name).write_text(json.dumps(value, indent=8), encoding="utf-8")
    for name in ("long.json", "short.json"):
        slim.shorten(tmp_path / name)
    assert json.loads((tmp_path / "long.json").read_text(encoding="utf-8")) == said
    assert b": " not in (tmp_path / "long.json").read_bytes()
    assert b"\n" in (tmp_path / "short.json").read_bytes()


def test_libraries_that_are_there_twice_are_there_once(tmp_path: Path) -> None:
    for package, content in (("numpy", b"same"), ("scipy", b"same"), ("other", b"else")):
        (tmp_path / f"{package}.libs").mkdir()
        (tmp_path / f"{package}.libs" / "libgfortran.so.5").write_bytes(content)
    slim.share(tmp_path)
    second = tmp_path / "scipy.libs" / "libgfortran.so.5"
    assert second.is_symlink()
    assert second.read_bytes() == b"same"
    assert not (tmp_path / "other.libs" / "libgfortran.so.5").is_symlink()
    assert parcels.size_mb(tmp_path) == pytest.approx(8e-6)


def test_a_module_of_python_looks_for_libraries_within_the_program(tmp_path: Path) -> None:
    folder = sysconfig.get_config_var("LIBDIR")
    there = next(Path(sysconfig.get_config_var("DESTSHARED")).glob("_bisect.*.so"))
    if folder.encode() not in there.read_bytes():
        pytest.skip("this Python's modules name no folder")
    module = Path(shutil.copy(there, tmp_path))
    slim.look_within(module, folder, "$ORIGIN/../..")
    said = subprocess.run(["readelf", "-d", module], capture_output=True, text=True, check=True).stdout
    assert "[$ORIGIN/../..]" in said
    assert folder.encode() not in module.read_bytes()
    loads = f"import importlib.util as u; u.module_from_spec(u.spec_from_file_location('_bisect', {str(module)!r}))"
    subprocess.run([sys.executable, "-c", loads], check=True)
    before = module.read_bytes()
    slim.look_within(module, "/usr/lib", "$ORIGIN/../..")  # too short to be one that is there, and nothing is changed
    assert module.read_bytes() == before
