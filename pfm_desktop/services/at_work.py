"""What was being worked on, so that a crash, a kill or a power cut loses neither the place nor what undo knows.

Every edit is in the journal. Beside it stands which visit is open and since when the work goes on, until the library is
closed; found at the next opening, it tells that the program ended without closing, and the journal since then is the
history. However often that happens, it is the history since the last time that the library was closed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pfm_desktop.domain.change import Change
from pfm_desktop.services.amending import AMENDMENT
from pfm_desktop.services.review import REDO, UNDO
from pfm_desktop.services.taking_back import IMPORT, made_in
from pfm_desktop.storage import journal, records, rules
from pfm_desktop.storage import repositories as stored
from pfm_desktop.support.errors import StorageError

if TYPE_CHECKING:
    from pfm_desktop.storage.journal import JournalEntry
    from pfm_desktop.storage.library import Library

KEY = "at_work"  # among the facts of the library; behind it, who
MOST = 500  # steps looked at: as many as undo keeps
# reads are taken back where they are made; a clip is recorded while other things are done, and a plan is of the site
_NOT_HERE = {"account", "read", "task", "clip", "site_choice"}
_FOR_GOOD = {"revealed_at", "first_read", "signature"}
_waiting: WeakKeyDictionary[Library, _Noted] = WeakKeyDictionary()  # what the disk refused when work began


@dataclass(frozen=True)
class _Noted:
    """What is noted: the last line of the journal when work began, and the open visit.

    Where the program ended without closing, the work goes on at the next opening: it began when it began.
    """

    since: int
    visit: str


@dataclass(frozen=True)
class Step:
    """One step that undo knows: its changes, and the visit that it belongs to ("": to the list of visits)."""

    changes: tuple[Change, ...]
    visit_id: str


@dataclass(frozen=True)
class LeftBehind:
    """The visit that was open ("": none), steps that can be taken back, and steps that were (the latest last).

    The order is that within each visit, or the list.
    """

    visit_id: str
    done: tuple[Step, ...] = ()
    undone: tuple[Step, ...] = ()


def begin(lib: Library) -> LeftBehind | None:
    """The library is open and is going to be worked with; what an ending without closing left of this person's work.

    None where this person closed it. A library that is only read takes no note.
    """
    if lib.read_only:
        return None
    kept = _read(lib.meta(key_of(lib)))
    left = None if kept is None else _history(lib, kept.since, kept.visit)
    if kept is None or left is None:
        with lib.read() as session:
            noted = _Noted(journal.length(session), "")
    else:
        noted = replace(kept, visit=left.visit_id)
    _waiting[lib] = noted
    with suppress(StorageError):  # a full disk says so at the first edit, and takes away nothing of what is known
        lib.set_meta(key_of(lib), _written(noted))
        _waiting.pop(lib, None)
    return left


def note_visit(lib: Library, visit_id: str) -> None:
    """A visit is on the desk, or none with "". What could not be noted when work began is noted now."""

    def noted(said: str | None) -> str | None:
        kept = _read(said) or _waiting.get(lib)
        return None if kept is None else _written(replace(kept, visit=visit_id))  # None: it is being closed

    if not lib.read_only:
        lib.change_meta(key_of(lib), noted)
        _waiting.pop(lib, None)


def end(lib: Library) -> None:
    """The library is about to be closed: nothing was left behind."""
    _waiting.pop(lib, None)
    if not lib.read_only:
        lib.change_meta(key_of(lib), lambda _said: None)


def key_of(lib: Library) -> str:
    """Where the note of this person stands: somebody else who works in between leaves it as it is."""
    return f"{KEY} {hashlib.sha256(lib.who.encode()).hexdigest()[:32]}"


def _written(noted: _Noted) -> str:
    return json.dumps(asdict(noted))


def _read(said: str | None) -> _Noted | None:
    try:
        kept = json.loads(said or "")
        return _Noted(since=int(kept["since"]), visit=str(kept["visit"]))
    except (ArithmeticError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _history(lib: Library, since: int, visit_id: str) -> LeftBehind:
    with lib.read() as session:
        begins = journal.steps_begin(session, who=lib.who, after=since, most=MOST)
        lines = journal.entries(session, after=begins - 1, limit=sys.maxsize) if begins else ()
        stacks: dict[str, _Stack] = {"": _Stack([], [])}
        for step in _steps(lines, lib.who, lambda change: _visit_of(session, change)):
            if step.changes[0].what == IMPORT:
                _with_import(stacks, Step(made_in(session, step.changes[0]), ""))
            else:
                _stack_of(stacks, step).follow(step)
        there = bool(visit_id) and stored.visit(session, visit_id) is not None
    done = tuple(step for stack in stacks.values() for step in stack.done)
    undone = tuple(step for stack in stacks.values() for step in stack.undone)
    return LeftBehind(visit_id if there else "", done, undone)


@dataclass(frozen=True)
class _Stack:
    """Steps of one visit, or of the list, as undo has them: the latest last."""

    done: list[Step]
    undone: list[Step]

    def follow(self, step: Step) -> None:
        """What the journal says came next."""
        text = step.changes[0].text
        if any(change.what == AMENDMENT for change in step.changes):  # what was signed is not undone
            self.done.clear()
            self.undone.clear()
        elif text.startswith(UNDO) and self.done:
            self.undone.append(replace(step, visit_id=self.done.pop(self._meant(step)).visit_id))
        elif text.startswith(REDO) and self.undone:
            self.undone.pop()
            self.done.append(step)
        elif not text.startswith((UNDO, REDO)):
            self.done.append(step)
            self.undone.clear()

    def _meant(self, step: Step) -> int:
        """Where the step stands that this one took back: the last one about the same, as what the program did by itself
        in between (an examination was begun) was no step of undo."""
        alike = (place for place in reversed(range(len(self.done))) if _about(self.done[place]) == _about(step))
        return next(alike, len(self.done) - 1)


def _stack_of(stacks: dict[str, _Stack], step: Step) -> _Stack:
    """Where the step was done. What moved to another visit is taken back from there, and belongs to the one it left."""
    own, text = stacks.setdefault(step.visit_id, _Stack([], [])), step.changes[0].text
    for stack in (own, *stacks.values()) if text.startswith((UNDO, REDO)) else ():
        before = stack.done if text.startswith(UNDO) else stack.undone
        if before and _about(before[-1]) == _about(step):
            return stack
    return own


def _about(step: Step) -> frozenset[tuple[str, str]]:
    return frozenset((change.what, change.key) for change in step.changes)


def _visit_of(session: Any, change: Change) -> str | None:
    """Of what moved, the visit that it left: there it was done."""
    left = (change.old or {}).get("visit_id")
    return str(left) if left is not None else rules.visit_of(session, change)


def _steps(lines: Sequence[JournalEntry], who: str, visit_of: Callable[[Change], str | None]) -> Iterator[Step]:
    """What was done in one go has one moment."""
    own = [line for line in lines if line.who == who and (line.what == IMPORT or _can_be_undone(line.change))]
    for _, group in groupby(own, key=lambda line: line.at):
        changes = tuple(line.change for line in group)
        if len(changes) == 1 and changes[0].what == "examination" and changes[0].old is None:
            continue  # it begins by itself
        in_list = changes[0].what in ("patient", "visit", IMPORT)
        # a removal begins with what hung on a record that is gone, and so may tell of no visit
        about = "" if in_list else next(filter(None, map(visit_of, changes)), "")
        yield Step(changes, about or "")


def _with_import(stacks: dict[str, _Stack], made: Step) -> None:
    """What was brought in is one step of the list, although each visit of it was finished on its own."""
    keys = {change.key for change in made.changes}
    for stack in stacks.values():
        stack.done[:] = [one for one in stack.done if one.changes[0].old is not None or one.changes[0].key not in keys]
    if made.changes:
        stacks[""].done.append(made)
        stacks[""].undone.clear()


def _can_be_undone(change: Change) -> bool:
    """Not an event, nor what the program noted by itself, nor what stands for good, nor what has an undo of its own."""
    if change.what not in records.KINDS or change.what in _NOT_HERE:
        return False
    fields = change.new if change.new is not None else change.old
    known = set(fields or ()) <= set(records.kind_of(change.what).columns)
    return known and not (change.what == "findings" and _FOR_GOOD & set(fields or ()))
