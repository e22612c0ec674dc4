"""Lines of clips and their segments in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.clip import ClipKind, Segment
from pfm_desktop.storage import clips
from pfm_desktop.support.errors import StorageError

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Shelf

CLIP = "d" * 32
FIELDS = {
    "visit_id": "e" * 32,
    "kind": "video",
    "started_at": "2026-03-14T08:31:00+00:00",
    "seconds_since_acid": None,
    "camera": "Simulated",
    "width": 64,
    "height": 48,
    "frames": 0,
    "seconds": 0.0,
    "complete": False,
    "content_sha256": "",
}
FIRST, SECOND = Segment(0, "1" * 64, 30, 0.0, 0.97), Segment(1, "2" * 64, 12, 1.0, 1.4)


@pytest.fixture
def begun(shelf: Shelf) -> Shelf:
    shelf.lib.apply(Change("clip", CLIP, None, FIELDS, "Clip begun"))
    return shelf


def test_segments_come_back_in_their_order(begun: Shelf) -> None:
    with begun.lib.write() as session:
        clips.add_segment(session, CLIP, SECOND)
        clips.add_segment(session, CLIP, FIRST)
    with begun.lib.read() as session:
        assert clips.segments_of(session, CLIP) == (FIRST, SECOND)
        assert clips.segments_of(session, "0" * 32) == ()


def test_the_same_segment_twice_is_one_and_another_does_not_take_its_place(begun: Shelf) -> None:
    for _ in range(2):
        with begun.lib.write() as session:
            clips.add_segment(session, CLIP, FIRST)
    with pytest.raises(StorageError, match="has that number"), begun.lib.write() as session:
        clips.add_segment(session, CLIP, Segment(0, "9" * 64, 30, 0.0, 0.97))
    with begun.lib.read() as session:
        assert clips.segments_of(session, CLIP) == (FIRST,)


def test_a_clip_that_is_closed_or_gone_takes_no_segment(begun: Shelf) -> None:
    begun.lib.apply(Change("clip", CLIP, {"content_sha256": ""}, {"content_sha256": "3" * 64}, "Clip recorded"))
    for clip_id in (CLIP, "0" * 32):
        with pytest.raises(clips.ClipClosedError), begun.lib.write() as session:
            clips.add_segment(session, clip_id, FIRST)


def test_what_is_not_closed_is_found(begun: Shelf) -> None:
    with begun.lib.read() as session:
        (clip,) = clips.unclosed(session)
        assert (clip.id, clip.kind, clip.closed) == (CLIP, ClipKind.VIDEO, False)
        assert clips.clips_of(session, begun.visit) == (clip,)
        assert clips.clip(session, CLIP) == clip
        assert clips.clip(session, "0" * 32) is None
    begun.lib.apply(Change("clip", CLIP, {"content_sha256": ""}, {"content_sha256": "3" * 64}, "Clip recorded"))
    with begun.lib.read() as session:
        assert clips.unclosed(session) == ()


def test_the_order_of_the_segments_is_part_of_what_the_hash_stands_for() -> None:
    assert clips.content_sha256((FIRST, SECOND)) != clips.content_sha256((SECOND, FIRST))
    assert clips.content_sha256((FIRST,)) != clips.content_sha256((FIRST, SECOND))
    assert len(clips.content_sha256(())) == 64


@pytest.mark.parametrize("spoiled", ["frames = -4", "frames = 2000000000", "first_s = 9e999", "last_s = -9e999"])
def test_a_line_whose_numbers_cannot_be_is_a_segment_without_frames(begun: Shelf, spoiled: str) -> None:
    with begun.lib.write() as session:
        clips.add_segment(session, CLIP, FIRST)
        session.flush()
        session.execute(text(f"UPDATE clip_segments SET {spoiled}"))
    with begun.lib.read() as session:
        assert [one.frames for one in clips.segments_of(session, CLIP)] == [0]


def test_a_kind_that_nobody_knows_is_a_video(begun: Shelf) -> None:
    with begun.lib.write() as session:
        session.execute(text("UPDATE clips SET kind = 'else'"))
    with begun.lib.read() as session:
        assert clips.clips_of(session, begun.visit)[0].kind is ClipKind.VIDEO
