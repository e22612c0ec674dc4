"""What a preview would have brought in by now: it writes nothing, so the library does not say it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from pfm_desktop.services.importing.plan import PlannedPicture
from pfm_desktop.storage.same_bytes import Shot


class Taken:
    """Pictures that would be on record, by what they are asked for, and files that would be in the store."""

    def __init__(self) -> None:
        self._files: dict[str, PlannedPicture] = {}
        self._by_content: defaultdict[tuple[str, str], list[Shot]] = defaultdict(list)
        self._by_moment: defaultdict[datetime, list[Shot]] = defaultdict(list)

    def keep(self, planned: PlannedPicture) -> None:
        """Its bytes would be in the store."""
        self._files[planned.sha256] = planned

    def add(self, planned: PlannedPicture, shot: Shot) -> None:
        """It would be on record as this shot, and its bytes in the store."""
        self.keep(planned)
        self._by_content[shot.patient.id, planned.content].append(shot)
        self._by_moment[shot.picture.taken_at].append(shot)

    def file(self, sha256: str) -> PlannedPicture | None:
        """The planned picture that would have brought these bytes into the store."""
        return self._files.get(sha256)

    def of(self, patient_id: str, content: str) -> Sequence[Shot]:
        """Those of a woman that are one picture, whatever their bytes (`PlannedPicture.content`)."""
        return self._by_content.get((patient_id, content), ())

    def at(self, moments: Collection[datetime]) -> Sequence[Shot]:
        """Those that were taken at one of these moments (aware)."""
        return [shot for moment in moments for shot in self._by_moment.get(moment, ())]
