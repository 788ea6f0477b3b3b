"""What workers say in, records of the logger MODEL_LOG out. Made by `server`; called by `fleet` for each line of a worker's output.

A printed line is TorchServe's: stdout at INFO, stderr at WARN, on a thread named after the worker and the stream. A record that
the worker handed over (`wire.records`) keeps its level, and its logger's name, which JSON lines show. In JSON a printed traceback
is one record.
"""

import logging
from collections.abc import Callable, Sequence

from servescope.logs.tracebacks import Tracebacks
from servescope.wire.records import MARK, HandedRecord, decode_record

MODEL_LOG = "MODEL_LOG"
_LEVELS = {"stdout": logging.INFO, "stderr": logging.WARNING}
# A traceback that nothing follows is whole after this, seconds: another, of which it was the cause, would be there by then.
WHOLE_S = 0.05

Later = Callable[[float, Callable[[], None]], object]


class ModelLog:
    """`whole`: printed tracebacks become one record each; `later` calls back after so many seconds. For the loop's thread."""

    def __init__(self, later: Later, *, whole: bool = False) -> None:
        self._later = later
        self._whole = whole
        self._tracebacks: dict[tuple[str, str], tuple[Tracebacks, Sequence[str]]] = {}

    def line(self, worker_name: str, stream: str, line: str, request_ids: Sequence[str] = ()) -> None:
        """A worker, `W-9000-m_1.0`, wrote this to `stream`; its line break may be left on. A record may follow what was printed
        without one.

        `request_ids` are the requests in the worker's hands meanwhile; a record may know better.
        """
        text = line.rstrip("\r\n")
        if MARK in text:
            before, _, rest = text.partition(MARK)
            if (record := decode_record(rest)) is not None:
                if before:
                    self.line(worker_name, stream, before, request_ids)
                self._record(worker_name, stream, record, request_ids)
                return
        if self._whole and (self._tracebacks or Tracebacks.begins(text)):
            self._collect(worker_name, stream, text, request_ids)
        else:
            self._log(worker_name, stream, _LEVELS[stream], text, request_ids)

    def _record(self, worker_name: str, stream: str, record: HandedRecord, request_ids: Sequence[str]) -> None:
        self._end(worker_name, stream)
        ids = record.request_ids or request_ids
        self._log(worker_name, stream, record.level, record.message, ids, record.name, record.exception)

    def flush(self) -> None:
        """No more is to be waited for."""
        for worker_name, stream in list(self._tracebacks):
            self._end(worker_name, stream)

    def _collect(self, worker_name: str, stream: str, text: str, request_ids: Sequence[str]) -> None:
        key = (worker_name, stream)
        if key not in self._tracebacks:
            if not Tracebacks.begins(text):
                self._log(worker_name, stream, _LEVELS[stream], text, request_ids)
                return
            self._tracebacks[key] = (Tracebacks(), tuple(request_ids))
        traceback, _ = self._tracebacks[key]
        if traceback.takes(text):
            self._later(WHOLE_S, lambda: self._end_of(worker_name, stream, traceback, len(traceback.lines)))
            return
        self._end(worker_name, stream)
        self._collect(worker_name, stream, text, request_ids)

    def _end_of(self, worker_name: str, stream: str, traceback: Tracebacks, count: int) -> None:
        """Nothing has followed so far."""
        waiting = self._tracebacks.get((worker_name, stream))
        if waiting is not None and waiting[0] is traceback and len(traceback.lines) == count:
            self._end(worker_name, stream)

    def _end(self, worker_name: str, stream: str) -> None:
        waiting = self._tracebacks.pop((worker_name, stream), None)
        if waiting is None:
            return
        traceback, request_ids = waiting
        for index, block in enumerate(traceback.blocks()):
            exception = "" if index else block
            self._log(
                worker_name, stream, _LEVELS[stream], block if index else traceback.summary, request_ids, "", exception
            )

    def _log(
        self,
        worker_name: str,
        stream: str,
        level: int,
        text: str,
        request_ids: Sequence[str],
        origin: str = "",
        exception: str = "",
    ) -> None:
        logger = logging.getLogger(MODEL_LOG)
        if not logger.isEnabledFor(level):
            return
        # Made by hand: looking for the caller's file and line costs more than all the rest, and would name this file.
        record = logging.LogRecord(MODEL_LOG, level, "", 0, text, None, None)
        record.threadName = f"{worker_name}-{stream}"
        record.exc_text = exception or None
        if origin:
            record.origin = origin
        if request_ids:
            record.request_ids = list(request_ids)
        logger.handle(record)
