"""Grafana's provisioning files: in, where Prometheus and the traces are; out, YAML for a provider and the data sources.

Called by `files`. `sources` checks what an operator gave; Grafana replaces `$NAME` in these files by its environment, so
each `$` is written twice.
"""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from servescope.errors import ConfigurationError

UID: Final = "servescope-prometheus"
TRACES_UID: Final = "servescope-traces"
URL: Final = "http://127.0.0.1:9090"
TRACES_URL: Final = "http://127.0.0.1:3200"
BOARDS_PATH: Final = "/var/lib/grafana/dashboards/servescope"

# Grafana's own rule for uids.
_UID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_WRITTEN: Final = "# Written by `servescope grafana`, which writes it anew with --force.\n"
_TRACES: Final = """\
# A dot on a graph of durations is one request; its trace_id opens the trace in the second source. For Jaeger give that
# one `type: jaeger` and Jaeger's address.
"""


@dataclass(frozen=True, slots=True)
class Sources:
    """The uid and URL of Prometheus' data source, the URL of the traces' (Tempo), and the folder in which Grafana finds
    the boards. Made by `sources`, which checks them.
    """

    uid: str = UID
    url: str = URL
    traces_url: str = TRACES_URL
    boards_path: str = BOARDS_PATH


def sources(uid: str, url: str, traces_url: str, boards_path: str) -> Sources:
    """What an operator gave, checked. Raises ConfigurationError, which names the option and its value."""
    if not _UID.fullmatch(uid):
        raise ConfigurationError(f"--datasource-uid {uid!r} is no uid: 1 to 40 letters, digits, - and _")
    if uid == TRACES_UID:
        raise ConfigurationError(f"--datasource-uid {uid!r} is the uid of the traces' data source")
    if not boards_path.startswith("/") or not boards_path.isprintable():
        raise ConfigurationError(f"--boards-path {boards_path!r} is no absolute path, as Grafana's machine has it")
    return Sources(uid, _checked("--url", url), _checked("--traces-url", traces_url), boards_path)


def provider(given: Sources) -> str:
    """`provisioning/dashboards/servescope.yml`: which folder of files Grafana shows as boards."""
    options = {"path": _literal(given.boards_path), "foldersFromFilesStructure": False}
    one = {
        "name": "servescope",
        "folder": "Servescope",
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": options,
    }
    return _WRITTEN + _yaml({"apiVersion": 1, "providers": [one]})


def data_sources(given: Sources) -> str:
    """`provisioning/datasources/servescope.yml`: Prometheus, with links from exemplars to traces, and the traces."""
    # Prometheus' scrape interval: $__rate_interval is four times that.
    destination = {"name": "trace_id", "datasourceUid": TRACES_UID, "urlDisplayLabel": "Open trace"}
    json_data = {"httpMethod": "POST", "timeInterval": "15s", "exemplarTraceIdDestinations": [destination]}
    found = [
        {**_source("Servescope Prometheus", given.uid, "prometheus", given.url), "jsonData": json_data},
        _source("Servescope traces", TRACES_UID, "tempo", given.traces_url),
    ]
    return _WRITTEN + _TRACES + _yaml({"apiVersion": 1, "datasources": found})


def _source(name: str, uid: str, kind: str, url: str) -> dict[str, Any]:
    return {"name": name, "uid": uid, "type": kind, "access": "proxy", "url": _literal(url)}


def _checked(option: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or not url.isprintable() or any(character in url for character in " \"'<>\\"):
        raise ConfigurationError(f"{option} {url!r} is no address such as http://prometheus:9090")
    if parts.username is not None or parts.password is not None:
        text = f"{option} {parts._replace(netloc='…@' + (parts.hostname or '')).geturl()!r}"
        raise ConfigurationError(f"{text} holds a user's name: give those in Grafana, which keeps them encrypted")
    return url


def _literal(text: str) -> str:
    return text.replace("$", "$$")


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
