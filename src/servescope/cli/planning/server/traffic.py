"""Whether a model may be loaded: in, a site and a model; out, a refusal in words, or none. Called by `live`."""

import time
from collections.abc import Mapping
from typing import Any

from servescope.cli.planning.server.reading import read
from servescope.cli.planning.server.site import Site
from servescope.errors import ConfigurationError, ServescopeError


class BusyError(ServescopeError):
    """The model has traffic, or does not come to rest."""


def refuse_unmeasured(site: Site, model: str, version: str) -> None:
    """Raises ConfigurationError where /metrics says nothing of it, as with metrics_mode=off: no limit would be known then."""
    with site.metering() as client:
        if not read(client, model, version, 0.0).measured:
            raise ConfigurationError(
                f"{site.metrics}/metrics says nothing of {model} {version}: a plan needs metrics_mode=prometheus, and its address"
            )


def refuse_traffic(site: Site, described: Mapping[str, Any], seconds: float, *, shadowed: bool) -> None:
    """Look whether the model, or any other where a copy shares the machine, is asked for something. Raises BusyError then."""
    name, version = str(described["modelName"]), str(described["modelVersion"])
    with site.metering() as client:
        before = read(client, name, version, 0.0)
        time.sleep(seconds)
        after = read(client, name, version, seconds)
    own, other = after.own_requests - before.own_requests, after.other_requests - before.other_requests
    if own or after.in_flight:
        raise BusyError(
            f"{name} is in production: {own:.0f} requests in {seconds:g} s, {after.in_flight:.0f} in flight;"
            " plan for a copy on another server, or say --yes"
        )
    if shadowed and other:
        raise BusyError(
            f"--shadow shares the machine with models that have traffic: {other:.0f} requests in {seconds:g} s; say --yes"
        )
