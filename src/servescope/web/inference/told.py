"""Who asked over HTTP, as a span tells it: an exchange that is over in, fields of a `FinishedRequest` out.

Called by `prediction` and `workflows`.
"""

from typing import Any

from servescope.web.http.exchange import Exchange


def asked_by(exchange: Exchange) -> dict[str, Any]:
    """The method, the route and the path, and from whom; see `FinishedRequest`."""
    request = exchange.request
    sender = exchange.observers.sender(exchange)
    return {
        "method": request.method,
        "route": exchange.route,
        "path": request.path,
        "scheme": sender.scheme or ("https" if exchange.connection.secure else "http"),
        "host": sender.host or request.header(b"host") or "",
        "client": sender.client,
        "peer": exchange.connection.client,
        "user_agent": request.header(b"user-agent") or "",
    }
