"""Model stores for the benchmarks.

In: an empty directory. Out: two archives of a handler that does nothing, `noop` (batchSize 1) and `noop16` (batchSize
16, maxBatchDelay 1 ms), one worker each. Called by servers.py before each start; both servers get the same files.
plan.py puts models of its own beside them.
"""

import json
import zipfile
from pathlib import Path

HANDLER = '''"""Answers every request with the text ok."""


def handle(data, context):
    return None if data is None else ["ok"] * len(data)
'''
# In milliseconds, as model-config.yaml has it.
BATCH_DELAY_MS = 1
BATCH_SIZES = {"noop": 1, "noop16": 16}


def _config(batch_size: int) -> str:
    lines = ["minWorkers: 1", "maxWorkers: 1", f"batchSize: {batch_size}", f"maxBatchDelay: {BATCH_DELAY_MS}"]
    return "\n".join(lines) + "\n"


def write_store(store: Path) -> None:
    """Write one zip archive for each entry of BATCH_SIZES into `store`, which is created where it is missing."""
    store.mkdir(parents=True, exist_ok=True)
    for name, batch_size in BATCH_SIZES.items():
        write_archive(store, name, HANDLER, _config(batch_size))


def write_archive(store: Path, name: str, handler: str, config: str) -> None:
    """A zip archive of this handler, NAME.mar."""
    model = {"modelName": name, "modelVersion": "1.0", "handler": "service.py", "configFile": "model-config.yaml"}
    manifest = {"createdOn": "24/11/2026 00:00:00", "runtime": "python", "model": model, "archiverVersion": "0.12.0"}
    with zipfile.ZipFile(store / f"{name}.mar", "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
        archive.writestr("service.py", handler)
        archive.writestr("model-config.yaml", config)
