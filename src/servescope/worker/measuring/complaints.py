"""What a handler is told of measurements that cannot be taken: one line in the model log for each metric and reason.

In: refusals of `caching_metric`, `custom_metrics` and `folding`. Out: lines of the logger `servescope.worker.metrics`. A handler
that measures a million times says a million times the same.
"""

import logging
from typing import Any

logger = logging.getLogger("servescope.worker.metrics")
MOST = 1000
_LONGEST = 200


class Refused(Exception):
    """A measurement that is not taken. `reason`: one of the wire's, by which the front end counts it, "" where it does not.

    The text says why, in the same words for all of a kind; `detail` is this one's own.
    """

    def __init__(self, reason: str, why: str, detail: str = "") -> None:
        super().__init__(why)
        self.reason = reason
        self.detail = detail


class Complaints:
    """Says each thing once, and at most MOST things."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()

    def dropped(self, name: object, value: object, error: Exception) -> None:
        """A write was dropped."""
        why = str(error) if isinstance(error, Refused) else f"{type(error).__name__}"
        detail = error.detail if isinstance(error, Refused) else shown(error, str)
        text = f"{why}: {detail}" if detail else why
        self.say(logging.ERROR, name, why, f"value {shown(value)} dropped: {text}")

    def say(self, level: int, name: object, kind: str, text: str) -> None:
        """Log `text` about a metric, unless something of this kind has been said of it."""
        metric = name if isinstance(name, str) else shown(name)
        key = (metric[:_LONGEST], kind)
        if key in self._said or len(self._said) >= MOST:
            return
        self._said.add(key)
        try:
            logger.log(level, "Metric %s: %s (said once)", shown(metric, str), text)
        except Exception:
            pass  # a handler's own filter; nobody is left to tell


def shown(value: Any, spell: Any = repr) -> str:
    """A value as a line can have it: short, printable, whatever its own `__repr__` does."""
    try:
        text = spell(value)
    except Exception as error:
        return f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    return text if text.isprintable() else ascii(text)
