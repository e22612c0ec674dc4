"""A clip goes out as a video: whole, on record, with the clock where it is wanted and never a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pfm_desktop.capture import video_file
from pfm_desktop.capture.clip_segment import SegmentBytes
from pfm_desktop.capture.recorder import Recorder
from pfm_desktop.capture.source import Frame
from pfm_desktop.domain.clip import Clip, ClipKind
from pfm_desktop.domain.people import Role
from pfm_desktop.jobs import Cancelled, SilentContext
from pfm_desktop.jobs.context import CallbackContext
from pfm_desktop.services import accounts, cases
from pfm_desktop.services.capture import clips
from pfm_desktop.services.capture.clip_export import export_clip
from pfm_desktop.services.capture.clip_reader import ClipReader
from pfm_desktop.services.capture.clips import begin_clip
from pfm_desktop.storage import journal
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError

SIZE = (96, 64)
SILENT = SilentContext()


def recorded(lib: Library, visit: str, frames: int = 25, *, rate: float = 10.0, acid: float | None = None) -> Clip:
    """Frames whose shade tells their number."""
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE, seconds_since_acid=acid)
    recording = Recorder(writer.put, began=writer.began)
    for number in range(frames):
        pixels = np.full((SIZE[1], SIZE[0], 3), 20 + 5 * number, np.uint8)
        recording.take(Frame(pixels, writer.began + number / rate, number))
    clip = writer.finish(recording.stop())
    assert clip is not None
    return clip


def read(path: Path) -> list[np.ndarray]:
    video, frames = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), []
    while (answer := video.read())[0]:
        frames.append(answer[1][:, :, ::-1])
    video.release()
    return frames


def number_of(pixels: np.ndarray) -> int:
    """Away from the clock's corner."""
    return round((float(pixels[: SIZE[1] // 3].mean()) - 20) / 5)


def lines(lib: Library) -> list[journal.JournalEntry]:
    with lib.read() as session:
        return [line for line in journal.entries(session) if line.what == "export"]


@pytest.mark.parametrize(("coding", "name"), [("mjpg", "a.avi"), ("ffv1", "a.mkv")])
def test_a_clip_goes_out_whole_and_on_record(lib: Library, visit: str, tmp_path: Path, coding: str, name: str) -> None:
    clip = recorded(lib, visit)
    made = export_clip(SILENT, lib, clip.id, tmp_path / name, coding=coding, clock=False)
    assert (made.path, made.rate, made.left_out, made.problems) == (tmp_path / name, 10, 0, ())
    assert made.seconds == pytest.approx(2.5)
    assert [number_of(one) for one in read(tmp_path / name)] == list(range(25))
    assert [line.text for line in lines(lib)] == ["Export begun: a clip as a video", "Exported a clip as a video"]
    assert (lines(lib)[1].new or {})["clip_id"] == clip.id
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "library"]
    assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_ffv1_has_the_very_pixels_that_were_kept(lib: Library, visit: str, tmp_path: Path) -> None:
    clip = recorded(lib, visit, 5)
    export_clip(SILENT, lib, clip.id, tmp_path / "a.mkv", coding="ffv1", clock=False)
    for number, pixels in enumerate(read(tmp_path / "a.mkv")):
        assert np.array_equal(pixels, clips.frame_pixels(lib, clip.id, number))


def test_the_clock_stands_in_the_file_and_not_in_the_clip(
    lib: Library, visit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    drawn = video_file.with_clock
    monkeypatch.setattr(video_file, "with_clock", lambda pixels, words: (said.append(words), drawn(pixels, words))[1])
    clip = recorded(lib, visit, 3, acid=58.0)
    export_clip(SILENT, lib, clip.id, tmp_path / "a.mkv", coding="ffv1", clock=True)
    assert said == ["acid +0:58.0", "acid +0:58.1", "acid +0:58.2"]
    shown, kept = read(tmp_path / "a.mkv")[0], clips.frame_pixels(lib, clip.id, 0)
    assert not np.array_equal(shown[-20:], kept[-20:])
    assert np.array_equal(shown[:20], kept[:20])


def test_without_acid_the_clock_counts_from_the_beginning(
    lib: Library, visit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(video_file, "with_clock", lambda pixels, words: (said.append(words), pixels)[1])
    clip = recorded(lib, visit, 2)
    export_clip(SILENT, lib, clip.id, tmp_path / "a.mkv", coding="ffv1", clock=True)
    assert said == ["0:00.0", "0:00.1"]


def test_a_whitening_clip_keeps_its_time(lib: Library, visit: str, tmp_path: Path) -> None:
    clip = recorded(lib, visit, 12, rate=1.5)
    made = export_clip(SILENT, lib, clip.id, tmp_path / "a.avi", coding="mjpg", clock=False)
    shown = [number_of(one) for one in read(tmp_path / "a.avi")]
    assert made.rate == 2
    for number in range(12):
        assert abs(shown.index(number) / made.rate - number / 1.5) <= 0.5 / made.rate + 1e-6


def test_a_part_that_is_lost_is_said_and_the_picture_stands_still_there(
    lib: Library, visit: str, tmp_path: Path
) -> None:
    clip = recorded(lib, visit, 30)
    path = lib.pictures.find(ClipReader(lib, clip.id).segments[1].sha256)
    assert path is not None
    path.unlink()
    made = export_clip(SILENT, lib, clip.id, tmp_path / "a.avi", coding="mjpg", clock=False)
    assert len(made.problems) == 1
    assert "missing" in made.problems[0]
    assert [number_of(one) for one in read(tmp_path / "a.avi")] == [*range(10), *[9] * 10, *range(20, 30)]


def test_a_clip_of_which_nothing_can_be_read_leaves_no_file(lib: Library, visit: str, tmp_path: Path) -> None:
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=SIZE)
    with pytest.raises(BadInputError, match="no frame"):
        export_clip(SILENT, lib, writer.clip.id, tmp_path / "a.avi", coding="mjpg", clock=False)
    writer.put(SegmentBytes(0, b"hostile", 3, 0.0, 0.2))
    with pytest.raises(BadInputError, match="can be read"):
        export_clip(SILENT, lib, writer.clip.id, tmp_path / "a.avi", coding="mjpg", clock=False)
    assert [path.name for path in tmp_path.iterdir()] == ["library"]
    assert lines(lib)[-1].text == "Export not completed: failed; what was written was removed"


def test_a_cancelled_export_leaves_what_stood_there(lib: Library, visit: str, tmp_path: Path) -> None:
    clip = recorded(lib, visit, 30)
    (tmp_path / "a.avi").write_bytes(b"before")
    asked: list[int] = []
    ctx = CallbackContext(lambda *_: None, lambda: asked.append(1) or len(asked) > 14)
    with pytest.raises(Cancelled):
        export_clip(ctx, lib, clip.id, tmp_path / "a.avi", coding="mjpg", clock=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.avi", "library"]
    assert (tmp_path / "a.avi").read_bytes() == b"before"
    assert lines(lib)[-1].text == "Export not completed: cancelled; what was written was removed"


def test_a_full_disk_is_said_and_nothing_is_left(
    lib: Library, visit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = recorded(lib, visit, 30)
    usage = video_file.shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(video_file.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageError, match="full"):
        export_clip(SILENT, lib, clip.id, tmp_path / "a.avi", coding="mjpg", clock=False)
    assert [path.name for path in tmp_path.iterdir()] == ["library"]


@pytest.mark.parametrize(
    ("name", "coding", "said"),
    [("a.mp4", "mjpg", "ends with .avi"), ("a.avi", "ffv1", "ends with .mkv"), ("library/a.avi", "mjpg", "inside")],
)
def test_a_place_that_takes_no_video_is_said_before_anything_is_written(
    lib: Library, visit: str, tmp_path: Path, name: str, coding: str, said: str
) -> None:
    clip = recorded(lib, visit, 2)
    with pytest.raises(BadInputError, match=said):
        export_clip(SILENT, lib, clip.id, tmp_path / name, coding=coding, clock=False)
    assert lines(lib) == []
    with pytest.raises(StorageError, match="not in the library"):
        export_clip(SILENT, lib, "0" * 32, tmp_path / "a.avi", coding="mjpg", clock=False)


def test_who_may_not_export_takes_no_clip_out(tmp_path: Path) -> None:
    path, words = tmp_path / "home", "five other words to type"
    with accounts.make_library(path, "Dr. Li", "four words that differ")[0] as lib:
        accounts.add(lib, "Dr. Ono", [Role.CLINICIAN], words)
        reader = accounts.add(lib, "Ann", [Role.ANNOTATOR], words)
    with accounts.sign_in(path, "Dr. Ono", words) as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-17").id).id
        clip = recorded(lib, visit, 2)
    with accounts.sign_in(path, reader.name, words) as lib, pytest.raises(NotAllowedError):
        export_clip(SILENT, lib, clip.id, tmp_path / "a.avi", coding="mjpg", clock=False)
    with accounts.sign_in(path, reader.name, words) as lib:
        assert clips.recover(lib) == ()


def test_an_export_that_cannot_take_its_name_is_on_record_as_that(
    lib: Library, visit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = recorded(lib, visit, 2)

    def refused(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(StorageError, match="Permission denied"):
        export_clip(SILENT, lib, clip.id, tmp_path / "a.avi", coding="mjpg", clock=False)
    assert [path.name for path in tmp_path.iterdir()] == ["library"]
    assert lines(lib)[-1].text == "Export not completed: failed; what was written was removed"
