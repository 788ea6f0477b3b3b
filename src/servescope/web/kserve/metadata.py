"""What clients of the V2 protocol are told of a model. Pure; called by `speakers`."""

from collections.abc import Iterable
from typing import Any

from servescope.config.model.v2 import V2, TensorFacts


def model_metadata(name: str, versions: Iterable[str], v2: V2) -> dict[str, Any]:
    """`versions`: all that are registered. Inputs and outputs are those that the model's `v2` section declares, none without."""
    return {
        "name": name,
        "versions": list(versions),
        "platform": v2.platform,
        "inputs": [_tensor(one) for one in v2.inputs],
        "outputs": [_tensor(one) for one in v2.outputs],
    }


def _tensor(facts: TensorFacts) -> dict[str, Any]:
    return {"name": facts.name, "datatype": facts.datatype, "shape": list(facts.shape)}
