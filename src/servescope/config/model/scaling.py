"""PUT /models/{name}: in, its query; out, `ScaleOptions`. Called by `web.management`. Names and defaults are TorchServe's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from servescope.config.bounds import MAX_WORKERS
from servescope.config.model.parameters import Bounds, Parameters, Warn
from servescope.config.model.worker_counts import MAX_WORKERS_KEY
from servescope.errors import BadRequest

# TorchServe documents number_gpu and timeout, and ignores them.
_NAMES: Final = frozenset({"min_worker", "max_worker", "synchronous", "model_version", "number_gpu", "timeout"})


@dataclass(frozen=True, kw_only=True)
class ScaleOptions:
    """How many workers a model version is to have. `model_version` None: the path's, or else the default version."""

    min_worker: int = 1
    max_worker: int = 1
    synchronous: bool = False
    model_version: str | None = None


def parse_scale(params: Mapping[str, str], warn: Warn, most_workers: int = MAX_WORKERS) -> ScaleOptions:
    """Read the query of PUT /models/{name}; max_worker defaults to min_worker. `most_workers`: as many a model version may have.

    Raises:
        BadRequest: bad numbers; negative ones too, which TorchServe answers with 500.
    """
    given = Parameters(params, _NAMES, warn)
    bounds = Bounds(0, most_workers, MAX_WORKERS_KEY)
    asked = given.number("min_worker", bounds)
    least = 1 if asked is None else asked
    asked = given.number("max_worker", bounds)
    most = least if asked is None else asked
    if most < least:
        raise BadRequest("max_worker cannot be less than min_worker.")
    return ScaleOptions(
        min_worker=least,
        max_worker=most,
        synchronous=given.flag("synchronous", default=False),
        model_version=given.text("model_version"),
    )
