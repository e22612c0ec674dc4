"""A clinic whose every name, number, day and word is found again nowhere by chance."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import Analysis, Heatmap, ModelInfo, Prediction
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.registration import Registration, from_points
from pfm_desktop.jobs import CallbackContext
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.services.analysis_files import registration_table, to_kept
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.storage import answers
from pfm_desktop.storage.library import Library

SIZE = 224
ZONE = timezone(timedelta(hours=2))
FIRST_DAY = datetime(2026, 5, 14, 9, 30, 15, tzinfo=ZONE)
SECOND_DAY = FIRST_DAY + timedelta(days=30)
MODEL = ModelInfo("Obersee-Modell", "1.0", "ab" * 32, PLACES, "T0", "token", 224, trained_on="women of Obersee")
PLANTED = (
    "Wunderlich", "Roswitha", "MRN-778899", "778899", "Quentin", "Untersucher", "Obersee", "Notburga", "Frieda",
    "Firstreader", "Sigrid", "Signer", "SERIAL-4711", "Scope Model", "dense acetowhite", "polyp of", "Call ",
    "secret note", "娜娜", "欧阳", "клиника", "فاطمة", "الزهراء", "Müller-Lüdenscheidt", "ID-ΑΒΓ-556677", "556677",
    "HPV for", "disagrees because", "holiday", "photographed by", "GPSLatitude",
)  # fmt: skip
DAYS = (
    "19310703", "1931-07-03", "1931:07:03", "03.07.1931", "03/07/1931", "3 July 1931", "3 Jul 1931", "July 3",
    "20260514", "2026-05-14", "2026:05:14", "14.05.2026", "14.5.2026", "14/05/2026", "05/14/2026", "14 May 2026",
    "May 14", "14. Mai", "20260613", "2026-06-13", "2026:06:13", "13.06.2026", "13/06/2026", "13 Jun",
    "2026-06-01", "19900228", "1990-02-28", "28.02.1990",
)  # fmt: skip


@dataclass(frozen=True)
class Ids:
    """What is in the library."""

    first: str  # the first visit of the woman with everything, signed
    second: str  # her second one, 30 days later
    other: str  # another woman's visit, one picture
    patient: str
    other_patient: str


@cache
def phantom() -> Phantom:
    return render(11, grade=Grade.HIGH, size=SIZE)


def camera_jpeg(pixels: np.ndarray) -> bytes:
    """As a camera writes it that was held on its side, with all that cameras and people put into a file."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to see it upright
    exif[0x010E], exif[0x013B] = "Roswitha Wunderlich MRN-778899", "photographed by Quentin"
    exif[0x0132] = "2026:05:14 09:31:45"
    exif.get_ifd(0x8769).update({0xA431: "SERIAL-4711", 0x9003: "2026:05:14 09:31:45", 0x9286: b"ASCII\0\0\0holiday"})
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 30.0, 12.0), 3: "E", 4: (8.0, 40.0, 5.0), 29: "2026:05:14"})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    stream = io.BytesIO()
    turned = Image.fromarray(np.rot90(pixels))
    turned.save(stream, "JPEG", quality=97, exif=exif, comment="Klinik Obersee", icc_profile=profile)
    return stream.getvalue()


def noted_png(pixels: np.ndarray) -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "Roswitha Wunderlich, 1931-07-03, SERIAL-4711")
    notes.add_itxt("Title", "欧阳娜娜")
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=notes)
    return stream.getvalue()


def analysis() -> Analysis:
    shares = dict(zip(GRADES, (0.05, 0.2, 0.7, 0.05), strict=True))
    heat = np.full((56, 56), 0.2, np.float32)
    heat[20:40, 20:40] = 1
    prediction = Prediction(
        Grade.HIGH, shares, dict.fromkeys(GRADES, 0.04), (Grade.LOW, Grade.HIGH), False,
        {Source.WHITE: 0.5, Source.FLUORESCENCE: 0.5}, {}, PLACES,
    )  # fmt: skip
    quality = {"white": Quality(Verdict.GOOD)}
    return Analysis(MODEL, quality, None, prediction, None, Source.WHITE, {"fused": Heatmap(heat, "class map")})


def straight(dx: float = 3.0) -> Registration:
    points = np.array([[10.0, 10.0], [200.0, 20.0], [30.0, 210.0]])
    return from_points(points, points + np.array([dx, 0.0]), white_size=(SIZE, SIZE), fluorescence_size=(SIZE, SIZE))


def keep_registration(lib: Library, pair_id: str, found: Registration) -> None:
    answers.put_registration(lib, pair_id, summary=registration_table(found.summary()), data=found.to_bytes())


def keep_answer(lib: Library, pair_id: str, found: Analysis) -> None:
    body, blobs = to_kept(found)
    answers.put_answer(
        lib, pair_id, model_name=found.model.name, model_sha256=found.model.sha256, body=body, blobs=blobs
    )


def fill(lib: Library) -> Ids:
    lib.who = "Dr. Quentin Untersucher"
    patient = cases.add_patient(
        lib, identifier="MRN-778899", family_name="Wunderlich", given_name="Roswitha", birth_date=date(1931, 7, 3)
    )
    first = _full_visit(lib, patient.id)
    second = _second_visit(lib, patient.id)
    other = cases.add_patient(
        lib, identifier="ID-ΑΒΓ-556677", family_name="欧阳", given_name="娜娜", birth_date=date(1990, 2, 28)
    )
    visit = cases.add_visit(lib, other.id, started_at=FIRST_DAY, note="клиника, فاطمة الزهراء, Müller-Lüdenscheidt")
    cases.add_picture(lib, visit.id, noted_png(phantom().white[::-1]), stage=Stage.LUGOL, name="娜娜-28.02.1990.png")
    pairing.ensure_pair(lib, visit.id)
    return Ids(first, second, visit.id, patient.id, other.id)


