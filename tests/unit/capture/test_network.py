"""Cameras in the network, on servers of the test's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest

from pfm_desktop.capture import network, network_camera
from pfm_desktop.capture.network_camera import NetworkCamera
from pfm_desktop.capture.source import (
    BusyError,
    CameraError,
    Control,
    DeniedError,
    NoCameraError,
    StalledError,
    TornFrameError,
)
from pfm_desktop.capture.status import Patience, StreamState
from pfm_desktop.capture.stream import Stream

from .conftest import LIMIT, Heard

pytestmark = pytest.mark.slow

SOME = 12  # frames; FFmpeg looks at a few before it says that a camera is open
Part = bytes | int | threading.Event


def jpeg(level: int = 100, width: int = 64, height: int = 48) -> bytes:
    return cv2.imencode(".jpg", np.full((height, width, 3), (10, 20, level), np.uint8))[1].tobytes()


def part(coded: bytes) -> bytes:
    return b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(coded), coded)


class Server(ThreadingHTTPServer):
    """Sends the parts of the next script to each who asks: bytes as they are, a number as a status, and waits for
    events."""

    daemon_threads = True
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scripts: list[list[Part]] = []
        self.served: list[dict[str, str]] = []
        self.end = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/video.mjpg"

    def handle_error(self, *_: Any) -> None:
        """Who went away early is no error here."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: Any) -> None:
        """Not on the terminal."""

    def do_GET(self) -> None:
        self.server.served.append(dict(self.headers))
        script = self.server.scripts.pop(0) if len(self.server.scripts) > 1 else self.server.scripts[0]
        status = next((item for item in script if isinstance(item, int)), 200)
        self.send_response(status)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        self.end_headers()
        for item in script:
            if isinstance(item, threading.Event):
                item.wait(LIMIT)
            elif isinstance(item, bytes):
                self.wfile.write(item)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.end.set()
        made.shutdown()
        thread.join(LIMIT)


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_camera, "READ_S", 0.3)
    monkeypatch.setattr(network_camera, "OPEN_S", 1.0)
    monkeypatch.setattr(network, "_ASKED_S", 0.3)


def test_frames_of_a_camera_in_the_network_are_red_green_blue_and_numbered(server: Server) -> None:
    server.scripts = [[*(part(jpeg(level)) for level in (40, 80, 120)), server.end]]
    with closing(NetworkCamera(server.url)) as camera:
        given = camera.open()
        assert (given.width, given.height, given.rate, given.coding) == (64, 48, 0.0, "MJPG")
        frames = [camera.read() for _ in range(3)]
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert frames[1].pixels.shape == (48, 64, 3)
    assert frames[1].pixels[5, 5].tolist() == pytest.approx([80, 20, 10], abs=4)
    assert frames[0].at <= frames[1].at <= frames[2].at


def test_another_size_in_mid_stream_is_given_as_it_is(server: Server) -> None:
    server.scripts = [[part(jpeg()), part(jpeg(width=320, height=240)), server.end]]
    with closing(NetworkCamera(server.url)) as camera:
        camera.open()
        assert [camera.read().pixels.shape for _ in range(2)] == [(48, 64, 3), (240, 320, 3)]


