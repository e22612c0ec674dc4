"""Prepared pictures on a disk that fills up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.pfm.features import _reserve
from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter
from pfm_desktop.support.errors import StorageError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on the size of a file on Windows")

SIZE = 64
CASE = SIZE * SIZE * 3  # bytes
PICTURE = np.full((SIZE, SIZE, 3), 90, np.uint8)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: the system answers as for a full disk."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def add(writer: PreparedWriter, case: str) -> None:
    writer.append(PICTURE, PICTURE, None, grade=Grade.LOW, patient=f"of {case}", case=case)


def add_two(folder: Path) -> None:
    with PreparedWriter(folder, SIZE) as writer:
        add(writer, "one")
        add(writer, "two")


def test_a_full_disk_names_the_folder_and_whole_cases_stay(tmp_path: Path) -> None:
    folder = tmp_path / "prepared"
    with pytest.raises(StorageError) as told, largest_file(2 * CASE - 100):
        add_two(folder)
    assert f"could not write {folder}: " in str(told.value)
    assert "the pictures that you gave are unchanged. free some space" in str(told.value)
    with PreparedWriter(folder, SIZE) as writer:
        assert writer.done == ("one",)
        add(writer, "two")
    assert PreparedSet(folder).cases == ["one", "two"]
    assert (folder / "white.u8").stat().st_size == 2 * CASE


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"could not write .*prepared"):
        PreparedWriter(tmp_path / "file" / "prepared", SIZE)


def test_room_for_a_map_is_asked_for_before_it_is_written_to(tmp_path: Path) -> None:
    _reserve(tmp_path / "map", 5000)
    assert (tmp_path / "map").stat().st_blocks * 512 >= 5000  # not a file with holes
    with pytest.raises(OSError, match="large"), largest_file(4000):
        _reserve(tmp_path / "larger", 5000)
