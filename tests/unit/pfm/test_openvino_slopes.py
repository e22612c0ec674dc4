"""OpenVINO finds the slopes that torch finds: some shapes of transposed convolutions it computes as something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm import convert, openvino_backend
from pfm_desktop.pfm.backend import OPENVINO_BF16, OPENVINO_F32, presence
from pfm_desktop.pfm.heatmaps import asked_of
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.pconv import WIDTH
from pfm_desktop.pfm.nets.spec import SWITCHES, NetSpec
from pfm_desktop.pfm.openvino_backend import _Piece, _settings
from pfm_desktop.pfm.openvino_door import openvino
from pfm_desktop.pfm.torch_slopes import SlopesPiece

pytestmark = pytest.mark.slow
SPECS = {
    "T0": (NetSpec(size=64), ("white", "fluorescence")),
    "a larger picture, one source absent": (NetSpec(size=224), ("fluorescence",)),
    "T2, channel splice": (NetSpec(size=96, variant="T2", splice="channel"), ("white", "fluorescence")),
    "one source": (NetSpec(size=64, sources=(Source.WHITE,), splice="channel"), ("white",)),
    "without any part": (NetSpec(size=64, **dict.fromkeys(SWITCHES, False)), ("white", "fluorescence")),
}


@pytest.mark.parametrize(("spec", "used"), SPECS.values(), ids=list(SPECS))
def test_the_slopes_are_those_of_torch(spec: NetSpec, used: tuple[str, ...], tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = new_net(spec).eval()
    piece = SlopesPiece(net).eval()
    random, grid = np.random.default_rng(1), spec.grid
    shape = 1, 4 * WIDTH[spec.variant], 2 * grid, 2 * grid
    middles = [random.normal(size=shape).astype(np.float32) for _ in net.names]
    coverage = [np.ones((1, grid, grid), np.float32) for _ in net.names]
    coverage[-1][0, 0, 0] = 0
    given = [*middles, *coverage, presence(net.names, used), asked_of(2)[None]]
    file = tmp_path / "slopes.xml"
    convert._save(piece, tuple(torch.from_numpy(part) for part in given), file)
    core = openvino().Core()
    form = core.compile_model(core.read_model(str(file)), "CPU", _settings(OPENVINO_F32, 1))
    with torch.inference_mode():
        wanted = piece(*(torch.from_numpy(part) for part in given))
    for name, mine, slope in zip(net.names, _Piece(form, 1).run(*given), wanted, strict=True):
        largest = float(slope.abs().max())
        assert (largest > 0) == (name in used)
        assert float(np.abs(mine - slope.numpy()).max()) <= 1e-4 * largest, name


def test_slopes_are_made_in_single_precision_whatever_the_backend() -> None:
    """Also for bf16: the slopes are small differences of large sums."""
    assert openvino_backend.SLOPES in openvino_backend.pieces_of(("white",))
    made: list[tuple[str, str]] = []

    class Compiled:
        inputs: tuple[object, ...] = ()
        outputs: tuple[object, ...] = ()

        def create_infer_request(self) -> Compiled:
            return self

        def infer(self, *_given: object, **_named: object) -> None:
            return None

    class Core:
        def read_model(self, path: str) -> str:
            return Path(path).stem

        def compile_model(self, form: str, _device: str, settings: dict[str, object]) -> Compiled:
            made.append((form, str(settings["INFERENCE_PRECISION_HINT"])))
            return Compiled()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openvino_backend, "openvino", lambda: type("Module", (), {"Core": Core}))
        openvino_backend.OpenVinoBackend(Path("nowhere"), ("white",), OPENVINO_BF16)
    assert dict(made) == {"trunk-white": "bf16", "answers": "bf16", "passes": "bf16", "slopes": "f32"}
