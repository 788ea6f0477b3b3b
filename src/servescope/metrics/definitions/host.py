"""The machine in this project's own units: the container's limits, the GPUs, and the front end's process."""

from servescope.metrics.definitions.definition import Definition

_GPU = ("device", "uuid", "name", "Hostname")
_HOST = ("Hostname",)
_WHOSE = "the cgroup of the server, or of a worker's node,"
_SAMPLED = "Read on the collectors' thread every metric_time_interval seconds."


def _gpu(name: str, unit: str, text: str, kind: str = "gauge") -> Definition:
    help_text = f"{text}, as NVML says; device is the GPU's index, or GPU:instance for a MIG instance."
    return Definition(
        f"servescope_gpu_{name}", "counter" if kind == "counter" else "gauge", unit, _GPU, help_text, _SAMPLED
    )


_CGROUP = (
    Definition(
        "servescope_cgroup_memory_bytes", "gauge", "bytes", _HOST,
        f"Memory that {_WHOSE} uses, without the page cache that the kernel can take back.", _SAMPLED,
    ),
    Definition(
        "servescope_cgroup_memory_limit_bytes", "gauge", "bytes", _HOST,
        f"Memory that {_WHOSE} may use; absent where it has no limit.", _SAMPLED,
    ),
    Definition(
        "servescope_cgroup_cpu_limit_cores", "gauge", "cores", _HOST,
        f"Processors' worth of time that {_WHOSE} may use; absent where it has no limit.", _SAMPLED,
    ),
    Definition(
        "servescope_cgroup_cpu_throttled_seconds_total", "counter", "seconds", _HOST,
        f"Time in which {_WHOSE} was kept from running by its limit.", _SAMPLED,
    ),
)  # fmt: skip

DIRECTORIES = ("model_store", "logs", "temporary")
_DISK = ("mount", "directories")
_MOUNTS = (
    f"directories says which of the server's own lie there ({', '.join(DIRECTORIES)}), joined by commas; several on one file system"
    " are one series."
)
_DISKS = (
    Definition(
        "servescope_disk_used_bytes", "gauge", "bytes", _DISK,
        f"Used space of each file system that the server writes to; {_MOUNTS}", _SAMPLED,
    ),
    Definition(
        "servescope_disk_available_bytes", "gauge", "bytes", _DISK,
        f"Space that the server can still fill on each file system that it writes to; {_MOUNTS}", _SAMPLED,
    ),
)  # fmt: skip

_GPUS = (
    _gpu("utilization_ratio", "", "Share of NVML's own last sampling period, 0 to 1, in which a kernel ran"),
    _gpu("memory_used_bytes", "bytes", "Used memory, by whatever process; by instance where the GPU is in MIG mode"),
    _gpu("memory_total_bytes", "bytes", "Memory of the device; by instance where the GPU is in MIG mode"),
    _gpu("power_watts", "watts", "Power drawn"),
    _gpu("power_limit_watts", "watts", "Power that the device may draw"),
    _gpu("temperature_celsius", "celsius", "Temperature of the chip"),
    _gpu("sm_clock_hertz", "hertz", "Clock of the streaming multiprocessors"),
    _gpu("energy_joules_total", "joules", "Energy used since the driver was loaded", "counter"),
    _gpu("ecc_errors_total", "errors", "Uncorrected memory errors since the driver was loaded", "counter"),
)

# Names that Prometheus' client libraries agree on.
_PROCESS = (
    Definition(
        "process_cpu_seconds_total", "counter", "seconds", (),
        "Processor time of the front end's process, user and system.", _SAMPLED,
    ),
    Definition(
        "process_resident_memory_bytes", "gauge", "bytes", (), "Resident memory of the front end's process.", _SAMPLED,
    ),
    Definition(
        "process_virtual_memory_bytes", "gauge", "bytes", (), "Address space of the front end's process.", _SAMPLED,
    ),
    Definition(
        "process_start_time_seconds", "gauge", "seconds", (),
        "When the front end's process started, in seconds since 1970.", _SAMPLED,
    ),
    Definition(
        "process_open_fds", "gauge", "descriptors", (), "File descriptors that the front end has open.", _SAMPLED,
    ),
    Definition(
        "process_max_fds", "gauge", "descriptors", (), "File descriptors that the front end may have open.", _SAMPLED,
    ),
    Definition(
        "python_gc_collections_total", "counter", "collections", ("generation",),
        "Garbage collections of the front end by generation.", _SAMPLED,
    ),
    Definition(
        "python_gc_objects_collected_total", "counter", "objects", ("generation",),
        "Objects that the front end's garbage collections freed.", _SAMPLED,
    ),
    Definition(
        "python_gc_objects_uncollectable_total", "counter", "objects", ("generation",),
        "Objects that the front end's garbage collections could not free.", _SAMPLED,
    ),
)  # fmt: skip

HOST = _CGROUP + _DISKS + _GPUS + _PROCESS
