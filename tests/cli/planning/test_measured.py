"""`--measured`: a plan from files, with nothing sent."""

import json

import pytest

from servescope.cli.main import run
from servescope.cli.planning.measured import plan_measured
from servescope.errors import ConfigurationError
from servescope.planner.objective import parse_objective
from servescope.planner.plan.plan import Asked

ASKED = Asked("gpt", parse_objective("ttft_p95=300ms"), 40.0)


@pytest.fixture
def result(tmp_path):
    """Writes a result of a rate and a p95, and says what to type for it."""

    def write(rate, p95, workers=1):
        file = tmp_path / f"{workers}-{rate}.json"
        told = {"completed": 100, "failed": 0, "duration": 9.0, "request_rate": rate, "max_concurrency": None}
        told |= {"request_throughput": rate, "output_throughput": 10 * rate, "p95_ttft_ms": p95}
        file.write_text(json.dumps(told), "utf-8")
        return f"{workers}={file}"

    return write


def test_workers_and_machines_come_from_files(result):
    """From the low end of what was kept; tokens beside; what is not known is said."""
    plan = plan_measured([result(4, 200), result(9, 900), result(7, 200, 2), result(16, 900, 2)], ASKED)
    assert [point.workers for point in plan.points] == [1, 2]
    assert plan.workers == plan.machines * plan.workers_per_machine
    assert plan.machines * plan.machine_rate >= 40
    assert plan.limit.name == "unknown"
    assert plan.autoscale == {"minWorkers": plan.workers_per_machine, "maxWorkers": plan.autoscale["maxWorkers"]}
    assert plan.tokens_per_second == pytest.approx(10 * plan.edge.rate)
    assert json.loads(json.dumps(plan.to_json(), allow_nan=False))["edge"]["by"] == "bracket"


def test_where_nothing_kept_it_the_nearest_is_told(result):
    """And there are no workers."""
    plan = plan_measured([result(4, 700), result(2, 500)], ASKED)
    assert (plan.workers, plan.nearest) == (None, "p95 = 500 ms at 2 requests/s")


@pytest.mark.parametrize(
    ("word", "said"),
    [("absent.json", "cannot be read"), ("0=x", "0 is no count of workers"), ("99999=x", "99999 is no count")],
)
def test_what_is_none_is_refused_by_name(word, said):
    """With what was typed."""
    with pytest.raises(ConfigurationError) as refused:
        plan_measured([word], ASKED)
    assert "--measured" in refused.value.message
    assert said in refused.value.message


def test_the_command_tells_it(result, capsys):
    """The plan alone on standard output; status 1 where nothing kept the objective."""
    asked = ["plan", "gpt", "--slo", "ttft_p95=300ms", "--rps", "40", "--json"]
    assert run([*asked, "--measured", result(4, 200), "--measured", result(9, 900)]) == 0
    assert json.loads(capsys.readouterr().out)["goodput_per_worker_interval"] == [4.0, 9.0]
    assert run([*asked, "--measured", result(9, 900)]) == 1
    assert json.loads(capsys.readouterr().out)["nearest"] == "p95 = 900 ms at 9 requests/s"


@pytest.mark.parametrize(
    "words",
    [
        ["--shadow"], ["--yes"], ["--sweep", "1,2"], ["--payload", "x"], ["--path", "/x"], ["--version", "2"], ["--url", "http://h"],
        ["--input-tokens", "fixed:1", "--output-tokens", "fixed:1"], ["--from-prometheus", "http://h"],
    ],
)  # fmt: skip
def test_what_would_have_no_effect_is_refused(words, result, capsys):
    """By its name."""
    asked = ["plan", "gpt", "--slo", "ttft_p95=300ms", "--rps", "40", "--measured", result(4, 200)]
    assert run([*asked, *words]) == 2
    assert words[0] in capsys.readouterr().err
