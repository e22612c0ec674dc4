"""The signed export of the audit trail and its check: whatever is done to the file is found."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import audit_check, audit_key, cases, review
from pfm_desktop.services.audit import Kind, Wanted, read
from pfm_desktop.services.audit_check import check_export
from pfm_desktop.services.audit_export import export_trail, json_line
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import BadInputError, StorageError

CTX = SilentContext()
Lines = list[bytes]


@pytest.fixture
def worked(lib: Library) -> Library:
    lib.who = "Dr. Roth"
    woman = cases.add_patient(lib, identifier="K-1", family_name="Ärzte 北京", given_name="Ada")
    visit = cases.add_visit(lib, woman.id, indication="HPV")
    for grade in (Grade.LOW, Grade.HIGH, Grade.NORMAL):
        review.set_impression(lib, visit.id, grade)
    lib.record_event(
        "test", "a", "Line\u2028 break \n \ud800".encode("utf-8", "replace").decode(), {"n": [1, 2.5], "e": {}}
    )
    lib.record_event("setting", "first_read_lock", "First-read lock switched on", {"on": True})
    return lib


@pytest.fixture
def exported(worked: Library, tmp_path: Path) -> Path:
    return export_trail(CTX, worked, tmp_path / "trail.jsonl").path


def lines_in(path: Path) -> Lines:
    return path.read_bytes().splitlines(keepends=True)


def put(path: Path, lines: Lines) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def resigned(worked: Library, lines: Lines, *, key: Any = None) -> Lines:
    """As the holder of the key, or of another one, would sign it."""
    import hashlib

    key = key or audit_key.signing_key(worked)
    body = lines[:-1]
    return [*body, json_line({"signature": key.sign(hashlib.sha256(b"".join(body)).digest()).hex()})]


def test_a_whole_export_holds_every_line_as_stored_and_is_sound(worked: Library, tmp_path: Path) -> None:
    count = len(read(CTX, worked, Wanted()))
    made = export_trail(CTX, worked, tmp_path / "trail.jsonl")
    header, *body, last = (json.loads(line) for line in lines_in(made.path))
    assert made.whole
    assert (made.lines, header["lines"], len(body)) == (count, count, count)
    assert (header["library"], header["made_by"], header["filter"]) == (worked.id, "Dr. Roth", {})
    assert (body[0]["chain"], body[-1]["chain"]) == (header["first_chain"], header["last_chain"])
    assert list(body[0]) == ["seq", "at", "who", "what", "key", "old", "new", "text", "chain"]
    assert body[0]["new"]["family_name"] == "Ärzte 北京"
    assert set(last) == {"signature"}
    found = check_export(made.path, made.fingerprint)
    assert found.sound
    assert found.whole
    assert found.compared
    assert "the chain holds from the first line" in found.says


def test_a_filtered_export_says_that_only_its_signature_can_be_checked(worked: Library, tmp_path: Path) -> None:
    made = export_trail(CTX, worked, tmp_path / "part.jsonl", Wanted(kind=Kind.SETTINGS, who="roth"))
    assert (made.lines, made.whole) == (1, False)
    found = check_export(made.path, made.fingerprint)
    assert found.sound
    assert "cannot be checked" in found.says
    assert found.header["filter"] == {"who": "roth", "kind": "settings"}
    assert found.header["filter_words"] == "by roth, settings only"


def test_an_export_of_no_lines_is_sound(worked: Library, tmp_path: Path) -> None:
    made = export_trail(CTX, worked, tmp_path / "none.jsonl", Wanted(words="nowhere"))
    assert made.lines == 0
    assert check_export(made.path, made.fingerprint).sound


def test_the_export_is_on_record_with_its_filter_number_and_hash(worked: Library, tmp_path: Path) -> None:
    made = export_trail(CTX, worked, tmp_path / "part.jsonl", Wanted(who="roth"))
    (told,) = read(CTX, worked, Wanted(kind=Kind.EXPORTS))
    assert told.text == f"Audit trail exported, signed: {made.lines} lines (by roth)"
    said = {field.name: field.after for field in told.fields}
    assert said["Lines"] == str(made.lines)
    assert said["Fingerprint"] == made.fingerprint
    from pfm_desktop.support.files import sha256_of

    assert said["SHA-256"] == sha256_of(made.path)


def test_what_cannot_be_put_on_record_leaves_no_file(
    worked: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out" / "trail.jsonl"

    def full(*_args: object) -> None:
        assert not out.exists()  # it has its name only once this is on record
        raise StorageError("the disk is full")

    monkeypatch.setattr(worked, "record_event", full)
    with pytest.raises(StorageError, match="the disk is full"):
        export_trail(CTX, worked, out)
    assert list(out.parent.iterdir()) == []


def test_a_stopped_export_leaves_what_stood_there_before(worked: Library, tmp_path: Path) -> None:
    out = tmp_path / "trail.jsonl"
    out.write_bytes(b"older")
    lines = len(read(CTX, worked, Wanted()))
    with pytest.raises(Cancelled):
        export_trail(CallbackContext(lambda *_: None, lambda: True), worked, out)
    assert out.read_bytes() == b"older"
    assert len(read(CTX, worked, Wanted())) == lines


def test_a_place_that_cannot_be_written_is_an_error_and_nothing_is_on_record(worked: Library, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="could not write"):
        export_trail(CTX, worked, tmp_path / "file" / "trail.jsonl")
    with pytest.raises(BadInputError, match="folder of the library"):
        export_trail(CTX, worked, worked.path / DATABASE)
    assert read(CTX, worked, Wanted(kind=Kind.EXPORTS)) == ()


def test_a_library_that_only_reads_exports_nothing(worked: Library, tmp_path: Path) -> None:
    with Library.open(worked.path) as second:
        assert second.read_only
        with pytest.raises(StorageError, match="reading only"):
            export_trail(CTX, second, tmp_path / "trail.jsonl")
    assert not (tmp_path / "trail.jsonl").exists()


def test_a_line_that_cannot_be_read_is_not_exported_as_something_else(worked: Library, tmp_path: Path) -> None:
    behind = sqlite3.connect(worked.path / DATABASE)
    behind.execute("UPDATE journal SET new = '{' WHERE seq = 2")
    behind.commit()
    behind.close()
    with pytest.raises(StorageError, match="line 2 of the audit trail cannot be read"):
        export_trail(CTX, worked, tmp_path / "trail.jsonl")
    assert not (tmp_path / "trail.jsonl").exists()


def test_a_trail_that_was_altered_before_it_was_exported_is_found_in_the_file(worked: Library, tmp_path: Path) -> None:
    behind = sqlite3.connect(worked.path / DATABASE)
    behind.execute("UPDATE journal SET who = 'somebody else' WHERE seq = 3")
    behind.commit()
    behind.close()
    made = export_trail(CTX, worked, tmp_path / "trail.jsonl")
    (problem,) = check_export(made.path, made.fingerprint).problems
    assert "number 3 of the trail" in problem


# the key


def test_the_key_is_made_once_and_stays(worked: Library, tmp_path: Path) -> None:
    assert audit_key.library_fingerprint(worked) == ""
    first = export_trail(CTX, worked, tmp_path / "a.jsonl").fingerprint
    worked.close()
    with Library.open(worked.path) as again:
        assert audit_key.library_fingerprint(again) == first
        assert export_trail(CTX, again, tmp_path / "b.jsonl").fingerprint == first
    assert [len(part) for part in first.split()] == [4] * 8


@pytest.mark.parametrize("kept", ["", "no key", "ab" * 31, "zz" * 32])
def test_a_damaged_key_is_an_error_and_no_other_is_made(worked: Library, tmp_path: Path, kept: str) -> None:
    worked.set_meta(audit_key.KEY, kept)
    with pytest.raises(StorageError, match="damaged"):
        export_trail(CTX, worked, tmp_path / "trail.jsonl")
    assert worked.meta(audit_key.KEY) == kept


def test_a_fingerprint_is_known_however_it_is_typed(exported: Path, worked: Library) -> None:
    shown = audit_key.library_fingerprint(worked)
    for typed in (shown, shown.upper(), shown.replace(" ", ""), f" {shown.replace(' ', ':')} "):
        assert check_export(exported, typed).sound


@pytest.mark.parametrize("typed", ["abcd", "zz" * 16, "ab" * 15, "ab" * 17])
def test_a_part_of_a_fingerprint_is_refused(exported: Path, typed: str) -> None:
    with pytest.raises(BadInputError, match="is no fingerprint"):
        check_export(exported, typed)


def test_an_exchanged_key_is_found_by_the_fingerprint_and_by_nothing_else(worked: Library, exported: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    other = Ed25519PrivateKey.generate()
    first, *rest = lines_in(exported)
    header = {**json.loads(first), "public_key": audit_key.public_bytes(other).hex()}
    put(exported, resigned(worked, [json_line(header), *rest], key=other))
    (problem,) = check_export(exported, audit_key.library_fingerprint(worked)).problems
    assert "another key" in problem
    alone = check_export(exported)
    assert alone.sound
    assert not alone.compared
    assert "was not checked" in alone.says


# what is done to the file


@pytest.mark.parametrize("name", ["seq", "at", "who", "what", "key", "old", "new", "text", "chain"])
@pytest.mark.parametrize("number", [1, 3, -2])
@pytest.mark.parametrize("signed", [False, True])
def test_an_altered_field_is_found_even_where_the_file_is_signed_anew(
    worked: Library, exported: Path, name: str, number: int, signed: bool
) -> None:
    lines = lines_in(exported)
    line = json.loads(lines[number])
    others = {"seq": line["seq"] + 50, "at": "2020-01-01T00:00:00+00:00", "old": {"a": 1}, "new": {"a": 1}}
    lines[number] = json_line({**line, name: others.get(name, "other")})
    put(exported, resigned(worked, lines) if signed else lines)
    assert not check_export(exported, audit_key.library_fingerprint(worked)).sound


Spoil = Callable[[Lines], Lines]
SPOILED: dict[str, Spoil] = {
    "the first line removed": lambda lines: [lines[0], *lines[2:]],
    "a line removed": lambda lines: [*lines[:3], *lines[4:]],
    "the last line removed": lambda lines: [*lines[:-2], lines[-1]],
    "two lines swapped": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "a line twice": lambda lines: [*lines[:3], lines[2], *lines[3:]],
    "a line added": lambda lines: [*lines[:3], json_line({"seq": 2}), *lines[3:]],
    "no line at all": lambda lines: [lines[0], lines[-1]],
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=list(SPOILED))
@pytest.mark.parametrize("signed", [False, True])
def test_removed_moved_and_added_lines_are_found_even_where_the_file_is_signed_anew(
    worked: Library, exported: Path, spoil: Spoil, signed: bool
) -> None:
    lines = spoil(lines_in(exported))
    put(exported, resigned(worked, lines) if signed else lines)
    assert not check_export(exported, audit_key.library_fingerprint(worked)).sound


def test_a_file_cut_anywhere_is_found(exported: Path) -> None:
    data = exported.read_bytes()
    for length in [*range(0, len(data), 97), len(data) - 1]:
        exported.write_bytes(data[:length])
        assert not check_export(exported).sound


def test_any_byte_that_differs_is_found(exported: Path) -> None:
    data = exported.read_bytes()
    chance = random.Random(1)
    last = range(data.rstrip().rindex(b"\n"), len(data))  # the signature itself, and anywhere before it
    for place in [*last, *chance.sample(range(len(data)), 150)]:
        exported.write_bytes(data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :])
        assert not check_export(exported).sound


@pytest.mark.parametrize(
    "written",
    [
        lambda last: last.upper().replace(b"SIGNATURE", b"signature"),
        lambda last: last.replace(b":", b": "),
        lambda last: last.replace(b'":"', b'":" '),
        lambda last: last.replace(b"{", b'{"signature":"00",'),
        lambda last: last.rstrip(),
        lambda last: last.rstrip() + b"\r\n",
        lambda last: last + b"\n",
    ],
)
def test_a_signature_written_in_another_way_is_found(exported: Path, written: Callable[[bytes], bytes]) -> None:
    *body, last = lines_in(exported)
    put(exported, [*body, written(last)])
    assert not check_export(exported).sound


def test_a_part_of_the_trail_called_the_whole_is_found(worked: Library, tmp_path: Path) -> None:
    part = export_trail(CTX, worked, tmp_path / "part.jsonl", Wanted(words="impression")).path
    first, *rest = lines_in(part)
    put(part, resigned(worked, [json_line({**json.loads(first), "whole": True, "filter": {}}), *rest]))
    assert not check_export(part).sound


@pytest.mark.parametrize(
    "change", [{"lines": True}, {"version": 2}, {"public_key": "zz"}, {"more": 1}, {"format": "x"}]
)
def test_a_first_line_that_says_something_else_is_found(
    worked: Library, exported: Path, change: dict[str, object]
) -> None:
    first, *rest = lines_in(exported)
    put(exported, resigned(worked, [json_line({**json.loads(first), **change}), *rest]))
    assert not check_export(exported).sound


HOSTILE = {
    "empty": b"",
    "no lines": b"\n\n\n",
    "not UTF-8": b"\xff\xfe\x00" * 100,
    "nested": b"[" * 200_000,
    "nested objects": b'{"a":' * 100_000 + b"\n" + b"{}\n",
    "a number of many digits": b'{"seq": ' + b"9" * 10_000 + b"}\n{}\n",
    "zeros": b"\0" * 100_000,
    "other JSON": b'{"format": "other"}\n{}\n',
    "a list": b"[1, 2]\n[3]\n{}\n",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=list(HOSTILE))
@pytest.mark.parametrize("behind", [False, True])
def test_hostile_files_are_found_wrong_and_break_nothing(exported: Path, data: bytes, behind: bool) -> None:
    first = lines_in(exported)[0] if behind else b""
    exported.write_bytes(first + data)
    assert not check_export(exported).sound


def test_a_line_without_end_is_not_read_to_its_end(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_check, "LONGEST", 2000)
    lines = lines_in(exported)
    put(exported, [lines[0], b'{"who": "' + b"x" * 100_000])
    found = check_export(exported)
    assert any("longer than any line" in problem for problem in found.problems)


def test_a_million_things_wrong_are_counted_and_not_all_said(exported: Path) -> None:
    lines = lines_in(exported)
    put(exported, [lines[0], *[b"{}\n"] * 500, lines[-1]])
    problems = check_export(exported).problems
    assert len(problems) <= 22
    assert problems[-1].startswith("... and ")


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "pipe", Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(BadInputError, match="cannot be read"):
            check_export(path)


def test_text_that_utf_8_cannot_hold_is_written_escaped() -> None:
    assert json.loads(json_line({"text": "\ud800"})) == {"text": "\ud800"}
