"""What idle keep-alive connections cost Servescope: memory of the front end, and speed for the others.

    python benchmarks/idle_connections.py [--connections 10000] [--seconds 5] [--json FILE]

In: nothing but an environment with servescope, and wrk on PATH. Out: the front end's PSS before and after the
connections were opened, and the c=16 rate before, during and after. Each connection has had one answer and then says
nothing. The exit status is 1 where memory grew by 300 MB or more, or the server hung up on a connection. Run by hand.
"""

import argparse
import json
import multiprocessing
import resource
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from rig.load import Load, VoidRunError, drive, wrk_path
from rig.memory import pss_bytes
from rig.processes import front_end
from rig.servers import running, servescope

MB = 1_000_000
MEMORY_LIMIT_MB = 300
HOLDERS = 2
BUSY_CONNECTIONS = 16
OPEN_LIMIT_S = 120.0
SPARE_FILES = 512
REQUEST = (
    b"POST /predictions/noop HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
)


@dataclass(frozen=True)
class Findings:
    """Memory of the front end in MB (10^6 bytes), c=16 rates in requests/s, and connections alive at the end."""

    connections: int
    alive_at_end: int
    before_mb: float
    held_mb: float
    rate_before: float
    rate_held: float
    rate_after: float

    @property
    def grown_mb(self) -> float:
        """What the idle connections cost the front end."""
        return self.held_mb - self.before_mb


def allow_files(count: int) -> None:
    """Raise this process's limit on open files to `count`; children, the server among them, inherit it.

    Raises ValueError where the hard limit is lower.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise ValueError(f"{count} open files are needed, the hard limit is {hard}: raise it with ulimit -Hn")
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def _open_one(port: int) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), timeout=30)
    opened.sendall(REQUEST)
    answer = b""
    while b"\r\n\r\n" not in answer:  # the no-op's two-byte body comes with its head or is left unread
        piece = opened.recv(4096)
        if not piece:
            raise ConnectionError(f"the server hung up instead of answering: {answer!r}")
        answer += piece
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(f"an answer that is not 200: {answer[:100]!r}")
    opened.setblocking(False)
    return opened


def _is_alive(held: socket.socket) -> bool:
    try:
        while held.recv(4096):
            pass  # what was left of the one answer; after it comes either nothing yet, or the end
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def hold(port: int, count: int, channel: Connection) -> None:
    """In a child process: open `count` connections, say so, wait for a word, and report how many are still open."""
    try:
        held = [_open_one(port) for _ in range(count)]
    except OSError as error:
        channel.send(repr(error))
        return
    channel.send(len(held))
    channel.recv()
    channel.send(sum(map(_is_alive, held)))


def _receive(channel: Connection) -> int:
    if not channel.poll(OPEN_LIMIT_S):
        raise TimeoutError(f"the idle connections were not opened within {OPEN_LIMIT_S:.0f} s")
    said = channel.recv()
    if not isinstance(said, int):
        raise VoidRunError(f"idle connections could not be opened: {said}")
    return said


@contextmanager
def idle(port: int, count: int) -> Iterator[list[Connection]]:
    """Hold `count` idle connections to `port` in child processes while the block runs; yields a channel to each."""
    context = multiprocessing.get_context("spawn")
    shares = [count // HOLDERS + (number < count % HOLDERS) for number in range(HOLDERS)]
    pairs = [context.Pipe() for _ in shares]
    children = [
        context.Process(target=hold, args=(port, share, theirs), daemon=True)
        for share, (_, theirs) in zip(shares, pairs, strict=True)
    ]
    for child in children:
        child.start()
    channels = [ours for ours, _ in pairs]
    try:
        for channel in channels:
            _receive(channel)
        yield channels
    finally:
        for child in children:
            child.terminate()
            child.join(10)


def survivors(channels: Sequence[Connection]) -> int:
    """Ask the holders how many of their connections the server has kept."""
    for channel in channels:
        channel.send("count")
    return sum(map(_receive, channels))


def measure(connections: int, seconds: int) -> Findings:
    """Start Servescope and measure it without, with, and again without the idle connections."""
    with running(servescope()) as server:
        load = Load(server.url("noop"), BUSY_CONNECTIONS, seconds)
        front = front_end(server.session)
        drive(load)  # a warm-up, so that buffers grown by the first load do not count as the connections' cost
        rate_before = drive(load).rate
        before = pss_bytes(front)
        with idle(server.port, connections) as channels:
            held = pss_bytes(front)
            rate_held = drive(load).rate
            alive = survivors(channels)
        rate_after = drive(load).rate
    return Findings(connections, alive, before / MB, held / MB, rate_before, rate_held, rate_after)


def report(found: Findings) -> str:
    """The findings as a few lines of text."""
    kilobytes = found.grown_mb * 1000 / found.connections
    return "\n".join(
        (
            f"idle connections            {found.connections}, of which {found.alive_at_end} alive after the load",
            f"front end's PSS             {found.before_mb:.1f} MB, with them {found.held_mb:.1f} MB",
            f"growth                      {found.grown_mb:.1f} MB ({kilobytes:.1f} kB each), limit {MEMORY_LIMIT_MB}",
            f"c={BUSY_CONNECTIONS} without, with, without  {found.rate_before:.0f}, {found.rate_held:.0f}, "
            f"{found.rate_after:.0f} requests/s",
        )
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 within the limit, 1 beyond it or with connections lost, 2 void or impossible to run."""
    parser = argparse.ArgumentParser(description="Cost of idle keep-alive connections to Servescope.")
    parser.add_argument("--connections", type=int, default=10_000, metavar="N", help="idle connections (10000)")
    parser.add_argument("--seconds", type=int, default=5, metavar="S", help="length of each load run (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there")
    arguments = parser.parse_args(argv)
    try:
        wrk_path()
        allow_files(arguments.connections + SPARE_FILES)
        found = measure(arguments.connections, arguments.seconds)
    except (VoidRunError, FileNotFoundError, ValueError, RuntimeError, TimeoutError) as error:
        print(f"VOID: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(found), indent=2) + "\n")
    print(report(found))
    kept = found.alive_at_end == found.connections
    return 0 if kept and found.grown_mb < MEMORY_LIMIT_MB else 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
