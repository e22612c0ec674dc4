"""What the Capture page says of what was taken, of the camera, of clips and of whitening."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pfm_desktop.capture.source import Format
from pfm_desktop.capture.status import StreamState, StreamStatus
from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.clip import Clip, ClipKind
from pfm_desktop.domain.examination import Whitening
from pfm_desktop.domain.source import Stage
from pfm_desktop.services.capture.keeping import LivePicture, Lot, LotNews, LotState
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels import clips, taken, whitening
from pfm_desktop.viewmodels.taken import card_of

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
VERDICT: Any = SimpleNamespace(keep=True, words="Keep, with care: glare", reasons=("Glare. Tilt it.", "Soft."))


def lot(*stages: Stage, seconds: float | None = None) -> Lot:
    pixels = np.zeros((2, 2, 3), np.uint8)
    return Lot(1, "visit", tuple(LivePicture(pixels, stage, 1.0, NOON, seconds) for stage in stages))


ONE, PAIR = lot(Stage.SALINE), lot(Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID, seconds=60.2)


def news(of: Lot, state: LotState, problem: str = "") -> LotNews:
    return LotNews(of, state, problem=problem)


# what was taken


def test_one_picture_is_said_by_its_light_and_when_it_was_taken() -> None:
    assert card_of(ONE, None, None).headline.startswith("White light, ")
    assert taken.caption_of(PAIR) == ("White light, 60 s after acid", "Fluorescence, 60 s after acid")
    lugol = replace(PAIR, pictures=(replace(PAIR.pictures[0], stage=Stage.LUGOL, seconds=312.0),))
    assert taken.caption_of(lugol) == ("White light, Lugol's iodine, 312 s after acid",)


def test_each_state_of_it_has_its_words_and_only_what_is_kept_can_be_retaken() -> None:
    cards = {state: card_of(ONE, news(ONE, state, "the disk is full"), None) for state in LotState}
    assert cards[LotState.KEEPING].kept == taken.KEEPING
    assert cards[LotState.KEPT].kept == taken.KEPT
    assert cards[LotState.DROPPED].kept == taken.DROPPED
    assert cards[LotState.WAITING].problem == f"{taken.UNKEPT}\nthe disk is full"
    assert [state for state, card in cards.items() if card.can_retake] == [LotState.KEPT]
    assert [state for state, card in cards.items() if card.problem] == [LotState.WAITING]


def test_a_pair_waits_for_its_verdict_before_it_can_be_retaken() -> None:
    kept = news(PAIR, LotState.KEPT)
    waits, judged, failed = (
        card_of(PAIR, kept, None),
        card_of(PAIR, kept, VERDICT),
        card_of(PAIR, kept, None, "no finder"),
    )
    assert (waits.headline, waits.can_retake) == (taken.LOOKING, False)
    assert (judged.headline, judged.reasons, judged.alarm) == (f"✓  {VERDICT.words}", "Glare. Tilt it.\nSoft.", "")
    assert judged.can_retake
    again = card_of(PAIR, kept, SimpleNamespace(keep=False, words="Retake: too small", reasons=("Move nearer.",)))  # type: ignore[arg-type]
    assert (again.headline, again.reasons, again.alarm) == ("!  Retake: too small", "", "Move nearer.")
    assert (failed.headline, failed.reasons, failed.can_retake) == ("Look at it yourself", "No finder", True)


def test_what_was_taken_off_the_record_says_so_and_cannot_be_retaken() -> None:
    card = card_of(ONE, news(ONE, LotState.KEPT), None, on_record=False)
    assert (card.kept, card.can_retake) == (taken.OFF_RECORD, False)


# the camera


def test_why_nothing_can_be_taken_is_said_the_weightiest_first() -> None:
    facts: dict[str, Any] = {"signed": True, "no_editing": "it is read only", "camera": False, "pair": False}
    assert say.why_not(**facts) == say.SIGNED
    assert say.why_not(**{**facts, "signed": False}) == "Nothing can be taken: it is read only."
    assert say.why_not(**{**facts, "signed": False, "no_editing": ""}) == say.NO_CAMERA
    assert say.why_not(signed=False, no_editing="", camera=True, pair=False) == say.NO_FLUORESCENCE
    assert say.why_not(signed=False, no_editing="", camera=True, pair=True) == ""


def test_a_camera_is_said_while_it_gives_nothing_and_not_while_it_does() -> None:
    live, stalled = StreamStatus(StreamState.LIVE, "It gives."), StreamStatus(StreamState.STALLED, "It stalls.")

    def words(**facts: Any) -> str:
        return say.camera_words(**{"opening": False, "problem": "", "status": None, "open_": True, **facts})

    assert words(problem="no lamp", opening=True) == "No lamp"
    assert words(opening=True, status=stalled) == say.OPENING
    assert words() == say.OPENING
    assert words(open_=False) == ""
    assert words(status=stalled) == "It stalls."
    assert words(status=live) == ""


def test_device_and_clip_in_words() -> None:
    status = StreamStatus(StreamState.LIVE, "", Format(1920, 1080), rate=29.6)
    assert say.device_words("UVC 1", status) == "30/s  1920 x 1080  UVC 1"
    assert say.device_words("UVC 1", None) == "UVC 1"
    assert say.device_words("", status) == ""
    assert say.recording_words(65.4, dropped=2) == "● REC 1:05, 2 frames missing"
    assert say.cut_short_words(0) == ""
    assert say.cut_short_words(1).startswith("A clip was")
    assert say.cut_short_words(3).startswith("3 clips were")
    assert "2 pictures that were taken are not" in say.unkept_words(2, "disk full")
    assert "A picture that was taken is not" in say.unkept_words(1, "disk full")


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ({"frames": 0, "problem": "Disk full."}, "No clip was recorded. Disk full."),
        ({"frames": 30}, "Clip of 3 s is in the library."),
        ({"frames": 28, "dropped": 2},
         "Clip of 3 s is in the library. 2 of 30 frames are missing: the disk was too slow."),
        ({"frames": 30, "problem": "Unplugged."}, "Clip of 3 s is in the library. It ended early: Unplugged."),
    ],
)  # fmt: skip
def test_what_became_of_a_clip_is_said(recorded: dict[str, Any], said: str) -> None:
    one: Any = SimpleNamespace(**{"seconds": 3.0, "dropped": 0, "problem": "", **recorded})
    assert say.recorded_words(one) == said


def test_badges_stand_only_where_they_hold() -> None:
    facts: dict[str, Any] = {"frozen": False, "green": False, "zoom": 1.0, "simulated": False, "ghost": False}
    assert say.badges(**facts) == ()
    assert say.badges(**{**facts, "frozen": True, "zoom": 2.0}) == ("FROZEN", "Zoom 2.0 x")
    assert say.badges(**facts, recording="● REC 0:01")[0] == "● REC 0:01"


# clips and whitening


def clip(**more: Any) -> Clip:
    fields = {"frames": 60, "seconds": 30.0, "complete": True, "content_sha256": "f" * 64, **more}
    since = fields.pop("since", None)
    kind = fields.pop("kind", ClipKind.VIDEO)
    return Clip("c", "v", kind, NOON, since, "UVC 1", 64, 36, **fields)


def test_a_clip_is_listed_by_kind_when_and_how_long() -> None:
    assert clips.row_of(clip(since=65.0)).text == "Clip, 1:05 after acid, 30 s, 60 frames"
    assert clips.row_of(clip(kind=ClipKind.WHITENING, since=0.0)).text.startswith("Whitening, 0:00 after acid")
    assert clips.row_of(clip(complete=False, since=1.0)).text.endswith(", cut short")
    assert clips.row_of(clip(content_sha256="", since=1.0)).text.endswith("being recorded")


def test_where_in_a_clip_one_is_and_which_stage_its_frame_has() -> None:
    assert clips.place_text(1.25, 30.0, None) == "1.2 of 30.0 s"
    assert clips.place_text(1.0, 30.0, 66.0) == "1.0 of 30.0 s, 1:06 after acid"
    assert clips.stage_at(NOON, None, ()) is Stage.SALINE
    assert clips.stage_at(NOON, 0.0, ()) is Stage.ACETIC_ACID
    for minutes, stage in ((-1, Stage.LUGOL), (1, Stage.ACETIC_ACID)):
        stained = Picture("p", "v", "a", Stage.LUGOL, NOON + timedelta(minutes=minutes), 8, 8, time_known=True)
        assert clips.stage_at(NOON, 300.0, (stained,)) is stage


def test_whitening_is_said_with_onset_peak_and_what_it_is_against() -> None:
    none = Whitening((), (1.0, 2.0), (0.0, 0.0))
    assert whitening.summary(none) == "No whitening so far (2 frames)."
    assert whitening.marks(none) == ()
    full = Whitening((), (1.0, 2.0), (0.0, 11.2), (0.0, 11.0), 9.0, 11.2, 58.0, 130.0, {"clipped": 0.2})
    said = whitening.summary(full)
    assert all(word in said for word in ("0:09", "11.2", "0:58", "2:10", "against normal tissue"))
    assert whitening.marks(full) == ((9.0, 0.0), (58.0, 11.2))
    assert whitening.caution(full) == whitening.CLIPPED
    assert whitening.followed_words(3, 0) == "3 frames"
    assert "2 left out" in whitening.followed_words(3, 2)
