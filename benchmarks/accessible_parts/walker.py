"""Walks what a program shows through AT-SPI; run by the system's Python, which has gi. Prints JSON."""

from __future__ import annotations

import json
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

CONTROLS = {
    "push button", "toggle button", "check box", "radio button", "combo box", "text", "password text", "entry",
    "spin button", "slider", "scroll bar", "table", "tree", "tree table", "list", "list box", "page tab list",
    "page tab", "menu item", "check menu item", "radio menu item", "menu", "link", "canvas", "document text",
    "document frame", "progress bar", "tool bar", "dial", "calendar", "image map",
}  # fmt: skip
LEFT_OUT = {"scroll bar", "tool bar"}  # moved with what they belong to
WAITS_S = 10.0  # until the program has told the registry of itself
MOST = 60  # children of a list that are walked


def main() -> None:
    """`walker PID`."""
    end = time.monotonic() + WAITS_S
    while int(sys.argv[1]) not in (here := _programs()) and time.monotonic() < end:
        time.sleep(0.2)
    if int(sys.argv[1]) not in here:
        raise SystemExit(f"not among the programs that speak AT-SPI: {sorted(here)}")
    program = here[int(sys.argv[1])]
    found: list[dict[str, str]] = []
    _walk(program, "", found)
    print(json.dumps(found))


def _programs() -> dict[int, object]:
    desktop = Atspi.get_desktop(0)
    programs = [desktop.get_child_at_index(place) for place in range(desktop.get_child_count())]
    return {one.get_process_id(): one for one in programs if one is not None}


def _walk(one: object, path: str, found: list[dict[str, str]]) -> None:
    for place in range(min(one.get_child_count(), MOST)):
        child = one.get_child_at_index(place)
        if child is None:
            continue
        try:
            role, name, states = child.get_role_name(), child.get_name() or "", child.get_state_set()
        except GLib.GError:  # it went while it was looked at
            continue
        if not states.contains(Atspi.StateType.SHOWING) and role not in ("menu item", "menu", "check menu item"):
            continue
        here = f"{path} > {role}{f' {name!r}' if name else ''}"
        reachable = states.contains(Atspi.StateType.FOCUSABLE) or role in (
            "menu item",
            "menu",
            "page tab",
            "push button",
        )
        if role in CONTROLS - LEFT_OUT and reachable and not states.contains(Atspi.StateType.DEFUNCT):
            found.append({"role": role, "name": name, "path": path[-240:]})
        _walk(child, here, found)


main()
