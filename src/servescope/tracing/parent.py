"""The client's trace context: in, a request's headers; out, OpenTelemetry's `Context` with the remote parent. Called by `otlp`.

The parsing is the W3C propagator's. What is checked before it, is what it would write a warning about: no client may fill the log.
"""

import re
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

LONGEST_PARENT = 512
LONGEST_STATE = 512
MOST_MEMBERS = 32

_KEY = r"[a-z0-9][a-z0-9_\-*/]{0,240}(?:@[a-z][a-z0-9_\-*/]{0,13})?"
_MEMBER = re.compile(rf"({_KEY})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{{0,255}}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")
_NOTHING = Context()

Carrier = dict[str, list[str]]


class _Getter(Getter[Carrier]):
    def get(self, carrier: Carrier, key: str) -> list[str] | None:
        return carrier.get(key)

    def keys(self, carrier: Carrier) -> list[str]:
        return list(carrier)


_GETTER = _Getter()
_PROPAGATOR = TraceContextTextMapPropagator()


def remote_context(headers: Sequence[tuple[bytes, bytes]]) -> Context:
    """The context that a request came in with; an empty one where there is no traceparent, a malformed one, or several."""
    parents: list[str] = []
    states: list[str] = []
    for name, value in headers:
        if len(name) == 11 and name.lower() == b"traceparent":
            parents.append(value.decode("latin-1"))
        elif len(name) == 10 and name.lower() == b"tracestate":
            states.append(value.decode("latin-1"))
    if len(parents) != 1 or len(parents[0]) > LONGEST_PARENT:
        return _NOTHING
    carrier = {"traceparent": parents}
    if states and _is_state(states):
        carrier["tracestate"] = states
    return _PROPAGATOR.extract(carrier, _NOTHING, _GETTER)


def _is_state(states: Sequence[str]) -> bool:
    """Whether a tracestate is one by the W3C's rules; all of it is dropped otherwise."""
    text = ",".join(states)
    if len(text) > LONGEST_STATE:
        return False
    members = [member for part in text.split(",") if (member := part.strip(" \t"))]
    matches = [_MEMBER.fullmatch(member) for member in members]
    keys = {match[1] for match in matches if match is not None}
    return len(keys) == len(members) <= MOST_MEMBERS
