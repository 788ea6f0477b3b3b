"""Machines and containers: in, recordings of memory and disk; out, two alerts."""

from servescope.operate.alert import Alert
from servescope.operate.alerts.wording import PERCENT, SERVER, percent
from servescope.operate.promql import Recordings
from servescope.operate.thresholds.thresholds import Thresholds


def host_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """Memory (the cgroup's where it has a limit) and the file systems that the server writes to, nearly full."""
    memory = recorded.read("instance:servescope_memory:ratio").now
    disk = recorded.read("instance_mount:servescope_disk:ratio").now
    place = f"{{{{ $labels.mount }}}} on {SERVER}"
    return (
        Alert(
            name="ServescopeMemoryNearlyFull",
            severity="page",
            condition=memory > thresholds.memory_ratio,
            measured=memory,
            lasts=thresholds.memory_for,
            summary=f"The memory of {SERVER} is nearly full",
            description=(
                f"{PERCENT} of the memory that {SERVER} may use is taken, more than {percent(thresholds.memory_ratio)}."
                " When it is full, the kernel kills a worker, or the server."
            ),
        ),
        Alert(
            name="ServescopeDiskNearlyFull",
            severity="ticket",
            condition=disk > thresholds.disk_ratio,
            measured=disk,
            lasts=thresholds.disk_for,
            summary=f"The file system {place} is nearly full",
            description=(
                f"{PERCENT} of the file system {place} is taken, more than {percent(thresholds.disk_ratio)}. On it are the"
                " server's directories {{ $labels.directories }}."
            ),
        ),
    )
