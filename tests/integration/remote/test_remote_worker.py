"""A worker that an agent starts and that connects back over TCP does all that a local one does."""

import asyncio
import os
import signal
import socket
import time

import msgspec
import pytest
import uvloop

from integration.remote.rig import Owner, rigged, until
from metrics.collectors.nvml.stand_in import needs_gcc
from servescope.wire.exposed import Exposed
from servescope.wire.messages import Batch, Field, Measuring, Request, Stop
from servescope.wire.spooled.body import create
from servescope.wire.tcp import IDLE_S

pytest_plugins = ["integration.nvml"]
pytestmark = pytest.mark.integration


@pytest.fixture
def run(tmp_path):
    """Run a test's body on a loop, with a rig."""

    def run(body):
        async def main():
            async with rigged(tmp_path) as rig:
                await body(rig)

        uvloop.run(main())

    return run


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[0] != b"Z"


def test_it_serves(run):
    """Batches in, answers out, in order; the model is where it lies there, and the environment is the agent's and the errand's."""

    async def body(rig):
        await rig.start()
        rig.ask(1, b"one", b"two")
        rig.ask(2, b"three")
        assert [(await rig.said())[1] for _ in range(2)] == [[b"one", b"two"], [b"three"]]
        assert await rig.do("answer = os.environ['FROM_THE_FRONT_END']") == "yes"
        assert await rig.do("answer = context.system_properties['model_dir']") == str(rig.directory / "model")
        assert await rig.do("answer = os.getcwd()") == str(rig.directory / "model")
        assert await rig.do("answer = os.getpid()") == str(rig.link.pid)

    run(body)


def test_large_bodies(run):
    """Megabytes either way, as attachments."""

    async def body(rig):
        await rig.start()
        large = os.urandom(6 << 20)
        rig.link.send(Batch(1, [Request("r", [], {}, [Field("body", "", len(large))])]), [large])
        assert (await rig.said())[1] == [large]

    run(body)


def test_bodies_in_memory_of_this_machine(run):
    """Which it cannot read where they lie: they come over the network, whole."""

    async def body(rig):
        await rig.start()
        large = os.urandom(6 << 20)
        spooled = create()
        spooled.append(large)
        rig.link.send(Batch(1, [Request("r", [], {}, [Field("body", "", len(large))])]), [spooled])
        assert (await rig.said())[1] == [large]

    run(body)


def test_it_stops_when_told(run):
    """With status 0, all its lines told before, and its agent ends too."""

    async def body(rig):
        link = await rig.start()
        await rig.do("print('out'); print('err', file=sys.stderr)")
        link.send(Stop())
        assert await rig.ended() == (0, None)
        assert [line for line in rig.owner.lines if line[1] in ("out", "err")] == [("stdout", "out"), ("stderr", "err")]
        assert await asyncio.wait_for(rig.backend.agents[0].wait(), 60) == 0
        assert not alive(link.pid)

    run(body)


def test_its_exit_is_told(run):
    """With its status; answers that it gave before have come in, and its last lines."""

    async def body(rig):
        await rig.start()
        rig.ask(1, b"first")
        rig.ask(2, b"do print('last words'); sys.stdout.flush(); os._exit(7)")
        assert (await rig.said())[1] == [b"first"]
        assert await rig.ended() == (7, None)
        assert ("stdout", "last words") in rig.owner.lines

    run(body)


def test_it_is_killed(run):
    """With what it has started, even while it is busy."""

    async def body(rig):
        link = await rig.start()
        child = int(await rig.do("answer = subprocess.Popen(['sleep', '600']).pid"))
        rig.ask(2, b"do time.sleep(600)")
        link.kill()
        assert await rig.ended() == (-signal.SIGKILL, None)
        await until(lambda: not alive(child) and not alive(link.pid))

    run(body)


def test_its_agent_is_killed(run):
    """The worker is lost, which is told at once and says where; nothing of it is left, nor what it has started."""

    async def body(rig):
        link = await rig.start()
        child = int(await rig.do("answer = subprocess.Popen(['sleep', '600']).pid"))
        rig.backend.agents[0].kill()
        status, why = await rig.ended()
        assert status == -signal.SIGKILL
        assert why.endswith("is lost: its connection is closed")
        await until(lambda: not alive(child) and not alive(link.pid))

    run(body)


def test_a_network_that_hangs(run):
    """An agent that says nothing is cut off, its worker counted as lost; when it comes to itself it ends what it has."""

    async def body(rig):
        link = await rig.start()
        rig.backend.agents[0].send_signal(signal.SIGSTOP)
        _, why = await rig.ended()
        assert why.endswith("is lost: its agent has said nothing for 6 s")
        rig.backend.agents[0].send_signal(signal.SIGCONT)
        await asyncio.wait_for(rig.backend.agents[0].wait(), 60)
        assert not alive(link.pid)

    run(body)


def test_the_front_end_goes(run):
    """Its connections end, and so do agent and worker."""

    async def body(rig):
        link = await rig.start()
        rig.ask(2, b"do time.sleep(600)")
        link._control._transport.abort()
        await asyncio.wait_for(rig.backend.agents[0].wait(), 60)
        assert not alive(link.pid)

    run(body)


