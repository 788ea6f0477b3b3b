"""The board of hosts and GPUs: in, the form of the histograms; out, a `Board` after USE.

Called by `files`. Of each resource how busy it is, how much waits for it, and what failed; at its end what measuring
itself costs and leaves out.
"""

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.grafana import links
from servescope.operate.grafana.alerts import BY_INSTANCE
from servescope.operate.grafana.board import Board
from servescope.operate.grafana.boards import hosts_gpus, hosts_server
from servescope.operate.grafana.narrowed import RATE, RECENT, hosts, recorded_hosts
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.grafana.variables import target_variables
from servescope.operate.promql import Form, equal, max_by, rate, sum_by, sum_gained

_HOST = "{{instance}}"
_MOUNT = "{{instance}} {{mount}} {{directories}}"
_LIMITS = Thresholds()


def hosts_board(form: Form) -> Board:
    """Utilization, saturation and errors of processors, memory, disks, GPUs and the front end."""
    return Board(
        uid=links.HOSTS,
        title="Servescope: hosts and GPUs",
        description="Which machine, container or GPU is full, by utilization, saturation and errors; what measuring costs.",
        variables=target_variables("servescope_build_info"),
        rows=(_processors(form), _memory(form), _disk(form), *hosts_gpus.rows(form), *hosts_server.rows(form)),
        alerts=(BY_INSTANCE,),
    )


def _processors(form: Form) -> Row:
    workers = sum_by(rate(hosts("servescope_worker_cpu_seconds_total"), RATE), "instance")
    front_end = sum_by(rate(hosts("process_cpu_seconds_total"), RATE), "instance")
    limit = max_by(hosts("servescope_cgroup_cpu_limit_cores").now, "instance")
    throttled = recorded_hosts(form, "instance:servescope_cgroup_cpu_throttled:rate5m").now
    return Row("Processors", (
        Panel("Processors: utilization of the host", "Share of all the host's processor time that was not idle, whoever used"
              " it. In a container this is the host's, not the container's.", "percentunit",
              (Query(recorded_hosts(form, "instance:servescope_cpu:ratio").now, _HOST),), top=1,
              steps=(Step(0.8, "orange"), Step(0.95, "red")), links=(links.OVERVIEW_OF_INSTANCE,)),
        Panel("Processors: utilization by this server", "Processors' worth of time that the workers and the front end use. The"
              " dashed line is the cgroup's limit, where there is one. A front end near 1 is at its end: it has one thread.",
              "short", (
                  Query(workers, f"{_HOST} workers"),
                  Query(front_end, f"{_HOST} front end"),
                  Query(limit, f"{_HOST} limit", limit=True),
              )),
        Panel("Processors: saturation", "Seconds a second in which the cgroup was kept from running by its limit. Anything"
              " above 0 is time in which requests stood still.", "short", (Query(throttled, _HOST),),
              steps=(Step(0.05, "red"),), empty="no limit"),
    ))  # fmt: skip


def _memory(form: Form) -> Row:
    killed = hosts("servescope_worker_restarts_total", equal("reason", "oom"))
    ended = sum_gained(killed, RECENT, "instance", "model_name")
    return Row("Memory", (
        Panel("Memory: utilization", "Used share of the cgroup's limit, page cache aside, or of the host's memory where there"
              " is no limit. Near 1 the kernel is about to kill a worker.", "percentunit",
              (Query(recorded_hosts(form, "instance:servescope_memory:ratio").now, _HOST),), top=1, width=6,
              steps=(Step(_LIMITS.memory_ratio, "red"),)),
        Panel("Memory: the cgroup", "What the server's cgroup uses, page cache aside; the dashed line is its limit. Empty"
              " outside a cgroup that limits.", "bytes", (
                  Query(max_by(hosts("servescope_cgroup_memory_bytes").now, "instance"), f"{_HOST} used"),
                  Query(max_by(hosts("servescope_cgroup_memory_limit_bytes").now, "instance"), f"{_HOST} limit", limit=True),
              ), width=6, empty="no cgroup"),
        Panel("Memory: who has it", "Resident memory of the workers of each server, and of its front end. A line that only"
              " climbs is a leak.", "bytes", (
                  Query(sum_by(hosts("servescope_worker_memory_bytes").now, "instance"), f"{_HOST} workers"),
                  Query(max_by(hosts("process_resident_memory_bytes").now, "instance"), f"{_HOST} front end"),
              ), kind="stacked", width=6),
        Panel("Memory: errors", "Workers that the kernel, or a MemoryError, ended in the last 5 minutes, by model. Each took"
              " the requests in its hands with it.", "short", (Query(ended, f"{_HOST} {{{{model_name}}}}"),), width=6,
              steps=(Step(1, "red"),)),
    ))  # fmt: skip


def _disk(form: Form) -> Row:
    descriptors = max_by(hosts("process_open_fds").now, "instance") / max_by(hosts("process_max_fds").now, "instance")
    return Row("Disks and descriptors", (
        Panel("Disk: utilization", "Used share of each file system that the server writes to, of what unprivileged users can"
              " have. Full, it stops logs, model archives and what is unpacked.", "percentunit",
              (Query(recorded_hosts(form, "instance_mount:servescope_disk:ratio").now, _MOUNT),), top=1,
              steps=(Step(_LIMITS.disk_ratio, "red"),)),
        Panel("Disk: left", "What can still be written on each of them.", "bytes",
              (Query(max_by(hosts("servescope_disk_available_bytes").now, "instance", "mount", "directories"), _MOUNT),)),
        Panel("File descriptors: utilization", "Open ones of those that the front end may have; each connection takes one."
              " At 1 it refuses connections.", "percentunit", (Query(descriptors, _HOST),), top=1,
              steps=(Step(0.8, "orange"), Step(0.95, "red"))),
    ))  # fmt: skip
