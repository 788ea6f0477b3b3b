"""`servescope plan --from-prometheus` on a recorded history, written by promtool and served by a real Prometheus."""

import json
import math
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integration.prometheus_server import needs_prometheus, prometheus, scraping
from integration.server import COMMAND, free_ports, wait_until
from programs import needs
from servescope.cli.planning.history.prometheus import read_hours

pytestmark = [pytest.mark.integration, needs_prometheus, needs("promtool")]

DAYS, WORKERS, SERVICE_S = 14, 8, 0.05
LEVEL, GROWTH = 60.0, 1.5
HOUR_S = 3600
STEP_S = 600
NOW = int(time.time() // HOUR_S) * HOUR_S


def rate(at_s: float) -> float:
    """Requests a second: busy by day, quiet at weekends, growing by 1.5 a day."""
    hour = at_s / HOUR_S
    weekend = (int(hour) // 24 + 3) % 7 >= 5
    day = (at_s - NOW) / (24 * HOUR_S) + DAYS
    return (0.6 - 0.4 * math.cos(2 * math.pi * hour / 24)) * (0.6 if weekend else 1.0) * (LEVEL + GROWTH * day)


def page() -> str:
    """OpenMetrics: what a server's counters would have been, with two hours in which nobody scraped it."""
    labels = 'model_name="digits",model_version="1.0"'
    lines: dict[str, list[str]] = {"requests": [], "busy": [], "workers": [], "durations": [], "tokens": []}
    total = 0.0
    begin = NOW - DAYS * 24 * HOUR_S - 2 * HOUR_S
    for at in range(begin, NOW + 1, STEP_S):
        total += rate(at - STEP_S / 2) * STEP_S
        if NOW - 50 * HOUR_S < at < NOW - 47 * HOUR_S:
            continue
        lines["requests"].append(f'servescope_requests_total{{{labels},code="200"}} {total:.3f} {at}')
        lines["busy"].append(
            f'servescope_worker_busy_seconds_total{{{labels},worker="1"}} {total * SERVICE_S:.3f} {at}'
        )
        lines["workers"].append(f'servescope_workers{{{labels},state="ready"}} {WORKERS} {at}')
    for at in range(
        NOW - 3 * HOUR_S, NOW + 1, 60
    ):  # a rollout: another server takes over in the middle of the last hour
        instance, version = ("old", "1.0") if at <= NOW - HOUR_S // 2 else ("new", "2.0")
        own = f'model_name="moved",model_version="{version}",instance="{instance}"'
        lines["requests"].append(f'servescope_requests_total{{{own},code="200"}} {at % 100_000} {at}')
        lines["workers"].append(f'servescope_workers{{{own},state="ready"}} {WORKERS} {at}')
        count = at % 100_000  # answered within 0.1 s, but a first token takes longer
        for family, where, within in (
            ("request_duration", "durations", count),
            ("llm_time_to_first_token", "tokens", 0),
        ):
            for bound, value in (("0.1", within), ("1", count), ("+Inf", count)):
                lines[where].append(f'servescope_{family}_seconds_bucket{{{own},le="{bound}"}} {value} {at}')
    families = (
        ("# TYPE servescope_requests counter", lines["requests"]),
        ("# TYPE servescope_worker_busy_seconds counter", lines["busy"]),
        ("# TYPE servescope_workers gauge", lines["workers"]),
        ("# TYPE servescope_request_duration_seconds histogram", lines["durations"]),
        ("# TYPE servescope_llm_time_to_first_token_seconds histogram", lines["tokens"]),
    )
    return "\n".join([line for head, rows in families for line in (head, *rows)] + ["# EOF", ""])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Prometheus with that history answers."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "history.txt").write_text(page())
    words = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "history.txt"), str(folder / "tsdb")]
    subprocess.run(words, check=True, capture_output=True)
    with prometheus(folder, scraping(*free_ports(1))) as server:
        wait_until(lambda: server.series("servescope_workers", time=NOW), "the history")
        yield str(server._http.base_url)


def planned(*words: str) -> tuple[int, str, str]:
    """Status, standard output and standard error."""
    found = subprocess.run([*COMMAND, "plan", *words], capture_output=True, text=True, timeout=100, check=False)
    return found.returncode, found.stdout, found.stderr


def true_day() -> int:
    """When the rate first has 80 % of what the workers can do."""
    ceiling = 0.8 * WORKERS / SERVICE_S
    return next(at for at in range(NOW, NOW + 400 * 24 * HOUR_S, HOUR_S) if rate(at - HOUR_S / 2) >= ceiling)


def test_the_day_is_within_the_interval(url: str) -> None:
    """And expected within two days; the workers are the limit, too many so far, and the gap is told."""
    status, out, err = planned("--from-prometheus", url, "--model", "digits", "--json")
    assert status == 0, err
    found = json.loads(out)
    low, high = found["meets_interval"]
    day = 24 * HOUR_S
    assert low - day <= true_day() <= high + day
    assert abs(found["meets"] - true_day()) <= 2 * day
    assert found["limit"] == "worker"
    assert found["ceiling"] == pytest.approx(128, rel=0.02)
    assert found["missing_hours"] > 0
    assert found["correlations"]["worker"] > 0.99
    assert (found["workers_now"], found["workers_needed"]) == (
        WORKERS,
        math.ceil(found["busiest"][0][1] * SERVICE_S / 0.8),
    )


