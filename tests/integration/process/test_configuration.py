"""Where settings come from and which of them wins, on a running server; and starts that must fail (contract, section D)."""

import json

import pytest

from integration.net_server import NOOP, log, predict, run_start, serving, site
from integration.server import Server, pack, wait_until

pytestmark = pytest.mark.integration


def model(server, name="noop"):
    return server.manage("GET", f"/models/{name}").json()[0]


def test_the_file(tmp_path):
    """Java's syntax, in a file: escapes, a line going on, comments."""
    models = '{"noop":{"1.0":{"minWorkers":1,"maxWorkers":2,\\\n   "batchSize"\\:3,"responseTimeout":7}}}'
    settings = {"models": models, "! a comment": "", "default_startup_timeout ": " 77", "job_queue_size": "5"}
    with serving(tmp_path / "server", settings, {"noop": NOOP}) as server:
        found = model(server)
        names = ("minWorkers", "maxWorkers", "batchSize", "responseTimeout", "startupTimeout")
        assert [found[name] for name in names] == [1, 2, 3, 7, 77]
        assert found["jobQueueStatus"]["remainingCapacity"] == 5
        assert found["loadedAtStartup"] is True


def test_variables_win_where_the_file_lets_them(tmp_path):
    """TS_… over the file with enable_envvars_config; never for `models`; TS_ALLOWED_URLS needs leave of its own."""
    environ = {
        "TS_DEFAULT_RESPONSE_TIMEOUT": "9",
        "TS_MODELS": '{"noop":{"1.0":{"batchSize":8}}}',
        "TS_ALLOWED_URLS": "nothing",
        "TS_ENABLE_MODEL_API": "true",
    }
    settings = {"default_response_timeout": "8", "enable_model_api": "false"}
    with serving(tmp_path / "on", settings | {"enable_envvars_config": "true"}, {"noop": NOOP}, environ) as server:
        assert (model(server)["responseTimeout"], model(server)["batchSize"]) == (9, 1)
        answer = server.manage("POST", "/models", url="http://127.0.0.1:1/x.mar")
        assert answer.json()["type"] == "DownloadArchiveException"
    with serving(tmp_path / "off", settings, {"noop": NOOP}, environ) as server:
        assert model(server)["responseTimeout"] == 8
        assert server.manage("POST", "/models", url="noop.mar").status_code == 405


def test_open_inference_needs_no_leave(tmp_path):
    """TS_OPEN_INFERENCE_PROTOCOL=oip is read whatever the file says."""
    with serving(tmp_path / "server", {}, {}, {"TS_OPEN_INFERENCE_PROTOCOL": "oip"}) as server:
        assert server.http.get(server.url("inference", "/v2/health/ready")).json() == {"ready": True}


def test_variables_inside_the_file(tmp_path):
    """$$NAME$$ is the environment's."""
    with serving(
        tmp_path / "server", {"default_response_timeout": "$$SECONDS$$"}, {"noop": NOOP}, {"SECONDS": "11"}
    ) as server:
        assert model(server)["responseTimeout"] == 11


def test_the_environments_file_comes_first(tmp_path):
    """TS_CONFIG_FILE before --ts-config, which comes before config.properties: told apart by their errors."""
    site(
        tmp_path / "here", "job_queue_size=here\n", named="job_queue_size=named\n", environs="job_queue_size=environs\n"
    )
    assert "job_queue_size='here'" in run_start(tmp_path / "here").stderr
    assert "job_queue_size='named'" in run_start(tmp_path / "here", "--ts-config", "named.properties").stderr
    environ = {"TS_CONFIG_FILE": "environs.properties"}
    assert (
        "job_queue_size='environs'"
        in run_start(tmp_path / "here", "--ts-config", "named.properties", environ=environ).stderr
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("job_queue_size=abc", ("job_queue_size='abc'",)),
        ("job_queue_size=0", ("job_queue_size='0'",)),
        ("max_request_size=-1", ("max_request_size='-1'",)),
        ("enable_metrics_api=maybe", ("enable_metrics_api='maybe'", "neither true nor false")),
        ("inference_address=http://127.0.0.1:99999", ("inference_address=", "99999")),
        ("inference_address=gopher://h", ("inference_address=", "gopher")),
        ("management_address=http://192.0.2.1:8081", ("management_address=http://192.0.2.1:8081",)),
        ("model_store=absent", ("model_store='absent'",)),
        ("models={", ("models='{'",)),
        ("blacklist_env_vars=(", ("blacklist_env_vars='('",)),
        ("token_expiration_min=never", ("token_expiration_min='never'",)),
        ("metrics_config=absent.yaml", ("absent.yaml",)),
        ("private_key_file=key.pem", ("private_key_file='key.pem'", "certificate_file")),
        ("default_response_timeout=$$ABSENT$$", ("ABSENT",)),
        ("log_format=xml", ("log_format='xml'",)),
    ],
)
def test_settings_that_cannot_be_used(tmp_path, line, words):
    """Exit status 1, one line that names the key and the value, no traceback and nothing left behind."""
    result = run_start(site(tmp_path / "here", line + "\n"))
    assert result.returncode == 1
    assert all(word in result.stderr for word in words), result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    assert not (tmp_path / "here" / "key_file.json").exists()
    assert not (tmp_path / "here" / ".servescope.pid").exists()


