"""`servescope metrics list` and `check`."""

from pathlib import Path

import typer
from typer.testing import CliRunner

from servescope.cli.metrics import check, list_metrics
from servescope.metrics.definitions import DEFINITIONS
from servescope.metrics.reference import render_reference

GOOD = "model_metrics: {counter: [{name: Calls, unit: count, dimensions: [ModelName]}]}"


def invoke(*args: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command("list")(list_metrics)
    app.command("check")(check)
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, args)
    return result.exit_code, result.output


def test_list() -> None:
    """A row a family."""
    code, output = invoke("list")
    assert code == 0
    assert all(definition.name in output for definition in DEFINITIONS)


def test_markdown() -> None:
    """The reference page itself, so that it can be piped into docs/metrics.md."""
    assert invoke("list", "--markdown") == (0, render_reference())


def test_check_good(tmp_path: Path) -> None:
    """Says how many, and what is not shown."""
    path = tmp_path / "metrics.yaml"
    path.write_text(GOOD)
    code, output = invoke("check", str(path))
    assert code == 0
    assert "good. all server metrics, 1 model metrics." in output
    assert output.rstrip().endswith("HandlerTime, PredictionTime")


def test_check_bad(tmp_path: Path) -> None:
    """Exit status 1 and the place of the fault."""
    path = tmp_path / "metrics.yaml"
    path.write_text(GOOD.replace("unit: count, ", ""))
    code, output = invoke("check", str(path))
    assert code == 1
    assert "model_metrics.counter[0]: the key unit is missing" in output
