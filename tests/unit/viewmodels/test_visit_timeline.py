"""The pictures and clips of a visit on one line of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.clip import Clip, ClipKind
from pfm_desktop.domain.source import Stage
from pfm_desktop.viewmodels.filmstrip import entries_of, pair_of
from pfm_desktop.viewmodels.visit_timeline import (
    AFTER,
    BEFORE,
    CLIPS,
    DIFFER,
    FILTERED,
    LUGOL,
    UNKNOWN,
    acetic,
    arranged,
    gap_words,
    when_words,
)

START = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
ACID, GLOW = Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID


def picture(name: str, stage: Stage, *, at: float | None = None, since: float | None = None) -> Picture:
    """`at`: seconds since the visit began by the clock; None: added later, its own time not known."""
    taken = START + timedelta(seconds=99_999 if at is None else at)
    return Picture(name, "v", "0" * 64, stage, taken, 100, 80, seconds_since_acid=since, time_known=at is not None)


def clip(name: str, at: float, seconds: float, since: float | None = None, kind: ClipKind = ClipKind.VIDEO) -> Clip:
    moment = START + timedelta(seconds=at)
    return Clip(name, "v", kind, moment, since, "", 64, 48, frames=9, seconds=seconds, content_sha256="ab")


def names(*args, **kwargs) -> list[str]:
    return [one.picture.id if one.picture else one.clip.id for one in arranged(*args, **kwargs)]


def groups(*args, **kwargs) -> list[str]:
    return [one.group for one in arranged(*args, **kwargs)]


def test_a_picture_that_was_added_last_stands_by_its_seconds_between_the_others() -> None:
    taken = [
        picture("30", ACID, at=330, since=30),
        picture("120", ACID, at=420, since=120),
        picture("60", ACID, since=60),
    ]
    assert names(taken) == ["30", "60", "120"]
    assert [one.gap_s for one in arranged(taken)] == [None, 30, 60]


def test_the_clock_and_the_seconds_are_one_line_where_one_picture_carries_both() -> None:
    taken = [
        picture("lugol", Stage.LUGOL, at=600),
        picture("saline", Stage.SALINE, at=100),
        picture("acid", ACID, at=330, since=30),
        picture("typed", ACID, since=90),
        picture("by clock", ACID, at=370),
    ]
    places = arranged(taken)
    assert [one.picture.id for one in places] == ["saline", "acid", "by clock", "typed", "lugol"]
    assert [one.group for one in places] == [BEFORE, AFTER, AFTER, AFTER, LUGOL]
    assert [one.first for one in places] == [True, True, False, False, True]
    assert (places[2].since_acid, places[2].reckoned, places[3].reckoned) == (70, True, False)
    assert when_words(places[2]).endswith("about 70 s after acid")
    assert [one.gap_s for one in places] == [None, 230, 40, 20, 210]


def test_pictures_without_a_known_time_stand_apart_at_the_end_in_the_order_of_the_stages() -> None:
    taken = [picture("l", Stage.LUGOL), picture("a", ACID), picture("s", Stage.SALINE), picture("60", ACID, since=60)]
    places = arranged(taken)
    assert [one.picture.id for one in places] == ["60", "s", "a", "l"]
    assert [one.group for one in places] == [AFTER, UNKNOWN, UNKNOWN, UNKNOWN]
    assert [one.gap_s for one in places[1:]] == [None] * 3
    assert [one.first for one in places] == [True, True, False, False]


def test_without_a_picture_that_joins_them_seconds_stand_between_what_the_clock_knows_before_and_after_acid() -> None:
    taken = [
        picture("lugol", Stage.LUGOL, at=900),
        picture("60", ACID, since=60),
        picture("saline", Stage.SALINE, at=10),
        picture("20", ACID, since=20),
    ]
    assert names(taken) == ["saline", "20", "60", "lugol"]
    assert [one.gap_s for one in arranged(taken)] == [None, None, 40, None]  # across the two nobody knows


def test_the_moment_of_acid_on_record_tells_the_seconds_of_a_picture_that_has_none() -> None:
    place = arranged([picture("a", ACID, at=330)], acid_at=START + timedelta(seconds=300))[0]
    assert (place.since_acid, place.reckoned) == (30, True)


def test_one_wrong_number_of_seconds_does_not_move_the_others() -> None:
    taken = [picture(str(s), ACID, at=300 + s, since=s) for s in (30, 60, 120)]
    odd = picture("odd", ACID, at=310, since=600)
    saline = picture("saline", Stage.SALINE, at=200)
    assert names([*taken, odd, saline]) == ["saline", "30", "60", "120", "odd"]


def test_a_stage_that_the_clock_contradicts_is_said() -> None:
    acid = START + timedelta(seconds=300)
    assert groups([picture("s", Stage.SALINE, at=400)], acid_at=acid) == [DIFFER]
    assert groups([picture("a", ACID, at=200)], acid_at=acid) == [DIFFER]
    assert groups([picture("s", Stage.SALINE, at=302)], acid_at=acid) == [BEFORE]  # within the slack


def test_a_green_filter_belongs_where_its_time_puts_it() -> None:
    acid = START + timedelta(seconds=300)
    assert groups([picture("g", Stage.GREEN, at=200)], acid_at=acid) == [BEFORE]
    assert groups([picture("g", Stage.GREEN, at=400)], acid_at=acid) == [AFTER]
    assert groups([picture("g", Stage.GREEN, at=200)]) == [FILTERED]
    assert groups([picture("s", Stage.SALINE, at=100), picture("g", Stage.GREEN, at=200)]) == [BEFORE, BEFORE]
    after = [picture("l", Stage.LUGOL, at=500), picture("g", Stage.GREEN, at=600)]
    assert groups(after, acid_at=acid) == [LUGOL, LUGOL]


def test_clips_stand_where_they_were_recorded_and_the_gap_counts_from_their_end() -> None:
    taken = [picture("30", ACID, at=330, since=30), picture("200", ACID, at=500, since=200)]
    places = arranged(taken, [clip("c", at=340, seconds=100)])
    assert names(taken, [clip("c", at=340, seconds=100)]) == ["30", "c", "200"]
    assert [one.gap_s for one in places] == [None, 10, 60]
    assert when_words(places[1]).endswith("40 to 140 s after acid")
    assert [one.group for one in places] == [AFTER] * 3


def test_a_clip_without_acid_on_record_says_how_long_it_is() -> None:
    place = arranged([], [clip("c", at=10, seconds=12)])[0]
    assert place.group == CLIPS
    assert when_words(place).endswith("12 s long")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (0.6, ""), (4.9, ""), (5, "5 s"), (60, "60 s"), (120, "2 min"), (5399, "90 min"), (7200, "2 h")],
)
def test_gaps_are_said_in_seconds_minutes_or_hours(seconds: float | None, said: str) -> None:
    assert gap_words(seconds) == said


def test_the_acetic_series_is_white_light_with_known_seconds_and_tells_what_it_leaves_out() -> None:
    taken = [
        picture("120", ACID, since=120),
        picture("f", GLOW, since=61),
        picture("60", ACID, since=60),
        picture("?", ACID),
        picture("saline", Stage.SALINE, at=10),
    ]
    series, left_out = acetic(arranged(taken))
    assert [one.picture.id for one in series if one.picture] == ["60", "120"]
    assert left_out == 1
    assert acetic(arranged([picture("?", ACID)])) == ((), 1)


def test_entries_tell_part_and_gap_and_load_pictures_and_clips_by_their_ids() -> None:
    def load(name: str) -> np.ndarray:
        return np.full((2, 2, 3), ord(name[0]), np.uint8)

    taken = [picture("s", Stage.SALINE, at=100), picture("a", ACID, at=330, since=30)]
    made = entries_of(taken, [clip("k", at=345, seconds=9, kind=ClipKind.WHITENING)], None, load, load)
    assert [one.group for one in made] == [BEFORE, AFTER, AFTER]
    assert [one.begins for one in made] == [True, True, False]
    assert [one.gap for one in made] == ["", "4 min", "15 s"]
    assert [int(one.load()[0, 0, 0]) for one in made] == [ord("s"), ord("a"), ord("k")]
    assert made[2].clip_id == "k"
    assert made[2].caption == "▶ Whitening clip"
    assert made[2].place == "After acetic acid, 15 s after what stands before it"
    assert pair_of([made[1], made[2]]) is None
    assert pair_of([made[2]]) is None


def test_a_visit_of_three_hundred_pictures_is_arranged() -> None:
    taken = [picture(str(n), ACID, since=float(n)) for n in range(300, 0, -1)]
    assert names(taken) == [str(n) for n in range(1, 301)]
