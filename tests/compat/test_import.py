"""`import ts` outside the server: the modules that handlers import in workers, and those that launch a server."""

import tomllib
from pathlib import Path

import servescope

COMPAT = Path(__file__).parents[2] / "compat"
SHIM = Path(servescope.__file__).parent / "worker" / "shim" / "ts"
# What only makes sense outside.
LAUNCHING = {"launcher", "llm_launcher", "model_server", "model_service_worker"}


def test_the_version_is_torchserves(outside):
    """`ts.__version__` is that of the release whose behaviour it has, as in workers; `import ts` alone has `ts.version` too."""
    result = outside.python("-c", "import ts; print(ts.__version__, ts.version.__version__)")
    assert result.stdout == "0.12.0 0.12.0\n", result.stderr


def test_the_distribution_goes_with_the_server():
    """Both have one version, and the one asks for the other of just that version."""
    project = tomllib.loads((COMPAT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == servescope.__version__
    assert f"servescope=={servescope.__version__}" in project["dependencies"]


def test_what_launches_a_server_imports_no_pytorch(outside):
    """Nor does the package itself; what it names is there."""
    names = ["ts.launcher.start", "ts.launcher.stop", "ts.launcher.register_model", "ts.llm_launcher.main"]
    names += ["ts.launcher.register_model_with_params", "ts.model_server.start", "ts.arg_parser.ArgParser.ts_parser"]
    modules = ", ".join(f"ts.{one}" for one in ("arg_parser", *sorted(LAUNCHING)))
    code = f"import sys, {modules}; print({', '.join(names)}); assert 'torch' not in sys.modules"
    result = outside.python("-c", code)
    assert result.returncode == 0, result.stderr


def test_modules_are_the_workers(outside):
    """A handler's modules are the files that a worker has, none of them there twice."""
    own = {path.stem for path in (COMPAT / "src" / "ts").iterdir() if path.suffix == ".py"} - {"__init__"}
    assert own == LAUNCHING
    assert not own & {path.stem for path in SHIM.iterdir()}
    code = "import ts.context, ts.service, ts.metrics.metric, ts.utils.util; print(ts.context.__file__)"
    result = outside.python("-c", code)
    assert result.stdout.strip() == str(SHIM / "context.py"), result.stderr
