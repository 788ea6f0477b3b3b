"""/livez and /readyz, for orchestrators and load balancers: on every port, without a token, by GET and HEAD.

`http.app` hands such requests over before any API sees them; `server.ports` puts the two together. In: `serving.survey`, which
is asked only where more than yes or no is wanted. Out: 200 or 503 with a word, lines for a person (`?verbose`) or JSON for a
program (`?format=json`); `?model=NAME` asks for one model.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict

from servescope.errors import BadRequest, MethodNotAllowed
from servescope.serving.survey import ModelReport, Standing, Survey, Surveyor
from servescope.web.http.exchange import Exchange, json_body
from servescope.web.http.face import JSON_TYPE

_TEXT_TYPE = (b"content-type", b"text/plain; charset=utf-8")
_METHODS = ("GET", "HEAD")


def probes(surveyor: Surveyor) -> Mapping[str, Callable[[Exchange], None]]:
    """What answers, by path."""

    def ready(exchange: Exchange) -> None:
        _answer_ready(exchange, surveyor)

    return {"/livez": _answer_live, "/livez/": _answer_live, "/readyz": ready, "/readyz/": ready}


def _answer_live(exchange: Exchange) -> None:
    """The loop turns, or nobody would answer."""
    exchange.route = "/livez"
    _require_method(exchange)
    exchange.answer(200, [_TEXT_TYPE], b"live\n")


def _answer_ready(exchange: Exchange, surveyor: Surveyor) -> None:
    exchange.route = "/readyz"
    _require_method(exchange)
    query = exchange.request.parameters()
    form, name = query.get("format", "text"), query.get("model")
    if form not in ("text", "json"):
        raise BadRequest(f"Parameter format must be text or json, not {form!r}.")
    if name is None and form == "text" and "verbose" not in query:
        ready = surveyor.ready
        exchange.answer(200 if ready else 503, [_TEXT_TYPE], b"ready\n" if ready else b"not ready\n")
        return
    survey = surveyor.all() if name is None else surveyor.one(name)
    status = 200 if survey.ready else 503
    if form == "json":
        exchange.answer(status, [JSON_TYPE], json_body({"pid": os.getpid(), **asdict(survey)}))
        return
    lines = [_headline(survey), *map(_line, survey.models)] if "verbose" in query else [_word(survey)]
    exchange.answer(status, [_TEXT_TYPE], "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def _require_method(exchange: Exchange) -> None:
    if exchange.request.method not in _METHODS:
        raise MethodNotAllowed


def _word(survey: Survey) -> str:
    return "ready" if survey.ready else "not ready"


def _headline(survey: Survey) -> str:
    if survey.draining:
        return "not ready: the server is stopping"
    lacking = [report.name for report in survey.models if report.lacking]
    return f"not ready for want of {', '.join(lacking)}" if lacking and not survey.ready else _word(survey)


def _line(report: ModelReport) -> str:
    """One model: where it is, how many workers it has, why it has no more."""
    name = report.name if report.version is None else f"{report.name} {report.version}"
    parts = [f"{name}: {report.standing.replace('_', ' ')}"]
    if report.version is not None and report.standing is not Standing.IDLE:
        parts.append(f"{report.at_work} of {report.asked_for} workers at work")
    if report.standing is Standing.IDLE:
        parts.append("no workers are asked for")
    if report.asked_as is None:
        parts.append("registered after the start")
    elif report.asked_as != report.name:
        parts.append(f"asked for as {report.asked_as}")
    whole = report.standing is Standing.READY and report.at_work >= report.asked_for
    why = "" if whole else ": ".join(filter(None, (report.reason, report.why)))
    return ", ".join(parts) + (f": {why}" if why else "")
