"""Which downloads in the model store snapshots name: in, settings; out, paths. Called by `runtime`, which removes the others."""

from pathlib import Path

from servescope.config.choice import SNAPSHOTS
from servescope.config.settings import Settings
from servescope.config.snapshots.folder import SnapshotFolder
from servescope.config.snapshots.saved import SavedModels


def saved_downloads(settings: Settings) -> frozenset[Path]:
    """Those of the snapshot that this start goes on from, and of all that lie in the folder: a later start may go on from them."""
    found = [] if settings.model_snapshot is None else [settings.model_snapshot]
    found += (snapshot.models for snapshot in SnapshotFolder(settings.log_location / SNAPSHOTS).whole())
    return frozenset(path for saved in found for path in _downloads(saved, settings.model_store))


def _downloads(saved: SavedModels, store: Path | None) -> list[Path]:
    if store is None:
        return []
    return [store / one.mar_name for _, _, one in saved.versions() if one.downloaded is True]
