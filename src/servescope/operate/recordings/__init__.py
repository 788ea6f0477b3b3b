"""What is recorded: in, the form in which Prometheus keeps histograms; out, groups of recording rules, and them by name.

Read by `alerts` and the boards, which must not read a family of many series where a recording exists. Levels:
`instance_model` has job, instance, model_name and model_version, `model` is summed over the servers, `instance` is of one.
"""

from servescope.operate.promql import Form, Recording, Recordings
from servescope.operate.recordings.autoscaler import autoscaler_recordings, in_vain_recordings
from servescope.operate.recordings.llm import llm_recordings
from servescope.operate.recordings.objectives import (
    days_recordings,
    hours_recordings,
    means_recordings,
    minutes_recordings,
)
from servescope.operate.recordings.requests import day_recordings, normal_recordings, request_recordings
from servescope.operate.recordings.stuck import held_recordings, left_recordings
from servescope.operate.recordings.unknown import unknown_recordings
from servescope.operate.recordings.usage import usage_recordings
from servescope.operate.rule_group import RuleGroup

__all__ = ["all_recordings", "recording_groups"]


def recording_groups(form: Form) -> tuple[RuleGroup[Recording], ...]:
    """Every group of recordings, in the order in which later ones read earlier ones."""
    requests = Recordings(request_recordings(form))
    minutes = Recordings(minutes_recordings())
    means = Recordings(means_recordings(minutes))
    autoscaled = Recordings(autoscaler_recordings())
    normal = Recordings(normal_recordings(requests, form))
    return (
        RuleGroup("servescope-requests", "15s", tuple(requests.values())),
        RuleGroup("servescope-normal", "1m", tuple(normal.values())),
        RuleGroup("servescope-unknown", "15s", unknown_recordings()),
        RuleGroup("servescope-held", "15s", held_recordings()),
        RuleGroup("servescope-left", "1m", left_recordings()),
        RuleGroup("servescope-usage", "15s", usage_recordings(form)),
        RuleGroup("servescope-autoscaler", "15s", tuple(autoscaled.values())),
        RuleGroup("servescope-in-vain", "1m", in_vain_recordings(autoscaled, form)),
        RuleGroup("servescope-llm", "15s", llm_recordings(form)),
        RuleGroup("servescope-slo", "15s", tuple(minutes.values())),
        # Windows of hours move slowly.
        RuleGroup("servescope-slo-hours", "1m", hours_recordings(minutes)),
        RuleGroup("servescope-slo-means", "10m", tuple(means.values())),
        RuleGroup("servescope-days", "2m", (*days_recordings(minutes, means), *day_recordings(normal))),
    )


def all_recordings(form: Form) -> Recordings:
    """Every recording by its name."""
    return Recordings(tuple(rule for group in recording_groups(form) for rule in group.rules))
