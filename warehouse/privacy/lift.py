"""Letting somebody come back: who was erased by mistake, or has become a customer again and said so."""

from __future__ import annotations

from warehouse.audit import note
from warehouse.connect import connect
from warehouse.locks import tenant_lock
from warehouse.privacy.forgotten import Forgotten
from warehouse.privacy.selection import Selection

_LIFT = "delete from ops.erased_identities where tenant_id = %s and erasure_id = any(%s)"


def lift(dsn: str, selection: Selection, *, actor: str) -> list[int]:
    """No longer leaves out the rows of whoever is meant; the erasures that no longer count.

    What was removed is not brought back by this, but by the next full reading of the sources, as far as they have it. Raises
    FunilError if nobody of that name was erased.
    """
    with (
        connect(dsn, autocommit=True) as connection,
        tenant_lock(connection, selection.tenant_id),
        connection.transaction(),
    ):
        forgotten = Forgotten.of(connection, selection.tenant_id)
        found = {forgotten.erasure_of(identity) for identity in selection.identities} if forgotten else set()
        erasures = sorted(number for number in found if number is not None)
        if not erasures:
            raise selection.nobody("was erased")
        connection.execute(_LIFT, [selection.tenant_id, erasures])
        for number in erasures:
            note(connection, actor, "erase", f"erasure {number} lifted", tenant_id=selection.tenant_id)
    return erasures
