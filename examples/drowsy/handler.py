"""Answers at once, or late while a file exists: a model whose fault can be switched on, to see an alert at work.

In: any body. Out: the text `awake` or `drowsy` a request. The environment variable DROWSY_FILE names the file; `servescope
demo` sets it, and makes and deletes the file. It runs inside a worker.
"""

import os
import time

SLEEP_S = 0.8


def handle(data, _context):
    """Answer a batch; `data` is None when the model is loaded."""
    if data is None:
        return None
    drowsy = os.path.exists(os.environ.get("DROWSY_FILE", ""))
    if drowsy:
        time.sleep(SLEEP_S)
    return ["drowsy" if drowsy else "awake"] * len(data)
