"""Industrial cameras by the GenICam standard (GigE Vision, USB3 Vision), through `harvesters` and the producer (.cti)
that comes with the camera. Written after harvesters 1.4 and tried with the virtual camera that the package genicam
brings along (viky.cti); never on a device.

Source: https://github.com/genicam/harvesters (Apache-2.0), the names of features after the GenICam SFNC.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pfm_desktop.capture.decoding import torn
from pfm_desktop.capture.genicam_nodes import (
    DECODES,
    GREY,
    limit_of,
    pixels_of,
    set_number,
    set_switch,
    symbols_of,
    value_of,
    why,
)
from pfm_desktop.capture.source import (
    CONTROL_WORDS,
    READ_S,
    CameraError,
    Control,
    Format,
    Frame,
    NoCameraError,
    Setting,
    StalledError,
)
from pfm_desktop.support.language import tr

_FEATURES = {
    Control.EXPOSURE: ("ExposureTime", "ExposureAuto", 1000.0),  # microseconds
    Control.GAIN: ("Gain", "GainAuto", 1.0),
    Control.FOCUS: ("Focus", "FocusAuto", 1.0),
}
_BUFFERS = 8  # frames that the driver keeps while the program is late
_AUTOMATIC, _OFF = "Continuous", "Off"
_PATHS = "GENICAM_GENTL64_PATH"  # where the standard lets producers be found


def producers() -> tuple[Path, ...]:
    """The producers that are installed: .cti files in the folders of `GENICAM_GENTL64_PATH`."""
    folders = [Path(folder) for folder in os.environ.get(_PATHS, "").split(os.pathsep) if folder]
    return tuple(sorted(file for folder in folders if folder.is_dir() for file in folder.glob("*.cti")))


def make_harvester() -> Any:
    """A harvester that knows the producers. Raises `CameraError` where harvesters or a producer is missing."""
    try:
        from harvesters.core import Harvester
    except ImportError as error:
        raise CameraError(
            tr("cameras by GenICam need a part that is not installed"),
            remedy=tr('install it: pip install "pfm-desktop[genicam]"'),
        ) from error
    found = producers()
    if not found:
        raise CameraError(
            tr("no producer for GenICam is installed"),
            remedy=tr(
                "install the software of the camera's maker; {paths} names the folder of its .cti file", paths=_PATHS
            ),
        )
    harvester = Harvester()
    for file in found:
        harvester.add_file(str(file))
    return harvester


def listed(make: Callable[[], Any] = make_harvester) -> tuple[tuple[str, str], ...]:
    """Key and name of each camera that the producers find; takes seconds. Raises `CameraError`."""
    harvester = make()
    try:
        harvester.update()
        return tuple(
            (f"genicam:{about.serial_number}", f"{about.vendor} {about.model} ({about.serial_number})")
            for about in harvester.device_info_list
            if about.serial_number
        )
    finally:
        harvester.reset()


class GenICamCamera:
    """The camera with a serial number."""

    def __init__(self, serial: str, *, make: Callable[[], Any] = make_harvester) -> None:
        self.name, self.key = f"GenICam camera {serial}", f"genicam:{serial}"
        self._serial, self._make = serial, make
        self._harvester: Any = None
        self._acquirer: Any = None
        self._format = Format(0, 0)
        self._first: int | None = None  # the camera's number of its first frame
        self._counted = 0

    def open(self, wanted: Format | None = None) -> Format:
        """See `Camera`."""
        self.close()
        self._harvester = self._make()
        try:
            self._harvester.update()
            serials = [about.serial_number for about in self._harvester.device_info_list]
            if self._serial not in serials:
                raise NoCameraError(
                    tr("{name} is not there", name=self.name), remedy=tr("check its power and its cable")
                )
            self._acquirer = self._harvester.create({"serial_number": self._serial})
            self._format = self._ask_for(wanted)
            self._acquirer.num_buffers = max(_BUFFERS, self._acquirer.min_num_buffers)
            self._acquirer.start()
        except CameraError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise why(error, self.name) from error
        self._first, self._counted = None, 0
        return self._format

    def _ask_for(self, wanted: Format | None) -> Format:
        node = self._node
        known = [coding for coding in DECODES if coding in symbols_of(node("PixelFormat"))]
        if known and node("PixelFormat").value not in set(DECODES) - {GREY}:
            node("PixelFormat").value = known[0]
        white = node("BalanceWhiteAuto")
        if _OFF in symbols_of(white):
            white.value = _OFF  # or fluorescence would be turned grey
        if wanted is not None:
            for name, value in (("Width", wanted.width), ("Height", wanted.height)):
                set_number(node(name), float(value), whole=True)
            if wanted.rate > 0:
                set_switch(node("AcquisitionFrameRateEnable"), True)
                set_number(node("AcquisitionFrameRate"), wanted.rate)
        rate = value_of(node("AcquisitionFrameRate"))
        return Format(int(node("Width").value), int(node("Height").value), rate or 0.0, str(node("PixelFormat").value))

    def _node(self, name: str) -> Any:
        """A feature of the camera; None where it has none."""
        return getattr(self._acquirer.remote_device.node_map, name, None) if self._acquirer is not None else None

    def formats(self) -> tuple[Format, ...]:
        """See `Camera`; size and rate are free within the sensor's, so only what it is at now is named."""
        return (self._format,)

    def read(self) -> Frame:
        """See `Camera`."""
        if self._acquirer is None:
            raise NoCameraError(tr("{name} is not open", name=self.name), remedy=tr("open it first"))
        began = time.monotonic()
        try:
            buffer = self._acquirer.try_fetch(timeout=READ_S)
            if buffer is None and time.monotonic() - began > 0.9 * READ_S:
                raise StalledError(tr("{name} gives no pictures", name=self.name), remedy=tr("check its cable"))
            if buffer is None:
                raise torn(tr("a part of it is missing"))
            now = time.monotonic()
            with buffer:
                pixels, number = pixels_of(buffer.payload.components[0]), self._counts(buffer)
        except CameraError:
            raise
        except Exception as error:
            raise why(error, self.name) from error
        return Frame(pixels, now, number)

    def _counts(self, buffer: Any) -> int:
        """The camera's own number from its first frame on, where that is one; else how many came."""
        self._counted += 1
        try:
            said = buffer.frame_id
        except Exception:  # noqa: BLE001 - a producer need not say it
            said = None
        if isinstance(said, int) and self._first is None:
            self._first = said
        if isinstance(said, int) and self._first is not None and said - self._first >= self._counted - 1:
            return said - self._first
        return self._counted - 1

    def controls(self) -> Mapping[Control, Setting]:
        """See `Camera`."""
        found = {}
        for control, (name, switch, per) in _FEATURES.items():
            node, automatic = self._node(name), self._node(switch)
            value = value_of(node)
            if value is None:
                continue
            low, high = limit_of(node, "min"), limit_of(node, "max")
            found[control] = Setting(
                value=value / per,
                low=None if low is None else low / per,
                high=None if high is None else high / per,
                automatic=getattr(automatic, "value", _OFF) != _OFF,
                can_be_automatic=_AUTOMATIC in symbols_of(automatic),
            )
        return found

    def set(self, control: Control, value: float | None) -> None:
        """See `Camera`. White balance is a ratio of channels there, and no temperature: it is not offered."""
        name, switch, per = _FEATURES.get(control, ("", "", 1.0))
        node, automatic = self._node(name), self._node(switch)
        refused = CameraError(
            tr("{name} does not let its {control} be set so", name=self.name, control=CONTROL_WORDS[control]),
            remedy=tr("choose another value"),
        )
        if value is None:
            if _AUTOMATIC not in symbols_of(automatic):
                raise refused
            automatic.value = _AUTOMATIC
            return
        try:
            if _OFF in symbols_of(automatic):
                automatic.value = _OFF
            if not math.isfinite(value) or not set_number(node, value * per):
                raise refused
        except CameraError:
            raise
        except Exception as error:
            raise refused from error

    def close(self) -> None:
        """See `Camera`."""
        acquirer, self._acquirer = self._acquirer, None
        harvester, self._harvester = self._harvester, None
        try:
            if acquirer is not None:
                acquirer.stop()
                acquirer.destroy()
        finally:
            if harvester is not None:
                harvester.reset()