def _full_visit(lib: Library, patient: str) -> str:
    visit = cases.add_visit(
        lib, patient, started_at=FIRST_DAY, indication="HPV for Roswitha", examiner="Dr. Quentin Untersucher",
        note="secret note: tell her sister Notburga in Obersee",
    ).id  # fmt: skip
    shots = (
        (camera_jpeg(phantom().white), Stage.ACETIC_ACID, 90, "wunderlich_roswitha_19310703.jpg"),
        (noted_png(phantom().fluorescence), Stage.FLUORESCENCE_AFTER_ACID, 105, "Wunderlich fluo 14.05.2026.png"),
    )
    for data, stage, after, name in shots:
        cases.add_picture(
            lib, visit, data, stage=stage, taken_at=FIRST_DAY + timedelta(seconds=after), name=name,
            seconds_since_acid=after - 30.0, mm_per_px=0.03, device="Scope Model 7 SERIAL-4711",
        )  # fmt: skip
    pair = pairing.ensure_pair(lib, visit)
    assert pair is not None
    keep_registration(lib, pair.id, straight())
    keep_answer(lib, pair.id, analysis())
    _read(lib, visit, pair.id)
    return visit


def _read(lib: Library, visit: str, pair: str) -> None:
    x, y = phantom().os
    review.mark_os(lib, pair, Source.WHITE, x, y)
    review.mark_cervix(lib, pair, Source.WHITE, ((20, 20), (200, 24), (196, 200), (24, 190)))
    review.place_pin(lib, pair, Source.WHITE, x + 40, y, note="polyp of Wunderlich")
    review.place_pin(lib, pair, Source.FLUORESCENCE, x + 3, y - 50, note="14.05.2026")
    review.set_swede(lib, visit, SwedeScore(2, 1, 2, 1, 1))
    review.set_text(lib, visit, "Mrs Wunderlich has a dense acetowhite area.")
    review.set_plan(lib, visit, "Call Roswitha on 2026-06-01.")
    review.set_impression(lib, visit, Grade.LOW)
    review.reveal(lib, visit, "Dr. Frieda Firstreader", model=MODEL, pair_id=pair)
    review.override(lib, visit, "Dr. Frieda Firstreader", Grade.HIGH, "disagrees because of Obersee")
    review.sign(lib, visit, "Dr. Sigrid Signer", "Responsible for this report", pair_id=pair)


def _second_visit(lib: Library, patient: str) -> str:
    visit = cases.add_visit(lib, patient, started_at=SECOND_DAY, examiner="Dr. Quentin Untersucher").id
    data = noted_png(np.ascontiguousarray(phantom().white[:, ::-1]))
    cases.add_picture(lib, visit, data, stage=Stage.ACETIC_ACID, taken_at=SECOND_DAY, name="Roswitha.png")
    pairing.ensure_pair(lib, visit)
    review.set_impression(lib, visit, Grade.LOW)
    return visit


@pytest.fixture
def ids(tmp_path: Path, library_from: Callable[..., Any]) -> Ids:
    """The clinic's library lies in `tmp_path / "clinic"`, closed."""
    made: Ids = library_from(tmp_path / "clinic", fill)
    return made


@pytest.fixture
def clinic(ids: Ids, tmp_path: Path) -> Iterator[Library]:
    """The clinic's library, open."""
    with Library.open(tmp_path / "clinic") as lib:
        yield lib


def everything(folder: Path) -> dict[str, bytes]:
    """All files of an export by their path in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def found_in(files: dict[str, bytes], words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Which of the words stand in which file's bytes or path, in any case and in UTF-8, UTF-16 or Latin-1."""
    hits = []
    for path, data in files.items():
        # numbers of UIDs and the digits of codes are no days; bytes.lower() leaves other scripts alone
        low = re.sub(rb"2\.25\.\d+", b"", data).lower()
        for word in words:
            spellings = [word.encode(), word.lower().encode(), word.lower().encode("utf-16-le")]
            spellings += [word.lower().encode("utf-16-be"), word.lower().encode("latin-1", "ignore") or word.encode()]
            if word.lower() in path.lower() or any(one in low for one in spellings):
                hits.append((path, word))
    return hits


def case_of(lib: Library, visit: str) -> VisitCase:
    return cases.visit_case(lib, visit)


def stopping_at(step: int) -> CallbackContext:
    """A context that is cancelled when it is asked for the `step`th time whether to go on."""
    asked = iter(range(step))
    return CallbackContext(lambda *_: None, lambda: next(asked, None) is None)


@pytest.fixture(scope="session")
def verify() -> Callable[[bytes, Path], list[str]]:
    """Errors that `dciodvfy` finds in a file; skipped where it is not installed."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (package dicom3tools) is not installed")

    def errors(data: bytes, where: Path) -> list[str]:
        path = where / "checked.dcm"
        path.write_bytes(data)
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False, timeout=60)
        said = (done.stdout + done.stderr).splitlines()
        assert said, "dciodvfy said nothing"
        return [line for line in said if line.startswith("Error")]

    return errors
