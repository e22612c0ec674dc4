"""The built program tries itself: elsewhere, unwritable, without Python or a network, in an X server. Skipped where
none is."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.installer import contents, libraries, licences, manifest, stamp

from ..walls import wall
from .conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.installed]

PATIENCE = 400  # seconds; a minute on two cores with nothing beside it
NOBODY = 65534


def run(
    program: Path, *words: str, home: Path, user: int | None = None, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """With nothing of this environment but what is named: no Python, no path, no display, and no network: there is a
    wall of the kernel's around it."""
    environment = {"HOME": str(home), "PATH": "/nonexistent", "LANG": "C.UTF-8", "TMPDIR": str(home), **more}
    return subprocess.run(
        [str(program), *words],
        cwd=cwd or home,
        env=environment,
        user=user,
        preexec_fn=wall.let_the_kernel_watch if wall.is_native() else None,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def moved(bundle: Path) -> Iterator[Path]:
    """The same files in a folder with a blank and Chinese letters, which nobody may write into."""
    folder = bundle.parent / "ein Ordner 测试"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, folder / "pfm", symlinks=True, copy_function=os.link)
    places = [folder / "pfm", *(one for one in (folder / "pfm").rglob("*") if one.is_dir() and not one.is_symlink())]
    for place in places:
        place.chmod(0o555)
    yield folder / "pfm"
    for place in places:
        place.chmod(0o755)
    shutil.rmtree(folder)


