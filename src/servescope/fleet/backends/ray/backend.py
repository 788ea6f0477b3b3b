"""Workers on a Ray cluster: the `Backend` that has each started by an actor somewhere, and joined to the front end over TCP.

In: launches. Out: `remote.worker.RemoteWorker`s. Nothing of it is begun before a worker is first wanted. Made by `server.models`.
"""

import asyncio
import itertools
import logging
from pathlib import Path

from servescope import __version__
from servescope.fleet.backends.ray.address import RayCluster
from servescope.fleet.backends.ray.driver_process import DriverProcess
from servescope.fleet.backends.ray.messages import FromDriver, Needs, Over, Place, Release, Waiting
from servescope.fleet.backends.ray.tls import files_of, is_used
from servescope.fleet.backends.remote.listener import Listener
from servescope.fleet.backends.remote.watchers import Watchers
from servescope.fleet.backends.remote.worker import RemoteWorker
from servescope.fleet.launch import LaunchPlan, NodeLost, WorkerEvents
from servescope.metrics.recording.hosts import OtherHosts
from servescope.wire.agent import Errand
from servescope.wire.secured.files import TlsFiles

# For the driver, to end its actors: it gives them ten seconds.
CLOSE_S = 15.0

logger = logging.getLogger("servescope.fleet")


class RayBackend:
    """Starts workers there."""

    def __init__(self, cluster: RayCluster, hosts: OtherHosts) -> None:
        self._cluster = cluster
        self._watchers = Watchers(hosts)
        self._numbers = itertools.count(1)
        self._workers: dict[int, RemoteWorker] = {}
        self._names: dict[int, str] = {}
        self._driver: asyncio.Task[tuple[DriverProcess, str]] | None = None
        self._listener: Listener | None = None
        self._port = 0

    async def launch(self, plan: LaunchPlan, directory: Path, events: WorkerEvents) -> RemoteWorker:
        """Have a worker started, and wait until it is there, which may take until the cluster has room for it.

        Raises:
            OSError: there is no cluster, or none of its nodes can start it.
        """
        tls = self._tls()
        driver, host = await self._connected()
        listener = self._listening(host)
        listener.tls = tls.listening() if tls is not None else None
        number = next(self._numbers)
        worker = RemoteWorker(plan, events, listener, self._watchers, lambda: self._part(number, driver))
        self._workers[number] = worker
        self._names[number] = f"{plan.load.model_name} {plan.load.model_version}"
        driver.send(
            Place(number, self._names[number], str(directory), self._errand(plan, worker, host, tls), _needs(plan))
        )
        try:
            await worker.joined
        except asyncio.CancelledError:
            worker.fail("called off")
            raise
        return worker

    def _tls(self) -> TlsFiles | None:
        """By which files workers' connections are encrypted; read anew for each launch, as certificates are renewed."""
        environ, wanted = self._cluster.environ, self._cluster.tls
        return files_of(environ) if (is_used(environ) if wanted is None else wanted) else None

    def _errand(self, plan: LaunchPlan, worker: RemoteWorker, host: str, tls: TlsFiles | None) -> Errand:
        load = plan.load
        return Errand(
            host=self._cluster.worker_address[0] if self._cluster.worker_address else host,
            port=self._port,
            ticket=worker.ticket,
            version=__version__,
            model_dir="",  # it is known where it lies once it lies there
            handler=load.handler,
            environment={},
            blacklist=self._cluster.blacklist,
            gpu_id=0 if plan.ray is not None and plan.ray.num_gpus else None,
            measuring=load.measuring,
            tls=tls,
        )

    def _listening(self, host: str) -> Listener:
        if self._listener is None:
            name, port = self._cluster.worker_address or (host, 0)
            listener = Listener()
            try:
                self._port = listener.open(name, port)
            except OSError as error:
                place = (
                    "ray_worker_address" if self._cluster.worker_address else "the cluster's address of this machine"
                )
                raise OSError(f"{place}={name}:{port}: workers cannot connect back to it: {error}") from error
            self._listener = listener
            logger.info("Workers on Ray connect back to %s, port %d", name, self._port)
        return self._listener

    async def _connected(self) -> tuple[DriverProcess, str]:
        """The driver and the address by which its cluster knows this machine; one for all who wait."""
        if self._driver is None or (self._driver.done() and self._driver.exception() is not None):
            self._driver = asyncio.create_task(self._connect(), name="Ray driver")
        return await asyncio.shield(self._driver)

    async def _connect(self) -> tuple[DriverProcess, str]:
        driver = DriverProcess(self._heard, self._lost)
        try:
            await driver.start(self._cluster.address, self._cluster.environ)
            host = await driver.connected
        except BaseException:
            await driver.close(0)
            raise
        text = "The Ray cluster at %s knows this machine as %s; its driver is process %d"
        logger.info(text, self._cluster.address, host, driver.pid)
        return driver, host

    def _heard(self, message: FromDriver) -> None:
        match message:
            case Waiting(number, why, short):
                logger.warning("A worker of %s waits for a place on Ray: it %s", self._names.get(number), why)
                if (worker := self._workers.get(number)) is not None:
                    worker.placing(why if short else "")
            case Over(number, why, node_lost):
                self._names.pop(number, None)
                if (worker := self._workers.pop(number, None)) is not None:
                    worker.fail(f"its actor has ended: {why or 'it was ended'}", NodeLost if node_lost else OSError)
                    worker.explain("node_lost" if node_lost else "exit")

    def _part(self, number: int, driver: DriverProcess) -> None:
        worker = self._workers.get(number)
        driver.send(Release(number, worker is not None and worker.reason is not None))

    def _lost(self, why: str) -> None:
        """The driver is gone, and Ray ends its actors at some moment: they end now. The next launch has another driver."""
        self._driver = None
        for worker in list(self._workers.values()):
            worker.fail(why)  # that is on its way
            worker.end_because(why)
            worker.explain("exit")
        self._workers.clear()

    async def close(self) -> None:
        """The server ends: so does the driver, with its actors."""
        task, self._driver = self._driver, None
        if task is not None:
            task.cancel()  # a cluster that does not answer would be waited for
            await asyncio.wait((task,))
            if not task.cancelled() and task.exception() is None:
                await task.result()[0].close(CLOSE_S)
        if self._listener is not None:
            self._listener.close()


def _needs(plan: LaunchPlan) -> Needs:
    ray = plan.ray
    assert ray is not None
    return Needs(
        ray.num_cpus, ray.num_gpus or 0.0, dict(ray.resources), ray.memory_mb, ray.placement, dict(ray.runtime_env)
    )
