"""A converted model is loaded whole and as it was written, or made again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pfm_desktop.pfm import ir_cache
from pfm_desktop.pfm.model_file import ModelFile
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.support.errors import StorageError

PIECES = ("trunk-white", "answers")
CONTENT = ModelFile("m", "1", "a" * 64, NetSpec())


def _write(folder: Path) -> None:
    for piece in PIECES:
        (folder / f"{piece}.xml").write_text(f"<{piece}/>")
        (folder / f"{piece}.bin").write_bytes(piece.encode() * 9)


@pytest.fixture
def folder() -> Path:
    made = ir_cache.folder_of(CONTENT)
    ir_cache.fill(made, _write)
    return made


def test_what_was_written_is_whole(folder: Path) -> None:
    assert ir_cache.is_whole(folder, PIECES)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing else is left"


def test_other_weights_another_network_or_another_openvino_have_another_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders = {ir_cache.folder_of(CONTENT)}
    folders.add(ir_cache.folder_of(replace(CONTENT, sha256="b" * 64)))
    folders.add(ir_cache.folder_of(replace(CONTENT, network=NetSpec(size=256))))
    monkeypatch.setattr(ir_cache, "version", lambda _name: "1.0")
    folders.add(ir_cache.folder_of(CONTENT))
    assert len(folders) == 4
    assert ir_cache.folder_of(replace(CONTENT, name="n")) in folders, "a name changes no weights"


def _flip(folder: Path) -> None:
    file = folder / "answers.bin"
    file.write_bytes(b"x" + file.read_bytes()[1:])


def _promise(content: object) -> Callable[[Path], None]:
    return lambda folder: (folder / ir_cache.WHOLE).write_text(json.dumps(content), encoding="utf-8") and None


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a flipped byte": _flip,
    "a file cut short": lambda folder: (folder / "answers.bin").write_bytes(b""),
    "a missing file": lambda folder: (folder / "trunk-white.xml").unlink(),
    "a missing list": lambda folder: (folder / ir_cache.WHOLE).unlink(),
    "a list that is no JSON": lambda folder: (folder / ir_cache.WHOLE).write_bytes(b"\xff\x00{"),
    "a list of the wrong kind": _promise([1]),
    "a list without files": _promise({"files": {}}),
    "a list nested too deeply": lambda folder: (folder / ir_cache.WHOLE).write_text("[" * 100_000),
    "a list far too large": lambda folder: (folder / ir_cache.WHOLE).write_text(" " * (2 << 20)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_what_is_damaged_is_not_whole_and_is_made_again(folder: Path, damage: Callable[[Path], object]) -> None:
    damage(folder)
    assert not ir_cache.is_whole(folder, PIECES)
    ir_cache.fill(folder, _write)
    assert ir_cache.is_whole(folder, PIECES)


def test_pieces_of_another_network_are_not_taken(folder: Path) -> None:
    assert not ir_cache.is_whole(folder, (*PIECES, "trunk-fluorescence"))
    assert not ir_cache.is_whole(folder, PIECES[:1])


def test_a_form_of_earlier_pieces_is_not_taken_and_can_be_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ir_cache.folder_of(replace(CONTENT, sha256="b" * 64))
    ir_cache.fill(other, _write)
    choice = folder.parent / "choice-0.json"
    choice.write_text("{}")
    older = [folder]
    for form in (ir_cache.FORM + 1, ir_cache.FORM + 2):
        monkeypatch.setattr(ir_cache, "FORM", form)
        assert ir_cache.folder_of(CONTENT, form) not in older
        older.append(ir_cache.folder_of(CONTENT, form))
        ir_cache.fill(older[-1], _write)
    ir_cache.remove_older(CONTENT)
    assert [path.exists() for path in older] == [False, False, True]
    assert other.exists(), "another model's is left alone"
    assert choice.exists()


def test_an_older_form_that_cannot_be_removed_stays_and_harms_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_given: object, **_named: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(ir_cache, "FORM", ir_cache.FORM + 1)
    monkeypatch.setattr("os.rmdir", held)
    monkeypatch.setattr("os.unlink", held)
    ir_cache.remove_older(CONTENT)
    assert ir_cache.is_whole(folder, PIECES)


def test_a_half_written_folder_never_takes_the_place_of_a_whole_one(folder: Path) -> None:
    def breaks(out: Path) -> None:
        (out / "answers.bin").write_bytes(b"half")
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        ir_cache.fill(folder, breaks)
    assert ir_cache.is_whole(folder, PIECES)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_full_disk_is_said_in_a_line(folder: Path) -> None:
    def full(_out: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match=r"No space left on device\. models and answers are unchanged") as error:
        ir_cache.fill(folder, full)
    assert "free some space" in str(error.value)


def test_a_cache_folder_that_is_a_file_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(StorageError, match="could not write"):
        ir_cache.fill(tmp_path / "cache" / "x", _write)


def test_what_a_killed_conversion_left_goes_once_it_is_old(folder: Path) -> None:
    old, young = (folder.parent / f".part-{name}" for name in ("old", "young"))
    for left in (old, young):
        left.mkdir(parents=True)
        (left / "early-white.xml").write_bytes(b"half")
    os.utime(old, (0, 0))
    ir_cache.fill(folder, _write)
    assert not old.exists()
    assert young.exists(), "another process may be at it"


@pytest.mark.parametrize("spoil", ["altered", "missing"])
def test_a_piece_that_is_altered_or_missing_is_said_to_be_made_again(
    folder: Path, caplog: pytest.LogCaptureFixture, spoil: str
) -> None:
    file = folder / "answers.bin"
    if spoil == "altered":
        file.write_bytes(b"other")
    else:
        file.unlink()
    assert not ir_cache.is_whole(folder, PIECES)
    assert f"answers.bin of the converted model in {folder}" in caplog.text
    assert spoil in caplog.text
