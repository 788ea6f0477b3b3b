"""An HTTP port in the test's own process, over an API that the test writes or one of the server's."""

import asyncio

from metrics.series import series
from servescope.config.address import Address
from servescope.config.settings import Settings
from servescope.logs.access import AccessLog
from servescope.logs.sinks import RollingFile
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.web.http.app import HttpApp, Refused
from servescope.web.http.cors import Cors
from servescope.web.http.exchange import Observers
from servescope.web.http.listening.listener import Listener
from web.acceptors import acceptor


class Api:
    """Answers by `act(exchange)`."""

    listener = "inference"

    def __init__(self, act):
        self.handle = act

    def refused(self, request, code, began):
        return Refused("/x")


class OpenPort:
    """A port with an app over one API, on a Unix socket; its files are in `directory`."""

    def __init__(self, directory, api, recorder, cors=(), probes=None):
        self.log = directory / "access_log.log"
        self._file = RollingFile(self.log, print)
        self._access = AccessLog(self._file, "text", with_id=True)
        self.observers = Observers(recorder, self._access, Cors(list(cors), {}))
        app = HttpApp([api], Settings(max_request_size=1000), self.observers, probes)
        self._path = str(directory / "s.sock")
        self._listener = Listener(f"{api.listener}_address", Address("unix", "", 0, self._path), acceptor(app))

    async def __aenter__(self):
        await self._listener.start()
        return self

    async def __aexit__(self, *_):
        await self._listener.close()
        self._file.close()

    async def connection(self):
        """A new one's reader and writer."""
        return await asyncio.open_unix_connection(self._path)

    def logged(self):
        """The lines of the access log."""
        self._access.flush()
        return self.log.read_text().splitlines()


class Port(OpenPort):
    """A port over `act`, a function or one of the server's own APIs, and a client of it."""

    def __init__(self, directory, act, cors=(), probes=None):
        self.registry = Registry()
        api = act if hasattr(act, "handle") else Api(act)
        super().__init__(directory, api, Recorder(self.registry, "h"), cors, probes)

    async def __aenter__(self):
        await super().__aenter__()
        self.reader, self.writer = await self.connection()
        return self

    async def reconnect(self):
        """A connection in place of one that an error has closed."""
        self.writer.close()
        self.reader, self.writer = await self.connection()

    async def __aexit__(self, *_):
        self.writer.close()
        await super().__aexit__()

    async def ask(self, *headers, method="GET", target="/x?a=1", body=b""):
        """Status, headers and body of an answer."""
        lines = [f"{method} {target} HTTP/1.1", "host: h", f"content-length: {len(body)}", *headers]
        self.writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *rest = head.strip().split("\r\n")
        found = dict(line.split(": ", 1) for line in rest)
        assert len(found) == len(rest), "a header twice"
        length = int(found.get("content-length", 0)) if method != "HEAD" else 0
        if found.get("transfer-encoding") == "chunked":
            data = await self.reader.readuntil(b"0\r\n\r\n")
        else:
            data = await self.reader.readexactly(length)
        return int(first.split(" ")[1]), found, data

    def count(self, group):
        return series(self.registry, f"Requests{group}XX")["Host", "h"]


def run(main):
    """Have a coroutine run to its end, which must come."""
    asyncio.run(asyncio.wait_for(main, 20))