def test_it_reads_well(url: str) -> None:
    """As a table, with the day."""
    status, out, _ = planned("digits", "--from-prometheus", url)
    assert status == 0
    assert "meets the ceiling" in out
    assert datetime.fromtimestamp(true_day(), UTC).strftime("%Y-") in out
    assert "hours are missing" in out


def test_a_plan_is_checked(url: str, tmp_path: Path) -> None:
    """The history has no latencies, so that nothing can be said; and what is no plan is refused by name."""
    plan = {"model": "digits", "objective": "p95 ≤ 200 ms", "share": 0.95, "limit_s": 0.2, "goodput_per_worker": 14.0}
    (tmp_path / "plan.json").write_text(json.dumps({**plan, "goodput_per_worker_interval": [12.0, 16.0]}))
    status, out, err = planned("--from-prometheus", url, "--check", str(tmp_path / "plan.json"))
    assert status == 0, err
    assert "not tried" in out
    (tmp_path / "none.json").write_text("[]")
    status, _, err = planned("--from-prometheus", url, "--check", str(tmp_path / "none.json"))
    assert status == 1
    assert "none.json' is no plan" in err


def test_servers_that_take_each_others_place_are_not_counted_twice(url: str) -> None:
    """In the hour of a rollout there were as many workers as before it and after it, but for the five minutes that Prometheus holds
    on to a series of which nobody has told it that it has ended.
    """
    hours = read_hours(url, "moved", 1, NOW + 60)
    assert [one.workers for one in hours[-2:]] == pytest.approx([WORKERS, WORKERS], rel=0.1)


MOVED = {"model": "moved", "objective": "p95 ≤ 200 ms", "share": 0.95, "limit_s": 0.2, "goodput_per_worker": 14.0}


@pytest.mark.parametrize(
    ("changed", "words", "status", "said"),
    [
        ({"goodput_per_worker_interval": [12.0, 16.0]}, [], 0, "right"),
        ({"version": "2.0", "of": "latency"}, [], 0, "right"),
        ({"version": "3.0"}, [], 1, "no hour of moved 3.0"),
        ({"of": "ttft"}, [], 1, "too hopeful"),
        ({"of": "itl"}, [], 1, "not the mean of a request's"),
        ({"goodput_per_worker": None, "goodput_per_worker_interval": [12.0, None]}, [], 0, "not known requests/s"),
        ({}, ["--model", "digits"], 1, "is a plan of 'moved', not of 'digits'"),
        ({"limit_s": "soon"}, [], 1, "is no plan"),
    ],
)
def test_a_plan_is_held_against_its_own_history(
    changed: dict[str, object], words: list[str], status: int, said: str, url: str, tmp_path: Path
) -> None:
    """Of its version, and what its objective is about; another's is refused by name."""
    plan = {**MOVED, "goodput_per_worker_interval": [12.0, 16.0], **changed}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    found, out, err = planned("--from-prometheus", url, "--check", str(tmp_path / "plan.json"), *words)
    assert said in " ".join((out + err).split())
    assert found == status


def test_a_password_in_the_address_is_not_told() -> None:
    """Errors go to logs."""
    status, out, err = planned("--from-prometheus", "http://me:secret@127.0.0.1:1", "--model", "digits")
    assert (status, out) == (1, "")
    assert "http://127.0.0.1:1: no answer" in err
    assert "secret" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from-prometheus", "http://127.0.0.1:1", "--model", "digits"], "http://127.0.0.1:1: no answer"),
        (["--from-prometheus", "URL", "--model", "gone"], "'gone'"),
        (["--from-prometheus", "URL"], "whose history"),
        (["digits", "--slo", "p99=200ms"], "--rps is missing"),
        (["digits", "--slo", "p99", "--rps", "1"], "--slo 'p99'"),
        (["digits", "--slo", "p99=1s", "--rps", "1", "--headroom", "2"], "--headroom '2'"),
        (["digits", "--slo", "p99=1s", "--rps", "1", "--sweep", "1,x"], "--sweep '1,x'"),
        (["digits", "--slo", "p99=1s", "--rps", "1", "--budget", "1s"], "--budget '1s'"),
        (["digits", "--slo", "p99=1s", "--rps", "1", "--check", "x"], "--check needs --from-prometheus"),
    ],
)
def test_what_cannot_be_is_refused_by_name(words: list[str], said: str, url: str) -> None:
    """A Prometheus that is away, a model without history, options that make no sense: a line, and no traceback."""
    status, out, err = planned(*(url if word == "URL" else word for word in words))
    assert status in (1, 2)
    assert out == ""
    assert said in err
    assert "Traceback" not in err
