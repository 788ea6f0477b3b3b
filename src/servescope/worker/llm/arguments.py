"""The settings of a language model → vLLM's own parsed command line. Called by `engine`.

All goes through vLLM's parser, so that types, choices and defaults are vLLM's. The parser is an argument: this module
imports no vLLM.
"""

import argparse
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from servescope.errors import ConfigurationError
from servescope.worker.llm.settings import LlmSettings

OPTIONS = "handler.vllm_engine_config"
WORDS = "handler.vllm_engine_args"


def parse(settings: LlmSettings, name: str, parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments of a model that is registered under `name`: `settings.words` win over its options.

    Raises:
        ConfigurationError: an unknown option, one with an impossible value, or no model.
    """

    def refuse(message: str) -> NoReturn:
        raise ConfigurationError(f"{WORDS}: {message}")

    parser.error = refuse  # type: ignore[method-assign]
    devices = ["--tensor-parallel-size", str(settings.devices)] if settings.devices > 1 else []
    _check_options(settings.options, parser, devices)
    try:
        args = parser.parse_args([*devices, *_as_words(settings.options, parser), *settings.words])
    except SystemExit as end:  # --help and --version
        raise ConfigurationError(f"{WORDS}: {' '.join(settings.words)} asks for no engine") from end
    if not settings.model and not args.model_tag and args.model == parser.get_default("model"):
        raise ConfigurationError("handler.model_path of model-config.yaml must name the model; it is missing")
    _name(args, settings, name)
    return args


def _name(args: argparse.Namespace, settings: LlmSettings, name: str) -> None:
    """Which model, and the names that it answers to: the registered one first, for it is what vLLM's metrics say."""
    if args.model_tag:
        args.model, given = args.model_tag, args.model_tag
    elif settings.model:
        args.model, given = settings.model, settings.given
    else:
        given = args.model
    served = args.served_model_name or ([] if settings.names else [given])
    served = [served] if isinstance(served, str) else served
    args.served_model_name = list(dict.fromkeys([name, *settings.names, *served]))
    if settings.chat_template is not None:
        args.chat_template = settings.chat_template
    if settings.adapters or args.lora_modules:
        args.enable_lora = True


def _check_options(options: Mapping[str, Any], parser: argparse.ArgumentParser, devices: list[str]) -> None:
    """Each option by itself first, so that an error names it."""
    known = vars(parser.parse_args([]))
    for key, value in options.items():
        if key not in known:
            raise ConfigurationError(f"{OPTIONS}.{key}: vLLM has no such engine argument (value: {value!r})")
        try:
            parser.parse_args([*devices, *_as_words({key: value}, parser)])
        except ConfigurationError as error:
            reason = str(error).removeprefix(f"{WORDS}: ")
            raise ConfigurationError(f"{OPTIONS}.{key}: {value!r} cannot be used: {reason}") from error


def _as_words(options: Mapping[str, Any], parser: argparse.ArgumentParser) -> list[str]:
    """Options as words of the command line. Those that are None are vLLM's to decide."""
    words = []
    for key, value in options.items():
        flag = f"--{key.replace('_', '-')}"
        if value is None:
            continue
        if isinstance(value, bool) and _is_switch(key, parser):
            words.append(flag if value else f"--no-{key.replace('_', '-')}")
        elif isinstance(value, dict):
            words += [flag, json.dumps(value)]
        elif isinstance(value, list):
            words += [flag, *(json.dumps(item) if isinstance(item, dict) else str(item) for item in value)]
        else:
            words.append(f"{flag}={value}")  # one word, for a value may begin with a dash
    return words


def _is_switch(key: str, parser: argparse.ArgumentParser) -> bool:
    """Whether the option is one that takes no value, with a --no- form."""
    actions = parser._actions  # noqa: SLF001 - argparse has no other way to tell what an option takes
    return any(isinstance(action, argparse.BooleanOptionalAction) and action.dest == key for action in actions)
