"""A device that saves its pictures into a folder: what appears there comes into the visit on the desk, or waits."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.capture.device_form import DeviceForm
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.undo import Undo
from pfm_desktop.jobs import wait_for_threads
from pfm_desktop.services import cases
from pfm_desktop.services.capture import config as devices
from pfm_desktop.services.capture.config import DeviceConfig, Kind, LightSetting
from pfm_desktop.viewmodels import arrival_words as say
from pfm_desktop.viewmodels.session import Session

pytestmark = pytest.mark.slow

PATIENCE_MS = 10_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "share"
    made.mkdir()
    return made


@pytest.fixture
def nobody(
    qtbot: QtBot, session: Session, undo: Undo, folder: Path, clock: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CapturePage]:
    """The page with no visit open, watching a folder; it looks when a test says so."""
    monkeypatch.setattr("pfm_desktop.gui.pages.capture.arriving.LOOK_MS", 10_000_000)
    devices.save(DeviceConfig(name="Scope 7", kind=Kind.FOLDER, camera=str(folder)))
    jobs = QtJobs()
    made = CapturePage(session, jobs)
    qtbot.addWidget(made)
    made.resize(1250, 700)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.entered()
    qtbot.waitUntil(lambda: made.examining.device is not None and made.arriving.idle, timeout=PATIENCE_MS)
    yield made
    made.detach()
    jobs.wait_all(10)
    assert wait_for_threads(10)


@pytest.fixture
def page(nobody: CapturePage, session: Session, visits: dict[str, str], qtbot: QtBot) -> CapturePage:
    """The page on the visit of Adler, from before anything came."""
    assert session.open_visit(visits["Adler"])
    qtbot.waitUntil(lambda: nobody.arriving.idle, timeout=PATIENCE_MS)
    return nobody


@pytest.fixture
def looks(qtbot: QtBot, nobody: CapturePage, session: Session) -> Callable[[], None]:
    """The two looks after which a file counts as whole, and all that comes of them."""

    def looked() -> None:
        arriving = nobody.arriving
        for _ in range(2):
            arriving.look()
            qtbot.waitUntil(lambda: arriving.idle, timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: arriving.idle and nobody.idle, timeout=PATIENCE_MS)

    return looked


def save(folder: Path, name: str, shade: int = 150, *, glows: bool = False, taken: datetime | None = None) -> Path:
    """A device saves a picture, in white light or fluorescence."""
    noise = np.random.default_rng(shade).integers(0, 20, (60, 80, 3))
    base = np.array((10, shade, 60) if glows else (shade, shade // 2, shade // 2))
    exif = Image.Exif()
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = f"{taken.astimezone():%Y:%m:%d %H:%M:%S}"
    pixels = (base + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(folder / name, quality=95, exif=exif)
    return folder / name


def stages(session: Session) -> list[str]:
    assert session.case is not None
    return [one.stage.value for one in session.case.pictures]


def test_what_appears_is_in_the_visit_as_it_is_with_the_stage_that_comes_next(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], qtbot: QtBot
) -> None:
    path = save(folder, "IMG_1.jpg")
    looks()
    assert session.case is not None
    (picture,) = session.case.pictures
    assert (picture.stage.value, picture.original_name, picture.device) == ("saline", "IMG_1.jpg", "Scope 7")
    assert cases.picture_bytes(session.library, picture.id) == path.read_bytes()
    assert page.cards.taken.headline.text() == "White light, saline"
    qtbot.waitUntil(lambda: not page.cards.taken.thumbs[0].pixmap().isNull())
    assert path.exists()


def test_a_green_picture_at_the_step_of_the_green_filter_is_one_and_a_white_one_is_not(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None]
) -> None:
    now = datetime.now(UTC)
    save(folder, "saline.jpg", 150, taken=now - timedelta(seconds=30))
    save(folder, "again.jpg", 160, taken=now - timedelta(seconds=20))
    looks()
    assert stages(session) == ["saline", "saline"], "its colours are not those of a green filter"
    save(folder, "green.jpg", 150, glows=True, taken=now - timedelta(seconds=10))
    looks()
    assert stages(session) == ["saline", "saline", "green"]
    save(folder, "glow.jpg", 140, glows=True, taken=now)
    looks()
    assert stages(session)[-1] == "fluorescence_before_acid", "green was taken"


def test_it_is_shown_and_is_said_to_be_the_last_picture(
    qtbot: QtBot, page: CapturePage, folder: Path, looks: Callable[[], None]
) -> None:
    assert page.view.said == say.waits_in(str(folder))
    assert page.view.shown is None
    save(folder, "IMG_1.jpg")
    looks()
    qtbot.waitUntil(lambda: page.view.shown is not None, timeout=PATIENCE_MS)
    assert page.view.said == ""
    assert page.view.badges[-2:] == (say.waits_in(str(folder)), say.LAST)


def test_seconds_since_acid_are_counted_by_the_clock_here(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], qtbot: QtBot
) -> None:
    qtbot.keyClick(page.view, Qt.Key.Key_A)
    save(folder, "IMG_1.jpg", taken=datetime.now(UTC) - timedelta(hours=7))  # its own clock is wrong
    looks()
    assert session.case is not None
    (picture,) = session.case.pictures
    assert picture.stage.value == "acetic_acid"
    assert picture.seconds_since_acid is not None
    assert 0 <= picture.seconds_since_acid < 20
    assert abs((picture.taken_at - datetime.now(UTC)).total_seconds()) < 60


def test_two_lights_within_three_seconds_become_a_pair_with_its_verdict(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], qtbot: QtBot
) -> None:
    now = datetime.now(UTC)
    save(folder, "w.jpg", taken=now)
    looks()
    save(folder, "f.jpg", 150, glows=True, taken=now + timedelta(seconds=2))
    looks()
    qtbot.waitUntil(lambda: page.cards.taken.headline.text() == "✓  Keep", timeout=PATIENCE_MS)
    assert session.case is not None
    (pair,) = session.case.pairs
    assert stages(session) == ["saline", "fluorescence_before_acid"]
    assert (pair.white_id, pair.fluorescence_id) == tuple(one.id for one in session.case.pictures)
    qtbot.waitUntil(lambda: all(not thumb.pixmap().isNull() for thumb in page.cards.taken.thumbs))


def test_two_lights_that_are_farther_apart_stay_two_pictures(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None]
) -> None:
    now = datetime.now(UTC)
    save(folder, "w.jpg", taken=now - timedelta(seconds=4))
    save(folder, "f.jpg", 150, glows=True, taken=now)
    looks()
    assert session.case is not None
    assert len(session.case.pictures) == 2
    assert not session.case.pairs


def test_undo_takes_it_off_the_record_and_it_is_not_taken_again(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], undo: Undo
) -> None:
    path = save(folder, "IMG_1.jpg")
    looks()
    undo.undo()
    looks()
    assert stages(session) == []
    assert path.exists()
    undo.redo()
    assert stages(session) == ["saline"]


def test_without_a_visit_what_arrives_waits_and_goes_into_none_without_being_asked_for(
    nobody: CapturePage, session: Session, folder: Path, looks: Callable[[], None], visits: dict[str, str], qtbot: QtBot
) -> None:
    card = nobody.arriving.card
    assert card.isHidden()
    for number in range(3):
        save(folder, f"IMG_{number}.jpg", 150 + number)
    looks()
    assert card.heading.text() == "3 new pictures wait: open her visit"
    assert card.take.isHidden()
    session.open_visit(visits["Adler"])
    looks()
    assert stages(session) == []
    assert "Not known to be hers" in card.text.text()
    save(folder, "IMG_9.jpg", 170)
    looks()
    assert stages(session) == ["saline"], "what comes from now on is hers"
    qtbot.mouseClick(card.take, Qt.MouseButton.LeftButton)
    looks()
    assert len(stages(session)) == 4
    assert card.isHidden()


def test_what_came_for_one_woman_waits_when_another_one_is_opened(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], visits: dict[str, str]
) -> None:
    save(folder, "IMG_1.jpg")
    page.arriving.look()  # it is there, and not whole yet
    session.open_visit(visits["Brandt"])
    looks()
    assert stages(session) == []
    assert [one.path.name for one in page.arriving.waiting] == ["IMG_1.jpg"]


def test_what_was_read_for_a_visit_that_is_not_on_the_desk_any_more_waits(
    page: CapturePage, session: Session, folder: Path, visits: dict[str, str], qtbot: QtBot
) -> None:
    save(folder, "IMG_1.jpg")
    page.arriving.look()
    qtbot.waitUntil(lambda: page.arriving.idle)
    page.arriving.look()  # reads it
    session.open_visit(visits["Brandt"])  # before the answer is heard
    qtbot.waitUntil(lambda: page.arriving.idle)
    assert stages(session) == []
    assert [one.path.name for one in page.arriving.waiting] == ["IMG_1.jpg"]


def test_while_it_is_asked_whose_examination_it_is_what_arrives_waits(
    page: CapturePage, session: Session, folder: Path, visits: dict[str, str], looks: Callable[[], None]
) -> None:
    page.ask_whose(visits["Brandt"], "Brandt, Berta, ID 2")
    save(folder, "a.jpg")
    looks()
    assert stages(session) == []
    assert len(page.arriving.waiting) == 1
    assert page.arriving.card.take.isHidden()
    page.whose.this.click()
    page.arriving._show()
    page.arriving.card.take.click()
    looks()
    assert stages(session) == ["saline"]


def test_into_a_visit_of_another_day_it_goes_only_when_a_person_says_so(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CapturePage, "_belongs", False)
    save(folder, "a.jpg")
    looks()
    assert stages(session) == []
    page.arriving.card.take.click()
    looks()
    assert stages(session) == ["saline"]


def test_what_waits_can_be_left_in_the_folder(
    nobody: CapturePage, folder: Path, looks: Callable[[], None], qtbot: QtBot
) -> None:
    heard: list[str] = []
    nobody.said.connect(heard.append)
    path = save(folder, "IMG_1.jpg")
    looks()
    qtbot.mouseClick(nobody.arriving.card.leave, Qt.MouseButton.LeftButton)
    assert nobody.arriving.card.isHidden()
    assert heard == [say.LEFT]
    assert path.exists()


def test_what_lay_there_before_is_not_touched(
    qtbot: QtBot, page: CapturePage, session: Session, tmp_path: Path, looks: Callable[[], None]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    save(other, "old.jpg")
    page.forms._use_device(DeviceConfig(name="Scope 8", kind=Kind.FOLDER, camera=str(other)))
    qtbot.waitUntil(lambda: page.examining.device is not None and page.arriving.idle, timeout=PATIENCE_MS)
    looks()
    assert stages(session) == []
    assert not page.arriving.waiting


def test_a_folder_that_goes_away_is_said_on_the_view_and_waited_for(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], qtbot: QtBot
) -> None:
    shutil.move(folder, folder.with_name("away"))
    looks()
    qtbot.waitUntil(lambda: "cannot be reached" in page.view.said, timeout=PATIENCE_MS)
    shutil.move(folder.with_name("away"), folder)
    looks()
    qtbot.waitUntil(lambda: page.view.said == say.waits_in(str(folder)), timeout=PATIENCE_MS)
    save(folder, "IMG_1.jpg")
    looks()
    assert stages(session) == ["saline"]


def test_a_file_that_is_no_picture_is_said_and_left(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], heard: list[str]
) -> None:
    (folder / "IMG_1.xml").write_text("<meta/>")
    looks()
    assert [one.startswith("IMG_1.xml was not taken in") for one in heard] == [True]
    assert (folder / "IMG_1.xml").exists()
    assert stages(session) == []


def test_nothing_goes_into_a_signed_visit_and_why_is_said(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(session.case), "signed", True)
    page.arriving.follow(session.case)
    save(folder, "IMG_1.jpg")
    looks()
    card = page.arriving.card
    assert stages(session) == []
    assert "This visit is signed" in card.text.text()
    assert card.take.isHidden()


def test_nothing_goes_into_a_library_that_is_only_read_and_why_is_said(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(session.library), "no_editing", "it is open for reading only")
    save(folder, "IMG_1.jpg")
    looks()
    assert stages(session) == []
    assert "Nothing can be taken: it is open for reading only." in page.arriving.card.text.text()


def test_what_the_library_does_not_take_is_held_and_tried_again(
    page: CapturePage, session: Session, folder: Path, disk: SimpleNamespace, qtbot: QtBot
) -> None:
    disk.full = True
    save(folder, "IMG_1.jpg")
    for _ in range(2):
        page.arriving.look()
        qtbot.waitUntil(lambda: page.arriving.idle, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "The disk is full." in page.cards.taken.problem.text(), timeout=PATIENCE_MS)
    assert session.unkept == ("1 picture of the examination",)
    disk.full = False
    qtbot.waitUntil(lambda: page.idle, timeout=PATIENCE_MS)
    assert stages(session) == ["saline"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_P, Qt.Key.Key_W, Qt.Key.Key_R])
def test_keys_that_take_something_say_that_the_device_does(
    page: CapturePage, session: Session, heard: list[str], qtbot: QtBot, key: Qt.Key
) -> None:
    qtbot.keyClick(page.view, key)
    assert heard == [say.BY_ITSELF]
    assert stages(session) == []


def test_a_retake_takes_the_last_one_off_the_record_and_says_who_takes_the_next(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], heard: list[str], qtbot: QtBot
) -> None:
    save(folder, "IMG_1.jpg")
    looks()
    qtbot.keyClick(page.view, Qt.Key.Key_Backspace)
    assert stages(session) == []
    assert heard == [say.AGAIN]
    save(folder, "IMG_2.jpg", 160)
    looks()
    assert stages(session) == ["saline"]


def test_it_is_looked_into_while_the_page_is_in_front_or_an_examination_goes_on(
    nobody: CapturePage, session: Session, folder: Path, looks: Callable[[], None], visits: dict[str, str]
) -> None:
    timer = nobody.arriving._timer
    assert timer.isActive()
    nobody.hide()
    nobody._let_camera_go()
    assert not timer.isActive(), "nothing is under way"
    save(folder, "meanwhile.jpg")
    nobody.show()
    nobody.entered()
    assert session.open_visit(visits["Adler"])


def test_what_came_while_nobody_looked_is_asked_for(
    page: CapturePage, session: Session, folder: Path, looks: Callable[[], None], qtbot: QtBot
) -> None:
    page.hide()
    page._let_camera_go()
    assert not page.arriving._timer.isActive()
    save(folder, "meanwhile.jpg")
    page.show()
    page.entered()
    qtbot.waitUntil(lambda: page.examining.device is not None and page.arriving.idle, timeout=PATIENCE_MS)
    looks()
    assert stages(session) == []
    assert [one.path.name for one in page.arriving.waiting] == ["meanwhile.jpg"]


@pytest.mark.parametrize("unassigned", [False, True])
def test_the_picture_of_the_woman_before_is_not_shown_any_more(
    unassigned: bool,
    page: CapturePage,
    session: Session,
    visits: dict[str, str],
    folder: Path,
    looks: Callable[[], None],
    qtbot: QtBot,
) -> None:
    save(folder, "IMG_1.jpg")
    looks()
    qtbot.waitUntil(lambda: page.view.shown is not None, timeout=PATIENCE_MS)
    assert say.LAST in page.view.badges
    if unassigned:
        session.close_visit()
        assert page.view.shown is None
        assert page.whose.begin_unassigned()
    else:
        assert session.open_visit(visits["Brandt"])
    assert page.view.shown is None
    assert page.feed.last is None
    assert say.LAST not in page.view.badges
    assert page.view.said == say.waits_in(str(folder))
    made = page.feed.made
    page.feed.change_look(zoom=2.0)  # drawn anew, it would be that of the woman before
    qtbot.waitUntil(lambda: not page.feed._again.is_set(), timeout=PATIENCE_MS)
    assert page.feed.made == made
    qtbot.waitUntil(lambda: page.arriving.idle, timeout=PATIENCE_MS)
    save(folder, "IMG_2.jpg", 120)
    looks()
    qtbot.waitUntil(lambda: page.view.shown is not None, timeout=PATIENCE_MS)
    assert say.LAST in page.view.badges


def test_the_form_asks_for_the_folder_alone_and_a_button_chooses_it(
    qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = DeviceForm()
    qtbot.addWidget(form)
    form.show()
    calibrated = DeviceConfig(name="Cam", kind=Kind.ONE, camera="usb:0", mm_per_px=0.1, calibrated_width=640)
    form.begin(calibrated)
    assert form.config.mm_per_px == 0.1
    form.kind.setCurrentIndex(form.kind.findData(Kind.FOLDER))
    assert form.folder.isVisible()
    assert form.choose.isVisible()
    assert not any(one.isVisible() for one in (form.camera, form.lamp, form.rate, form.white.exposure))
    assert form.fluorescence.filter.isVisible()
    chosen: list[DeviceConfig] = []
    form.chosen.connect(chosen.append)
    qtbot.mouseClick(form.use, Qt.MouseButton.LeftButton)
    assert form.problem.text() == "Choose the folder into which the device saves."
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: dialog.fileSelected.emit(str(folder)))
    qtbot.mouseClick(form.choose, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(form.use, Qt.MouseButton.LeftButton)
    (config,) = chosen
    assert (config.kind, config.camera) == (Kind.FOLDER, str(folder))
    assert config.mm_per_px is None, "that of another device"
    qtbot.waitUntil(lambda: form.idle, timeout=PATIENCE_MS)


def test_a_long_path_is_kept_and_shown_by_its_end() -> None:
    path = "/" + "/".join(["a long way down"] * 30)
    devices.save(DeviceConfig(kind=Kind.FOLDER, camera=path, white=LightSetting()))
    assert devices.load().camera == path
    assert len(say.waits_in(path)) < 90
    assert say.waits_in(path).endswith("a long way down")
