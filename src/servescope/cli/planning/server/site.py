"""The server that is planned for: in, options; out, its three addresses, and connections to them. Called by `command`."""

import os
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext
from urllib.parse import quote

from servescope.cli.client.connection import Connection
from servescope.cli.client.endpoints import Endpoints, find_endpoints, find_key, open_client
from servescope.cli.client.siblings import Siblings, find_siblings
from servescope.cli.client.trust import trusting
from servescope.errors import ConfigurationError, ServescopeError

_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Site:
    """Where a server is reached, and with which tokens."""

    inference: str
    management: str
    metrics: str
    trust: SSLContext | None
    management_token: str | None
    inference_token: str | None

    def manage(self, timeout_s: float | None = _TIMEOUT_S) -> AbstractContextManager[Connection]:
        """The management API; without a limit where the server waits for workers."""
        return open_client(self.management, self.management_token, timeout_s, self.trust)

    def metering(self) -> AbstractContextManager[Connection]:
        """The metrics API."""
        return open_client(self.metrics, None, _TIMEOUT_S, self.trust)


def find_site(url: str | None, token: str | None, inference_token: str | None, ca_file: str | None) -> Site:
    """Raises ConfigurationError where one of the three APIs is not found."""
    here = Path.cwd()
    directories = [here, *_own_directory(here)]
    trust = trusting(ca_file) if ca_file is not None else None
    found: Endpoints | Siblings = find_siblings(url, trust) if url is not None else find_endpoints(os.environ, here)
    if isinstance(found, Endpoints):
        trust = found.trust(ca_file)
    if inference_token is not None and not re.fullmatch(r"[!-~]+", inference_token):
        raise ConfigurationError(f"--inference-token {inference_token!r} has a sign that no header can carry")
    return Site(
        _known(url, "inference", found.inference),
        _known(url, "management", found.management),
        _known(url, "metrics", found.metrics),
        trust,
        token or find_key("management", directories),
        inference_token or find_key("inference", directories),
    )


def _known(url: str | None, api: str, address: str | None) -> str:
    if address is None:
        raise ConfigurationError(f"--url {url}: no {api} API there, nor on a port beside it")
    return address


def _own_directory(here: Path) -> list[Path]:
    try:
        return [find_endpoints(os.environ, here).directory]
    except ServescopeError:
        return []


def model_path(name: str, version: str) -> str:
    """Where a version is found in the management API."""
    return f"/models/{quote(name, safe='')}/{quote(version, safe='')}"
