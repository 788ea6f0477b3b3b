"""Snapshots: written when the start is over, after each change, and when the server ends. See `config.snapshots`.

In: settings, catalog, what the start was asked for, and word of each change. Out: files in `{LOG_LOCATION}/config`. They are
written on a thread; whoever changed something is answered when that is on the disk, or after `PATIENCE_S`. A disk that is full or
hangs costs a warning and a count, and never more.
"""

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

from servescope.config.choice import SNAPSHOTS
from servescope.config.load import require_model_store
from servescope.config.settings import Settings
from servescope.config.snapshots.file import MODEL_SNAPSHOT, render
from servescope.config.snapshots.folder import Occasion, SnapshotFolder
from servescope.config.snapshots.saved import SavedModels, written
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.measuring import Measuring
from servescope.server.models import Models
from servescope.server.service import Service
from servescope.serving.saving.saved import saved_models

logger = logging.getLogger("servescope.runtime")

PATIENCE_S = 5.0


class Snapshots(Part):
    """Stands after `service`, whose start has asked for all models, and which ends them after the last snapshot was taken."""

    def __init__(self, beginning: Beginning, measuring: Measuring, models: Models, service: Service) -> None:  # noqa: ARG002
        self._settings = beginning.settings
        self._models = models
        self._recorder = measuring.recorder
        self._folder = SnapshotFolder(beginning.settings.log_location / SNAPSHOTS)
        self._writing = asyncio.Lock()
        self._asked = self._written = 0
        self._last: SavedModels | None = None
        self._first: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """The models that the start asked for are registered, as far as they can be."""
        if self._settings.config_snapshots:
            self._recorder.snapshots_begin()
            self._first = asyncio.create_task(self._save("startup"))  # nobody waits for it to be served
            self._models.lifecycle.changes.listener = self._changed

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Save what is registered, unless the start was cut off: then the last snapshot says more."""
        changes = self._models.lifecycle.changes
        if changes.listener is not None:
            changes.listener = None
            await self._save("shutdown")

    async def _changed(self) -> None:
        await self._save("snapshot")

    async def _save(self, occasion: Occasion) -> None:
        self._asked += 1
        try:
            await asyncio.wait_for(
                asyncio.shield(asyncio.ensure_future(self._write(occasion, self._asked))), PATIENCE_S
            )
        except TimeoutError:
            logger.warning(
                "The snapshot of %s is not written after %g s; nobody waits for it", self._folder.directory, PATIENCE_S
            )

    async def _write(self, occasion: Occasion, asked: int) -> None:
        """Write what is registered now, which those who wait for the lock need not write again."""
        async with self._writing:
            if self._written >= asked:
                return
            self._written = self._asked
            now = datetime.now(UTC)
            saved = self._saved(now)
            if occasion == "snapshot" and self._last is not None and saved.models == self._last.models:
                return
            try:
                file = await asyncio.to_thread(self._write_file, saved, occasion, now)
            except OSError as error:
                self._recorder.snapshot("failed")
                logger.warning(
                    "No snapshot can be written to %s: %s. What was changed since the last one is lost with this process",
                    self._folder.directory,
                    error.strerror or error,
                )
            else:
                self._last = saved
                self._recorder.snapshot("written")
                logger.info("Snapshot %s written: %d models", file, saved.model_count)

    def _saved(self, now: datetime) -> SavedModels:
        store = require_model_store(self._settings)
        name = f"{now:%Y%m%d%H%M%S}"
        return saved_models(self._models.catalog, self._models.wanted, store, name, int(now.timestamp() * 1000))

    def _write_file(self, saved: SavedModels, occasion: Occasion, now: datetime) -> Path:
        self._folder.remove_partial()
        return self._folder.write(render(saved_properties(self._settings), written(saved)), occasion, now)


def saved_properties(settings: Settings) -> dict[str, str]:
    """What was configured, wherever it was given. Paths are absolute: the next start may be made somewhere else."""
    found = {key: text for key, text in settings.properties.items() if key != MODEL_SNAPSHOT}
    for key in found:
        if isinstance(value := getattr(settings, key, None), Path):
            found[key] = str(value)
    return found
