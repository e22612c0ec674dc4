"""What the Review page may show, and of whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.annotation import OsMark
from pfm_desktop.domain.case import Pair, Patient, Picture, Visit, VisitRow
from pfm_desktop.domain.findings import Findings, Signature
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import Analysis, Familiarity, Heatmap, ModelInfo, Prediction
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.viewmodels import review
from pfm_desktop.viewmodels.review import Desk, Step

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
PIXELS = np.zeros((4, 4, 3), np.uint8)
PAIR = Pair("pair", "visit", "w", "f")
MODEL = ModelInfo("pfm-demo", "1.0", "ab" * 32, PLACES, "T0", "channel", 224)
IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, eq=False)
class Pictures:
    pair: Pair = PAIR
    white: Any = None
    fluorescence: Any = None
    registration: Any = None
    mm_per_px: float | None = None


@dataclass(frozen=True, eq=False)
class Map:
    """A registration, as far as a desk looks at it."""

    error_px: float = 0.8
    nodes: Any = None

    def summary(self) -> RegistrationSummary:
        return RegistrationSummary(RegistrationStatus.OK, self.error_px, IDENTITY, 0.9)


@dataclass(frozen=True, eq=False)
class Answer:
    pair_id: str
    analysis: Analysis
    registration: Any = None


def answer(*, pair_id: str = "pair", refused: bool = False, registration: Any = None) -> Answer:
    probabilities = dict.fromkeys(Grade, 0.25)
    made = Prediction(Grade.LOW, probabilities, probabilities, (Grade.LOW,), False, {}, {}, PLACES)
    analysis = Analysis(
        model=MODEL,
        quality={},
        registration=registration.summary() if registration else None,
        prediction=None if refused else made,
        refused=Refusal("too dark", "more light") if refused else None,
        frame=Source.WHITE,
        heatmaps={} if refused else {"fused": Heatmap(np.zeros((2, 2), np.float32), "test")},
    )
    return Answer(pair_id, analysis, registration)


def case(visit_id: str = "visit", *, revealed: bool = False, pairs: tuple[Pair, ...] = (PAIR,)) -> VisitCase:
    findings = Findings(visit_id, revealed_at=AT if revealed else None)
    pictures = tuple(
        Picture(id_, visit_id, "0" * 64, stage, AT, 4, 4)
        for id_, stage in (("w", Stage.ACETIC_ACID), ("f", Stage.FLUORESCENCE_AFTER_ACID), ("l", Stage.LUGOL))
    )
    patient = Patient("p", "P-1", "Adler", "Anna", None)
    return VisitCase(patient, Visit(visit_id, "p", AT), pictures, pairs, findings, (), (), ())


def loaded(**pictures: Any) -> Desk:
    """A desk whose pictures have come."""
    desk = review.asked(Desk(), "visit")
    return review.with_pictures(desk, desk.ticket, Pictures(**{"white": PIXELS, "fluorescence": PIXELS, **pictures}))


def answered(**changes: Any) -> Desk:
    desk = loaded()
    return review.with_answer(desk, desk.ticket, answer(**changes))


# ---- whose results


def test_results_with_an_older_ticket_change_nothing() -> None:
    first = review.asked(Desk(), "visit")
    desk = review.asked(first, "another")
    assert review.with_pictures(desk, first.ticket, Pictures()) is desk
    assert review.with_answer(desk, first.ticket, answer()) is desk
    assert review.with_registration(desk, first.ticket, Map()) is desk
    assert review.with_problem(desk, first.ticket, "lost") is desk


def test_pictures_of_another_visit_are_a_problem_and_not_shown() -> None:
    desk = review.asked(Desk(), "another")
    told = review.with_pictures(desk, desk.ticket, Pictures(white=PIXELS))
    assert told.pictures is None
    assert told.failed is Step.LOADING


def test_an_answer_about_another_pair_is_a_problem_and_not_shown() -> None:
    desk = loaded()
    told = review.with_answer(desk, desk.ticket, answer(pair_id="another"))
    assert told.answer is None
    assert told.failed is Step.ANSWERING


def test_asking_for_another_pair_leaves_nothing_of_the_one_before() -> None:
    desk = review.asked(answered(), "visit")
    assert (desk.pictures, desk.answer, desk.registration, desk.doing) == (None, None, None, Step.LOADING)


def test_the_answer_by_an_older_registration_does_not_stay_when_the_pair_is_registered_again() -> None:
    desk = review.doing(answered(registration=Map()), Step.REGISTERING)
    assert desk.answer is None
    by_hand = Map(2.0)
    desk = review.with_registration(desk, desk.ticket, by_hand)
    assert desk.registration is by_hand
    assert desk.doing is Step.ANSWERING


def test_the_same_map_read_twice_stays_the_same_object_and_another_one_replaces_it() -> None:
    nodes = np.zeros((2, 2, 2), np.float32)
    before = Map(nodes=nodes)
    desk = loaded(registration=before)
    same = review.with_answer(desk, desk.ticket, answer(registration=Map(nodes=nodes.copy())))
    assert same.registration is before
    bent = Map(nodes=nodes + 1)
    other = review.with_answer(desk, desk.ticket, answer(registration=bent))
    assert other.registration is bent


# ---- what may show


def test_nothing_of_the_answer_shows_before_the_reveal() -> None:
    assert review.shown_heatmaps(case(), answered()) == {}
    assert review.banner(case(), answered()) == ""


def test_after_the_reveal_the_heatmaps_show_with_banner_and_label() -> None:
    told = case(revealed=True)
    assert set(review.shown_heatmaps(told, answered())) == {"fused"}
    line = review.banner(told, answered())
    assert "Investigational - not for diagnosis" in line
    assert "pfm-demo 1.0: demonstration model, trained on phantoms" in line


def test_the_banner_has_a_warning_above_it_where_a_picture_is_unlike_what_was_learned_from() -> None:
    told = case(revealed=True)
    desk = answered()
    far = {Source.FLUORESCENCE: Familiarity(1.43, 0.95)}
    prediction = replace(desk.answer.analysis.prediction, familiarity=far)
    unlike = replace(desk, answer=replace(desk.answer, analysis=replace(desk.answer.analysis, prediction=prediction)))
    assert review.banner_warning(told, unlike) == "WARNING: Do not rely on grade or model attention (see AI)."
    assert review.banner(told, unlike) == review.banner(told, desk)
    assert review.banner_warning(told, desk) == review.banner_warning(told, Desk()) == ""
    assert review.banner_warning(case(), unlike) == ""  # before the reveal


def test_what_the_heatmaps_show_is_said_of_every_answer() -> None:
    desk = answered()
    prediction = replace(desk.answer.analysis.prediction, grade=Grade.NORMAL)
    normal = replace(desk, answer=replace(desk.answer, analysis=replace(desk.answer.analysis, prediction=prediction)))
    short, sentence = review.attention_words(normal)
    assert short == "what speaks for high, not for normal"
    assert short in sentence
    assert review.attention_words(desk)[0] == f"what speaks for {desk.answer.analysis.prediction.grade.value}"
    assert review.attention_words(Desk()) == ("", "")


def test_the_room_of_the_banner_is_kept_while_the_answer_of_a_revealed_visit_is_awaited() -> None:
    asked = review.asked(Desk(), "visit")
    loaded = review.with_pictures(asked, asked.ticket, Pictures())
    for awaiting in (asked, loaded):
        assert review.banner(case(revealed=True), awaiting) == "Investigational - not for diagnosis"
        assert review.banner(case(), awaiting) == ""
        assert review.banner(case("another", revealed=True), awaiting) == ""
    failed = review.with_problem(loaded, loaded.ticket, "no model")
    assert review.banner(case(revealed=True), failed) == ""


def test_the_reveal_of_one_visit_shows_nothing_of_another() -> None:
    assert review.shown_heatmaps(case("another", revealed=True), answered()) == {}
    assert review.banner(case("another", revealed=True), answered()) == ""


def test_a_refused_answer_has_the_banner_and_no_heatmap() -> None:
    told = case(revealed=True)
    assert review.shown_heatmaps(told, answered(refused=True)) == {}
    assert review.banner(told, answered(refused=True)) != ""


# ---- the chip


def test_the_chip_is_pending_until_a_registration_is_known() -> None:
    assert review.chip_state(loaded()).pending
    assert not review.chip_state(loaded(registration=Map())).pending
    assert review.chip_state(loaded(registration=Map())).summary == Map().summary()
    assert review.chip_state(review.doing(answered(registration=Map()), Step.REGISTERING)).pending


def test_the_chip_shows_the_registration_of_the_answer() -> None:
    assert review.chip_state(answered(registration=Map(1.5))).summary == Map(1.5).summary()


def test_there_is_no_chip_without_two_pictures() -> None:
    assert not review.chip_state(loaded(fluorescence=None)).visible
    assert not review.chip_state(Desk()).visible


def test_when_the_answer_fails_the_chip_waits_no_longer() -> None:
    desk = loaded()
    state = review.chip_state(review.with_problem(desk, desk.ticket, "no model"))
    assert state.visible
    assert not state.pending
    assert state.summary is None


# ---- words


def test_the_stage_says_what_is_missing() -> None:
    loading = review.asked(Desk(), "visit")
    assert review.stage_notice(None, Desk()).text == review.NO_VISIT
    assert review.stage_notice(case(), loading).text.startswith("Loading")
    broken = review.with_problem(loading, loading.ticket, "the picture was altered. restore it from a backup.")
    assert review.stage_notice(case(), broken).action == "retry"
    assert "The picture was altered. Restore it from a backup." in review.stage_notice(case(), broken).text
    empty = review.with_pictures(loading, loading.ticket, None)
    assert review.stage_notice(case(), empty).action == "add"
    assert review.stage_notice(case(), empty).text == review.NO_PAIR, "there are pictures"
    assert review.stage_notice(case(), loaded()).text == ""


def test_what_fails_after_the_pictures_came_is_said_beside_them() -> None:
    desk = loaded()
    assert review.strip_notice(case(), desk).text == ""
    failed = review.with_problem(desk, desk.ticket, "no model")
    assert review.strip_notice(case(), failed).action == "retry"
    assert review.stage_notice(case(), failed).text == ""


def test_a_limited_picture_is_told_of_while_the_woman_may_still_be_there() -> None:
    glare = {"white": Quality(Verdict.LIMITED, ("glare",), "Tilt the light.")}
    desk = answered()
    assert desk.answer is not None
    desk = replace(desk, answer=replace(desk.answer, analysis=replace(desk.answer.analysis, quality=glare)))
    today = replace(case(), visit=replace(case().visit, started_at=datetime.now(UTC)))
    signed = replace(today, findings=Findings("visit", signature=Signature("Dr. A", AT, "Reviewed")))
    assert "Tilt the light." in review.strip_notice(today, desk).text
    assert review.strip_notice(case(), desk).text == ""
    assert review.strip_notice(signed, desk).text == ""
    assert review.strip_notice(today, loaded()).text == ""


def test_marks_are_refused_with_the_reason() -> None:
    assert review.why_no_marks(case(), loaded()) == ""
    assert "No picture" in review.why_no_marks(case(), Desk())
    assert "No picture" in review.why_no_marks(case("another"), loaded())
    assert "in use" in review.why_no_marks(case(), loaded(), read_only_reason="in use by Eve")
    findings = Findings("visit", signature=Signature("Dr. A", AT, "Reviewed"))
    signed = replace(case(), findings=findings)
    assert "Signed by Dr. A" in review.why_no_marks(signed, loaded())
    assert "Signed by Dr. A" in review.why_no_adding(signed, "")


def test_while_the_pictures_load_that_is_said_and_not_that_one_is_missing() -> None:
    loading = review.asked(loaded(), "visit")
    assert review.why_no_points(case(), loading) == "The pictures are still loading."
    assert review.why_no_marks(case(), loading) == "The pictures are still loading."


def test_a_visit_is_unread_until_it_has_an_impression_or_is_signed() -> None:
    assert review.unread(case())
    assert not review.unread(None)
    assert not review.unread(replace(case(), findings=Findings("visit", impression=Grade.LOW)))
    signed = Findings("visit", signature=Signature("Dr. A", AT, "Reviewed"))
    assert not review.unread(replace(case(), findings=signed))


@pytest.mark.parametrize("reason", ["", "the folder cannot be written"])
def test_points_need_both_pictures_and_a_library_that_can_be_written(reason: str) -> None:
    assert (review.why_no_points(case(), loaded(), read_only_reason=reason) == "") is (reason == "")
    one = review.why_no_points(case(), loaded(white=None), read_only_reason=reason)
    assert one == "Registering needs both pictures."


def test_a_signed_visit_is_not_registered_again() -> None:
    signed = replace(case(), findings=Findings("visit", signature=Signature("Dr. A", AT, "Reviewed")))
    assert "Signed by Dr. A" in review.why_no_points(signed, loaded())


# ---- pairs, marks, visits


def test_an_edit_that_makes_no_pair_leaves_the_pair_on_the_stage() -> None:
    assert review.pair_to_show(case(), case(revealed=True), "pair") is None


def test_a_pair_made_last_is_shown_and_when_it_is_undone_the_one_before() -> None:
    two = (PAIR, Pair("new", "visit", "l", "f"))
    assert review.pair_to_show(case(), case(pairs=two), "pair") == "new"
    assert review.pair_to_show(case(pairs=two), case(), "new") == "pair"


def test_when_the_only_pair_is_gone_none_is_shown() -> None:
    assert review.pair_to_show(case(), case(pairs=()), "pair") == ""


def test_a_picture_dropped_on_the_stage_takes_the_place_of_its_own_source() -> None:
    assert review.pair_after_drop(case(), PAIR, "l") == ("l", "f")
    assert review.pair_after_drop(case(), PAIR, "f") == ("w", "f")
    assert review.pair_after_drop(case(), None, "f") == (None, "f")
    assert review.pair_after_drop(case(), PAIR, "of somebody else") is None


def test_the_os_in_white_light_comes_first() -> None:
    marks = (OsMark("pair", Source.FLUORESCENCE, 1, 1), OsMark("pair", Source.WHITE, 2, 2))
    told = replace(case(), os_marks=marks)
    assert review.os_mark_of(told, "pair") == marks[1]
    assert review.os_mark_of(told, "another") is None


def test_other_visits_are_listed_with_the_way_back_first() -> None:
    row = VisitRow(Visit("old", "p", AT - timedelta(days=400)), case().patient, 2, True, True, "high", True, 0)
    told = replace(case(), earlier=(row,))
    links = review.visit_links(told, review.link_of(case("later")))
    assert [link.visit_id for link in links] == ["later", "old"]
    assert links[0].text == "Back to 20 Nov 2026"
    assert links[1].text == "16 Oct 2025, high, 2 pictures"
    assert review.visit_links(None, None) == ()


def test_a_hash_that_is_cut_short_does_not_end_a_sentence() -> None:
    broken = review.with_problem(loading(), loading().ticket, "the picture file 7fe7... is missing. put it back")
    assert "The picture file 7fe7... is missing. Put it back" in review.stage_notice(case(), broken).text


def loading() -> Desk:
    return review.asked(Desk(), "visit")
