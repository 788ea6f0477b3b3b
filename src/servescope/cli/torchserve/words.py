"""The options of `torchserve`, as TorchServe 0.12 has them (ts.arg_parser): words in, a namespace out.

Read by `command`, and by whoever imports `ts.arg_parser`. Abbreviations are taken, as there.
"""

import argparse
from collections.abc import Sequence

# Options that `servescope start` has by the same name: attribute → option. Those of the second kind have no value.
_VALUES = {
    "ts_config": "--ts-config",
    "model_store": "--model-store",
    "workflow_store": "--workflow-store",
    "log_config": "--log-config",
    "cpp_log_config": "--cpp-log-config",
    "plugins_path": "--plugins-path",
}
_SWITCHES = {"no_config_snapshots": "--ncs", "token_auth": "--disable-token-auth", "model_mode": "--enable-model-api"}


def parser() -> argparse.ArgumentParser:
    """The options of `torchserve`; attributes are called as TorchServe's."""
    options = argparse.ArgumentParser(prog="torchserve", description="TorchServe's command, carried out by Servescope.")
    what = options.add_mutually_exclusive_group()
    what.add_argument("-v", "--version", action="store_true", help="print the version")
    what.add_argument("--start", action="store_true", help="start the server, in the background (the default)")
    what.add_argument("--stop", action="store_true", help="stop the server")
    options.add_argument("--foreground", action="store_true", help="stay in the foreground; with --stop, say nothing")
    _add_files(options)
    _add_switches(options)
    return options


def start_words(parsed: argparse.Namespace) -> list[str]:
    """What was parsed, as the words of `servescope start`."""
    # An empty one is none, as there: scripts leave a variable unset.
    words = [f"{option}={value}" for name, option in _VALUES.items() if (value := getattr(parsed, name))]
    words += [option for name, option in _SWITCHES.items() if getattr(parsed, name)]
    return [*words, *models_words(parsed.models)]


def models_words(models: Sequence[str] | None) -> list[str]:
    """`--models`, each with its own option, so that no value is taken for an option."""
    return [f"--models={model}" for model in models or ()]


def _add_files(options: argparse.ArgumentParser) -> None:
    options.add_argument("--ts-config", help="configuration file")
    options.add_argument("--model-store", help="directory of model archives")
    options.add_argument("--workflow-store", help="directory of workflow archives")
    options.add_argument(
        "--models",
        nargs="+",
        metavar="[NAME=]ARCHIVE",
        help="models to load at the start: archives in the store, or URLs",
    )
    options.add_argument("--log-config", help="configuration of Python's logging; log4j files are ignored")
    options.add_argument("--cpp-log-config", help="accepted; there is no C++ runtime here")
    options.add_argument("--plugins-path", "--ppath", help="accepted; Java plug-ins have no effect here")


def _add_switches(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--no-config-snapshots", "--ncs", dest="no_config_snapshots", action="store_true", help="no snapshots"
    )
    options.add_argument(
        "--disable-token-auth", "--dt", dest="token_auth", action="store_true", help="answer without tokens"
    )
    options.add_argument(
        "--enable-model-api", dest="model_mode", action="store_true", help="let clients register and unregister models"
    )


def worker_parser() -> argparse.ArgumentParser:
    """The options of a worker of TorchServe's, as its front end launches one; compat/ has such a worker."""
    options = argparse.ArgumentParser(prog="model-server-worker", description="A worker for TorchServe's front end.")
    add = options.add_argument
    add(
        "--sock-type", required=True, choices=("unix", "tcp"), help="where to listen: --sock-name, or --host and --port"
    )
    add("--sock-name", help="path of a Unix socket")
    add("--host", help="address; 127.0.0.1 if not given")
    add("--port", help="port")
    add("--metrics-config", help="metrics.yaml")
    add("--async", dest="async_comm", action="store_true", help="the handler is a coroutine")
    return options


class ArgParser:
    """`ts.arg_parser.ArgParser`."""

    @staticmethod
    def ts_parser() -> argparse.ArgumentParser:
        """The options of `torchserve`."""
        return parser()

    @staticmethod
    def model_service_worker_args() -> argparse.ArgumentParser:
        """The options of a worker."""
        return worker_parser()

    @staticmethod
    def extract_args(args: Sequence[str] | None = None) -> argparse.Namespace:
        """What was given, on this process's command line where `args` is empty."""
        return parser().parse_args(args or None)
