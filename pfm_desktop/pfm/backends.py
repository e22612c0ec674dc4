"""Which backend answers for a model, and what was found when they were compared. No torch and no OpenVINO at import.

`choice.py` compares them once on a computer; until then torch answers. The variable `PFM_BACKEND` (`torch`,
`openvino-f32`, `openvino-bf16`) overrides what was found, for tests and for looking into a fault.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pfm_desktop.pfm import ir_cache, openvino_door
from pfm_desktop.pfm.backend import OPENVINO_BF16, OPENVINO_F32, TORCH, Backend
from pfm_desktop.pfm.model_file import ModelFile
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import json_bytes, write_bytes
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import cache_dir
from pfm_desktop.support.quiet import Own

log = logging.getLogger(__name__)
VARIABLE = "PFM_BACKEND"
NAMES = (TORCH, OPENVINO_F32, OPENVINO_BF16)
_LARGEST = 1 << 16  # bytes of a kept choice


@dataclass(frozen=True)
class Choice:
    """What the comparison found: milliseconds an answer and largest difference of a probability, by backend."""

    backend: str
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    difference: Mapping[str, float] = field(default_factory=dict)


def backend_for(path: Path, content: ModelFile) -> Backend:
    """The backend that the variable asks for, else the one that was chosen, else torch.

    Where OpenVINO is missing or fails, torch serves and the log says so. Raises `ModelError` for weights that do not
    fit the network, and `BadInputError` for a backend that there is not.
    """
    name = asked() or chosen(content).backend
    if name == TORCH:
        return torch_backend(path)
    try:
        return _openvino_backend(path, content, name)
    except Exception as error:  # noqa: BLE001 - a library that fails in any way must not take the answer away
        log.warning("OpenVINO does not serve (%s: %s), torch does", Own(type(error).__name__), str(error)[:300])
        return torch_backend(path)


def torch_backend(path: Path) -> Backend:
    """Loads torch and the weights; raises `ModelError`."""
    from pfm_desktop.pfm.checkpoint import load_model
    from pfm_desktop.pfm.torch_backend import TorchBackend

    return TorchBackend(load_model(path).net)


def _openvino_backend(path: Path, content: ModelFile, name: str) -> Backend:
    """From its kept form, which is made again where it is not whole."""
    from pfm_desktop.pfm.openvino_backend import OpenVinoBackend, has_bf16, pieces_of

    if name == OPENVINO_BF16 and not has_bf16():
        raise RuntimeError("this processor has no bf16")
    names = [str(source) for source in content.network.sources]
    folder = ir_cache.folder_of(content)
    if not ir_cache.is_whole(folder, pieces_of(names)):
        from pfm_desktop.pfm.checkpoint import load_model
        from pfm_desktop.pfm.convert import converted

        folder = converted(content, load_model(path))
    return OpenVinoBackend(folder, names, name)


def asked() -> str:
    """The backend that the variable names; "" when it is not set. Raises `BadInputError` for a name there is not."""
    name = os.environ.get(VARIABLE, "")
    if name and name not in NAMES:
        raise BadInputError(
            tr("{variable} is {name!r}", variable=VARIABLE, name=name[:40]),
            remedy=tr("use one of {names}", names=", ".join(NAMES)),
        )
    return name


def chosen(content: ModelFile) -> Choice:
    """What was found for these weights on this computer; torch where nothing was, or what was kept is damaged."""
    return _kept(content) or Choice(TORCH)


def undecided(content: ModelFile) -> bool:
    """Whether the backends are still to be compared: never asked here, and there is something to choose from."""
    return not asked() and openvino_door.is_there() and _kept(content) is None


def _kept(content: ModelFile) -> Choice | None:
    file = _file(content)
    try:
        if file.stat().st_size > _LARGEST:
            raise ValueError("too large")
        table = json.loads(file.read_text(encoding="utf-8"))
        if table["backend"] not in NAMES:
            raise ValueError("unknown backend")
        return Choice(table["backend"], dict(table["milliseconds"]), dict(table["difference"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        log.warning(
            "the choice of a backend in %s is damaged (%s) and will be made again", file, Own(type(error).__name__)
        )
        return None


def remember(content: ModelFile, choice: Choice) -> None:
    """Keep what was found. Raises `StorageError`."""
    write_bytes(_file(content), json_bytes({**asdict(choice), "processor": processor()}))


def _file(content: ModelFile) -> Path:
    key = json.dumps([ir_cache.FORM, content.sha256, processor(), _version("openvino"), _version("torch")])
    return cache_dir() / "openvino" / f"choice-{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def processor() -> str:
    """What the system calls the processor."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration, IndexError):
        return platform.processor() or platform.machine()
