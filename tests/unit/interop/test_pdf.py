"""The report as PDF, read back."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from pfm_desktop.domain.examination import Examination, Whitening
from pfm_desktop.domain.findings import Findings, Reading, Signature, SwedeScore
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import (
    BANNER,
    DEMONSTRATION,
    Analysis,
    Familiarity,
    ModelInfo,
    Prediction,
    SourceAnswer,
)
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.interop import pdf
from pfm_desktop.interop.pdf import ReportCheck, ReportContent, ReportPicture, ReportPin, pdf_bytes, write_pdf
from pfm_desktop.interop.pdf_lines import width_of
from pfm_desktop.interop.pdf_words import early_warning, examination_lines, refusal
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.moments import moment

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
MODEL = ModelInfo("pfm-demo", "1.0", "ab" * 32, (Source.WHITE, Source.FLUORESCENCE), "T0", "token", 224)


def answer() -> Analysis:
    shares = dict(zip(GRADES, (0.05, 0.2, 0.7, 0.05), strict=True))
    alone = dict(zip(GRADES, (0.3, 0.6, 0.05, 0.05), strict=True))
    prediction = Prediction(
        grade=Grade.HIGH,
        probabilities=shares,
        spread=dict.fromkeys(GRADES, 0.04),
        prediction_set=(Grade.LOW, Grade.HIGH),
        indeterminate=False,
        evidence={Source.WHITE: 0.38, Source.FLUORESCENCE: 0.62},
        single_source={source: SourceAnswer(Grade.LOW, alone) for source in PLACES},
        sources=PLACES,
    )
    return Analysis(
        model=MODEL,
        quality={"white": Quality(Verdict.LIMITED, ("glare",), "Tilt a little"), "pair": Quality(Verdict.GOOD)},
        registration=RegistrationSummary(RegistrationStatus.OK, 0.83, ((1, 0, 0), (0, 1, 0), (0, 0, 1)), 0.95),
        prediction=prediction,
        refused=None,
        frame=Source.WHITE,
    )


def picture(width: int = 320, height: int = 180) -> ReportPicture:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 120)).save(stream, "JPEG")
    return ReportPicture(stream.getvalue(), width, height, "White light, 60 s after acetic acid")


def full() -> ReportContent:
    findings = Findings(
        visit_id="v",
        impression=Grade.HIGH,
        swede=SwedeScore(2, 1, 2, 1, 1),
        text="Dense acetowhite area.",
        plan="Two biopsies.\nRecall in 6 months.",
        first_read=Reading(Grade.LOW, NOW, "Dr. First", after_reveal=False),
        revealed_at=NOW,
        signature=Signature("Dr. Anna Beispiel", NOW, "Responsible for this report"),
    )
    return ReportContent(
        made_at=NOW,
        software="pfm-desktop 0.1.0",
        patient_name="Demo, Anna",
        patient_identifier="DEMO-0001",
        birth_date=date(1988, 2, 29),
        visit_at=NOW,
        examiner="Dr. Beispiel",
        indication="HPV 16",
        pictures=(picture(), picture(180, 320)),
        pins=(ReportPin("A", "2 o'clock, anterior left", "densest", "white light"), ReportPin("B", "os not marked")),
        checks=(
            ReportCheck("White light: quality limited (glare). Tilt a little"),
            ReportCheck("Registration: ok, estimated error 0.8 px."),
        ),
        findings=findings,
        swede=(("Aceto uptake", "2", "Distinct, stearin-like"),),
        second_read=Reading(Grade.HIGH, NOW, "Dr. First", after_reveal=True, reason="vessels"),
        analysis=answer(),
        notes=("White light: CMYK converted to RGB",),
    )


def text_of(content: ReportContent) -> str:
    pages = PdfReader(io.BytesIO(pdf_bytes(content))).pages
    return " ".join("\n".join(page.extract_text() for page in pages).split())


def test_everything_that_was_found_stands_in_the_report() -> None:
    text = text_of(full())
    for said in (
        "Demo, Anna", "DEMO-0001", "29 Feb 1988", "HPV 16", "Dr. Beispiel", "60 s after acetic acid",
        "Impression: high (HSIL, CIN2-3)", "Distinct, stearin-like", "7 of 10", "Dense acetowhite area.",
        "Two biopsies.", "First read, before the AI: low (LSIL, CIN1)",
        "Second read, after the AI: high (HSIL, CIN2-3), reason: vessels",
        "2 o'clock, anterior left", "densest", "os not marked", "Signed by", "Dr. Anna Beispiel",
        "Responsible for this report", "CMYK converted to RGB",
    ):  # fmt: skip
        assert said in text, said


def test_the_ai_answer_brings_its_uncertainty_and_its_model() -> None:
    text = text_of(full())
    for said in (
        "Grade: high (HSIL, CIN2-3), probability 0.70", "0.70 ± 0.04",
        "± is the spread over 20 passes of the model, not its error.",
        "Prediction set (made to hold the true grade in 90 of 100 such cases, on phantoms): low, high. "
        "Other grades are not excluded.",
        "Share of the evidence: white light 38%, fluorescence 62%. White light alone: low (0.60), fluorescence alone:",
        "White light: quality limited (glare). Tilt a little",
        "Registration: ok, estimated error 0.8 px", "pfm-demo, version 1.0", "ab" * 32,
    ):  # fmt: skip
        assert said in text, said


def told(white: float) -> ReportContent:
    """The report of an answer whose white-light picture lies at this distance, with a limit of 0.95."""
    made = answer()
    assert made.prediction is not None
    familiarity = {Source.WHITE: Familiarity(white, 0.95), Source.FLUORESCENCE: Familiarity(0.3, 0.98)}
    return replace(full(), analysis=replace(made, prediction=replace(made.prediction, familiarity=familiarity)))


@pytest.mark.parametrize("lines", range(0, 60, 6))
def test_a_grade_that_is_not_to_be_relied_on_never_stands_on_a_page_without_its_warning(lines: int) -> None:
    assert told(1.43).findings is not None
    long = replace(told(1.43), findings=replace(told(1.43).findings, plan="\n".join(["line"] * lines)))
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf_bytes(long))).pages]
    warning = "WARNING: Unlike anything the model learned from: white light. Do not rely on this grade. Grade: high"
    assert [warning in page for page in pages if "Grade: high" in page] == [True]


def test_page_one_warns_before_anything_a_grade_is_drawn_into() -> None:
    page = " ".join(PdfReader(io.BytesIO(pdf_bytes(told(1.43)))).pages[0].extract_text().split())
    warning = (
        "WARNING: Do not rely on the AI answer and the model attention in this report. "
        "Unlike anything the model learned from: white light."
    )
    assert warning in page
    assert page.index("Indication") < page.index(warning) < page.index("White light, 60 s after acetic acid")
    assert page.index(warning) < page.index("Findings")


def test_a_report_that_holds_no_answer_warns_of_none() -> None:
    for quiet in (replace(told(1.43), analysis=None, no_answer="Not revealed."), told(0.71)):
        assert early_warning(quiet) == ""
        assert "WARNING" not in text_of(quiet)


def test_a_familiar_answer_has_its_distances_and_no_warning() -> None:
    text = text_of(told(0.71))
    assert "WARNING" not in text
    assert "white light 0.71, limit 0.95; fluorescence 0.30, limit 0.98." in text


def test_a_report_of_an_answer_kept_before_says_that_this_was_not_checked() -> None:
    made = answer()
    assert made.prediction is not None
    old = replace(made, prediction=replace(made.prediction, familiarity_asked=False))
    text = text_of(replace(full(), analysis=old))
    assert "Distance from what the model learned from: not checked when this answer was made." in text
    assert "WARNING" not in text


def test_banner_and_model_label_stand_on_every_page() -> None:
    long = replace(full(), notes=tuple(f"Note {number}" for number in range(200)))
    pages = PdfReader(io.BytesIO(pdf_bytes(long))).pages
    assert len(pages) >= 3
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert BANNER in text
        assert DEMONSTRATION in text
        assert "Demo, Anna" in text
        assert f"page {number} of {len(pages)}" in text


def test_without_an_answer_the_banner_stays_and_the_reason_is_given() -> None:
    text = text_of(replace(full(), analysis=None, no_answer="The AI answer was not revealed at this visit."))
    assert BANNER in text
    assert "no AI answer in this report" in text
    assert "The AI answer was not revealed" in text
    assert "probability" not in text


def test_the_advice_of_a_refusal_stands_there_once() -> None:
    refused = replace(answer(), prediction=None, refused=Refusal("given twice", "Choose the other picture."))
    checks = (ReportCheck("Pair: quality unusable (identical). Choose the other picture.", doubt=True),)
    text = text_of(replace(full(), findings=None, analysis=refused, checks=checks))
    assert text.count("Choose the other picture") == 1


@pytest.mark.parametrize(
    ("advice", "left"),
    [
        ("Retake it. Choose the other picture.", "Retake it."),
        ("Choose the other picture. Retake it at 0.5 m. Focus.", "Retake it at 0.5 m. Focus."),
        ("\u91cd\u62cd\u3002\u6362\u4e00\u5f20\u3002", "\u91cd\u62cd\u3002"),
        ("\u6362\u4e00\u5f20\u3002 \u91cd\u62cd\u3002", "\u91cd\u62cd\u3002"),
    ],
)
def test_advice_that_stands_with_the_pictures_is_left_out_sentence_by_sentence(advice: str, left: str) -> None:
    beside = ("Choose the other picture.", "\u6362\u4e00\u5f20\u3002")
    checks = tuple(ReportCheck(one, doubt=True) for one in beside)
    assert refusal(Refusal("given twice", advice), replace(full(), checks=checks))[1] == left


def test_what_speaks_against_the_pictures_stands_below_them_also_without_an_answer() -> None:
    doubt = "Not registered: the pictures do not show the same structures. Check that both show the same woman."
    text = text_of(replace(full(), analysis=None, no_answer="Not revealed.", checks=(ReportCheck(doubt, doubt=True),)))
    assert text.index("60 s after acetic acid") < text.index(doubt) < text.index("Findings")


def test_a_picture_with_words_in_it_is_printed_as_large_as_they_need() -> None:
    from pfm_desktop.interop.pdf_parts import _pictures

    plain = picture(100, 140)
    tables = _pictures((plain, plain, replace(plain, burnt_in=True)), 500)
    first, heat = (table._cellvalues[0][0][0] for table in tables[1:])
    assert first.drawHeight < 220
    assert heat.drawHeight > 330


def test_a_refused_case_says_why_and_what_to_do_and_gives_no_grade() -> None:
    refused = replace(
        answer(), prediction=None, refused=Refusal("the white-light picture is out of focus", "Focus again")
    )
    text = text_of(replace(full(), findings=None, analysis=refused))
    assert "No answer: the white-light picture is out of focus" in text
    assert "Focus again" in text
    assert "Grade:" not in text


def test_one_source_alone_is_marked() -> None:
    prediction = answer().prediction
    assert prediction is not None
    single = replace(answer(), prediction=replace(prediction, sources=(Source.WHITE,)), registration=None)
    assert "One source only: white light" in text_of(replace(full(), analysis=single))


def test_an_indeterminate_answer_is_called_so() -> None:
    prediction = answer().prediction
    assert prediction is not None
    wide = replace(prediction, prediction_set=GRADES[:3], indeterminate=True)
    text = text_of(replace(full(), analysis=replace(answer(), prediction=wide)))
    assert "Grade: indeterminate, likeliest high (HSIL, CIN2-3), probability 0.70" in text
    assert "on phantoms): normal, low, high. Other grades are not excluded." in text


def test_a_grade_that_is_not_the_most_likely_one_is_explained() -> None:
    prediction = answer().prediction
    assert prediction is not None
    shares = dict(zip(GRADES, (0.42, 0.33, 0.25, 0.0), strict=True))
    median = replace(prediction, grade=GRADES[1], probabilities=shares)
    text = text_of(replace(full(), analysis=replace(answer(), prediction=median)))
    assert "The likeliest single grade is normal (0.42). The grade is low, the median: low or worse has 0.58." in text
    assert "the median" not in text_of(full())


def test_an_unsigned_report_is_a_draft() -> None:
    content = full()
    assert content.findings is not None
    text = text_of(replace(content, findings=replace(content.findings, signature=None)))
    assert "Not signed: a draft." in text
    assert "Colposcopy report, not signed" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "王, 小明",
        "佐藤, ひかり",
        "김, 민지",
        "Łukasiewicz, Żaneta",
        "Ковальчук, Олена",
        "Παπαδοπούλου, Ελένη",
        "Nguyễn, Thị Ánh",
    ],
)
def test_a_name_in_any_of_these_scripts_can_be_read_back(name: str) -> None:
    text = text_of(replace(full(), patient_name=name)).replace(" ", "")
    assert text.count(name.replace(" ", "")) >= 2


@dataclass(frozen=True)
class Line:
    """Of the running header: its words, from where to where."""

    text: str
    left: float
    end: float


@pytest.fixture
def headers(monkeypatch: pytest.MonkeyPatch) -> Callable[[ReportContent], list[tuple[Line, Line]]]:
    """Makes a report; patient and state as they stand on each page."""
    lines: list[Line] = []
    real = pdf.draw_line

    def noted(canvas: Canvas, x: float, y: float, text: str, font: str, size: float, *, right: bool = False) -> None:
        if y == pytest.approx(A4[1] - 22 * mm):
            width = width_of(canvas, text, font, size)
            lines.append(Line(text, x - width, x) if right else Line(text, x, x + width))
        real(canvas, x, y, text, font, size, right=right)

    monkeypatch.setattr(pdf, "draw_line", noted)

    def made(content: ReportContent) -> list[tuple[Line, Line]]:
        lines.clear()
        pages = len(PdfReader(io.BytesIO(pdf_bytes(content))).pages)
        assert len(lines) == 2 * pages
        return list(zip(lines[::2], lines[1::2], strict=True))

    return made


@pytest.mark.parametrize("name", ["Wunderlich-Hohenstein, " + "Anna Maria " * 6, "Li, " + "Ana " * 75, "王小明" * 100])
def test_a_long_name_leaves_birth_date_number_and_state_readable_on_every_page(headers, name: str) -> None:
    for who, state in headers(replace(full(), patient_name=name, corrections=("Born corrected",))):
        assert who.text.startswith(name[:8])
        assert who.text.endswith("\u2026, born 29 Feb 1988   DEMO-0001")
        assert state.text == "Colposcopy report, signed, identity corrected since"
        assert who.end < state.left


def test_a_number_as_long_as_a_page_is_wide_leaves_the_state_readable(headers) -> None:
    for who, state in headers(replace(full(), patient_identifier="K" * 200)):
        assert who.text.startswith("\u2026, born 29 Feb 1988   KKK")
        assert who.text.endswith("K\u2026")
        assert who.end < state.left


def test_a_name_that_fits_stands_whole_in_the_header(headers) -> None:
    assert headers(full())[0][0].text == "Demo, Anna, born 29 Feb 1988   DEMO-0001"


def test_what_no_font_draws_becomes_a_code_point_not_a_box() -> None:
    assert "<U+0E01>" in text_of(replace(full(), patient_name="\u0e01"))


def test_markup_in_what_people_typed_is_text() -> None:
    content = full()
    assert content.findings is not None
    text = text_of(replace(content, findings=replace(content.findings, text="<b>5 < 6 & more</b> <para>")))
    assert "<b>5 < 6 & more</b> <para>" in text


def test_long_text_without_a_space_stays_on_the_page() -> None:
    content = full()
    assert content.findings is not None
    for word in ("acetowhite" * 60, "宫颈上皮内病变" * 60):
        text = text_of(replace(content, findings=replace(content.findings, text=word, plan="x\n" * 150)))
        assert word in text.replace(" ", "")


def test_the_smallest_report_is_still_a_report() -> None:
    text = text_of(ReportContent(made_at=NOW, software="pfm-desktop"))
    assert BANNER in text
    assert "no patient" in text


def test_text_fonts_are_embedded() -> None:
    page = PdfReader(io.BytesIO(pdf_bytes(full()))).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    names = {str(font["/BaseFont"]) for font in fonts if font["/Subtype"] == "/TrueType"}
    assert any("DejaVuSans-Bold" in name for name in names)
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts if font["/Subtype"] == "/TrueType")


def test_the_title_of_the_file_does_not_name_the_patient() -> None:
    information = PdfReader(io.BytesIO(pdf_bytes(full()))).metadata
    assert information is not None
    assert "Anna" not in str(dict(information))


def test_a_full_disk_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    out = write_pdf(tmp_path / "报告 1.pdf", full())
    before = out.read_bytes()

    def no_room(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(StorageError, match="No space left"):
        write_pdf(out, replace(full(), patient_name="Other"))
    assert out.read_bytes() == before


def test_a_missing_font_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pfm_desktop.interop import fonts

    fonts.register.cache_clear()
    monkeypatch.setattr(fonts, "resources_dir", lambda: tmp_path)
    with pytest.raises(StorageError, match="report font is missing"):
        pdf_bytes(full())
    fonts.register.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_any_number_of_pictures_finds_its_place(count: int) -> None:
    content = replace(full(), pictures=(picture(),) * count)
    pages = PdfReader(io.BytesIO(pdf_bytes(content))).pages
    assert sum(page.extract_text().count("60 s after acetic acid") for page in pages) == count


CURVE = Whitening(
    region=((1.0, 2.0), (5.0, 2.0), (5.0, 7.0)), seconds=(0.0, 45.0, 180.0), change=(0.0, 8.4, 6.0),
    onset_s=12.2, peak=8.42, peak_s=45.0, half_s=130.4,
)  # fmt: skip


def test_acid_iodine_and_each_place_that_was_measured_have_a_line() -> None:
    examined = Examination("v", NOW, NOW, iodine_override="tested since")
    flat = Whitening(region=(), seconds=(0.0, 1.0), change=(0.0, 0.0))
    lasting = replace(CURVE, onset_s=None, half_s=None)
    lasting = replace(lasting, against_normal=lasting.change)
    late = Whitening(region=(), seconds=(71.0, 87.0), change=(0.0, 0.0))
    content = replace(full(), examination=examined, whitenings=(CURVE, flat, lasting, late))
    said = examination_lines(content)
    assert said == [
        f"Acetic acid applied: {moment(NOW)}",
        "Lugol's iodine allowed in spite of a known allergy: tested since",
        "Whitening of place 1: began 12 s after acid, most (L* +8.4) at 45 s, faded to half at 130 s",
        "Whitening of place 2: none up to 1 s after acid",
        "Whitening of place 3, against normal tissue: most (L* +8.4) at 45 s, not faded to half by 180 s, the last "
        "frame",
        "Whitening of place 4: none from 71 s up to 87 s after acid. Followed from 71 s after acid on only: what had "
        "whitened by then is not in it",
    ]
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_bytes(content))).pages).split())
    assert all(line in text for line in said)


@pytest.mark.parametrize("examined", [None, Examination("v", NOW)])
def test_without_acid_and_whitening_nothing_is_said_of_an_examination(examined: Examination | None) -> None:
    content = replace(full(), examination=examined)
    assert examination_lines(content) == []
    assert "Examination" not in " ".join(
        page.extract_text() for page in PdfReader(io.BytesIO(pdf_bytes(content))).pages
    )
