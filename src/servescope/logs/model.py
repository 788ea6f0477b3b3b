"""What a worker prints in, lines of the logger MODEL_LOG out. Called by `fleet` for each line of a worker's output.

TorchServe's: stdout at INFO, stderr at WARN, on a thread named after the worker and the stream.
"""

import logging
from collections.abc import Sequence

MODEL_LOG = "MODEL_LOG"
_LEVELS = {"stdout": logging.INFO, "stderr": logging.WARNING}


def model_line(worker_name: str, stream: str, line: str, request_ids: Sequence[str] = ()) -> None:
    """Log one `line` (its line break may be left on) that a worker, `W-9000-m_1.0`, printed to `stream`.

    `request_ids` are the requests in the worker's hands while it printed.
    """
    logger = logging.getLogger(MODEL_LOG)
    level = _LEVELS[stream]
    if not logger.isEnabledFor(level):
        return
    # Made by hand: looking for the caller's file and line costs more than all the rest, and would name this file.
    record = logging.LogRecord(MODEL_LOG, level, "", 0, line.rstrip("\r\n"), None, None)
    record.threadName = f"{worker_name}-{stream}"
    if request_ids:
        record.request_ids = list(request_ids)
    logger.handle(record)
