"""Every rule by topic, as functions of the thresholds. `all_rules` has them in the order of the alerts."""

from servescope.findings.rule import Rule
from servescope.findings.rules.autoscaler import autoscaler_rules
from servescope.findings.rules.machine import gpu_rules, host_rules, server_rules
from servescope.findings.rules.models import llm_rules, model_rules
from servescope.findings.rules.queues import queue_rules
from servescope.findings.rules.requests import request_rules
from servescope.findings.rules.slo import slo_rules
from servescope.findings.rules.workers import worker_rules
from servescope.findings.thresholds.thresholds import Thresholds

__all__ = ["all_rules"]


def all_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """Every one."""
    topics = (
        slo_rules, request_rules, queue_rules, worker_rules, autoscaler_rules, model_rules, llm_rules, gpu_rules, host_rules,
        server_rules,
    )  # fmt: skip
    return tuple(rule for topic in topics for rule in topic(thresholds))
