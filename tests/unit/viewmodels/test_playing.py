"""The player: what can be played, what stands on each picture, how fast it may change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.case import Pair, Patient, Picture, Visit
from pfm_desktop.domain.clip import Clip, ClipKind
from pfm_desktop.domain.findings import Findings
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.services.playing import Frame, Lies, Played, Wanted
from pfm_desktop.viewmodels import playing as words

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
ACID = Stage.ACETIC_ACID
PAIR = Pair("p", "v", "a", None)


def picture(name: str, since: float | None = None, stage: Stage = ACID) -> Picture:
    return Picture(name, "v", "0" * 64, stage, AT, 100, 80, seconds_since_acid=since)


def clip(name: str, since: float | None, kind: ClipKind = ClipKind.WHITENING, *, closed: bool = True) -> Clip:
    return Clip(name, "v", kind, AT, since, "", 64, 48, 9, 60.0, content_sha256="ab" if closed else "")


def case(pictures: tuple[Picture, ...], clips: tuple[Clip, ...] = ()) -> VisitCase:
    woman = Patient("p", "P-1", "Adler", "Anna", None)
    return VisitCase(woman, Visit("v", "p", AT), pictures, (PAIR,), Findings("v"), (), (), (), clips=clips)


def frame(since: float | None, lies: Lies = Lies.ALIGNED, error: float | None = 0.84, **more: Any) -> Frame:
    made = None
    if lies in (Lies.ALIGNED, Lies.CHECK):
        size = (100, 80)
        made = Registration(RegistrationStatus.OK, error, np.eye(3), np.zeros((2, 2, 2), np.float32), size, size)
    return Frame(Wanted("p", since_acid=since, **more), lies, made, "the fluorescence picture shows no structure")


def test_the_plan_is_white_light_with_seconds_and_whitening_clips_after_acid() -> None:
    clips = (
        clip("w", 20.0),
        clip("before", -200.0),
        clip("video", 20.0, ClipKind.VIDEO),
        clip("now", 20.0, closed=False),
    )
    found = words.acetic_plan(
        case((picture("b", 60.0), picture("a", 30.0), picture("?"), picture("l", None, Stage.LUGOL)), clips)
    )
    assert [one.picture_id for one in found.pictures] == ["a", "b"]
    assert found.clip_ids == ("w",)
    assert found.untimed == 1


@pytest.mark.parametrize(
    ("pictures", "why"),
    [
        ((), words.NO_ACETIC),
        ((picture("l", None, Stage.LUGOL),), words.NO_ACETIC),
        ((picture("a"), picture("b")), words.NOT_TIMED),
        ((picture("a", 30.0), picture("b")), words.ONE_ONLY),
        ((picture("a", 30.0), picture("b", 60.0)), ""),
    ],
)
def test_it_is_said_why_there_is_nothing_to_play(pictures: tuple[Picture, ...], why: str) -> None:
    assert words.why_not(case(pictures), PAIR) == why
    assert words.why_not(case(pictures), None) == words.NO_PAIR
    assert words.why_not(None, PAIR) == words.NO_PAIR


def test_a_whitening_clip_alone_can_be_played() -> None:
    assert words.why_not(case((), (clip("w", 5.0),)), PAIR) == ""


def test_a_plan_holds_as_long_as_its_pictures_are_in_the_visit() -> None:
    both = case((picture("a", 30.0), picture("b", 60.0)), (clip("w", 5.0),))
    plan = words.acetic_plan(both)
    assert words.still_there(plan, both)
    assert words.still_there(plan, case((*both.pictures, picture("c", 90.0)), both.clips))
    assert not words.still_there(plan, case(both.pictures[:1], both.clips))
    assert not words.still_there(plan, case(both.pictures))
    assert not words.still_there(plan, None)
    assert not words.still_there(words.Plan("v", clip_id="x"), both)


def test_unlike_pictures_wait_a_third_of_a_second_and_frames_of_a_clip_a_tenth() -> None:
    grey = np.full((90, 120, 3), 120, np.uint8)
    brighter, corner = grey + 60, grey.copy()
    corner[:20, :20] = 255  # a small part of it
    one, same, other = (words.light_of(pixels) for pixels in (grey, corner, brighter))
    assert words.unlike(one, other)
    assert not words.unlike(one, same)
    assert words.unlike(None, one)
    assert words.unlike(one, words.light_of(np.zeros((50, 50, 3), np.uint8)))
    assert words.wait_ms(0, unlike=True) >= 1000 / 3
    assert words.wait_ms(200, unlike=True) == words.UNLIKE_MS - 200
    assert words.wait_ms(150, unlike=False) == 0
    assert max(rate for rate, _text in words.SPEEDS) <= 1000 / words.ALIKE_MS


def test_the_seconds_are_written_large_and_how_it_lies_below() -> None:
    played = Played("v", (frame(30.0, Lies.FIRST), frame(61.4), frame(90.0, Lies.NOT), frame(120.0, Lies.CHECK, None)))
    made = [words.captions(played, index).of[Source.WHITE] for index in range(4)]
    assert [one.big for one in made] == ["30 s", "61 s", "90 s", "120 s"]
    assert [one.title for one in made] == ["after acetic acid"] * 4
    assert made[1].lines == ("Picture 2 of 4", "Aligned with the first, 0.8 px", words.PLAYER)
    assert made[2].lines[1] == "NOT ALIGNED: this one shows no structure"
    assert made[3].lines[1] == "Check: aligned only in part, error not known"
    assert words.captions(played, 0).alone
    assert words.lies_words(frame(30.0, error=0.004)) == "Aligned with the first, under 0.1 px"
    said = words.summary(words.Plan("v", untimed=2), played)
    assert said.startswith(words.PLAYER)
    assert "1 of 4 not aligned: shown as taken." in said
    assert "2 pictures without known seconds left out." in said
    assert said.endswith(words.LIMIT)


def test_seconds_by_the_clock_say_so_and_a_clip_without_acid_its_own_time() -> None:
    assert words.big_words(frame(61.0, reckoned=True)) == "about 61 s"
    recorded = Frame(Wanted(clip_id="c", number=3, at=65.2), Lies.AS_TAKEN)
    assert words.big_words(recorded) == "1:05"
    caption = words.captions(Played("v", (recorded, recorded)), 1).of[Source.WHITE]
    assert (caption.title, caption.lines[:2]) == ("of the clip", ("Clip, picture 2 of 2", "As recorded, not aligned"))
    before = Frame(Wanted(clip_id="c", since_acid=-5.0), Lies.FIRST)
    assert words.captions(Played("v", (before, before)), 0).of[Source.WHITE].title == "before acetic acid"


def test_it_ends_at_the_last_picture() -> None:
    assert [words.next_index(index, 3) for index in range(3)] == [1, 2, None]
