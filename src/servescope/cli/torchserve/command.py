"""`torchserve`: starts and stops a server, in TorchServe's words.

In: the words after `torchserve`, the environment, the directory. Out: lines on standard output, and the exit status. What scripts
grep for stands here as TorchServe 0.12 says it (ts.model_server), and on the stream on which it does.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from servescope import TORCHSERVE_VERSION, __version__
from servescope.cli import runfile
from servescope.cli.start.command import parser as start_parser
from servescope.cli.start.command import start, start_options
from servescope.cli.stop import StopWords, stop
from servescope.cli.torchserve.script import run_script
from servescope.cli.torchserve.words import parser, start_words
from servescope.cli.voice import say
from servescope.config.load import load_settings
from servescope.errors import ServescopeError

RUNNING = "TorchServe is already running, please use torchserve --stop to stop TorchServe."
NO_STORE = "Missing mandatory parameter --model-store"
_STOPPING = {
    "not_running": "TorchServe is not currently running.",
    "late": "Stopping TorchServe took too long. {why}",
}
STOP_WORDS = StopWords(stopped="TorchServe has stopped.", **_STOPPING)
STOP_WORDS_IN_FOREGROUND = StopWords(stopped="", **_STOPPING)


def main() -> None:
    """The console script `torchserve`."""
    words = sys.argv[1:]
    run_script(lambda: torchserve(words, os.environ, Path.cwd()), is_server="--foreground" in words)


def torchserve(words: Sequence[str], environ: Mapping[str, str], directory: Path) -> int:
    """Run the command; the exit status.

    Raises:
        ServescopeError: settings that cannot be used, or a server that ends before it answers.
    """
    parsed = parser().parse_args(words)
    if parsed.version:
        say(f"TorchServe Version is {TORCHSERVE_VERSION}\nServescope {__version__} in TorchServe's place")
        return 0
    if parsed.stop:
        return stop(environ, say, words=STOP_WORDS_IN_FOREGROUND if parsed.foreground else STOP_WORDS)
    return _start(parsed, environ, directory)


def _start(parsed: argparse.Namespace, environ: Mapping[str, str], directory: Path) -> int:
    if (running := runfile.read(runfile.location(_checked(environ)))) is not None:
        say(f"{RUNNING} (Process {running.pid}, management at {running.management}.)")
        return 1
    words = start_words(parsed)
    if (fault := _missing(parsed, environ) or _no_store(words, environ, directory)) is not None:
        say(fault)
        return 1
    if parsed.foreground:
        return start(words, environ, directory)
    from servescope.cli.start.detach import launch

    launch(words, environ, directory, aloud=True)
    return 0


def _checked(environ: Mapping[str, str]) -> Mapping[str, str]:
    """ServescopeError, in TorchServe's words, where TEMP names no directory."""
    if (temp := environ.get("TEMP")) and not os.path.isdir(temp):
        raise ServescopeError(f"Invalid temp directory: {temp}, please check TEMP environment variable.")
    return environ


def _missing(parsed: argparse.Namespace, environ: Mapping[str, str]) -> str | None:
    """What TorchServe says of the first option that names nothing."""
    files = {
        "--log-config": parsed.log_config and os.path.realpath(parsed.log_config),
        "--ts-config": environ.get("TS_CONFIG_FILE", parsed.ts_config),
        "--cpp-log-config": parsed.cpp_log_config and os.path.realpath(parsed.cpp_log_config),
    }
    for option, path in files.items():
        if path and not os.path.isfile(path):
            return f"{option} file not found: {path}"
    for option, path in {"--model-store": parsed.model_store, "--workflow-store": parsed.workflow_store}.items():
        if path and not os.path.isdir(path):
            return f"{option} directory not found: {path}"
    return None


def _no_store(words: Sequence[str], environ: Mapping[str, str], directory: Path) -> str | None:
    """What TorchServe says where nothing names a model store: no option, file or variable, which all count here."""
    settings = load_settings(start_options(start_parser().parse_args(words)), environ, directory)
    return NO_STORE if settings.model_store is None else None


if __name__ == "__main__":
    main()
