from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pfm_desktop.gui import application, display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can lack a display")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(display, "X_SOCKETS", str(tmp_path))


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Servers at `:5` and at `wayland-5`."""
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
    assert capsys.readouterr().err.strip() == application.NO_DISPLAY


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("name", [":5", ":5.0", "unix:5", "unix/anything:5.1"])
def test_a_display_that_answers_is_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DISPLAY", name)
    assert display.has_display()


@pytest.mark.usefixtures("listening")
def test_wayland_that_answers_is_a_display_and_one_that_is_gone_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-5")
    assert display.has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-6")
    assert not display.has_display()


@pytest.mark.usefixtures("listening")
def test_the_platform_that_was_asked_for_decides_which_display_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":5")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-6")
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")
    assert not display.has_display()
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert display.has_display()
    monkeypatch.setenv("DISPLAY", ":77")
    assert not display.has_display()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.has_display()


@pytest.mark.parametrize("name", ["", "nonsense", ":", ":x", "host:70000", ":5 ", "host::0:x"])
def test_what_names_no_display_is_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DISPLAY", name)
    assert not display.has_display()


def test_a_display_over_the_network_is_asked_at_its_port() -> None:
    assert list(display.x_addresses("localhost:10.0")) == [(socket.AF_INET, ("localhost", 6010))]
    assert list(display.x_addresses("tcp/[::1]:1")) == [(socket.AF_INET, ("::1", 6001))]
