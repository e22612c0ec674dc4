"""What the program ships that is no code of others: fonts, and networks with their weights; each with its licence, as
`docs/third-party.md` says. One that is not here ends a build."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_ENDINGS = (".ttf", ".otf", ".onnx", ".safetensors")
FONT, NETWORK = "file", "machine-learning-model"  # as CycloneDX calls them
_DEJAVU = "Bitstream-Vera AND LicenseRef-Arev"


@dataclass(frozen=True)
class Thing:
    """One file: `path` within the bundle, its kind, name, version ("" where it has none), licence."""

    path: str
    kind: str
    name: str
    version: str
    licence: str


def _font(name: str, version: str, licence: str) -> Callable[[Path, str], Thing]:
    return lambda _inside, path: Thing(path, FONT, name, version, licence)


def _network(inside: Path, path: str) -> Thing:
    """By what lies beside it."""
    file = inside / path
    if path.startswith("models/"):
        said = tomllib.loads((file.parent / "model.toml").read_text(encoding="utf-8"))["model"]
    else:
        said = tomllib.loads(file.with_suffix(".toml").read_text(encoding="utf-8"))
    name, licence = said.get("name", f"pfm-{file.stem}"), said.get("licence", "Apache-2.0")
    return Thing(path, NETWORK, name, said.get("version", ""), licence)


_KNOWN: dict[str, Callable[[Path, str], Thing]] = {
    "resources/fonts/DejaVuSans.ttf": _font("DejaVu Sans", "2.37", _DEJAVU),
    "resources/fonts/DejaVuSans-Bold.ttf": _font("DejaVu Sans Bold", "2.37", _DEJAVU),
    "resources/fonts/DroidSansFallbackFull.ttf": _font("Droid Sans Fallback", "6.0.1r16", "Apache-2.0"),
    "resources/fonts/NanumGothic.ttf": _font("NanumGothic", "20200506", "OFL-1.1"),
    "resources/finder/finder.onnx": _network,
    "resources/words/words.onnx": _network,
    "models/pfm-demo/weights.safetensors": _network,
}


def things(inside: Path) -> list[Thing]:
    """Those that are known, in the order of their paths."""
    return [_KNOWN[path](inside, path) for path in _paths(inside) if path in _KNOWN]


def unlisted(inside: Path) -> list[str]:
    """Paths of fonts and networks whose licence nobody has listed."""
    return [path for path in _paths(inside) if path not in _KNOWN]


def _paths(inside: Path) -> list[str]:
    found = (path for path in inside.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
    return sorted(path.relative_to(inside).as_posix() for path in found)
