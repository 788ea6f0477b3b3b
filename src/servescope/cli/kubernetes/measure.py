"""What a running server says of its sizes: in, its URL and the models' names; out, `MeasuredServer`.

From /metrics: memory, load times, processors, batch sizes, objectives. From the management API: response timeouts, and whether
tokens are asked for. What it does not tell stays None. Called by `command`.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from servescope.cli.client.connection import Connection
from servescope.cli.client.endpoints import RefusedError, find_endpoints, find_key, open_client
from servescope.cli.client.scrape import Sample, parse
from servescope.cli.client.siblings import TIMEOUT_S, Siblings, find_siblings, port_of
from servescope.cli.client.trust import trusting
from servescope.cli.kubernetes.page import cores, largest, load_p90, objectives, only_label
from servescope.cli.status import describe
from servescope.errors import ConfigurationError, ServescopeError
from servescope.operate.kubernetes.measured import MeasuredModel, MeasuredServer, Ports

_LEAST_PORT = 1024


def measure(url: str, names: Sequence[str], token: str | None, ca_file: str | None) -> MeasuredServer:
    """Ask. Raises ConfigurationError, which names the URL: nobody answers, or a model is not served there."""
    try:
        trust = trusting(ca_file) if ca_file is not None else None
        siblings = find_siblings(url, trust)
    except ServescopeError as error:
        raise ConfigurationError(f"--url {url}: {error.message}") from error
    versions = _versions(url, siblings.survey, names)
    if siblings.metrics is None:
        raise ConfigurationError(f"--url {url}: no /metrics there, nor on a port beside it; give the metrics address")
    with open_client(siblings.metrics, None, TIMEOUT_S, trust) as client:
        samples = parse(client.request("GET", "/metrics").text)
    tokens, described = None, dict[str, Mapping[str, Any]]()
    if siblings.management is not None:
        with open_client(siblings.management, None, TIMEOUT_S, trust) as client:
            tokens = client.request("GET", "/models").is_error
        with open_client(siblings.management, token or _own_key(), TIMEOUT_S, trust) as client:
            described = {name: found for name in names if (found := _described(client, name))}
    models = {name: _model(samples, name, versions[name], described.get(name, {})) for name in names}
    return MeasuredServer(
        url=url,
        memory_bytes=largest(samples, "process_resident_memory_bytes"),
        gpus=_gpus(samples, names),
        tokens=tokens,
        ports=_ports(siblings),
        models=models,
    )


def _versions(url: str, survey: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """Of each model a version that is registered."""
    served: dict[str, str] = {}
    for one in survey["models"]:
        if one["version"] is not None:
            served.setdefault(one["name"], one["version"])
    for name in names:
        if name not in served:
            raise ConfigurationError(
                f"--url {url}: MODEL {name!r} is not served there; it has {', '.join(served) or 'none'}"
            )
    return served


def _own_key() -> str | None:
    """The management key of a server that runs on this machine, if there is one."""
    here = Path.cwd()
    try:
        return find_key("management", [here, find_endpoints(os.environ, here).directory])
    except ServescopeError:
        return None


def _described(client: Connection, name: str) -> Mapping[str, Any]:
    """The default version's description; {} where the server wants another token."""
    try:
        (first, *_) = describe(client, name, None)
    except (RefusedError, ValueError):
        return {}
    return first


def _model(samples: Sequence[Sample], name: str, version: str, described: Mapping[str, Any]) -> MeasuredModel:
    chosen = str(described.get("modelVersion", version))
    own = [sample for sample in samples if sample.labels.get("model_name") == name]
    own = [sample for sample in own if sample.labels.get("model_version") == chosen]
    workers = largest(own, "servescope_workers_wanted")
    batch = only_label(own, "servescope_model_info", "batch_size")
    return MeasuredModel(
        version=chosen,
        workers=int(workers) if workers else None,
        memory_bytes=_memory_bytes(own, described),
        cores=cores(own),
        load_s=load_p90(own),
        response_timeout_s=described.get("responseTimeout"),
        batch_size=int(batch) if batch is not None and batch.isdecimal() else None,
        objectives=objectives(own),
    )


def _memory_bytes(own: Iterable[Sample], described: Mapping[str, Any]) -> float | None:
    """Of the largest worker. The page has it with all that the worker has started; but not in the first seconds."""
    told = (float(worker["memoryUsage"]) for worker in described.get("workers", []))
    return max(largest(own, "servescope_worker_memory_bytes") or 0.0, *told, 0.0) or None


def _gpus(samples: Iterable[Sample], names: Sequence[str]) -> int | None:
    """How many devices the models' workers have memory on; None where none is known, as containers may hide it."""
    devices = {
        one.labels.get("device")
        for one in samples
        if one.name == "servescope_worker_gpu_memory_bytes" and one.labels.get("model_name") in names and one.value > 0
    }
    return len(devices) or None


def _ports(siblings: Siblings) -> Ports | None:
    """Where all three are known and differ. One port for all would show clients the management API."""
    urls = (siblings.inference, siblings.management, siblings.metrics)
    ports = [port_of(url) for url in urls if url is not None]
    usable = len(set(ports)) == 3 and all(port >= _LEAST_PORT for port in ports)
    return Ports(*ports) if usable else None
