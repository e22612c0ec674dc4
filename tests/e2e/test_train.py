"""A clinic trains a model of its own with one command, and stops and goes on as it likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.cli.main import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    assert main(["phantom", str(folder), "--count", "40", "--seed", "9", "--size", "224"]) == 0
    return folder / "manifest.csv"


def train(manifest: Path, out: Path, *more: str) -> int:
    shares = "--shares=.6,.15,.15,.1"
    return main(
        ["train", str(manifest), "--out", str(out), "--epochs", "1", "--size", "64", "--batch", "8", shares, *more]
    )


def test_one_command_makes_a_model_that_is_listed_verified_says_what_it_learned_from_and_is_never_overwritten(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PFM_HOME", str(tmp_path))
    out = tmp_path / "models" / "ours"
    assert train(manifest, out) == 0
    assert {file.name for file in out.iterdir()} >= {"weights.safetensors", "model.toml", "CARD.md", "curves.csv"}
    said = capsys.readouterr().err  # six women calibrate it
    assert "note: too few calibration patients to ever rule out normal, low, high, cancer" in said
    assert main(["models", "verify", "ours"]) == 0
    capsys.readouterr()
    assert main(["models", "list"]) == 0
    assert "demonstration model, trained on phantoms" in capsys.readouterr().out
    card = (out / "CARD.md").read_text(encoding="utf-8")
    assert "Investigational - not for diagnosis" in card
    assert "frozen parameters `" in card
    command = next(line for line in card.splitlines() if line.startswith(f"pfm train {manifest}"))
    for option in (f"--out={out}", "--sources=both", "--variant=T0", "--splice=token", "--epochs=1", "--seed=0"):
        assert option in command.split()
    before = (out / "weights.safetensors").read_bytes()
    assert train(manifest, out) == 2
    assert "there is already a model" in capsys.readouterr().err
    assert (out / "weights.safetensors").read_bytes() == before


@pytest.mark.parametrize("sources", ["white", "fluorescence"])
def test_a_network_for_one_source_is_trained_alike(manifest: Path, tmp_path: Path, sources: str) -> None:
    assert train(manifest, tmp_path / "one", "--sources", sources) == 0
    assert f'sources = [\n    "{sources}",\n]' in (tmp_path / "one" / "model.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patient,case,white,grade\n", "fluorescence"),
        ("patient,case,white,fluorescence,grade\np,c,gone.png,,high\n", "gone.png"),
        ("patient,case,white,fluorescence,grade\n", "names no case"),
        ("patient,case,white,fluorescence,grade\n,,,,\n,,,,\n", "manifest.csv names no case"),
        (",,,,\n,,,,\n", "manifest.csv lacks the columns"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_line_that_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(text, encoding="utf-8")
    assert train(manifest, tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert said in error
    assert not (tmp_path / "out").exists()


def test_too_few_women_are_refused_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phantom", str(tmp_path / "few"), "--count", "3", "--size", "320"]) == 0
    assert train(tmp_path / "few" / "manifest.csv", tmp_path / "out") == 2
    assert "too few" in capsys.readouterr().err
