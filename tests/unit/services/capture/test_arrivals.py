"""Pictures that a device saves into a folder: whose they are, of which light, and when they were taken."""

from __future__ import annotations

import io
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.capture import arrivals as module
from pfm_desktop.services.capture.arrivals import Arrivals, Arrived, News, as_pair
from pfm_desktop.services.capture.config import DeviceConfig, Kind, LightSetting

CONFIG = DeviceConfig(
    name="Scope 7",
    kind=Kind.FOLDER,
    white=LightSetting(polariser="crossed"),
    fluorescence=LightSetting(excitation_nm=405.0, filter="LP 430"),
    mm_per_px=0.02,
    calibrated_width=64,
)
LONG_AGO = 0.0


def picture(shade: int = 150, *, glows: bool = False, taken: datetime | None = None, size: int = 64) -> bytes:
    """A JPEG whose colours are those of white light on tissue, or of fluorescence."""
    noise = np.random.default_rng(shade).integers(0, 20, (size, size, 3))
    base = np.array((10, shade, 60) if glows else (shade, shade // 2, shade // 2))
    exif = Image.Exif()
    if taken is not None:
        local = taken.astimezone()
        exif.get_ifd(0x8769)[0x9003] = f"{local:%Y:%m:%d %H:%M:%S}"
    out = io.BytesIO()
    Image.fromarray((base + noise).clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


class Share:
    """A folder that is looked into."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.arrivals = folder, Arrivals(folder)
        self.look()

    def put(self, name: str, data: bytes, *, written: float | None = None) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        if written is not None:
            os.utime(path, (written, written))
        return path

    def look(self, visit: str = "v", since: float = LONG_AGO) -> News:
        return self.arrivals.look(SilentContext(), CONFIG, visit, since)

    def come(self, visit: str = "v", since: float = LONG_AGO) -> News:
        """A file is whole at the second look."""
        self.look(visit, since)
        return self.look(visit, since)


@pytest.fixture
def share(tmp_path: Path) -> Share:
    return Share(tmp_path / "share")


def test_a_new_file_comes_with_its_own_bytes_and_what_the_clinic_said_of_the_device(share: Share) -> None:
    data = picture()
    path = share.put("a.jpg", data)
    (one,) = share.come().arrived
    how, file = one.exposed.acquisition, one.exposed.file
    assert file is not None
    assert (file.data, file.name, file.width, file.height) == (data, "a.jpg", 64, 64)
    assert (one.source, how.camera, how.light, how.polariser, how.excitation_nm) == (
        Source.WHITE, "Scope 7", Light.WHITE, "crossed", None,
    )  # fmt: skip
    assert one.exposed.mm_per_px == pytest.approx(0.02)
    assert path.read_bytes() == data


def test_fluorescence_is_told_by_its_colours(share: Share) -> None:
    share.put("a.jpg", picture(glows=True))
    (one,) = share.come().arrived
    assert (one.source, one.exposed.acquisition.light, one.exposed.acquisition.excitation_nm) == (
        Source.FLUORESCENCE, Light.FLUORESCENCE, 405.0,
    )  # fmt: skip


def test_a_large_picture_is_kept_whole_and_shown_smaller(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHOWN", 32)
    share.put("a.jpg", picture())
    (one,) = share.come().arrived
    assert one.exposed.file is not None
    assert one.exposed.frame.pixels.shape == (32, 32, 3)
    assert one.exposed.file.width == 64
    assert one.exposed.mm_per_px == pytest.approx(0.02), "of the picture that is kept"


def test_what_appears_without_a_visit_or_before_it_was_open_waits_until_it_is_asked_for(share: Share) -> None:
    share.put("nobody.jpg", picture(1))
    none = share.come(visit="")
    share.put("before.jpg", picture(2))
    share.look(visit="")
    opened = time.monotonic()
    before = share.look("v", opened)
    assert [one.path.name for one in (*none.early, *before.early)] == ["nobody.jpg", "before.jpg"]
    assert not none.arrived + before.arrived
    share.put("hers.jpg", picture(3))
    assert [one.found.path.name for one in share.come("v", opened).arrived] == ["hers.jpg"]
    share.arrivals.ask((*none.early, *before.early), "v")
    assert [(one.found.path.name, one.visit_id) for one in share.look("v", opened).arrived] == [
        ("nobody.jpg", "v"), ("before.jpg", "v"),
    ]  # fmt: skip


def test_a_file_that_appeared_in_the_moment_in_which_the_visit_was_opened_waits(share: Share) -> None:
    opened = time.monotonic()  # after the last look, and before the file was seen
    share.put("a.jpg", picture())
    assert [one.path.name for one in share.come("v", opened).early] == ["a.jpg"]


def test_a_picture_that_was_taken_long_before_and_comes_late_waits(share: Share) -> None:
    """The first one tells by how much the clock of the device is off."""
    now = datetime.now(UTC)
    off = timedelta(hours=3)
    share.put("first.jpg", picture(1, taken=now - off))
    share.come()
    opened = time.monotonic()
    share.look("v", opened)
    share.put("late.jpg", picture(2, taken=now - off - timedelta(seconds=40)))
    news = share.come("v", opened)
    assert [one.path.name for one in news.early] == ["late.jpg"]
    assert not news.arrived


def test_the_time_that_a_file_says_counts_where_the_clock_of_the_device_is_right(share: Share) -> None:
    taken = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=3)
    share.put("a.jpg", picture(taken=taken))
    (one,) = share.come().arrived
    assert one.exposed.file is not None
    assert one.exposed.file.taken_at == taken


def test_a_clock_that_is_hours_off_is_not_believed_and_the_moment_of_appearing_counts(share: Share) -> None:
    share.put("a.jpg", picture(taken=datetime.now(UTC) - timedelta(hours=5)))
    (one,) = share.come().arrived
    assert one.exposed.file is not None
    assert one.exposed.file.taken_at is None
    assert one.exposed.frame.at == pytest.approx(one.found.seen_at)


@pytest.mark.parametrize("ago", [20, 100, 150, 1800])
def test_a_picture_that_was_taken_before_the_visit_was_open_waits_however_late_it_comes(share: Share, ago: int) -> None:
    now = datetime.now(UTC)
    share.put("now.jpg", picture(taken=now), written=now.timestamp())
    assert len(share.come().arrived) == 1  # its clock is right
    since = time.monotonic()
    then = datetime.now(UTC) - timedelta(seconds=ago)
    share.put("of the woman before.jpg", picture(140, taken=then), written=then.timestamp())
    news = share.come("w", since)
    assert (news.arrived, len(news.early)) == ((), 1)
    share.arrivals.ask(news.early, "w")
    assert len(share.look("w", since).arrived) == 1
    share.put("next.jpg", picture(130, taken=then), written=then.timestamp())
    news = share.come("w", since)
    if ago > module.LATE_S:  # a person took the one before for one of now: that clock was set back
        assert len(news.arrived) == 1


@pytest.mark.skipif(os.name == "nt", reason="names are UTF-16 there")
def test_a_name_that_is_no_text_can_be_kept_and_shown(share: Share) -> None:
    (share.folder / os.fsdecode(b"\xff\xfe bad.jpg")).write_bytes(picture())
    (one,) = share.come().arrived
    assert one.exposed.file is not None
    assert one.exposed.file.name.encode() == "\ufffd\ufffd bad.jpg".encode()


def test_a_picture_that_was_sent_later_than_others_was_taken_earlier_than_it_came(share: Share) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    share.put("a.jpg", picture(1, taken=now))
    share.come()
    share.put("b.jpg", picture(2, taken=now - timedelta(seconds=30)))
    (one,) = share.come().arrived
    late = one.found.seen_at - one.exposed.frame.at
    assert 28 < late < 33


def arrived(share: Share, name: str, data: bytes, written: float | None = None) -> Arrived:
    share.put(name, data, written=written)
    (one,) = share.come().arrived
    return one


@pytest.mark.parametrize("seconds", [-3, 0, 2, 3])
def test_two_lights_within_three_seconds_by_their_own_times_are_a_pair_white_light_first(
    share: Share, seconds: int
) -> None:
    taken = datetime.now(UTC).replace(microsecond=0)
    white = arrived(share, "w.jpg", picture(taken=taken))
    glow = arrived(share, "f.jpg", picture(glows=True, taken=taken + timedelta(seconds=seconds)))
    for order in ((white, glow), (glow, white)):
        pair = as_pair(*order)
        assert pair is not None
        assert [one.source for one in pair] == [Source.WHITE, Source.FLUORESCENCE]
        assert pair[1].acquisition.gap_s == seconds
        assert pair[1].frame.at - pair[0].frame.at == pytest.approx(seconds)


def test_files_that_say_no_time_are_compared_by_when_they_were_written(share: Share) -> None:
    at = time.time()
    white = arrived(share, "w.jpg", picture(), written=at)
    near = arrived(share, "n.jpg", picture(140, glows=True), written=at + 1.5)
    far = arrived(share, "f.jpg", picture(160, glows=True), written=at + 3.5)
    pair = as_pair(white, near)
    assert pair is not None
    assert pair[1].acquisition.gap_s == pytest.approx(1.5, abs=0.01)
    assert as_pair(white, far) is None


def test_two_of_one_light_are_no_pair(share: Share) -> None:
    at = time.time()
    one, other = arrived(share, "a.jpg", picture(1), written=at), arrived(share, "b.jpg", picture(2), written=at)
    assert as_pair(one, other) is None


@pytest.mark.parametrize(
    ("name", "data"),
    [("notes.txt", b"no picture"), ("torn.jpg", picture()[:700]), ("clip.avi", b"RIFF\0\0\0\0AVI LIST" * 9)],
)
def test_what_is_no_picture_is_said_once_and_stays_where_it_is(share: Share, name: str, data: bytes) -> None:
    path = share.put(name, data)
    news = share.come()
    assert not news.arrived
    (said,) = news.problems
    assert said.startswith(f"{name} was not taken in: ")
    assert said.endswith("It was left where it is.")
    assert path.read_bytes() == data
    assert not share.come().problems


def test_a_torn_file_that_is_written_to_its_end_later_comes_in(share: Share) -> None:
    whole = picture()
    share.put("a.jpg", whole[:700])
    assert share.come().problems
    share.put("a.jpg", whole)
    assert len(share.come().arrived) == 1


def test_a_folder_that_goes_away_is_said_and_what_comes_after_it_is_back_comes_in(share: Share) -> None:
    away = share.folder.with_name("away")
    shutil.move(share.folder, away)
    assert "cannot be reached" in share.look().away
    shutil.move(away, share.folder)
    assert share.look().away == ""
    share.put("a.jpg", picture())
    assert len(share.come().arrived) == 1


def test_a_file_that_cannot_be_read_for_a_moment_is_tried_again(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    share.put("a.jpg", picture(1))
    share.look()
    read, refused = Path.read_bytes, [OSError(5, "Input/output error")] * 2

    def torn(path: Path) -> bytes:
        if refused:
            raise refused.pop()
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", torn)
    found = [share.look() for _ in range(3)]
    assert [len(news.arrived) for news in found] == [0, 0, 1]
    assert not any(news.problems for news in found)


def test_a_file_that_never_can_be_read_is_said_and_holds_nothing_up(share: Share) -> None:
    share.put("a.jpg", picture(1))
    share.look()
    (share.folder / "a.jpg").unlink()
    share.arrivals._queue.append(
        module._Queued(module.Found(share.folder / "a.jpg", time.monotonic(), time.monotonic()), "v", LONG_AGO)
    )
    found = [share.look() for _ in range(module.TRIES + 1)]
    assert [bool(news.problems) for news in found] == [False] * module.TRIES + [True]
    share.put("b.jpg", picture(2))
    assert len(share.come().arrived) == 1


def test_many_at_once_are_read_a_few_at_a_time(share: Share) -> None:
    for number in range(module.MOST + 2):
        share.put(f"{number}.jpg", picture(number + 1), written=1000 + number)
    first = share.come()
    assert (len(first.arrived), first.more) == (module.MOST, True)
    second = share.look()
    assert (len(second.arrived), second.more) == (2, False)
    names = [one.found.path.stem for one in (*first.arrived, *second.arrived)]
    assert names == [str(number) for number in range(module.MOST + 2)]
