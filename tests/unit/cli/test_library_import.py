"""`pfm library import` through the real `main`."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.cli.main import main
from pfm_desktop.domain.source import Stage
from pfm_desktop.services import cases
from pfm_desktop.storage.library import Library

pytestmark = pytest.mark.slow


def put(path: Path, shade: int, taken: str = "") -> None:
    exif = Image.Exif()
    if taken:
        exif[0x8769] = {0x9003: taken}
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), (180, 90 + shade, 90), np.uint8)).save(stream, "JPEG", exif=exif)
    path.write_bytes(stream.getvalue())
    os.utime(path, (1_790_000_000, 1_790_000_000))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "in" / "K-17" / "acid_60s.jpg", 1, "2026:03:14 12:01:00")
    put(tmp_path / "in" / "IMG_2.jpg", 2, "2026:03:14 12:02:00")
    return tmp_path / "in"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    Library.create(tmp_path / "library").close()
    return tmp_path / "library"


def bring(library: Path, *arguments: object) -> int:
    return main(["library", "import", *(str(one) for one in arguments), "--library", str(library)])


def held(library: Path) -> dict[str, list[Stage]]:
    with Library.open(library) as lib:
        rows = cases.today(lib)
        return {
            row.patient.identifier: [one.stage for one in cases.visit_case(lib, row.visit.id).pictures] for row in rows
        }


def test_what_is_known_is_brought_in_the_rest_is_told_and_the_exit_code_says_so(
    folder: Path, library: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert bring(library, folder) == 3
    out, err = capfd.readouterr()
    assert out.splitlines() == ["1 picture added, 0 already there, 1 skipped", "New: 1 patient, 1 visit, 0 pairs"]
    assert err.startswith("skipped: in/IMG_2.jpg: whose it is is not known")
    assert held(library) == {"K-17": [Stage.ACETIC_ACID]}


def test_a_dry_run_says_what_would_be_and_why_and_writes_nothing(
    folder: Path, library: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert bring(library, folder, "--dry-run") == 3
    out = capfd.readouterr().out
    assert "K-17 (The folder K-17 looks like a clinic's number)" in out
    assert "Nothing was written. It would be:\n1 picture added" in out
    assert held(library) == {}


def test_what_nothing_says_can_be_said_for_all(folder: Path, library: Path) -> None:
    assert bring(library, folder, "--patient", "K-18", "--stage", "lugol", "--take-guesses") == 0
    assert held(library) == {"K-17": [Stage.ACETIC_ACID], "K-18": [Stage.LUGOL]}
    assert bring(library, folder, "--patient", "K-18", "--stage", "lugol") == 0
    assert held(library) == {"K-17": [Stage.ACETIC_ACID], "K-18": [Stage.LUGOL]}


@pytest.mark.parametrize("named", [True, False])
def test_a_manifest_is_used_where_it_is_named_or_lies_in_the_folder(
    folder: Path, library: Path, tmp_path: Path, named: bool
) -> None:
    lines = "patient,visit_time,stage,source,file\nK-99,2026-03-14,saline,,{}IMG_2.jpg\n"
    file = tmp_path / "m.csv" if named else folder / "import.csv"
    file.write_text(lines.format("in/" if named else ""))
    assert bring(library, folder, *(["--manifest", file] if named else [])) == 0
    assert held(library)["K-99"] == [Stage.SALINE]


def test_the_report_is_a_csv_with_a_line_for_each_file(folder: Path, library: Path, tmp_path: Path) -> None:
    bring(library, folder, "--report", tmp_path / "out.csv")
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()))
    outcomes = {row["file"]: row["outcome"] for row in rows}
    assert outcomes == {"in/K-17/acid_60s.jpg": "added", "in/IMG_2.jpg": "skipped"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none",), "cannot be looked at"),
        ((".", "--stage", "lugol", "--stage", "saline"), "two stages of one source"),
        ((".", "--manifest", "none.csv"), "there is no file"),
        ((".", "--every", "0"), "--every"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(
    library: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert bring(library, *arguments) == 2
    err = capfd.readouterr().err
    assert err.startswith("error: ")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_library_that_is_not_there_is_not_made(folder: Path, tmp_path: Path) -> None:
    assert bring(tmp_path / "none", folder) == 2
    assert not (tmp_path / "none").exists()


def test_a_report_is_never_written_over_another_file(
    folder: Path, library: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results.csv").write_text("a year of work")
    assert bring(library, folder, "--report", tmp_path / "results.csv") == 2
    assert "is there already" in capfd.readouterr().err
    assert (tmp_path / "results.csv").read_text() == "a year of work"
    assert held(library) == {}


def test_a_dry_run_says_who_is_on_record_and_in_which_folder_each_picture_lies(
    folder: Path, library: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bring(library, folder)
    put(folder / "K-17" / "lugol.jpg", 9, "2026:03:14 12:05:00")
    capfd.readouterr()
    bring(library, folder, "--dry-run")
    out = capfd.readouterr().out
    assert "in the library, without a name, with 1 picture" in out
    assert "in/K-17/lugol.jpg: Lugol" in out


def test_two_women_of_one_year_are_asked_about_with_their_folders(
    library: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for number, woman in enumerate(("Lang Ida", "Kurz Ute")):
        put(tmp_path / "2025" / woman / "acetic 60s.jpg", number, f"2025:03:14 12:0{number}:00")
    assert bring(library, tmp_path / "2025", "--dry-run") == 3
    out = capfd.readouterr().out
    assert "2025/Lang Ida/acetic 60s.jpg" in out
    assert "2025/Kurz Ute/acetic 60s.jpg" in out
    assert bring(library, tmp_path / "2025") == 3
    assert held(library) == {}
