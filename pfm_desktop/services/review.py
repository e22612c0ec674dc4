"""What a clinician does to a visit. Each function carries out one `Change`, which is on disk when it returns.

All raise `SignedError` (a `UserError`) once the visit is signed, and `StorageError` when the change cannot be kept;
nothing is changed then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.annotation import CervixMark, Pin, next_letter
from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.drawing import points_to_json
from pfm_desktop.domain.findings import SWEDE_ENGLISH, SWEDE_ITEMS, Findings, SwedeScore, says_the_last_read
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.shapes import polygon_area
from pfm_desktop.domain.source import Source
from pfm_desktop.services import pairing
from pfm_desktop.services.cases import new_id, visit_case
from pfm_desktop.services.removal import with_what_hangs_on
from pfm_desktop.storage import access, journal, records
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.specimens import pots_taken
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.language import tr

LEAST_POINTS, LEAST_AREA = 3, 0.005  # of an outline; area as a share of the picture
UNDO, REDO = "Undo: ", "Redo: "

# marks


def place_pin(lib: Library, pair_id: str, frame: Source, x: float, y: float, *, note: str = "") -> Change:
    """Place a biopsy pin at (x, y) pixels of the picture of `frame`; its letter is the visit's next free one."""
    with lib.read() as session:
        pair = _pair_with(stored.pair(session, pair_id), frame)
        _check_inside(stored.picture(session, pair.picture_id(frame) or ""), x, y)
        letter = next_letter(stored.pins_of(session, pair.visit_id), pots_taken(session, pair.visit_id))
    fields: dict[str, Any] = {
        "pair_id": pair_id,
        "frame": frame.value,
        "x": float(x),
        "y": float(y),
        "letter": letter,
        "note": note,
        "pot": letter,  # a biopsy is taken there, and its result waited for
        "answers": {},
    }
    return lib.apply(Change("pin", new_id(), None, fields, f"Pin {letter} placed"))


def move_pin(lib: Library, pin_id: str, x: float, y: float) -> Change:
    """Move a pin to (x, y) pixels within its picture."""
    with lib.read() as session:
        pin = _known(stored.pin(session, pin_id), "pin")
        pair = _pair_with(stored.pair(session, pin.pair_id), pin.frame)
        _check_inside(stored.picture(session, pair.picture_id(pin.frame) or ""), x, y)
    return _update(lib, "pin", pin_id, {"x": float(x), "y": float(y)}, f"Pin {pin.letter} moved")


def note_pin(lib: Library, pin_id: str, note: str) -> Change:
    """Write a note on a pin."""
    with lib.read() as session:
        pin: Pin = _known(stored.pin(session, pin_id), "pin")
    return _update(lib, "pin", pin_id, {"note": note}, f"Note on pin {pin.letter}")


def remove_pin(lib: Library, pin_id: str) -> Change:
    """Take a pin away; the other pins keep their letters."""
    with lib.read() as session:
        old = _known(records.snapshot(session, "pin", pin_id), "pin")
    return lib.apply(Change("pin", pin_id, old, None, f"Pin {old['letter']} removed"))


def mark_os(lib: Library, pair_id: str, frame: Source, x: float, y: float) -> Change:
    """Mark the external os at (x, y) pixels of the picture of `frame`, in place of an earlier mark on that picture."""
    with lib.read() as session:
        pair = _pair_with(stored.pair(session, pair_id), frame)
        _check_inside(stored.picture(session, pair.picture_id(frame) or ""), x, y)
    here = (mark.pair_id for mark in visit_case(lib, pair.visit_id).os_marks_on(pair_id) if mark.frame is frame)
    key, new = f"{next(here, pair_id)}/{frame.value}", {"x": float(x), "y": float(y)}
    with lib.read() as session:
        old = records.snapshot(session, "os_mark", key)
    return lib.apply(Change("os_mark", key, old, new, "Os moved" if old else "Os marked"))


def clear_os(lib: Library, pair_id: str, frame: Source) -> Change:
    """Take the os mark of a frame away."""
    key = f"{pair_id}/{frame.value}"
    with lib.read() as session:
        old = _known(records.snapshot(session, "os_mark", key), "os mark")
    return lib.apply(Change("os_mark", key, old, None, "Os mark removed"))


