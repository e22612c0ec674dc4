"""The first-read lock in the audit trail: a setting of this computer, yet on record in each library it holds for."""

from __future__ import annotations

from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library

WHAT, KEY = "setting", "first_read_lock"


def record_switch(lib: Library, *, on: bool) -> None:
    """Put on record that the lock was switched, by `lib.who`."""
    lib.record_event(WHAT, KEY, f"First-read lock switched {_word(on)}", {"on": on})


def record_difference(lib: Library, *, on: bool) -> bool:
    """Put on record that the lock is another one than this library last knew; whether there was a difference.

    It can be switched while another library is open, or in the settings file itself.
    """
    if on_record(lib) is on:
        return False
    said = f"First-read lock found switched {_word(on)} when the library was opened; it was switched elsewhere"
    lib.record_event(WHAT, KEY, said, {"on": on})
    return True


def on_record(lib: Library) -> bool:
    """What the lock was when it was last put on record; a library in which nothing was said began with it on."""
    with lib.read() as session:
        last = journal.last(session, what=WHAT, key=KEY)
    if last is None:
        return True
    if last.new is not None:
        return bool(last.new["on"])
    return not last.text.endswith("off")  # lines of older versions say it in words only


def _word(on: bool) -> str:
    return "on" if on else "off"
