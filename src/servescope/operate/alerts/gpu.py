"""GPUs: in, recordings of their memory; out, an alert."""

from servescope.operate.alert import Alert
from servescope.operate.alerts.wording import PERCENT, SERVER, percent
from servescope.operate.promql import Recordings
from servescope.operate.thresholds.thresholds import Thresholds


def gpu_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """A GPU whose memory is nearly full."""
    taken = recorded.read("instance_device:servescope_gpu_memory:ratio").now
    device = f"GPU {{{{ $labels.device }}}} of {SERVER}"
    return (
        Alert(
            name="ServescopeGpuMemoryNearlyFull",
            severity="ticket",
            condition=taken > thresholds.gpu_memory_ratio,
            measured=taken,
            lasts=thresholds.gpu_memory_for,
            summary=f"The memory of {device} is nearly full",
            description=(
                f"{PERCENT} of the memory of {device} ({{{{ $labels.name }}}}) is taken, more than"
                f" {percent(thresholds.gpu_memory_ratio)}."
            ),
        ),
    )
