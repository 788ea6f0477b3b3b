"""The archive that was named is the archive that is served, under a name that can be asked; and no secret of a URL is told."""

import http.client
import json
import subprocess
from functools import partial
from http.server import SimpleHTTPRequestHandler
from urllib.parse import quote

import pytest

from http_server import Silent, answering
from integration.net_server import NOOP, run_start, serving, site
from integration.server import COMMAND, PATIENCE_S, pack, refusal, wait_until

pytestmark = pytest.mark.integration

SECRETS = ("PASSWORD", "SIGNATURE")


class Files(Silent, SimpleHTTPRequestHandler):
    """Serves files, whatever the query and the user."""


def says(path, answer, name="m", **options):
    """An archive whose handler answers that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return pack(path, name, f"def handle(data, context):\n    return data and [{answer!r}] * len(data)\n", **options)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A server whose store has m.mar, and sub/m.mar; beside it, where it runs, other/m.mar; and an HTTP server of two m.mar."""
    directory = tmp_path_factory.mktemp("named")
    says(directory / "store/sub/m.mar", "C")
    says(directory / "other/m.mar", "B")
    for version in ("v1", "v2"):
        says(directory / f"remote/{version}/m.mar", version)
    with (
        answering(partial(Files, directory=str(directory / "remote"))) as port,
        serving(directory / "run", {"model_store": str(directory / "store")}, {}) as server,
    ):
        says(directory / "store/m.mar", "A")
        says(directory / "run/near/m.mar", "D")
        server.store, server.remote = directory / "store", f"http://127.0.0.1:{port}"
        server.other = directory / "other/m.mar"
        yield server


@pytest.fixture
def served(world):
    """Register a URL under a name of its own: what the model answers and the modelUrl. It goes after the test."""
    names = []

    def register(url, name=None, **query):
        names.append(name or f"n{len(names)}")
        answer = world.register(url, model_name=names[-1], **query)
        assert answer.status_code == 200, answer.text
        return ask(world, names[-1]), described(world, names[-1])["modelUrl"]

    yield register
    for name in names:
        world.manage("DELETE", f"/models/{quote(name, safe='')}")


def ask(server, name):
    return server.http.post(server.url("inference", f"/predictions/{quote(name, safe='')}"), content=b"x").text


def described(server, name):
    return server.manage("GET", f"/models/{quote(name, safe='')}").json()[0]


def test_paths(world, served):
    """In the store, in a folder of it, elsewhere and near: each is served as itself; what is not there, by its last part."""
    for url, answer in (
        ("m.mar", "A"),
        ("sub/m.mar", "C"),
        (str(world.other), "B"),
        ("near/m.mar", "D"),
        (str(world.store / "sub/m.mar"), "C"),
        (world.other.as_uri(), "B"),
        ((world.store / "m.mar").as_uri(), "A"),
        ("absent/m.mar", "A"),
        ("/absent/m.mar", "A"),
        (str(world.store / "absent/m.mar"), "A"),
    ):
        assert served(url) == (answer, url)


def test_paths_at_the_start(tmp_path):
    """The same for --models; what allowed_urls does not let is refused in words, and the others are served."""
    says(tmp_path / "other/m.mar", "B")
    says(tmp_path / "run/store/sub/m.mar", "C")
    models = f"b={tmp_path}/other/m.mar,c=sub/m.mar"
    with serving(tmp_path / "first", {"load_models": models}, {}) as server:
        wait_until(lambda: ask(server, "b") == "B")
        assert ask(server, "c") != "C"  # this store has none
    with serving(tmp_path / "second", {"load_models": models, "allowed_urls": "https://.*"}, {}) as server:
        text = wait_until(lambda: [line for line in server.console().splitlines() if "Failed to load model" in line])[0]
        assert f"file://{tmp_path}/other/m.mar matches no allowed URL(s)" in text


def test_two_remote_archives_of_one_name(world, served):
    """Both register, and are what they were; a third is a file's. With the last of them everything of theirs is gone."""
    before = sorted(world.store.iterdir())
    for url, answer in (
        (f"{world.remote}/v1/m.mar", "v1"),
        (f"{world.remote}/v2/m.mar", "v2"),
        (world.other.as_uri(), "B"),
    ):
        assert served(url) == (answer, url)
    for name in ("n0", "n1", "n2"):
        assert world.manage("DELETE", f"/models/{name}").status_code == 200
    assert sorted(world.store.iterdir()) == before
    assert served("m.mar", "again")[0] == "A"


