"""Families and recordings narrowed down by the boards' variables: in, a name; out, a `Selector`.

Used by `boards`. Each variable becomes a matcher `label=~"$variable"`, on every series that has the label.
"""

from functools import cache
from typing import Final

from servescope.operate.promql import Form, Matcher, Recordings, Selector, like, metric
from servescope.operate.recordings import all_recordings

RATE: Final = "$__rate_interval"
# For what is rare: long enough that a single event is seen, and said with each panel.
RECENT: Final = "5m"
RANGE: Final = "$__range"

_BY_LABEL: Final = {
    "job": like("job", "$job"),
    "instance": like("instance", "$instance"),
    "model_name": like("model_name", "$model"),
    "model_version": like("model_version", "$version"),
    "ModelName": like("ModelName", "$model"),
}
_recordings = cache(all_recordings)


def family(name: str, *matchers: Matcher) -> Selector:
    """The series of a family that the variables choose, and of these those that match. Raises PromqlError as `metric`."""
    return _chosen(metric(name), tuple(_BY_LABEL)).where(*matchers)


def hosts(name: str, *matchers: Matcher) -> Selector:
    """The same by job and instance alone, for boards without models."""
    return _chosen(metric(name), ("job", "instance")).where(*matchers)


def recorded(form: Form, name: str, *matchers: Matcher) -> Selector:
    """The recorded series that the variables choose. Raises PromqlError where nothing is recorded under the name."""
    return _chosen(recordings(form).read(name), tuple(_BY_LABEL)).where(*matchers)


def recorded_hosts(form: Form, name: str, *matchers: Matcher) -> Selector:
    """The same by job and instance alone, for boards without models."""
    return _chosen(recordings(form).read(name), ("job", "instance")).where(*matchers)


def recordings(form: Form) -> Recordings:
    """Everything that is recorded where Prometheus keeps histograms in this form."""
    return _recordings(form)


def _chosen(selector: Selector, labels: tuple[str, ...]) -> Selector:
    return selector.where(*(_BY_LABEL[label] for label in labels if label in selector.labels))
