"""A driver that cannot be one says why, whether ray is installed here or not."""

import asyncio
import importlib.util
import os
import socket

import pytest

from servescope.fleet.backends.ray.driver_process import DriverProcess


def test_what_it_says_on_standard_error(capsys):
    """Is said on this process's own, as this one says it: a driver does not wait for who reads that."""

    async def main():
        driver = DriverProcess(print, lambda _why: None)
        await driver.start("127.0.0.1:1", {**os.environ, "PYTHONVERBOSE": "1"})
        with pytest.raises(OSError, match=r"ray|cluster"):
            await asyncio.wait_for(driver.connected, 60)
        await asyncio.wait_for(driver.close(60), 90)

    asyncio.run(main())
    assert "import 'asyncio'" in capsys.readouterr().err


def test_it_says_why_not():
    """Without ray, that; else that nobody listens at the address. Its end is told, and nothing of it is left."""

    async def main():
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{nobody.getsockname()[1]}"
            gone = asyncio.Event()
            driver = DriverProcess(print, lambda _why: gone.set())
            await driver.start(address, os.environ)
            with pytest.raises(OSError, match="there is no cluster" if installed else "ray is not installed: install"):
                await asyncio.wait_for(driver.connected, 60)
            await asyncio.wait_for(gone.wait(), 60)
            await asyncio.wait_for(driver.close(60), 90)
        with pytest.raises(ProcessLookupError):
            os.kill(driver.pid, 0)

    installed = importlib.util.find_spec("ray") is not None
    asyncio.run(main())
