"""The metrics API over a real connection: formats, codings, chunks, and what becomes of a client that is slow or leaves."""

import asyncio
import gzip
import json

import pytest

from servescope.config.address import Address
from servescope.metrics.definitions import Definition
from servescope.metrics.exposition import openmetrics, protobuf, text
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.runbook.page import page
from servescope.web.metrics.api import MetricsApi, route_of
from web.port import OpenPort, run

MANY = 20_000
PROTO = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
FORMATS = {"text/plain": text, "application/openmetrics-text": openmetrics, PROTO: protobuf}

ADDRESS = Address("http", "127.0.0.1", 8082)


class MetricsPort(OpenPort):
    """A port with the metrics API, and clients of it. `large`: with a family of MANY series, `reads` of them so far."""

    def __init__(self, directory, *, large=False, **options):
        self.registry = Registry()
        self.reads = 0
        if large:
            family = self.registry.add(Definition("large", "gauge", "", ("number",), "h"))
            for number in range(MANY):
                family.read(self._read, f"{number:0100}")
        recorder = Recorder(self.registry, "h")
        api = MetricsApi(self.registry, recorder, b"{}", **{"shown": True, "address": ADDRESS, **options})
        super().__init__(directory, api, recorder)

    def _read(self):
        self.reads += 1
        return 1.0

    async def connect(self, *headers, target="/metrics", method="GET", version="1.1"):
        """A connection with a request on its way."""
        reader, writer = await self.connection()
        writer.write("\r\n".join([f"{method} {target} HTTP/{version}", "host: h", *headers, "", ""]).encode())
        return reader, writer

    async def ask(self, *headers, **request):
        """Headers and body of an answer; of one in chunks, what stands in them."""
        reader, writer = await self.connect(*headers, **request)
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            assert first.split(" ")[1] == "200"
            found = dict(line.split(": ", 1) for line in lines)
            if request.get("method") == "HEAD":
                return found, b""
            if "content-length" in found:
                return found, await reader.readexactly(int(found["content-length"]))
            if "transfer-encoding" not in found:
                return found, await reader.read()
            body = []
            while size := int(await reader.readline(), 16):
                body.append(await reader.readexactly(size))
                await reader.readexactly(2)
            return found, b"".join(body)
        finally:
            writer.close()

    def scrapes(self):
        return self.registry.histogram("servescope_scrape_duration_seconds").labels().count


async def until(condition):
    while not condition():  # noqa: ASYNC110  # there is no event for most of what is waited for
        await asyncio.sleep(0)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("accept", FORMATS)
def test_formats(tmp_path, accept, large):
    """The one that is asked for, whole with its length where it is small, in chunks where it is large."""

    async def main():
        async with MetricsPort(tmp_path, large=large) as port:
            headers, body = await port.ask(f"accept: {accept}")
            assert headers["content-type"] == FORMATS[accept].CONTENT_TYPE
            assert headers["vary"] == "accept, accept-encoding"
            assert ("content-length" in headers) is not large
            assert ("transfer-encoding" in headers) is large
            assert b"servescope_build_info" in body
            assert body.endswith(b"# EOF\n") == (accept == "application/openmetrics-text")
            assert (f"{MANY - 1:0100}".encode() in body) is large

    run(main())


@pytest.mark.parametrize("large", [False, True])
def test_gzip(tmp_path, large):
    """What comes out is what would have come without; a quality of 0 is a no."""

    async def main():
        async with MetricsPort(tmp_path, large=large) as port:
            names = "/metrics?name[]=large&name[]=servescope_build_info"
            plain_headers, plain = await port.ask("accept-encoding: gzip;q=0", target=names)
            headers, packed = await port.ask("accept-encoding: br, gzip", target=names)
            assert "content-encoding" not in plain_headers
            assert headers["content-encoding"] == "gzip"
            assert gzip.decompress(packed) == plain
            assert not large or len(packed) < len(plain) / 5

    run(main())


def test_http_1_0(tmp_path):
    """Without chunks, up to the connection's end."""

    async def main():
        async with MetricsPort(tmp_path, large=True) as port:
            headers, body = await port.ask(version="1.0")
            assert "transfer-encoding" not in headers
            assert body.count(b"\nlarge{") == MANY

    run(main())


@pytest.mark.parametrize("large", [False, True])
def test_head(tmp_path, large):
    """Headers alone; a large page is not rendered to its end for them. The connection goes on."""

    async def main():
        async with MetricsPort(tmp_path, large=large) as port:
            reader, writer = await port.connect(
                "accept-encoding: identity" if large else "accept-encoding: gzip", method="HEAD"
            )
            head = await reader.readuntil(b"\r\n\r\n")
            assert (b"content-length" in head) is not large
            assert (b"content-encoding: gzip" in head) is not large
            writer.write(b"GET /api-description HTTP/1.1\r\nhost: h\r\n\r\n")
            assert b"content-length: 2\r\n" in await reader.readuntil(b"\r\n\r\n")
            assert port.reads < MANY
            writer.close()

    run(main())


@pytest.mark.parametrize("accept", FORMATS)
def test_names(tmp_path, accept):
    """`name[]` in each format, percent-encoded or not."""

    async def main():
        async with MetricsPort(tmp_path) as port:
            await port.ask()
            query = "?name%5B%5D=servescope_scrape_duration_seconds_count&name[]=Requests2XX&name[]=none"
            _, body = await port.ask(f"accept: {accept}", target=f"/metrics{query}")
            assert b"servescope_scrape_duration_seconds" in body
            assert b"Requests2XX" in body
            assert b"servescope_build_info" not in body

    run(main())


