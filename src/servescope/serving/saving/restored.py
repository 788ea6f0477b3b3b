"""Which models a start is to load where a snapshot names them: in, `SavedModels`; out, `LoadModel`s. Called by `server.service`."""

from pathlib import Path

from servescope.config.snapshots.saved import SavedModels, SavedVersion
from servescope.config.values.load_list import LoadModel


def restored(saved: SavedModels, model_store: Path) -> list[LoadModel]:
    """Each version, of each name the default first."""
    return [
        LoadModel(None if one.nameless is True else name, _url(one, model_store), version, one)
        for name, version, one in saved.versions()
    ]


def _url(saved: SavedVersion, model_store: Path) -> str:
    """Where the archive is: in the store, where TorchServe looks alone, or else where it was when it was registered.

    What was in the store and is not there is looked for nowhere else: the working directory may have a file of that name.
    """
    if (model_store / saved.mar_name).exists():
        return saved.mar_name
    return saved.url or str(model_store / saved.mar_name)
