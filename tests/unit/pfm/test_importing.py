"""User-brought FasterNet weights: both public namings, and files that are none."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.importing import TRAINED_ON, import_weights, read_file, trunk_weights
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.predict import Predictor
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.finish import start_weights
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow  # trains, or draws many pictures

Public = Callable[[str, str], dict[str, Tensor]]


@pytest.mark.parametrize("variant", ["T0", "T1", "T2"])
def test_both_public_namings_fill_every_tensor_of_a_trunk_and_leave_only_the_classifier(
    public_fasternet: Public, variant: str
) -> None:
    timm = trunk_weights(public_fasternet(variant, "timm"), variant, "x")
    authors = trunk_weights(public_fasternet(variant, "authors"), variant, "x")
    assert (timm.naming, authors.naming) == ("timm", "authors")
    assert timm.unused == ("classifier.bias", "classifier.weight", "conv_head.weight")
    assert authors.unused == ("avgpool_pre_head.1.weight", "head.bias", "head.weight")
    assert timm.tensors.keys() == authors.tensors.keys()
    for key, value in timm.tensors.items():
        assert torch.equal(value, authors.tensors[key]), key


def test_a_merge_stands_before_the_stage_that_timm_counts_it_to(public_fasternet: Public) -> None:
    given = public_fasternet("T0", "timm")
    found = trunk_weights(given, "T0", "x").tensors
    assert torch.equal(found["stages.1.reduction.weight"], given["stages.1.downsample.reduction.weight"])
    assert torch.equal(found["stages.6.blocks.1.mlp.3.weight"], given["stages.3.blocks.1.mlp.3.weight"])


@pytest.mark.parametrize(("variant", "naming", "suffix"), [("T0", "timm", ".safetensors"), ("T1", "authors", ".pth")])
def test_an_imported_file_becomes_both_trunks_of_a_model_that_says_what_it_is(
    public_fasternet: Public, tmp_path: Path, variant: str, naming: str, suffix: str
) -> None:
    tensors = public_fasternet(variant, naming)
    file = tmp_path / f"fasternet{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": {f"model.{key}": value for key, value in tensors.items()}, "epoch": 3}, file)
    else:
        save_file(tensors, file)
    made = import_weights(file, tmp_path / "m", variant=variant, name="m")
    loaded = load_model(tmp_path / "m")
    stem = [trunk.trunk.patch_embed.proj.weight for trunk in loaded.net.trunks()]
    assert len(stem) == 2
    assert all(torch.equal(weight, tensors["patch_embed.proj.weight"]) for weight in stem)
    assert (made.naming, made.info.variant, made.info.trained_on) == (naming, variant, TRAINED_ON)
    assert "not trained to grade" in made.info.label
    card = (tmp_path / "m" / "CARD.md").read_text(encoding="utf-8")
    assert "fasternet" in card
    assert made.unused[0] in card


@pytest.fixture
def imported(public_fasternet: Public, tmp_path: Path) -> Path:
    """A model folder `m` with the trunks of a public file."""
    save_file(public_fasternet("T0", "timm"), tmp_path / "f.safetensors")
    return import_weights(tmp_path / "f.safetensors", tmp_path / "m", variant="T0", name="m").path


def test_a_model_of_trunks_only_is_refused_for_answers_and_taken_as_a_start(imported: Path) -> None:
    with pytest.raises(ModelError, match=r"never trained to grade.*pfm train .*--start m"):
        Predictor(imported)
    net = new_net(NetSpec(size=64))
    normalisation = start_weights(net, imported, Normalisation.default())
    kept = load_model(imported).net
    for name in net.names:
        for own, given in zip(net.extract[name].parameters(), kept.extract[name].parameters(), strict=True):
            assert torch.equal(own, given)
    assert normalisation.mean["white"] == (0.485, 0.456, 0.406)


@pytest.mark.parametrize("off", ["channel_attention", "spatial_attention"])
def test_a_network_without_one_attention_takes_the_trunks_all_the_same(imported: Path, off: str) -> None:
    net = new_net(NetSpec(size=64, **{off: False}))
    start_weights(net, imported, Normalisation.default())
    kept = load_model(imported).net
    for own, given in zip(net.trunks(), kept.trunks(), strict=True):
        for name, value in own.trunk.state_dict().items():
            assert torch.equal(value, given.trunk.state_dict()[name]), name


def test_a_network_without_pconv_cannot_take_trunks_with_it_and_says_so(imported: Path) -> None:
    with pytest.raises(ModelError, match=r"trunks of m do not fit.*built with PConv"):
        start_weights(new_net(NetSpec(size=64, partial_conv=False)), imported, Normalisation.default())


def test_variances_below_zero_are_refused(public_fasternet: Public, tmp_path: Path) -> None:
    """They would answer every picture with no number."""
    tensors = public_fasternet("T0", "timm")
    key = next(key for key in tensors if key.endswith("running_var"))
    save_file({**tensors, key: -1 - tensors[key]}, tmp_path / "f.safetensors")
    with pytest.raises(ModelError, match=r"f\.safetensors is damaged: .*running_var holds variances below zero"):
        import_weights(tmp_path / "f.safetensors", tmp_path / "m", variant="T0", name="m")
    assert not (tmp_path / "m").exists()


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.mark,)  # type: ignore[return-value]


@pytest.mark.parametrize("how", ["plain pickle", "torch file"])
def test_a_malicious_pickle_is_refused_and_does_not_run(tmp_path: Path, how: str) -> None:
    mark, file = tmp_path / "ran", tmp_path / "evil.pth"
    if how == "torch file":
        torch.save({"patch_embed.proj.weight": Evil(mark)}, file)
    else:
        file.write_bytes(pickle.dumps(Evil(mark)))
    with pytest.raises(ModelError, match="nothing in it was run"):
        import_weights(file, tmp_path / "m", variant="T0", name="m")
    assert not mark.exists()
    assert not (tmp_path / "m").exists()
    pickle.loads(pickle.dumps(Evil(mark)))  # the file is as dangerous as it claims
    assert mark.exists()


@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 half a zip"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = tmp_path / f"broken{suffix}"
    file.write_bytes(content)
    with pytest.raises(ModelError, match="broken"):
        read_file(file)


def test_other_kinds_of_file_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.onnx").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"neither .safetensors nor .pth"):
        read_file(tmp_path / "w.onnx")
    with pytest.raises(ModelError, match="there is no file"):
        read_file(tmp_path / "none.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ModelError, match="holds no weights"):
        read_file(tmp_path / "list.pth")


def test_the_weights_of_another_network_are_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"resnet50 is not a FasterNet: patch_embed.proj.weight"):
        trunk_weights({"layer1.0.conv1.weight": torch.ones(1)}, "T0", "resnet50")


def test_another_variant_is_refused_with_the_one_that_fits(public_fasternet: Public) -> None:
    with pytest.raises(ModelError, match="import it with --variant T1"):
        trunk_weights(public_fasternet("T1", "timm"), "T0", "x")


def test_a_wrong_shape_and_values_that_are_no_numbers_are_refused(public_fasternet: Public) -> None:
    tensors = public_fasternet("T0", "authors")
    with pytest.raises(ModelError, match=r"stages.3.norm.bias is \(3,\)"):
        trunk_weights({**tensors, "stages.3.norm.bias": torch.ones(3)}, "T0", "x")
    with pytest.raises(ModelError, match="no numbers"):
        trunk_weights({**tensors, "stages.3.norm.bias": torch.full((160,), float("nan"))}, "T0", "x")


def test_a_model_is_never_overwritten_by_an_import(public_fasternet: Public, tmp_path: Path) -> None:
    save_file(public_fasternet("T0", "timm"), tmp_path / "f.safetensors")
    import_weights(tmp_path / "f.safetensors", tmp_path / "m", variant="T0", name="m")
    before = (tmp_path / "m" / "model.toml").read_bytes()
    with pytest.raises(ModelError, match="already a model"):
        import_weights(tmp_path / "f.safetensors", tmp_path / "m", variant="T0", name="m")
    assert (tmp_path / "m" / "model.toml").read_bytes() == before