def test_half_a_picture_and_garbage_are_torn_and_the_next_picture_is_whole(server: Server) -> None:
    whole = jpeg()
    garbage = np.random.default_rng(1).integers(0, 256, 300, np.uint8).tobytes()
    server.scripts = [[part(whole), part(whole[: len(whole) // 2]), part(garbage), part(whole), server.end]]
    with closing(NetworkCamera(server.url)) as camera:
        camera.open()
        assert camera.read().number == 0
        for _ in range(2):
            with pytest.raises(TornFrameError):
                camera.read()
        assert camera.read().number == 1


def test_a_camera_that_stops_in_the_midst_of_a_picture_is_not_waited_for_long(server: Server) -> None:
    whole = jpeg()
    server.scripts = [[*[part(whole)] * SOME, part(whole)[:200], server.end]]
    with closing(NetworkCamera(server.url)) as camera:
        camera.open()
        for _ in range(SOME):
            camera.read()
        with pytest.raises(CameraError):
            camera.read()
        with pytest.raises((StalledError, NoCameraError)):
            camera.read()


def test_a_camera_that_ends_the_connection_is_said(server: Server) -> None:
    server.scripts = [[part(jpeg())] * SOME]
    with closing(NetworkCamera(server.url)) as camera:
        camera.open()
        for _ in range(SOME):
            camera.read()
        with pytest.raises(NoCameraError, match="ended the connection"):
            camera.read()


@pytest.mark.parametrize(
    ("status", "kind"), [(401, DeniedError), (403, DeniedError), (404, NoCameraError), (503, BusyError)]
)
def test_why_a_camera_refuses_is_said_without_its_password(
    server: Server, status: int, kind: type[CameraError]
) -> None:
    server.scripts = [[status]]
    url = server.url.replace("http://", "http://anna:s%20cret@") + "?token=t0ken"
    with pytest.raises(kind) as caught:
        NetworkCamera(url).open()
    assert "127.0.0.1" in str(caught.value)
    assert not any(word in str(caught.value) for word in ("anna", "s%20cret", "s cret", "t0ken"))
    assert server.served[-1]["Authorization"] == "Basic YW5uYTpzIGNyZXQ="


def test_what_answers_and_sends_no_pictures_is_said(server: Server) -> None:
    server.scripts = [[b"<html>Welcome</html>"]]
    with pytest.raises(CameraError, match="gives no pictures"):
        NetworkCamera(server.url).open()


def test_an_address_where_nothing_is_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for kind in ("http", "rtsp"):
        with pytest.raises(NoCameraError, match="takes no connection"):
            NetworkCamera(f"{kind}://127.0.0.1:{port}/stream").open()


def test_a_device_that_takes_the_connection_and_says_nothing_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for kind, error in (("http", NoCameraError), ("rtsp", CameraError)):
            with pytest.raises(error):
                NetworkCamera(f"{kind}://127.0.0.1:{silent.getsockname()[1]}/stream").open()


@pytest.mark.parametrize(
    "bad",
    [
        "", "http://", "http:///path", "file:///etc/passwd", "concat:a|b", "ftp://a/b", "http://a:99999/",
        "http://a b/", "rtsp://a/\nb", "http://[::1/", "http://a:0/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_camera_is_refused(bad: str) -> None:
    with pytest.raises(CameraError, match="not an address"):
        NetworkCamera(bad)


def test_an_address_is_shown_without_what_is_secret() -> None:
    assert network.shown("rtsp://u:p@10.0.0.5:8554/live?key=1") == "rtsp://10.0.0.5:8554/live"
    assert network.shown("http://[fe80::1]/v") == "http://[fe80::1]/v"


def test_it_has_nothing_to_set_and_closing_twice_does_no_harm() -> None:
    camera = NetworkCamera("http://127.0.0.1/")
    assert camera.controls() == {}
    with pytest.raises(CameraError, match="white balance"):
        camera.set(Control.WHITE_BALANCE, 5000.0)
    with pytest.raises(NoCameraError):
        camera.read()
    camera.close()
    camera.close()


@pytest.fixture
def watched(server: Server) -> Iterator[Callable[[], tuple[Stream, Heard]]]:
    """A stream of the server's camera, stopped at the end."""
    patience = Patience(silent_s=0.15, hangs_s=LIMIT, opens_s=LIMIT, pauses=(0.01,))
    stream = Stream(lambda: NetworkCamera(server.url), patience=patience)
    yield lambda: (stream, Heard(stream))
    server.end.set()
    stream.stop(LIMIT)


def test_a_camera_that_stalls_in_mid_picture_is_said_and_opened_anew(
    server: Server, watched: Callable[[], tuple[Stream, Heard]]
) -> None:
    whole = part(jpeg())
    wider = part(jpeg(width=128))
    server.scripts = [[*[whole] * SOME, whole[:200], server.end], [*[whole] * SOME, wider, wider, server.end]]
    stream, heard = watched()
    stream.start()
    heard.until(lambda status: status.state is StreamState.STALLED)
    again = heard.until(lambda status: status.reconnected == 1 and status.format is not None)
    assert again.state is StreamState.LIVE
    heard.until(lambda status: status.format is not None and status.format.width == 128)
