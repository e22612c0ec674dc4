"""One change of the library: what undo, autosave, crash recovery and the audit trail all share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """`old` became `new`; None stands for "was not there". Both are JSON-able field mappings.

    `what` names the kind of record (`findings`, `pin`, `os_mark`, `pair`, `picture`, `visit`, `patient`, ...), `key`
    the record, `text` says it for a person ("Pin B placed").
    """

    what: str
    key: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    text: str

    def reversed(self) -> Change:
        """The change that takes this one back."""
        return Change(self.what, self.key, self.new, self.old, f"Undo: {self.text}")
