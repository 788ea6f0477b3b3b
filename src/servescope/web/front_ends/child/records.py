"""A front end's log lines, as word to the owner, whose log they are written to."""

import logging
from collections.abc import Callable

from servescope.web.front_ends.messages import Said


class TellingHandler(logging.Handler):
    """Tells each record to `say`."""

    def __init__(self, say: Callable[[Said], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        try:
            text = self.format(record)
        except Exception:  # a record whose arguments do not fit its text: logging's own way is to say so on stderr
            self.handleError(record)
            return
        self._say(Said(record.name, record.levelno, text.encode("utf-8", "backslashreplace").decode()))


def install(say: Callable[[Said], None]) -> None:
    """From now on, whatever this process logs is told."""
    root = logging.getLogger()
    root.handlers = [TellingHandler(say)]
    root.setLevel(logging.INFO)
