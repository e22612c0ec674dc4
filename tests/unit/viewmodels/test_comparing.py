"""Two visits beside each other: which pictures, and what is said of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.case import Pair, Picture, Visit
from pfm_desktop.domain.grade import GRADE_WORDS, Grade
from pfm_desktop.domain.referral import Referral
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.imaging.registration.result import refused
from pfm_desktop.services.comparing import Compared, EarlierVisit
from pfm_desktop.viewmodels import comparing as words
from pfm_desktop.viewmodels.comparing import Comparison, Doing
from pfm_desktop.viewmodels.registration_chip import Light

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACID, GLOW = Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID
BLANK = np.zeros((2, 2, 3), np.uint8)
SIZE = (100, 80)


def picture(name: str, stage: Stage = ACID, since: float | None = None) -> Picture:
    return Picture(name, "v", "0" * 64, stage, AT, 100, 80, seconds_since_acid=since)


def visit(days: int, name: str = "v", indication: str = "") -> Visit:
    return Visit(name, "p", AT - timedelta(days=days), indication)


def compared(now: Picture, earlier: Picture, *, card: Any = None, then_for: str = "", now_for: str = "") -> Compared:
    cards = Referral("v", card or {}), Referral("e", {})
    return Compared(
        now, visit(0, indication=now_for), cards[0], BLANK, earlier, visit(400, "e", then_for), cards[1], BLANK
    )


def registered(status: RegistrationStatus, error: float | None = 1.26, reason: str = "") -> Registration:
    return Registration(status, error, np.eye(3), np.zeros((2, 2, 2), np.float32), SIZE, SIZE, reason)


def test_the_same_stage_and_the_nearest_seconds_are_offered_first() -> None:
    shown = [picture("now", ACID, 60), picture("glow", GLOW, 61)]
    taken = [picture("s", Stage.SALINE), picture("150", ACID, 150), picture("55", ACID, 55), picture("l", Stage.LUGOL)]
    assert [one.id for one in words.nearest_first(taken, shown)] == ["55", "150", "s", "l"]
    only_light = [picture("f", GLOW), picture("s", Stage.SALINE)]
    assert [one.id for one in words.nearest_first(only_light, shown[:1])] == ["s", "f"]
    newest = EarlierVisit(visit(10), (picture("lugol", Stage.LUGOL),))
    older = EarlierVisit(visit(90), tuple(taken))
    assert words.best([newest, older], shown) == "55"
    assert words.best([newest], shown) == "lugol"
    assert words.best([], shown) == ""


def test_the_impression_of_an_earlier_visit_is_read_in_the_language_of_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(GRADE_WORDS, Grade.LOW, "bas grade")
    one = EarlierVisit(visit(10), (picture("a"),), "low")
    assert words.entries([one], [], lambda _name: BLANK)[0].group == "10 Nov 2026, bas grade"


def test_entries_stand_visit_by_visit() -> None:
    one = EarlierVisit(visit(10), (picture("a"), picture("b")), "low")
    two = EarlierVisit(visit(400), (picture("c"),))
    made = words.entries([one, two], [picture("now")], lambda _name: BLANK)
    assert [(entry.group, entry.begins) for entry in made] == [
        ("10 Nov 2026, low", True), ("10 Nov 2026, low", False), ("16 Oct 2025", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "beside"), [(ACID, "w"), (GLOW, "f"), (Stage.LUGOL, "w"), (Stage.FLUORESCENCE_BEFORE_ACID, "f")]
)
def test_an_earlier_picture_lies_beside_the_one_of_its_stage_or_source(stage: Stage, beside: str) -> None:
    pictures = {"w": picture("w"), "f": picture("f", GLOW)}
    case: Any = SimpleNamespace(picture=pictures.get)
    found = words.picture_now(case, Pair("p", "v", "w", "f"), picture("x", stage))
    assert found is not None
    assert found.id == beside
    assert words.picture_now(case, None, picture("x")) is None
    alone = words.picture_now(case, Pair("p", "v", "w", None), picture("x", GLOW))
    assert alone is not None
    assert alone.id == "w"


def test_captions_tell_the_visits_apart_by_day_and_stage() -> None:
    made = words.captions(
        compared(picture("n", ACID, 60), picture("e", GLOW, 61)), None, Doing.ALIGNING, today=AT.date()
    )
    assert made.of[Source.WHITE].title == "Today, 20 Nov 2026"
    assert made.of[Source.WHITE].lines == ("Acetic acid, 60 s",)
    assert made.of[Source.FLUORESCENCE].title == "Earlier, 16 Oct 2025"
    assert made.of[Source.FLUORESCENCE].lines == ("Fluorescence, after acetic acid, 61 s", "Being aligned ...")
    assert made.note == "Stages differ: acetic acid and fluorescence after acetic acid"
    later = words.captions(compared(picture("n"), picture("e")), None, Doing.NOTHING, today=date(2027, 1, 1))
    assert later.of[Source.WHITE].title == "This visit, 20 Nov 2026"
    assert later.of[Source.FLUORESCENCE].lines[-1] == "Not aligned"


def test_seconds_that_lie_far_apart_are_said() -> None:
    assert words.stages_differ(picture("n", ACID, 60), picture("e", ACID, 150)) != ""
    assert words.stages_differ(picture("n", ACID, 60), picture("e", ACID, 90)) == ""
    assert words.stages_differ(picture("n", ACID, 60), picture("e", ACID)) == ""


def test_before_and_after_stand_there_only_where_it_is_on_record() -> None:
    both = picture("n"), picture("e")
    treated = compared(*both, card={"treatment": ["leep"], "treated_on": "2026-03-02"})
    made = words.captions(treated, registered(RegistrationStatus.OK), Doing.NOTHING)
    assert made.of[Source.WHITE].lines[-1] == "After treatment"
    assert made.of[Source.FLUORESCENCE].lines[-1] == "Before treatment"
    assert words.headline(treated) == ("16 Oct 2025 beside 20 Nov 2026. Treatment on record: LEEP / LLETZ, 02 Mar 2026")
    same_day = compared(*both, card={"treatment": ["leep"], "treated_on": "2025-10-16"})
    made = words.captions(same_day, registered(RegistrationStatus.OK), Doing.NOTHING)
    assert all("treatment" not in line for one in made.of.values() for line in one.lines)
    assert "16 Oct 2025 beside" in words.headline(same_day)
    assert "Treatment on record" in words.headline(same_day)
    none = compared(*both, then_for="Before excision", now_for="Follow-up")
    assert words.headline(none) == "16 Oct 2025 beside 20 Nov 2026"
    assert words.details(none) == f"Then: Before excision; now: Follow-up. {words.NOT_THE_PAIR}"
    assert words.details(compared(*both)) == words.NOT_THE_PAIR


def test_the_chip_says_how_well_they_lie_in_words_of_visits() -> None:
    def chip(found: Registration | None, doing: Doing = Doing.NOTHING) -> Any:
        return words.chip(Comparison(registration=found, doing=doing))

    assert (chip(None, Doing.ALIGNING).light, chip(None, Doing.ALIGNING).text) == (Light.GREY, "aligning ...")
    assert chip(None).text == "not aligned"
    assert (chip(registered(RegistrationStatus.OK)).light, chip(registered(RegistrationStatus.OK)).text) == (
        Light.GREEN, "1.3 px",
    )  # fmt: skip
    check = chip(registered(RegistrationStatus.CHECK, None, "the structures fit only in part"))
    assert (check.light, check.text) == (Light.AMBER, "check, error not known")
    assert "The structures fit only in part." in check.explanation
    red = chip(refused("the fluorescence picture shows no structure. Place 4 points", SIZE, SIZE))
    assert (red.light, red.text) == (Light.RED, "not aligned: the earlier picture shows no structure")
    assert "white-light" not in red.explanation


def test_what_comes_for_an_older_question_is_thrown_away() -> None:
    old = words.asked(Comparison(), "v", "n", "e")
    now = words.asked(old, "v", "n", "other")
    two = compared(picture("n"), picture("e"))
    assert words.with_pictures(now, old.ticket, two) is now
    assert words.with_registration(now, old.ticket, registered(RegistrationStatus.OK)) is now
    assert words.with_problem(now, old.ticket, "no") is now
    assert words.with_pictures(now, now.ticket, two).doing is Doing.ALIGNING
    assert not words.asked(now, "", "", "").busy
