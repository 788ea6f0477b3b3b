"""What the V2 protocol is told of the server. Pure; called by `speakers`.

`extenstion` is the protocol as TorchServe spells it, and stays beside what the protocol says.
"""

from typing import Any

from servescope import __version__

VERSIONS_UNKNOWN = "Model versioning is not yet supported."


def server_metadata(*, speaks_v2: bool) -> dict[str, Any]:
    """`speaks_v2`: there is more here than TorchServe's part of the protocol."""
    said: dict[str, Any] = {"name": "Torchserve", "version": __version__, "extenstion": ["kserve", "kubeflow"]}
    return said | {"extensions": ["binary_tensor_data"]} if speaks_v2 else said
