"""What is read of the weights without torch is what is in them, and what is not in them is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from pfm_desktop.pfm.model_content import read_arrays, source_votes
from pfm_desktop.pfm.nets.heads import SourceHead
from pfm_desktop.pfm.nets.pconv import Trunk
from pfm_desktop.pfm.nets.spec import RELU, VARIANTS
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow

NAMES = ("a.one", "a.two", "ab.three", "b.four")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    save_file({name: np.full(2, number, np.float32) for number, name in enumerate(NAMES)}, path)
    return path


@pytest.mark.parametrize(
    ("wanted", "names"),
    [(["a."], {"a.one", "a.two"}), (["a.one"], {"a.one"}), (["a.", "b.four"], {"a.one", "a.two", "b.four"}),
     (["c."], set()), (["a.one", "a."], {"a.one", "a.two"}), ([], set())],
)  # fmt: skip
def test_names_and_beginnings_of_names_are_read_and_nothing_else(
    weights: Path, wanted: list[str], names: set[str]
) -> None:
    found = read_arrays(weights, wanted)
    assert set(found) == names
    for name, value in found.items():
        np.testing.assert_array_equal(value, np.full(2, NAMES.index(name), np.float32))


def test_a_tensor_that_is_missing_is_named_in_one_line(weights: Path) -> None:
    for wanted in (["a"], ["a.", "c.five"]):
        with pytest.raises(ModelError, match=rf"does not contain tensor {wanted[-1]}.*fetch the model again") as error:
            read_arrays(weights, wanted)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"no tensors", b"\xff" * 64, None], ids=["empty", "words", "huge", "missing"])
def test_a_file_that_cannot_be_read_is_named_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "weights.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"weights\.safetensors is not a readable safetensors file") as error:
        read_arrays(path, ["a."])
    assert "fetch the model again" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_source_votes_as_its_head_in_torch_does(tmp_path: Path) -> None:
    torch.manual_seed(0)
    head = SourceHead(6)
    path = tmp_path / "weights.safetensors"
    linear = {f"alone.white.linear.{part}": value.detach().numpy() for part, value in head.linear.named_parameters()}
    save_file(linear, path)
    features, coverage = torch.randn(1, 6, 3, 3), torch.rand(1, 3, 3)
    found = source_votes(path, ["white"])["white"].log_probabilities(features[0].numpy(), coverage[0].numpy())
    with torch.no_grad():
        np.testing.assert_allclose(found, head(features, coverage)[0].numpy(), atol=1e-5)
    with pytest.raises(ModelError, match=r"does not contain tensor alone\.fluorescence\.linear\.weight"):
        source_votes(path, ["white", "fluorescence"])


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_bends_by_what_the_table_says(variant: str) -> None:
    bends = {type(part) for part in Trunk(variant).modules() if isinstance(part, (torch.nn.ReLU, torch.nn.GELU))}
    assert bends == {torch.nn.ReLU if RELU[variant] else torch.nn.GELU}
