"""`servescope start`: torchserve's options, in the foreground or detached.

In: the arguments after `start`, the environment and the directory. Out: the exit status, once the server has ended
(or, detached, once its models are ready). It is reached without Typer or Rich, whose import would be paid in start-up time and
memory by every server. Options and their meaning are TorchServe's (contract,
section D).
"""

import argparse
import math
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from servescope.cli import runfile
from servescope.cli.client.urls import client_url
from servescope.cli.help.words import WordsParser
from servescope.config.choice import StartOptions
from servescope.config.load import load_settings
from servescope.config.settings import Settings
from servescope.config.settings.presented import presented_certificate
from servescope.metrics.collectors.process import began_s

if TYPE_CHECKING:
    from argparse import _ArgumentGroup as Options

_EXAMPLES = (
    "servescope start --model-store . --models drowsy.mar --disable-token-auth",
    "servescope start --detach --model-store . --models drowsy.mar \\\n    --enable-model-api --ncs",
)


def parser() -> WordsParser:
    """The options of `start`."""
    options = WordsParser("servescope start", "Start the server, with torchserve's options.", _EXAMPLES)
    add_options(options)
    return options


def add_options(options: WordsParser) -> None:
    """Give a parser all that `start` takes: its own, and that of `servescope llm`."""
    _add_files(options.add_argument_group("What to serve"))
    _add_switches(options.add_argument_group("How to run"))
    options.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)


def _add_files(files: "Options") -> None:
    files.add_argument(
        "--ts-config", type=Path, metavar="FILE", help="Configuration file. Default: ./config.properties, if there."
    )
    files.add_argument("--model-store", type=Path, metavar="DIR", help="Directory of model archives.")
    files.add_argument(
        "--models",
        metavar="[NAME=]ARCHIVE",
        nargs="*",
        action="extend",
        help="Models to load at the start, or `all`: archives in the model store, paths or URLs.",
    )
    files.add_argument("--workflow-store", type=Path, metavar="DIR", help="Directory of workflow archives.")
    files.add_argument("--plugins-path", "--ppath", metavar="PATH", help="Accepted; Java plug-ins have no effect here.")
    files.add_argument(
        "--log-config",
        type=Path,
        metavar="FILE",
        help="Configuration of Python's logging (JSON, YAML or INI); log4j files are ignored.",
    )
    files.add_argument("--cpp-log-config", type=Path, metavar="FILE", help="Accepted; there is no C++ runtime here.")


def _add_switches(switches: "Options") -> None:
    switches.add_argument(
        "--ncs", "--no-config-snapshots", dest="no_config_snapshots", action="store_true", help="No snapshots."
    )
    switches.add_argument("--enable-model-api", action="store_true", help="Let clients register and unregister models.")
    switches.add_argument("--disable-token-auth", "--dt", action="store_true", help="Answer without tokens.")
    switches.add_argument(
        "--backend",
        choices=("process", "ray"),
        help="Where workers run: on this machine, or on a Ray cluster (ray_address). Default: worker_backend, or process.",
    )
    switches.add_argument(
        "--front-ends",
        metavar="N",
        help="Processes that speak HTTP on the inference port (docs/operating.md). Default: front_ends, or 1, the server's own.",
    )
    where = switches.add_mutually_exclusive_group()
    where.add_argument("--foreground", action="store_true", help="Stay in the foreground (the default).")
    where.add_argument("--detach", action="store_true", help="Return once all models are ready; the server goes on.")
    switches.add_argument(
        "--wait",
        type=_seconds,
        metavar="SECONDS",
        help="With --detach, how long to wait for the models; 0: only until the server answers. Default: the startup"
        " timeout and 30 s.",
    )


def start(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    directory: Path,
    answers: Callable[[], None] | None = None,
) -> int:
    """Run the command; the exit status. `answers` is called once the server takes requests.

    Raises:
        ConfigurationError: settings that cannot be used, or a second server.
    """
    options = parser()
    parsed = options.parse_args(arguments)
    check_wait(options, parsed)
    if parsed.detach:
        from servescope.cli.start.detach import start_detached

        return start_detached(arguments, environ, directory, parsed.wait)
    settings = load_settings(start_options(parsed), environ, directory)
    return _serve(settings, environ, directory, _ready_signal(parsed.ready_fd, answers))


def check_wait(options: WordsParser, parsed: argparse.Namespace) -> None:
    """SystemExit (2) where --wait is given and nobody waits; the process that is waited for is given it too."""
    if parsed.wait is not None and not parsed.detach and parsed.ready_fd is None:
        options.error("argument --wait: only with --detach")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def start_options(parsed: argparse.Namespace) -> StartOptions:
    """What was parsed, as the configuration takes it."""
    return StartOptions(
        ts_config=parsed.ts_config,
        model_store=parsed.model_store,
        models=tuple(parsed.models or ()),
        no_config_snapshots=parsed.no_config_snapshots,
        foreground=True,
        enable_model_api=parsed.enable_model_api,
        disable_token_auth=parsed.disable_token_auth,
        log_config=parsed.log_config,
        workflow_store=parsed.workflow_store,
        plugins_path=parsed.plugins_path,
        cpp_log_config=parsed.cpp_log_config,
        backend=parsed.backend,
        front_ends=parsed.front_ends,
    )


def _serve(settings: Settings, environ: Mapping[str, str], directory: Path, ready: Callable[[], None]) -> int:
    from servescope.runtime.serve import serve

    with runfile.held(runfile.location(environ), _facts(settings, environ, directory)):
        return serve(settings, ready)


def _facts(settings: Settings, environ: Mapping[str, str], directory: Path) -> runfile.RunningServer:
    certificate = presented_certificate(settings, environ)
    return runfile.RunningServer(
        pid=os.getpid(),
        started_s=began_s(),
        directory=str(directory),
        inference=client_url(settings.inference_address),
        management=client_url(settings.management_address),
        metrics=client_url(settings.metrics_address),
        logs=str(settings.log_location),
        certificate=str(certificate) if certificate else None,
        snapshot=str(settings.config_file) if settings.model_snapshot is not None else None,
    )


def _ready_signal(descriptor: int | None, answers: Callable[[], None] | None) -> Callable[[], None]:
    """Tells whoever started this process that the server answers: a byte down the pipe that it left open."""

    def ready() -> None:
        if answers is not None:
            answers()
        if descriptor is not None:
            with suppress(BrokenPipeError):  # whoever waited has been ended, and the server serves all the same
                os.write(descriptor, b"1")
            os.close(descriptor)

    return ready
