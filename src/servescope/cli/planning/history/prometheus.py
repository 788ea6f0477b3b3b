"""A model's hours as Prometheus has kept them: in, its URL and the model's name; out, `Hour`s. Called by `past`."""

import json
from typing import Any

import httpx

from servescope.errors import ConfigurationError
from servescope.planner.history.hours import HOUR_S, Hour, hours_of

_TIMEOUT_S = 60.0


def read_hours(url: str, model: str, days: int, now_s: float, share: float) -> list[Hour]:
    """Whole hours, the last of which has just ended. `share`: of requests that `took_s` is about.

    Raises:
        ConfigurationError: Prometheus does not answer, or refuses.
    """
    end = int(now_s // HOUR_S) * HOUR_S
    with httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as http:
        found = {
            name: _range(http, url, query, end - days * 24 * HOUR_S, end)
            for name, query in queries(model, share).items()
        }
    return hours_of(found)


def queries(model: str, share: float) -> dict[str, str]:
    """By the names of `Hour`'s fields."""
    own = f"model_name={json.dumps(model, ensure_ascii=False)}"
    stage = f'{own},stage="queue"'
    wait = "servescope_request_stage_seconds"
    return {
        "rate": f"sum(rate(servescope_requests_total{{{own}}}[1h]))",
        "workers": f'sum(avg_over_time(servescope_workers{{{own},state=~"ready|busy"}}[1h]))',
        "busy_s": f"sum(rate(servescope_worker_busy_seconds_total{{{own}}}[1h]))",
        "cpu_share": "avg(avg_over_time(CPUUtilization[1h])) / 100",
        "gpu_share": "avg(avg_over_time(servescope_gpu_utilization_ratio[1h]))",
        "queue_s": f"sum(rate({wait}_sum{{{stage}}}[1h])) / sum(rate({wait}_count{{{stage}}}[1h]))",
        "took_s": f"histogram_quantile({share:g},"
        f" sum by (le) (rate(servescope_request_duration_seconds_bucket{{{own}}}[1h])))",
    }


def _range(http: httpx.Client, url: str, query: str, start: int, end: int) -> dict[int, float]:
    asked = {"query": query, "start": str(start), "end": str(end), "step": str(HOUR_S)}
    try:
        answer = http.get(f"{url.rstrip('/')}/api/v1/query_range", params=asked)
        body: dict[str, Any] = answer.json()
        if body["status"] != "success":
            raise ConfigurationError(f"--from-prometheus {url}: {body.get('error', answer.text[:200])}")
        rows = body["data"]["result"]
        return {int(float(at)): float(value) for at, value in rows[0]["values"]} if rows else {}
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConfigurationError(f"--from-prometheus {url}: no answer: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"--from-prometheus {url}: no answer that Prometheus would give") from error
