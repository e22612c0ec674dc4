"""The report as HTML: everything that people wrote is escaped, and it says what the PDF says."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape

import pytest
from pypdf import PdfReader

from pfm_desktop.domain.findings import MEANING_WORDS, Findings, Reading, Signature, SwedeScore
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
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.interop.pdf import pdf_bytes
from pfm_desktop.interop.pdf_content import ReportCheck, ReportContent, ReportPicture, ReportPin
from pfm_desktop.viewmodels.report_preview import PreviewLook, picture_name, preview_html

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
NASTY = "<script>alert('x')</script> & \"李娜\""


def content(**changes: object) -> ReportContent:
    findings = Findings(
        visit_id="v",
        impression=Grade.HIGH,
        swede=SwedeScore(2, 1, 1, 1, None),
        text="Dense area.",
        plan="Two biopsies.\nRecall.",
        first_read=Reading(Grade.LOW, NOW, "Dr. First", after_reveal=False),
        revealed_at=NOW,
    )
    made = ReportContent(
        made_at=NOW,
        software="pfm-desktop 0.1.0",
        patient_name="Demo, Anna",
        patient_identifier="D-1",
        birth_date=date(1988, 2, 29),
        visit_at=NOW,
        findings=findings,
        swede=(("Aceto uptake", "2", "Distinct, stearin-like"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def analysis(**changes: object) -> Analysis:
    shares = dict(zip(GRADES, (0.05, 0.2, 0.7, 0.05), strict=True))
    alone = dict(zip(GRADES, (0.3, 0.6, 0.05, 0.05), strict=True))
    prediction = Prediction(
        Grade.HIGH, shares, dict.fromkeys(GRADES, 0.04), (Grade.LOW, Grade.HIGH), False,
        {Source.WHITE: 0.38, Source.FLUORESCENCE: 0.62},
        {source: SourceAnswer(Grade.LOW, alone) for source in PLACES}, PLACES,
    )  # fmt: skip
    model = ModelInfo("pfm-demo", "1.0", "ab" * 32, PLACES, "T0", "token", 224)
    quality = {"white": Quality(Verdict.LIMITED, ("glare",), "Tilt a little")}
    return replace(Analysis(model, quality, None, prediction, None, Source.WHITE), **changes)  # type: ignore[arg-type]


def with_findings(**changes: object) -> ReportContent:
    made = content()
    assert made.findings is not None
    return replace(made, findings=replace(made.findings, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "made",
    [
        content(patient_name=NASTY),
        content(patient_identifier=NASTY),
        content(examiner=NASTY),
        content(indication=NASTY),
        content(notes=(NASTY,)),
        content(no_answer=NASTY),
        content(pins=(ReportPin("A", "2 o'clock", NASTY),)),
        content(pictures=(ReportPicture(b"", 4, 3, NASTY),)),
        content(second_read=Reading(Grade.LOW, NOW, NASTY, after_reveal=True, reason=NASTY)),
        content(analysis=analysis(prediction=None, refused=Refusal(NASTY, NASTY))),
        with_findings(text=NASTY),
        with_findings(plan=NASTY),
        with_findings(signature=Signature(NASTY, NOW, NASTY)),
    ],
)
def test_what_people_wrote_is_never_markup(made: ReportContent) -> None:
    html = preview_html(made)
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;李娜&quot;" in html


def test_lines_of_the_plan_stay_lines() -> None:
    assert "Two biopsies.<br>Recall." in preview_html(content())


def test_an_unsigned_report_says_so_and_a_signed_one_who_signed() -> None:
    assert "Not signed: a draft." in preview_html(content())
    html = preview_html(with_findings(signature=Signature("Dr. Test", NOW, "Reviewed by me")))
    assert "Not signed" not in html
    assert "Dr. Test" in html
    assert "Reviewed by me" in html


def test_a_part_of_the_score_is_not_shown_as_a_total() -> None:
    assert "4 of 5 items, 5 points so far" in preview_html(content())


def test_first_and_second_read_stand_beside_each_other() -> None:
    second = Reading(Grade.HIGH, NOW, "Dr. First", after_reveal=True, reason="vessels")
    html = preview_html(content(second_read=second))
    assert "First read, before the AI: low (LSIL, CIN1) (Dr. First, " in html
    assert "Second read, after the AI: high (HSIL, CIN2-3), reason: vessels (Dr. First, " in html


def test_the_answer_stands_with_banner_label_and_spread() -> None:
    html = preview_html(content(analysis=analysis()))
    for part in (BANNER, DEMONSTRATION, "Grade: high (HSIL, CIN2-3)", "0.70 \u00b1 0.04", "pfm-demo"):
        assert part in html


def test_an_indeterminate_answer_is_called_so() -> None:
    made = analysis()
    assert made.prediction is not None
    open_ = replace(made.prediction, indeterminate=True, prediction_set=GRADES[:3])
    html = preview_html(content(analysis=replace(made, prediction=open_)))
    assert "Grade: indeterminate, likeliest high (HSIL, CIN2-3), probability 0.70" in html
    assert "normal, low, high. Other grades are not excluded." in html


def test_a_refusal_gives_reason_and_advice_and_no_grade() -> None:
    refused = analysis(prediction=None, refused=Refusal("white light: out of focus", "Retake it."))
    html = preview_html(content(analysis=refused))
    assert "No answer: white light: out of focus" in html
    assert "Retake it." in html
    assert "Grade:" not in html


def test_the_advice_of_a_refusal_stands_once() -> None:
    refused = analysis(prediction=None, refused=Refusal("white light: glare", "Tilt a little"))
    checks = (ReportCheck("White light: quality unusable (glare). Tilt a little", doubt=True),)
    assert preview_html(content(analysis=refused, checks=checks)).count("Tilt a little") == 1


def unlike() -> Analysis:
    made = analysis()
    assert made.prediction is not None
    far = {Source.WHITE: Familiarity(1.43, 0.95), Source.FLUORESCENCE: Familiarity(0.3, 0.98)}
    return replace(made, prediction=replace(made.prediction, familiarity=far))


def test_the_warning_stands_in_a_box_before_the_grade() -> None:
    html = preview_html(content(analysis=unlike()))
    warning = "WARNING: Unlike anything the model learned from: white light. Do not rely on this grade."
    box = html.rindex('border="2"')
    assert box < html.index(warning) < html.index("Grade: high")
    assert "\u26a0" in html[box : html.index(warning)]
    assert "white light 1.43, limit 0.95: unlike; fluorescence 0.30, limit 0.98." in html


def test_a_warning_stands_above_the_pictures_too_as_the_grade_is_drawn_into_one() -> None:
    html = preview_html(content(analysis=unlike(), pictures=(ReportPicture(b"", 40, 30, "a picture"),)))
    early = "WARNING: Do not rely on the AI answer and the model attention in this report."
    assert html.index('border="2"') < html.index(early) < html.index("<img")
    assert html.count('border="2"') == 2


def test_without_an_unlike_picture_there_is_no_box() -> None:
    html = preview_html(content(analysis=analysis()))
    assert "WARNING" not in html
    assert 'border="2"' not in html


def test_an_unlike_answer_that_is_not_revealed_warns_of_nothing() -> None:
    html = preview_html(content(no_answer="The AI answer was not revealed."))
    assert "WARNING" not in html
    assert "limit" not in html


@pytest.mark.parametrize("answer", [analysis(), unlike()], ids=["familiar", "unlike"])
def test_the_preview_says_all_that_the_pdf_says(answer: Analysis) -> None:
    """Word by word, but for the furniture of a page and the lines to sign on."""
    made = replace(
        content(analysis=answer, notes=("A note.",), pins=(ReportPin("A", "2 o'clock", "dense", "white light"),)),
        checks=(ReportCheck("Not registered: too little overlap.", doubt=True), ReportCheck("White light: good.")),
        second_read=Reading(Grade.HIGH, NOW, "Dr. First", after_reveal=True),
        other_model="Not the answer that was revealed.",
    )
    signed = replace(made, findings=replace(made.findings, signature=Signature("Dr. Test", NOW, "Reviewed by me")))
    html = unescape(re.sub(r"<[^>]+>", " ", preview_html(signed)))
    pages = PdfReader(io.BytesIO(pdf_bytes(signed))).pages
    printed = " ".join(page.extract_text() for page in pages).split()
    furniture = {"page", "of", "1", "2", "Anna,", "born", "Biopsy", "On", "Place", "Note", "-"}
    assert [word for word in dict.fromkeys(printed) if word not in html and word not in furniture] == []
    assert html.index(BANNER) < html.index("Colposcopy report")
    assert "\u25cf high (HSIL, CIN2-3)" in html
    assert "White light alone: low (0.60), fluorescence alone: low (0.60)." in html
    assert "ab" * 32 in html


def test_without_an_answer_the_reason_stands_in_its_place() -> None:
    assert "not revealed" in preview_html(content(no_answer="The AI answer was not revealed."))


@pytest.mark.parametrize(("size", "width"), [((400, 300), 280), ((300, 600), 140)])
def test_pictures_fit_the_column_and_tall_ones_stay_as_tall_as_it_is_wide(size, width) -> None:
    html = preview_html(content(pictures=(ReportPicture(b"", *size, "c"),)), PreviewLook(width=280))
    assert f'<img src="{picture_name(0)}" width="{width}">' in html


def test_the_prediction_set_is_not_worded_as_if_the_other_grades_were_ruled_out() -> None:
    made = analysis().prediction
    assert made is not None
    for grades in (GRADES[2:3], GRADES[1:3], GRADES):
        said = replace(made, prediction_set=grades).full_set_words(analysis().model)
        assert said.startswith(
            "Prediction set (made to hold the true grade in 90 of 100 such cases, on phantoms): "
            + ", ".join(grade.value for grade in grades)
        )
        assert said.endswith("Other grades are not excluded.") is (len(grades) < len(GRADES))
        for word in ("only", "ruled out"):
            assert word not in said


def test_the_meaning_of_a_signature_is_read_in_the_language_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MEANING_WORDS, "Reported by me", "Compte rendu de ma part")
    signed = with_findings(signature=Signature("Dr. Test", NOW, "Reported by me"))
    assert "Compte rendu de ma part" in preview_html(signed)
    assert "Compte rendu de ma part" in "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(pdf_bytes(signed))).pages
    )
