"""What a script that calls `pfm` relies on: nothing is destroyed, what cannot work is said at once, in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.cli.main import INTERRUPTED, main
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.imaging.io import write_png
from pfm_desktop.support.paths import cache_dir

pytestmark = pytest.mark.slow  # each test runs the program

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    assert main(["phantom", str(folder), "--count", "2", "--seed", "4", "--size", "320"]) == 0
    return folder


@pytest.fixture
def pair(cases: Path) -> list[str]:
    return [str(cases / "case_00000_white.png"), str(cases / "case_00000_fluorescence.png")]


def one_error(said: Said) -> str:
    error = said.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def test_figures_are_never_written_over_the_manifest(cases: Path, capsys: Said) -> None:
    manifest = cases / "manifest.csv"
    before = manifest.read_bytes()
    assert main(["evaluate", str(manifest), "--model", "pfm-demo", "--json", str(manifest)]) == 2
    assert "would be overwritten" in one_error(capsys)
    assert manifest.read_bytes() == before


def test_phantoms_are_never_drawn_over_a_clinics_own_cases(tmp_path: Path, capsys: Said) -> None:
    for name in ("manifest.csv", "case_00000_white.png"):
        (tmp_path / name).write_text("the clinic's own")
    assert main(["phantom", str(tmp_path), "--size", "64"]) == 2
    assert "no phantoms" in one_error(capsys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case_00000_white.png", "manifest.csv"]
    assert all(path.read_text() == "the clinic's own" for path in tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_neither_replaced_nor_waited_for(pair: list[str], tmp_path: Path, capsys: Said) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(["register", *pair, "--json", str(pipe)]) == 2
    assert "pipe is not a file" in one_error(capsys)
    assert main(["register", str(pipe), pair[1]]) == 2
    assert "pipe is not a file" in one_error(capsys)
    assert pipe.is_fifo()


def test_the_same_picture_twice_is_no_registration(pair: list[str], tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert main(["register", pair[0], pair[0], "--json", str(out)]) == 3
    assert "same picture was given twice" in out.read_text()


@pytest.mark.slow
def test_what_learned_from_phantoms_says_so_wherever_the_manifest_lies(cases: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    assert main(["phantom", str(more), "--count", "40", "--seed", "6", "--size", "224"]) == 0
    lines = (more / "manifest.csv").read_text().replace("case_", "more/case_").splitlines()
    manifest = tmp_path / "mixed.csv"
    manifest.write_text("\n".join(lines) + "\n")
    options = ["--size", "64", "--epochs", "1", "--batch", "8", "--shares=.6,.15,.15,.1"]
    assert main(["train", str(manifest), "--out", str(tmp_path / "model"), *options]) == 0
    assert "trained on phantoms" in (tmp_path / "model" / "CARD.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--size", "100"], "multiple of 32"),
        (["--shares", "nan,1,1,1"], "share above 0"),
        (["--shares", "1,0,0,0"], "share above 0"),
    ],
)
def test_what_cannot_be_trained_is_said_before_the_work(
    cases: Path, tmp_path: Path, capsys: Said, options: list[str], words: str
) -> None:
    assert main(["train", str(cases / "manifest.csv"), "--out", str(tmp_path / "m"), *options]) == 2
    assert words in one_error(capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_model_folder_that_cannot_be_made_is_said_before_the_work(cases: Path, tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "file").write_text("")
    assert main(["train", str(cases / "manifest.csv"), "--out", str(tmp_path / "file" / "m")]) == 2
    assert "is no folder" in one_error(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_may_not_be_looked_into_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Said
) -> None:
    def closed(_path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "closed"))

    monkeypatch.setattr("pfm_desktop.services.training.read_manifest", closed)
    assert main(["train", str(tmp_path / "closed"), "--out", str(tmp_path / "m")]) == 2
    error = one_error(capsys)
    assert "closed: Permission denied" in error
    assert "permissions" in error


def test_ctrl_c_says_that_it_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Said) -> None:
    def interrupted(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pfm_desktop.services.phantoms.write_phantoms", interrupted)
    assert main(["phantom", str(tmp_path / "out")]) == INTERRUPTED
    assert capsys.readouterr().err.startswith("stopped.")


@pytest.mark.parametrize(
    ("command", "goes_on"),
    [("phantom", True), ("train", True), ("finetune", True), ("evaluate", False), ("analyze", False), ("", False)],
)
def test_ctrl_c_promises_to_go_on_only_where_it_does(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, command: str, goes_on: bool
) -> None:
    def interrupted(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pfm_desktop.cli.main.app", interrupted)
    assert main([command] if command else []) == INTERRUPTED
    said = capsys.readouterr().err
    assert said.startswith("stopped. ")
    assert ("goes on" in said) is goes_on
    assert ("begins anew" in said) is not goes_on
    assert said.count("\n") == 1


@pytest.mark.parametrize(("ending", "kind"), [(".png", "PNG"), (".JPG", "JPEG"), (".jpeg", "JPEG"), (".tif", "TIFF")])
def test_a_picture_is_written_as_its_name_says(pair: list[str], tmp_path: Path, ending: str, kind: str) -> None:
    warped = tmp_path / f"w{ending}"
    assert main(["register", *pair, "--warped", str(warped)]) == 0
    with Image.open(warped) as picture:
        assert (picture.format, picture.size, picture.mode) == (kind, (320, 320), "RGB")


@pytest.mark.parametrize("name", ["w.gif", "w.pdf", "w", "w.png.txt"])
def test_a_name_that_says_no_format_that_is_written_is_refused_before_the_work(
    pair: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said, name: str
) -> None:
    def no_work(*_args: object, **_options: object) -> None:
        raise AssertionError("nothing is read before the names are known to do")

    monkeypatch.setattr("pfm_desktop.services.pair_files.read_picture", no_work)
    monkeypatch.setattr("pfm_desktop.services.case_files.analyze", no_work)
    asked = ["--json", str(tmp_path / "a.json")]
    for call in (
        ["register", *pair, *asked, "--warped", str(tmp_path / name)],
        ["analyze", "--white", pair[0], "--fluorescence", pair[1], *asked, "--overlay", str(tmp_path / name)],
    ):
        assert main(call) == 2
        error = one_error(capsys)
        assert str(tmp_path / name) in error
        assert "end in .png, .jpg" in error
        assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_disk_that_fills_while_pictures_are_prepared_is_said_with_the_folder(
    cases: Path, tmp_path: Path, tiny_model: Path, command: str
) -> None:
    """The operating system itself refuses to let any file grow beyond 20 kB."""
    pytest.importorskip("resource")
    rows = ["patient,case,white,fluorescence,grade"]
    for number in range(16):
        other = (cases / "case_00000_white.png").read_bytes() + bytes([number])  # one picture may not stand twice
        (tmp_path / f"{number}.png").write_bytes(other)
        rows.append(f"p{number},c{number},{number}.png,,{GRADES[number % 4].value}")
    (tmp_path / "m.csv").write_text("\n".join(rows))
    program = (
        "import resource, sys; from pfm_desktop.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); sys.exit(main(sys.argv[1:]))"
    )
    end = {
        "train": ["--out", str(tmp_path / "model"), "--size", "64"],
        "evaluate": ["--model", str(tiny_model), "--json", str(tmp_path / "e.json")],
    }[command]
    call = [sys.executable, "-c", program, command, str(tmp_path / "m.csv"), *end]
    ended = subprocess.run(call, capture_output=True, text=True, timeout=120, check=False)
    said = ended.stderr.splitlines()
    assert ended.returncode == 2, ended.stderr
    assert said[-1].startswith("error: could not write ")
    assert "prepared-" in said[-1]
    assert "unchanged" in said[-1]
    assert "free some space" in said[-1]
    assert not (tmp_path / "e.json").exists()
    assert not (tmp_path / "model").exists()
    if command == "train":
        assert [line for line in said if "the same command goes on with them" in line]
    else:
        assert len(said) == 1
        assert not list(cache_dir().iterdir())


def test_an_altered_model_is_named_by_its_file(pair: list[str], tmp_path: Path, capsys: Said) -> None:
    shipped = Path(__file__).parents[2] / "models" / "pfm-demo"
    altered = tmp_path / "altered"
    shutil.copytree(shipped, altered)
    with (altered / "weights.safetensors").open("ab") as stream:
        stream.write(b"x")
    assert main(["analyze", "--white", pair[0], "--model", str(altered)]) == 2
    assert str(altered / "weights.safetensors") in one_error(capsys)


def test_a_picture_without_permission_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Said
) -> None:
    picture = tmp_path / "mine.png"
    write_png(picture, np.zeros((64, 64, 3), np.uint8))
    monkeypatch.setattr("os.access", lambda *_args, **_options: False)
    assert main(["register", str(picture), str(tmp_path / "gone.png")]) == 2
    assert "is not readable" not in one_error(capsys)
