"""A clip from its beginning to the pictures that are pulled out of it."""

from __future__ import annotations

import errno
import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy import text

from pfm_desktop.capture import clip_segment, recorder
from pfm_desktop.capture.recorder import Recorded, Recorder
from pfm_desktop.capture.source import Frame
from pfm_desktop.domain.clip import ClipKind, Moment
from pfm_desktop.domain.examination import DEFAULT_PLAN
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Stage
from pfm_desktop.services import accounts, cases, review
from pfm_desktop.services.capture import clips, records
from pfm_desktop.services.capture.clip_reader import ClipReader
from pfm_desktop.services.capture.clips import ClipWriter, begin_clip
from pfm_desktop.storage import clips as stored
from pfm_desktop.storage import journal
from pfm_desktop.storage.clips import ClipClosedError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import BadInputError, StorageError, UserError

WIDTH, HEIGHT, RATE = 48, 32, 10
SIZE = (WIDTH, HEIGHT)


def shot(number: int, *, began: float, size: tuple[int, int] = SIZE) -> Frame:
    """A frame whose shade tells its number."""
    return Frame(np.full((size[1], size[0], 3), 20 + 5 * number, np.uint8), began + number / RATE, number)


def number_of(pixels: np.ndarray) -> int:
    return round((float(pixels.mean()) - 20) / 5)


def record(writer: ClipWriter, frames: int, *, first: int = 0) -> Recorded:
    """As many frames, ten a second."""
    recording = Recorder(writer.put, began=writer.began)
    for number in range(first, first + frames):
        recording.take(shot(number, began=writer.began))
    return recording.stop()


