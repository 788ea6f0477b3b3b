"""What a server that is stopping still has in flight, by its own metrics. Asked by `cli.stop`, while the ports are open still."""

from urllib.parse import quote

from servescope.cli.client.endpoints import open_client
from servescope.cli.client.scrape import Sample, parse
from servescope.cli.client.trust import trusting_only
from servescope.errors import ServescopeError

TIMEOUT_S = 2.0
_IN_FLIGHT = "servescope_requests_in_flight"
_QUEUED = "servescope_queue_depth"
_PATH = "/metrics?" + "&".join(f"{quote('name[]')}={family}" for family in (_IN_FLIGHT, _QUEUED))


def in_flight(metrics: str, certificate: str | None) -> str | None:
    """`m 1.0 (3 requests, 1 of them in the queue)` for each model that has some; None where nobody answers."""
    try:
        trust = trusting_only(certificate) if certificate is not None else None
        with open_client(metrics, None, TIMEOUT_S, trust) as client:
            answer = client.request("GET", _PATH)
    except ServescopeError:
        return None
    return None if answer.is_error else described(parse(answer.text))


def described(samples: list[Sample]) -> str:
    """The models with requests in flight, "" for none."""
    queued = {_model(sample): int(sample.value) for sample in samples if sample.name == _QUEUED}
    counts = {_model(sample): int(sample.value) for sample in samples if sample.name == _IN_FLIGHT and sample.value > 0}
    return ", ".join(
        f"{model} ({count} request{'s' if count != 1 else ''}, {queued.get(model, 0)} of them in the queue)"
        for model, count in sorted(counts.items())
    )


def _model(sample: Sample) -> str:
    return f"{sample.labels.get('model_name', '')} {sample.labels.get('model_version', '')}".strip()