def mark_cervix(lib: Library, pair_id: str, frame: Source, outline: Outline) -> Change:
    """Draw the outline of the cervix on the picture of `frame`, in place of an earlier one on that picture.

    Of a line that crosses itself the outer edge is kept. Raises `BadInputError` unless it has three points within the
    picture that enclose something.
    """
    from pfm_desktop.imaging.stroke import enclosed

    with lib.read() as session:
        pair = _pair_with(stored.pair(session, pair_id), frame)
        picture = _known(stored.picture(session, pair.picture_id(frame) or ""), "picture")
        inside = all(0 <= x <= picture.width - 1 and 0 <= y <= picture.height - 1 for x, y in outline)  # never of NaN
        kept = enclosed(outline) if inside else ()
        _check_outline(kept, picture.width, picture.height)
        before = _cervix_on(session, pair.visit_id, picture.id)
        old = records.snapshot(session, "annotation", before.id) if before is not None else None
    body = {"outline": points_to_json(kept)}
    if before is not None and old is not None:
        return lib.apply(Change("annotation", before.id, {"body": old["body"]}, {"body": body}, "Cervix drawn anew"))
    fields = {
        "visit_id": pair.visit_id,
        "picture_id": picture.id,
        "kind": stored.CERVIX,
        "author": "",
        "made_at": _now(),
        "body": body,
    }
    return lib.apply(Change("annotation", new_id(), None, fields, "Cervix drawn"))


def clear_cervix(lib: Library, pair_id: str, frame: Source) -> Change:
    """Take the drawn outline of the picture of `frame` away; what was found there counts again."""
    with lib.read() as session:
        pair = _pair_with(stored.pair(session, pair_id), frame)
        drawn = _known(_cervix_on(session, pair.visit_id, pair.picture_id(frame) or ""), "outline of the cervix")
        old = _known(records.snapshot(session, "annotation", drawn.id), "outline of the cervix")
    return lib.apply(Change("annotation", drawn.id, old, None, "Outline of the cervix removed"))


def _cervix_on(session: Any, visit_id: str, picture_id: str) -> CervixMark | None:
    marks = stored.cervix_marks_of(session, visit_id)
    return next((mark for mark in marks if mark.picture_id == picture_id), None)


def _check_outline(outline: Outline, width: int, height: int) -> None:
    if len(outline) < LEAST_POINTS or polygon_area(outline) < LEAST_AREA * width * height:
        raise BadInputError(
            tr("this is no outline of a cervix"),
            safe=tr("nothing was changed"),
            remedy=tr("draw around the whole cervix in one stroke, within the picture"),
        )


# findings


def set_impression(lib: Library, visit_id: str, impression: Grade | None) -> Change:
    """Set the clinician's own grade; None takes it back. After the reveal another grade is the second read."""
    value = impression.value if impression else None
    read = _read_with(lib, visit_id, value)
    said = "Second read" if read.get("second_read") else "Impression"
    return _findings(lib, visit_id, {"impression": value, **read}, f"{said}: {value or 'none'}")


def set_swede(lib: Library, visit_id: str, score: SwedeScore) -> Change:
    """Set all five items of the Swede score; items that stay the same are left out of the change."""
    now = findings(lib, visit_id).swede
    changed = [item for item in SWEDE_ITEMS if getattr(now, item.key) != getattr(score, item.key)] or [SWEDE_ITEMS[0]]
    said = ", ".join(f"{SWEDE_ENGLISH[item.key]} {_or_dash(getattr(score, item.key))}" for item in changed)
    return _findings(lib, visit_id, {item.key: getattr(score, item.key) for item in changed}, f"Swede: {said}")


def set_text(lib: Library, visit_id: str, text: str) -> Change:
    """Set the free text of the findings."""
    return _findings(lib, visit_id, {"text": text}, "Findings text")


def set_plan(lib: Library, visit_id: str, plan: str) -> Change:
    """Set the plan."""
    return _findings(lib, visit_id, {"plan": plan}, "Plan")


# first read, AI, second read, signature


