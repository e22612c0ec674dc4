"""Wrong passwords: the next attempt waits longer and longer, and nothing locks a clinic out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pfm_desktop.storage import attempts
from pfm_desktop.storage.attempts import FILE, FREE, LONGEST, TooSoonError


def fail(library: Path, times: int) -> None:
    for _ in range(times):
        attempts.failed(library, "Wrong password", "a" * 32)


def test_the_first_mistakes_cost_no_time_and_then_each_costs_twice_as_much(tmp_path: Path) -> None:
    waits = []
    for _ in range(FREE + 8):
        fail(tmp_path, 1)
        last = datetime.fromisoformat(json.loads((tmp_path / FILE).read_bytes())["wrong"]["a" * 32]["last"])
        waits.append(attempts.seconds_to_wait(tmp_path, now=last))
    assert waits[: FREE - 1] == [0.0] * (FREE - 1)
    assert waits[FREE - 1 :] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, LONGEST, LONGEST, LONGEST]


def test_who_waited_may_try_again(tmp_path: Path) -> None:
    fail(tmp_path, FREE + 1)
    with pytest.raises(TooSoonError, match="wait"):
        attempts.check(tmp_path, "a" * 32)
    assert attempts.seconds_to_wait(tmp_path, now=datetime.now(UTC) + timedelta(seconds=3)) == 0.0


def test_the_right_password_ends_the_waiting_and_keeps_what_must_go_on_record(tmp_path: Path) -> None:
    fail(tmp_path, FREE + 2)
    attempts.succeeded(tmp_path, "a" * 32)
    assert attempts.seconds_to_wait(tmp_path) == 0.0
    assert len(attempts.waiting(tmp_path)[0]) == FREE + 2


def test_a_clock_that_was_set_back_locks_nobody_out(tmp_path: Path) -> None:
    fail(tmp_path, FREE)
    earlier = datetime.now(UTC) - timedelta(days=4000)
    assert attempts.seconds_to_wait(tmp_path, now=earlier) == 1.0
    assert attempts.seconds_to_wait(tmp_path, now=earlier + timedelta(seconds=2)) == 0.0


def test_what_is_on_record_waits_no_longer(tmp_path: Path) -> None:
    fail(tmp_path, 3)
    attempts.recorded(tmp_path, 2)
    attempts.later(tmp_path, "Signed in (read only)", "b" * 32)
    found, left_out = attempts.waiting(tmp_path)
    assert [(one.what, one.account_id) for one in found] == [
        ("Wrong password", "a" * 32),
        ("Signed in (read only)", "b" * 32),
    ]
    assert left_out == 0


def test_a_program_that_guesses_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_KEPT", 5)
    fail(tmp_path, 12)
    found, left_out = attempts.waiting(tmp_path)
    assert (len(found), left_out) == (5, 7)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"wrong": {"": {"count": 1e999, "last": ""}}, "waiting": [], "left_out": 0}',
        b'{"wrong": {"": {"count": 9, "last": "2020-01-01T00:00:00"}}, "waiting": [], "left_out": 0}',
        b'{"wrong": {"": {"count": 9, "last": "soon"}}, "waiting": [], "left_out": 0}',
        b'{"wrong": 9, "waiting": [{"at": "x", "what": "", "account_id": ""}], "left_out": 0}',
    ],
    ids=range(8),
)
def test_a_damaged_file_is_as_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    assert attempts.seconds_to_wait(tmp_path) == 0.0
    fail(tmp_path, 1)
    assert len(attempts.waiting(tmp_path)[0]) == 1


def test_an_absurd_count_waits_the_longest_and_no_longer(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    said = {"wrong": {"": {"count": 10**9, "last": now.isoformat()}}, "waiting": [], "left_out": 0}
    (tmp_path / FILE).write_text(json.dumps(said), encoding="utf-8")
    assert attempts.seconds_to_wait(tmp_path, now=now) == LONGEST


def test_on_a_disk_that_cannot_be_written_the_waiting_is_the_same(tmp_path: Path) -> None:
    gone = tmp_path / "file"
    gone.write_text("no folder", encoding="utf-8")
    fail(gone, FREE + 3)
    assert attempts.seconds_to_wait(gone) > 0


def test_a_library_that_was_moved_is_not_made_again_as_a_folder_of_wrong_passwords(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for _ in range(attempts.FREE):
        attempts.failed(gone, "Wrong name or password")
    assert not gone.exists()
    assert attempts.seconds_to_wait(gone) > 0


def test_who_guesses_at_another_password_gains_nothing_by_signing_in_herself(tmp_path: Path) -> None:
    fail(tmp_path, FREE + 1)
    attempts.failed(tmp_path, "Wrong password", "b" * 32)
    attempts.succeeded(tmp_path, "b" * 32)
    assert attempts.seconds_to_wait(tmp_path, account_id="b" * 32) == 0.0
    assert attempts.seconds_to_wait(tmp_path, account_id="a" * 32) > 0.0


def test_what_anybody_wrote_into_the_file_can_be_kept_and_shown(tmp_path: Path) -> None:
    one = {"at": "2026-01-01T00:00:00+00:00", "what": "\ud800\nSigned" + "x" * 5000, "account_id": "\u202e"}
    (tmp_path / FILE).write_text(json.dumps({"wrong": {}, "waiting": [one], "left_out": 0}), encoding="utf-8")
    ((kept,), _) = attempts.waiting(tmp_path)
    assert kept.what.startswith("??Signed")
    assert len(kept.what) == 200
    assert kept.account_id == "?"
    kept.what.encode("utf-8")