def test_a_scrape_does_not_count_itself(tmp_path):
    """Of the answers that a page counts, its own is none, whole or in chunks."""

    async def main():
        async with MetricsPort(tmp_path, large=True) as port:
            for times in range(3):
                _, body = await port.ask()
                counted = [line for line in body.decode().splitlines() if line.startswith("Requests2XX{")]
                assert [float(line.rpartition(" ")[2]) for line in counted] == [float(times)]

    run(main())


def test_several_accept_headers(tmp_path):
    """They are one list."""

    async def main():
        async with MetricsPort(tmp_path) as port:
            headers, _ = await port.ask("accept: text/plain;q=0.1", "accept: application/openmetrics-text")
            assert headers["content-type"] == openmetrics.CONTENT_TYPE

    run(main())


def test_others_are_served_meanwhile(tmp_path):
    """A request that comes during a large scrape is answered before the scrape is rendered."""

    async def main():
        async with MetricsPort(tmp_path, large=True) as port:
            scrape = asyncio.create_task(port.ask())
            await until(lambda: port.reads)
            _, body = await port.ask(target="/api-description")
            assert json.loads(body) == {}
            assert port.reads < MANY
            await scrape
            assert port.reads == MANY

    run(main())


@pytest.mark.parametrize("coding", ["identity", "gzip;q=0"])
def test_a_client_that_does_not_read(tmp_path, coding):
    """No more is rendered than fits into the buffers, until it reads."""

    async def main():
        async with MetricsPort(tmp_path, large=True) as port:
            reader, writer = await port.connect(f"accept-encoding: {coding}")
            await until(lambda: port.reads)
            before = -1
            while port.reads > before:  # rendering stands still after so many turns of the loop
                before = port.reads
                for _ in range(500):
                    await asyncio.sleep(0)
            assert port.reads < MANY
            assert port.scrapes() == 0
            while not (await reader.readline()).startswith(b"0\r\n"):
                pass
            assert port.reads == MANY
            await until(lambda: port.scrapes() == 1)
            writer.close()

    run(main())


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_client_that_leaves(tmp_path, coding):
    """Rendering ends, and the scrape is counted."""

    async def main():
        async with MetricsPort(tmp_path, large=True) as port:
            _, writer = await port.connect(f"accept-encoding: {coding}")
            await until(lambda: port.reads)
            writer.transport.abort()
            await until(lambda: port.scrapes() == 1)
            assert port.reads < MANY

    run(main())


def test_before_a_scrape(tmp_path):
    """Whatever is to be done is done before anything is rendered, and for /metrics only."""

    async def main():
        calls = []

        async def before():
            await asyncio.sleep(0)
            calls.append(port.reads)

        async with MetricsPort(tmp_path, large=True, before_scrape=before) as port:
            await port.ask(target="/api-description")
            assert calls == []
            await port.ask()
            await port.ask()
            assert calls == [0, MANY]

    run(main())


def test_a_mode_without_exposition(tmp_path):
    """Nothing, whatever is asked for, and nothing is rendered."""

    async def main():
        async with MetricsPort(tmp_path, large=True, shown=False) as port:
            headers, body = await port.ask("accept: application/openmetrics-text", "accept-encoding: gzip")
            assert (headers["content-type"], body) == (text.CONTENT_TYPE, b"")
            assert port.reads == 0

    run(main())


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/metrics", "/metrics"),
        ("/metrics/x", "/metrics"),
        ("/", "/"),
        ("/api-description", "/api-description"),
        ("/runbook", "/runbook"),
        ("/runbook/x", "other"),
        ("/x", "other"),
    ],
)
def test_routes(path, route):
    """Templates, never the raw path."""
    assert route_of(path.rstrip("/").split("/")[1:]) == route


def test_discovery(tmp_path):
    """The server, as it was asked, and its peers, each in the group of its scheme."""

    async def main():
        peers = [Address("http", "10.0.0.2", 8082), Address("https", "::1", 8445)]
        async with MetricsPort(tmp_path, peers=peers) as port:
            headers, body = await port.ask(target="/sd")
            assert headers["content-type"] == "application/json"
            assert json.loads(body) == [
                {"targets": ["127.0.0.1:8082", "10.0.0.2:8082"], "labels": {"__scheme__": "http"}},
                {"targets": ["[::1]:8445"], "labels": {"__scheme__": "https"}},
            ]

    run(main())


@pytest.mark.parametrize("shown", [True, False])
def test_the_runbook(tmp_path, shown):
    """A page with a section for each alert, whatever is measured; it can be read and nothing else."""

    async def main():
        async with MetricsPort(tmp_path, shown=shown) as port:
            for target in ("/runbook", "/runbook/"):
                headers, body = await port.ask(target=target)
                assert headers["content-type"] == "text/html; charset=utf-8"
                assert body == page()
                assert b'<h2 id="servescopemodelstuck">' in body
            headers, body = await port.ask(target="/runbook", method="HEAD")
            assert (headers["content-length"], body) == (str(len(page())), b"")
            for method in ("POST", "PUT", "DELETE"):
                reader, writer = await port.connect(target="/runbook", method=method)
                assert (await reader.readline()).split()[1] == b"405"
                writer.close()

    run(main())
