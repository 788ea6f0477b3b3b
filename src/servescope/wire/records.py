"""Log records from a worker to the front end, among what it prints: a mark, JSON, a line's end (RFC 7464's JSON text sequences).

On the worker's own streams, so that records stay in order with what is printed, and survive the worker. Written by
`worker.replies.records`, read by `fleet.backends.child`.
"""

import json
from typing import Final, NamedTuple

MARK: Final = "\x1e"
# Of a message or an exception, bytes; JSON spells a control character in six.
TEXT_LIMIT: Final = 64 * 1024
LINE_LIMIT: Final = 13 * TEXT_LIMIT


class HandedRecord(NamedTuple):
    """`level`: logging's number. `name`: the logger's. `request_ids`: () if it does not know. `exception`: a traceback's text."""

    level: int
    name: str
    message: str
    request_ids: tuple[str, ...] = ()
    exception: str = ""


def encode_record(record: HandedRecord) -> str:
    """One line, with its end. Half a surrogate pair is escaped, as all that is not ASCII."""
    return f"{MARK}{json.dumps(record)}\n"


def decode_record(text: str) -> HandedRecord | None:
    """The record that follows a mark; None where it is none, as a handler may print anything."""
    try:
        level, name, message, ids, exception = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (name, message, exception)
    if type(level) is not int or not all(isinstance(each, str) for each in texts) or not isinstance(ids, list):
        return None
    if not all(isinstance(each, str) for each in ids):
        return None
    return HandedRecord(level, name, message, tuple(ids), exception)
