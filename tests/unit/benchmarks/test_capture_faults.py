"""The script that breaks examinations: it breaks them, mends them, and would tell what is lost."""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import capture_faults
from benchmarks.capture_fault_parts.kinds import KINDS
from benchmarks.kill_parts import libraries
from pfm_desktop.storage import keys

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keys, "COST", keys.COST)  # which the benchmark makes cheap
    libraries.make(tmp_path / "library", encrypted=False)
    return tmp_path / "library"


def spoil(library: Path, sha256: str) -> None:
    """A kept file is altered by one bit."""
    file = next(one for one in library.rglob("*") if one.is_file() and sha256 in one.name)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(data)


@pytest.mark.slow
def test_torn_frames_lose_nothing_and_a_picture_and_a_segment_that_are_altered_later_count_as_lost(
    library: Path,
) -> None:
    count, pictures, parts = capture_faults.struck("torn frames", library, random.Random(1))
    capture_faults.checked(count, library, pictures, parts)
    assert (count.lost, count.said) == (0, [])
    assert len(pictures) >= 4
    assert parts
    spoil(library, pictures[0].sha256)
    spoil(library, parts[0].sha256)
    capture_faults.checked(count, library, pictures, parts)
    alike = sum(one.sha256 == pictures[0].sha256 for one in pictures)  # one frame may be taken twice
    assert count.lost == alike + 1


@pytest.mark.slow
def test_what_a_worker_acknowledged_before_it_was_killed_is_there(library: Path) -> None:
    count, pictures, parts = capture_faults.killed(library, random.Random(1))
    assert pictures or parts
    capture_faults.checked(count, library, pictures, parts)
    assert (count.lost, count.said) == (0, [])


def test_all_kinds_are_drawn_about_as_often_and_the_seed_fixes_their_order() -> None:
    drawn = capture_faults.kinds_of(100, None, random.Random(8))
    counted = Counter(drawn)
    assert set(counted) == set(KINDS)
    assert max(counted.values()) - min(counted.values()) <= 1
    assert drawn == capture_faults.kinds_of(100, None, random.Random(8))
