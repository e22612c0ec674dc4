"""The first stage in numpy says what torch says, for every network there can be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.first_stage import STRIDE, batch_norm, first_stages, gelu
from pfm_desktop.pfm.last_stage import gelu_and_slope
from pfm_desktop.pfm.model_file import WEIGHTS
from pfm_desktop.pfm.nets.pconv import WIDTH
from pfm_desktop.pfm.training.familiar import first_stage
from pfm_desktop.support.errors import ModelError

SHIPPED = Path(__file__).resolve().parents[3] / "models" / "pfm-demo"


def both(folder: Path, name: str, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The map as numpy and as torch make it."""
    picture = np.random.default_rng(seed).standard_normal((3, size, size)).astype(np.float32)
    picture[:, : size // 8] = 0  # as a letterbox leaves it
    loaded = load_model(folder)
    with torch.no_grad():
        expected = first_stage(loaded.net, name, torch.from_numpy(picture)[None])[0].numpy()
    stage = first_stages(folder / WEIGHTS, loaded.net.names, loaded.info.variant)[name]
    return stage.map(picture), expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec",
    [{}, {"variant": "T1"}, {"variant": "T2"}, {"partial_conv": False}, {"sources": ("white",)}],
    ids=["T0", "T1", "T2", "without partial convolution", "one source"],
)
def test_numpy_says_what_torch_says(spec: dict[str, Any], make_model: Callable[..., Path], tmp_path: Path) -> None:
    found, expected = both(make_model(tmp_path / "m", **spec), "white", 64)
    assert found.shape == (WIDTH[spec.get("variant", "T0")], 64 // STRIDE, 64 // STRIDE)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("name", ["white", "fluorescence"])
def test_numpy_says_what_torch_says_of_trained_weights(name: str) -> None:
    found, expected = both(SHIPPED, name, 224)
    assert np.abs(found).max() > 1  # batch norm has learned something here
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_each_source_has_its_own_trunk() -> None:
    stages = first_stages(SHIPPED / WEIGHTS, ("white", "fluorescence"), "T0")
    picture = np.ones((3, 32, 32), np.float32)
    assert (np.abs(stages["white"].map(picture) - stages["fluorescence"].map(picture)) > 0.1).any()


def test_gelu_is_that_of_torch_and_the_same_number_with_its_slope() -> None:
    x = np.linspace(-6, 6, 1201, dtype=np.float32)
    leaf = torch.from_numpy(x).requires_grad_(True)
    wanted = torch.nn.functional.gelu(leaf)
    wanted.sum().backward()
    bent, slope = gelu_and_slope(x)
    np.testing.assert_array_equal(gelu(x), bent)
    np.testing.assert_allclose(bent, wanted.detach().numpy(), atol=2e-6)
    assert leaf.grad is not None
    np.testing.assert_allclose(slope, leaf.grad.numpy(), atol=2e-6)
    assert bent.dtype == slope.dtype == np.float32


def test_batch_norm_is_that_of_torch_in_evaluation() -> None:
    random = np.random.default_rng(0)
    parts = ("weight", "bias", "running_mean", "running_var")
    tensors = {f"norm.{part}": random.uniform(0.01, 2, 5).astype(np.float32) for part in parts}
    x = random.standard_normal((7, 5)).astype(np.float32)
    scale, shift = batch_norm(tensors, "norm")
    given = [torch.from_numpy(tensors[f"norm.{part}"]) for part in ("running_mean", "running_var", "weight", "bias")]
    wanted = torch.nn.functional.batch_norm(torch.from_numpy(x), *given).numpy()
    np.testing.assert_allclose(x * scale + shift, wanted, rtol=1e-4, atol=1e-5)


def test_a_picture_is_not_changed_by_being_looked_at() -> None:
    stage = first_stages(SHIPPED / WEIGHTS, ("white",), "T0")["white"]
    picture = np.random.default_rng(0).standard_normal((3, 64, 64)).astype(np.float32)
    before = picture.copy()
    first = stage.map(picture)
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(stage.map(picture), first)


def test_what_is_no_number_stays_none() -> None:
    stage = first_stages(SHIPPED / WEIGHTS, ("white",), "T0")["white"]
    assert np.isnan(stage.map(np.full((3, 32, 32), np.nan, np.float32))).all()


def test_unreadable_weights_are_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError) as error:
        first_stages(tmp_path / "weights.safetensors", ("white",), "T0")
    assert "is not a readable safetensors file" in str(error.value)
    assert "fetch the model again" in str(error.value)
    assert "\n" not in str(error.value)


def test_torch_is_not_needed() -> None:
    code = (
        "import sys; from pathlib import Path; from pfm_desktop.pfm.first_stage import first_stages;"
        f"first_stages(Path({str(SHIPPED / WEIGHTS)!r}), ('white',), 'T0');"
        "assert not {'torch', 'scipy', 'openvino'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
