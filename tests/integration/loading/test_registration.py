"""Where archives come from: the store, directories and URLs; and what a model's own requirements do."""

import shutil
import sys
import tarfile
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler

import pytest

from http_server import Silent, answering
from integration.deployed import Deployed
from integration.net_server import NOOP
from integration.server import pack, refusal

pytestmark = pytest.mark.integration


class Files(Silent, SimpleHTTPRequestHandler):
    """Serves files."""


@pytest.fixture
def downloads(tmp_path):
    """A directory and the address of the HTTP server that serves it."""
    directory = tmp_path / "downloads"
    directory.mkdir()
    with answering(partial(Files, directory=str(directory))) as port:
        yield directory, f"http://127.0.0.1:{port}"


@pytest.fixture
def register(server):
    """Register from a URL; the model's answer tells that it works. It goes after the test."""
    names = []

    def works(url, name, **query):
        names.append(name)
        answer = server.register(url, **query)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"status": f'Model "{name}" Version: 1.0 registered with 1 initial workers'}
        model = Deployed(server, name)
        assert model.predict("x").text == "ok"
        return model

    yield works
    for name in names:
        server.manage("DELETE", f"/models/{name}")


def unpacked(directory, name):
    """A model as a directory."""
    with zipfile.ZipFile(pack(directory / "packed.zip", name, NOOP)) as archive:
        archive.extractall(directory / name)
    (directory / "packed.zip").unlink()
    return directory / name


def test_from_the_model_store(server, register):
    """By its file name, in a directory's name or as a .tar.gz; the file stays when the model goes."""
    archive = pack(server.store / "plain.mar", "plain", NOOP)
    model = register("plain.mar", "plain")
    assert model.describe()["modelUrl"] == "plain.mar"
    server.manage("DELETE", "/models/plain")
    assert archive.exists()
    directory = unpacked(server.store, "folder")
    register("folder", "folder")
    server.manage("DELETE", "/models/folder")
    assert (directory / "service.py").exists()
    with tarfile.open(server.store / "folder.tar.gz", "w:gz") as tar:
        tar.add(directory, "folder")
    register("folder.tar.gz", "folder")


def test_from_a_directory_anywhere(register, tmp_path):
    """By its whole path, and it stays as it was."""
    directory = unpacked(tmp_path, "elsewhere")
    before = sorted(directory.rglob("*.py"))
    model = register(str(directory), "elsewhere")
    model.server.manage("DELETE", "/models/elsewhere")
    assert sorted(directory.rglob("*.py")) == before


def test_from_a_url(server, register, downloads):
    """file:// and http:// are copied into the store, and deleted with the model."""
    directory, address = downloads
    archive = pack(directory / "remote.mar", "remote", NOOP)
    for url in (f"{address}/remote.mar?signature=1", archive.as_uri()):
        register(url, "remote")
        assert (server.store / "remote.mar").exists()
        status, _, message = refusal(server, url)
        assert (status, message) == (409, "Model version 1.0 is already registered for model remote")
        server.manage("DELETE", "/models/remote")
        assert not (server.store / "remote.mar").exists()
    assert archive.exists()


def test_as_json(server, register):
    """The parameters in a JSON body, with a name and a handler of the client's choice."""
    archive = pack(server.store / "any.mar", "any", "raise ValueError\n", files={"other.py": NOOP})
    body = {"url": archive.name, "model_name": "mine", "handler": "other:handle", "initial_workers": 1, "batch_size": 3}
    answer = server.http.post(server.url("management", "/models"), json=body)
    assert answer.json() == {"status": 'Model "mine" Version: 1.0 registered with 1 initial workers'}
    model = Deployed(server, "mine")
    assert model.predict("x").text == "ok"
    assert model.describe()["batchSize"] == 3
    server.manage("DELETE", "/models/mine")