def test_the_command_line_does_all_of_its_job_elsewhere_unwritable_and_as_an_ordinary_user(
    moved: Path, tmp_path: Path
) -> None:
    user = NOBODY if os.geteuid() == 0 else None
    if user is not None:
        tmp_path.chmod(0o777)
        for place in tmp_path.parents:
            if place.is_relative_to(os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp")):
                place.chmod(place.stat().st_mode | 0o011)
    done = run(moved / "pfm", "selftest", home=tmp_path, user=user)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "selftest passed"
    assert list(tmp_path.iterdir()) == []


def test_it_tries_itself_from_a_folder_that_the_user_may_not_enter(bundle: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may start a program as somebody else")
    home, closed = tmp_path / "home", tmp_path / "closed"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    closed.mkdir(mode=0o700)
    for place in (tmp_path, *tmp_path.parents):
        if place.is_relative_to(os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp")):
            place.chmod(place.stat().st_mode | 0o011)
    done = run(bundle / "pfm", "selftest", home=home, user=NOBODY, cwd=closed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "may not enter the folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(home.iterdir()) == []


def test_the_doctor_prints_nothing_but_json_where_opencv_is_damaged(damaged: Path, tmp_path: Path) -> None:
    for library in (damaged / "_internal" / "cv2").glob("cv2*.so"):
        library.unlink()
    done = run(damaged / "pfm", "doctor", "--json", home=tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert json.loads(done.stdout)["code"] == 3


def test_the_window_opens_offscreen_and_says_the_same(bundle: Path, tmp_path: Path) -> None:
    done = run(bundle / "pfm-desktop", "--selftest", home=tmp_path, QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "by the plugin offscreen" in done.stdout


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="there is no X server here (Debian: xvfb)")
def test_the_window_opens_in_an_x_server(bundle: Path, tmp_path: Path) -> None:
    command = ["xvfb-run", "-a", bundle / "pfm-desktop", "--selftest"]
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "by the plugin xcb" in done.stdout


@pytest.fixture
def damaged(bundle: Path) -> Iterator[Path]:
    """The same files, of which some may be taken away."""
    if not (bundle / "_internal" / manifest.FILE).is_file():
        pytest.skip("this one was built before it had a list of its files")
    folder = bundle.parent / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, folder, symlinks=True, copy_function=os.link)
    yield folder
    shutil.rmtree(folder)


def test_the_doctor_finds_all_files_as_they_were_built(bundle: Path, damaged: Path, tmp_path: Path) -> None:
    done = run(bundle / "pfm", "doctor", "--deep", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all are as they were built (size and content)" in done.stdout
    assert "could not be found out" not in done.stdout


def test_a_file_that_was_taken_away_is_named_by_the_doctor_and_by_what_needs_it(damaged: Path, tmp_path: Path) -> None:
    (gone,) = (damaged / "_internal").glob("torch/lib/libtorch_cpu.so")
    gone.unlink()
    for words in (("doctor",), ("selftest",)):
        done = run(damaged / "pfm", *words, home=tmp_path)
        assert done.returncode in (1, 3)
        assert "torch/lib/libtorch_cpu.so is missing" in done.stdout + done.stderr


def test_weights_of_its_own_model_that_were_altered_are_named_as_a_file_of_the_installation(
    damaged: Path, tmp_path: Path
) -> None:
    weights = damaged / "_internal" / "models" / "pfm-demo" / "weights.safetensors"
    content = weights.read_bytes()
    weights.unlink()  # the whole one has other names
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = run(damaged / "pfm", "selftest", home=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "models/pfm-demo/weights.safetensors has another content" in done.stdout
    assert "quarantine" in done.stdout
    assert "fetch the model" not in done.stdout


@pytest.mark.parametrize("program", ["pfm", "pfm-desktop"])
def test_a_library_that_was_cut_short_is_named_before_it_ends_the_program(
    damaged: Path, tmp_path: Path, program: str
) -> None:
    (cut,) = (damaged / "_internal").glob("numpy/_core/_multiarray_umath.*.so")
    half = cut.read_bytes()[: cut.stat().st_size // 2]
    cut.unlink()  # the whole one has other names
    cut.write_bytes(half)
    done = run(damaged / program, "doctor", home=tmp_path, QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"{cut.name} has {len(half)} bytes" in done.stderr
    assert "libraries, settings and models are untouched" in done.stderr.lower()


@pytest.mark.parametrize("name", ["PySide6/QtWidgets.abi3.so", "PySide6/Qt/plugins/platforms/libqxcb.so"])
def test_a_window_that_cannot_start_says_which_file_is_missing(damaged: Path, tmp_path: Path, name: str) -> None:
    if shutil.which("xvfb-run") is None:
        pytest.skip("there is no X server here (Debian: xvfb)")
    (damaged / "_internal" / name).unlink()
    command = ["xvfb-run", "-a", damaged / "pfm-desktop"]
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as started:
        assert started.stderr is not None
        said = started.stderr.readline()
        os.killpg(started.pid, signal.SIGTERM)  # the message waits for whoever reads it
    assert f"{name} is missing" in said


@pytest.mark.skipif(shutil.which("readelf") is None, reason="there is no readelf here (Debian: binutils)")
def test_no_library_is_looked_for_outside_of_the_program(bundle: Path) -> None:
    native = [path for path in (bundle / "_internal").rglob("*") if libraries.is_native(path)]
    done = subprocess.run(["readelf", "-d", *native], capture_output=True, text=True, check=False)
    folders = re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", done.stdout)
    assert folders
    assert {one for folder in folders for one in folder.split(":") if not one.startswith("$ORIGIN")} == set()


def test_what_is_locked_and_not_imported_is_no_part_of_it(bundle: Path) -> None:
    pytest.importorskip("PyInstaller", reason="modules within a program are read by PyInstaller, which is not here")
    locked = stamp.stamp_of(ROOT).parts
    within = contents.packages(bundle, locked)
    assert {"rich", "torch", "sqlalchemy", "colorama"} <= within
    assert {*locked} - within == {"click", "fsspec", "networkx", "urllib3"}


def test_how_the_checkout_was_installed_is_not_told(bundle: Path) -> None:
    assert list((bundle / "_internal").glob("pfm_desktop*-info")) == []


def test_nothing_that_may_not_ship_is_in_it(bundle: Path) -> None:
    assert licences.problems(bundle, bundle / "_internal" / "licenses" / "third-party.md") == []
