from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.settings import AI_SHOWN, Settings, load_settings, save_settings


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    kept = Settings(reader="Dr. Łucja 李", theme="light", first_read_lock=False, shortcuts={"review.fit": "Ctrl+0"})
    save_settings(kept, path)
    assert load_settings(path) == kept


def test_without_a_file_the_defaults_hold_and_nothing_is_written(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "settings.json") == Settings()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"[1, 2]", b'"text"'])
def test_a_damaged_file_is_put_aside_never_overwritten(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(damage)
    assert load_settings(path) == Settings()
    save_settings(Settings(theme="light"), path)
    assert (tmp_path / "settings.json.damaged").read_bytes() == damage


def test_what_another_version_wrote_is_left_out_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"reader": "Dr. A", "theme": "purple", "first_read_lock": "no", "future": 3}))
    assert load_settings(path) == replace(Settings(), reader="Dr. A")


def test_the_first_read_lock_is_on_until_a_site_switches_it_off() -> None:
    assert Settings().first_read_lock


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="could not write"):
        save_settings(Settings(), tmp_path / "file" / "settings.json")


def test_what_a_file_of_another_version_or_hand_says_wrongly_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"modality": "CT", "lock_minutes": 7, "theme": "pink", "backups": {"a": "/disk", "b": 3}}')
    assert load_settings(path) == replace(Settings(), backups={"a": "/disk"})
    path.write_text('{"modality": "ES", "backups": []}')
    assert load_settings(path) == replace(Settings(), modality="ES")


def test_readers_see_no_ai_answer_until_a_site_chooses_so(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert Settings().ai_shown == "hidden"
    for kept in AI_SHOWN:
        save_settings(Settings(ai_shown=kept), path)
        assert load_settings(path).ai_shown == kept
    path.write_text('{"ai_shown": "always"}')
    assert load_settings(path).ai_shown == "hidden", "what is not known shows nothing"
    path.write_text('{"ai_shown": true}')
    assert load_settings(path).ai_shown == "hidden"
