"""Fields of records, as the audit trail keeps them, in the words of the screens."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from pfm_desktop.domain import ifcpc, referral
from pfm_desktop.domain.examination import key_words, plan_from_json
from pfm_desktop.domain.findings import SWEDE_ITEMS
from pfm_desktop.domain.followup import FOLLOW_UP
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.domain.specimen import RESULT, TAKEN
from pfm_desktop.interop.pdf_words import GRADE_NAMES
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr

SHORT = 120  # characters of a value in a line
NOTHING, EMPTY = tr("none"), tr("(empty)")
KIND_NAMES = {
    "patient": tr("Patient"),
    "visit": tr("Visit"),
    "picture": tr("Picture"),
    "pair": tr("Pair"),
    "findings": tr("Findings"),
    "pin": tr("Pin"),
    "os_mark": tr("Os mark"),
    "annotation": tr("Drawing"),
    "registration": tr("Registration"),
    "prediction": tr("AI answer"),
    "reveal": tr("AI revealed"),
    "ai_shown": tr("AI shown to a reader"),
    "reads_shown": tr("Reads shown to who decides"),
    "said_beside": tr("Said beside a grade"),
    "export": tr("Export"),
    "setting": tr("Setting"),
    "library": tr("Library"),
    "sign_in": tr("Sign-in"),
    "refused": tr("Refused"),
    "import": tr("Import"),
    "burned_in": tr("Words in the picture"),
    "account": tr("Account"),
    "acquisition": tr("How a picture was taken"),
    "examination": tr("Examination"),
    "allergies": tr("Allergies"),
    "site_choice": tr("Choice of the site"),
    "clip": tr("Clip"),
    "whitening": tr("Whitening"),
    "referral": tr("Referral card"),
    "assessment": tr("Examination by IFCPC"),
    "lesion": tr("Lesion"),
    "specimen": tr("Specimen"),
    "result": tr("Result of the laboratory"),
    "follow_up": tr("Follow-up"),
    "histology": tr("Histology"),
    "task": tr("Task"),
    "read": tr("Read", "one that somebody did"),
    "learning_part": tr("Learning part"),
    "learning_run": tr("Learning run"),
    "amendment": tr("Amendment of a signed report"),
}
_SWEDE = {item.key: item for item in SWEDE_ITEMS}
_FIELD_NAMES = {
    "identifier": "ID",
    "family_name": tr("Family name"),
    "given_name": tr("Given name"),
    "birth_date": tr("Birth date"),
    "patient_id": tr("Patient (internal number)"),
    "visit_id": tr("Visit (internal number)"),
    "picture_id": tr("Picture (internal number)"),
    "pair_id": tr("Pair (internal number)"),
    "white_id": tr("White-light picture (internal number)"),
    "fluorescence_id": tr("Fluorescence picture (internal number)"),
    "started_at": tr("Began"),
    "note": tr("Note"),
    "stage": tr("Stage"),
    "taken_at": tr("Taken at"),
    "time_known": tr("Time of day known"),
    "width": tr("Width (pixels)"),
    "height": tr("Height (pixels)"),
    "seconds_since_acid": tr("Seconds since acetic acid"),
    "mm_per_px": tr("Millimetres in a pixel"),
    "original_name": tr("Name of the file"),
    "sha256": "SHA-256",
    "pixels_sha256": tr("SHA-256 of the pixels"),
    "made_at": tr("Made at"),
    "text": tr("Findings text"),
    "first_read": tr("First read"),
    "second_read": tr("Second read"),
    "revealed_at": tr("AI revealed at"),
    "ai_seen": tr("AI seen before"),
    "ai_first": tr("AI may be shown before the grade"),
    "ai_shown": tr("Readers see the AI answer"),
    "frame": tr("On the picture of"),
    "x": tr("From the left (pixels)"),
    "y": tr("From the top (pixels)"),
    "by_hand": tr("By hand"),
    "summary": tr("Result"),
    "model_sha256": tr("SHA-256 of the model"),
    "body": tr("Content"),
    "on": tr("Switched on"),
    "happened_at": tr("Happened at"),
    "steps": tr("What it made (internal numbers)"),
    "acid_at": tr("Acetic acid applied at"),
    "skipped": tr("Steps passed over"),
    "iodine_override": tr("Iodine in spite of the allergy, because"),
    "iodine_allergy": tr("Allergy to iodine"),
    "exposure_ms": tr("Exposure (ms)"),
    "white_balance_k": tr("White balance (K)"),
    "automatic": tr("Chosen by the camera itself"),
    "excitation_nm": tr("Excitation (nm)"),
    "gap_s": tr("After the other picture of its pair (s)"),
    "dark_sha256": tr("SHA-256 of the dark frame"),
    "map_sha256": tr("SHA-256 of the map"),
    "content_sha256": tr("SHA-256 of the content"),
    "clip_id": tr("Clip (internal number)"),
    "complete": tr("Whole"),
    "normal": tr("Normal tissue"),
    "made_by": tr("Made by"),
    "visit_ids": tr("Visits (internal numbers)"),
    "lesion_id": tr("Lesion (internal number)"),
    "answers": tr("Answer"),
    "scored": tr("Scored"),
    "pot": tr("Pot"),
    "report_sha256": tr("SHA-256 of the report"),
    "specimen_id": tr("Specimen (internal number)"),
    "entered_by": tr("Entered by"),
    "active": tr("Active"),
    "adjudicates": tr("Adjudicates"),
    "closed": tr("Closed"),
    "day": tr("Day"),
    "device": tr("Device"),
    "entered_on": tr("Entered on"),
    "examiner": tr("Examiner"),
    "grade": tr("Grade"),
    "impression": tr("Impression"),
    "indication": tr("Indication"),
    "kind": tr("Kind"),
    "letter": tr("Letter"),
    "model": tr("Model"),
    "model_name": tr("Model name"),
    "name": tr("Name"),
    "number": tr("Number"),
    "plan": tr("Plan"),
    "pseudonym": tr("Pseudonym"),
    "quality": tr("Quality"),
    "reader": tr("Reader"),
    "readers": tr("Readers"),
    "reason": tr("Reason"),
    "regions": tr("Regions"),
    "repeats": tr("Repeats"),
    "roles": tr("Roles"),
    "settings": tr("Settings"),
    "signature": tr("Signature"),
    "state": tr("State"),
    "value": tr("Value"),
} | {item.key: item.title for item in SWEDE_ITEMS}
for _item in (*referral.ITEMS, *ifcpc.VISIT, *ifcpc.LESION, *TAKEN, *RESULT, *FOLLOW_UP):
    _FIELD_NAMES.setdefault(_item.key, _item.title)
_DEEPEST = 3  # levels of a record that become lines of their own


def kind_name(what: str) -> str:
    """What a line is about."""
    return KIND_NAMES.get(what, _plain(what))


def field_name(path: tuple[str, ...]) -> str:
    """As the screens call a field; of one inside another, both."""
    return ", ".join(_FIELD_NAMES.get(name, _plain(name)) for name in path)


def is_internal(name: str) -> bool:
    """Whether a field holds what only the program reads: numbers of records, hashes."""
    return name in _FIELD_NAMES and (name == "steps" or name.endswith(("_id", "_ids", "sha256")))


def flat(fields: object, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Fields one by one, those inside others too. What is no record at all (somebody altered it) is one field."""
    if not isinstance(fields, Mapping):
        if fields is not None:
            yield (*above, "content"), fields
        return
    for name, value in fields.items():
        path = (*above, str(name))
        whole = name in ("first_read", "second_read", "signature")
        if isinstance(value, Mapping) and value and not whole and len(path) < _DEEPEST:
            yield from flat(value, path)
        else:
            yield path, value


