"""FasterNet's public ImageNet weights, brought by the user as a file, into both trunks of a PFM network.

Two namings are public for the same tensors. The authors' release counts stages and merges in one row (`stages.0`,
`stages.1` the merge, `stages.2` ...), as `nets.pconv.Trunk` does; timm and Hugging Face put the merge into the stage
behind it (`stages.1.downsample`). The classifier of ImageNet (`head`, `avgpool_pre_head`; `classifier`, `conv_head`)
is not used.

A `.pth` is a pickle. This is the one place that opens one, through torch's weights-only reader, which builds tensors
and plain containers and refuses everything that could run a program; nothing else ever loads what it finds there,
because the tensors are written again as safetensors.
"""

from __future__ import annotations

import pickle
import re
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pfm_desktop.domain.prediction import BANNER_ENGLISH, ModelInfo
from pfm_desktop.pfm.calibrate import Calibration
from pfm_desktop.pfm.checkpoint import read_tensors, refuse_existing, save_model
from pfm_desktop.pfm.model_file import CARD
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.pconv import WIDTH, Trunk
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import sha256_of, write_text
from pfm_desktop.support.language import tr

TRAINED_ON = "ImageNet photographs (trunk only, not trained to grade)"
TORCH_FILES = (".pth", ".pt", ".bin")
WRAPPINGS = ("state_dict", "model", "model_state")  # where training programs put the weights inside their file
BRING = tr("bring the file of a public FasterNet T0, T1 or T2 (fasternet_t*.in1k)")
_STAGE = re.compile(r"stages\.(\d)\.(downsample\.)?(.+)")
_NOT_WEIGHTS = (  # what the reader raises on a forbidden, cut or foreign file
    pickle.UnpicklingError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
)
_COUNTER = "num_batches_tracked"  # left out by some exports; of no use outside training


@dataclass(frozen=True)
class TrunkWeights:
    """Tensors under the names of `Trunk`, the naming they came in, and the names that were not used."""

    tensors: Mapping[str, Tensor]
    naming: str
    unused: tuple[str, ...]


@dataclass(frozen=True)
class ImportResult:
    """A model folder with imported trunks and untrained heads."""

    path: Path
    info: ModelInfo
    naming: str
    unused: tuple[str, ...]


def import_weights(file: Path, out: Path, *, variant: str, name: str, version: str = "1") -> ImportResult:
    """Write a model folder whose trunks hold the weights of `file`; raises `ModelError` when they do not fit.

    The model cannot grade (`can_grade` is False): it is a start for training.
    """
    refuse_existing(out)
    found = trunk_weights(read_file(file), variant, file.name)
    training = {
        "imported_from": file.name,
        "file_sha256": sha256_of(file),
        "naming": found.naming,
        "unused": list(found.unused),
    }
    info = save_start(out, found.tensors, variant, name=name, version=version, trained_on=TRAINED_ON, training=training)
    write_text(out / CARD, _card(info, training))
    return ImportResult(out, info, found.naming, found.unused)


