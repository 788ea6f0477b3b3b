"""/livez and /readyz, for orchestrators and load balancers: on every port, without a token, by GET and HEAD.

`http.app` hands such requests over before any API sees them; `server.http.ports` puts the two together. In:
`serving.readiness.survey`, which is asked only where more than yes or no is wanted. Out: 200 or 503 with a word, or with lines
for a person (`?verbose`); `?model=NAME` asks for one model. `/readyz/models` has the same for programs, as JSON and always with
200, so that who watches a start leaves no errors in the counters.
"""

import os
from collections.abc import Callable, Mapping

from msgspec import to_builtins

from servescope.errors import MethodNotAllowed
from servescope.serving.readiness.survey import ModelReport, Standing, Survey, Surveyor
from servescope.web.http.exchange import Exchange, json_body
from servescope.web.http.face import JSON_TYPE

_TEXT_TYPE = (b"content-type", b"text/plain; charset=utf-8")
_METHODS = ("GET", "HEAD")
_WITHOUT_WORKERS = (Standing.IDLE, Standing.ASLEEP)

Probe = Callable[[Exchange], None]


def probes(surveyor: Surveyor) -> Mapping[str, Probe]:
    """What answers, by path; a slash at the end means nothing."""

    def live(exchange: Exchange) -> None:
        """The loop turns, or nobody would answer."""
        _answer(exchange, 200, ["live"])

    def ready(exchange: Exchange) -> None:
        _answer_ready(exchange, surveyor)

    def models(exchange: Exchange) -> None:
        survey = _survey(exchange, surveyor)
        exchange.answer(200, [JSON_TYPE], json_body({"pid": os.getpid(), **to_builtins(survey)}))

    known: dict[str, Probe] = {"/livez": live, "/readyz": ready, "/readyz/models": models}
    guarded = {path: _guarded(path, probe) for path, probe in known.items()}
    return guarded | {f"{path}/": probe for path, probe in guarded.items()}


def _guarded(path: str, probe: Probe) -> Probe:
    def answer(exchange: Exchange) -> None:
        exchange.route = path
        if exchange.request.method not in _METHODS:
            raise MethodNotAllowed
        probe(exchange)

    return answer


def _answer_ready(exchange: Exchange, surveyor: Surveyor) -> None:
    query = exchange.request.parameters()
    if "model" not in query and "verbose" not in query:  # the cheap way, which probes take
        ready = surveyor.ready
        _answer(exchange, 200 if ready else 503, [_word(ready)])
        return
    survey = _survey(exchange, surveyor)
    lines = [_headline(survey), *map(_line, survey.models)] if "verbose" in query else [_word(survey.ready)]
    _answer(exchange, 200 if survey.ready else 503, lines)


def _answer(exchange: Exchange, status: int, lines: list[str]) -> None:
    exchange.answer(status, [_TEXT_TYPE], "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def _survey(exchange: Exchange, surveyor: Surveyor) -> Survey:
    name = exchange.request.parameters().get("model")
    return surveyor.all() if name is None else surveyor.one(name)


def _word(ready: bool) -> str:
    return "ready" if ready else "not ready"


def _headline(survey: Survey) -> str:
    if survey.draining:
        return "not ready: the server is stopping"
    lacking = [report.name for report in survey.models if report.lacking]
    return f"not ready for want of {', '.join(lacking)}" if lacking and not survey.ready else _word(survey.ready)


def _line(report: ModelReport) -> str:
    """One model: where it is, how many workers it has, why it has no more."""
    name = report.name if report.version is None else f"{report.name} {report.version}"
    parts = [f"{name}: {report.standing.replace('_', ' ')}"]
    if report.version is not None and report.standing not in _WITHOUT_WORKERS:
        parts.append(f"{report.at_work} of {report.asked_for} workers at work")
    if report.standing is Standing.IDLE:
        parts.append("no workers are asked for")
    if report.standing is Standing.ASLEEP:
        parts.append("a request wakes it")
    if report.asked_as is None and report.standing is not Standing.UNLOADING:
        parts.append("registered after the start")
    elif report.asked_as not in (None, report.name):
        parts.append(f"asked for as {report.asked_as}")
    whole = report.standing is Standing.READY and report.at_work >= report.asked_for
    nothing_wrong = whole or report.standing in (*_WITHOUT_WORKERS, Standing.WAKING)
    why = "" if nothing_wrong else ": ".join(filter(None, (report.reason, report.why)))
    return ", ".join(parts) + (f": {why}" if why else "")
