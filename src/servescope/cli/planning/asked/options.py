"""The options of `servescope plan`, and what reads their texts: in, nothing at import; out, annotations for the signature of
`command`, which Typer reads, and values.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from servescope.cli.options import number, whole
from servescope.errors import ConfigurationError

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_LEAST_BUDGET_S, _MOST_BUDGET_S = 30.0, 86400.0
_MOST_WORKERS = 1000
_BATCH = "batch="
_MOST_BYTES = 256 * 2**20

Model = Annotated[str | None, typer.Argument(metavar="MODEL", help="The model's name.")]
Slo = Annotated[
    str | None,
    typer.Option("--slo", metavar="P=TIME", help="The objective, as p99=200ms: a share of requests, and a time."),
]
Rps = Annotated[
    float | None, typer.Option("--rps", parser=number(1e-3, 1e7), metavar="R", help="Requests a second to plan for.")
]
Availability = Annotated[
    float | None,
    typer.Option(
        "--availability", parser=number(50, 99.9999), metavar="PERCENT", help="Share of requests without an error."
    ),
]
Payload = Annotated[
    list[Path] | None,
    typer.Option(
        "--payload", metavar="FILE", help="A body to send; may be repeated, and is sent in turn. Default: none."
    ),
]
InputTokens = Annotated[
    str | None,
    typer.Option(
        "--input-tokens",
        metavar="SPREAD",
        help="Lengths of a language model's prompts, as lognormal:800,0.9, fixed:512 or uniform:16,2048.",
    ),
]
OutputTokens = Annotated[
    str | None, typer.Option("--output-tokens", metavar="SPREAD", help="Lengths of its answers, in the same form.")
]
TraceFile = Annotated[
    Path | None,
    typer.Option(
        "--trace",
        metavar="FILE",
        help="A CSV of what was asked: ContextTokens,GeneratedTokens instead of the two lengths; "
        "or minute,requests instead of --rps.",
    ),
]
MeasuredFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--measured",
        metavar="[N=]FILE",
        help="A result of AIPerf or vllm bench serve, of N workers (1); may be repeated. Nothing is sent then.",
    ),
]
RequestPath = Annotated[
    str | None,
    typer.Option(
        "--path",
        metavar="PATH",
        help="Where to send, as /v1/completions with payloads that stream. "
        "Default: /predictions/MODEL; with lengths in tokens its completions.",
    ),
]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="Any port of the server, as http://host:port. Default: the running one."),
]
VersionOption = Annotated[
    str | None, typer.Option("--version", metavar="VERSION", help="A version. Default: the default version.")
]
Headroom = Annotated[
    str, typer.Option("--headroom", metavar="N+K", help="Machines that may be away without harm, as N+1.")
]
Price = Annotated[
    float | None,
    typer.Option("--price-per-hour", parser=number(0, 1e9), metavar="P", help="What a machine costs an hour."),
]
Sweep = Annotated[
    list[str] | None,
    typer.Option(
        "--sweep",
        metavar="[batch=]N,N…",
        help="Counts of workers to measure, as 1,2,4; or batch sizes, as batch=1,8, with --shadow. Each takes the budget's part.",
    ),
]
Captured = Annotated[
    bool,
    typer.Option("--captured", help="Refused: the server keeps no payloads. Give --payload, or lengths in tokens."),
]
Budget = Annotated[
    str, typer.Option("--budget", metavar="TIME", help="For all loads together, from 30s to 24h, as 240s or 10m.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Load the model although it, or the machine, has traffic.")]
Shadow = Annotated[
    bool, typer.Option("--shadow", help="Load a copy that is registered for it, and unregistered again.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed sends at the same moments.")]
InferenceToken = Annotated[
    str | None,
    typer.Option(
        "--inference-token", metavar="KEY", help="Inference token. Default: the one in key_file.json, if there is one."
    ),
]

FromPrometheus = Annotated[
    str | None,
    typer.Option(
        "--from-prometheus", metavar="URL", help="Plan from what Prometheus has kept; nothing is sent to a model."
    ),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The same as MODEL, with --from-prometheus.")
]
Days = Annotated[
    int, typer.Option("--days", parser=whole(1, 400), metavar="N", help="How many days of history to read.")
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the plan with its charts too, as one HTML file.")
]
Check = Annotated[
    Path | None,
    typer.Option("--check", metavar="FILE", help="Hold a plan that --json has printed against the history."),
]


def read_path(text: str | None, shadow: bool) -> str | None:
    """A path of the inference API."""
    if text is not None and shadow:
        raise ConfigurationError(f"--path {text!r}: --shadow has a path of its own")
    if text is not None and not re.fullmatch(r"/[!-~]*", text):
        raise ConfigurationError(f"--path {text!r} is no path of a URL")
    return text


def read_headroom(text: str) -> int:
    """`N+1` → 1."""
    match = re.fullmatch(r"[nN]\+(\d{1,3})", text)
    if match is None:
        raise ConfigurationError(f"--headroom {text!r} is not of the form N+1")
    return int(match[1])


def read_sweep(texts: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """`1,2,4` and `batch=1,8` → counts of workers, and batch sizes; each once, in order; each kind once."""
    workers = [text for text in texts if not text.startswith(_BATCH)]
    batches = [text for text in texts if text.startswith(_BATCH)]
    for given in (workers, batches):
        if len(given) > 1:
            raise ConfigurationError(f"--sweep {given[1]!r} comes after --sweep {given[0]!r}: give one list of a kind")
    return _counts(workers, ""), _counts(batches, _BATCH)


def _counts(texts: Sequence[str], before: str) -> tuple[int, ...]:
    if not texts:
        return ()
    words = texts[0].removeprefix(before).split(",")
    if not all(re.fullmatch(r" *[0-9]{1,4} *", word) and 1 <= int(word) <= _MOST_WORKERS for word in words):
        example = f"{before}1,2,4"
        raise ConfigurationError(f"--sweep {texts[0]!r} is no list of counts from 1 to {_MOST_WORKERS}, as {example}")
    return tuple(sorted({int(word) for word in words}))


def read_budget(text: str) -> float:
    """`240s`, `4m`; in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?", text)
    seconds = float(match[1]) * _UNITS[match[2] or ""] if match else 0.0
    if not _LEAST_BUDGET_S <= seconds <= _MOST_BUDGET_S:
        raise ConfigurationError(f"--budget {text!r} is no time from {_LEAST_BUDGET_S:g}s to 24h")
    return seconds


def refuse_unwritable(file: Path) -> None:
    """Before minutes have gone by. Raises ConfigurationError where the file of --html could not be written."""
    if not os.access(file if file.exists() else file.parent, os.W_OK) or file.is_dir():
        raise ConfigurationError(f"--html {str(file)!r} cannot be written")


def read_words(option: str, file: Path) -> str:
    """A file's text. Raises ConfigurationError, which names the option and the file."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigurationError(f"{option} {str(file)!r} has more than {_MOST_BYTES:,} bytes")
        return file.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{option} {str(file)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{option} {str(file)!r} is no text in UTF-8") from error
