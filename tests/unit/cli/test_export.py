"""`pfm export`: what a script and a person are told."""

from __future__ import annotations

import csv
import io
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.cli.main import INTERRUPTED, main
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.services import accounts, cases, pairing, review
from pfm_desktop.services.export import research
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import Settings, save_settings

pytestmark = pytest.mark.slow

NAME, PASSWORD = "Dr. Ada Weiß", "four words that differ"
PIXELS = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)


def fill(lib: Library) -> str:
    patient = cases.add_patient(lib, identifier="MRN-778899", family_name="Wunderlich", given_name="Roswitha")
    visit = cases.add_visit(lib, patient.id).id
    cases.add_picture(lib, visit, encode_png(PIXELS), stage=Stage.ACETIC_ACID)
    pairing.ensure_pair(lib, visit)
    review.set_impression(lib, visit, Grade.HIGH)
    return visit


@pytest.fixture
def visit(lib: Library) -> str:
    """Its library is closed."""
    made = fill(lib)
    lib.close()
    return made


def test_visits_are_listed_without_names(lib: Library, visit: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "visits", str(lib.path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(visit[:12])
    assert "1 pictures" in said
    assert "Wunderlich" not in said
    assert main(["export", "visits", str(lib.path), "--search", "somebody else"]) == 0
    assert capsys.readouterr().out == ""


def test_a_visit_as_dicom(lib: Library, visit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "dicom", str(lib.path), visit[:12], "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "with names" in said.out
    assert "left out: report as PDF" in said.err
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 2


def test_the_archive_is_told_what_the_settings_call_colposcopy_unless_it_is_said(
    lib: Library, visit: str, tmp_path: Path
) -> None:
    import pydicom

    save_settings(Settings(modality="ES"))
    for name, more, wanted in (("set", (), "ES"), ("said", ("--modality", "XC"), "XC")):
        assert main(["export", "dicom", str(lib.path), visit, "--out", str(tmp_path / name), *more]) == 0
        found = {pydicom.dcmread(path).Modality for path in (tmp_path / name).rglob("*.dcm")}
        assert wanted in found
        assert not found & ({"XC", "ES"} - {wanted})


def test_dicom_needs_a_visit(lib: Library, visit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "dicom", str(lib.path), "--out", str(tmp_path / "out")]) == 2
    assert main(["export", "dicom", str(lib.path), "nothing", "--out", str(tmp_path / "out")]) == 2
    assert "pfm export visits" in capsys.readouterr().err


@pytest.mark.parametrize(("kind", "file"), [("csv", "manifest.csv"), ("coco", "coco.json"), ("dicom", "cases.csv")])
def test_a_set_for_research(
    lib: Library, visit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, file: str
) -> None:
    words = ["export", "research", str(lib.path), "--out", str(tmp_path / "set"), "--format", kind]
    assert main([*words, "--pixels-looked-at", "--blank-margin", "4"]) == 0
    said = capsys.readouterr()
    assert "1 women, 1 visits" in said.out
    assert "not encrypted" in said.err
    assert (tmp_path / "set" / file).is_file()
    assert "Wunderlich" not in said.out + said.err


def test_a_set_waits_for_somebody_to_look(
    lib: Library, visit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "research", str(lib.path), "--out", str(tmp_path / "set")]) == 2
    assert "--pixels-looked-at" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    "words", [["--blank-margin", "-1"], ["--format", "xml"], ["--search", "nobody at all"]], ids=lambda words: words[0]
)
def test_what_cannot_be_meant_is_refused(
    lib: Library, visit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    given = ["export", "research", str(lib.path), "--out", str(tmp_path / "set"), "--pixels-looked-at", *words]
    assert main(given) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "set").exists()


def test_ctrl_c_leaves_nothing(
    lib: Library, visit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(research, "tables", pressed)
    assert (
        main(["export", "research", str(lib.path), "--out", str(tmp_path / "set"), "--pixels-looked-at"]) == INTERRUPTED
    )
    assert "Nothing was left half written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["library"]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a program without asking it")
def test_told_to_end_it_removes_what_was_written_and_that_is_on_record(
    lib: Library, visit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def told(*_: object) -> None:
        written.extend(tmp_path.glob("set.incomplete-*/pictures/*.png"))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(research, "tables", told)
    words = ["export", "research", str(lib.path), "--out", str(tmp_path / "set"), "--pixels-looked-at"]
    assert main(words) == INTERRUPTED
    assert len(written) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["library"]
    assert capsys.readouterr().err.startswith("stopped. ")
    with Library.open(lib.path) as again, again.read() as session:
        said = [line.text.split(";")[0] for line in journal.entries(session, what="export")]
    assert said == ["Export begun: for research, under pseudonyms", "Export not completed: cancelled"]


def test_a_pseudonym_is_looked_up(lib: Library, visit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "research", str(lib.path), "--out", str(tmp_path / "set"), "--pixels-looked-at"]) == 0
    (row,) = csv.DictReader(io.StringIO((tmp_path / "set" / "cases.csv").read_text()))
    capsys.readouterr()
    assert main(["export", "whose", str(lib.path), row["patient"]]) == 0
    assert capsys.readouterr().out == "MRN-778899  Wunderlich, Roswitha\n"
    assert main(["export", "whose", str(lib.path), "W-nobody"]) == 2


def test_an_encrypted_library_asks_who_it_is_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made, _ = accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)
    with made:
        visit = fill(made)
    words = ["export", "dicom", str(tmp_path / "clinic"), visit, "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(words) == 2
    assert "PFM_ACCOUNT" in capsys.readouterr().err
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    monkeypatch.setenv("PFM_ACCOUNT", NAME)
    monkeypatch.setenv("PFM_PASSWORD_FILE", str(tmp_path / "password"))
    assert main(words) == 0
    with accounts.sign_in(tmp_path / "clinic", NAME, PASSWORD) as lib, lib.read() as session:
        lines = journal.entries(session, what="export")
    assert [line.who for line in lines] == [NAME, NAME]
