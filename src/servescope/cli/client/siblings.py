"""The three ports of a server by one of them: in, a URL; out, which URL has which API.

Every port answers /readyz/models, with the process's id and its models, so that a port is known to be the same server's, and
describes itself without a token. The others are looked for where TorchServe has them: next to each other, in its order. Called by
`kubernetes.measure` and `planning.site`.
"""

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from servescope.cli.client.connection import Connection
from servescope.cli.client.endpoints import call, open_client
from servescope.cli.client.readiness import read_survey
from servescope.errors import ServescopeError

TIMEOUT_S = 10.0
_NEIGHBOUR_TIMEOUT_S = 2.0
# A path that only its description has.
_PATHS = {"inference": "/predictions/{model_name}", "management": "/models", "metrics": "/metrics"}
_ORDER = tuple(_PATHS)


@dataclass(frozen=True)
class Siblings:
    """`survey`: what /readyz/models says. URLs are None where an API was not found."""

    survey: dict[str, Any]
    inference: str | None
    management: str | None
    metrics: str | None


def find_siblings(url: str, trust: ssl.SSLContext | None) -> Siblings:
    """Raises NoAnswerError or AddressError where no server of this version answers at the URL itself."""
    with open_client(url, None, TIMEOUT_S, trust) as client:
        survey = read_survey(client)
        found = dict.fromkeys(_apis(client), url)
    for api, neighbour in _neighbours(url, found):
        if api not in found and _is_it(neighbour, api, survey, trust):
            found[api] = neighbour
    return Siblings(survey, found.get("inference"), found.get("management"), found.get("metrics"))


def port_of(url: str) -> int:
    """0 where it has none."""
    return urlsplit(url).port or 0


def _neighbours(url: str, found: dict[str, str]) -> list[tuple[str, str]]:
    """Where the other APIs would be, if the URL's own is known by itself."""
    parts = urlsplit(url)
    if len(found) != 1 or parts.port is None or not parts.hostname:
        return []
    (own,) = found
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    ports = {api: parts.port + _ORDER.index(api) - _ORDER.index(own) for api in _ORDER if api != own}
    return [(api, f"{parts.scheme}://{host}:{port}") for api, port in ports.items() if 0 < port < 65536]


def _is_it(url: str, api: str, survey: dict[str, Any], trust: ssl.SSLContext | None) -> bool:
    try:
        with open_client(url, None, _NEIGHBOUR_TIMEOUT_S, trust) as client:
            other = read_survey(client)
            return _signature(other) == _signature(survey) and api in _apis(client)
    except ServescopeError:
        return False


def _signature(survey: dict[str, Any]) -> tuple[Any, ...]:
    return survey.get("pid"), sorted((one["name"], one["version"] or "") for one in survey["models"])


def _apis(client: Connection) -> list[str]:
    """Those that the port describes."""
    paths = call(client, "GET", "/api-description").get("paths", {})
    return [api for api in _ORDER if _PATHS[api] in paths]
