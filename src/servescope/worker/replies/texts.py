"""Texts that fit a reply or a log: in, whatever a handler raised or wrote; out, text of a bounded length that UTF-8 can say.

Called by whoever tells the front end, or the model log, what went wrong.
"""

import traceback
from typing import Any

TEXT_LIMIT = 64 * 1024  # bytes, in UTF-8
_MARK_ROOM = 64


def shorten(text: str, limit: int = TEXT_LIMIT) -> str:
    """At most `limit` bytes of it, with a mark where it was cut. What UTF-8 cannot say is escaped."""
    head = text[:limit].encode("utf-8", "backslashreplace")
    if len(text) <= limit and len(head) <= limit:
        return head.decode()
    mark = f"… (cut: {len(text)} characters)"
    return head[: max(0, limit - len(mark.encode()))].decode("utf-8", "ignore") + mark


def text_of(value: Any) -> str:
    """What it says of itself, if it can; shortened."""
    try:
        return shorten(str(value))
    except Exception as error:  # a handler's own __str__, or an integer of too many digits
        return f"{type(value).__name__} (which cannot be shown: {type(error).__name__})"


def traceback_of(error: BaseException) -> str:
    """Its traceback, shortened: one that is long keeps its beginning and its end."""
    data = "".join(traceback.format_exception(error)).encode("utf-8", "backslashreplace")
    if len(data) <= TEXT_LIMIT:
        return data.decode()
    half = (TEXT_LIMIT - _MARK_ROOM) // 2
    mark = f"\n… (cut: {len(data) - 2 * half} bytes) …\n"
    return data[:half].decode("utf-8", "ignore") + mark + data[-half:].decode("utf-8", "ignore")
