"""`model_archiver.manifest_components.model`."""

import os
from typing import Any

from servescope.cli.torchserve.exporting import Described


class Model(Described):
    """What MANIFEST.json says of the model, which is its text. Of paths the last part counts; what is empty is left out."""

    def __init__(
        self,
        model_name: str,
        serialized_file: str | None,
        handler: str,
        model_file: str | None = None,
        model_version: str | None = None,
        extensions: Any = None,
        requirements_file: str | None = None,
        config_file: str | None = None,
    ) -> None:
        self.model_name = model_name
        self.serialized_file = _last_part(serialized_file)
        self.handler = _last_part(handler)
        self.model_file = model_file
        self.model_version = model_version
        self.extensions = extensions
        self.requirements_file = requirements_file
        self.config_file = _last_part(config_file)
        said = {
            "modelName": model_name,
            "serializedFile": self.serialized_file,
            "handler": self.handler,
            "modelFile": _last_part(model_file),
            "modelVersion": model_version,
            "extensions": extensions,
            "requirementsFile": _last_part(requirements_file),
            "configFile": self.config_file,
        }
        self.model_dict = {key: value for key, value in said.items() if value}
        super().__init__(self.model_dict)


def _last_part(path: str | None) -> str | None:
    return os.path.basename(path) if path else None
