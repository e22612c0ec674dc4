"""Why a lamp cannot be used as asked."""

from __future__ import annotations

import sys

from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr


class LampError(UserError):
    """A lamp that cannot be used as asked."""


class NoLampError(LampError):
    """There is none, or not any more."""


class LampSilentError(LampError):
    """It gave no answer in time."""


class LampAnswerError(LampError):
    """It answered something else than what was asked."""


def why_not_open(port: str, error: Exception) -> LampError:
    """pyserial says what went wrong by the system's number, or in words alone."""
    words = str(error).replace(port, "").lower() if port else str(error).lower()
    denied = "permission" in words or "denied" in words
    if "lock" in words or "busy" in words or (denied and sys.platform == "win32"):  # there a port in use is "denied"
        return LampError(tr("another program has {port}", port=port), remedy=tr("close it, then try again"))
    if denied:
        remedy = tr("ask whoever looks after this computer for the right to (on Linux mostly the group dialout)")
        return LampError(tr("you may not use {port}", port=port), remedy=remedy)
    return NoLampError(tr("there is no lamp on {port}", port=port), remedy=tr("plug it in, or choose another port"))
