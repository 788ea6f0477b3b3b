"""Machines, containers and GPUs that are nearly full, and what keeps the server from being seen."""

from servescope.findings.condition import Compare, Limit
from servescope.findings.rule import NUMBER, PERCENT, SERVER, Rule, label, percent
from servescope.findings.thresholds.thresholds import Thresholds


def gpu_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """A GPU whose memory is nearly full."""
    device = f"GPU {label('device')} of {SERVER}"
    return (
        Rule(
            name="ServescopeGpuMemoryNearlyFull",
            severity="ticket",
            measured="gpu_memory",
            condition=Compare("gpu_memory", ">", Limit("gpu_memory_ratio")),
            lasts=thresholds.gpu_memory_for,
            summary=f"The memory of {device} is nearly full",
            description=(
                f"{PERCENT} of the memory of {device} ({label('name')}) is taken, more than"
                f" {percent(thresholds.gpu_memory_ratio)}."
            ),
        ),
    )


def host_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """Memory (the cgroup's where it has a limit) and the file systems that the server writes to, nearly full."""
    place = f"{label('mount')} on {SERVER}"
    return (
        Rule(
            name="ServescopeMemoryNearlyFull",
            severity="page",
            measured="memory",
            condition=Compare("memory", ">", Limit("memory_ratio")),
            lasts=thresholds.memory_for,
            summary=f"The memory of {SERVER} is nearly full",
            description=(
                f"{PERCENT} of the memory that {SERVER} may use is taken, more than {percent(thresholds.memory_ratio)}."
                " When it is full, the kernel kills a worker, or the server."
            ),
        ),
        Rule(
            name="ServescopeDiskNearlyFull",
            severity="ticket",
            measured="disk",
            condition=Compare("disk", ">", Limit("disk_ratio")),
            lasts=thresholds.disk_for,
            summary=f"The file system {place} is nearly full",
            description=(
                f"{PERCENT} of the file system {place} is taken, more than {percent(thresholds.disk_ratio)}. On it are the"
                f" server's directories {label('directories')}."
            ),
        ),
    )


def server_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """Front ends that die again and again; collectors that fail; series left out; log lines lost. That a server does not answer it
    cannot say.
    """
    return (_front_ends(), _collectors(thresholds), _dropped(), _lost_lines())


def _front_ends() -> Rule:
    return Rule(
        name="ServescopeFrontEndsRestart",
        severity="page",
        measured="front_end_restarts_15m",
        condition=Compare("front_end_restarts_15m", ">=", Limit("front_end_restarts")),
        summary=f"Front ends of {SERVER} die or hang again and again",
        description=(
            f"Front ends of {SERVER} were replaced {NUMBER} times in the last 15 minutes. What one has in hand then gets no"
            " answer: servescope_front_end_lost_requests_total."
        ),
    )


def _collectors(thresholds: Thresholds) -> Rule:
    return Rule(
        name="ServescopeCollectorFailing",
        severity="ticket",
        measured="collector_success",
        condition=Compare("collector_success", "==", 0),
        lasts=thresholds.collector_failing_for,
        summary=f"The collector {label('collector')} of {SERVER} fails",
        description=(
            f"The collector {label('collector')} of {SERVER} fails, so its series are absent, and alerts on them cannot fire."
        ),
    )


def _dropped() -> Rule:
    family = label("family")
    return Rule(
        name="ServescopeSeriesDropped",
        severity="ticket",
        measured="series_dropped_15m",
        condition=Compare("series_dropped_15m", ">", 0),
        summary=f"{SERVER} leaves out series of {family}",
        description=(
            f"{NUMBER} updates of {family} on {SERVER} in 15 minutes were counted as other or left out;"
            " servescope_series_dropped_total says of which model and why, ts_log.log names it once."
        ),
    )


def _lost_lines() -> Rule:
    return Rule(
        name="ServescopeLogLinesLost",
        severity="ticket",
        measured="lost_lines_15m",
        condition=Compare("lost_lines_15m", ">", 0),
        summary=f"{SERVER} loses lines of {label('log')}",
        description=(
            f"{NUMBER} lines of {label('log')} on {SERVER} were not written in the last 15 minutes: the disk is full, or nobody"
            " reads what the server prints."
        ),
    )
