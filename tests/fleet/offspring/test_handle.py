"""A hold on a process, by the kernel's descriptor and where it has none."""

import errno
import os
import select
import subprocess

import pytest

from servescope.fleet.offspring.handle import Handle


@pytest.fixture(params=[None, errno.ENOSYS, errno.EPERM], ids=["pidfd", "old kernel", "sandbox"])
def kernel(request, monkeypatch):
    """With and without process descriptors."""
    if request.param is not None:

        def refuse(_pid):
            raise OSError(request.param, os.strerror(request.param))

        monkeypatch.setattr(os, "pidfd_open", refuse)


@pytest.mark.usefixtures("kernel")
def test_its_end_is_seen():
    """Once it is a zombie; not before."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process, Handle(process.pid) as held:
        assert not held.wait(0)
        process.stdin.close()
        assert held.wait(20)
        assert select.select([held.descriptor], [], [], 0)[0]


@pytest.mark.usefixtures("kernel")
def test_it_is_killed():
    """And nobody who has its id after it."""
    with subprocess.Popen(["sleep", "60"]) as process, Handle(process.pid) as held:
        held.kill()
        assert held.wait(20)
        assert process.wait() == -9
        with pytest.raises(ProcessLookupError):
            held.kill()


@pytest.mark.usefixtures("kernel")
def test_one_that_is_not_there():
    """Is told as such."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    with pytest.raises(ProcessLookupError):
        Handle(process.pid)


def test_no_descriptors_left(monkeypatch):
    """Is another matter than an old kernel."""

    def refuse(_pid):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "pidfd_open", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        Handle(os.getpid())
