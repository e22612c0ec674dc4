"""What the tests of DICOM share: a visit with all that can be written, and the standard's own checker."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.annotation import Pin
from pfm_desktop.domain.findings import Findings, Reading, Signature, SwedeScore
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import Analysis, ModelInfo, Prediction, SourceAnswer
from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.interop.dicom.content import OutlineMark, PictureInfo, PinMark, ReadingContent, StudyInfo

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT) not in sys.path:  # `benchmarks/dicom_parts` makes files that others might send
    sys.path.insert(0, str(ROOT))

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 5, 14, 9, 30, 15, tzinfo=ZONE)


@dataclass(frozen=True, eq=False)
class Woman:
    """A visit: study, the pair, its pixels (H x W x 3), and what is said of it."""

    study: StudyInfo
    white: PictureInfo
    fluorescence: PictureInfo
    pixels: np.ndarray
    reading: ReadingContent
    registration: RegistrationSummary


@pytest.fixture(scope="session")
def woman() -> Woman:
    """Names, numbers and dates in it are found again nowhere by chance."""
    white = PictureInfo(
        "picture-white", Stage.ACETIC_ACID, NOW + timedelta(seconds=90), 61, 41, seconds_since_acid=60.0,
        mm_per_px=0.021, device="Scope Model 7", device_serial="SERIAL-4711", lossy_ratio=8.3,
    )  # fmt: skip
    fluorescence = PictureInfo(
        "picture-fluorescence", Stage.FLUORESCENCE_AFTER_ACID, NOW + timedelta(seconds=105), 61, 41,
        seconds_since_acid=75.0, device="Scope Model 7",
    )  # fmt: skip
    study = StudyInfo(
        "visit-0815", "MRN-778899", "Wunderlich", "Roswitha", date(1931, 7, 3), NOW, "pfm-desktop 0.1.0",
        examiner="Dr. Quentin Untersucher", institution="Clinic Obersee", accession_number="ACC-5150",
    )  # fmt: skip
    pixels = np.random.default_rng(3).integers(0, 256, (41, 61, 3)).astype(np.uint8)
    pixels.setflags(write=False)
    matrix = ((1.01, 0.02, 3.123456789012), (-0.02, 0.99, -5.5), (0.0, 0.0, 1.0))
    registration = RegistrationSummary(RegistrationStatus.OK, 0.8, matrix, 0.95)
    return Woman(study, white, fluorescence, pixels, _reading(white, fluorescence), registration)


def _reading(white: PictureInfo, fluorescence: PictureInfo) -> ReadingContent:
    findings = Findings(
        "visit-0815",
        Grade.HIGH,
        SwedeScore(2, 1, 2, 1, 1),
        text="Mrs Wunderlich has a dense acetowhite area.",
        plan="Call Roswitha on 2026-06-01.",
        first_read=Reading(Grade.LOW, NOW, "Dr. Frieda Firstreader", after_reveal=False),
        revealed_at=NOW,
        signature=Signature("Dr. Sigrid Signer", NOW, "Responsible"),
    )
    return ReadingContent(
        made_at=NOW + timedelta(minutes=20),
        pictures=(white, fluorescence),
        findings=findings,
        analysis=_answer(),
        pins=(PinMark(Pin("pin-a", "pair", Source.WHITE, 10.0, 11.0, "A", note="note on Wunderlich"), 3),),
        outlines=(OutlineMark("outline-1", Source.WHITE, ((1.0, 1.0), (5.0, 1.0), (5.0, 7.0))),),
    )


def _answer() -> Analysis:
    shares = dict(zip(GRADES, (0.05, 0.2, 0.7, 0.05), strict=True))
    prediction = Prediction(
        Grade.HIGH, shares, dict.fromkeys(GRADES, 0.04), (Grade.LOW, Grade.HIGH), False,
        {Source.WHITE: 0.4, Source.FLUORESCENCE: 0.6},
        {source: SourceAnswer(Grade.LOW, shares) for source in PLACES}, PLACES,
    )  # fmt: skip
    model = ModelInfo("pfm-demo", "1.0", "ab" * 32, PLACES, "T0", "token", 224)
    return Analysis(model, {}, None, prediction, None, Source.WHITE)


@pytest.fixture(scope="session")
def verify(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], list[str]]:
    """Errors that `dciodvfy` finds in a file; skipped where it is not installed."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (package dicom3tools) is not installed")

    def errors(data: bytes) -> list[str]:
        path = tmp_path_factory.mktemp("dicom") / "file.dcm"
        path.write_bytes(data)
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False, timeout=60)
        said = (done.stdout + done.stderr).splitlines()
        assert said, "dciodvfy said nothing"
        return [line for line in said if line.startswith("Error")]

    return errors
