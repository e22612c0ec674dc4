"""Opening a signed visit again: the report that was signed is kept as it is, and what follows is signed anew."""

from __future__ import annotations

from datetime import UTC, datetime

from pfm_desktop.domain.amendment import Amendment, checked_reason
from pfm_desktop.domain.change import Change
from pfm_desktop.services.answering import valid
from pfm_desktop.services.cases import new_id
from pfm_desktop.storage import records
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

AMENDMENT = "amendment"  # what is changed, in the journal


def amend(lib: Library, visit_id: str, reason: str, report: bytes) -> tuple[Change, ...]:
    """Open a signed visit again. `report`: the PDF of what was signed, which is kept with the signature, who opened it,
    and why. Cannot be undone. `BadInputError` for a visit that is not signed, and without a reason."""
    reason = valid(lambda: checked_reason(reason))
    with lib.read() as session:
        found = records.snapshot(session, "findings", visit_id) or {}
    signature = found.get("signature")
    if signature is None:
        raise BadInputError(
            tr("this visit is not signed"), safe=tr("nothing was changed"), remedy=tr("it can be changed as it is")
        )
    fields = {
        "visit_id": visit_id,
        "made_at": datetime.now(UTC).isoformat(),
        "who": lib.who,
        "reason": reason,
        "signature": signature,
        "impression": found["impression"],
        "report_sha256": lib.pictures.put(report),
    }
    said = f"Signed report amended: {reason}"[:200]
    opened = Change("findings", visit_id, {"signature": signature}, {"signature": None}, said)
    return lib.apply_all((Change(AMENDMENT, new_id(), None, fields, said), opened))


def original(lib: Library, amendment: Amendment) -> bytes:
    """The report as it was signed: a PDF. `StorageError` where its bytes are gone or damaged."""
    return lib.pictures.get(amendment.report_sha256)
