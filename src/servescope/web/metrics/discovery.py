"""/sd: this server and its peers as targets for Prometheus' http_sd.

In: the address that the asking Prometheus used, and `metrics_peers`. Out: the JSON of
https://prometheus.io/docs/prometheus/latest/http_sd/. Called by `metrics`.
"""

import json
import re
from collections.abc import Sequence

from servescope.config.address import Address

# Whatever else a client sends as its Host is answered with the configured address.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,253}):[0-9]{1,5}\Z")


def own_target(host_header: str | None, address: Address) -> str:
    """`host:port` of this server, as the one who asks reached it; the configured one where that has no port."""
    if host_header is not None and _HOST.match(host_header):
        return host_header
    return _target(address)


def target_groups(own: str, address: Address, peers: Sequence[Address]) -> bytes:
    """One group for each scheme, http first; a target that is named twice is there once."""
    by_scheme: dict[str, list[str]] = {"http": [], "https": []}
    by_scheme["https" if address.tls else "http"].append(own)
    for peer in peers:
        by_scheme[peer.scheme].append(_target(peer))
    groups = [
        {"targets": list(dict.fromkeys(targets)), "labels": {"__scheme__": scheme}}
        for scheme, targets in by_scheme.items()
        if targets
    ]
    return json.dumps(groups).encode() + b"\n"


def _target(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"