def test_what_is_measured_is_told_when_asked(run):
    """All that was written before, on this machine's clock."""

    async def body(rig):
        await rig.start(measuring=Measuring(bounds=[1.0, 2.0]))
        reader = rig.owner.sources[0]
        before = time.monotonic()
        await rig.do("context.metrics.add_counter('c', 3); context.metrics.add_metric('g', 5, unit='count')")
        await rig.do("context.metrics.add_time('t', 1.5)")
        await asyncio.wait_for(reader.ask(), 60)
        found = {update.name: update for update in reader.take()}
        assert {name: update.value for name, update in found.items()} == {"c": 3.0, "g": 5.0, "t": 1.5}
        assert found["t"].kind == "gauge"
        assert before - 0.1 < found["t"].order < time.monotonic() + 0.1
        await asyncio.wait_for(reader.ask(), 60)
        assert reader.take() == []

    run(body)


def test_what_is_measured_last_is_told(run):
    """What a crash left in its memory comes before its end is told."""

    async def body(rig):
        await rig.start()
        reader = rig.owner.sources[0]
        rig.ask(1, b"do context.metrics.add_counter('c', 4); os._exit(9)")
        assert (await rig.ended())[0] == 9
        assert [update.value for update in reader.take(final=True)] == [4.0]
        assert reader.ask() is None

    run(body)


def test_a_mode_that_logs(run):
    """Every write comes by itself, without being asked for, more of them than the ring has room for."""

    async def body(rig):
        await rig.start(measuring=Measuring(each=True))
        reader = rig.owner.sources[0]
        rig.ask(1, b"do [context.metrics.add_counter('c', 1) for _ in range(60_000)]")
        found = []
        async with asyncio.timeout(60):
            while len(found) < 60_000:
                found += reader.take(most=1000)
                await asyncio.sleep(0.001)
        assert {update.value for update in found} == {1.0}

    run(body)


def test_the_probe(run):
    """What a handler registers with prometheus_client can be asked for while it is busy."""

    async def body(rig):
        await rig.start()
        await rig.do("import prometheus_client as p; p.Counter('calls', 'x').inc(2)")
        await until(lambda: len(rig.owner.sources) == 2)
        rig.ask(2, b"do time.sleep(600)")
        probe = rig.owner.sources[1]
        await asyncio.wait_for(probe.ask(), 60)
        pieces = [msgspec.msgpack.decode(piece, type=Exposed) for piece in probe.latest]
        assert [series.value for piece in pieces for family in piece.families for series in family.series] == [2.0]

    run(body)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"version": "0.0.1"}, "the front end 0.0.1"),
        ({"model_dir": "/not/there"}, "No such file or directory: '/not/there'"),
    ],
)
def test_it_cannot_be_started(run, changed, why):
    """The launch fails and says where and why; nobody hears of an end."""

    async def body(rig):
        rig.backend.changed = changed
        with pytest.raises(OSError, match=why):
            await rig.backend.launch(*rig.plan(), rig.owner)
        assert await asyncio.wait_for(rig.backend.agents[0].wait(), 60) == 1
        assert not rig.owner.over.done()

    run(body)


def test_a_launch_is_called_off(run):
    """Its agent, which comes too late, is not taken, and ends."""

    async def body(rig):
        launch = asyncio.create_task(rig.backend.launch(*rig.plan(), rig.owner))
        await until(lambda: rig.backend.agents)
        launch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await launch
        assert await asyncio.wait_for(rig.backend.agents[0].wait(), 60) == 1
        assert not rig.owner.over.done()

    run(body)


def test_its_machine(run):
    """Is told of by one of several agents there, and by another when that has gone; then by none."""

    async def body(rig):
        await rig.start()
        host = rig.link.host
        await until(lambda: host in rig.backend.hosts.snapshot())
        found = rig.backend.hosts.snapshot()[host]
        assert set(found) == {"cpu", "memory", "disk"}
        assert ("MemoryUtilization", ("Host", host)) in [one[:2] for one in found["memory"].readings]
        assert not any(one.trouble for one in found.values())
        first, rig.owner = rig.link, Owner()
        await rig.start()
        first.kill()
        before = rig.backend.hosts.snapshot()[host]
        await until(lambda: rig.backend.hosts.snapshot().get(host) not in (None, before))
        rig.link.kill()
        await until(lambda: not rig.backend.hosts.snapshot())

    run(body)


@needs_gcc
def test_memory_of_gpus(run, nvml_stand_in, monkeypatch):
    """Is told by device, where it has a GPU; what others have there is left out."""
    for name, value in nvml_stand_in.environment.items():
        monkeypatch.setenv(name, value)

    async def body(rig):
        rig.backend.changed = {"gpu_id": 0}
        await rig.start()
        nvml_stand_in.say(f"process 0 {rig.link.pid} 1000", "process 0 1 7777", f"process 1:1 {rig.link.pid} 250")
        await until(lambda: rig.link.elsewhere.gpu_bytes)
        assert rig.link.elsewhere.gpu_bytes == {"0": 1000, "1:1": 250}
        nvml_stand_in.say()
        await until(lambda: not rig.link.elsewhere.gpu_bytes)

    run(body)


def test_the_kernel_looks_for_the_other_end(run):
    """On the channel, which has nothing to say for hours where nobody asks: at either end of it."""

    async def body(rig):
        link = await rig.start()
        there = await rig.do(
            "import socket; s = socket.socket(fileno=os.dup(int(sys.argv[1])));"
            " answer = [s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),"
            " s.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)]"
        )
        here = link._channel.get_extra_info("socket")
        found = [
            here.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            here.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
        ]
        assert there == str(found) == f"[1, {IDLE_S}]"

    run(body)