@pytest.mark.parametrize("name", ["a b", "ü", "<b>", "[red]x", "a:b", "a%2Fb", "a?b#c&d"])
def test_names_that_are_served(world, served, name):
    """Asked, described, scaled and removed, and shown as they are, in tables too."""
    assert served("m.mar", name) == ("A", "m.mar")
    path = f"/models/{quote(name, safe='')}"
    assert world.manage("PUT", path, min_worker=1, synchronous="true").status_code == 200
    management = world.url("management", "")
    for words in (["status"], ["models", "list"], ["models", "describe", name]):
        command = subprocess.run(
            [*COMMAND, *words, "--management-address", management], capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert name in command.stdout, command.stderr
    assert world.metrics("servescope_model_info", model_name=name) == 1
    assert world.manage("DELETE", path).status_code == 200
    assert ask(world, name) != "A"


@pytest.mark.parametrize("name", [".", "..", "a/b", "/", "a\\b", "a\nb", "\x7f"])
def test_names_that_are_refused(world, name):
    """By the parameter, in an archive, as a version; nothing of it is listed."""
    status, kind, message = refusal(world, "m.mar", model_name=name)
    assert (status, kind) == (400, "BadRequestException")
    assert message.startswith(f"Parameter model_name {name!r}: ")
    for what, model in (("Model name", {"name": name}), ("Model version", {"version": name})):
        archive = says(world.store / "hostile.mar", "x", **model)
        status, kind, message = refusal(world, archive.name)
        assert (status, kind) == (400, "InvalidModelException")
        assert message.startswith(f"{what} {name!r}: ")


@pytest.mark.parametrize("name", ["", ".", "a/b"])
def test_names_that_end_the_start(tmp_path, name):
    """In --models, with the name."""
    ended = run_start(site(tmp_path / "run"), "--models", f"{name}=m.mar")
    assert ended.returncode == 1
    assert f"load_models: the name of a model {name!r}: " in ended.stderr


def test_versions_that_are_not_packed(tmp_path):
    """`archive` refuses them too."""
    (tmp_path / "h.py").write_text(NOOP)
    words = ["archive", "--model-name", "m", "--handler", "h.py", "--version", "1/2"]
    command = subprocess.run([*COMMAND, *words], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S)
    assert command.returncode == 1
    assert "--version '1/2': slashes and backslashes divide a path" in command.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["h.py"]


def test_secrets_of_urls_are_told_nowhere(world, served):
    """Neither of what is served nor of what failed, in lists, descriptions, status, logs or on the console."""
    host = world.remote.removeprefix("http://")
    url = f"http://bob:PASSWORD@{host}/v1/m.mar?X-Amz-Date=1&X-Amz-Signature=SIGNATURE"
    shown = f"http://{host}/v1/m.mar"
    assert served(url) == ("v1", shown)
    failing = (
        url.replace("v1", "absent"),
        url.replace("http", "ftp"),
        url.replace("PASSWORD", "PASS/WORD"),
        f"{url}/../x",
    )
    told = [world.register(one).text for one in failing]
    world.manage("POST", "/models", ulr=url)
    connection = http.client.HTTPConnection("127.0.0.1", world.ports["management"])
    connection.request("POST", f"/models?url={url}")  # not percent-encoded
    told.append(connection.getresponse().read().decode())
    body = {"url": url, "model_name": "n0", "initial_workers": 0}
    told.append(world.http.post(world.url("management", "/models"), json=body).text)  # a conflict
    told += [world.manage("GET", path).text for path in ("/models", "/models/n0", "/models/n0/all")]
    words = ["status", "--json", "--management-address", world.url("management", "")]
    told.append(subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=PATIENCE_S).stdout)
    access = world.directory / "logs/access_log.log"
    wait_until(lambda: f"POST /models?url={shown}&X-Amz-Signature= " in access.read_text())
    told += [path.read_text() for path in (world.directory / "logs").glob("*.log")] + [world.console()]
    assert f"POST /models?url={shown}&initial_workers=1&synchronous=true&model_name=n0 HTTP" in access.read_text()
    for text in told:
        assert not [secret for secret in (*SECRETS, "WORD", "bob") if secret in text], text


def test_secrets_of_urls_at_the_start(tmp_path):
    """Nor of those that are named there."""
    url = "http://bob:PASSWORD@127.0.0.1:9/m.mar?X-Amz-Signature=SIGNATURE"
    with serving(tmp_path / "run", {"load_models": f"m={url}"}, {}) as server:
        wait_until(lambda: "Failed to load model" in server.console())
        told = [path.read_text() for path in (server.directory / "logs").glob("*.log")]
        told += [server.http.get(server.url("inference", path)).text for path in ("/readyz?verbose", "/readyz/models")]
        assert "http://127.0.0.1:9/m.mar" in server.console()
        for text in (*told, server.console()):
            assert not [secret for secret in (*SECRETS, "bob") if secret in text], text


def test_a_presigned_url_that_was_cut(world):
    """What of it became parameters is named, and nothing is downloaded."""
    connection = http.client.HTTPConnection("127.0.0.1", world.ports["management"])
    connection.request(
        "POST", f"/models?url={world.remote}/v1/m.mar?X-Amz-Date=1&X-Amz-Signature=SIGNATURE&batch_size=2"
    )
    answer = connection.getresponse()
    said = json.loads(answer.read())
    assert (answer.status, said["type"]) == (400, "BadRequestException")
    assert said["message"] == "Parameter url ends at its first &: percent-encode it. Not understood: X-Amz-Signature"
    assert world.manage("GET", "/models").json()["models"] == []
