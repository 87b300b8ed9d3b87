"""All messages of a conversation, exactly, in as few requests as Chatwoot allows: one for up to 999 of them.

Paging by the largest id seen is not safe, because pages are ordered by time and ids need not follow it (imports). Only
a fixed window of ids that answers fewer than 1,000 rows is known to be whole; a fuller one is cut in two.
"""

from __future__ import annotations

import statistics

from sources.chatwoot.client import LAST_MESSAGE_ID, MESSAGES_PER_WINDOW, ChatwootClient, Row
from sources.chatwoot.paging import row_id


def read_messages(client: ChatwootClient, display_id: int) -> list[Row]:
    """Every message of the conversation. Raises NotFound where the conversation is gone."""
    rows: list[Row] = []
    # windows [after, before) still to read; in one that ends with the last id, new rows usually lie at the end
    windows = [(0, LAST_MESSAGE_ID)]
    while windows:
        after, before = windows.pop()
        answer = client.messages_between(display_id, after, before)
        if len(answer) < MESSAGES_PER_WINDOW:
            rows.extend(answer)
            continue
        ids = sorted(found for found in map(row_id, answer) if found is not None and after < found < before)
        if not ids:
            rows.extend(answer)
            continue
        cut = ids[-1] if before == LAST_MESSAGE_ID else int(statistics.median_low(ids))
        windows += [(cut, before), (after, cut)]
    return rows
