"""Processors and GPUs that workers may count on."""

import logging
import os
from pathlib import Path

import pytest

from servescope.config.settings import Settings
from servescope.fleet.capacity import may_poll, most_workers_here, usable_cpus, usable_gpus

V2 = {
    "proc/self/cgroup": "0::/pod/app\n",
    "proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
}
V1 = {
    "proc/self/cgroup": "3:cpu,cpuacct:/pod/app\n",
    "proc/self/mountinfo": "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n",
}


def machine(root: Path, files: dict[str, str]) -> tuple[Path, Path]:
    """A machine's files; its proc and its root."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root / "proc", root


def v2(own: str, above: str) -> dict[str, str]:
    return V2 | {"sys/fs/cgroup/pod/app/cpu.max": own, "sys/fs/cgroup/pod/cpu.max": above}


def v1(own: str, above: str) -> dict[str, str]:
    folder = "sys/fs/cgroup/cpu/pod"
    periods = {f"{folder}/cpu.cfs_period_us": "100000\n", f"{folder}/app/cpu.cfs_period_us": "100000\n"}
    return V1 | periods | {f"{folder}/app/cpu.cfs_quota_us": own, f"{folder}/cpu.cfs_quota_us": above}


@pytest.fixture
def four(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may run on four processors."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3})


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (v2("100000 100000\n", "max 100000\n"), 1),
        (v2("150000 100000\n", "max 100000\n"), 2),
        (v2("5000 100000\n", "max 100000\n"), 1),
        (v2("max 100000\n", "200000 100000\n"), 2),
        (v2("max 100000\n", "max 100000\n"), 4),
        (v2("900000 100000\n", "max 100000\n"), 4),
        (v1("100000\n", "-1\n"), 1),
        (v1("-1\n", "250000\n"), 3),
        (v1("-1\n", "-1\n"), 4),
        ({}, 4),
    ],
)
def test_processors_are_those_of_affinity_and_quota(tmp_path, files, expected):
    """The tightest quota of the cgroup and those above it, rounded up, but never more than the affinity has."""
    assert usable_cpus(*machine(tmp_path, files)) == expected


@pytest.mark.usefixtures("four")
def test_a_quota_is_said(tmp_path, caplog):
    """Whoever wonders at the number of workers finds its reason in the log."""
    caplog.set_level(logging.INFO)
    usable_cpus(*machine(tmp_path, v2("50000 100000\n", "max 100000\n")))
    assert caplog.messages == ["Processors: 1, by the cgroup's quota of 0.5; this process may run on 4"]


@pytest.mark.usefixtures("four")
def test_a_quota_that_is_no_number(tmp_path, caplog):
    """The affinity counts, and the log says that nothing else does."""
    assert usable_cpus(*machine(tmp_path, v2("what\n", "max 100000\n"))) == 4
    assert "4 processors are counted on" in caplog.text


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("files", "polls"),
    [
        ({}, True),
        (v2("max 100000\n", "max 100000\n"), True),
        (v2("max 100000\n", "900000 100000\n"), False),
        (v1("250000\n", "-1\n"), False),
        (v2("what\n", "max 100000\n"), False),
    ],
)
def test_polling_takes_nothing_of_a_quota(tmp_path, files, polls):
    """Not even where it has more than the affinity: what is polled would be counted."""
    assert may_poll(Settings(), *machine(tmp_path, files)) is polls
    assert not may_poll(Settings(worker_busy_poll=False), *machine(tmp_path, files))


def test_polling_takes_nothing_of_the_only_processor(tmp_path, monkeypatch):
    """It is the front end's then."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {3})
    assert not may_poll(Settings(), *machine(tmp_path, {}))


def test_gpus_that_are_not_there(caplog):
    """More than there are is no silent matter; none, or as many as there are, is nothing to speak of."""
    assert usable_gpus(Settings(number_of_gpu=0)) == 0
    assert caplog.messages == []
    found = usable_gpus(Settings())
    assert usable_gpus(Settings(number_of_gpu=found + 3)) == found
    assert caplog.messages == [f"number_of_gpu={found + 3}: {found} are used, as there are no more"]


def test_a_bound_of_its_own():
    """max_workers_per_model wins over what the machine would say."""
    assert most_workers_here(Settings(max_workers_per_model=3)) == 3
