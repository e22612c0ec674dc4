"""What may stand in a report, and where its pins are."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from pfm_desktop.domain.annotation import OsMark, Pin
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.clock import NO_WAY
from pfm_desktop.domain.examination import DEFAULT_PLAN, Whitening
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import (
    BANNER,
    DEMONSTRATION,
    OTHER_PAIR,
    Analysis,
    Heatmap,
    ModelInfo,
    Prediction,
)
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.registration import DISAGREE, RegistrationStatus
from pfm_desktop.domain.report_template import ReportTemplate
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.registration import Registration, from_points
from pfm_desktop.imaging.registration.result import refused
from pfm_desktop.interop.pdf import ReportCheck, ReportContent, ReportPicture, pdf_bytes
from pfm_desktop.services import cases, documenting, pairing, report, review
from pfm_desktop.services.capture import records
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.services.demo import DEVICE
from pfm_desktop.services.engine import PairAnswer, PairPictures
from pfm_desktop.services.inference import AnalysisResult
from pfm_desktop.services.report_checks import checks
from pfm_desktop.services.report_template import by_template
from pfm_desktop.storage import rules
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.moments import moment
from pfm_desktop.viewmodels.pins import pins_view
from pfm_desktop.viewmodels.report_preview import preview_html

pytestmark = pytest.mark.slow

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
MODEL = ModelInfo("pfm-demo", "1", "ab" * 32, PLACES, "T0", "token", 224)
WHITE = np.full((300, 400, 3), (190, 120, 120), np.uint8)
LIT = np.full((300, 400, 3), (30, 120, 50), np.uint8)


def analysis(*, frame: Source = Source.WHITE) -> Analysis:
    shares = dict(zip(GRADES, (0.05, 0.2, 0.7, 0.05), strict=True))
    heat = np.full((96, 128), 0.2, np.float32)
    heat[30:60, 40:80] = 1
    prediction = Prediction(
        Grade.HIGH, shares, dict.fromkeys(GRADES, 0.04), (Grade.LOW, Grade.HIGH), False, {frame: 1.0}, {}, (frame,)
    )
    return Analysis(
        MODEL, {"white": Quality(Verdict.GOOD)}, None, prediction, None, frame, {"fused": Heatmap(heat, "class map")}
    )


def shifted(dx: float) -> Registration:
    points = np.array([[0.0, 0.0], [300.0, 0.0], [0.0, 200.0]])
    return from_points(points, points + np.array([dx, 0.0]), white_size=(400, 300), fluorescence_size=(400, 300))


class Desk:
    """A visit with a pair, a marked os and two pins."""

    def __init__(self, lib: Library, registration: Registration | None = None) -> None:
        self.lib = lib
        patient = cases.add_patient(
            lib, identifier="K-17", family_name="Li", given_name="娜", birth_date=date(1980, 2, 29)
        )
        self.visit = cases.add_visit(lib, patient.id, started_at=NOON, examiner="Dr. A", indication="HPV 16").id
        for pixels, stage in ((WHITE, Stage.ACETIC_ACID), (LIT, Stage.FLUORESCENCE_AFTER_ACID)):
            cases.add_picture(lib, self.visit, encode_png(pixels), stage=stage, taken_at=NOON, seconds_since_acid=60)
        pair = pairing.ensure_pair(lib, self.visit)
        assert pair is not None
        self.pair = pair
        review.mark_os(lib, pair.id, Source.WHITE, 200, 150)
        review.place_pin(lib, pair.id, Source.WHITE, 320, 80, note="densest")
        review.place_pin(lib, pair.id, Source.FLUORESCENCE, 100, 250)
        self.pictures = PairPictures(pair, WHITE, LIT, registration, 0.05)
        self.answer = PairAnswer(pair.id, analysis(), registration, False)

    def reveal(self) -> None:
        review.set_impression(self.lib, self.visit, Grade.LOW)
        review.reveal(self.lib, self.visit, "Dr. A")

    @property
    def case(self) -> VisitCase:
        return cases.visit_case(self.lib, self.visit)

    def report(self, *, answer: PairAnswer | None = None, pictures: PairPictures | None = None) -> ReportContent:
        return report.report_of_visit(
            self.lib, self.case, answer or self.answer, pictures or self.pictures, software="pfm-desktop test"
        )


def pixels_of(picture: ReportPicture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.jpeg)).convert("RGB")).astype(int)


def text_of(content: ReportContent) -> str:
    pages = PdfReader(io.BytesIO(pdf_bytes(content))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_before_the_reveal_nothing_of_the_answer_stands_in_the_report(lib: Library) -> None:
    desk = Desk(lib)
    content = desk.report()
    assert content.analysis is None
    assert content.no_answer == report.NOT_REVEALED
    assert len(content.pictures) == 2
    text = text_of(content)
    assert "probability" not in text
    assert "Heatmap" not in text
    assert "pfm-demo" not in text


def test_after_the_reveal_the_answer_and_its_heatmap_stand_in_the_report(lib: Library) -> None:
    desk = Desk(lib)
    desk.reveal()
    content = desk.report()
    assert content.analysis is desk.answer.analysis
    assert content.no_answer == ""
    assert [picture.caption for picture in content.pictures][:2] == [
        "White light, acetic acid, 60 s after acid",
        "Fluorescence after acetic acid, 60 s after acid",
    ]
    heat = content.pictures[2]
    assert heat.height > 300  # legend below, banner above
    assert heat.caption.startswith("Model attention over ")
    assert "not a lesion outline, no guide for biopsies" in heat.caption
    assert "Nothing from" not in heat.caption
    text = text_of(content)
    assert BANNER in text
    assert DEMONSTRATION in text


def test_an_answer_of_another_model_than_the_one_that_was_revealed_is_told_apart(lib: Library) -> None:
    desk = Desk(lib)
    review.set_impression(lib, desk.visit, Grade.LOW)
    review.reveal(lib, desk.visit, "Dr. A", model=MODEL)
    review.sign(lib, desk.visit, "Dr. A", "Reported by me")
    assert desk.report().other_model == ""
    newer = replace(analysis(), model=replace(MODEL, version="2"))
    content = desk.report(answer=PairAnswer(desk.pair.id, newer, None, False))
    said = "Not the answer that was revealed: that was given by pfm-demo 1, this one by pfm-demo 2."
    assert content.other_model == said
    assert said in text_of(content)
    assert said in preview_html(content)


def test_impression_and_last_read_say_the_same_in_a_signed_report(lib: Library) -> None:
    desk = Desk(lib)
    review.set_impression(lib, desk.visit, Grade.HIGH)
    review.reveal(lib, desk.visit, "Dr. A", model=MODEL)
    review.agree(lib, desk.visit, "Dr. A", Grade.HIGH)
    review.set_impression(lib, desk.visit, Grade.LOW)
    review.sign(lib, desk.visit, "Dr. A", "Reported by me")
    content = desk.report()
    text, html = text_of(content), preview_html(content)
    assert "Impression: low" in text
    assert "Second read, after the AI: low (LSIL, CIN1), departs from the AI, no reason given" in text
    assert "Second read, after the AI: low (LSIL, CIN1), departs from the AI, no reason given" in html
    assert "after the AI: high" not in text
    assert "after the AI: high" not in html


def test_a_report_says_where_an_older_version_kept_an_impression_apart_from_the_second_read(
    lib: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(lib)
    review.set_impression(lib, desk.visit, Grade.HIGH)
    review.reveal(lib, desk.visit, "Dr. A", model=MODEL)
    assert report.IMPRESSION_CHANGED not in desk.report().notes
    with monkeypatch.context() as older:
        older.setattr(rules, "check", lambda *_args, **_named: None)
        lib.apply(Change("findings", desk.visit, {"impression": "high"}, {"impression": "low"}, "Impression"))
    assert report.IMPRESSION_CHANGED in desk.report().notes


# ---- an identity that was corrected after the signing


def correct(desk: Desk, **changes: object) -> tuple[Change, ...]:
    who = desk.case.patient
    now = {name: getattr(who, name) for name in ("identifier", "family_name", "given_name", "birth_date")}
    return cases.edit_patient(desk.lib, who.id, **{**now, **changes})  # type: ignore[arg-type]


def signed_desk(lib: Library) -> Desk:
    desk = Desk(lib)
    lib.who = "Dr. A"
    correct(desk, identifier="K-18")  # before the signing: she signs what she sees
    review.set_impression(lib, desk.visit, Grade.LOW)
    review.sign(lib, desk.visit, "Dr. A", "Reported by me")
    return desk


def test_an_identity_corrected_after_the_signing_is_told_with_what_was_signed(lib: Library) -> None:
    desk = signed_desk(lib)
    assert desk.report().corrections == ()
    lib.who = "Dr. B"
    correct(desk, family_name="Muster", given_name="Eva")
    lib.who = "Dr. C"
    correct(desk, birth_date=date(1981, 3, 1), identifier="K-99")
    content = desk.report()
    at = [made.at for made in desk.case.corrections]
    assert content.corrections == (
        f"Identity corrected after the signing, on {moment(at[0])} by Dr. B: was Li, 娜, born 29 Feb 1980, ID K-18.",
        f"Identity corrected after the signing, on {moment(at[1])} by Dr. C: "
        "was Muster, Eva, born 29 Feb 1980, ID K-18.",
    )
    text, html = text_of(content), preview_html(content)
    for said in (*content.corrections, "The identity was corrected after this signature: see the top of the report."):
        assert said in text
        assert said in html
    assert "signed, identity corrected since" in text
    assert text.index("by Dr. B: was Li") < text.index("Findings")


def test_a_correction_that_was_taken_back_leaves_the_signed_report_as_it_was(lib: Library) -> None:
    desk = signed_desk(lib)
    before = desk.case
    wrong = correct(desk, family_name="Muster")
    review.undo_all(lib, wrong)
    assert desk.case == before
    correct(desk, birth_date=None)
    correct(desk, birth_date=date(1980, 2, 29), given_name="Eva")
    assert [made.was.birth_date for made in desk.case.corrections] == [date(1980, 2, 29), None]
    correct(desk, given_name="娜")
    assert desk.case == before


def test_a_correction_is_told_only_in_visits_that_were_signed_before_it(lib: Library) -> None:
    desk = signed_desk(lib)
    later = cases.add_visit(lib, desk.case.patient.id).id
    correct(desk, family_name="Muster")
    assert len(desk.case.corrections) == 1
    assert cases.visit_case(lib, later).corrections == ()
    review.set_impression(lib, later, Grade.LOW)
    review.sign(lib, later, "Dr. A", "Reported by me")
    assert cases.visit_case(lib, later).corrections == ()


def test_a_revealed_answer_that_is_not_there_is_told_about(lib: Library) -> None:
    desk = Desk(lib)
    desk.reveal()
    content = report.report_of_visit(lib, desk.case, None, None, software="s")
    assert content.no_answer == report.NOT_THERE
    assert content.pictures == ()


def test_a_heatmap_on_which_nothing_is_drawn_says_so_below_it() -> None:
    faint = {"fused": Heatmap(np.full((3, 4), 0.2, np.float32), "class map")}
    said = report._heat_caption(replace(analysis(), heatmaps=faint))
    assert "Nothing from 0.70 (most 0.20). That nothing is drawn does not mean that nothing is there." in said


@pytest.mark.parametrize("seen", [True, False])
def test_the_caption_speaks_of_dimmed_places_only_where_there_are_some(seen: bool) -> None:
    values = np.ones((3, 4), np.float32)
    values[0, 0] = 1 if seen else np.nan
    said = report._heat_caption(replace(analysis(), heatmaps={"fused": Heatmap(values, "class map")}))
    assert ("Dimmed: not seen by the engine." in said) is not seen


@pytest.mark.parametrize("grade", GRADES)
def test_the_caption_of_a_heatmap_says_what_it_shows(grade: Grade) -> None:
    made = replace(analysis(), heatmaps={"fused": Heatmap(np.ones((3, 4), np.float32), "LayerCAM")})
    assert made.prediction is not None
    said = report._heat_caption(replace(made, prediction=replace(made.prediction, grade=grade)))
    shows = "high, not for normal" if grade is Grade.NORMAL else grade.value
    assert f"Graded {grade.value}: model attention shows what speaks for {shows}." in said


@pytest.mark.parametrize("method", ["LayerCAM", "class map"])
def test_a_heatmap_is_called_what_it_was_drawn_as_also_one_that_was_kept(method: str) -> None:
    heat = {"fused": Heatmap(np.ones((3, 4), np.float32), method)}
    assert report._heat_caption(replace(analysis(), heatmaps=heat)).endswith(f" Method: {method}.")


def test_a_refused_case_gives_its_reason_and_no_heatmap(lib: Library) -> None:
    desk = Desk(lib)
    desk.reveal()
    none = replace(analysis(), prediction=None, refused=Refusal("too dark", "Raise the light."), heatmaps={})
    content = desk.report(answer=PairAnswer(desk.pair.id, none, None, False))
    assert len(content.pictures) == 2
    assert "No answer: too dark" in text_of(content)


def test_pins_carry_hour_and_quadrant_of_the_patient(lib: Library) -> None:
    desk = Desk(lib)
    first, second = desk.report().pins
    assert (first.letter, first.place, first.note) == ("A", "2 o'clock, anterior left", "densest")
    assert second.place == NO_WAY
    assert (first.picture, second.picture) == ("white light", "fluorescence")
    review.clear_os(lib, desk.pair.id, Source.WHITE)
    assert [pin.place for pin in desk.report().pins] == [report.NO_HOUR] * 2


def test_the_report_says_of_a_pin_what_the_screen_says(lib: Library) -> None:
    desk = Desk(lib)
    text, row = text_of(desk.report()), pins_view(desk.case).rows[1]
    assert row.place == NO_WAY
    assert f"B fluorescence {NO_WAY}" in text
    assert f"On fluorescence. {NO_WAY}" in preview_html(desk.report())


def test_an_os_marked_in_the_other_picture_counts_once_the_pair_is_registered(lib: Library) -> None:
    desk = Desk(lib, shifted(-20))
    assert desk.report().pins[1].place == "7 o'clock, posterior right"


def test_a_refused_registration_gives_no_hour(lib: Library) -> None:
    desk = Desk(lib, refused("too little overlap", (400, 300), (400, 300)))
    assert desk.report().pins[1].place == NO_WAY


def test_points_that_the_structures_contradict_give_no_hour_also_when_the_pictures_were_loaded_before(
    lib: Library,
) -> None:
    desk = Desk(lib, shifted(-20))
    contradicted = replace(shifted(-20), reason=DISAGREE)
    answer = PairAnswer(desk.pair.id, analysis(), contradicted, from_library=False)
    assert desk.report(answer=answer).pins[1].place == NO_WAY


def test_pins_are_drawn_where_they_are_in_both_pictures(lib: Library) -> None:
    desk = Desk(lib, shifted(-60))
    white, lit = (pixels_of(picture) for picture in desk.report().pictures[:2])
    for drawn, plain, spots in ((white, WHITE, [(320, 80), (160, 250)]), (lit, LIT, [(260, 80), (100, 250)])):
        changed = np.abs(drawn - plain).sum(axis=2) > 120
        for x, y in spots:
            assert changed[y - 6 : y + 7, x - 6 : x + 7].mean() > 0.4
        assert not changed[:, :80].any()


def test_marks_keep_their_place_when_a_large_picture_is_reduced(lib: Library) -> None:
    from pfm_desktop.imaging.compose import Mark
    from pfm_desktop.services.report_pictures import LONGEST, marked

    big = np.full((1800, 2400, 3), 90, np.uint8)
    drawn = marked(big, [Mark(1200, 900, "A")], None, "")
    assert (drawn.width, drawn.height) == (LONGEST, LONGEST * 3 // 4)
    rows, columns = np.nonzero(np.abs(pixels_of(drawn) - 90).sum(axis=2) > 150)
    assert abs(columns.mean() - 600) < 2
    assert abs(rows.mean() - 450) < 2


def test_swede_lines_name_what_was_not_assessed(lib: Library) -> None:
    from pfm_desktop.domain.findings import SwedeScore

    lines = report.swede_lines(SwedeScore(aceto_uptake=2, vessels=1))
    assert lines[0] == ("Aceto uptake", "2", "Distinct, stearin-like")
    assert lines[1] == ("Margins and surface", "-", "not assessed")
    assert lines[2] == ("Vessels", "1", "Absent")


def test_an_answer_or_pictures_of_another_visit_make_no_report(lib: Library) -> None:
    desk = Desk(lib)
    stranger = PairAnswer("0" * 32, analysis(), None, False)
    with pytest.raises(BadInputError, match="do not belong to this visit"):
        desk.report(answer=stranger)
    with pytest.raises(BadInputError, match="do not belong to this visit"):
        desk.report(pictures=replace(desk.pictures, pair=replace(desk.pair, id="0" * 32)))


def test_a_report_of_a_signed_visit_is_made_of_the_signed_pictures_only(lib: Library) -> None:
    desk = Desk(lib)
    other = pairing.make_pair(lib, desk.visit, desk.pair.white_id, None).key
    pairing.make_pair(lib, desk.visit, desk.pair.white_id, desk.pair.fluorescence_id)
    desk.reveal()
    review.sign(lib, desk.visit, "Dr. A", "Reported by me", pair_id=desk.pair.id)
    assert desk.report().signed
    shown, answer = desk.case.pair(other), PairAnswer(other, analysis(), None, False)
    with pytest.raises(BadInputError, match="not those that were signed"):
        desk.report(answer=answer, pictures=replace(desk.pictures, pair=shown, fluorescence=None))


def test_a_report_says_where_the_answer_was_revealed_on_other_pictures(lib: Library) -> None:
    desk = Desk(lib)
    review.set_impression(lib, desk.visit, Grade.LOW)
    review.reveal(lib, desk.visit, "Dr. A", model=MODEL, pair_id=desk.pair.id)
    assert desk.report().other_model == ""
    other = pairing.make_pair(lib, desk.visit, desk.pair.white_id, None).key
    shown, answer = desk.case.pair(other), PairAnswer(other, analysis(), None, False)
    content = desk.report(answer=answer, pictures=replace(desk.pictures, pair=shown, fluorescence=None))
    assert OTHER_PAIR in text_of(content)
    assert OTHER_PAIR in preview_html(content)


def test_pins_on_other_pictures_of_the_visit_are_told_apart(lib: Library) -> None:
    desk = Desk(lib)
    case = desk.case
    other = Pin("x", "other", Source.WHITE, 5, 5, "Z")
    content = report.report_of_visit(lib, replace(case, pins=(*case.pins, other)), None, desk.pictures, software="s")
    assert content.pins[-1].place == f"{report.NO_HOUR} (on other pictures of this visit)"


def test_pins_on_a_picture_that_was_paired_otherwise_stand_on_it_too(lib: Library) -> None:
    desk = Desk(lib)
    lit = review.place_pin(lib, desk.pair.id, Source.FLUORESCENCE, 5, 5)
    alone = pairing.make_pair(lib, desk.visit, None, desk.pair.fluorescence_id).key
    case = desk.case
    pin = next(pin for pin in case.pins if pin.id == lit.key)
    shown = replace(desk.pictures, pair=case.pair(alone), white=None, registration=None)
    content = report.report_of_visit(lib, case, None, shown, software="s")
    place = next(one.place for one in content.pins if one.letter == pin.letter)
    assert place == report.NO_HOUR, "not on other pictures"


def test_only_what_the_program_drew_is_called_made_up_in_the_demo_library(tmp_path: Path) -> None:
    with Library.create(tmp_path / "demo", demo=True) as lib:
        desk = Desk(lib)
        assert desk.report().notes == (report.DEMO,)
        drawn = replace(desk.case, pictures=tuple(replace(one, device=DEVICE) for one in desk.case.pictures))
        for case, said in (
            (drawn, report.PHANTOM),
            (replace(drawn, pictures=(*drawn.pictures[:1], *desk.case.pictures[1:])), report.DEMO),
            (replace(drawn, pictures=()), report.DEMO),
        ):
            assert report.report_of_visit(lib, case, None, None, software="s").notes == (said,)


# ---- how far the pictures can be trusted

WOMEN = "Check that both pictures show the same woman at this visit; if they do, place four points by hand."
TWO_WOMEN = f"Not registered: the pictures do not show the same structures. {WOMEN}"


def of_two_women() -> Analysis:
    none = refused("the pictures do not show the same structures. Place 4 points", (400, 300), (400, 300)).summary()
    good = Quality(Verdict.GOOD)
    quality = {"white": good, "fluorescence": good, "pair": Quality(Verdict.UNUSABLE, ("wrong_pair",), WOMEN)}
    return replace(
        analysis(), quality=quality, registration=none, prediction=None, heatmaps={}, refused=Refusal("two", WOMEN)
    )


@pytest.mark.parametrize("revealed", [False, True])
def test_pictures_of_two_women_are_told_with_the_pictures_whether_or_not_the_ai_was_revealed(
    lib: Library, revealed: bool
) -> None:
    desk = Desk(lib)
    if revealed:
        desk.reveal()
    content = desk.report(answer=PairAnswer(desk.pair.id, of_two_women(), None, False))
    assert (content.analysis is not None) is revealed
    assert content.checks[0] == ReportCheck(TWO_WOMEN, doubt=True)
    text, html = text_of(content), preview_html(content)
    assert text.count(WOMEN) == html.count(WOMEN) == 1
    assert text.index("60 s after acid") < text.index(TWO_WOMEN) < text.index("Findings")
    assert f"<b>{TWO_WOMEN}</b>" in html
    assert "White light: quality good." in text


def test_quality_stands_in_the_report_before_the_reveal_and_nothing_of_the_grade(lib: Library) -> None:
    desk = Desk(lib)
    dark = replace(analysis(), quality={"white": Quality(Verdict.UNUSABLE, ("too_dark",), "Raise the light.")})
    content = desk.report(answer=PairAnswer(desk.pair.id, dark, None, False))
    assert content.checks == (ReportCheck("White light: quality unusable (too dark). Raise the light.", doubt=True),)
    assert content.analysis is None
    assert "0.70" not in text_of(content)


def test_pictures_that_were_not_checked_are_not_passed_over(lib: Library) -> None:
    desk = Desk(lib, refused("too little overlap", (400, 300), (400, 300)))
    content = report.report_of_visit(lib, desk.case, None, desk.pictures, software="s")
    assert [(check.text, check.doubt) for check in content.checks] == [
        ("The quality of these pictures has not been checked.", True),
        ("Not registered: too little overlap.", True),
    ]


@pytest.mark.parametrize(
    ("found", "pair", "said"),
    [
        (
            replace(shifted(-20), reason=DISAGREE),
            Quality(Verdict.UNUSABLE, ("structures_disagree",), "Check both."),
            [(f"Registered by hand, to be looked at only: {DISAGREE}. Check both.", True)],
        ),
        (
            replace(shifted(-20), status=RegistrationStatus.CHECK, error_px=None, reason="too few structures"),
            Quality(Verdict.LIMITED, ("structures_not_compared",), "Check both."),
            [
                ("Pair: quality limited (structures not compared). Check both.", True),
                ("Registration: check, by hand. Too few structures.", False),
            ],
        ),
        (
            replace(shifted(-20), by_hand=False, status=RegistrationStatus.OK, error_px=0.8, reason=""),
            Quality(Verdict.GOOD),
            [("Pair: quality good.", False), ("Registration: ok, estimated error 0.8 px.", False)],
        ),
        (None, None, [("Registration: not made.", False)]),
    ],
)
def test_what_is_known_of_a_pair_is_said_in_one_place_with_doubts_first(found, pair, said) -> None:
    quality = {source.value: Quality(Verdict.GOOD) for source in PLACES} | ({"pair": pair} if pair else {})
    told = checks(quality, found.summary() if found is not None else None)
    pictures = ("White light: quality good.", "Fluorescence: quality good.")
    assert [(check.text, check.doubt) for check in told if check.text not in pictures] == said
    assert [check.doubt for check in told] == sorted((check.doubt for check in told), reverse=True)


def test_a_pin_straight_above_the_os_is_at_twelve() -> None:
    pin, mark = Pin("i", "p", Source.WHITE, 50, 10, "A"), OsMark("p", Source.WHITE, 50, 60)
    assert report.place_of(pin, mark, None) == "12 o'clock, anterior"


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (48, 10, "12 o'clock, anterior right"),
        (52, 10, "12 o'clock, anterior left"),
        (10, 58, "9 o'clock, anterior right"),
    ],
)
def test_a_pin_near_twelve_or_nine_is_on_the_side_where_it_lies(x: int, y: int, words: str) -> None:
    pin, mark = Pin("i", "p", Source.WHITE, x, y, "A"), OsMark("p", Source.WHITE, 50, 60)
    assert report.place_of(pin, mark, None) == words
    assert report.place_of(pin, None, None) == report.NO_HOUR


def test_a_report_of_files_names_them_and_no_patient() -> None:
    result = AnalysisResult(analysis(), white=WHITE, notes=("white light: CMYK converted to RGB",))
    content = report.report_of_analysis(result, software="s", names=("a.png",))
    assert len(content.pictures) == 2
    text = text_of(content)
    for said in (report.NO_PATIENT, "Files: a.png.", "CMYK converted to RGB", DEMONSTRATION, "no patient"):
        assert said in text


def test_a_registration_to_be_checked_still_carries_pins_over(lib: Library) -> None:
    found = replace(shifted(-20), status=RegistrationStatus.CHECK)
    assert Desk(lib, found).report().pins[1].place == "7 o'clock, posterior right"


def test_places_that_whitened_are_seen_on_their_maps_numbered_as_in_the_words(lib: Library) -> None:
    desk = Desk(lib)
    before = len(desk.report().pictures)
    maps = np.concatenate([np.full((300, 400, 3), shade, np.uint8) for shade in (90, 160)], axis=1)
    square = ((100.0, 100.0), (200.0, 100.0), (200.0, 200.0), (100.0, 200.0))
    curve = Whitening(square, (0.0, 45.0), (0.0, 8.4), peak=8.4, peak_s=45.0, facts={"map_peak_dl": 15.0})
    both = replace(curve, facts={"map_peak_dl": 15.0, "map_persistence_s": 120.0})
    records.keep_whitening(lib, desk.visit, "c" * 32, curve)
    assert len(desk.report().pictures) == before  # no map was kept with it
    records.keep_whitening(lib, desk.visit, "c" * 32, both, encode_png(maps), square)
    peak, stayed = desk.report().pictures[before:]
    assert (peak.width, peak.height) == (stayed.width, stayed.height) == (400, 300)
    assert peak.caption == (
        "Most whitening (over the first frame after acid, dark to bright: 0 to 15 dL*). Numbered: the places that were "
        "measured; dashed: tissue named as normal."
    )
    assert "stayed white" in stayed.caption
    assert "0 to 120 s" in stayed.caption
    for picture, shade in ((peak, 90), (stayed, 160)):
        pixels = np.asarray(Image.open(io.BytesIO(picture.jpeg)).convert("RGB")).astype(int)
        assert abs(pixels[250, 50].mean() - shade) < 4
        assert abs(pixels[95:106, 110:190] - shade).max() > 60
    assert "Whitening of place 2: most (L* +8.4)" in text_of(desk.report())


def test_a_map_that_cannot_be_read_is_said_and_the_report_is_made(lib: Library) -> None:
    desk = Desk(lib)
    before = len(desk.report().pictures)
    curve = Whitening(((1.0, 2.0),), (0.0, 45.0), (0.0, 8.4), peak=8.4, peak_s=45.0)
    records.keep_whitening(lib, desk.visit, "c" * 32, curve, b"no picture")
    content = desk.report()
    assert len(content.pictures) == before
    assert "map of whitening cannot be read" in text_of(content)


def test_acid_and_whitening_of_a_live_examination_stand_in_print_and_preview(lib: Library) -> None:
    desk = Desk(lib)
    records.begin(lib, desk.visit, DEFAULT_PLAN)
    records.start_acid(lib, desk.visit, NOON)
    curve = Whitening(((1.0, 2.0),), (0.0, 45.0), (0.0, 8.4), onset_s=12.0, peak=8.4, peak_s=45.0, half_s=130.0)
    records.keep_whitening(lib, desk.visit, "c" * 32, curve)
    content = desk.report()
    assert content.whitenings == (curve,)
    for text in (text_of(content), preview_html(content)):
        assert f"Acetic acid applied: {moment(NOON)}" in text
        assert "began 12 s after acid, most (L* +8.4) at 45 s, faded to half at 130 s" in text


def test_the_referral_card_stands_in_the_report(lib: Library) -> None:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-77").id).id
    documenting.set_referral(lib, visit, "hpv", "positive")
    documenting.set_referral(lib, visit, "hpv_types", ["16"])
    documenting.set_referral(lib, visit, "hpv_on", "2026-03-14")
    content = report.report_of_visit(lib, cases.visit_case(lib, visit), None, None, software="test")
    assert content.referral == (("HPV, high risk", "positive"), ("HPV types", "16"), ("HPV test of", "14 Mar 2026"))
    said = "HPV, high risk: positive; HPV types: 16; HPV test of: 14 Mar 2026"
    assert said in preview_html(content)
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_bytes(content))).pages)
    assert said in " ".join(words.split())


def test_lesions_and_the_examination_stand_in_the_report(lib: Library) -> None:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-78").id).id
    documenting.set_assessment(lib, visit, "tz_type", "3")
    documenting.set_assessment(lib, visit, "endocervical_mm", 12)
    for _ in range(2):
        documenting.add_lesion(lib, visit)
    first = cases.visit_case(lib, visit).lesions[0].id
    documenting.set_lesion(lib, first, "grade_2", ["ridge_sign"])
    documenting.score_swede(lib, first, "vessels", 1, by="Dr. Test")
    documenting.score_reid(lib, first, "colour", 2, by="Dr. Test")
    content = report.report_of_visit(lib, cases.visit_case(lib, visit), None, None, software="test")
    lines = [
        "Transformation zone: type 3; Extent into the canal: 12 mm",
        "Lesion 1: Grade 2 (major): ridge sign; Swede score: 1 of 5 items, 1 points so far; "
        "Reid index: 1 of 4 items, 2 points so far",
        "Lesion 2: Swede score: not scored",
    ]
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_bytes(content))).pages).split())
    for line in lines:
        assert line in preview_html(content)
        assert line in words


def test_a_picture_whose_file_is_gone_is_named_in_its_place(lib: Library) -> None:
    desk = Desk(lib)
    white, lit = desk.case.picture(desk.pair.white_id), desk.case.picture(desk.pair.fluorescence_id)
    assert white is not None
    assert lit is not None
    file = lib.pictures.find(white.sha256)
    assert file is not None

    def made() -> ReportContent:
        return report.report_of_visit(lib, desk.case, None, None, software="test")

    assert made().missing == ()  # only not read yet
    kept = file.read_bytes()
    file.write_bytes(kept[:-1] + b"x")
    assert ": missing in the library" in made().missing[0]
    file.unlink()
    content = made()
    assert content.missing == (
        "White light, acetic acid, 60 s after acid: missing in the library, its file is gone or was altered.",
        f"{report.picture_caption(lit)}: not shown, as the other picture of its pair is missing.",
    )
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_bytes(content))).pages).split())
    for line in content.missing:
        assert line in preview_html(content)
        assert line in words
    without = by_template(content, ReportTemplate(leave_out=("pictures",)))
    assert without.missing == ()
