"""Calls of handlers behind an envelope."""

from servescope.worker.envelopes.handing import wrap
from servescope.worker.handler.loader import LoadedHandler
from servescope.worker.replies.json_text import AS_BEFORE
from worker.conftest import context_of


def call(envelope, rows, answer=None, **how):
    """What the handler was given, call by call, and what the envelope made of its answer (by default: the same again)."""
    return called(envelope, rows, answer, **how)[:2]


def called(
    envelope,
    rows,
    answer=None,
    *,
    explain="False",
    manifest=None,
    writing=AS_BEFORE,
    v2=None,
    headers=(),
    protocol="",
):
    """As `call`, with the context. `answer`: a value, or a function of what was given. `headers`: each request's."""
    seen = []

    def entry(data, context):
        seen.append(data)
        return data if answer is None else answer(data) if callable(answer) else answer

    said = {"explain": explain} | ({"x-inference-protocol": protocol} if protocol else {})
    each = [said | (headers[place] if place < len(headers) else {}) for place in range(len(rows))]
    context = context_of(tuple(each) or ({},), manifest=manifest)
    handler = wrap(envelope, LoadedHandler(entry, False), writing, v2, "1.0")
    return seen, handler.entry(rows, context), context


def refused(envelope, row, **how):
    """What a client is told whose request is a mistake; its handler was not called."""
    seen, (answer,) = call(envelope, [row], **how)
    assert seen == []
    assert (answer.status, answer.mistake) == (400, True)
    return answer.text
