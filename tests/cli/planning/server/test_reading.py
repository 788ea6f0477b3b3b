"""A page of /metrics as the planner reads it."""

import pytest

from servescope.cli.client.scrape import parse
from servescope.cli.planning.server.reading import reading

PAGE = """
servescope_workers{model_name="m",model_version="1.0",state="ready"} 1
servescope_workers{model_name="m",model_version="1.0",state="busy"} 2
servescope_workers{model_name="m",model_version="1.0",state="failed"} 1
servescope_workers{model_name="other",model_version="1.0",state="ready"} 9
servescope_worker_busy_seconds_total{model_name="m",model_version="1.0",worker="1"} 3
servescope_worker_busy_seconds_total{model_name="m",model_version="1.0",worker="2"} 4
servescope_requests_total{model_name="m",model_version="1.0",code="200"} 10
servescope_requests_total{model_name="other",model_version="1.0",code="200"} 5
servescope_requests_in_flight{model_name="m",model_version="1.0"} 2
process_cpu_seconds_total 1.5
CPUUtilization{Level="Host",Hostname="h"} 25
MemoryUsed{Level="Host",Hostname="h"} 1024
MemoryAvailable{Level="Host",Hostname="h"} 3072
MemoryUtilization{Level="Host",Hostname="h"} 25
"""


def test_what_the_page_says():
    """Of this model and version, and of the machine."""
    found = reading(parse(PAGE), "m", "1.0", 7.0)
    assert (found.at_s, found.workers, found.busy_s, found.in_flight) == (7.0, 3, 7, 2)
    assert (found.own_requests, found.other_requests) == (10, 5)
    assert (found.cpu_share, found.memory_share) == (0.25, 0.25)
    assert found.memory_bytes == pytest.approx(4 * 2**30)


def test_looking_for_a_batch_is_no_work():
    """Processor time of the workers is without it, and never less than none."""
    page = PAGE + "".join(
        f'servescope_worker_{what}_seconds_total{{model_name="m",model_version="1.0",worker="{number}"}} {seconds}\n'
        for what, number, seconds in (("cpu", 1, 3), ("cpu", 2, 2), ("polling", 1, 1.5))
    )
    assert reading(parse(page), "m", "1.0", 0.0).workers_cpu_s == 3.5
    assert reading(parse(page.replace("} 1.5", "} 9")), "m", "1.0", 0.0).workers_cpu_s == 0


def test_what_it_does_not_say_is_not_known():
    """No zeros where nothing was measured."""
    found = reading([], "m", "1.0", 0.0)
    assert found.cpu_share is found.memory_bytes is found.front_cpu_s is found.kv_share is None


def test_a_containers_limit_is_the_memory():
    """Not the machine's."""
    page = PAGE + "servescope_cgroup_memory_bytes 100\nservescope_cgroup_memory_limit_bytes 400\n"
    found = reading(parse(page), "m", "1.0", 0.0)
    assert (found.memory_bytes, found.memory_share) == (400, 0.25)
