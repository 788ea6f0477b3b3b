"""Where lines end: a file that rolls over at a size, and the console. Neither ever raises into its caller.

Lines come in from the logs and from `junction`; bytes go out to disk and to the terminal. What
cannot be written is counted, by `streams.stream` for the console, and reported once an outage. Rolling at 100 MB with five old
files is TorchServe's (its log4j2.xml also rolls at midnight and compresses; a rename is all that a serving loop can afford).
"""

import io
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from servescope.logs.streams.stream import Stream

MAX_BYTES = 100 * 1024 * 1024
KEEP = 5
RETRY_S = 5.0


class RollingFile:
    """An append-only file, rolled over to `name.1` … `name.KEEP` before it would pass `max_bytes`.

    `report` is told, in a sentence, when writing begins to fail. `clock` gives seconds, monotonic; a file that cannot
    be opened is tried again every `RETRY_S` seconds. `lost` counts the lines that were not written. For any thread.
    """

    def __init__(
        self,
        path: Path,
        report: Callable[[str], None],
        *,
        max_bytes: int = MAX_BYTES,
        keep: int = KEEP,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.lost = 0
        self._report = report
        self._max_bytes = max_bytes
        self._keep = keep
        self._clock = clock
        self._file: io.FileIO | None = None
        self._size = 0
        self._failing = False
        self._torn = False
        self._closed = False
        self._retry_at = 0.0
        self._lock = threading.Lock()
        try:
            self._open()
        except OSError as error:
            self._fail(error, 0)

    def write(self, data: bytes, lines: int = 1) -> bool:
        """Append `data`, which is `lines` whole lines; False, and nothing raised, if that failed."""
        with self._lock:
            return self._write(data, lines)

    def _write(self, data: bytes, lines: int) -> bool:
        if self._closed or (self._file is None and self._clock() < self._retry_at):
            self.lost += lines
            return False
        try:
            file = self._file or self._open()
            if self._size and self._size + len(data) > self._max_bytes:
                file = self._roll()
            # What a full disk cut short must not run into the first line that fits again.
            self._append(file, b"\n" + data if self._torn else data)
        except OSError as error:
            self._fail(error, lines)
            return False
        self._failing = self._torn = False
        return True

    def close(self) -> None:
        """Close the file; what is written later is counted as lost."""
        with self._lock:
            self._closed = True
            self._let_go()

    def reopen(self) -> None:
        """Open the path anew: the file may have been moved away, by logrotate, and a new one is wanted in its place."""
        with self._lock:
            self._let_go()
            if self._closed:
                return
            try:
                self._open()
            except OSError as error:
                self._fail(error, 0)

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> io.FileIO:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = io.FileIO(self.path, "a")
        self._size = os.fstat(file.fileno()).st_size
        self._file = file
        return file

    def _append(self, file: io.FileIO, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = file.write(view) or 0
            self._size += written
            view = view[written:]
            self._torn = bool(view)

    def _roll(self) -> io.FileIO:
        self._let_go()
        try:
            for age in range(self._keep, 0, -1):
                source = self._aged(age - 1)
                if source.exists():
                    source.replace(self._aged(age))
        except OSError as error:
            self._report(f"{self.path} cannot be rolled over and grows on: {error}")
        file = self._open()
        # Counted from here even if the rename failed, so that the next attempt comes a whole file later.
        self._size = 0
        return file

    def _aged(self, age: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{age}") if age else self.path

    def _fail(self, error: OSError, lines: int) -> None:
        self.lost += lines
        self._retry_at = self._clock() + RETRY_S
        if not self._failing:
            self._failing = True
            self._report(f"{self.path} cannot be written, its lines are lost until it can: {error}")


class Console:
    """The terminal, or whatever stands in for it; None writes nowhere. A `Stream` counts the lines that it loses."""

    def __init__(self, stream: TextIO | None) -> None:
        self.open = stream is not None
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Write `text` as it is, and flush. A closed pipe, a full disk, a narrow encoding: none of them raises."""
        stream = self._stream
        if stream is None:
            return
        with self._lock, suppress(OSError, ValueError):
            stream.write(text if isinstance(stream, Stream) else _encodable(text, stream.encoding))
            stream.flush()

    def settle(self) -> None:
        """Wait a moment, until what was written is shown."""
        if isinstance(self._stream, Stream) and self._stream.outlet is not None:
            self._stream.outlet.settle()


def _encodable(text: str, encoding: str | None) -> str:
    if text.isascii():
        return text
    encoding = encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
