from __future__ import annotations

import contextlib
import ctypes.util
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pfm_desktop.gui import application
from pfm_desktop.support import display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can lack a display")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(display, "X_SOCKETS", str(tmp_path))


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Servers at `:5` and at `wayland-5`, which let everybody in."""
    monkeypatch.setattr(display, "X_LIBRARIES", {})
    monkeypatch.setattr(display, "_x_lets_in", lambda: True)
    monkeypatch.chdir(tmp_path)  # the address of a socket may be short only
    with socket.socket(socket.AF_UNIX) as x, socket.socket(socket.AF_UNIX) as wayland:
        for server, name in ((x, "X5"), (wayland, "wayland-5")):
            server.bind(name)
            server.listen(8)
        yield


def test_a_stale_display_is_said_to_be_none_with_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISPLAY", ":77")
    assert application.main([]) == 2
    assert capsys.readouterr().err.strip() == display.NO_DISPLAY


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("name", [":5", ":5.0", "unix:5", "unix/anything:5.1"])
def test_a_display_that_answers_is_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DISPLAY", name)
    assert display.why_no_window() == ""


@pytest.mark.usefixtures("listening")
def test_wayland_that_answers_is_a_display_and_one_that_is_gone_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-5")
    assert display.why_no_window() == ""
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-6")
    assert display.why_no_window() == display.NO_DISPLAY


@pytest.mark.usefixtures("listening")
def test_the_platform_that_was_asked_for_decides_which_display_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":5")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-6")
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")
    assert display.why_no_window() == display.NO_DISPLAY
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert display.why_no_window() == ""
    monkeypatch.setenv("DISPLAY", ":77")
    assert display.why_no_window() == display.NO_DISPLAY
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.why_no_window() == ""


@pytest.mark.parametrize("name", ["", "nonsense", ":", ":x", "host:70000", ":5 ", "host::0:x"])
def test_what_names_no_display_is_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DISPLAY", name)
    assert display.why_no_window() == display.NO_DISPLAY


SETUP = struct.pack("<BBHHH", 1, 0, 11, 0, 8) + bytes(32)  # "Success", with an empty description of the server
WHY = b"Invalid MIT-MAGIC-COOKIE-1 key\n\0"
REFUSAL = struct.pack("<BBHHH", 0, len(WHY) - 1, 11, 0, len(WHY) // 4) + WHY

Serving = Callable[[bytes], str]


@pytest.fixture
def x_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """Starts an X server that gives everybody the same answer (none at all: b""); returns the name of its display."""
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def answer(server: socket.socket, words: bytes) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:  # the test is over
                return
            sockets.append(client)
            if words and client.recv(4096):
                client.sendall(words)

    def started(words: bytes) -> str:
        server = socket.create_server(("127.0.0.1", 0))  # one of the high ports, and those are displays too
        sockets.append(server)
        threads.append(threading.Thread(target=answer, args=(server, words)))
        threads[-1].start()
        name = f"127.0.0.1:{server.getsockname()[1] - display.X_PORT}"
        monkeypatch.setenv("DISPLAY", name)
        return name

    monkeypatch.setattr(display, "X_LIBRARIES", {})
    yield started
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)  # wakes the thread
        one.close()
    for thread in threads:
        thread.join()


needs_xcb = pytest.mark.skipif(ctypes.util.find_library("xcb") is None, reason="needs libxcb")


@needs_xcb
@pytest.mark.parametrize(("words", "let_in"), [(SETUP, True), (REFUSAL, False)])
def test_an_x_server_is_asked_whether_it_lets_us_in(x_server: Serving, words: bytes, let_in: bool) -> None:
    name = x_server(words)
    assert display.why_no_window() == ("" if let_in else display.REFUSED.format(display=name))


@needs_xcb
def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, x_server: Serving) -> None:
    monkeypatch.setattr(display, "_SECONDS", 0.1)
    x_server(b"")
    assert "does not let this program in" in display.why_no_window()


@pytest.mark.usefixtures("listening")
def test_a_display_that_does_not_let_us_in_is_said_with_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISPLAY", ":5")
    monkeypatch.setattr(display, "_x_lets_in", lambda: False)
    assert application.main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: the display :5 does not let this program in.")
    assert said.count("\n") == 1


@pytest.mark.usefixtures("listening")
def test_a_library_that_is_not_there_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":5")
    monkeypatch.setattr(display, "X_LIBRARIES", {"libc.so.6": "libc6", "libxcb-nowhere.so.0": "libxcb-nowhere0"})
    assert "`sudo apt-get install libxcb-nowhere0`" in display.why_no_window()


@pytest.mark.usefixtures("listening")
def test_who_started_it_by_a_click_sees_it_in_a_dialog_of_the_desktop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DISPLAY", ":5")
    monkeypatch.setattr(display, "X_LIBRARIES", {"libxcb-nowhere.so.0": "libxcb-nowhere0"})
    (tmp_path / "kdialog").write_text(f'#!/bin/sh\nprintf "%s\n" "$@" > "{tmp_path}/shown"\n')
    (tmp_path / "kdialog").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert application.main([]) == 2
    assert "apt-get install libxcb-nowhere0" in (tmp_path / "shown").read_text()


def test_every_package_that_is_named_is_installed_by_make_run() -> None:
    installed = (Path(__file__).parents[2] / ".ci" / "system-packages").read_text(encoding="utf-8")
    named = set(display.X_LIBRARIES.values()) - {"libxcb1"}  # the others need that one
    assert all(package in installed for package in named)


def test_a_display_over_the_network_is_asked_at_its_port() -> None:
    assert list(display.x_addresses("localhost:10.0")) == [(socket.AF_INET, ("localhost", 6010))]
    assert list(display.x_addresses("tcp/[::1]:1")) == [(socket.AF_INET, ("::1", 6001))]
