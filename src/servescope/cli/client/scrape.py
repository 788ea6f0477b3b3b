"""Reading samples back from a `/metrics` page in the text format.

In: the page, as `status` and `demo` get it over HTTP. Out: samples, and sums over them. Only what those two need: the
format itself is checked, in the tests, by prometheus_client's parser.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CLASSES = ("2XX", "4XX", "5XX")
ANSWERS = "servescope_http_requests_total"
_PROBES = ("/ping", "/livez", "/readyz", "/readyz/models")
_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+\S+)?")
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}


@dataclass(frozen=True)
class Sample:
    """One line of the page."""

    name: str
    labels: Mapping[str, str]
    value: float


def parse(page: str) -> list[Sample]:
    """The page's samples, in its order; comments, blank lines and lines that are no sample are passed over."""
    found = []
    for line in page.split("\n"):
        match = None if line.startswith("#") else _SAMPLE.fullmatch(line.strip())
        if match is None:
            continue
        name, labels, value = match.groups()
        try:
            number = float(value)
        except ValueError:
            continue
        found.append(Sample(name, {key: _plain(text) for key, text in _LABEL.findall(labels or "")}, number))
    return found


def total(samples: Iterable[Sample], name: str, **labels: str) -> float:
    """The sum of a family's samples that carry these labels; 0 where there is none."""
    wanted = labels.items()
    return sum(sample.value for sample in samples if sample.name == name and wanted <= sample.labels.items())


def worked_s(samples: Iterable[Sample]) -> float:
    """Processor seconds of the workers, without those in which they looked for their next batch instead of sleeping."""
    samples = list(samples)
    polled = total(samples, "servescope_worker_polling_seconds_total")
    return max(0.0, total(samples, "servescope_worker_cpu_seconds_total") - polled)


def requests_by_class(samples: Iterable[Sample]) -> dict[str, float]:
    """`{"2XX": n, "4XX": n, "5XX": n}` of what was asked on the inference port.

    Without what `status` itself asks, and probes do: TorchServe's counters Requests2XX and so on have that too.
    """
    asked = [
        sample
        for sample in samples
        if sample.name == ANSWERS
        and sample.labels.get("listener") == "inference"
        and sample.labels.get("path") not in _PROBES
    ]
    return {
        name: sum(sample.value for sample in asked if sample.labels.get("code", "").startswith(name[0]))
        for name in CLASSES
    }


def values_of(samples: Iterable[Sample], label: str) -> list[str]:
    """The values that a label takes, sorted."""
    return sorted({sample.labels[label] for sample in samples if label in sample.labels})


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[0]), text)
