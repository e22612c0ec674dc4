"""Which camera and lamp this workstation has, and what they are set to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.capture.source import CameraError
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.file_dialog import ask_folder
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, CalmDoubleSpinBox, LeavesOnEscape, in_a_row, say, words
from pfm_desktop.services.capture.config import EXCITATION_NM, DeviceConfig, Kind, LightSetting, excites
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled

if TYPE_CHECKING:
    from pfm_desktop.jobs import Context

KINDS = (
    (Kind.ONE, tr("One camera, white light only")),
    (Kind.SWITCHED, tr("One camera, a lamp switched between white light and fluorescence")),
    (Kind.TWO, tr("Two cameras: white light and fluorescence")),
    (Kind.FOLDER, tr("A device that saves pictures into a folder")),
    (Kind.SIMULATED, tr("Simulated device: a phantom (demo library only)")),
)
SIZES = ((1920, 1080), (1280, 720), (3840, 2160), (2592, 1944), (1024, 768), (640, 480))
HINT = tr(
    "A camera is a USB camera that was found, or an address: rtsp://..., http://... (MJPEG), genicam:SERIAL, or "
    "file:/path of a video. Numbers that stay empty are left to the camera; white balance in fluorescence is never "
    "automatic."
)
FOLDER_HINT = tr(
    "Pictures that appear in the folder go into the visit that is open then, as they are. Nothing in the folder is "
    "moved or deleted; what lies there already is brought in by Import."
)
NO_KEY = tr("This is no address of a camera. It begins with usb:, rtsp://, http://, genicam: or file:/.")
PHANTOM = DeviceConfig()
REAL = replace(PHANTOM, name="", kind=Kind.ONE, fluorescence=LightSetting())  # nothing is known of it yet


class DeviceForm(LeavesOnEscape, QScrollArea):
    """`chosen(config)` when it is to be used, `closed` when not."""

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None, *, demo: bool = False) -> None:
        super().__init__(parent)
        self._config, self._hidden = REAL, PHANTOM  # as it was, and what the form knows of a phantom or of none
        self._looking = Background(self)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.kind = CalmComboBox(self)
        self.name = QLineEdit(self)  # Tab goes by the order in which they are made
        for kind, text in KINDS:
            if demo or kind is not Kind.SIMULATED:
                self.kind.addItem(text, kind)
        self.camera, self.second, self.lamp = (_editable(self) for _ in range(3))
        self.folder, self.choose = QLineEdit(self), QPushButton(tr("Choose ..."), self)
        self.picture_size = CalmComboBox(self)
        for width, height in SIZES:
            self.picture_size.addItem(f"{width} x {height}", (width, height))
        self.rate = _number(self, 240.0, " " + tr("frames a second"), decimals=0)
        self.white = _LightBox(tr("White light"), self)
        self.fluorescence = _LightBox(tr("Fluorescence"), self, excitation=True)
        self.hint, self.problem = words(self, "quiet", HINT), words(self, "problem")
        self.use, self.cancel = QPushButton(tr("Use this device"), self), QPushButton(tr("Cancel"), self)
        self.again = QPushButton(tr("Look again"), self)
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.use.clicked.connect(self._use)
        self.cancel.clicked.connect(self.closed)
        self.again.clicked.connect(self.look)
        self.choose.clicked.connect(self._choose_folder)

    def begin(self, config: DeviceConfig) -> None:
        """Show a device, and look what is there."""
        if self.kind.findData(config.kind) < 0:  # only a demo library has the phantom
            config = REAL
        self._config = config
        self._hidden = PHANTOM if config.kind is not Kind.SIMULATED else REAL
        self.kind.setCurrentIndex(self.kind.findData(config.kind))
        self._show_words(config)
        folder = config.kind is Kind.FOLDER
        self.folder.setText(config.camera if folder else "")
        for box, text in (
            (self.camera, "" if folder else config.camera),
            (self.second, config.second),
            (self.lamp, config.lamp),
        ):
            box.setEditText(text)
        size = self.picture_size.findData((config.width, config.height))
        if size < 0:
            self.picture_size.addItem(f"{config.width} x {config.height}", (config.width, config.height))
            size = self.picture_size.count() - 1
        self.picture_size.setCurrentIndex(size)
        self.rate.setValue(config.rate)
        self._kind_changed()
        self.look()
        self.kind.setFocus()

    def look(self) -> None:
        """Look which cameras and ports there are; what was typed stays."""
        self.again.setEnabled(False)
        self._looking.start(_found, done=self._came, failed=self._not_found)

    @property
    def chosen_kind(self) -> Kind:
        """Which kind of device stands in the form."""
        return Kind(self.kind.currentData())  # Qt gives back the word alone

    @property
    def config(self) -> DeviceConfig:
        """As it stands in the form."""
        width, height = self.picture_size.currentData()
        kind = self.chosen_kind
        camera = self.folder.text().strip() if kind is Kind.FOLDER else _key_in(self.camera)
        before = self._config
        if (kind, camera) != (before.kind, before.camera):  # another one: what was measured with the one before is not
            before = replace(before, mm_per_px=None, calibrated_width=0, calibrated_height=0, homography=())
        elif kind is Kind.TWO and _key_in(self.second) != before.second:
            before = replace(before, homography=())
        return replace(
            before,
            name=self.name.text().strip() or self.kind.currentText(),
            kind=kind,
            camera=camera,
            second=_key_in(self.second) if kind is Kind.TWO else "",
            lamp=_key_in(self.lamp) if kind is Kind.SWITCHED else "",
            width=width,
            height=height,
            rate=self.rate.value(),
            white=self.white.setting,
            fluorescence=self.fluorescence.setting,
        )

    @property
    def idle(self) -> bool:
        """Whether nothing is being looked for."""
        return not self._looking.busy

    def _use(self) -> None:
        config = self.config
        missing = _missing(config)
        say(self.problem, missing)
        if not missing:
            self.chosen.emit(config)

    def _came(self, found: tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]]) -> None:
        self.again.setEnabled(True)
        cameras, ports = found
        for box, there in ((self.camera, cameras), (self.second, cameras), (self.lamp, ports)):
            text = box.currentText()
            box.clear()
            for key, name in there:
                box.addItem(f"{name}  ({key})", key)
            box.setEditText(text or (box.itemText(0) if there and box is not self.second else ""))

    def _not_found(self, problem: str) -> None:
        self.again.setEnabled(True)
        say(self.problem, problem)

    def _show_words(self, config: DeviceConfig) -> None:
        """What is on record of its pictures."""
        self.name.setText(config.name)
        self.white.show_setting(config.white)
        self.fluorescence.show_setting(config.fluorescence)

    def _kind_changed(self) -> None:
        kind = self.chosen_kind
        say(self.problem, "")  # it was about another one
        if (kind is Kind.SIMULATED) is (self._hidden.kind is Kind.SIMULATED):
            # a phantom's name and light are on no record of a camera, and come back with it
            typed = replace(
                REAL if kind is Kind.SIMULATED else PHANTOM,
                name=self.name.text(),
                white=self.white.setting,
                fluorescence=self.fluorescence.setting,
            )
            other, self._hidden = self._hidden, typed
            self._show_words(other)
        elif kind is not self._config.kind and self.name.text() == self._config.name:
            self.name.setText("")  # that of another device
        elif kind is self._config.kind and not self.name.text():
            self.name.setText(self._config.name)
        folder = kind is Kind.FOLDER
        real = kind is not Kind.SIMULATED and not folder
        for field, shown in (
            (self.camera, real),
            (self.second, kind is Kind.TWO),
            (self.lamp, kind is Kind.SWITCHED),
            (self.folder, folder),
            (self.picture_size, not folder),
            (self.rate, not folder),
        ):
            self._form.setRowVisible(self._rows.get(field, field), shown)
        self.again.setVisible(real)
        self.fluorescence.setVisible(kind is not Kind.ONE)
        for box in (self.white, self.fluorescence):
            box.show_words_only(folder)
        self.hint.setText(FOLDER_HINT if folder else HINT)

    def _choose_folder(self) -> None:
        title = tr("Folder into which the device saves")
        ask_folder(self, "device_folder", title, self.folder.setText, folder=self.folder.text())

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        beside = QHBoxLayout()
        beside.addWidget(self.folder, 1)
        beside.addWidget(self.choose)
        self._rows: dict[QWidget, QHBoxLayout] = {self.folder: beside}  # fields that stand in a row with a button
        for text, field in (
            (tr("Kind"), self.kind),
            (tr("Name and serial number"), self.name),
            (tr("Camera"), self.camera),
            (tr("Second camera (fluorescence)"), self.second),
            (tr("Port of the lamp"), self.lamp),
            (tr("Folder"), self.folder),
            (tr("Size"), self.picture_size),
            (tr("Rate", "of frames"), self.rate),
        ):
            field.setAccessibleName(text)
            row = self._rows.get(field)
            if row is None:
                self._form.addRow(text, field)
            else:
                self._form.addRow(text, row)
        lights = QHBoxLayout()
        lights.addWidget(self.white)
        lights.addWidget(self.fluorescence)
        inside = QWidget(self)
        inside.setMaximumWidth(900)
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addWidget(words(self, "title", tr("Device of this workstation")))
        column.addWidget(self.hint)
        column.addLayout(self._form)
        column.addLayout(in_a_row(self.again))
        column.addLayout(lights)
        column.addWidget(self.problem)
        column.addLayout(in_a_row(self.use, self.cancel))
        column.addStretch(1)
        self.setWidget(inside)


class _LightBox(QGroupBox):
    """What the camera is set to in one light."""

    def __init__(self, title: str, parent: QWidget, *, excitation: bool = False) -> None:
        super().__init__(title, parent)
        self._was = LightSetting()
        self.exposure = _number(self, 10_000.0, " ms")
        self.gain = _number(self, 10_000.0, "")
        self.balance = _number(self, 20_000.0, " K", decimals=0)
        self.excitation = _number(self, 2_000.0, " nm", decimals=0, none=tr("not known"))
        self.filter, self.polariser = QLineEdit(self), QLineEdit(self)
        self._form = form = QFormLayout(self)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for text, field in (
            (tr("Exposure"), self.exposure),
            (tr("Gain"), self.gain),
            (tr("White balance"), self.balance),
            (tr("Excitation"), self.excitation),
            (tr("Filter", "of glass, before the camera"), self.filter),
            (tr("Polariser"), self.polariser),
        ):
            field.setAccessibleName(titled(title, text))
            form.addRow(text, field)
        form.setRowVisible(self.excitation, excitation)

    def show_words_only(self, only: bool) -> None:
        """Without what a camera is set to: of a device that sets itself."""
        for box in (self.exposure, self.gain, self.balance):
            self._form.setRowVisible(box, not only)

    def show_setting(self, setting: LightSetting) -> None:
        """Show it."""
        self._was = setting
        for box, value in (
            (self.exposure, setting.exposure_ms),
            (self.gain, setting.gain),
            (self.balance, setting.white_balance_k),
            (self.excitation, setting.excitation_nm),
        ):
            box.setValue(box.minimum() if value is None else value)
        self.filter.setText(setting.filter)
        self.polariser.setText(setting.polariser)

    @property
    def setting(self) -> LightSetting:
        """As it stands here."""
        return replace(
            self._was,
            exposure_ms=_value(self.exposure),
            gain=_value(self.gain),
            white_balance_k=_value(self.balance),
            excitation_nm=_value(self.excitation),
            filter=self.filter.text().strip(),
            polariser=self.polariser.text().strip(),
        )


def _number(
    parent: QWidget, most: float, unit: str, *, decimals: int = 1, none: str = tr("left to the camera")
) -> CalmDoubleSpinBox:
    box = CalmDoubleSpinBox(parent)
    box.setRange(0.0, most)
    box.setDecimals(decimals)
    box.setSuffix(unit)
    box.setSpecialValueText(none)
    return box


def _value(box: QDoubleSpinBox) -> float | None:
    return None if box.value() <= box.minimum() else box.value()


def _editable(parent: QWidget) -> QComboBox:
    box = QComboBox(parent)
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(24)
    return box


def _key_in(box: QComboBox) -> str:
    """The key of what was chosen, or what was typed."""
    text = box.currentText().strip()
    place = box.findText(text)
    return str(box.itemData(place)) if place >= 0 else text


def _missing(config: DeviceConfig) -> str:
    """What the form still needs; "" for nothing."""
    if config.has_fluorescence and not excites(config.fluorescence.excitation_nm):
        low, high = EXCITATION_NM
        return tr("Excitation is a wavelength between {low:.0f} and {high:.0f} nm.", low=low, high=high)
    if config.kind is Kind.FOLDER:
        whole = Path(config.camera).is_absolute()
        return "" if config.camera and whole else tr("Choose the folder into which the device saves.")
    keys = [key for key in (config.camera, config.second) if key]
    wants = (
        (not config.camera, tr("Choose a camera, or write its address.")),
        (not all(is_key(key) for key in keys), NO_KEY),
        (
            config.kind is Kind.TWO and len(set(keys)) < 2,
            tr("Choose a second camera that is another one than the first."),
        ),
        (config.kind is Kind.SWITCHED and not config.lamp, tr("Choose the port of the lamp.")),
    )
    return "" if config.kind is Kind.SIMULATED else next((why for wanting, why in wants if wanting), "")


def is_key(key: str) -> bool:
    """Whether there is such a kind of camera, and the key says which one."""
    from pfm_desktop.capture.found import KINDS
    from pfm_desktop.capture.network import PORTS, parts_of

    kind, _colon, rest = key.partition(":")
    if kind not in PORTS:
        return kind in KINDS and bool(rest)
    try:
        parts_of(key)
    except CameraError:
        return False
    return True


def _found(ctx: Context) -> tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]]:
    """As a job: cameras and serial ports, each as key and name."""
    from pfm_desktop.capture.found import usb_cameras
    from pfm_desktop.capture.lamp import serial_ports

    ctx.check()
    return usb_cameras(), serial_ports()
