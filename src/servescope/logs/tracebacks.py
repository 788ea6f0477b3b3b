"""Tracebacks among printed lines: lines in, which of them belong together out. Pure; used by `model` for JSON lines.

Python prints one as `Traceback (most recent call last):`, indented lines, and a last one that begins at the margin; where it has a
cause, that one's comes before it, with a sentence between.
"""

import re
from typing import Final

_HEAD: Final = "Traceback (most recent call last):"
_GROUP: Final = re.compile(r"\s+[+|]")
_BETWEEN: Final = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
MOST_LINES: Final = 2000


class Tracebacks:
    """One, with its causes before it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._end = 0  # of the lines that are sure to be its own
        self._open = False  # its last line is yet to come
        self._bridged = False  # another may follow

    @staticmethod
    def begins(line: str) -> bool:
        """Whether one begins with this line."""
        return line == _HEAD or line.lstrip().startswith("+ Exception Group Traceback")

    def takes(self, line: str) -> bool:
        """Take a line that follows those before. False: it is none of them, and neither is what comes after."""
        if len(self.lines) >= MOST_LINES or not self._belongs(line):
            return False
        self.lines.append(line)
        return True

    def _belongs(self, line: str) -> bool:
        if self.begins(line):
            if self.lines and not self._bridged:
                return False
            self._open, self._bridged = line == _HEAD, False  # a group's lines are all marked
        elif self._open:
            self._open = not line or line[0].isspace()  # its end is the first line at the margin
        elif _GROUP.match(line):
            pass
        elif line in _BETWEEN:
            self._bridged = True
            return True
        else:
            return not line  # which may come before a sentence between, and after one
        self._end = len(self.lines) + 1
        return True

    @property
    def summary(self) -> str:
        """Its last line: the exception."""
        return self.lines[self._end - 1]

    def blocks(self) -> list[str]:
        """The traceback as one text, then lines that were taken for its own and are not."""
        rest = [line for line in self.lines[self._end :] if line]
        return ["\n".join(self.lines[: self._end]), *rest]
