"""Addresses of network cameras: which are taken, how they are shown, and why one gives nothing."""

from __future__ import annotations

import base64
import http.client
import socket
from urllib.parse import SplitResult, unquote, urlsplit

from pfm_desktop.capture.source import BusyError, CameraError, DeniedError, NoCameraError
from pfm_desktop.support.language import tr

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_ASKED_S = 2.0


def parts_of(url: str) -> SplitResult:
    """The parts of an address. Raises `CameraError` for one that is none of a camera."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise CameraError(
            tr("this is not an address of a network camera"),
            remedy=tr("give one such as rtsp://192.168.0.20/stream or http://192.168.0.20/video.mjpg"),
        )
    return parts


def shown(url: str) -> str:
    """The address without user name, password and query, which may hold one: for screens, records and logs."""
    parts = parts_of(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def why_silent(url: str) -> CameraError:
    """Why nothing came from an address, asked anew; takes some seconds at most."""
    parts, name = parts_of(url), shown(url)
    try:
        if parts.scheme in {"http", "https"}:
            return _of_status(_status(parts), name)
        socket.create_connection((parts.hostname or "", parts.port or PORTS[parts.scheme]), _ASKED_S).close()
    except TimeoutError:
        return NoCameraError(
            tr("nothing answers at {name}", name=name), remedy=tr("check the network, and that the camera is on")
        )
    except socket.gaierror:
        return NoCameraError(
            tr("the name in {name} is not known in this network", name=name), remedy=tr("check the address")
        )
    except ConnectionRefusedError:
        return NoCameraError(
            tr("the device at {name} takes no connection there", name=name), remedy=tr("check the port of the address")
        )
    except (OSError, http.client.HTTPException):
        return NoCameraError(tr("{name} cannot be reached", name=name), remedy=tr("check the network and the address"))
    return CameraError(
        tr("{name} answers and gives no pictures", name=name),
        remedy=tr("check the path in the address, user name and password"),
    )


def _status(parts: SplitResult) -> int:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    asked = kind(parts.hostname or "", parts.port or PORTS[parts.scheme], timeout=_ASKED_S)
    head = {}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        head["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    try:
        asked.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=head)
        return asked.getresponse().status
    finally:
        asked.close()


def _of_status(status: int, name: str) -> CameraError:
    if status in {401, 403}:
        return DeniedError(
            tr("{name} refuses this user", name=name),
            remedy=tr("put user name and password into the address: http://user:password@..."),
        )
    if status == 404:
        return NoCameraError(
            tr("{name} knows no such path", name=name), remedy=tr("look the path up in the manual of the camera")
        )
    if status in {429, 503}:
        return BusyError(
            tr("{name} serves others already", name=name), remedy=tr("close other programs that show this camera")
        )
    return CameraError(
        tr("{name} answers and gives no pictures that are read", name=name),
        remedy=tr("choose MJPEG or H.264 in the settings of the camera, and check the path in the address"),
    )