def reveal(
    lib: Library, visit_id: str, reader: str, *, lock: bool = True, model: ModelInfo | None = None, pair_id: str = ""
) -> Change:
    """Put on record that the AI answer is shown now, and the impression until then as the first read: of who gave it,
    at the moment at which it was given. That is `reader`, and now, where the journal does not know.

    With `lock` (the site's setting) it is refused without an impression; without it the first read stays empty and
    the record says so. The journal keeps which `model` gave the answer, and about which pair. Cannot be undone.
    """
    present = findings(lib, visit_id)
    if present.revealed:
        raise UserError(tr("the AI answer of this visit was revealed before"), safe=tr("the first read is unchanged"))
    if present.impression is None and lock:
        raise UserError(
            tr("the AI answer stays hidden until there is a first read"),
            safe=tr("nothing was changed"),
            remedy=tr("choose an impression first"),
        )
    now = _now()
    first = _first_read(lib, visit_id, present.impression, unknown=(now, reader)) if present.impression else None
    text = f"AI revealed, first read: {present.impression}" if first else "AI revealed without a first read (lock off)"
    change = _change(lib, "findings", visit_id, {"first_read": first, "revealed_at": now}, text)
    access.check(lib.account, change)
    with lib.write() as session:  # both or neither
        journal.apply(session, change, who=lib.who)
        if model is not None:
            journal.append_reveal(session, visit_id, model, pair_id, who=lib.who)
    return change


def agree(lib: Library, visit_id: str, reader: str, grade: Grade) -> Change:
    """Second read that takes over the AI's `grade` as the impression."""
    return _second(lib, visit_id, reader, grade, "", f"Second read agrees with the AI: {grade.value}")


def override(lib: Library, visit_id: str, reader: str, grade: Grade, reason: str) -> Change:
    """Second read that departs from the AI, and why; `grade` becomes the impression."""
    if not reason.strip():
        raise UserError(
            tr("a second read that departs from the AI needs a reason"), remedy=tr("write one, a word will do")
        )
    return _second(lib, visit_id, reader, grade, reason.strip(), f"Second read departs from the AI: {grade.value}")


def sign(lib: Library, visit_id: str, name: str, meaning: str, *, pair_id: str = "") -> Change:
    """Sign the findings together with a pair ("": the one that opens with the visit); every later edit is refused.

    Cannot be undone.
    """
    name, meaning = name.strip(), meaning.strip()
    if not name or not meaning:
        raise UserError(tr("a signature needs a printed name and what it means"), remedy=tr("fill in both"))
    if findings(lib, visit_id).impression is None:
        raise UserError(
            tr("a visit without an impression cannot be signed"),
            safe=tr("nothing was changed"),
            remedy=tr("choose an impression first"),
        )
    signed = _pair_to_sign(lib, visit_id, pair_id)
    signature = {"name": name, "signed_at": _now(), "meaning": meaning, "pair_id": signed}
    return _findings(lib, visit_id, {"signature": signature}, f"Signed by {name}: {meaning}")


def _pair_to_sign(lib: Library, visit_id: str, pair_id: str) -> str:
    """The pair by its id, else the one that opens with the visit; "" in a visit without pictures."""
    case = visit_case(lib, visit_id)
    if case.signed:
        return ""  # refused for what it is: a second signature
    if pair_id and case.pair(pair_id) is None:
        raise BadInputError(
            tr("the pictures on the stage do not belong to this visit"),
            safe=tr("nothing was signed"),
            remedy=tr("open the visit again"),
        )
    pair = case.pair(pair_id) or pairing.default_pair(case) or pairing.ensure_pair(lib, visit_id)
    return pair.id if pair is not None else ""


def findings(lib: Library, visit_id: str) -> Findings:
    """Present findings of a visit."""
    with lib.read() as session:
        return stored.findings_of(session, visit_id)


# undo


def undo(lib: Library, change: Change) -> Change:
    """Take a change back; returns the change that did so, which `undo` in turn takes back (redo).

    `StorageError` when the record has changed since, `UserError` for what cannot be undone: reveal, signature, and the
    impression from before the reveal, as nobody gave the second read that it would be.
    """
    return undo_all(lib, (change,))[-1]


def undo_all(lib: Library, changes: Sequence[Change]) -> tuple[Change, ...]:
    """Take several changes back, the last one first, all or none; what hangs on a picture goes with it."""
    return lib.apply_all(with_what_hangs_on(lib, [backwards(lib, change) for change in reversed(changes)]))


def backwards(lib: Library, change: Change) -> Change:
    """The change that takes another one back, not carried out yet; raises as `undo` does."""
    taken_back = change.text.startswith(UNDO)
    text = REDO + change.text.removeprefix(UNDO) if taken_back else UNDO + change.text.removeprefix(REDO)
    back = replace(change.reversed(), text=text)
    if back.what != "findings" or "impression" not in (back.new or {}) or "second_read" in (back.new or {}):
        return back
    if _read_with(lib, back.key, (back.new or {})["impression"]):  # the AI was revealed since
        raise UserError(
            tr("what was read before the AI answer was shown stays as it was"),
            safe=tr("nothing was changed"),
            remedy=tr("choose another impression instead: that is your second read"),
        )
    return back


