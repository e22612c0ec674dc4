"""`model.toml`: what a model folder says about itself. No torch here, so that lists are made before torch loads."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PureWindowsPath
from typing import Any

import tomli_w

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm import model_tables as tables
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.support import installation
from pfm_desktop.support.build import is_installed
from pfm_desktop.support.errors import BadInputError, ModelError
from pfm_desktop.support.files import write_text
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import shipped_models_dir

FORMAT = 1
FORMAT_DEVICES = 2  # of a model that knows several devices: a program that does not would give other answers
WEIGHTS = "weights.safetensors"
DECIDES = "decides"  # in the head of the weights: see `checkpoint.save_model`
MODEL = "model.toml"
CARD = "CARD.md"
_TABLES = ("normalisation", "calibration", "familiarity", "heatmap", "training", "figures")
UNSEALED = "taken_unsealed"  # in `training`: the day on which a model without a digest was brought here
LARGEST = 64 * 2**20  # bytes of a model.toml; the patients it has learned from take 20 bytes each
FETCH_AGAIN = tr("fetch the model again or choose another one")


def again(path: str | Path) -> str:
    """What to do about a model that is not whole; one that came with the program cannot be fetched by itself."""
    if is_installed() and Path(path).is_relative_to(shipped_models_dir()):
        return installation.install_again()
    return FETCH_AGAIN


@dataclass(frozen=True)
class ModelFile:
    """The content of `model.toml`. Tables that only torch code reads stay plain mappings.

    `normalisation`: per source `mean` and `std`, and `devices` where it knows several (`pfm.colours`). `calibration`:
    per combination `temperature`, `offsets`, `thresholds`, `cases`. `familiarity`: per source what `pfm.familiarity`
    reads; it may be empty. `heatmap`: `method` and, where maps have a scale of the model, `strong` by source.
    `training`: how it was made. `figures`: how good it was. `digest`: over all of it, as it was read; "" where there
    was none.
    """

    name: str
    version: str
    sha256: str
    network: NetSpec
    trained_on: str = "phantoms"
    investigational: bool = True
    can_grade: bool = True
    normalisation: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    familiarity: Mapping[str, Any] = field(default_factory=dict)
    heatmap: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    @property
    def limits(self) -> dict[Source, float]:
        """The sources of which it tells what is unlike anything it learned from, each with its largest distance."""
        return {Source(source): float(part["threshold"]) for source, part in self.familiarity.items()}

    @property
    def info(self) -> ModelInfo:
        """As the rest of the program knows it."""
        return ModelInfo(
            name=self.name,
            version=self.version,
            sha256=self.sha256,
            sources=self.network.sources,
            variant=self.network.variant,
            splice=self.network.splice,
            input_size=self.network.size,
            investigational=self.investigational,
            trained_on=self.trained_on,
            can_grade=self.can_grade,
            origin=str(self.training.get("origin", "")),
        )


def check_name(name: str, version: str = "1", trained_on: str = "") -> None:
    """Raise `BadInputError` for what no model can be called: said before the work of making it."""
    if not tables.NAME.fullmatch(name):
        raise BadInputError(
            tr("{name!r} cannot be the name of a model", name=name), remedy=tr("use letters, digits, - _ and .")
        )
    if PureWindowsPath(name).is_reserved() or name.endswith("."):  # a model goes from one computer to another
        raise BadInputError(
            tr("{name!r} cannot be a folder on Windows", name=name), remedy=tr("choose another name for the model")
        )
    if not tables.VERSION.fullmatch(version):
        raise BadInputError(
            tr("{version!r} cannot be the version of a model", version=version),
            remedy=tr("use digits, letters, - _ + and ."),
        )
    try:
        tables.sentence(trained_on, "what a model was trained on")
    except ValueError as error:
        said = tr("what a model was trained on is not one line of at most {most} letters", most=tables.LONGEST)
        raise BadInputError(said, remedy=tr("say it in one line")) from error


def seal_words(content: ModelFile) -> str:
    """What is known of the history of a `model.toml` whose digest fits."""
    taken = content.training.get(UNSEALED)
    if not taken:
        return tr("model.toml is as it was made")
    return tr(
        "model.toml is as it was brought here on {day}, without a seal: nobody can say what was altered before",
        day=taken,
    )


def write_model_file(folder: Path, content: ModelFile) -> None:
    """Write `model.toml` with the digest over it, whole or not at all.

    Raises `ModelError` for what could not be read again, such as a calibration that is no number.
    """
    head = {
        "name": content.name,
        "version": content.version,
        "sha256": content.sha256,
        "trained_on": content.trained_on,
        "investigational": content.investigational,
        "can_grade": content.can_grade,
    }
    table = {
        "format": FORMAT_DEVICES if any(tables.DEVICES in part for part in content.normalisation.values()) else FORMAT,
        "model": head,
        "network": content.network.to_table(),
        "normalisation": _plain(content.normalisation),
        "calibration": _plain(content.calibration),
        "familiarity": _plain(content.familiarity),
        "heatmap": _plain(content.heatmap),
        "training": _plain(content.training),
        "figures": _plain(content.figures),
    }
    digest = tables.digest_of(tomllib.loads(tomli_w.dumps(table)))  # of what will be read
    table[tables.INTEGRITY] = {tables.DIGEST: digest}
    try:
        _content(table, digest)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelError(
            tr("this model was not written, as nothing could ask it: {error}", error=error),
            safe=tr("no model was written"),
            remedy=tr("check the pictures and grades it learns from, then train again"),
        ) from error
    write_text(folder / MODEL, tomli_w.dumps(table))


def read_model_file(folder: Path, *, digest_needed: bool = True) -> ModelFile:
    """Read `model.toml` of a model folder; raises `ModelError` that says what is wrong and what to do.

    Whatever is in the file, there is no other error. One that was altered after the model was made is refused, and so
    is one without a digest (from an earlier version), unless `digest_needed` is False.
    """
    path = Path(folder) / MODEL
    try:
        content = _read(path, folder)
    except ModelError as error:
        if str(path) in error.what or str(folder) in error.what:
            raise
        raise ModelError(f"{path}: {error.what}", safe=error.safe, remedy=again(path)) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            tr("{path} is damaged: {error} is missing", path=path, error=error), remedy=again(path)
        ) from error
    except Exception as error:  # one file must never take away the list of models
        said = _why(error)
        raise ModelError(tr("{path} is damaged: {said}", path=path, said=said), remedy=again(path)) from error
    if digest_needed and not content.digest:
        raise ModelError(
            tr(
                "{path} has no [{table}]: it is from an earlier version, or was altered",
                path=path,
                table=tables.INTEGRITY,
            ),
            safe=tr("nothing is asked of it"),
            remedy=tr(
                "train it again, or bring it in as it is: `pfm models import {folder} --name NEW`", folder=folder
            ),
        )
    return content


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return tr("it is nested too deeply")
    if type(error) is not ValueError:
        return type(error).__name__
    return tr("a number in it has too many digits") if "integer string" in str(error) else str(error)[:200]


def regular_size(path: Path) -> int:
    """Size of a file in bytes. Raises `FileNotFoundError`, and `OSError` for a pipe, a device or a folder, which are
    never opened: reading from one may wait for ever."""
    found = path.stat()  # follows links, as opening does
    if not stat.S_ISREG(found.st_mode):
        raise OSError(tr("{name} is not a file", name=path.name))
    return found.st_size


def _read(path: Path, folder: Path) -> ModelFile:
    try:
        size = regular_size(path)
        if size > LARGEST:
            raise ModelError(tr("{path} is far too large ({size} bytes)", path=path, size=size), remedy=again(path))
        return _understood(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError as error:
        raise ModelError(
            tr("no model in {folder}: {file} is missing", folder=folder, file=MODEL), remedy=again(path)
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(tr("{path} cannot be read ({error})", path=path, error=error), remedy=again(path)) from error


@lru_cache(maxsize=64)  # more models than a list of them has
def _understood(text: str, path: Path) -> ModelFile:
    """The file is read at every question, but the same words mean the same: understanding them holds up the window."""
    table = tomllib.loads(text)
    if table.get("format") not in (FORMAT, FORMAT_DEVICES):
        raise ModelError(
            tr(
                "{path} has format {found}, not {first} or {second}",
                path=path,
                found=repr(table.get("format"))[:20],
                first=FORMAT,
                second=FORMAT_DEVICES,
            ),
            remedy=tr("update the program"),
        )
    digest = table[tables.INTEGRITY][tables.DIGEST] if tables.INTEGRITY in table else ""
    if tables.INTEGRITY in table and digest != tables.digest_of(table):
        raise ModelError(
            tr("{path} was altered after the model was made", path=path),
            safe=tr("nothing is asked of it"),
            remedy=again(path),
        )
    return _content(table, digest)


def _content(table: Mapping[str, Any], digest: str) -> ModelFile:
    """Everything checked; raises `ModelError` for the network, else `ValueError` and what a missing entry raises."""
    network = NetSpec.from_table(table["network"])
    head = table["model"]
    parts = {key: {**table.get(key, {})} for key in _TABLES}
    can_grade = tables.yes_or_no(head.get("can_grade", True), "can_grade")
    tables.check_normalisation(parts["normalisation"], network.sources)
    tables.check_calibration(parts["calibration"], network.sources, needed=can_grade)
    tables.check_heatmap(parts["heatmap"], network.sources)
    tables.check_familiarity(parts["familiarity"], network.sources)
    tables.sentence(parts["training"].get("origin", ""), "where the model came from")
    return ModelFile(
        name=tables.checked(head["name"], tables.NAME, "the name"),
        version=tables.checked(head["version"], tables.VERSION, "the version"),
        sha256=tables.checked(head["sha256"], tables.HASH, "the hash"),
        network=network,
        trained_on=tables.sentence(head.get("trained_on", "phantoms"), "what it was trained on"),
        investigational=True,  # no file can make a device of it
        can_grade=can_grade,
        digest=digest,
        **parts,
    )


def _plain(value: Any) -> Any:
    """Only what TOML can hold: tuples become lists, None is left out."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
