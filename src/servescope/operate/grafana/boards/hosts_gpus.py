"""Rows about GPUs: in, the form of the histograms; out, the rows that `hosts` has of them. Empty on machines without a GPU."""

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.grafana.narrowed import RATE, RECENT, hosts, recorded_hosts
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.promql import Expression, Form, max_by, rate, sum_by, sum_gained

_DEVICE = ("instance", "Hostname", "device")
_GPU = "{{instance}} {{Hostname}} GPU {{device}}"
_OF_MODEL = "{{instance}} GPU {{device}} {{model_name}}"
_EMPTY = "no GPU"
_LIMITS = Thresholds()


def rows(form: Form) -> tuple[Row, ...]:
    """Utilization and memory, then power, heat and errors."""
    return (_utilization(form), _health())


def _utilization(form: Form) -> Row:
    busy = max_by(recorded_hosts(form, "instance_device:servescope_gpu_utilization:ratio").now, *_DEVICE)
    used = max_by(recorded_hosts(form, "instance_device:servescope_gpu_memory:ratio").now, *_DEVICE)
    by_model = ("instance", "device", "model_name")
    return Row("GPUs", (
        Panel("GPU: utilization", "Share of NVML's last sampling period in which any kernel ran. At 1 a GPU may still be half"
              " empty: power says more. MIG instances have none.", "percentunit",
              (Query(busy, _GPU),), top=1, empty=_EMPTY),
        Panel("GPU: memory", "Used share of each device's memory, by whatever process. Near 1 the next model, or a larger batch,"
              " does not fit. Engines such as vLLM take most of it at once on purpose.", "percentunit",
              (Query(used, _GPU),), top=1, steps=(Step(_LIMITS.gpu_memory_ratio, "red"),), empty=_EMPTY),
        Panel("GPU: memory by model", "GPU memory of the models' workers. What is used beyond it belongs to other processes, or"
              " to workers whose process id the driver does not know.", "bytes",
              (Query(sum_by(hosts("servescope_worker_gpu_memory_bytes").now, *by_model), _OF_MODEL),),
              kind="stacked", empty=_EMPTY),
    ))  # fmt: skip


def _health() -> Row:
    energy = sum_by(rate(hosts("servescope_gpu_energy_joules_total"), RATE), *_DEVICE)
    return Row("GPUs: power, heat, errors", (
        Panel("GPU: power (saturation)", "Power drawn, and as a dashed line what the device may draw. At the line its clock is"
              " held down.", "watt", (
                  Query(_now("servescope_gpu_power_watts"), _GPU),
                  Query(_now("servescope_gpu_power_limit_watts"), f"{_GPU} limit", limit=True),
              ), width=6, empty=_EMPTY),
        Panel("GPU: energy", "Power by the driver's meter of energy, which misses no peak between two samples.", "watt",
              (Query(energy, _GPU),), width=6, empty=_EMPTY),
        Panel("GPU: temperature", "Temperature of the chip. Where it is high while the clock falls, the"
              " GPU is slowed down by heat.", "celsius",
              (Query(_now("servescope_gpu_temperature_celsius"), _GPU),), width=4, steps=(Step(85, "red"),), empty=_EMPTY),
        Panel("GPU: clock", "Clock of the streaming multiprocessors. A fall under load is throttling, by power or heat.", "hertz",
              (Query(_now("servescope_gpu_sm_clock_hertz"), _GPU),), width=4, empty=_EMPTY),
        Panel("GPU: errors", "Memory errors that could not be corrected, in the last 5 minutes. Any is a reason to take the GPU out"
              " of service.", "short",
              (Query(sum_gained(hosts("servescope_gpu_ecc_errors_total"), RECENT, *_DEVICE), _GPU),), width=4,
              steps=(Step(1, "red"),), empty=_EMPTY),
    ))  # fmt: skip


def _now(name: str) -> Expression:
    """The gauge by device: its uuid and name are left out, so that two of them can be set against each other."""
    return max_by(hosts(name).now, *_DEVICE)
