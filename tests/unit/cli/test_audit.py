"""`pfm audit`: lines printed, an export made and checked, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pfm_desktop.cli.audit import KindChoice
from pfm_desktop.cli.main import main
from pfm_desktop.domain.grade import Grade
from pfm_desktop.services import cases, review
from pfm_desktop.services.audit import Kind
from pfm_desktop.storage.library import Library

pytestmark = pytest.mark.slow


@pytest.fixture
def closed(lib: Library) -> str:
    lib.who = "Dr. Roth"
    woman = cases.add_patient(lib, identifier="K-1", family_name="Ärzte", given_name="Ada")
    visit = cases.add_visit(lib, woman.id, indication="HPV")
    for grade in (Grade.LOW, Grade.HIGH):
        review.set_impression(lib, visit.id, grade)
    lib.who = "Dr. Kim"
    lib.record_event("export", visit.id, "Report saved as PDF", {"signed": False})
    lib.close()
    return str(lib.path)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["audit", "show", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_kinds_of_the_command_line_are_those_of_the_trail() -> None:
    assert [kind.value for kind in KindChoice] == [kind.value for kind in Kind]


def test_lines_are_printed_newest_first_with_each_field_before_and_after(
    capsys: pytest.CaptureFixture[str], closed: str
) -> None:
    lines = shown(capsys, closed)
    assert "Report saved as PDF" in lines[0]
    assert "Dr. Kim" in lines[0]
    assert "      Impression: low (LSIL, CIN1) -> high (HSIL, CIN2-3)" in lines
    assert any("K-1 Ärzte, Ada" in line for line in lines)


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--who", "kim"], [5]),
        (["--kind", "exports"], [5]),
        (["--about", "k-1"], [5, 4, 3, 2, 1]),
        (["--about", "K-2"], []),
        (["--words", "impression high"], [4]),
        (["--from", "2000-01-01", "--to", "2001-01-01"], []),
        (["--limit", "2"], [5, 4]),
        (["--limit", "4", "--who", "roth"], [4, 3, 2, 1]),
    ],
)
def test_only_what_is_asked_for_is_printed(
    capsys: pytest.CaptureFixture[str], closed: str, options: list[str], numbers: list[int]
) -> None:
    lines = [json.loads(line) for line in shown(capsys, closed, "--json", *options)]
    assert [line["seq"] for line in lines] == numbers


def test_more_lines_than_a_page_are_printed(capsys: pytest.CaptureFixture[str], lib: Library) -> None:
    for number in range(450):
        lib.record_event("test", "k", f"Line {number}")
    lib.close()
    assert len(shown(capsys, str(lib.path), "--limit", "430", "--json")) == 430


def test_what_is_stored_steers_no_terminal(capsys: pytest.CaptureFixture[str], lib: Library) -> None:
    lib.record_event("test", "k", "\x1b[2Jcleared\nnext", {"note": "\x1b]0;title\x07"})
    lib.close()
    lines = shown(capsys, str(lib.path))
    assert len(lines) == 2
    assert "\x1b" not in "".join(lines)
    assert "\\x1b[2Jcleared\\nnext" in lines[0]


def test_an_export_is_made_checked_and_found_altered(
    capsys: pytest.CaptureFixture[str], closed: str, tmp_path: Path
) -> None:
    out = tmp_path / "trail.jsonl"
    assert main(["audit", "export", str(out), "--library", closed]) == 0
    said = capsys.readouterr().out
    assert "5 lines, the whole trail, signed" in said
    fingerprint = said.split("Fingerprint of the key: ")[1].strip()
    assert main(["audit", "check", str(out), "--fingerprint", fingerprint]) == 0
    assert fingerprint in capsys.readouterr().out
    assert main(["audit", "check", str(out), "--fingerprint", "ab" * 16]) == 3
    assert "another key" in capsys.readouterr().err
    out.write_bytes(out.read_bytes().replace(b"Dr. Kim", b"Dr. Lim"))
    assert main(["audit", "check", str(out)]) == 3
    captured = capsys.readouterr()
    assert "wrong: the signature does not fit" in captured.err
    assert captured.out.startswith("Not to be relied on")


def test_a_filtered_export_says_that_it_is_a_part(
    capsys: pytest.CaptureFixture[str], closed: str, tmp_path: Path
) -> None:
    out = tmp_path / "part.jsonl"
    assert main(["audit", "export", str(out), "--library", closed, "--who", "roth"]) == 0
    assert "4 lines, a part of the trail" in capsys.readouterr().out
    assert main(["audit", "check", str(out)]) == 0
    assert "a part of the trail" in capsys.readouterr().out


@pytest.mark.parametrize("day", ["14.03.2026", "2026-02-30", "tomorrow"])
def test_what_is_no_day_is_refused(capsys: pytest.CaptureFixture[str], closed: str, day: str) -> None:
    assert main(["audit", "show", closed, "--from", day]) == 2
    assert "is no day" in capsys.readouterr().err


def test_what_is_missing_or_no_fingerprint_is_refused(
    capsys: pytest.CaptureFixture[str], closed: str, tmp_path: Path
) -> None:
    assert main(["audit", "check", str(tmp_path / "missing")]) == 2
    assert main(["audit", "show", str(tmp_path / "missing")]) == 2
    (tmp_path / "file").write_bytes(b"")
    assert main(["audit", "check", str(tmp_path / "file"), "--fingerprint", "abcd"]) == 2
    assert main(["audit", "check", str(tmp_path / "file")]) == 3
    assert main(["audit", "export", str(tmp_path), "--library", closed]) == 2
    assert capsys.readouterr().err.count("error: ") == 4


def test_the_trail_is_verified(capsys: pytest.CaptureFixture[str], closed: str) -> None:
    assert main(["audit", "verify", closed]) == 0
    assert "5 lines checked, nothing wrong" in capsys.readouterr().out
