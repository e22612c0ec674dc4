"""The one place that imports OpenVINO, after its reporting of use has been made impossible."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

_REPORTING = "openvino_telemetry"  # sends what is converted, and where, to its makers over the network


def is_there() -> bool:
    """Whether OpenVINO is installed; nothing is imported."""
    return importlib.util.find_spec("openvino") is not None


def openvino() -> Any:
    """The module. Its tools take an empty stand-in where reporting cannot be imported. Raises `ImportError`."""
    if sys.modules.get(_REPORTING) is not None:
        raise ImportError(f"{_REPORTING} is loaded already: OpenVINO is not used beside it")
    sys.modules[_REPORTING] = None  # type: ignore[assignment]  # Python's own way to forbid an import
    import openvino as module

    return module
