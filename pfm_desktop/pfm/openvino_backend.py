"""The network run by OpenVINO. No torch here: it is needed once, to make OpenVINO's form of the weights (`convert.py`).

Every piece has one thread and is asked from a thread of its own, two side by side, as in the torch backend: threads
that share a piece wait for each other at every layer. OpenVINO's threads are not pinned to a processor, which would be
the window's as well, and take the priority of the thread that loads them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from pfm_desktop.pfm.backend import OPENVINO_BF16, OPENVINO_F32, Answers, BackendFailed, Singles, TrunkMaps
from pfm_desktop.pfm.openvino_door import core
from pfm_desktop.support.threads import worker_threads

EARLY, MIDDLE, LATE = TRUNK = ("early", "middle", "late")  # parts of each source's trunk, one after the other
ANSWERS, PASSES = "answers", "passes"
PRECISIONS = {OPENVINO_F32: "f32", OPENVINO_BF16: "bf16"}
# bf16 has 8 bits of a number: where the picture comes in and where the maps go out they are what a probability is off
# by, while most of the time goes into what lies between
FINE = (EARLY, LATE)
SIDE_BY_SIDE = 2


def pieces_of(names: Sequence[str]) -> tuple[str, ...]:
    """Names of the files, without their endings."""
    return (*(f"{part}-{name}" for name in names for part in TRUNK), ANSWERS, PASSES)


def has_bf16() -> bool:
    """Whether the processor multiplies bf16 in hardware, as OpenVINO sees it."""
    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVinoBackend:
    """See `backend.Backend`. `folder` has been found whole."""

    def __init__(self, folder: Path, names: Sequence[str], name: str = OPENVINO_F32) -> None:
        self.name = name
        self._names = tuple(names)

        def piece(title: str) -> _Piece:
            requests = SIDE_BY_SIDE if title == PASSES else 1
            form = core().read_model(str(folder / f"{title}.xml"))
            precision = "f32" if title.startswith(FINE) else PRECISIONS[name]
            return _Piece(core().compile_model(form, "CPU", _settings(precision, requests)), requests)

        self._pieces = {title: piece(title) for title in pieces_of(names)}
        # OpenVINO's binding sets itself up for numpy at the first question, and two threads that ask the first one at
        # once wait for each other for ever: so the first is asked here
        self._pieces[ANSWERS].run_on_zeros()

    def working(self) -> AbstractContextManager[object]:
        """Nothing is shared with other work."""
        return nullcontext()

    def maps(self, source: str, picture: Singles) -> TrunkMaps:
        """See `backend.Backend`."""
        early, middle, late = (self._pieces[f"{part}-{source}"] for part in TRUNK)
        (between,) = middle.run(*early.run(picture))
        return TrunkMaps(between, *late.run(between))

    def answers(self, maps: Mapping[str, Singles], coverage: Mapping[str, Singles]) -> Answers:
        """See `backend.Backend`."""
        given = [part[name] for part in (maps, coverage) for name in self._names]
        return Answers(*self._pieces[ANSWERS].run(*given))

    def passes(self, tokens: Singles, visible: Singles, keep: Sequence[Singles]) -> Singles:
        """See `backend.Backend`."""
        return self._pieces[PASSES].run(tokens[None], visible[None], *keep)[0]


def _settings(precision: str, requests: int) -> dict[str, Any]:
    return {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": requests,
        "INFERENCE_NUM_THREADS": requests * max(1, worker_threads() // SIDE_BY_SIDE),
        "ENABLE_CPU_PINNING": False,
    }


class _Piece:
    """A compiled piece and as many requests as may run at once."""

    def __init__(self, compiled: Any, requests: int) -> None:
        self._free = [compiled.create_infer_request() for _ in range(requests)]
        self._any = threading.Semaphore(requests)
        self._outputs = len(compiled.outputs)
        self._shapes = [tuple(part.shape) for part in compiled.inputs]

    def run_on_zeros(self) -> None:
        """A question whose answer nobody reads."""
        self.run(*(np.zeros(shape, np.float32) for shape in self._shapes))

    def run(self, *given: Singles) -> list[Singles]:
        """Outputs in order, copied: the request's own memory is written again by the next run."""
        with self._any:
            request = self._free.pop()
            try:
                request.infer([np.ascontiguousarray(part) for part in given], share_inputs=True)
                return [np.array(request.get_output_tensor(i).data, np.float32) for i in range(self._outputs)]
            except RuntimeError as error:
                raise BackendFailed(str(error).splitlines()[0]) from error
            finally:
                self._free.append(request)
