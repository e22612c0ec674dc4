"""The kinds of work that `full_disk.py` interrupts, each with what shows that it was done."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from benchmarks.kill_parts import libraries
from benchmarks.kill_parts.worker import picture
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import (
    accounts,
    at_work,
    audit_check,
    audit_export,
    backup,
    backup_folder,
    cases,
    housekeeping,
    lock_record,
    pairing,
    review,
    thumbnails,
)
from pfm_desktop.services.importing.changes import fill_in
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.run import import_plan
from pfm_desktop.storage import answers, attempts, keys, migrations
from pfm_desktop.storage.keys import WrongPasswordError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.settings import Settings, load_settings, save_settings

CTX = SilentContext()
STAGES = Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID
NEW, OTHER_NAME = "another sentence of four", "Dr. Second"
OUTLINE = ((5.0, 5.0), (40.0, 6.0), (30.0, 40.0))
MODEL = {"model_name": "pfm-demo", "model_sha256": "m" * 64}


@dataclass
class Place:
    """A folder with a library in it and room beside it; `lib` is open, except for work that opens one itself."""

    folder: Path
    encrypted: bool
    visit: str = ""
    pair: str = ""
    picture: str = ""
    lib: Library | None = None
    said: dict[str, str] = field(default_factory=dict)  # what the work returned that a person writes down

    @property
    def library(self) -> Path:
        """Where the library is."""
        return self.folder / "library"

    @property
    def beside(self) -> Path:
        """Where backups, exports and other libraries go."""
        return self.folder / "beside"

    @property
    def open(self) -> Library:
        """The open library."""
        assert self.lib is not None
        return self.lib


@dataclass(frozen=True)
class Kind:
    """One kind of work. `done` says whether its result is there and right; it may be done again after a failure.

    `opens`: the work opens the library itself, so that it is closed before. `quiet`: a failure is rightly not told.
    """

    work: Callable[[Place], Any]
    done: Callable[[Place], bool]
    before: Callable[[Place], Any] = lambda _place: None
    opens: bool = False
    quiet: bool = False
    only_encrypted: bool = False


def opened(folder: Path, password: str = libraries.PASSWORD, name: str = libraries.NAME) -> Library:
    """Either kind, open."""
    if libraries.is_encrypted(folder):
        return accounts.sign_in(folder, name, password)
    return Library.open(folder)


def fill(place: Place) -> None:
    """What is accepted before: a woman, a visit with a pair, marks, an impression."""
    lib = place.open
    place.visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1", family_name="Demo").id).id
    for seed, stage in enumerate(STAGES):
        place.picture = cases.add_picture(lib, place.visit, picture(seed), stage=stage).id
    pair = pairing.ensure_pair(lib, place.visit)
    assert pair is not None
    place.pair = pair.id
    review.place_pin(lib, place.pair, Source.WHITE, 3, 4)
    review.set_impression(lib, place.visit, GRADES[1])


def _case(place: Place) -> cases.VisitCase:
    return cases.visit_case(place.open, place.visit)


# making a library


def _make(place: Place) -> None:
    new = place.beside / "new"
    if place.said.get("whole") and (new / DATABASE).exists():  # as its message said
        lib = opened(new)
        place.said["recovery"] = accounts.new_recovery_key(lib)
    elif place.encrypted:
        try:
            lib, place.said["recovery"] = accounts.make_library(new, libraries.NAME, libraries.PASSWORD)
        except UserError as error:
            place.said["whole"] = "yes" if error.safe == "it is whole and empty" else ""
            raise
    else:
        lib = Library.create(new)
    lib.close()


def _made(place: Place) -> bool:
    with opened(place.beside / "new") as lib:
        whole = housekeeping.verify(CTX, lib).clean and not lib.read_only
        whole = whole and (not place.encrypted or [one.name for one in accounts.everybody(lib)] == [libraries.NAME])
    if place.encrypted:
        keys.unlock_with_recovery(place.beside / "new", place.said["recovery"])
    return whole


# a visit


def _add_woman(place: Place) -> None:
    cases.add_patient(place.open, identifier="K-2", family_name="New")


def _woman_there(place: Place) -> bool:
    return [one.family_name for one in cases.find_patients(place.open, search="K-2")] == ["New"]


def _add_visit(place: Place) -> None:
    cases.add_visit(place.open, _case(place).patient.id, indication="new")


def _visit_there(place: Place) -> bool:
    return any(row.visit.indication == "new" for row in cases.today(place.open))


def _add_picture(place: Place) -> None:
    cases.add_picture(place.open, place.visit, picture(9), stage=Stage.SALINE)


def _picture_there(place: Place) -> bool:
    found = [one for one in _case(place).pictures if one.stage is Stage.SALINE]
    return len(found) == 1 and cases.picture_bytes(place.open, found[0].id) == picture(9)


def _mark(place: Place) -> None:
    review.place_pin(place.open, place.pair, Source.WHITE, 20, 20, note="new")
    review.mark_cervix(place.open, place.pair, Source.WHITE, OUTLINE)
    review.mark_os(place.open, place.pair, Source.WHITE, 20, 21)


def _marked(place: Place) -> bool:
    case = _case(place)
    return any(pin.note == "new" for pin in case.pins) and bool(case.cervix_marks) and bool(case.os_marks)


def _grade(place: Place) -> None:
    review.set_impression(place.open, place.visit, GRADES[2])
    review.set_text(place.open, place.visit, "new")


def _graded(place: Place) -> bool:
    found = _case(place).findings
    return found.impression is GRADES[2] and found.text == "new"


def _sign(place: Place) -> None:
    review.sign(place.open, place.visit, libraries.NAME, "reviewed")


# the engine


def _keep_answer(place: Place) -> None:
    answers.put_registration(place.open, place.pair, summary={"status": "ok"}, data=b"map" * 3000)
    answers.put_answer(place.open, place.pair, body={"grade": "high"}, blobs={"heat": b"x" * 9000}, **MODEL)


def _answer_there(place: Place) -> bool:
    found = answers.answer(place.open, place.pair, MODEL["model_sha256"])
    return answers.registration(place.open, place.pair) is not None and found is not None and bool(found.blobs)


def _thumbnail(place: Place) -> None:
    thumbnails.thumbnail(place.open, place.picture)


# people


def _change_password(place: Place) -> None:
    accounts.change_own_password(place.open, libraries.PASSWORD, NEW)


def _gets_in(place: Place, password: str, name: str = libraries.NAME) -> bool:
    with contextlib.suppress(WrongPasswordError):
        return bool(keys.unlock(place.library, name, password))
    return False


def _password_changed(place: Place) -> bool:
    return _gets_in(place, NEW) and not _gets_in(place, libraries.PASSWORD)


def _add_account(place: Place) -> None:
    accounts.add(place.open, OTHER_NAME, {Role.CLINICIAN}, NEW)


def _account_there(place: Place) -> bool:
    found = [one for one in accounts.everybody(place.open) if one.name == OTHER_NAME]
    return len(found) == 1 and _gets_in(place, NEW, OTHER_NAME)


def _new_key(place: Place) -> None:
    place.said["recovery"] = accounts.new_recovery_key(place.open)


def _key_opens(place: Place) -> bool:
    return place.said["recovery"] != place.said.get("first") and bool(
        keys.unlock_with_recovery(place.library, place.said["recovery"])
    )


def _keep_first(place: Place) -> None:
    place.said["first"] = place.said["recovery"]


def _recover(place: Place) -> None:
    accounts.recover(place.library, place.said["recovery"], libraries.NAME, NEW).close()


def _wrong_password(place: Place) -> None:
    with contextlib.suppress(WrongPasswordError):
        accounts.sign_in(place.library, libraries.NAME, "not the password")


def _noted(place: Place) -> bool:
    return len(attempts.waiting(place.library)[0]) > 0


def _sign_in(place: Place) -> None:
    opened(place.library).close()
    place.said["opened"] = "yes"


# looking after it


def _back_up(place: Place) -> None:
    place.said["snapshot"] = backup.back_up(CTX, place.open, place.beside / "backup").snapshot.stem


def _back_up_before(place: Place) -> None:
    _back_up(place)
    place.said["before"] = "1"


def _keys_of(place: Place, at: str = "") -> Any:
    file = backup_folder.key_file_of(place.beside / "backup", at)
    if file is None:
        return None
    return keys.unlock(place.beside / "backup", libraries.NAME, libraries.PASSWORD, file=file).keys


def _every_backup_comes_back(place: Place) -> bool:
    """Each snapshot that is named: also one of a backup that said that it was not made."""
    whole = len(backup_folder.snapshots(place.beside / "backup")) > int(place.said.get("before", 0))
    for number, one in enumerate(backup_folder.snapshots(place.beside / "backup")):
        out = place.folder / f"again {number} {datetime.now(UTC).timestamp()}"
        made = backup.restore(CTX, place.beside / "backup", out, at=one.stem, unlocked=_keys_of(place, one.stem))
        whole = whole and not made.problems
    return whole


def _restore(place: Place) -> None:
    """Where the folder is refused since an attempt has left a database that could not be removed, in another one."""
    for out in (place.beside / "restored", place.beside / "restored elsewhere"):
        try:
            made = backup.restore(CTX, place.beside / "backup", out, unlocked=_keys_of(place))
        except BadInputError:
            continue
        place.said["restored"] = str(made.library)
        return
    raise BadInputError("neither folder was taken")


def _restored(place: Place) -> bool:
    if "restored" not in place.said:
        return False
    with opened(Path(place.said["restored"])) as lib:
        return housekeeping.verify(CTX, lib).clean and bool(cases.visit_case(lib, place.visit).pins)


def _spoil(place: Place) -> None:
    _back_up(place)
    sha256 = _case(place).pictures[0].sha256
    file = place.open.pictures.find(sha256)
    assert file is not None
    file.write_bytes(b"altered")


def _repair(place: Place) -> None:
    housekeeping.repair(CTX, place.open, place.beside / "backup")


def _sound(place: Place) -> bool:
    return housekeeping.verify(CTX, place.open).clean


def _make_old(place: Place) -> None:
    """As the first version left it, with a journal that is not chained."""
    old = place.beside / "old"
    made: dict[str, Any] = {}

    def make_keys(path: Path, library_id: str) -> keys.LibraryKeys:
        made["keys"], _ = keys.make(path, library_id, account_id="a" * 32, name="Old", password=libraries.PASSWORD)
        return keys.LibraryKeys(made["keys"].library_id, made["keys"].master)

    with patch.multiple(migrations, VERSIONS=migrations.VERSIONS[:1], CURRENT=1):
        Library.create(old, make_keys=make_keys if place.encrypted else None).close()
    if place.encrypted:
        from sqlcipher3 import dbapi2

        connection = dbapi2.connect(old / DATABASE)
        connection.execute(f"PRAGMA key = \"x'{made['keys'].database}'\"")
    else:
        connection = sqlite3.connect(old / DATABASE)
    connection.executemany(
        "INSERT INTO journal (at, who, what, key, text) VALUES ('2026-01-01 10:00:00.000000', 'x', 'test', ?, 'kept')",
        [(str(number),) for number in range(40)],
    )
    connection.commit()
    connection.close()


def _open_old(place: Place) -> Library:
    old = place.beside / "old"
    found = keys.unlock(old, "Old", libraries.PASSWORD).keys if place.encrypted else None
    return Library.open(old, found)


def _migrate(place: Place) -> None:
    _open_old(place).close()
    place.said["migrated"] = "yes"


def _migrated(place: Place) -> bool:
    if "migrated" not in place.said:  # looking would do it
        return False
    with _open_old(place) as lib:
        return housekeeping.verify_audit(CTX, lib).lines >= 40 and housekeeping.verify(CTX, lib).clean


def _put_folder(place: Place) -> None:
    folder = place.beside / "pictures" / "W-0042 2026-03-14"
    folder.mkdir(parents=True)
    for seed, name in enumerate(("acetic acid.png", "fluorescence after acid 60s.png", "saline.png")):
        (folder / name).write_bytes(picture(50 + seed))


def _import(place: Place) -> None:
    plan = fill_in(make_plan(CTX, [place.beside / "pictures"]), patient="W-0042", stages=STAGES)
    import_plan(CTX, place.open, plan, also_unsure=True)


def _imported(place: Place) -> bool:
    rows = [row for row in cases.today(place.open) if row.patient.identifier == "W-0042"]
    return len(rows) == 1 and len(cases.visit_case(place.open, rows[0].visit.id).pictures) == 3


def _export(place: Place) -> None:
    audit_export.export_trail(CTX, place.open, place.beside / "trail.jsonl")


def _exported(place: Place) -> bool:
    return audit_check.check_export(place.beside / "trail.jsonl").sound


# what is noted by the way


def _save_settings(place: Place) -> None:
    save_settings(Settings(reader="new"), place.beside / "settings.json")


def _settings_there(place: Place) -> bool:
    return load_settings(place.beside / "settings.json").reader == "new"


def _switch(place: Place) -> None:
    lock_record.record_switch(place.open, lock_record.LOCK, False)


def _switched(place: Place) -> bool:
    return not lock_record.on_record(place.open, lock_record.LOCK)


def _note_work(place: Place) -> None:
    at_work.begin(place.open)
    at_work.note_visit(place.open, place.visit)


def _noted_work(place: Place) -> bool:
    left = at_work.begin(place.open)
    return left is not None and left.visit_id == place.visit


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "making a library": Kind(_make, _made),
        "opening a library": Kind(_sign_in, lambda place: "opened" in place.said, opens=True),
        "adding a woman": Kind(_add_woman, _woman_there),
        "adding a visit": Kind(_add_visit, _visit_there),
        "adding a picture": Kind(_add_picture, _picture_there),
        "marking": Kind(_mark, _marked),
        "grading": Kind(_grade, _graded),
        "signing": Kind(_sign, lambda place: _case(place).signed),
        "registration and answer": Kind(_keep_answer, _answer_there),
        "thumbnails": Kind(_thumbnail, lambda place: bool(_thumbnail(place) or True), quiet=True),
        "changing a password": Kind(_change_password, _password_changed, only_encrypted=True),
        "a new account": Kind(_add_account, _account_there, only_encrypted=True),
        "a new recovery key": Kind(_new_key, _key_opens, _keep_first, only_encrypted=True),
        "using the recovery key": Kind(_recover, _password_changed, _new_key, opens=True, only_encrypted=True),
        "a wrong password": Kind(_wrong_password, _noted, opens=True, quiet=True, only_encrypted=True),
        "backing up": Kind(_back_up, _every_backup_comes_back),
        "backing up again": Kind(_back_up, _every_backup_comes_back, _back_up_before),
        "restoring": Kind(_restore, _restored, _back_up),
        "repairing": Kind(_repair, _sound, _spoil),
        "migrating": Kind(_migrate, _migrated, _make_old),
        "importing": Kind(_import, _imported, _put_folder),
        "exporting the audit trail": Kind(_export, _exported),
        "settings": Kind(_save_settings, _settings_there),
        "switching the first-read lock": Kind(_switch, _switched),
        "noting the work": Kind(_note_work, _noted_work),
    }
)
