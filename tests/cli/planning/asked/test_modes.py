"""What has no effect with a kind of plan is refused, and not passed over."""

import inspect

import pytest

from servescope.cli.main import run
from servescope.cli.planning.asked.modes import KINDS
from servescope.cli.planning.command import plan

HISTORY = ["--from-prometheus", "http://127.0.0.1:1"]
FILES = ["m", "--slo", "p99=1s", "--rps", "1", "--measured", "x.json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*HISTORY, "m", "--rps", "3"], "--rps has no effect with --from-prometheus"),
        ([*HISTORY, "m", "--html", "x.html"], "--html has no effect with --from-prometheus"),
        ([*HISTORY, "m", "--headroom", "N+0"], "--headroom has no effect with --from-prometheus"),
        ([*HISTORY, "--check", "plan.json", "--slo", "p99=1s"], "--slo has no effect with --check"),
        ([*HISTORY, "m", "--measured", "x.json"], "--measured has no effect with --from-prometheus"),
        ([*FILES, "--budget", "240s"], "--budget has no effect with --measured, which sends nothing"),
        ([*FILES, "--seed", "2"], "--seed has no effect with --measured"),
        (["m", "--slo", "p99=1s", "--rps", "1", "--days", "3"], "--days has no effect with a plan from loads"),
        ([*HISTORY, "m", "--model", "n"], "MODEL 'm' and --model 'n' are two models"),
    ],
)
def test_it_is_named(words, said, capsys):
    """Also where it says what holds anyway."""
    assert run(["plan", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_each_parameter_belongs_to_a_kind():
    """And no kind has one that is none."""
    parameters = set(inspect.signature(plan).parameters) - {"context"}
    assert set().union(*KINDS.values()) == parameters