def test_a_missing_file_and_a_missing_store(tmp_path):
    """Named as well."""
    site(tmp_path / "here")
    result = run_start(tmp_path / "here", "--ts-config", "absent.properties")
    assert (result.returncode, "absent.properties" in result.stderr) == (1, True)
    (tmp_path / "bare").mkdir()
    result = run_start(tmp_path / "bare")
    assert (result.returncode, "--model-store" in result.stderr) == (1, True)


def test_keys_without_effect_are_named(tmp_path):
    """A misspelt key, TorchServe's Java settings: served all the same, with a line in the log for each."""
    settings = {"job_queue_sise": "5", "vmargs": "-Xmx4g", "number_of_netty_threads": "32"}
    with serving(tmp_path / "server", settings, {}) as server:
        text = log(server, "ts_log.log")
        assert "job_queue_sise" in text
        assert "did you mean job_queue_size?" in text
        assert "vmargs" in text
        assert "number_of_netty_threads" in text


def test_what_is_passed_over_is_named(tmp_path):
    """In ts_log.log, once each, with what is in force: variables, entries of `models`, keys of a yaml, and what it overrules."""
    directory = tmp_path / "server"
    (directory / "store").mkdir(parents=True)
    pack(directory / "store" / "yaml.mar", "yaml", NOOP, config="batchsize: 4\nminWorkers: 1\nmaxWorkers: 1\n")
    settings = {
        "models": '{"yaml":{"2.0":{"minWorkers":1}},"ya":{"1.0":{}}}',
        "load_models": "all",
        "default_response_timeout": "30",
    }
    server = Server(directory, settings, {"TS_JOB_QUEUE_SIZE": "5"})
    try:
        server.register("yaml.mar", model_name="again", initial_workers=3)
        text = log(server, "ts_log.log")
    finally:
        server.end()
    for line, count in {
        "TS_JOB_QUEUE_SIZE sets nothing: enable_envvars_config is not true; job_queue_size is 100, its default": 1,
        "models: yaml 2.0 is nothing that was loaded, and only counts if it is registered later: yaml has version 1.0": 1,
        "models: ya 1.0 is nothing that was loaded": 1,
        "batchsize in model-config.yaml is not the server's batchSize, and is left to the handler: batchSize is 1": 2,
        "default_response_timeout=30 is overruled: responseTimeout is 120 s": 2,
        "initial_workers=3 is overruled: it has 1 to 1 workers, as its model-config.yaml says so": 1,
    }.items():
        assert text.count(line) == count, text


def test_what_workers_see_of_the_environment(tmp_path):
    """blacklist_env_vars matches whole names."""
    code = (
        "import json, os\ndef handle(data, context):\n    return data and [json.dumps(dict(os.environ))] * len(data)\n"
    )
    settings = {"blacklist_env_vars": ".*SECRET|HIDDEN"}
    environ = {"MY_SECRET": "1", "HIDDEN": "1", "HIDDEN_NOT": "1"}
    with serving(tmp_path / "server", settings, {"shows": code}, environ) as server:
        seen = json.loads(predict(server, "/predictions/shows", b"x").text)
        assert not {"MY_SECRET", "HIDDEN"} & set(seen)
        assert seen["HIDDEN_NOT"] == "1"


def test_bodies_may_stay_undecoded(tmp_path):
    """decode_input_request=false gives every handler bytes."""
    code = "def handle(data, context):\n    return data and [type(row['body']).__name__ for row in data]\n"
    with serving(tmp_path / "server", {"decode_input_request": "false"}, {"kind": code}) as server:
        for kind in ("application/json", "text/plain"):
            assert predict(server, "/predictions/kind", b"{}", content_type=kind).text == "bytearray"


def test_a_model_that_cannot_load_does_not_end_the_start(tmp_path):
    """The others are served, the log names it, and /ping stays as TorchServe's."""
    settings = {"load_models": "absent.mar,other=noop.mar", "default_workers_per_model": "1"}
    with serving(tmp_path / "server", settings, {"noop": NOOP}) as server:
        assert predict(server, "/predictions/other", b"x").text == "ok"
        assert "Failed to load model absent.mar" in log(server, "ts_log.log")
        names = [found["modelName"] for found in server.manage("GET", "/models").json()["models"]]
        assert names == ["other"]
        wait_until(lambda: server.ping() == 200, "health")


def test_worker_numbers(tmp_path):
    """initial_worker_port is the first."""
    with serving(tmp_path / "server", {"initial_worker_port": "9500"}, {"noop": NOOP}) as server:
        assert [worker["id"] for worker in model(server)["workers"]] == ["9500"]
