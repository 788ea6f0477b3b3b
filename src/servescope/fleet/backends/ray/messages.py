"""What the front end and its Ray driver say to each other, in the frames of `wire.frames`, over a socket pair.

Front end → driver: `Place` and `Release`. Driver → front end: `Connected` or `Unable`, then `Waiting` and `Over` of actors.
"""

from typing import Any

from msgspec import Struct

from servescope.wire.agent import Errand


class Needs(Struct, array_like=True):
    """What an actor takes; as `config.model.placement.ray.RayOptions`."""

    num_cpus: float
    num_gpus: float
    resources: dict[str, float]
    memory_mb: int | None
    placement: str
    runtime_env: dict[str, Any]


class Place(Struct, array_like=True, tag="place"):
    """Have an actor do this errand, with the model that lies here in `directory`. `name`: for people."""

    id: int
    name: str
    directory: str
    errand: Errand
    needs: Needs


class Release(Struct, array_like=True, tag="release"):
    """The worker is of no use any more: end its actor, should it not end by itself."""

    id: int


class Connected(Struct, array_like=True, tag="connected"):
    """It is a driver of the cluster, whose nodes know this machine by `host`."""

    host: str


class Unable(Struct, array_like=True, tag="unable"):
    """It is not, and why; it ends now."""

    why: str


class Waiting(Struct, array_like=True, tag="waiting"):
    """An actor has no place yet, for want of this."""

    id: int
    why: str


class Over(Struct, array_like=True, tag="over"):
    """An actor has ended, or could not be made. `why`: what was wrong, "" where nothing was."""

    id: int
    why: str


ToDriver = Place | Release
FromDriver = Connected | Unable | Waiting | Over
