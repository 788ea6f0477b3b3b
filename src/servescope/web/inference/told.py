"""What the span of a client's request tells of it: an exchange that is over in, a `FinishedRequest` out.

Called by `prediction` and `workflows`.
"""

from collections.abc import Mapping

from servescope.errors import ServescopeError, WorkerFailed
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.tracing.spans import FinishedRequest
from servescope.web.http.exchange import Exchange


def finished_request(
    exchange: Exchange,
    code: int,
    ended: float,
    error: ServescopeError | None,
    *,
    stages: Mapping[str, float],
    model: str,
    version: str = "",
    times: BatchTimes | None = None,
    workflow: bool = False,
) -> FinishedRequest:
    """See `FinishedRequest`. `error`: what was answered, or broke the answer off."""
    request, transport = exchange.request, exchange.connection.transport
    sender = exchange.observers.sender(exchange)
    scheme = sender.scheme or ("https" if transport.get_extra_info("sslcontext") else "http")
    return FinishedRequest(
        began=exchange.began,
        ended=ended,
        status=code,
        method=request.method,
        route=exchange.route,
        path=request.path,
        model=model,
        version=version,
        workflow=workflow,
        request_id=exchange.request_id,
        stages=stages,
        worker=times.worker if times is not None else "",
        batch_size=times.size if times is not None else 0,
        scheme=scheme,
        host=sender.host or request.header(b"host") or "",
        client=sender.client,
        peer=exchange.connection.client,
        user_agent=request.header(b"user-agent") or "",
        raised=error.raised if isinstance(error, WorkerFailed) else None,
    )
