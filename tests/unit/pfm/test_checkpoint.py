"""Model folders: what is written comes back; what is altered, foreign or damaged is refused with a way out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.calibrate import Calibration, Scale
from pfm_desktop.pfm.checkpoint import load_model, load_weights, read_tensors, rewrite_model_file, save_model
from pfm_desktop.pfm.model_file import FORMAT, read_model_file
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.registry import broken_models, find_model, list_models, read_info, refuse_start_only, verify
from pfm_desktop.pfm.untrained import write_untrained
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import sha256_of

CALIBRATION = Calibration({"both": Scale(1.5, (0.1, -0.2, 0.3, -0.2), (0.5, 0.6, 0.7, 1.0), 120)})
NORMALISATION = Normalisation(
    {"white": (0.1, 0.2, 0.3), "fluorescence": (0.4, 0.5, 0.6)}, {"white": (1.0, 1.1, 1.2), "fluorescence": (2, 3, 4)}
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder: Path = tmp_path_factory.mktemp("models") / "small"
    save_model(
        folder, new_net(NetSpec(size=64, splice="channel")), name="small", version="2", calibration=CALIBRATION,
        normalisation=NORMALISATION, trained_on="drawings", training={"seed": 3, "nothing": None},
        figures={"both": {"accuracy": 0.5}}, heatmap={"method": "votes"},
    )  # fmt: skip
    return folder


@pytest.fixture
def model(original: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    shutil.copytree(original, tmp_path / "small")
    return tmp_path / "small"


def test_what_was_saved_comes_back(original: Path) -> None:
    loaded = load_model(original)
    assert (loaded.info.name, loaded.info.version, loaded.info.splice) == ("small", "2", "channel")
    assert loaded.info.label == "local model, trained on drawings"
    assert loaded.info.sha256 == sha256_of(original / "weights.safetensors")
    assert loaded.calibration.scales == CALIBRATION.scales
    assert loaded.normalisation == NORMALISATION
    assert loaded.heatmap == {"method": "votes"}
    assert not loaded.net.training
    assert read_model_file(original).training == {"seed": 3}
    torch.manual_seed(0)
    for key, value in new_net(NetSpec(size=64, splice="channel")).state_dict().items():
        assert torch.equal(value, loaded.net.state_dict()[key]), key


def test_one_altered_bit_in_the_weights_is_found(model: Path) -> None:
    weights = bytearray((model / "weights.safetensors").read_bytes())
    weights[len(weights) // 2] ^= 1
    (model / "weights.safetensors").write_bytes(weights)
    for call in (verify, load_model):
        with pytest.raises(ModelError, match=r"are not those of .*nothing was loaded"):
            call(model)


def test_missing_weights_are_named(model: Path) -> None:
    (model / "weights.safetensors").unlink()
    with pytest.raises(ModelError, match="the weights of small are missing"):
        load_model(model)


def test_weights_of_another_network_are_refused_even_with_the_right_hash(model: Path) -> None:
    other = {key: value.contiguous() for key, value in new_net(NetSpec(size=64, variant="T1")).state_dict().items()}
    save_file(other, model / "weights.safetensors")
    text = (model / "model.toml").read_text()
    text = text.replace(read_info(model).sha256, sha256_of(model / "weights.safetensors"))
    (model / "model.toml").write_text(text)
    with pytest.raises(ModelError, match="the weights do not fit the network"):
        load_model(model)


def test_a_wrong_shape_under_the_right_name_is_refused() -> None:
    net = new_net(NetSpec(size=64))
    tensors = {**net.state_dict(), "classifier.softmax.bias": torch.zeros(5)}
    with pytest.raises(ModelError, match=r"classifier.softmax.bias and 0 more"):
        load_weights(net, tensors)


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"\xff" * 100])
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        read_tensors(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"format = {FORMAT}", f"format = {FORMAT + 1}", "update the program"),
        ("format = ", "format == ", "cannot be read"),
        ("[network]", "[other]", "is damaged: 'network' is missing"),
        ("sha256 = ", "hash = ", "is damaged: 'sha256' is missing"),
        ('variant = "T0"', 'variant = "T7"', "unknown variant 'T7'"),
        ("heads = 8", 'heads = 8\nmagic = "yes"', "asks for magic"),
    ],
)
def test_a_damaged_description_is_said_in_words(model: Path, old: str, new: str, said: str) -> None:
    text = (model / "model.toml").read_text()
    assert old in text
    (model / "model.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(ModelError, match=said):
        load_model(model)
    assert [broken.path for broken in broken_models([model.parent])] == [model]


@pytest.mark.parametrize("old", ["temperature = 1.5", "mean = ["])
def test_a_damaged_calibration_or_normalisation_is_never_taken_for_the_neutral_one(model: Path, old: str) -> None:
    text = (model / "model.toml").read_text()
    assert old in text
    (model / "model.toml").write_text(text.replace(old, f"x{old}", 1))
    with pytest.raises(ModelError, match="is damaged"):
        load_model(model)


def test_a_model_is_never_overwritten(model: Path) -> None:
    before = {file.name: file.read_bytes() for file in model.iterdir()}
    with pytest.raises(ModelError, match="already a model"):
        save_model(
            model, new_net(NetSpec(size=64)), name="x", version="1", calibration=Calibration(),
            normalisation=NORMALISATION,
        )  # fmt: skip
    assert {file.name: file.read_bytes() for file in model.iterdir()} == before


def test_new_figures_leave_the_weights_as_they_are(model: Path) -> None:
    rewrite_model_file(model, figures={"both": {"accuracy": 0.9}})
    assert read_model_file(model).figures["both"]["accuracy"] == 0.9
    assert load_model(model).calibration.scales == CALIBRATION.scales


@pytest.mark.parametrize("suffix", [".pkl", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".PTH"])
def test_a_pickle_is_refused_by_its_name(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"model{suffix}").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"is a pickle, which can run programs.*never loaded"):
        find_model(str(tmp_path / f"model{suffix}"), [])


def test_a_model_is_found_by_folder_by_folder_name_and_by_its_own_name(model: Path) -> None:
    renamed = model.rename(model.with_name("folder"))
    assert find_model(str(renamed), []) == renamed
    assert find_model("folder", [renamed.parent]) == renamed
    assert find_model("small", [renamed.parent]) == renamed
    with pytest.raises(ModelError, match=r"no model 'other'.*known models: small"):
        find_model("other", [renamed.parent])


def test_of_two_models_of_one_name_the_users_own_comes_first(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    make_model(own / "m", name="m")
    make_model(shipped / "m", name="m", sources=(Source.WHITE,))
    make_model(shipped / "a", name="a")
    assert [entry.path for entry in list_models([own, shipped])] == [shipped / "a", own / "m"]
    assert find_model("m", [own, shipped]) == own / "m"
    assert list_models([tmp_path / "nowhere"]) == ()


def test_a_broken_model_does_not_hide_the_others(
    model: Path, make_model: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    make_model(model.parent / "good", name="good")
    (model / "model.toml").write_text("x = [")
    assert [entry.info.name for entry in list_models([model.parent])] == ["good"]
    assert "model left out" in caplog.text


def test_a_model_of_trunks_only_says_so_and_others_pass(model: Path) -> None:
    refuse_start_only(read_info(model))
    text = (model / "model.toml").read_text()
    (model / "model.toml").write_text(text.replace("can_grade = true", "can_grade = false"))
    with pytest.raises(ModelError, match="never trained to grade"):
        refuse_start_only(read_info(model))
    (model / "model.toml").write_text(text.replace("can_grade = true\n", ""))  # written before there was the entry
    refuse_start_only(read_info(model))


def test_no_file_can_say_that_a_model_is_more_than_investigational(tmp_path: Path) -> None:
    write_untrained(tmp_path / "m")
    file = tmp_path / "m" / "model.toml"
    said = file.read_text(encoding="utf-8")
    assert "investigational = true" in said
    file.write_text(said.replace("investigational = true", "investigational = false"), encoding="utf-8")
    assert read_info(tmp_path / "m").investigational
