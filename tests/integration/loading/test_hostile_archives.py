"""Archives that are no models, or would do harm."""

import io
import json
import tarfile
import zipfile

import pytest

from integration.net_server import NOOP
from integration.server import refusal

pytestmark = pytest.mark.integration


def zipped(members):
    """A .mar with a good manifest and these members."""
    buffer = io.BytesIO()
    manifest = {"runtime": "python", "model": {"modelName": "evil", "modelVersion": "1.0", "handler": "service.py"}}
    good = {"MAR-INF/MANIFEST.json": json.dumps(manifest), "service.py": NOOP}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (good | members).items():
            archive.writestr(name, text)
    return buffer.getvalue()


def tarred(name, **fields):
    """A .tar.gz with a good manifest and one member of this kind."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(zipped({}))) as good, tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member in good.namelist():
            info = tarfile.TarInfo(f"evil/{member}")
            info.size = len(good.read(member))
            archive.addfile(info, io.BytesIO(good.read(member)))
        info = tarfile.TarInfo(name)
        for field, value in fields.items():
            setattr(info, field, value)
        archive.addfile(info)
    return buffer.getvalue()


HOSTILE = {
    "parent.mar": zipped({"../outside.txt": "x"}),
    "absolute.mar": zipped({"/tmp/servescope-outside.txt": "x"}),
    "parent.tar.gz": tarred("evil/../../outside.txt"),
    "link.tar.gz": tarred("evil/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hardlink.tar.gz": tarred("evil/link", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "device.tar.gz": tarred("evil/null", type=tarfile.CHRTYPE),
    "junk.tar.gz": b"this is no archive",
    "handler.mar": zipped({"MAR-INF/MANIFEST.json": json.dumps({"model": {"modelName": "e", "handler": "../x.py"}})}),
    "manifest.mar": zipped({"MAR-INF/MANIFEST.json": "{no json"}),
}


def files_of(server):
    """Everything in the server's directory but its logs, and but the directory that its first model makes."""
    return sorted(path for path in server.directory.rglob("*") if "logs" not in path.parts and path.name != "models")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives(server, name):
    """400, nothing is written outside, nothing unpacked is left, and the server goes on."""
    (server.store / name).write_bytes(HOSTILE[name])
    before = files_of(server)
    status, kind, message = refusal(server, name)
    assert (status, kind) == (400, "InvalidModelException"), message
    assert files_of(server) == before
    assert server.ping() == 200
