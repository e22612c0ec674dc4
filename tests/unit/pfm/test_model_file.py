"""A model's own words are read at every question and understood once."""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm import model_file
from pfm_desktop.pfm.model_file import MODEL, read_model_file
from pfm_desktop.pfm.registry import verify
from pfm_desktop.support.errors import ModelError

DEMO = Path(__file__).resolve().parents[3] / "models" / "pfm-demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(DEMO / MODEL, tmp_path / MODEL)
    return tmp_path


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Letters of each text that was taken apart."""
    model_file._understood.cache_clear()
    texts: list[int] = []
    loads = tomllib.loads

    def counted(text: str) -> dict[str, object]:
        texts.append(len(text))
        return loads(text)

    monkeypatch.setattr(model_file.tomllib, "loads", counted)
    return texts


def test_of_an_installed_program_its_own_model_is_not_to_be_fetched_but_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    own, brought = tmp_path / "models" / "pfm-demo", tmp_path / "home" / "models" / "pfm-demo"
    for place in (own, brought):
        place.mkdir(parents=True)
        shutil.copy(DEMO / MODEL, place / MODEL)
        (place / "weights.safetensors").write_bytes(b"x")
    for place, word in ((own, "quarantine"), (brought, "fetch the model again")):
        with pytest.raises(ModelError) as altered:
            verify(place)
        assert word in altered.value.remedy
        (place / MODEL).write_text("format = ")
        with pytest.raises(ModelError) as damaged:
            read_model_file(place)
        assert word in damaged.value.remedy


def test_the_same_words_are_taken_apart_once(folder: Path, understood: list[int]) -> None:
    first = read_model_file(folder)
    assert read_model_file(folder) == first
    assert len(understood) == 1


def test_the_words_of_many_models_are_kept_so_that_a_list_of_them_is_made_at_once_the_next_time(
    tmp_path: Path, understood: list[int]
) -> None:
    folders = [tmp_path / f"m{number}" for number in range(20)]
    for folder in folders:
        folder.mkdir()
        shutil.copy(DEMO / MODEL, folder / MODEL)
    for _ in range(2):
        assert {read_model_file(folder).name for folder in folders} == {"pfm-demo"}
    assert len(understood) == len(folders)


def test_the_limits_are_the_largest_distances_of_the_sources_it_can_tell_of() -> None:
    content = read_model_file(DEMO)
    assert content.limits == {
        source: content.familiarity[source.value]["threshold"] for source in (Source.WHITE, Source.FLUORESCENCE)
    }
    assert replace(content, familiarity={}).limits == {}


def test_what_was_altered_since_is_refused_at_the_next_question(folder: Path, alter_model: Callable[..., Path]) -> None:
    version = read_model_file(folder).version
    alter_model(folder, f'version = "{version}"', 'version = "9"', sealed=False)
    with pytest.raises(ModelError, match="was altered after the model was made"):
        read_model_file(folder)
    alter_model(folder, 'version = "9"', f'version = "{version}"', sealed=False)
    assert read_model_file(folder).version == version


def test_a_refusal_is_not_kept_and_names_each_folder(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for place in (folder, other):
        (place / MODEL).write_text("format = 99\n", encoding="utf-8")
        with pytest.raises(ModelError, match="has format 99") as refused:
            read_model_file(place)
        assert str(place / MODEL) in str(refused.value)
