"""What makes the report one for the archive (PDF/A-2b), read back; and scripts that run from right to left."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from pfm_desktop.interop.labels import Label, labels_pdf
from pfm_desktop.interop.pdf import ReportContent, ReportPin, pdf_bytes
from pfm_desktop.interop.right_to_left import seen

from .test_pdf import NOW, answer

NAMES = "Wunderlich, Ana \u674e\u5a1c \ud55c\uae00 \u0641\u0627\u0637\u0645\u0629 \u05e8\u05d7\u05dc \u3072\u304b\u308a"


def content(name: str = NAMES) -> ReportContent:
    pins = (ReportPin("A", "2 o'clock", "\u5bc6"), ReportPin("1", "endocervical sampling"))
    return ReportContent(
        made_at=NOW, software="pfm-desktop test", patient_name=name, patient_identifier="K-1",
        birth_date=date(1988, 2, 29), analysis=answer(), pins=pins,
    )  # fmt: skip


@pytest.fixture(scope="module")
def data() -> bytes:
    return pdf_bytes(content())


@pytest.mark.parametrize("made", ["report", "labels"])
def test_every_font_is_embedded(data: bytes, made: str) -> None:
    label = Label(NAMES, "unknown", "K-1", "taken", "1", "biopsy", 1, 1)
    pages = PdfReader(io.BytesIO(data if made == "report" else labels_pdf([label]))).pages
    fonts = {
        name: font.get_object()
        for page in pages
        for name, font in page["/Resources"]["/Font"].items()  # type: ignore[index,union-attr]
    }
    assert len(fonts) >= 3
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts.values())


def test_it_says_that_it_is_for_the_archive_and_in_which_colours(data: bytes) -> None:
    reader = PdfReader(io.BytesIO(data))
    catalog = reader.trailer["/Root"].get_object()
    assert isinstance(catalog, DictionaryObject)
    metadata = catalog["/Metadata"].get_object()
    assert "/Filter" not in metadata
    xmp = metadata.get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in xmp
    info = reader.metadata
    assert info is not None
    for said in (info.title, info.author, info.subject, info.creator, info.producer):
        assert said
        assert f">{said}<" in xmp
    made = re.search("<xmp:CreateDate>(.*?)</xmp:CreateDate>", xmp)
    assert made is not None
    assert info.creation_date is not None
    assert info.creation_date.isoformat() == made[1]
    (intent,) = catalog["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    profile = intent.get_object()["/DestOutputProfile"].get_object()
    assert profile["/N"] == 3
    assert profile.get_data()[36:40] == b"acsp"
    assert "/ID" in reader.trailer
    assert "/Encrypt" not in reader.trailer
    assert not any(name in catalog for name in ("/AA", "/OpenAction", "/JavaScript"))
    assert b"Wunderlich" not in xmp.encode()


def test_poppler_finds_no_font_that_is_not_embedded(data: bytes, tmp_path: Path) -> None:
    if shutil.which("pdffonts") is None:
        pytest.skip("pdffonts is not installed")
    out = tmp_path / "report.pdf"
    out.write_bytes(data)
    said = subprocess.run(["pdffonts", str(out)], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert len(said) >= 4
    assert all(line.split()[-5] == "yes" for line in said)


def test_what_is_read_first_comes_first(data: bytes, tmp_path: Path) -> None:
    """The order of the content is the order in which a screen reader reads it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    out = tmp_path / "report.pdf"
    out.write_bytes(data)
    text = subprocess.run(["pdftotext", "-raw", str(out), "-"], capture_output=True, text=True, check=True).stdout
    places = [text.index(part) for part in ("Investigational", "Identifier", "Biopsies", "AI answer")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        ("Ana", "Ana"),
        ("\u05e8\u05d7\u05dc", "\u05dc\u05d7\u05e8"),
        ("Cohen, \u05e8\u05d7\u05dc (ID 12)", "Cohen, \u05dc\u05d7\u05e8 (ID 12)"),
        ("\u05d0 12 \u05d1", "\u05d1 12 \u05d0"),
        ("\u05d0(\u05d1)", "(\u05d1)\u05d0"),
        ("(\u05d0) x", "(\u05d0) x"),
        ("\u05d1\u05bc\u05d0", "\u05d0\u05d1\u05bc"),  # a mark stays behind its letter
        # Fatima: feh initial, alef final, tah isolated... in the forms that they have, from right to left
        ("\u0641\u0627\u0637\u0645\u0629", "\ufe94\ufee4\ufec3\ufe8e\ufed3"),
        ("\u0633\u0644\u0627\u0645", "\ufee1\ufefc\ufeb3"),  # lam and alef are one
    ],
)
def test_a_name_from_right_to_left_is_drawn_as_it_is_seen(written: str, drawn: str) -> None:
    assert seen(written) == drawn
