"""`pfm selftest` tells whether an installation does its main job, and leaves nothing behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from pfm_desktop.cli.main import main
from pfm_desktop.services import models
from pfm_desktop.services import selftest as checks
from pfm_desktop.support.errors import StorageError

pytestmark = pytest.mark.slow


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made, watched."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def no_shipped_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(models, "model_dirs", lambda: (folder,))
    return folder


@pytest.mark.installed
def test_every_step_is_tried_and_said_and_nothing_is_left_behind(
    temporary: Path, no_shipped_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["selftest"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said[:-1]] == [f"ok      {title}" for title, _ in checks.STEPS]
    assert any(line.startswith("ok      Answer: answered in ") and " s by torch, " in line for line in said)
    assert said[-1] == "selftest passed"
    assert any("untrained network stands in" in line for line in said)
    assert any("trained on nothing" in line for line in said)
    assert list(temporary.iterdir()) == []


def test_the_first_step_that_fails_ends_it_with_one(
    temporary: Path, no_shipped_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("could not write: No space left on device")

    monkeypatch.setattr("pfm_desktop.storage.image_store.write_bytes", full)
    assert main(["selftest"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-2].startswith("FAILED  Pictures: could not write: No space left on device")
    assert said[-1] == "selftest failed"
    assert list(temporary.iterdir()) == []


def test_a_shipped_model_that_was_altered_fails(
    temporary: Path, no_shipped_model: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = no_shipped_model / models.DEFAULT_MODEL
    shipped.mkdir()
    (shipped / "model.toml").write_bytes((tiny_model / "model.toml").read_bytes())
    (shipped / "weights.safetensors").write_bytes(b"altered")
    assert main(["selftest"]) == 1
    assert "are not those of tiny (hash" in capsys.readouterr().out
