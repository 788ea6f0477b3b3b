"""`model_archiver.manifest_components.manifest`."""

from datetime import datetime
from enum import Enum

from servescope.archive.manifest import ARCHIVER_VERSION
from servescope.cli.torchserve.exporting import ManifestBase

from .model import Model


class RuntimeType(Enum):
    """What runs a handler."""

    PYTHON = "python"
    PYTHON3 = "python3"
    LSP = "LSP"


class Manifest(ManifestBase):
    """MANIFEST.json, which is its text; `creation_time` is this machine's. Raises: ValueError: an unknown runtime."""

    def __init__(self, runtime: str, model: Model) -> None:
        self.runtime = RuntimeType(runtime)
        self.model = model
        created = datetime.now().strftime("%d/%m/%Y %H:%M:%S")
        super().__init__(
            {
                "createdOn": created,
                "runtime": self.runtime.value,
                "model": model.model_dict,
                "archiverVersion": ARCHIVER_VERSION,
            }
        )
