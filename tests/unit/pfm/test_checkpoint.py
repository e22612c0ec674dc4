"""Model folders: what is written comes back; what is altered, foreign or damaged is refused with a way out."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.calibrate import Calibration, Scale, uncalibrated
from pfm_desktop.pfm.checkpoint import load_model, load_weights, read_tensors, rewrite_model_file, save_model
from pfm_desktop.pfm.colours import Colours
from pfm_desktop.pfm.model_file import FORMAT, FORMAT_DEVICES, read_model_file
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.registry import (
    broken_models,
    find_model,
    hidden_models,
    list_models,
    read_info,
    refuse_start_only,
    verify,
    version_order,
)
from pfm_desktop.pfm.untrained import write_untrained
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import sha256_of

pytestmark = pytest.mark.slow  # each test writes and reads networks

FITTED = Scale(1.5, (0.1, -0.2, 0.31, -0.2), (0.5, 0.6, 0.7, 1.0), 120)
CALIBRATION = Calibration({**uncalibrated(("white", "fluorescence")).scales, "both": FITTED})
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
        figures={"both": {"accuracy": 0.5}}, heatmap={"method": "class_map"},
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
    assert loaded.heatmap == {"method": "class_map"}
    assert not loaded.net.training
    assert read_model_file(original).training == {"seed": 3}
    torch.manual_seed(0)
    for key, value in new_net(NetSpec(size=64, splice="channel")).state_dict().items():
        assert torch.equal(value, loaded.net.state_dict()[key]), key


def test_a_model_that_knows_several_devices_comes_back_and_older_programs_refuse_it(tmp_path: Path) -> None:
    known = tuple(
        Colours((0.02, 0.0, 0.0, 0.0, 0.02, 0.0, 0.0, 0.0, 0.02), (mean,) * 6, tuple(np.eye(6).ravel() * 0.01), 40)
        for mean in (0.5, 0.3)
    )
    normalisation = replace(NORMALISATION, devices={"white": known})
    net = new_net(NetSpec(size=64, splice="channel"))
    for name, used in (("plain", NORMALISATION), ("matched", normalisation)):
        save_model(tmp_path / name, net, name="m", version="1", calibration=CALIBRATION, normalisation=used)
    assert load_model(tmp_path / "matched").normalisation == normalisation
    texts = {name: (tmp_path / name / "model.toml").read_text() for name in ("plain", "matched")}
    assert [tomllib.loads(texts[name])["format"] for name in ("plain", "matched")] == [1, 2]
    assert read_info(tmp_path / "plain").sha256 != read_info(tmp_path / "matched").sha256, "other answers, other hash"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"about": (0.5,) * 5}, "needs 6 numbers for about"),
        ({"about": (float("nan"),) * 6}, "no number"),
        ({"covariance": (-1.0,) * 9}, "covariance of the colours of a device of white is none"),
        ({"spread": (500.0,) * 36}, "spread of the colours of a device of white is 500"),
        ({"cases": 0}, "how many cases"),
    ],
)
def test_devices_that_are_no_colours_are_not_written(tmp_path: Path, damage: dict[str, Any], said: str) -> None:
    plain = Colours((0.0,) * 9, (0.5,) * 6, (0.0,) * 36, 40)
    normalisation = replace(NORMALISATION, devices={"white": (plain, replace(plain, **damage))})
    net = new_net(NetSpec(size=64, splice="channel"))
    with pytest.raises(ModelError, match=said):
        save_model(tmp_path / "m", net, name="m", version="1", calibration=CALIBRATION, normalisation=normalisation)


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


def test_weights_of_another_network_are_refused_even_with_the_right_hash(
    model: Path, alter_model: Callable[..., Path]
) -> None:
    other = {key: value.contiguous() for key, value in new_net(NetSpec(size=64, variant="T1")).state_dict().items()}
    save_file(other, model / "weights.safetensors")
    alter_model(model, 'variant = "T0"', 'variant = "T2"')  # whose weights may be as many
    alter_model(model, read_info(model).sha256, sha256_of(model / "weights.safetensors"))
    with pytest.raises(ModelError, match="the weights do not fit the network"):
        load_model(model)


def test_a_wrong_shape_under_the_right_name_is_refused() -> None:
    net = new_net(NetSpec(size=64))
    tensors = {**net.state_dict(), "classifier.softmax.bias": torch.zeros(5)}
    with pytest.raises(ModelError, match=r"classifier.softmax.bias and 0 more"):
        load_weights(net, tensors)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a readable safetensors file"),
        (b"\xff" * 100, "not a readable safetensors file"),
        (b"\x80\x04pickle", "is a pickle, which could hold a program: it was not opened"),
        (b"PK\x03\x04 as torch.save writes it", "is a pickle, which could hold a program: it was not opened"),
    ],
)
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match=said):
        read_tensors(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"format = {FORMAT}", f"format = {FORMAT_DEVICES + 1}", "update the program"),
        ("format = ", "format == ", "cannot be read"),
        ("[network]", "[other]", "is damaged: 'network' is missing"),
        ("sha256 = ", "hash = ", "is damaged: 'sha256' is missing"),
        ('variant = "T0"', 'variant = "T7"', "unknown variant 'T7'"),
        ("heads = 8", 'heads = 8\nmagic = "yes"', "asks for magic"),
    ],
)
def test_a_damaged_description_is_said_in_words(
    model: Path, old: str, new: str, said: str, alter_model: Callable[..., Path]
) -> None:
    alter_model(model, old, new, sealed="==" not in new)
    with pytest.raises(ModelError, match=said):
        load_model(model)
    assert [broken.path for broken in broken_models([model.parent])] == [model]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("temperature = 1.5", "xtemperature = 1.5", r"calibration of both \(temperature\) holds .* no number"),
        ("temperature = 1.5", "temperature = nan", r"calibration of both \(temperature\) holds .* no number"),
        ("temperature = 1.5", 'temperature = "hot"', "no number"),
        ("temperature = 1.5", "temperature = true", "no number"),
        ("temperature = 1.5", "temperature = -1.0", "the temperature of both is -1"),
        ("temperature = 1.5", "temperature = 0", "the temperature of both is 0"),
        ("0.31,", "inf,", r"calibration of both \(offsets\) holds .* no number"),
        ("0.31,", "", "needs 4 numbers for offsets"),
        ("0.31,", "300.0,", "an offset of both is 300"),
        ("0.7,", "0.0,", "a threshold of both is 0"),
        ("0.7,", "-1.0,", "a threshold of both is -1"),
        ("0.7,", "1.5,", "a threshold of both is 1.5"),
        ("0.7,", "", "needs 4 numbers for thresholds"),
        ("cases = 120", "cases = -1", "how many cases"),
        ("[calibration.both]", "[calibration.other]", "the calibration of both is missing"),
        ("[calibration.alone_white]", "[calibration.other]", "the calibration of alone_white is missing"),
        ("mean = [", "xmean = [", "the normalisation of white needs 3 numbers for mean"),
        ("1.1,", "0.0,", "a standard deviation of white is 0"),
        ("1.1,", "nan,", "no number"),
        ("1.1,", "", "needs 3 numbers for std"),
        ("[normalisation.white]", "[normalisation.green]", "the normalisation of white is missing"),
    ],
)
def test_a_damaged_calibration_or_normalisation_is_never_taken_for_the_neutral_one(
    model: Path, old: str, new: str, said: str, alter_model: Callable[..., Path]
) -> None:
    alter_model(model, old, new)
    for call in (load_model, verify, read_info):
        with pytest.raises(ModelError, match=f"model.toml is damaged: .*{said}"):
            call(model)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('trained_on = "drawings"', 'trained_on = "women in a hospital"'),
        ("temperature = 1.5", "temperature = 1.6"),
        ("accuracy = 0.5", "accuracy = 0.9"),
        ("seed = 3", "seed = 4"),
        ('version = "2"', 'version = "3"'),
    ],
)
def test_a_description_that_was_altered_after_the_model_was_made_is_refused(
    model: Path, old: str, new: str, alter_model: Callable[..., Path]
) -> None:
    alter_model(model, old, new, sealed=False)
    for call in (load_model, verify, read_info):
        with pytest.raises(ModelError, match=r"was altered after the model was made\. nothing is asked of it"):
            call(model)
    assert [broken.path for broken in broken_models([model.parent])] == [model]


def test_a_description_written_another_way_is_the_same(model: Path) -> None:
    file = model / "model.toml"
    file.write_bytes(b"# a remark\r\n" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert verify(model).name == "small"


def test_a_model_without_a_digest_is_refused_with_a_way_out(model: Path, alter_model: Callable[..., Path]) -> None:
    alter_model(model, "[integrity]", "[other]", sealed=False)
    with pytest.raises(ModelError, match=r"no \[integrity\]: .*earlier version.*pfm models import .*small --name NEW"):
        load_model(model)
    assert read_model_file(model, digest_needed=False).digest == ""


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 100_000,
        "format = 1\nx = " + "9" * 5_000,
        "format = 1\nmodel = 3\n",
        'format = 1\n[network]\nsources = ["white"]\nheads = 0\n',
        "format = 1\n[network]\nsources = 7\n",
        "format = 1\nintegrity = 3\n",
        "format = 1\n[integrity]\n",
    ],
)
def test_whatever_is_in_a_model_folder_the_others_are_listed(
    tmp_path: Path, text: str, make_model: Callable[..., Path]
) -> None:
    make_model(tmp_path / "good", name="good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "model.toml").write_text(text)
    assert [entry.info.name for entry in list_models([tmp_path])] == ["good"]
    assert [broken.path.name for broken in broken_models([tmp_path])] == ["bad"]
    assert find_model("good", [tmp_path]) == tmp_path / "good"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "small"', r'name = "a\u001b[2Jb"', "the name .* has letters that it may not have"),
        ('name = "small"', 'name = "../../x"', "the name '../../x' has letters"),
        ('name = "small"', "name = 5", "the name '5' has letters"),
        ('version = "2"', r'version = "2\n3"', "the version .* has letters"),
        ('trained_on = "drawings"', r'trained_on = "a\u001b[2Jb"', "what it was trained on is not one line"),
        ("can_grade = true", 'can_grade = "no"', "can_grade is neither true nor false"),
    ],
)
def test_words_that_could_write_over_a_terminal_or_lead_elsewhere_are_refused(
    model: Path, old: str, new: str, said: str, alter_model: Callable[..., Path]
) -> None:
    alter_model(model, old, new)
    with pytest.raises(ModelError, match=said) as found:
        read_info(model)
    assert "\x1b" not in str(found.value)


@pytest.mark.parametrize("which", ["model.toml", "weights.safetensors"])
def test_a_pipe_is_never_opened(model: Path, which: str) -> None:
    (model / which).unlink()
    os.mkfifo(model / which)
    with pytest.raises(ModelError, match=f"cannot be read .{which} is not a file"):
        load_model(model)


def test_weights_far_larger_than_the_network_are_refused_unread(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfm_desktop.pfm.registry.sha256_of", lambda _: pytest.fail("was read"))
    os.truncate(model / "weights.safetensors", 300 * 2**30)
    with pytest.raises(ModelError, match=r"322122547200 bytes, its network has \d+ at most"):
        load_model(model)


def test_a_weight_that_is_no_number_is_found_on_loading(model: Path, alter_model: Callable[..., Path]) -> None:
    tensors = read_tensors(model / "weights.safetensors")
    broken = {**tensors, "classifier.softmax.bias": torch.tensor([0, 0, float("nan"), 0])}
    before = read_info(model).sha256
    save_file(broken, model / "weights.safetensors")
    alter_model(model, before, sha256_of(model / "weights.safetensors"))
    with pytest.raises(ModelError, match=r"weights of small hold values that are no numbers .classifier.softmax.bias"):
        load_model(model)


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    wrong = Calibration({**CALIBRATION.scales, "white": Scale(float("nan"))})
    with pytest.raises(ModelError, match="this model was not written"):
        save_model(
            tmp_path / "m", new_net(NetSpec(size=64)), name="x", version="1", calibration=wrong,
            normalisation=NORMALISATION,
        )  # fmt: skip
    assert not (tmp_path / "m" / "model.toml").exists()


@pytest.mark.parametrize("spec", [{}, {"splice": "channel", "width": 64, "layers": 0}, {"variant": "T2", "heads": 1}])
def test_the_weights_of_a_network_are_within_what_its_description_allows(spec: dict[str, Any]) -> None:
    held = sum(value.numel() for value in new_net(NetSpec(**spec)).state_dict().values())
    assert held <= NetSpec(**spec).most_weights <= 1.5 * held


def test_a_model_is_never_overwritten(model: Path) -> None:
    before = {file.name: file.read_bytes() for file in model.iterdir()}
    with pytest.raises(ModelError, match="already a model"):
        save_model(
            model, new_net(NetSpec(size=64)), name="x", version="1", calibration=CALIBRATION,
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


def test_the_tenth_version_is_newer_than_the_ninth(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    for version in ("9", "10", "2"):
        make_model(tmp_path / f"m-{version}", name="m", version=version)
    assert [entry.info.version for entry in list_models([tmp_path])] == ["2", "9", "10"]
    assert find_model("m", [tmp_path]) == tmp_path / "m-10"


def test_versions_are_ordered_as_a_person_counts_whatever_stands_in_them() -> None:
    versions = ["10", "1.9.1", "2", "1.10", "2-b", "2-a", "x", "1.9"]
    assert sorted(versions, key=version_order) == ["x", "1.9", "1.9.1", "1.10", "2", "2-a", "2-b", "10"]


def test_of_two_models_of_one_name_the_users_own_comes_first(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    make_model(own / "m", name="m")
    make_model(shipped / "m", name="m", sources=(Source.WHITE,))
    make_model(shipped / "a", name="a")
    assert [entry.path for entry in list_models([own, shipped])] == [shipped / "a", own / "m", shipped / "m"]
    assert find_model("m", [own, shipped]) == own / "m"
    assert list_models([tmp_path / "nowhere"]) == ()
    assert [(entry.path, other) for entry, other in hidden_models([own, shipped])] == [(shipped / "m", own / "m")]
    make_model(own / "twin", name="m")
    assert [entry.path for entry, _ in hidden_models([own, shipped])] == [own / "twin", shipped / "m"]


def test_weights_without_a_description_are_listed_as_what_cannot_be_read(
    tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    (make_model(tmp_path / "m", name="m") / "model.toml").unlink()
    make_model(tmp_path / "other", name="other")
    assert [entry.info.name for entry in list_models([tmp_path])] == ["other"]
    (broken,) = broken_models([tmp_path])
    assert broken.path == tmp_path / "m"
    assert "model.toml, which says what they are, is missing. fetch the model again" in broken.problem
    with pytest.raises(ModelError, match="there is no model 'm'"):
        find_model("m", [tmp_path])


def test_a_name_never_means_a_folder_where_the_program_was_started(
    tmp_path: Path, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path / "here" / "m", name="m")
    make_model(tmp_path / "models" / "folder", name="m")
    monkeypatch.chdir(tmp_path / "here")
    assert find_model("m", [tmp_path / "models"]) == tmp_path / "models" / "folder"
    assert find_model("./m", [tmp_path / "models"]) == tmp_path / "here" / "m"
    with pytest.raises(ModelError, match=r"there is no model 'm'.* for a folder here write \./m"):
        find_model("m", [])


def test_a_name_leads_to_the_model_that_has_it_rather_than_to_a_folder(
    tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    make_model(tmp_path / "a", name="b")
    make_model(tmp_path / "b", name="c")
    assert find_model("b", [tmp_path]) == tmp_path / "a"
    assert find_model("c", [tmp_path]) == tmp_path / "b"
    assert find_model("a", [tmp_path]) == tmp_path / "a"


def test_a_broken_model_does_not_hide_the_others(
    model: Path, make_model: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    make_model(model.parent / "good", name="good")
    (model / "model.toml").write_text("x = [")
    assert [entry.info.name for entry in list_models([model.parent])] == ["good"]
    assert "model left out" in caplog.text


def test_a_model_of_trunks_only_says_so_and_others_pass(model: Path, alter_model: Callable[..., Path]) -> None:
    refuse_start_only(read_info(model))
    alter_model(model, "can_grade = true", "can_grade = false")
    with pytest.raises(ModelError, match="never trained to grade"):
        refuse_start_only(read_info(model))
    alter_model(model, "can_grade = false\n", "")  # written before there was the entry
    refuse_start_only(read_info(model))


def test_no_file_can_say_that_a_model_is_more_than_investigational(
    tmp_path: Path, alter_model: Callable[..., Path]
) -> None:
    write_untrained(tmp_path / "m")
    alter_model(tmp_path / "m", "investigational = true", "investigational = false")
    assert read_info(tmp_path / "m").investigational
