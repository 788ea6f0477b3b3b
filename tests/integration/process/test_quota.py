"""Workers by default are as many as the cgroup's quota has cores, on a real cgroup where this machine lets one be made."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.net_server import NOOP, log, serving

pytestmark = pytest.mark.integration

PERIOD = 100_000
ROOT = Path("/sys/fs/cgroup")


def _files(quota: int) -> tuple[Path, dict[str, str]]:
    """Where a cgroup for processors can be made on this machine, and its files that say the quota (microseconds a period)."""
    if (ROOT / "cgroup.controllers").exists():
        return ROOT, {"cpu.max": f"{quota} {PERIOD}"}
    return ROOT / "cpu", {"cpu.cfs_period_us": str(PERIOD), "cpu.cfs_quota_us": str(quota)}


@contextmanager
def cgroup(quota: int):
    """A cgroup with a quota; skipped where none can be made, which containers mostly are not let."""
    top, files = _files(quota)
    own = top / f"servescope-test-{os.getpid()}"
    try:
        own.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    try:
        try:
            for name, text in files.items():
                (own / name).write_text(text)
        except OSError as error:
            pytest.skip(f"no quota can be set here: {error}")
        yield own
    finally:
        own.rmdir()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="this process may run on one processor only")
def test_one_core_of_several_is_one_worker(tmp_path):
    """Not as many workers as the machine has processors, and the log says why."""
    with cgroup(PERIOD) as own:
        inside = ["sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', str(own)]
        with serving(tmp_path / "server", {"default_workers_per_model": "0"}, {"noop": NOOP}, before=inside) as server:
            (model,) = server.manage("GET", "/models/noop").json()
            assert (model["minWorkers"], len(model["workers"])) == (1, 1)
            assert "by the cgroup's quota of 1;" in log(server, "ts_log.log")
