"""What each command imports: none pays for another, so that all of them start at once."""

import os
import subprocess
import sys

import pytest

from cli.help.every import COMMANDS

# By what is slow to import: tables and bars, HTTP clients, Typer and what it stands on, the server, Grafana's models.
RICH = {"rich"}
CLIENTS = {"httpx", "httpcore", "anyio", "urllib3", "requests"}
TYPED = {"typer", "click", "pydantic"}
SERVER = {"uvloop", "httptools", "asyncio", "servescope.server", "servescope.runtime", "servescope.web"}
GRAFANA = {"grafana_foundation_sdk"}
OPERATE = {"servescope.operate"}
SIMULATE = [
    "simulate",
    "--pattern=steady",
    "--duration-s=60",
    "--service-time=constant:0.1",
    "--load-time=1",
    "--policy=kpa",
]
PLOTS = {"matplotlib", "numpy"}
SLOW = PLOTS | RICH | CLIENTS | TYPED | SERVER | GRAFANA | OPERATE


def imported(words, directory):
    """Which of the slow modules a command imports, run to its end in a directory."""
    program = (
        "import sys; from servescope.cli.main import run; run(sys.argv[1:]);"
        f"print('\\n', *sorted({SLOW!r} & set(sys.modules)), file=sys.stderr)"
    )
    environ = os.environ | {"TEMP": str(directory)}
    result = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=directory, env=environ, capture_output=True, text=True, check=True
    )
    return set(result.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--help",
        "--version",
        "models",
        "models --help",
        "metrics --help",
        "statu",
        "start --help",
        "llm --help",
        "start --ts-config absent",
    ],
)
def test_what_needs_nothing_imports_nothing(words, tmp_path):
    """Help of groups and of the server, the version, and a server up to its settings: not even Typer."""
    assert imported(words.split(), tmp_path) == set()


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if not one.own_words])
def test_help_imports_no_more_than_typer(name, tmp_path):
    """`operate` names what its commands have for defaults, without Grafana's models."""
    allowed = TYPED | (OPERATE if name.split()[1] in ("prometheus", "grafana", "kubernetes") else set())
    assert imported([*name.split()[1:], "--help"], tmp_path) <= allowed


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["stop"], set()),
        (["status"], set()),
        (["status", "--json"], set()),
        (["models", "list"], set()),
        (["models", "describe", "m"], set()),
        (["models", "scale", "m", "--min-workers", "1"], set()),
        (["metrics", "list", "--json"], set()),
        (["metrics", "list"], RICH),
        (["metrics", "check", "absent.yaml"], set()),
        (["archive", "--model-name", "m", "--version", "1", "--handler", "h.py"], set()),
        ([*SIMULATE, "--json"], set()),
        (SIMULATE, RICH),
        (["prometheus", "monitoring"], OPERATE),
        (["grafana", "monitoring"], OPERATE | GRAFANA),
        (["kubernetes", "m", "--out", "k8s"], OPERATE),
    ],
)
def test_commands_import_what_they_use(words, more, tmp_path):
    """No server answers here; tables are made where there is something to put into them, and a terminal or a reader."""
    (tmp_path / "h.py").write_text("")
    (tmp_path / "config.properties").write_text(f"management_address=unix:{tmp_path}/none.sock\n")
    assert imported(words, tmp_path) <= TYPED | more