@pytest.mark.parametrize(
    ("url", "status", "kind", "message"),
    [
        ("", 404, "ModelNotFoundException", "empty url"),
        ("absent.mar", 404, "ModelNotFoundException", "Model not found at: absent.mar"),
        ("/absent/dir", 404, "ModelNotFoundException", "Model not found at: /absent/dir"),
        ("../m.mar", 404, "ModelNotFoundException", "Relative path is not allowed in url: ../m.mar"),
        (
            "ftp://host/m.mar",
            404,
            "ModelNotFoundException",
            "Model not found at: ftp://host/m.mar "
            "(ftp:// is not supported: give an http://, https:// (presigned, too) or file:// URL)",
        ),
        (
            "http://127.0.0.1:9/m.mar",
            400,
            "DownloadArchiveException",
            "Failed to download archive from: http://127.0.0.1:9/m.mar",
        ),
        (
            "file:///absent/m.mar",
            400,
            "DownloadArchiveException",
            "Failed to download archive from: file:///absent/m.mar",
        ),
    ],
)
def test_urls_that_lead_nowhere(server, url, status, kind, message):
    """The contract's errors."""
    assert refusal(server, url) == (status, kind, message)


def test_no_url_at_all(server):
    """400."""
    answer = server.manage("POST", "/models")
    assert (answer.status_code, answer.json()["message"]) == (400, "Parameter url is required.")


def test_only_allowed_urls(launch, downloads):
    """What no pattern of allowed_urls matches is not fetched, and no redirect leads around them."""
    directory, address = downloads
    pack(directory / "good.mar", "good", NOOP)
    pack(directory / "evil.mar", "evil", NOOP)
    server = launch(allowed_urls=f"{address}/good.*")
    status, _, message = refusal(server, f"{address}/evil.mar")
    assert (status, message) == (404, f"Given URL {address}/evil.mar does not match any allowed URL(s)")
    assert refusal(server, (directory / "evil.mar").as_uri())[0] == 404
    assert server.register(f"{address}/good.mar").status_code == 200


def wheelhouse(directory):
    """A directory of wheels, written by hand, for which pip needs no network: a small package, and a newer javaproperties, which
    the server has as well.
    """
    directory.mkdir()
    for name, version in (("tiny_dependency", "1.2"), ("javaproperties", "99.0")):
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", f"__version__ = '{version}'\n")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", "")
    return directory


@pytest.mark.parametrize("use_venv", ["false", "true"])
def test_a_models_own_requirements(launch, tmp_path, use_venv):
    """Installed for it alone, beside it or into a venv of its own, before its first worker, and found before the server's own;
    failure is 400.
    """
    server = launch(install_py_dep_per_model="true")
    wheels = wheelhouse(tmp_path / "wheels")
    code = (
        "import sys\nimport javaproperties, tiny_dependency\n\n"
        "def handle(data, context):\n    return data and [f'{sys.prefix} {javaproperties.__version__}']\n"
    )
    config = f"useVenv: {use_venv}\nminWorkers: 1\nmaxWorkers: 1\n"
    files = {"requirements.txt": f"--no-index\n--find-links {wheels}\ntiny-dependency\njavaproperties\n"}
    pack(server.store / "m.mar", "m", code, config=config, files=files, requirementsFile="requirements.txt")
    answer = server.register("m.mar")
    assert answer.status_code == 200, answer.text + server.console()
    prefix, version = Deployed(server, "m").predict("x").text.split()
    assert version == "99.0"
    assert (prefix == sys.prefix) == (use_venv == "false")
    server.manage("DELETE", "/models/m")
    shutil.rmtree(wheels)
    assert refusal(server, "m.mar") == (
        400,
        "ModelException",
        "Custom pip package installation failed for model m",
    )


def test_requirements_that_nobody_asked_to_install(launch):
    """As install_py_dep_per_model is off unless it is set, the log says why a package is missing."""
    server = launch()
    code = "def handle(data, context):\n    return data and ['x']\n"
    files = {"requirements.txt": "tiny-dependency\n"}
    pack(server.store / "m.mar", "m", code, files=files, requirementsFile="requirements.txt")
    assert server.register("m.mar").status_code == 200
    assert "Model m: its requirements.txt is not installed: install_py_dep_per_model is false" in server.console()
