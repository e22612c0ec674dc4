"""Which cameras there are, and a camera by its key.

Keys: `usb:0`, `usb:NAME` (a name in /dev/v4l/by-id), `rtsp://...`, `http://...`, `file:PATH`, `genicam:SERIAL`.
Others register theirs in `KINDS`, by what stands before the colon.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from pfm_desktop.capture import v4l2
from pfm_desktop.capture.network import PORTS
from pfm_desktop.capture.source import Camera, CameraError
from pfm_desktop.support.language import tr

SYSTEM = Path("/sys/class/video4linux")
BY_ID = Path("/dev/v4l/by-id")
DEVICES = Path("/dev")
_BY_ID_NAME = re.compile(r"[A-Za-z0-9][\w.,:+@#%-]*-video-index\d+", re.ASCII)
TRIED = 4  # numbers, where the system does not list its cameras

Make = Callable[[str], Camera]


def _usb(key: str) -> Camera:
    from pfm_desktop.capture.usb_camera import UsbCamera

    which = key.removeprefix("usb:")
    if which.isascii() and which.isdecimal() and len(which) <= 3:
        return UsbCamera(int(which), name=_said_name(SYSTEM / f"video{int(which)}"))
    if not _BY_ID_NAME.fullmatch(which):
        raise unknown(key)
    return UsbCamera(which, name=spoken(which))


def _network(key: str) -> Camera:
    from pfm_desktop.capture.network_camera import NetworkCamera

    return NetworkCamera(key)


def _file(key: str) -> Camera:
    from pfm_desktop.capture.playback import Playback

    path = key.removeprefix("file:")
    if not path or "\0" in path:
        raise unknown(key)
    return Playback(path)


def _genicam(key: str) -> Camera:
    from pfm_desktop.capture.genicam import GenICamCamera

    serial = key.removeprefix("genicam:")
    if not serial:
        raise unknown(key)
    return GenICamCamera(serial)


KINDS: dict[str, Make] = {"usb": _usb, "file": _file, "genicam": _genicam, **dict.fromkeys(PORTS, _network)}


def make(key: str) -> Camera:
    """The camera with this key, not opened. Raises `CameraError` where there is no such kind."""
    kind, colon, _rest = key.partition(":")
    if not colon or kind not in KINDS:
        raise unknown(key)
    return KINDS[kind](key)


def unknown(key: str) -> CameraError:
    """What is said of a key that names no camera; the key itself may hold a password and is not repeated."""
    kind = key.partition(":")[0][:20] if ":" in key else ""
    return CameraError(
        tr("there is no such kind of camera: {kind}", kind=kind)
        if kind.isalnum()
        else tr("there is no such kind of camera"),
        remedy=tr("choose a camera from the list, or give an address such as rtsp://192.168.0.20/stream"),
    )


def usb_cameras(
    *, system: str = sys.platform, listed: Path = SYSTEM, by_id: Path = BY_ID, devices: Path = DEVICES
) -> tuple[tuple[str, str], ...]:
    """Key and name of each USB camera, by number. On Linux as the system lists them, and none is opened but where a
    camera has several devices, of which some give no frames; the key is the name by which the camera is found again in
    another socket, where it has one. Elsewhere the first numbers are tried, which opens cameras."""
    if not system.startswith("linux"):
        return _tried()
    names = _by_id(by_id)
    return _told_apart(
        [(f"usb:{names.get(f'video{number}', number)}", name) for number, name in _listed(listed, devices)]
    )


def _listed(listed: Path, devices: Path) -> list[tuple[int, str]]:
    found = []
    for entry in sorted(listed.glob("video*"), key=lambda path: (len(path.name), path.name)):
        number = entry.name.removeprefix("video")
        if not number.isdecimal():
            continue
        # the first device of a camera gives its frames; the others may
        if _line(entry / "index") in {"", "0"} or v4l2.captures(devices / entry.name):
            found.append((int(number), _said_name(entry) or f"Camera {number}"))
    return found


def _said_name(entry: Path) -> str:
    return _line(entry / "name").partition(": ")[0]  # uvcvideo says it twice


def _by_id(folder: Path) -> dict[str, str]:
    try:
        return {link.resolve().name: link.name for link in sorted(folder.iterdir())}
    except OSError:
        return {}


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _told_apart(found: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Cameras of one name are numbered."""
    names = [name for _key, name in found]
    return tuple(
        (key, f"{name} ({names[: place + 1].count(name)})" if names.count(name) > 1 else name)
        for place, (key, name) in enumerate(found)
    )


def _tried() -> tuple[tuple[str, str], ...]:
    import cv2

    from pfm_desktop.capture.opencv_camera import make_driver

    found = []
    for number in range(TRIED):
        driver = make_driver(number, cv2.CAP_DSHOW if sys.platform == "win32" else cv2.CAP_ANY, ())
        if driver.isOpened():
            found.append((f"usb:{number}", f"Camera {number}"))
        driver.release()
    return tuple(found)


def spoken(by_id: str) -> str:
    """A name of /dev/v4l/by-id for a person: usb-046d_HD_Pro_Webcam_C920_A1B2-video-index0."""
    return by_id.removeprefix("usb-").rpartition("-video-index")[0].replace("_", " ").strip() or by_id
