"""Verified weights to OpenVINO's form, piece by piece. Needs torch; done once for each model and OpenVINO."""

from __future__ import annotations

import errno
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pfm_desktop.pfm import ir_cache
from pfm_desktop.pfm.backend import CHUNK, mask_shapes, token_count
from pfm_desktop.pfm.checkpoint import LoadedModel
from pfm_desktop.pfm.model_file import ModelFile
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.openvino_backend import ANSWERS, EARLY, LATE, MIDDLE, PASSES, pieces_of
from pfm_desktop.pfm.openvino_door import openvino
from pfm_desktop.pfm.torch_pieces import AnswersPiece, EarlyPiece, LatePiece, MiddlePiece, PassesPiece

_ROOM = 1 << 25  # bytes; several forms find room in as much


def converted(content: ModelFile, model: LoadedModel) -> Path:
    """Folder with the form of a model's weights, made unless it is there and whole. Raises `StorageError`."""
    folder = ir_cache.folder_of(content)
    if not ir_cache.is_whole(folder, pieces_of(model.net.names)):
        ir_cache.fill(folder, lambda out: _write(model.net, out))
        ir_cache.remove_older(content)
    return folder


def _write(net: PfmNet, folder: Path) -> None:
    spec = net.spec
    channels, grid = net.source_head(net.names[0]).linear.in_features, spec.grid
    maps = [torch.zeros(1, channels, grid, grid) for _ in net.names]
    coverage = [torch.ones(1, grid, grid) for _ in net.names]
    tokens, visible = torch.zeros(1, token_count(spec), spec.width), torch.ones(1, token_count(spec))
    masks = [torch.ones(shape) for shape in mask_shapes(spec, CHUNK)]
    for name in net.names:
        given = torch.zeros(1, 3, spec.size, spec.size)
        for part, piece in ((EARLY, EarlyPiece), (MIDDLE, MiddlePiece), (LATE, LatePiece)):
            given = _save(piece(net, name), (given,), folder / f"{part}-{name}.xml")
    _save(AnswersPiece(net), (*maps, *coverage), folder / f"{ANSWERS}.xml")
    _save(PassesPiece(net), (tokens, visible, *masks), folder / f"{PASSES}.xml")


def _save(piece: nn.Module, example: tuple[Tensor, ...], file: Path) -> Any:
    """One piece, traced on inputs of the fixed shapes that it will get. Returns what it makes of them."""
    module = openvino()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of shapes that the trace takes as fixed: they are
        form = module.convert_model(piece.eval(), example_input=example, input=[list(part.shape) for part in example])
        made = piece(*example)
    try:
        module.save_model(form, str(file), compress_to_fp16=False)
    except RuntimeError as error:  # what a disk refuses comes as a stream that broke, without the system's reason
        full = shutil.disk_usage(file.parent).free < _ROOM
        raise OSError(errno.ENOSPC if full else errno.EIO, os.strerror(errno.ENOSPC if full else errno.EIO)) from error
    return made
