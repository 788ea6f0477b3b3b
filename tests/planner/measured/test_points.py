"""Result files of AIPerf and `vllm bench serve` as measured points."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import ConfigurationError
from servescope.planner.measured.points import find_points, parse_run
from servescope.planner.measured.run import Run
from servescope.planner.objective import parse_objective

TTFT = parse_objective("ttft_p95=300ms")


def vllm(rate=4.0, p95=200.0, **more):
    """As `--save-result` writes it, with --percentile-metrics and --metric-percentiles."""
    document = {
        "date": "20260101-000000", "endpoint_type": "openai", "model_id": "m", "num_prompts": 100, "request_rate": rate,
        "burstiness": 1.0, "max_concurrency": None, "duration": 25.0, "completed": 100, "failed": 0, "total_input_tokens": 51200,
        "total_output_tokens": 3200, "request_throughput": rate, "request_goodput": None, "output_throughput": 32 * rate,
        "mean_ttft_ms": 90.0, "median_ttft_ms": 80.0, "std_ttft_ms": 9.0, "p95_ttft_ms": p95, "p99_ttft_ms": 2 * p95,
        "median_tpot_ms": 9.0, "p99_tpot_ms": 12.0, "p99_itl_ms": 40.0, "median_e2el_ms": 500.0, "p99.9_e2el_ms": 900.0,
    }  # fmt: skip
    return json.dumps(document | more)


def aiperf(rate=4.0, p95=200.0, **more):
    """As profile_export_aiperf.json has it."""
    document = {
        "request_throughput": {"unit": "requests/sec", "avg": rate},
        "request_latency": {"unit": "ms", "avg": 600.0, "p50": 500.0, "p99": 900.0, "max": 950.0},
        "time_to_first_token": {
            "unit": "ms",
            "avg": 90.0,
            "p50": 80.0,
            "p95": p95,
            "p99": 2 * p95,
            "max": 3 * p95,
            "std": 5.0,
        },
        "inter_token_latency": {"unit": "ms", "avg": 9.0, "p99": 12.0},
        "output_token_throughput": {"unit": "tokens/sec", "avg": 32 * rate},
        "request_count": {"unit": "requests", "avg": 100.0},
        "error_request_count": None,
        "error_summary": [],
        "input_config": {"loadgen": {"request_rate": rate, "request_rate_mode": "poisson"}},
    }
    return json.dumps(document | more)


@pytest.mark.parametrize("write", [vllm, aiperf])
def test_a_file_is_read(write):
    """Rates, percentiles in seconds by what an objective is about, tokens, and that a schedule sent."""
    run = parse_run(write(), "f")
    assert (run.rate, run.offered, run.failed, run.tokens) == (4.0, 4.0, 0.0, 128.0)
    assert run.percentiles["ttft"][0.95] == pytest.approx(0.2)
    assert run.percentiles["ttft"][0.5] == pytest.approx(0.08)
    assert run.percentiles["itl"][0.99] == pytest.approx(0.012)
    assert run.percentiles["latency"][0.5] == pytest.approx(0.5)


def test_older_aiperf_has_a_room_for_its_metrics():
    """The same is read."""
    assert parse_run(json.dumps({"records": json.loads(aiperf())}), "f").rate == 4.0


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        (vllm(completed=90, failed=10), 0.1),
        (vllm(completed=80, failed=None), 0.2),
        (aiperf(error_request_count={"unit": "requests", "avg": 25}), 0.2),
        (aiperf(error_summary=[{"count": 60}, {"count": 40}, "x"]), 0.5),
    ],
)
def test_failures_are_counted(text, failed):
    """However they are told."""
    assert parse_run(text, "f").failed == pytest.approx(failed)


@pytest.mark.parametrize(
    "text",
    [
        vllm(max_concurrency=8),
        vllm(request_rate="inf"),
        aiperf(input_config={"loadgen": {"concurrency": 8}}),
        aiperf(input_config=None),
    ],
)
def test_a_run_without_a_schedule_is_told(text):
    """Its clients wait for each other, and so are spared."""
    run = parse_run(text, "f")
    assert run.offered is None
    assert any("wait longer at the same rate" in one for one in find_points({1: [run]}, TTFT, 0.99).remarks)


def test_the_edge_is_between_what_was_kept_and_broken():
    """And no closer than the files are."""
    runs = [parse_run(text, "f") for text in (vllm(2), aiperf(4), vllm(9, 400.0), aiperf(16, 900.0))]
    (point,) = find_points({2: runs}, TTFT, 0.99).points
    assert (point.workers, point.edge.low, point.edge.high, point.edge.by) == (2, 4.0, 9.0, "bracket")
    assert point.edge.rate == pytest.approx(6.0)


def test_a_server_that_falls_behind_has_broken_at_what_was_sent():
    """Not at what it still answered."""
    (point,) = find_points(
        {1: [parse_run(vllm(4), "f"), parse_run(vllm(3.9, 5000.0, request_rate=8), "f")]}, TTFT, 0.99
    ).points
    assert (point.edge.low, point.edge.high) == (4.0, 8.0)


def test_files_that_contradict_each_other_widen_the_interval():
    """And are told."""
    found = find_points({1: [parse_run(vllm(6), "f"), parse_run(vllm(4, 400.0), "f")]}, TTFT, 0.99)
    assert (found.points[0].edge.low, found.points[0].edge.high) == (4.0, 6.0)
    assert any("another kept it at 6" in one for one in found.remarks)


def test_what_was_never_broken_is_open_above():
    """The edge may be higher."""
    found = find_points({1: [parse_run(vllm(4), "f")]}, TTFT, 0.99)
    assert found.points[0].edge.high == math.inf
    assert any("may be higher" in one for one in found.remarks)
    assert found.tokens_a_request == pytest.approx(32)


@pytest.mark.parametrize(
    ("slo", "failed", "kept"),
    [
        ("ttft_p95=300ms", 0.0, True),
        ("ttft_p95=150ms", 0.0, False),
        ("ttft_p90=300ms", 0.0, True),  # p95 is in time, so p90 is
        ("ttft_p97=500ms", 0.0, True),  # p99 is in time
        ("ttft_p97=150ms", 0.0, False),  # p95 is late already
        ("ttft_p95=300ms", 0.005, None),  # of those answered 95.5 % have to be in time, which is not told
        ("ttft_p95=300ms", 0.06, False),  # 6 % never were
        ("ttft_p97=300ms", 0.0, None),
        ("itl_p99=300ms", 0.0, None),
    ],
)
def test_whether_a_run_kept_it(slo, failed, kept):
    """By the percentiles that there are; what they do not tell is not guessed."""
    run = Run("x.json", 4.0, 4.0, failed, {"ttft": {0.5: 0.08, 0.95: 0.2, 0.99: 0.4}})
    if kept is not None:
        assert run.kept(parse_objective(slo), 0.9) is kept
        return
    with pytest.raises(ConfigurationError) as refused:
        run.kept(parse_objective(slo), 0.9)
    assert "x.json does not tell" in refused.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "neither AIPerf"),
        ("{}", "neither AIPerf"),
        (vllm(request_throughput=0), "request_throughput 0.0 is no number above 0"),
        (vllm(completed=0), "completed 0.0"),
        (vllm(request_throughput="fast"), "request_throughput 'fast'"),
        (aiperf(request_count=None), "request_count None"),
        (aiperf(time_to_first_token={"unit": "weeks", "p95": 1}), "time_to_first_token is in 'weeks'"),
        (aiperf(request_throughput={"avg": float("nan")}), "request_throughput nan"),
    ],
)
def test_what_is_no_result_is_refused_by_name(text, said):
    """With the file, the key and the value."""
    with pytest.raises(ConfigurationError) as refused:
        parse_run(text, "--measured 'x.json'")
    assert "--measured 'x.json'" in refused.value.message
    assert said in refused.value.message


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["avg", "unit", "p95", "max", "count"]), inner)
    ),
    max_leaves=6,
)


@given(st.sampled_from([vllm(), aiperf()]), st.data())
def test_any_value_is_read_or_refused(text, data):
    """No other error, whatever one key holds."""
    document = json.loads(text)
    key = data.draw(st.sampled_from(sorted(document)))
    try:
        run = parse_run(json.dumps(document | {key: data.draw(VALUES)}), "f")
        find_points({1: [run]}, TTFT, 0.99)
    except ConfigurationError:
        return
    assert run.rate > 0