def save_start(
    out: Path,
    trunk: Mapping[str, Tensor],
    variant: str,
    *,
    name: str,
    version: str,
    trained_on: str,
    training: Mapping[str, Any],
) -> ModelInfo:
    """Write a model folder with the weights `trunk` in both trunks; the rest is random, and the model cannot grade."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = new_net(NetSpec(variant=variant))
    for source in net.trunks():
        source.trunk.load_state_dict(dict(trunk))
    return save_model(
        out,
        net,
        name=name,
        version=version,
        calibration=Calibration(),
        normalisation=Normalisation.default(),
        trained_on=trained_on,
        can_grade=False,
        training=training,
    )


def read_file(file: Path) -> dict[str, Tensor]:
    """Tensors by name of a .safetensors, .pth, .pt or .bin file; raises `ModelError`. Nothing in it is executed."""
    if not file.is_file():
        raise ModelError(tr("there is no file {file}", file=file), remedy=tr("check the name and the folder"))
    if file.suffix.lower() == ".safetensors":
        return read_tensors(file)
    if file.suffix.lower() not in TORCH_FILES:
        raise ModelError(tr("{file} is neither .safetensors nor .pth", file=file), remedy=BRING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old pickle protocols: what cannot be read is an error below
            content = torch.load(file, map_location="cpu", weights_only=True)
    except _NOT_WEIGHTS as error:
        raise ModelError(
            tr("{file} holds something other than weights, or is damaged", file=file),
            safe=tr("nothing in it was run"),
            remedy=tr("bring the same weights as .safetensors"),
        ) from error
    return _tensors(content, file)


def trunk_weights(tensors: Mapping[str, Tensor], variant: str, called: str) -> TrunkWeights:
    """Tensors of a public FasterNet, in either naming, under the names of `Trunk(variant)`; raises `ModelError`."""
    wanted = Trunk(variant).state_dict()
    naming = "timm" if any(".downsample." in key for key in tensors) else "authors"
    named = {_own_name(key, naming): key for key in tensors}
    missing = [key for key in wanted if key not in named and not key.endswith(_COUNTER)]
    if missing:
        raise ModelError(
            tr(
                "{called} is not a FasterNet: {tensor} and {more} more tensors are missing",
                called=called,
                tensor=missing[0],
                more=len(missing) - 1,
            ),
            remedy=BRING,
        )
    _check_variant(tensors[named["patch_embed.proj.weight"]], variant, called)
    filled = {}
    for key, own in wanted.items():
        value = tensors[named[key]] if key in named else own
        if value.shape != own.shape:
            raise ModelError(
                tr(
                    "{called} does not fit {variant}: {tensor} is {size}, not {wanted}",
                    called=called,
                    variant=variant,
                    tensor=named[key],
                    size=tuple(value.shape),
                    wanted=tuple(own.shape),
                ),
                remedy=BRING,
            )
        filled[key] = value.to(own.dtype).contiguous()
        if not bool(torch.isfinite(filled[key]).all()):
            raise ModelError(
                tr("{called} is damaged: {tensor} holds values that are no numbers", called=called, tensor=named[key]),
                remedy=BRING,
            )
        if key.endswith("running_var") and bool((filled[key] < 0).any()):
            raise ModelError(
                tr("{called} is damaged: {tensor} holds variances below zero", called=called, tensor=named[key]),
                remedy=BRING,
            )
    unused = tuple(sorted(original for key, original in named.items() if key not in wanted))
    return TrunkWeights(filled, naming, unused)


def _own_name(key: str, naming: str) -> str:
    """`stages.i.downsample.x` becomes `stages.(2 i - 1).x`, `stages.i.x` becomes `stages.(2 i).x`."""
    match = _STAGE.fullmatch(key) if naming == "timm" else None
    if match is None:
        return key
    stage, merge, rest = int(match[1]), match[2], match[3]
    return f"stages.{2 * stage - 1 if merge else 2 * stage}.{rest}"


def _check_variant(stem: Tensor, variant: str, called: str) -> None:
    width = stem.shape[0] if stem.ndim else 0
    if width == WIDTH[variant]:
        return
    fits = [name for name, value in WIDTH.items() if value == width]
    raise ModelError(
        tr(
            "{called} has trunks {width} channels wide, {variant} has {wanted}",
            called=called,
            width=width,
            variant=variant,
            wanted=WIDTH[variant],
        ),
        remedy=tr("import it with --variant {variant}", variant=fits[0]) if fits else BRING,
    )


def _tensors(content: Any, file: Path) -> dict[str, Tensor]:
    """The state dict inside whatever a training program saved, without the prefixes that wrappers add."""
    for key in WRAPPINGS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    found = {str(k): v for k, v in content.items() if isinstance(v, Tensor)} if isinstance(content, Mapping) else {}
    if not found:
        raise ModelError(tr("{file} holds no weights", file=file), remedy=BRING)
    for prefix in ("module.", "model."):
        if all(key.startswith(prefix) for key in found):
            found = {key.removeprefix(prefix): value for key, value in found.items()}
    return found


def _card(info: ModelInfo, training: Mapping[str, Any]) -> str:
    return (
        f"# {info.name} {info.version}\n\n**{BANNER_ENGLISH}.** Trunks of FasterNet {info.variant}, "
        f"trained on {info.trained_on}.\n\n"
        "## Intended use\n\nA start for `pfm train --start`. Both trunks hold the same imported weights; attention, "
        "splice, decision module and heads are random. It gives no answer about a picture, and the program refuses to "
        "ask it.\n\n"
        f"## Where the weights come from\n\nThe file `{training['imported_from']}` that the user brought, SHA-256 "
        f"`{training['file_sha256']}`, in the naming of {training['naming']}. Not used: "
        f"{', '.join(f'`{key}`' for key in training['unused']) or 'nothing was left over'}.\n\n"
        "FasterNet: Chen et al., CVPR 2023; its public release is under the MIT licence.\n"
    )
