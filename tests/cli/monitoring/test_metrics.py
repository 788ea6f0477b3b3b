"""`servescope metrics list` and `check`."""

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from servescope.cli.monitoring.metrics import check, list_metrics
from servescope.metrics.definitions import BY_NAME, DEFINITIONS
from servescope.metrics.reference import GROUPS, render_reference

GOOD = "model_metrics: {counter: [{name: Calls, unit: count, dimensions: [ModelName]}]}"


def invoke(*args: str, columns: int = 200) -> tuple[int, str]:
    app = typer.Typer()
    app.command("list")(list_metrics)
    app.command("check")(check)
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, args)
    return result.exit_code, result.output


def checked(directory: Path, text: str) -> tuple[int, str]:
    path = directory / "metrics.yaml"
    path.write_text(text)
    return invoke("check", str(path))


def test_list() -> None:
    """A row a family."""
    code, output = invoke("list")
    assert code == 0
    assert all(definition.name in output for definition in DEFINITIONS)
    assert all(group.title in output for group in GROUPS)


def test_list_is_readable_at_80_columns() -> None:
    """Names and labels are not cut, and no line is longer."""
    code, output = invoke("list", columns=80)
    assert code == 0
    assert max(map(len, output.splitlines())) <= 80
    assert "…" not in output
    for definition in DEFINITIONS:
        assert definition.name in output
        assert all(label in output for label in definition.labels)


def test_json() -> None:
    """An object a family, with all that the definitions say."""
    code, output = invoke("list", "--json")
    assert code == 0
    found = {one["name"]: one for one in json.loads(output)}
    assert list(found) == list(BY_NAME)
    assert found["servescope_batch_size"] == {
        "name": "servescope_batch_size",
        "type": "histogram",
        "unit": "requests",
        "labels": ["model_name", "model_version"],
        "help": "Requests in a batch.",
        "updated": "Observed when the batch is sent to a worker.",
        "buckets": [2**power for power in range(11)],
        "group": "Requests and queues",
    }


def test_one_form_at_a_time() -> None:
    """Markdown and JSON exclude each other."""
    code, output = invoke("list", "--json", "--markdown")
    assert code == 2
    assert "--markdown and --json exclude each other" in output


def test_markdown() -> None:
    """The reference page itself, so that it can be piped into docs/metrics.md."""
    assert invoke("list", "--markdown") == (0, render_reference())


def test_check_good(tmp_path: Path) -> None:
    """Says how many, and what is not shown."""
    code, output = checked(tmp_path, GOOD)
    assert code == 0
    assert "good. all server metrics, 1 model metrics." in output
    assert output.rstrip().endswith("HandlerTime, PredictionTime")


def test_check_bad(tmp_path: Path) -> None:
    """Exit status 1 and the place of the fault."""
    code, output = checked(tmp_path, GOOD.replace("unit: count, ", ""))
    assert code == 1
    assert "model_metrics.counter[0]: the key unit is missing" in output


def test_check_says_what_nobody_writes(tmp_path: Path) -> None:
    """A server metric of the file's own is declared, as in TorchServe's documentation, and stays empty."""
    code, output = checked(tmp_path, "ts_metrics: {gauge: [{name: Mine, unit: ms, dimensions: [ModelName]}]}\n" + GOOD)
    assert code == 0
    assert "good. 1 server metrics, 1 model metrics." in output
    assert output.rstrip().endswith("nothing in this server writes it: Mine")


def test_check_says_where_the_yaml_breaks(tmp_path: Path) -> None:
    """By line and column."""
    code, output = checked(tmp_path, "model_metrics:\n  counter: [\n")
    assert code == 1
    assert f"{tmp_path / 'metrics.yaml'} is no YAML: line 3, column 1: " in output.replace("\n", "")
