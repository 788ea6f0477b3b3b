"""Numbers that no server can keep to: refused where they come in, by name, value and bound; what serves goes on."""

import json

import pytest

from integration.net_server import NOOP, error, predict, run_start, serving
from integration.server import Server, pack

pytestmark = pytest.mark.integration

YEAR_S = 365 * 24 * 3600
MOST = "3 (max_workers_per_model)"


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server whose models may have three workers."""
    settings = {"max_workers_per_model": "3"}
    with serving(tmp_path_factory.mktemp("bounds"), settings, {"noop": NOOP}) as server:
        assert predict(server, "/predictions/noop").status_code == 200
        yield server


def shape(server, name="noop"):
    """What is wanted of a model's workers, and their processes."""
    [found] = server.manage("GET", f"/models/{name}").json()
    return found["minWorkers"], found["maxWorkers"], [worker["pid"] for worker in found["workers"]]


@pytest.mark.parametrize("count", ["4", "64", "2000000000", "9" * 30])
@pytest.mark.parametrize("name", ["min_worker", "max_worker"])
def test_more_workers_than_there_may_be(net, name, count):
    """400 with parameter, value and bound; nothing changes, and the model keeps serving."""
    before = shape(net)
    answer = net.manage("PUT", "/models/noop", synchronous="true", **{name: count})
    text = f"Parameter {name} must be at most {MOST}: '{count}'"
    assert error(answer) == (400, "BadRequestException", text)
    assert shape(net) == before
    assert predict(net, "/predictions/noop").status_code == 200
    assert net.ping() == 200


def test_as_many_as_there_may_be(net):
    """Are there."""
    assert net.manage("PUT", "/models/noop", min_worker=3, synchronous="true").status_code == 200
    assert len(shape(net)[2]) == 3
    assert net.manage("PUT", "/models/noop", min_worker=1, synchronous="true").status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "bound"),
    [
        ("initial_workers", 4, MOST),
        ("initial_workers", 2_000_000_000, MOST),
        ("batch_size", 2_000_000_000, 65_536),
        ("max_batch_delay", 10**12, 86_400_000),
        ("response_timeout", 10**12, YEAR_S),
        ("startup_timeout", 10**12, YEAR_S),
    ],
)
def test_registrations(net, name, value, bound):
    """In the query and in a JSON body alike."""
    pack(net.store / "other.mar", "other", NOOP)
    text = f"Parameter {name} must be at most {bound}: '{value}'"
    assert error(net.register("other.mar", **{name: value})) == (400, "BadRequestException", text)
    body = json.dumps({"url": "other.mar", name: value})
    answer = net.http.post(net.url("management", "/models"), content=body, headers={"content-type": "application/json"})
    assert error(answer) == (400, "BadRequestException", text)
    assert net.manage("GET", "/models/other").status_code == 404


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ("minWorkers: 4\nmaxWorkers: 4\n", f"minWorkers=4 is above {MOST}"),
        ("minWorkers: 1\nmaxWorkers: 2000000000\n", "maxWorkers=2000000000 is above 4096"),
        ("responseTimeout: 1000000000000\n", f"responseTimeout=1000000000000 is above {YEAR_S}"),
        ("jobQueueSize: 2000000000\n", "jobQueueSize=2000000000 is above 1000000"),
        ("slo: {latency_ms: 1000000000000}\n", f"latency_ms=1000000000000 is above {YEAR_S * 1000}"),
    ],
)
def test_a_yaml(net, config, text):
    """Refuses its model, with key, value and bound."""
    pack(net.store / "yaml.mar", "yaml", NOOP, config=config)
    answer = net.register("yaml.mar")
    assert (answer.status_code, text in answer.json()["message"]) == (400, True), answer.text
    assert net.manage("GET", "/models/yaml").status_code == 404


