"""How a front end reaches its Ray cluster, and workers there the front end. Made by `server.models`, read by `backend`."""

from collections.abc import Mapping

from msgspec import Struct


class RayCluster(Struct, frozen=True):
    """How it is reached. `worker_address`: where workers connect back to; None: as the cluster knows this machine, on any port.

    `blacklist`: a pattern, "" for none, of variables that workers do not get. `tls`: whether workers' connections are encrypted;
    None: where Ray's are.
    """

    address: str
    worker_address: tuple[str, int] | None
    blacklist: str
    environ: Mapping[str, str]
    tls: bool | None
