"""Cameras and lamps: which are found, and whether this user may use them. None is opened but where that is the only way
to know."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from pfm_desktop.capture import found, genicam
from pfm_desktop.capture.lamp import serial_ports
from pfm_desktop.services.capture import config
from pfm_desktop.services.doctor.finding import Finding, Findings, warn

_GROUP = "sudo usermod -aG {group} USER (the name of this user), then sign in again"


def cameras() -> Findings:
    """By USB."""
    names = [name for _key, name in found.usb_cameras()]
    yield Finding("Cameras", ", ".join(names) if names else "none by USB")
    closed = _closed(Path("/dev").glob("video*"))
    if closed:
        yield warn("Cameras", f"this user may not use {closed}", _GROUP.format(group="video"))


def lamps() -> Findings:
    """Serial ports, at which a lamp may be."""
    ports = serial_ports()
    yield Finding("Serial ports", ", ".join(_called(*port) for port in ports) if ports else "none")
    closed = _closed(Path(port) for port, _name in ports)
    if closed:
        yield warn("Serial ports", f"this user may not use {closed}", _GROUP.format(group="dialout"))


def _called(port: str, name: str) -> str:
    return name if name not in ("", "n/a") else Path(port).name


def _closed(files: Iterable[Path]) -> str:
    if not sys.platform.startswith("linux"):
        return ""
    return ", ".join(sorted(str(file) for file in files if not os.access(file, os.R_OK | os.W_OK)))


def by_genicam() -> Findings:
    """Whether cameras by GenICam could be used."""
    producers = genicam.producers()
    if importlib.util.find_spec("harvesters") is None:
        yield Finding("GenICam", "the part for it is not installed, which only such cameras need")
    elif not producers:
        yield Finding("GenICam", "no producer of a camera's maker is installed")
    else:
        yield Finding("GenICam", f"{len(producers)} producer(s): {', '.join(file.name for file in producers)}")


def chosen() -> Findings:
    """What Capture uses, without its address, which may hold a password."""
    device = config.load()
    kinds = [key.partition(":")[0] for key in (device.camera, device.second) if key]
    said = " and ".join(kind for kind in kinds if kind in found.KINDS)
    yield Finding(
        "Capture",
        f"uses {device.kind.value}" + (f" ({said})" if said else "") + (", with a lamp" if device.lamp else ""),
    )
