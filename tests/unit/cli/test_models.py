"""`pfm models` through the real `main`: importing public weights."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pfm_desktop.cli.main import main
from pfm_desktop.imaging.io import write_png
from pfm_desktop.pfm.registry import verify
from pfm_desktop.support.files import sha256_of
from pfm_desktop.support.paths import shipped_models_dir, user_models_dir

pytestmark = pytest.mark.slow  # each test writes models


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory, public_fasternet: Callable[..., Any]) -> Path:
    """A file as timm publishes it."""
    file: Path = tmp_path_factory.mktemp("weights") / "fasternet_t0.in1k.safetensors"
    save_file(public_fasternet("T0", "timm"), file)
    return file


def test_an_import_says_what_it_used_and_the_model_is_listed_shown_and_verified(
    weights: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "import", str(weights), "--variant", "T0", "--name", "my-start"]) == 0
    said = capfd.readouterr().out
    assert "not used: classifier.bias, classifier.weight, conv_head.weight" in said
    assert "--start my-start" in said
    assert main(["models", "list"]) == 0
    assert "my-start 1" in capfd.readouterr().out
    assert main(["models", "verify", "my-start"]) == 0
    assert main(["models", "show", "my-start"]) == 0
    assert "fasternet_t0.in1k.safetensors" in capfd.readouterr().out


@pytest.mark.parametrize("name", ["", "../escape", "a/b", ".hidden", "x" * 65])
def test_a_name_that_is_no_folder_name_is_refused(weights: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "import", str(weights), "--variant", "T0", "--name", name]) == 2
    assert "cannot be the name of a model" in capfd.readouterr().err
    assert not user_models_dir().exists()


@pytest.mark.slow
def test_a_second_import_under_the_same_name_changes_nothing(weights: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["models", "import", str(weights), "--variant", "T0", "--name", "my-start"]
    assert main(arguments) == 0
    before = (user_models_dir() / "my-start" / "model.toml").read_bytes()
    assert main(arguments) == 2
    assert "already a model my-start" in capfd.readouterr().err
    assert (user_models_dir() / "my-start" / "model.toml").read_bytes() == before


def test_a_foreign_file_is_one_line_with_a_remedy_and_leaves_no_model(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save_file({"layer1.weight": torch.ones(2)}, tmp_path / "resnet.safetensors")
    assert main(["models", "import", str(tmp_path / "resnet.safetensors"), "--variant", "T1", "--name", "r"]) == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: resnet.safetensors is not a FasterNet")
    assert not (user_models_dir() / "r").exists()


@pytest.fixture
def broken_model() -> Path:
    folder = user_models_dir() / "broken"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text("format = [")
    return folder


def said_by(*arguments: str) -> list[str]:
    """Lines on stderr of a process of its own: pytest catches what the log says."""
    call = "import sys; from pfm_desktop.cli.main import main; sys.exit(main())"
    run = subprocess.run([sys.executable, "-c", call, *arguments], stderr=subprocess.PIPE, text=True, check=False)
    return run.stderr.splitlines()


def test_a_broken_model_folder_is_named_once_in_the_list(broken_model: Path) -> None:
    (line,) = said_by("models", "list")
    assert line.startswith("not readable: ")
    assert str(broken_model / "model.toml") in line


@pytest.mark.slow
def test_a_wrong_name_is_one_line_also_beside_a_broken_model(broken_model: Path) -> None:
    (line,) = said_by("models", "verify", "no-such-model")
    assert line.startswith("error: there is no model")


@pytest.mark.slow
def test_an_imported_model_gives_no_answers_whatever_the_picture(
    weights: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "import", str(weights), "--variant", "T0", "--name", "my-start"]) == 0
    write_png(tmp_path / "dark.png", np.zeros((64, 64, 3), np.uint8))  # would be refused for its quality otherwise
    asked = [
        "analyze",
        "--white",
        str(tmp_path / "dark.png"),
        "--model",
        "my-start",
        "--json",
        str(tmp_path / "a.json"),
    ]
    assert main(asked) == 2
    assert "my-start holds imported trunks only and was never trained to grade" in capfd.readouterr().err
    assert not (tmp_path / "a.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["models", "models/theirs"])
def test_a_models_folder_that_may_not_be_read_is_named_and_takes_away_no_other_model(
    weights: Path, closed: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["models", "import", str(weights), "--variant", "T0", "--name", "my-start"]) == 0
    folder = user_models_dir().parent / closed
    folder.mkdir(exist_ok=True)
    listed, looked = Path.iterdir, Path.is_file

    def iterdir(path: Path) -> Any:
        if path == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    def is_file(path: Path) -> bool:
        if path.parent == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return looked(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    monkeypatch.setattr(Path, "is_file", is_file)
    capfd.readouterr()
    assert main(["models", "list"]) == 0
    said = capfd.readouterr()
    assert f"not readable: {folder} cannot be looked into (Permission denied)" in said.err
    assert said.err.count("\n") == 1
    assert ("my-start 1" in said.out) == (closed != "models")


def test_a_network_that_is_not_known_names_its_file(broken_model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (broken_model / "model.toml").write_text(
        'format = 1\n[model]\nname = "m"\nversion = "1"\nsha256 = "0"\n[network]\nvariant = "T9"\nsources = ["white"]\n'
    )
    assert main(["models", "show", "broken"]) == 0
    assert main(["models", "verify", "broken"]) == 2
    assert f"{broken_model / 'model.toml'}: unknown variant 'T9'" in capfd.readouterr().err


def test_a_model_folder_is_brought_in_whole_and_under_another_name(
    make_model: Callable[..., Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make_model(tmp_path / "made", name="ours")
    (folder / "CARD.md").write_text("# ours 1\n\nWhat ours is for.\n", encoding="utf-8")
    assert main(["models", "import", str(folder)]) == 0
    assert "use it in the window: Models, ours, Use this model" in capfd.readouterr().out
    assert main(["models", "import", str(folder)]) == 2
    assert "this very model is here already, as ours. it is unchanged. choose it in Models" in capfd.readouterr().err
    other = make_model(tmp_path / "other", name="ours", version="2")
    assert main(["models", "import", str(other)]) == 2
    assert (
        "there is already a model ours. it is unchanged. choose another name (on the command line with --name)"
        in capfd.readouterr().err
    )
    assert main(["models", "import", str(folder), "--name", "second"]) == 0
    assert verify(user_models_dir() / "second").name == "second"
    assert (user_models_dir() / "second" / "CARD.md").read_text(encoding="utf-8").startswith("# second 1\n\nWhat ours")
    assert main(["models", "verify", "second"]) == 0
    assert sorted(file.name for file in (user_models_dir() / "ours").iterdir()) == [
        "CARD.md",
        "model.toml",
        "weights.safetensors",
    ]


def test_a_folder_that_was_altered_is_not_brought_in_and_one_of_an_earlier_version_with_a_warning(
    make_model: Callable[..., Path],
    alter_model: Callable[..., Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = make_model(tmp_path / "made", name="ours")
    alter_model(folder, "trained_on = ", 'trained_on = "women" #', sealed=False)
    assert main(["models", "import", str(folder)]) == 2
    assert "was altered after the model was made" in capfd.readouterr().err
    alter_model(folder, "[integrity]", "[other]", sealed=False)
    assert main(["models", "import", str(folder)]) == 0
    assert f"warning: {folder} is from an earlier version and has no digest" in capfd.readouterr().err
    assert main(["models", "verify", "ours"]) == 0
    said = capfd.readouterr().out  # the doubt stays, however whole the copy is
    assert "as it was brought here on" in " ".join(said.split())
    assert "without a seal: nobody can say what was altered before" in " ".join(said.split())
    with (folder / "weights.safetensors").open("ab") as stream:
        stream.write(b"x")
    assert main(["models", "import", str(folder), "--name", "third"]) == 2
    assert "are not those of ours" in capfd.readouterr().err
    assert not (user_models_dir() / "third").exists()


def test_a_path_that_is_not_there_is_said_as_such(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "import", str(tmp_path / "nowhere")]) == 2
    assert "there is no file or folder" in capfd.readouterr().err


def test_a_folder_whose_weights_fit_their_hash_but_are_no_weights_is_not_brought_in(
    make_model: Callable[..., Path], alter_model: Callable[..., Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make_model(tmp_path / "made", name="ours")
    weights = folder / "weights.safetensors"
    before = sha256_of(weights)
    weights.write_bytes(pickle.dumps({"alone.white.linear.bias": [0.0]}))
    alter_model(folder, before, sha256_of(weights))
    assert main(["models", "import", str(folder), "--name", "fourth"]) == 2
    assert "is a pickle, which could hold a program: it was not opened" in capfd.readouterr().err
    assert not (user_models_dir() / "fourth").exists()


@pytest.mark.slow
def test_a_file_needs_its_variant_and_a_folder_has_its_own(
    weights: Path, make_model: Callable[..., Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "import", str(weights), "--name", "x"]) == 2
    assert "a file of public weights needs --variant and --name" in capfd.readouterr().err
    assert main(["models", "import", str(make_model(tmp_path / "m", name="m")), "--variant", "T0"]) == 2
    assert "--variant is for files only" in capfd.readouterr().err


@pytest.mark.slow
def test_a_model_that_hides_a_shipped_one_is_said(
    make_model: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    own = make_model(user_models_dir() / "mine", name="pfm-demo")
    assert main(["models", "list"]) == 0
    said = capfd.readouterr()
    assert said.err == f"not used: {shipped_models_dir() / 'pfm-demo'}, because the name leads to {own}\n"
    assert said.out.count("pfm-demo 1") == 1


def test_a_card_cannot_write_over_the_terminal_and_need_not_be_utf8(
    make_model: Callable[..., Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make_model(tmp_path / "m", name="m")
    (folder / "CARD.md").write_bytes(b"# m\r\n\x1b[2J\x9b\xff end\xe2\x80\xae\n")
    assert main(["models", "show", str(folder)]) == 0
    assert capfd.readouterr().out.rstrip("\n") == "# m\n[2J\ufffd\ufffd end"
    (folder / "CARD.md").unlink()
    os.mkfifo(folder / "CARD.md")
    assert main(["models", "show", str(folder)]) == 0
    assert "has no CARD.md" in capfd.readouterr().out


def test_weights_that_fit_the_hash_but_no_network_do_not_verify(
    make_model: Callable[..., Path],
    alter_model: Callable[..., Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = make_model(tmp_path / "m", name="m")
    before = verify(folder).sha256
    (folder / "weights.safetensors").write_bytes(b"x" * 1000)
    alter_model(folder, before, sha256_of(folder / "weights.safetensors"))
    assert main(["models", "verify", str(folder)]) == 2
    assert "is not a readable safetensors file" in capfd.readouterr().err