def value_words(name: str, value: Any) -> str:
    """A value as a person reads it, all of it."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    try:
        return _SPECIAL.get(name, _general)(name, value)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, OSError):  # not what the program writes there
        return _general(name, value)


def short(text: str, longest: int = SHORT) -> str:
    """The beginning of a long value, in one line; it ends in three dots then."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 4].rstrip()} ..."


def exactly(at: datetime) -> str:
    """`25 Nov 2026 14:30:05 UTC+01:00`: to the second, as order matters here."""
    try:
        here = at.astimezone()
    except (OverflowError, OSError, ValueError):  # a moment that no calendar of this computer has
        here = at
    return f"{moments.day(here)} {here:%H:%M:%S} {moments.zone(here)}"


def _general(name: str, value: Any) -> str:
    if isinstance(value, str):
        return (_moment(value) or value) if value.strip() else EMPTY
    if _is_row(value):
        return ", ".join(str(part) for part in value) or EMPTY
    if isinstance(value, list) and all(_is_row(part) for part in value):
        return tr(
            "{count} entries: {entries}",
            count=len(value),
            entries="; ".join(", ".join(str(one) for one in part) for part in value),
        )
    if isinstance(value, list | Mapping):
        said = json.dumps(value, ensure_ascii=False, default=str)
        return (
            tr("{count} parts: {parts}", count=len(value), parts=said) if len(value) > 1 else said if value else EMPTY
        )
    return str(value)


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str | int | float) for part in value)


def _moment(text: str) -> str:
    """A moment with its zone in words; "" for any other text."""
    try:
        at = datetime.fromisoformat(text) if len(text) >= len("2026-01-01T00:00") else None
    except ValueError:
        return ""
    return exactly(at) if at is not None and at.tzinfo is not None else ""


def _day(_name: str, value: Any) -> str:
    return moments.day(date.fromisoformat(value))


def _grade(_name: str, value: Any) -> str:
    return GRADE_NAMES[Grade(value)]


def _swede(name: str, value: Any) -> str:
    if value not in (0, 1, 2):
        raise ValueError("no points of a Swede item")
    return f"{value}: {_SWEDE[name].wording[value]}"


def _stage(_name: str, value: Any) -> str:
    stage = Stage(value)
    return stage.words if stage.source is Source.WHITE else tr("fluorescence {stage}", stage=stage.words)


def _steps(_name: str, value: Any) -> str:
    return "; ".join(step.words for step in plan_from_json(value))


def _skipped(_name: str, value: Any) -> str:
    if not isinstance(value, list):
        raise TypeError("no list of steps")
    return "; ".join(key_words(str(key)) for key in value) or EMPTY


def _frame(_name: str, value: Any) -> str:
    return Source(value).words


def _read(_name: str, value: Any) -> str:
    said = [GRADE_NAMES[Grade(value["impression"])], str(value["reader"]), _moment(value["read_at"])]
    return ", ".join(part for part in (*said, str(value["reason"])) if part)


def _signature(_name: str, value: Any) -> str:
    return f"{value['name']}, {_moment(value['signed_at'])}: {value['meaning']}"


def _plain(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


_SPECIAL = {
    "birth_date": _day,
    "impression": _grade,
    "stage": _stage,
    "plan": _steps,
    "value": _steps,
    "skipped": _skipped,
    "frame": _frame,
    "first_read": _read,
    "second_read": _read,
    "signature": _signature,
    **dict.fromkeys(_SWEDE, _swede),
}
