"""A model's hours as Prometheus has kept them: in, its URL and the model's name; out, `Hour`s. Called by `past`."""

import json
import ssl
from typing import Any

import httpx

from servescope.cli.client.trust import trusting
from servescope.config.shown_url import shown_url
from servescope.errors import ConfigurationError
from servescope.planner.history.hours import HOUR_S, Hour, hours_of
from servescope.planner.objective import Objective

_TIMEOUT_S = 60.0
_TIMES = {
    "latency": "servescope_request_duration_seconds",
    "ttft": "servescope_llm_time_to_first_token_seconds",
}
_MEDIAN = Objective(0.5, 1.0)


def read_hours(
    url: str,
    model: str,
    days: int,
    now_s: float,
    *,
    objective: Objective = _MEDIAN,
    version: str | None = None,
    ca_file: str | None = None,
) -> list[Hour]:
    """Whole hours, the last of which has just ended. `objective`: which percentile `took_s` is. `version`: None for all together.

    Raises:
        ConfigurationError: Prometheus does not answer, or refuses; or it has nothing of what the objective is about.
    """
    if objective.of not in _TIMES:
        raise ConfigurationError(
            f"--check: the history has no {objective}: it has each time between tokens, not the mean of a request's"
        )
    end = int(now_s // HOUR_S) * HOUR_S
    trust: ssl.SSLContext | bool = True if ca_file is None else trusting(ca_file)
    with httpx.Client(timeout=_TIMEOUT_S, trust_env=False, verify=trust) as http:
        found = {
            name: _range(http, url, query, end - (days * 24 - 1) * HOUR_S, end)
            for name, query in queries(model, version, objective).items()
        }
    return hours_of(found)


def queries(model: str, version: str | None, objective: Objective) -> dict[str, str]:
    """By the names of `Hour`'s fields. Workers are added up at each moment and then averaged: of servers that take each other's
    place within the hour there are not both.
    """
    own = f"model_name={_quoted(model)}" + ("" if version is None else f",model_version={_quoted(version)}")
    stage = f'{own},stage="queue"'
    wait = "servescope_request_stage_seconds"
    return {
        "rate": f"sum(rate(servescope_requests_total{{{own}}}[1h]))",
        "workers": f'avg_over_time(sum(servescope_workers{{{own},state=~"ready|busy"}})[1h:1m])',
        "busy_s": f"sum(rate(servescope_worker_busy_seconds_total{{{own}}}[1h]))",
        "cpu_share": "avg(avg_over_time(CPUUtilization[1h])) / 100",
        "gpu_share": "avg(avg_over_time(servescope_gpu_utilization_ratio[1h]))",
        "queue_s": f"sum(rate({wait}_sum{{{stage}}}[1h])) / sum(rate({wait}_count{{{stage}}}[1h]))",
        "took_s": f"histogram_quantile({objective.share:g},"
        f" sum by (le) (rate({_TIMES[objective.of]}_bucket{{{own}}}[1h])))",
    }


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _range(http: httpx.Client, url: str, query: str, start: int, end: int) -> dict[int, float]:
    asked = {"query": query, "start": str(start), "end": str(end), "step": str(HOUR_S)}
    shown = shown_url(url)
    try:
        answer = http.get(f"{url.rstrip('/')}/api/v1/query_range", params=asked)
        body: dict[str, Any] = answer.json()
        if body["status"] != "success":
            raise ConfigurationError(f"--from-prometheus {shown}: {body.get('error', answer.text[:200])}")
        rows = body["data"]["result"]
        return {int(float(at)): float(value) for at, value in rows[0]["values"]} if rows else {}
    except httpx.TimeoutException as error:
        raise ConfigurationError(f"--from-prometheus {shown}: no answer in {_TIMEOUT_S:g} s to {query}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConfigurationError(f"--from-prometheus {shown}: no answer: {error}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ConfigurationError(
            f"--from-prometheus {shown}: no answer that Prometheus would give ({answer.status_code})"
        ) from error
