"""A model is judged on pictures it is given, from files to figures, with one command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from pfm_desktop.cli.main import main
from pfm_desktop.pfm.calibrate import uncalibrated
from pfm_desktop.pfm.checkpoint import save_model
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.support.paths import cache_dir, user_models_dir

pytestmark = pytest.mark.slow


def test_phantoms_are_read_registered_and_judged_and_nothing_but_the_figures_is_left(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    save_model(
        user_models_dir() / "random",
        new_net(NetSpec(size=64)),
        name="random",
        version="1",
        calibration=uncalibrated(("white", "fluorescence")),
        normalisation=Normalisation.default(),
    )
    cases = tmp_path / "cases"
    assert main(["phantom", str(cases), "--count", "4", "--seed", "5", "--size", "320"]) == 0
    (cases / "case_00001_white.png").write_bytes(b"damaged")
    arguments = ["evaluate", str(cases / "manifest.csv"), "--model", "random", "--json", str(tmp_path / "e.json")]
    assert main(arguments) == 0
    found = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))
    assert found["on"] == "on phantoms"
    assert found["asked"] == 4
    assert "case_00001" in found["left_out"]["cases"]
    assert found["cases"] + found["left_out"]["count"] == 4
    assert "only" in capfd.readouterr().err  # so few patients: said
    assert not list(cache_dir().glob("prepared-*"))