def test_a_start_with_models_that_ask_for_too_much(tmp_path):
    """They are missing, the log says why, and the others are served."""
    (tmp_path / "server" / "store").mkdir(parents=True)
    pack(tmp_path / "server" / "store" / "yaml.mar", "yaml", NOOP, config="minWorkers: 64\nmaxWorkers: 64\n")
    entries = {
        "much": {"1.0": {"minWorkers": 2_000_000_000}},
        "late": {"1.0": {"maxBatchDelay": 10**15}},
        "noop": {"1.0": {"minWorkers": 2}},
    }
    for name in entries:
        pack(tmp_path / "server" / "store" / f"{name}.mar", name, NOOP)
    settings = {"load_models": "all", "max_workers_per_model": "2", "models": json.dumps(entries)}
    server = Server(tmp_path / "server", settings)
    try:
        assert [model["modelName"] for model in server.manage("GET", "/models").json()["models"]] == ["noop"]
        said = server.console()
        assert "minWorkers=64 is above 2 (max_workers_per_model)" in said
        assert "models: much 1.0: minWorkers=2000000000 is above 4096" in said
        assert "models: late 1.0: maxBatchDelay=1000000000000000 is above 86400000" in said
    finally:
        server.end()


def test_the_largest_numbers_work(tmp_path):
    """A year is a timer that can be set: nothing is refused, and nothing breaks."""
    config = (
        f"responseTimeout: {YEAR_S}\nstartupTimeout: {YEAR_S}\nmaxRetryTimeoutInSec: {YEAR_S}\n"
        f"clientTimeoutInMills: {YEAR_S * 1000}\njobQueueSize: 1000000\nbatchSize: 65536\nmaxBatchDelay: 20\n"
    )
    settings = {
        "default_response_timeout": str(YEAR_S),
        "unregister_model_timeout": str(YEAR_S),
        "max_response_size": str(2**31 - 1),
        "max_request_size": str(2**31 - 1),
        "metric_time_interval": "86400",
        "token_expiration_min": "52560000",
        "disable_token_authorization": "false",
        "metrics_series_budget": "100000",
        "initial_worker_port": "65535",
        "number_of_gpu": "1024",
    }
    with serving(tmp_path / "server", settings, {}) as server:
        key = json.loads((server.directory / "key_file.json").read_text())
        server.http.headers["authorization"] = f"Bearer {key['management']['key']}"
        archive = pack(server.store / "most.mar", "most", NOOP, config=config)
        assert server.register(archive, initial_workers=2).status_code == 200
        server.http.headers["authorization"] = f"Bearer {key['inference']['key']}"
        assert predict(server, "/predictions/most", b"x").text == "ok"
        server.http.headers["authorization"] = f"Bearer {key['management']['key']}"
        assert server.manage("PUT", "/models/most", min_worker=1, synchronous="true").status_code == 200
        assert server.manage("DELETE", "/models/most").status_code == 200


@pytest.mark.parametrize(
    ("lines", "environ", "text"),
    [
        ("default_workers_per_model=2000000000", {}, "default_workers_per_model='2000000000' is above 4096"),
        (
            "default_workers_per_model=3\nmax_workers_per_model=2",
            {},
            "default_workers_per_model=3 is above 2 (max_workers_per_model)",
        ),
        ("max_workers_per_model=2000000000", {}, "max_workers_per_model='2000000000' is above 4096"),
        ("default_response_timeout=1000000000000", {}, f"default_response_timeout='1000000000000' is above {YEAR_S}"),
        (
            "enable_envvars_config=true",
            {"TS_JOB_QUEUE_SIZE": "2000000000"},
            "job_queue_size='2000000000' is above 1000000 (from TS_JOB_QUEUE_SIZE)",
        ),
    ],
)
def test_a_start_that_is_refused(tmp_path, lines, environ, text):
    """With key, value and bound."""
    (tmp_path / "store").mkdir()
    (tmp_path / "config.properties").write_text(f"model_store=store\ndisable_system_metrics=true\n{lines}\n")
    ended = run_start(tmp_path, environ=environ)
    assert ended.returncode == 1
    assert text in ended.stderr
