"""Machines, containers and GPUs: in, recordings of memory and disk; out, three alerts."""

from servescope.findings.rules.machine import gpu_rules, host_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.written import written
from servescope.operate.promql import Recordings


def host_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """Memory (the cgroup's where it has a limit) and the file systems that the server writes to, nearly full."""
    quantities = {
        "memory": recorded.read("instance:servescope_memory:ratio").now,
        "disk": recorded.read("instance_mount:servescope_disk:ratio").now,
    }
    return tuple(written(rule, quantities, thresholds) for rule in host_rules(thresholds))


def gpu_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """A GPU whose memory is nearly full."""
    quantities = {"gpu_memory": recorded.read("instance_device:servescope_gpu_memory:ratio").now}
    return tuple(written(rule, quantities, thresholds) for rule in gpu_rules(thresholds))