@pytest.fixture(params=["plain", "encrypted"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """A library of either kind, open for a clinician."""
    if request.param == "plain":
        opened = Library.create(tmp_path / "home")
    else:
        opened = accounts.make_library(tmp_path / "home", "Dr. Li", "four words that differ")[0]
        clinician = accounts.add(opened, "Dr. Ono", [Role.CLINICIAN], "five other words to type")
        opened.close()
        opened = accounts.sign_in(tmp_path / "home", clinician.name, "five other words to type")
    with opened:
        yield opened


def visit_in(lib: Library) -> str:
    return cases.add_visit(lib, cases.add_patient(lib, identifier="K-17", family_name="Li").id).id


def sign(lib: Library, visit: str) -> None:
    review.set_impression(lib, visit, Grade.NORMAL)
    review.sign(lib, visit, "Dr. Li", "Reviewed")


def file_of(lib: Library, clip_id: str, place: int) -> Path:
    path = lib.pictures.find(ClipReader(lib, clip_id).segments[place].sha256)
    assert path is not None
    return path


def test_a_clip_is_on_record_from_its_beginning_and_whole_at_its_end(home: Library) -> None:
    visit = visit_in(home)
    writer = begin_clip(home, visit, ClipKind.VIDEO, size=SIZE, camera="UVC 1", seconds_since_acid=12.0)
    (begun,) = clips.clips_of(home, visit)
    assert (begun.closed, begun.complete, begun.frames) == (False, False, 0)
    clip = writer.finish(record(writer, 25))
    assert clip is not None
    assert clips.clips_of(home, visit) == (clip,)
    assert (clip.frames, clip.complete, clip.closed) == (25, True, True)
    assert clip.seconds == pytest.approx(2.4)
    assert (clip.width, clip.height, clip.camera, clip.seconds_since_acid) == (WIDTH, HEIGHT, "UVC 1", 12.0)
    assert clips.frames_of(home, clip.id) == tuple(
        Moment(number, pytest.approx(number / RATE, abs=1e-6)) for number in range(25)
    )
    assert [number_of(clips.frame_pixels(home, clip.id, number)) for number in (0, 9, 10, 24)] == [0, 9, 10, 24]
    assert clips.verify(home, clip.id) == ()


def test_the_hash_on_record_stands_for_all_segments_in_their_order(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    clip = writer.finish(record(writer, 25))
    assert clip is not None
    hashes = [one.sha256 for one in ClipReader(lib, clip.id).segments]
    assert len(hashes) == 3
    assert clip.content_sha256 == hashlib.sha256("".join(hashes).encode()).hexdigest()
    with lib.read() as session:
        lines = [line for line in journal.entries(session) if line.what == "clip"]
    assert [line.text for line in lines] == ["Clip begun (video)", "Clip recorded: 25 frames, 2.4 s"]
    assert (lines[1].new or {})["content_sha256"] == clip.content_sha256


def test_nothing_of_a_clip_is_readable_on_the_disk_of_an_encrypted_library(home: Library) -> None:
    writer = begin_clip(home, visit_in(home), ClipKind.VIDEO, size=SIZE)
    clip = writer.finish(record(writer, 15))
    assert clip is not None
    found = [path.read_bytes() for path in (home.path / "pictures").rglob("*") if path.is_file()]
    assert len(found) == 2
    shown = [clip_segment.MAGIC in data or b"\xff\xd8\xff" in data for data in found]
    assert all(shown) is (home.keys is None)
    assert any(shown) is (home.keys is None)


def test_while_it_is_recorded_what_was_kept_can_be_looked_at(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    record(writer, 12)
    assert ClipReader(lib, writer.clip.id).frames == 12
    assert number_of(clips.frame_pixels(lib, writer.clip.id, 11)) == 11
    with pytest.raises(StorageError, match="being recorded"):
        clips.remove(lib, writer.clip.id)


def test_a_clip_without_a_frame_leaves_none_behind(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    assert writer.finish(record(writer, 0)) is None
    assert clips.clips_of(lib, visit) == ()
    assert writer.finish(Recorded()) is None


def test_a_clip_of_one_frame_is_a_clip(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.WHITENING, size=SIZE)
    clip = writer.finish(record(writer, 1))
    assert clip is not None
    assert (clip.kind, clip.frames, clip.seconds, clip.complete) == (ClipKind.WHITENING, 1, 0.0, True)


def test_finishing_twice_says_the_same_and_nothing_is_added_after(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    recorded = record(writer, 3)
    clip = writer.finish(recorded)
    assert writer.finish(recorded) == clip
    late = clip_segment.SegmentBytes(9, b"late", 1, 5.0, 5.0)
    with pytest.raises(ClipClosedError):
        writer.put(late)
    assert clips.verify(lib, writer.clip.id) == ()


def test_it_begins_when_its_first_frame_was_exposed(lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    before = datetime.now(UTC)
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE, began=998.5)
    assert writer.began == 998.5
    assert timedelta(0) <= writer.clip.started_at - (before - timedelta(seconds=1.5)) < timedelta(seconds=60)


def test_a_visit_that_is_signed_or_gone_takes_no_clip(lib: Library, visit: str) -> None:
    with pytest.raises(StorageError, match="not in the library"):
        begin_clip(lib, "0" * 32, ClipKind.VIDEO, size=SIZE)
    sign(lib, visit)
    with pytest.raises(SignedError):
        begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)


# what goes wrong


def test_what_a_crash_cut_short_is_closed_once_with_what_is_there(lib: Library, visit: str) -> None:
    writer, empty = (begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE) for _ in range(2))
    record(writer, 15)
    lib.close()
    with Library.open(lib.path) as again:
        (clip,) = clips.recover(again)
        assert (clip.id, clip.frames, clip.complete, clip.closed) == (writer.clip.id, 15, False, True)
        assert clip.seconds == pytest.approx(1.4)
        assert clips.clips_of(again, visit) == (clip,)
        assert empty.clip.id not in {one.id for one in clips.clips_of(again, visit)}
        assert clips.recover(again) == ()
        assert clips.verify(again, clip.id) == ()
        with again.read() as session:
            said = [line.text for line in journal.entries(session) if line.key == clip.id]
        assert said[-1] == "Clip cut short: 15 frames, 1.4 s are kept (the program ended while it was recorded)"


def test_a_library_that_is_read_only_is_left_to_who_may_write(lib: Library, visit: str) -> None:
    begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    with Library.open(lib.path) as along:
        assert along.read_only
        assert clips.recover(along) == ()


def test_a_clip_of_a_visit_that_was_signed_meanwhile_stays_readable(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    recorded = record(writer, 5)
    sign(lib, visit)
    with pytest.raises(SignedError):
        writer.finish(recorded)
    assert clips.recover(lib) == ()
    assert len(clips.frames_of(lib, writer.clip.id)) == 5


def test_a_disk_that_fills_up_costs_only_what_was_not_kept_yet(
    home: Library, monkeypatch: pytest.MonkeyPatch, comes_true: Callable[[Callable[[], bool], float], bool]
) -> None:
    monkeypatch.setattr(recorder, "PAUSES_S", (0.001,))
    writer = begin_clip(home, visit_in(home), ClipKind.VIDEO, size=SIZE)
    full, heard = threading.Event(), threading.Event()
    from pfm_desktop.support import files

    fsync = files.os.fsync

    def refusing(descriptor: int) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(files.os, "fsync", refusing)
    recording = Recorder(writer.put, began=writer.began, patience_s=0.1, on_problem=lambda _: heard.set())
    for number in range(11):
        recording.take(shot(number, began=writer.began))
    assert comes_true(lambda: recording.so_far.segments == 1, 10)
    full.set()
    for number in range(11, 30):
        recording.take(shot(number, began=writer.began))
    assert heard.wait(10)
    full.clear()
    recorded = recording.stop()
    assert "No space left" in recorded.problem
    clip = writer.finish(recorded)
    assert clip is not None
    assert (clip.frames, clip.complete) == (10, False)
    assert clips.verify(home, clip.id) == ()
    assert not list((home.path / "pictures").rglob("*.part"))


def test_a_library_that_another_program_writes_to_for_a_while_loses_no_frame(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch, comes_true: Callable[[Callable[[], bool], float], bool]
) -> None:
    import sqlite3

    monkeypatch.setattr(recorder, "PAUSES_S", (0.001,))
    monkeypatch.setattr("pfm_desktop.storage.engine.BUSY_SECONDS", 0.01)
    lib.close()
    with Library.open(lib.path) as lib:  # noqa: PLR1704 - with less patience
        writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
        other = sqlite3.connect(lib.path / "library.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        recording = Recorder(writer.put, began=writer.began)
        for number in range(25):
            recording.take(shot(number, began=writer.began))
        assert comes_true(lambda: "another program" in recording.trouble, 10)
        other.execute("ROLLBACK")
        other.close()
        recorded = recording.stop()
        clip = writer.finish(recorded)
        assert (recorded.frames, recorded.dropped, recorded.problem) == (25, 0, "")
        assert clip is not None
        assert clip.complete


def test_a_missing_or_altered_part_is_said_and_the_rest_stays_readable(home: Library) -> None:
    writer = begin_clip(home, visit_in(home), ClipKind.VIDEO, size=SIZE)
    clip = writer.finish(record(writer, 40))
    assert clip is not None
    file_of(home, clip.id, 1).unlink()
    spoiled = file_of(home, clip.id, 2)
    spoiled.write_bytes(spoiled.read_bytes()[:-1])
    found = clips.frames_of(home, clip.id)
    assert [one.number for one in found] == [*range(10), *range(30, 40)]
    assert number_of(clips.frame_pixels(home, clip.id, 33)) == 33
    for number, said in ((12, "missing"), (22, "altered")):
        with pytest.raises(StorageError, match=said):
            clips.frame_pixels(home, clip.id, number)
    first, second = clips.verify(home, clip.id)
    assert "missing" in first
    assert "altered" in second


def test_parts_that_were_exchanged_in_the_database_are_found(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    clip = writer.finish(record(writer, 20))
    assert clip is not None
    one, other = ClipReader(lib, clip.id).segments
    with lib.write() as session:
        for number, sha256 in ((0, other.sha256), (1, one.sha256)):
            statement = text("UPDATE clip_segments SET sha256 = :sha256 WHERE number = :number")
            session.execute(statement, {"sha256": sha256, "number": number})
    assert clips.verify(lib, clip.id) == (
        "the parts of this clip are not those that were on record when it was closed",
    )


@pytest.mark.parametrize("data", [b"", b"PFMCLIP1", b"\x89PNG\r\n\x1a\n" + b"x" * 64])
def test_bytes_that_are_no_part_of_a_clip_are_said(lib: Library, visit: str, data: bytes) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    writer.put(clip_segment.SegmentBytes(0, data, 3, 0.0, 0.2))
    assert clips.frames_of(lib, writer.clip.id) == ()
    with pytest.raises(UserError, match="cannot be read"):
        clips.frame_pixels(lib, writer.clip.id, 2)


def test_a_part_with_other_frames_than_are_on_record_shifts_no_number(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    clip = writer.finish(record(writer, 20))
    assert clip is not None
    with lib.write() as session:
        session.execute(text("UPDATE clip_segments SET frames = 3 WHERE number = 0"))
    assert [one.number for one in clips.frames_of(lib, clip.id)] == list(range(3, 13))


def test_a_frame_that_is_not_there_is_said(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    with pytest.raises(BadInputError, match="no frame 0"):
        ClipReader(lib, writer.clip.id).nearest(0.0)
    clip = writer.finish(record(writer, 5))
    assert clip is not None
    for number in (-1, 5, 10**9):
        with pytest.raises(BadInputError, match="no frame"):
            clips.frame_pixels(lib, clip.id, number)
    with pytest.raises(StorageError, match="not in the library"):
        clips.frame_pixels(lib, "0" * 32, 0)


@pytest.mark.parametrize(
    ("seconds", "number"), [(-5, 0), (0, 0), (0.96, 9), (0.52, 5), (1.0, 10), (1.88, 19), (99, 24)]
)
def test_the_frame_of_a_moment_is_found(lib: Library, visit: str, seconds: float, number: int) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    clip = writer.finish(record(writer, 25))
    assert clip is not None
    assert ClipReader(lib, clip.id).nearest(seconds) == number


# pulling out


def test_a_frame_becomes_a_picture_of_the_moment_it_was_taken(home: Library) -> None:
    visit = visit_in(home)
    writer = begin_clip(home, visit, ClipKind.VIDEO, size=SIZE, camera="UVC 1", seconds_since_acid=58.0)
    clip = writer.finish(record(writer, 25))
    assert clip is not None
    kept = clips.pull_out(home, clip.id, 20, Stage.ACETIC_ACID, mm_per_px=0.04)
    (picture,) = cases.visit_case(home, visit).pictures
    assert kept.pictures == (picture,)
    assert (picture.stage, picture.time_known, picture.mm_per_px) == (Stage.ACETIC_ACID, True, 0.04)
    assert picture.seconds_since_acid == pytest.approx(60.0)
    assert abs((picture.taken_at - clip.started_at).total_seconds() - 2.0) < 1e-3
    assert np.array_equal(cases.load_picture(home, picture.id), clips.frame_pixels(home, clip.id, 20))
    how = records.acquisitions(home, visit)[picture.id]
    assert (how.clip_id, how.frame, how.camera) == (clip.id, 20, "UVC 1")
    assert clips.pull_out(home, clip.id, 20, Stage.ACETIC_ACID).pictures == kept.pictures
    review.undo_all(home, kept.changes)
    assert cases.visit_case(home, visit).pictures == ()


def test_acid_that_was_applied_while_it_ran_counts_from_then_on(lib: Library, visit: str) -> None:
    records.begin(lib, visit, DEFAULT_PLAN)
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    clip = writer.finish(record(writer, 25))
    assert clip is not None
    assert clips.pull_out(lib, clip.id, 5, Stage.SALINE).pictures[0].seconds_since_acid is None
    records.start_acid(lib, visit, clip.started_at + timedelta(seconds=1))
    assert clips.pull_out(lib, clip.id, 5, Stage.ACETIC_ACID).pictures[0].seconds_since_acid is None
    after = clips.pull_out(lib, clip.id, 20, Stage.ACETIC_ACID).pictures[0]
    assert after.seconds_since_acid == pytest.approx(1.0)


def test_a_frame_of_another_size_is_pulled_out_as_it_is(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    recording = Recorder(writer.put, began=writer.began)
    recording.take(shot(0, began=writer.began))
    recording.take(shot(1, began=writer.began, size=(96, 64)))
    clip = writer.finish(recording.stop())
    assert clip is not None
    assert (clip.width, clip.height, clip.frames) == (WIDTH, HEIGHT, 2)
    picture = clips.pull_out(lib, clip.id, 1, Stage.SALINE).pictures[0]
    assert (picture.width, picture.height) == (96, 64)


def test_removing_a_clip_is_undone_with_all_its_frames(lib: Library, visit: str) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    clip = writer.finish(record(writer, 15))
    assert clip is not None
    removed = clips.remove(lib, clip.id)
    assert clips.clips_of(lib, visit) == ()
    review.undo_all(lib, [removed])
    assert clips.clips_of(lib, visit) == (clip,)
    assert len(clips.frames_of(lib, clip.id)) == 15


def test_what_was_kept_after_the_clip_was_closed_for_a_crash_is_refused_and_said(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "PAUSES_S", (0.001,))
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    record(writer, 5)
    clips.recover(lib)
    with caplog.at_level(logging.WARNING):
        recording = Recorder(writer.put, began=writer.began, patience_s=0.0)
        recording.take(shot(0, began=writer.began))
        said = recording.stop()
    assert "closed" in said.problem
    with lib.read() as session:
        assert sum(one.frames for one in stored.segments_of(session, writer.clip.id)) == 5
    assert isinstance(writer.finish(said), clips.Clip)