# shared


def _second(lib: Library, visit_id: str, reader: str, grade: Grade, reason: str, text: str) -> Change:
    if not findings(lib, visit_id).revealed:
        raise UserError(tr("a second read comes after the AI was revealed"), remedy=tr("reveal the AI answer first"))
    reading = _reading(grade, _now(), reader, after_reveal=True, reason=reason)
    return _findings(lib, visit_id, {"second_read": reading, "impression": grade.value}, text)


def _first_read(lib: Library, visit_id: str, impression: Grade, *, unknown: tuple[str, str]) -> dict[str, Any]:
    """The impression as it was given, by the latest line of the journal that says so and takes nothing back; else of
    the moment and the reader in `unknown`."""
    with lib.read() as session:
        lines = journal.entries(session, what="findings", key=visit_id, limit=None)
    given = [
        (line.at.isoformat(), line.who)
        for line in lines
        if (line.new or {}).get("impression") == impression.value and not line.text.startswith(UNDO)
    ]
    at, reader = given[-1] if given else unknown
    return _reading(impression, at, reader, after_reveal=False)


def _read_with(lib: Library, visit_id: str, impression: str | None) -> dict[str, Any]:
    """The second read that an impression brings with it, or takes along; {} before the reveal and where none does."""
    with lib.read() as session:
        found = _known(records.snapshot(session, "findings", visit_id), "visit")
    reads = [found[name] and found[name]["impression"] for name in ("first_read", "second_read")]
    if found["revealed_at"] is None or says_the_last_read(impression, *reads):
        return {}
    if impression is None:
        return {"second_read": None}
    return {"second_read": _reading(Grade(impression), _now(), lib.who, after_reveal=True)}


def _reading(grade: Grade, at: str, reader: str, *, after_reveal: bool, reason: str = "") -> dict[str, Any]:
    return {
        "impression": grade.value,
        "read_at": at,
        "reader": reader,
        "after_reveal": after_reveal,
        "reason": reason,
    }


def _findings(lib: Library, visit_id: str, new: dict[str, Any], text: str) -> Change:
    return _update(lib, "findings", visit_id, new, text)


def _update(lib: Library, what: str, key: str, new: dict[str, Any], text: str) -> Change:
    return lib.apply(_change(lib, what, key, new, text))


def _change(lib: Library, what: str, key: str, new: dict[str, Any], text: str) -> Change:
    with lib.read() as session:
        present = _known(records.snapshot(session, what, key), what.replace("_", " "))
    return Change(what, key, {name: present[name] for name in new}, new, text)


def _pair_with(pair: Pair | None, frame: Source) -> Pair:
    pair = _known(pair, "pair")
    if not pair.picture_id(frame):
        raise BadInputError(
            tr("this pair has no white-light picture to mark")
            if frame is Source.WHITE
            else tr("this pair has no fluorescence picture to mark")
        )
    return pair


def _check_inside(picture: Any, x: float, y: float) -> None:
    """Positions must be finite and on the picture; pixel centres are whole numbers, so it reaches from -0.5."""
    picture = _known(picture, "picture")
    inside = -0.5 <= x <= picture.width - 0.5 and -0.5 <= y <= picture.height - 0.5
    if not (math.isfinite(x) and math.isfinite(y) and inside):
        raise BadInputError(
            tr("the mark lies outside the picture"), safe=tr("nothing was changed"), remedy=tr("click on the picture")
        )


_GONE = {
    "pin": tr("this pin is no longer in the library"),
    "os mark": tr("this os mark is no longer in the library"),
    "outline of the cervix": tr("this outline of the cervix is no longer in the library"),
    "picture": tr("this picture is no longer in the library"),
    "pair": tr("this pair is no longer in the library"),
    "visit": tr("this visit is no longer in the library"),
    "findings": tr("this findings is no longer in the library"),
}


def _known(record: Any, what: str) -> Any:
    if record is None:
        raise StorageError(_GONE[what], safe=tr("nothing was changed"))
    return record


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)


def _now() -> str:
    return datetime.now(UTC).isoformat()
