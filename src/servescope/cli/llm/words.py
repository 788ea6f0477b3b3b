"""The words after `servescope llm`, told apart: `start`'s, this command's own, and vLLM's.

In: the words. Out: `LlmCommand`. vLLM's options are not known here, for to know them is to import it, which takes many
seconds and gigabytes: whatever is nobody else's goes on to its own parser, in a worker. Called by `cli.llm.command`.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from servescope.cli.help.words import WordsParser
from servescope.cli.start.command import add_options, check_wait
from servescope.config.bounds import MAX_TIMEOUT_S
from servescope.config.model.placement.ray import parse_ray
from servescope.config.model.yaml_values import load_yaml
from servescope.errors import BadRequest

_PROG = "servescope llm"
STARTUP_TIMEOUT_S = 1800
RESPONSE_TIMEOUT_S = 600
_SUMMARY = "Serve a language model with vLLM's engine: the OpenAI API on the inference port."
_REMARK = """All other options are vLLM's (--max-model-len, --dtype, --tensor-parallel-size, --served-model-name,
--chat-template, --enable-lora and so on; `vllm serve --help=all` lists them) and go to its engine as they are; words after
`--` do so in any case. Addresses, TLS and tokens are the server's own, in config.properties."""
_EXAMPLES = (
    "servescope llm Qwen/Qwen3-0.6B --disable-token-auth",
    "servescope llm Qwen/Qwen3-0.6B --detach --replicas 2 --max-model-len 8192",
)


@dataclass(frozen=True)
class LlmCommand:
    """A command line, read. `model`: as typed. `name`, None where not given. `engine`: vLLM's words. Timeouts in seconds.

    `ray`: what is said of a worker on Ray, as a section of model-config.yaml; None where nothing is.
    `start`: the words for `servescope start`, and `options` what its parser made of them.
    """

    model: str
    name: str | None
    version: str
    replicas: int
    startup_timeout_s: int
    response_timeout_s: int
    ray: Mapping[str, Any] | None
    engine: tuple[str, ...]
    start: tuple[str, ...]
    options: argparse.Namespace


def parser() -> WordsParser:
    """The options of this command and of `start`."""
    options = _empty()
    options.add_argument("model", metavar="MODEL", help="A folder with the model, or its name on the Hugging Face hub.")
    _add_own(options)
    add_options(options)
    return options


def _empty() -> WordsParser:
    return WordsParser(_PROG, _SUMMARY, _EXAMPLES, "MODEL [OPTIONS] [VLLM'S OPTIONS]", _REMARK)


def _add_own(options: WordsParser) -> None:
    own = options.add_argument_group("The language model")
    own.add_argument("--model-name", metavar="NAME", help="Name to register it by. Default: the last part of MODEL.")
    own.add_argument("--model-version", metavar="VERSION", default="1.0", help="Version to register it by.")
    numbers = (
        ("--replicas", 1, "N", "Workers, with an engine each."),
        ("--startup-timeout", STARTUP_TIMEOUT_S, "SECONDS", "Time to load the model in."),
        ("--response-timeout", RESPONSE_TIMEOUT_S, "SECONDS", "Time to answer a request in."),
    )
    for name, default, what, meaning in numbers:
        own.add_argument(name, type=_whole, default=default, metavar=what, help=meaning)
    meaning = "With --backend ray: what a worker takes, as the section ray of model-config.yaml: '{num_cpus: 8}'."
    own.add_argument("--ray", type=_section, metavar="YAML", help=meaning)


def read_words(words: Sequence[str]) -> LlmCommand:
    """Read a command line. SystemExit, as argparse's, for --help (0) and for one that makes no sense (2)."""
    options = parser()
    ours, engine = split(words, options)
    if "-h" in ours or "--help" in ours:
        options.parse_args(["--help"])
    model = next((word for word in engine if not word.startswith("-")), None)
    if not engine or model is None or engine[0] != model:
        options.error(
            f"MODEL must stand before vLLM's options, not after {engine[0]}" if engine else "MODEL is missing"
        )
    own_options, start_options = _empty(), _empty()
    _add_own(own_options)
    add_options(start_options)
    own, start = own_options.parse_known_args(ours)
    parsed = start_options.parse_args(start)
    check_wait(options, parsed)
    return LlmCommand(
        model=model,
        name=own.model_name,
        version=own.model_version,
        replicas=own.replicas,
        startup_timeout_s=own.startup_timeout,
        response_timeout_s=own.response_timeout,
        ray=own.ray,
        engine=tuple(engine[1:]),
        start=tuple(start),
        options=parsed,
    )


def split(words: Sequence[str], options: argparse.ArgumentParser) -> tuple[list[str], list[str]]:
    """The words of `options` with their values, and all others; each in their order. The first `--` ends the former."""
    known = {name: action for action in options._actions for name in action.option_strings}  # noqa: SLF001 — there is no public list
    ours: list[str] = []
    others: list[str] = []
    at = 0
    while at < len(words) and words[at] != "--":
        name, equals, _ = words[at].partition("=")
        end = at + 1
        if name in known and not equals:
            end += _values(known[name], words[end:])
        (ours if name in known else others).extend(words[at:end])
        at = end
    return ours, [*others, *words[at + 1 :]]


def _values(option: argparse.Action, words: Sequence[str]) -> int:
    """How many of the words that follow an option are its values."""
    if option.nargs == 0:
        return 0
    free = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    return free if option.nargs == "*" else min(free, 1)


def _whole(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= MAX_TIMEOUT_S:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is no whole number from 1 to {MAX_TIMEOUT_S}")
    return number


def _section(text: str) -> Mapping[str, Any]:
    try:
        section = load_yaml(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is no YAML: {error}") from error
    try:
        parse_ray(section, "the section")
    except BadRequest as error:
        raise argparse.ArgumentTypeError(error.message) from error
    return section or {}
