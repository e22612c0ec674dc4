"""The forms of the Capture page: the device of this workstation, and the plan of the site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import DEFAULT_PLAN, Step
from pfm_desktop.domain.source import Stage
from pfm_desktop.gui.pages.capture.device_form import DeviceForm, is_key
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.gui.pages.capture.plan_form import PlanForm
from pfm_desktop.services.capture import config as devices
from pfm_desktop.services.capture import records
from pfm_desktop.services.capture.config import DeviceConfig, Kind, LightSetting
from pfm_desktop.storage import capture as stored
from pfm_desktop.viewmodels.session import Session

from .conftest import CONFIG, Room, keys_of

MAP = (1.0, 0.0, 5.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

pytestmark = pytest.mark.slow

K = Qt.Key
LEFT = Qt.MouseButton.LeftButton
Press = Callable[..., None]
Taken = Callable[[], list[tuple[str, float | None]]]


@pytest.fixture(autouse=True)
def no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """No camera and no port of this computer is looked for."""
    monkeypatch.setattr("pfm_desktop.capture.found.usb_cameras", lambda: (("usb:0", "UVC"), ("usb:1", "UVC 2")))
    monkeypatch.setattr("pfm_desktop.capture.lamp.serial_ports", lambda: (("/dev/ttyS9", "Lamp"),))


def shown(qtbot: QtBot, page: CapturePage, press: Press) -> DeviceForm:
    """The form for the device, opened by its key."""
    press(K.Key_D)
    form = page.forms.device
    qtbot.waitUntil(lambda: form.idle)
    return form


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        replace(
            CONFIG,
            rate=25.0,
            white=LightSetting(8.0, 1.5, 5200.0, filter="none", polariser="crossed"),
            fluorescence=LightSetting(300.0, 2.0, excitation_nm=405.0, filter="LP 430"),
            mm_per_px=0.02,
            calibrated_width=64,
        ),
        DeviceConfig(
            name="Two",
            kind=Kind.TWO,
            camera="usb:0",
            second="rtsp://x/1",
            homography=MAP,
        ),
        DeviceConfig(name="One", kind=Kind.ONE, camera="usb:0", width=777, height=333),
    ],
    ids=["switched", "all settings", "two", "one, odd size"],
)
def test_a_device_that_was_shown_and_not_changed_is_the_same_device(
    qtbot: QtBot, page: CapturePage, press: Press, config: DeviceConfig
) -> None:
    devices.save(config)
    assert shown(qtbot, page, press).config == config


def test_another_camera_has_not_the_scale_of_the_one_before(qtbot: QtBot, page: CapturePage, press: Press) -> None:
    devices.save(replace(CONFIG, mm_per_px=0.02, calibrated_width=64))
    form = shown(qtbot, page, press)
    form.camera.setEditText("usb:1")
    assert form.config.mm_per_px is None
    assert form.config.calibrated_width == 0


def test_another_second_camera_lies_otherwise_and_leaves_the_scale(
    qtbot: QtBot, page: CapturePage, press: Press
) -> None:
    two = DeviceConfig(
        name="Two",
        kind=Kind.TWO,
        camera="usb:0",
        second="usb:1",
        homography=MAP,
    )
    devices.save(replace(two, mm_per_px=0.02, calibrated_width=64))
    form = shown(qtbot, page, press)
    form.second.setEditText("usb:2")
    assert form.config.homography == ()
    assert form.config.mm_per_px == 0.02


def test_a_device_that_was_chosen_is_kept_and_opened(
    qtbot: QtBot, page: CapturePage, press: Press, settle: Callable[[], None], room: Room
) -> None:
    form = shown(qtbot, page, press)
    form.name.setFocus()
    form.name.selectAll()
    qtbot.keyClicks(keys_of(page), "Fake 2 wpk")
    qtbot.mouseClick(form.use, LEFT)
    settle()
    assert devices.load().name == "Fake 2 wpk"
    assert room.device.config.name == "Fake 2 wpk"
    assert page.steps.currentWidget() is page.examine
    assert page.view.hasFocus()


@pytest.mark.parametrize(
    ("kind", "camera", "second", "lamp", "why"),
    [
        (Kind.ONE, "", "", "", "Choose a camera"),
        (Kind.TWO, "usb:0", "usb:0", "", "another one"),
        (Kind.TWO, "usb:0", "", "", "second camera"),
        (Kind.SWITCHED, "usb:0", "", "", "port of the lamp"),
        (Kind.ONE, "MJPEG A", "", "", "no address of a camera"),
        (Kind.TWO, "usb:0", "gopher://x", "", "no address of a camera"),
    ],
)
def test_a_device_that_lacks_something_is_refused_in_the_form(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, kind: Kind, camera: str, second: str, lamp: str, why: str
) -> None:
    form = shown(qtbot, page, press)
    form.kind.setCurrentIndex(form.kind.findData(kind))
    for box, text in ((form.camera, camera), (form.second, second), (form.lamp, lamp)):
        box.setEditText(text)
    qtbot.mouseClick(form.use, LEFT)
    assert why in form.problem.text()
    assert devices.load() == CONFIG
    form.kind.setCurrentIndex(form.kind.findData(Kind.FOLDER))
    assert form.problem.text() == "", "it was about another kind"
    qtbot.keyClick(form.name, K.Key_Escape)
    assert page.steps.currentWidget() is page.examine
    assert len(room.devices) == 1


@pytest.mark.parametrize("kind", [Kind.SIMULATED, Kind.SWITCHED, Kind.FOLDER])
def test_an_excitation_that_cannot_be_is_refused_in_the_form(qtbot: QtBot, kind: Kind) -> None:
    form = DeviceForm(demo=True)
    qtbot.addWidget(form)
    chosen: list[DeviceConfig] = []
    form.chosen.connect(chosen.append)
    form.begin(
        DeviceConfig(name="Scope 7", kind=kind, camera="/pictures" if kind is Kind.FOLDER else "usb:0", lamp="x")
    )
    for nm in (19.0, 299.0, 801.0):
        form.fluorescence.excitation.setValue(nm)
        qtbot.mouseClick(form.use, LEFT)
        assert form.problem.text() == "Excitation is a wavelength between 300 and 800 nm."
    assert chosen == []
    for nm in (0.0, 300.0, 405.0):
        form.fluorescence.excitation.setValue(nm)
        qtbot.mouseClick(form.use, LEFT)
    assert [one.fluorescence.excitation_nm for one in chosen] == [None, 300.0, 405.0]
    qtbot.waitUntil(lambda: form.idle)


def test_a_phantoms_name_and_light_are_on_no_record_of_a_camera_and_come_back_with_it(qtbot: QtBot) -> None:
    form = DeviceForm(demo=True)
    qtbot.addWidget(form)
    form.begin(DeviceConfig())
    assert form.config == DeviceConfig()
    form.kind.setCurrentIndex(form.kind.findData(Kind.SWITCHED))
    assert form.name.text() == ""
    assert form.config.fluorescence == LightSetting()
    form.name.setText("Scope 7")
    form.fluorescence.excitation.setValue(365.0)
    form.kind.setCurrentIndex(form.kind.findData(Kind.ONE))
    assert form.name.text() == "Scope 7"
    form.kind.setCurrentIndex(form.kind.findData(Kind.SIMULATED))
    assert (form.config.name, form.config.fluorescence.excitation_nm) == (DeviceConfig().name, 405.0)
    form.kind.setCurrentIndex(form.kind.findData(Kind.FOLDER))
    assert (form.name.text(), form.config.fluorescence.excitation_nm) == ("Scope 7", 365.0)
    qtbot.waitUntil(lambda: form.idle)


def test_the_name_of_a_device_stays_with_its_kind(qtbot: QtBot) -> None:
    form = DeviceForm()
    qtbot.addWidget(form)
    form.begin(DeviceConfig(name="MJPEG A", kind=Kind.ONE, camera="usb:0"))
    form.kind.setCurrentIndex(form.kind.findData(Kind.FOLDER))
    assert form.name.text() == ""
    form.kind.setCurrentIndex(form.kind.findData(Kind.ONE))
    assert form.name.text() == "MJPEG A"
    form.name.setText("MJPEG B")
    form.kind.setCurrentIndex(form.kind.findData(Kind.SWITCHED))
    assert form.name.text() == "MJPEG B", "it was typed for this one"
    qtbot.waitUntil(lambda: form.idle)


def test_where_there_is_no_phantom_the_form_begins_with_a_camera_of_which_nothing_is_known(qtbot: QtBot) -> None:
    form = DeviceForm()
    qtbot.addWidget(form)
    form.begin(DeviceConfig())
    assert form.chosen_kind is Kind.ONE
    assert (form.name.text(), form.config.fluorescence) == ("", LightSetting())
    qtbot.waitUntil(lambda: form.idle)


def test_a_library_that_is_no_demo_offers_no_phantom(page: CapturePage) -> None:
    assert page.forms.device.kind.findData(Kind.SIMULATED) < 0


# the plan


def plan_of(page: CapturePage) -> PlanForm:
    page._actions["plan"].trigger()
    assert page.steps.currentWidget() is page.forms.plan
    return page.forms.plan


def test_a_plan_that_was_shown_and_not_changed_is_the_same_plan(page: CapturePage) -> None:
    assert plan_of(page).plan == DEFAULT_PLAN


def test_a_plan_that_was_changed_holds_for_examinations_that_begin_from_now_on(
    qtbot: QtBot, page: CapturePage, press: Press, session: Session, visits: dict[str, str]
) -> None:
    press(K.Key_Space)
    form = plan_of(page)
    qtbot.mouseClick(form._lines[0].away, LEFT)
    qtbot.mouseClick(form.save, LEFT)
    assert page.steps.currentWidget() is page.examine
    assert records.site_plan(session.library) == DEFAULT_PLAN[1:]
    assert page.timeline.headline.text() == "Green filter"
    assert len(page.timeline._rows) == len(DEFAULT_PLAN), "one that has begun keeps its own"
    session.open_visit(visits["Brandt"])
    assert page.timeline.headline.text() == "Green filter"
    assert len(page.timeline._rows) == len(DEFAULT_PLAN) - 1


def test_a_plan_that_cannot_be_read_is_said_once_and_over_the_form_until_one_is_saved(
    qtbot: QtBot, nobody: CapturePage, session: Session, visits: dict[str, str], heard: list[str]
) -> None:
    session.library.apply(Change("site_choice", stored.PLAN, None, {"value": "tea"}, "damaged"))
    for name in ("Adler", "Brandt"):
        session.open_visit(visits[name])
    told = records.site_plan_problem(session.library)
    assert heard == [told]
    assert told.startswith("The plan of this site does not count")
    assert [row.key for row in nobody._looked().rows] == [step.key for step in DEFAULT_PLAN]
    form = plan_of(nobody)
    assert form.problem.text() == told
    qtbot.mouseClick(form.save, LEFT)
    assert records.site_plan_problem(session.library) == ""
    assert plan_of(nobody).problem.text() == ""


def test_bad_plans_are_refused_with_the_reason_and_nothing_is_kept(
    qtbot: QtBot, page: CapturePage, session: Session
) -> None:
    form = plan_of(page)
    qtbot.mouseClick(form._lines[3].down, LEFT)  # the clock after its first mark
    qtbot.mouseClick(form.save, LEFT)
    assert "after the step that starts its clock" in form.problem.text()
    for line in tuple(form._lines):
        line.away.click()
    qtbot.mouseClick(form.save, LEFT)
    assert "at least one step" in form.problem.text()
    assert records.site_plan(session.library) == DEFAULT_PLAN
    form.reset.click()
    form.add.click()
    form._lines[-1].seconds.setValue(60)
    qtbot.mouseClick(form.save, LEFT)
    assert "twice" in form.problem.text()
    assert page.steps.currentWidget() is form


def test_a_mark_of_part_of_a_second_is_not_altered_by_looking_at_the_plan(page: CapturePage, session: Session) -> None:
    plan = (Step(Stage.ACETIC_ACID, starts_clock=True), Step(Stage.ACETIC_ACID, 7.5, automatic=True))
    records.change_site_plan(session.library, plan)
    assert plan_of(page).plan == plan


def test_who_may_not_change_the_plan_sees_it_and_why(
    page: CapturePage, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(session.library), "no_editing", property(lambda _lib: "readers change nothing"))
    form = plan_of(page)
    assert not form.save.isEnabled()
    assert form.problem.text()


@pytest.mark.parametrize(
    ("key", "there"),
    [
        ("usb:0", True), ("usb:", False), ("file:", False), ("file:/data/a.avi", True), ("http://", False),
        ("http://192.168.0.20/video.mjpg", True), ("http://192.168.0.20:99999/", False), ("rtsp://[::1", False),
        ("192.168.0.20", False), ("ftp://x", False), ("", False), ("genicam:", False), ("genicam:7", True),
    ],
)  # fmt: skip
def test_an_address_says_which_camera_it_is(key: str, there: bool) -> None:
    assert is_key(key) is there
