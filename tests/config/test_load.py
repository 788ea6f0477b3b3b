"""Loading the settings from files, options and environment."""

from dataclasses import fields
from pathlib import Path

import pytest

from servescope.config.address import Address
from servescope.config.choice import StartOptions
from servescope.config.load import load_settings, require_model_store
from servescope.config.settings import Settings
from servescope.config.snapshots.file import render
from servescope.config.snapshots.saved import SavedModels
from servescope.config.values.load_list import LoadModel
from servescope.config.variables.environment import variable
from servescope.errors import ConfigurationError

QUIET = StartOptions(no_config_snapshots=True)


@pytest.fixture
def load(tmp_path):
    """Load with this text as config.properties, unless it is None."""

    def load(text=None, options=QUIET, environ=None):
        if text is not None:
            (tmp_path / "config.properties").write_text(text)
        return load_settings(options, environ or {}, tmp_path)

    return load


def test_nothing_given_means_the_defaults(load, tmp_path):
    """No file, no option, no variable: the defaults, logs beside the working directory, no warning."""
    settings = load()
    assert settings == Settings(log_location=tmp_path / "logs", metrics_location=tmp_path / "logs")


@pytest.mark.parametrize(
    ("file", "option", "count"), [("", None, 1), ("front_ends=3\n", None, 3), ("front_ends=3\n", "2", 2)]
)
def test_front_ends(load, file, option, count):
    """One process, unless the file says more; the option goes first."""
    assert load(file, StartOptions(no_config_snapshots=True, front_ends=option)).front_ends == count


@pytest.mark.parametrize("text", ["0", "65", "two", "1.5"])
def test_front_ends_that_cannot_be(load, text):
    """Is said, with the option that said so."""
    with pytest.raises(ConfigurationError, match=f"front_ends='{text}' .*--front-ends"):
        load(None, StartOptions(front_ends=text))


def test_a_torchserve_configuration_loads(load, tmp_path):
    """A file in the style of TorchServe's examples loads, typed."""
    (tmp_path / "store").mkdir()
    settings = load(
        "inference_address=http://0.0.0.0:8080\nmanagement_address=https://0.0.0.0\nmetrics_address=unix:/tmp/m.sock\n"
        "model_store=store\nload_models=a.mar,b=c.mar\nallowed_urls=https://a/.*\njob_queue_size=1000\n"
        'models={\\\n  "a": {\\\n    "1.0": {"minWorkers": 1}\\\n  }\\\n}\nblacklist_env_vars=.*SECRET.*\n'
        "metrics_mode=log\nmetrics_series_budget=7\nmodel_metrics_auto_detect=false\ntoken_expiration_min=0.5\nnumber_of_gpu=1\nlog_format=json\n"
    )
    assert settings.inference_address == Address("http", "0.0.0.0", 8080)
    assert settings.management_address == Address("https", "0.0.0.0", 8444)
    assert settings.metrics_address.path == "/tmp/m.sock"
    assert settings.model_store == settings.workflow_store == tmp_path / "store"
    assert settings.load_models == (LoadModel(None, "a.mar"), LoadModel("b", "c.mar"))
    assert settings.models["a"]["1.0"].min_workers == 1
    assert settings.blacklist_env_vars.fullmatch("MY_SECRET")
    assert (settings.metrics_mode, settings.model_metrics_auto_detect) == ("log", False)
    assert (settings.job_queue_size, settings.number_of_gpu, settings.log_format) == (1000, 1, "json")
    assert settings.token_expiration_min == 0.5
    assert settings.metrics_series_budget == 7
    assert settings.config_file == tmp_path / "config.properties"
    assert settings.properties["job_queue_size"] == "1000"
    assert settings.warnings == ()


def test_choice_of_file(load, tmp_path):
    """TS_CONFIG_FILE before --ts-config before ./config.properties."""
    (tmp_path / "env.cfg").write_text("job_queue_size=1")
    (tmp_path / "option.cfg").write_text("job_queue_size=2")
    options = StartOptions(ts_config=Path("option.cfg"), no_config_snapshots=True)
    assert load("job_queue_size=3", options, {"TS_CONFIG_FILE": "env.cfg"}).job_queue_size == 1
    assert load(None, options).job_queue_size == 2
    assert load().job_queue_size == 3


@pytest.mark.parametrize("origin", ["--ts-config", "TS_CONFIG_FILE"])
def test_a_named_file_must_exist(load, origin):
    """The error names the option or variable, and the file."""
    options = StartOptions(ts_config=Path("absent.cfg")) if origin == "--ts-config" else QUIET
    with pytest.raises(ConfigurationError, match=rf"{origin}='absent\.cfg'"):
        load(None, options, {"TS_CONFIG_FILE": "absent.cfg"} if origin == "TS_CONFIG_FILE" else {})


def test_options_override_the_file(load, tmp_path):
    """Each option of `start` that stands for a key wins over it."""
    (tmp_path / "other").mkdir()
    settings = load(
        "model_store=absent\nload_models=x.mar\nenable_model_api=false\ndisable_token_authorization=false",
        StartOptions(
            model_store=Path("other"),
            models=("a.mar", "b=c.mar"),
            enable_model_api=True,
            disable_token_auth=True,
            no_config_snapshots=True,
        ),
    )
    assert settings.model_store == tmp_path / "other"
    assert settings.load_models == (LoadModel(None, "a.mar"), LoadModel("b", "c.mar"))
    assert settings.enable_model_api
    assert settings.disable_token_authorization


def test_models_all(load):
    """`--models all` loads the whole store."""
    assert load(None, StartOptions(models=("all",))).load_all


def test_variables_override_only_with_leave(load):
    """TS_ variables count only with enable_envvars_config=true."""
    environ = {"TS_JOB_QUEUE_SIZE": "7", "TS_ALLOWED_URLS": "", "TS_METRIC_TIME_INTERVAL": "9"}
    assert load("job_queue_size=5", environ=environ).job_queue_size == 5
    settings = load("job_queue_size=5\nenable_envvars_config=true", environ=environ)
    assert settings.job_queue_size == 7
    assert settings.metric_time_interval == 5
    assert settings.allowed_urls == Settings().allowed_urls
    assert load("enable_envvars_config=true\nuse_env_allowed_urls=true", environ=environ).allowed_urls == ()


def test_open_inference_protocol_needs_no_leave(load):
    """TS_OPEN_INFERENCE_PROTOCOL always counts, before the file."""
    assert load(environ={"TS_OPEN_INFERENCE_PROTOCOL": "oip"}).ts_open_inference_protocol
    settings = load("ts_open_inference_protocol=true", environ={"TS_OPEN_INFERENCE_PROTOCOL": "no"})
    assert not settings.ts_open_inference_protocol


def test_log_directories(load, tmp_path):
    """From LOG_LOCATION and METRICS_LOCATION, absolute or not."""
    settings = load(environ={"LOG_LOCATION": "l", "METRICS_LOCATION": "/var/m"})
    assert (settings.log_location, settings.metrics_location) == (tmp_path / "l", Path("/var/m"))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("job_queue_size", "abc"),
        ("job_queue_size", "0"),
        ("max_request_size", "-1"),
        ("max_response_size", "1MB"),
        ("debug", "yes"),
        ("enable_envvars_config", "1"),
        ("metrics_mode", "promtheus"),
        ("inference_address", "0.0.0.0:8080"),
        ("allowed_urls", "("),
        ("models", "{"),
        ("initial_worker_port", "70000"),
        ("log_format", "xml"),
        ("metrics_series_budget", "0"),
        ("metrics_buckets_servescope_request_duration_seconds", "0.1,0.1"),
        ("model_store", "absent"),
        ("model_store", "too-long" * 40),
        ("model_store", "loop"),
        ("certificate_file", "alone.pem"),
    ],
)
def test_a_bad_value_names_key_value_and_file(load, tmp_path, key, text):
    """Whatever is wrong with a value, the message says which, where, and what it is."""
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigurationError) as caught:
        load(f"{key}={text}")
    assert f"{key}={text!r}" in str(caught.value)
    assert "config.properties" in str(caught.value)


NUMBERS = [slot.name for slot in fields(Settings) if "key" in slot.metadata and slot.type in (int, float, int | None)]


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("text", ["2000000000000", "9" * 30, "9" * 5000], ids=["12", "30", "5000"])
def test_every_number_has_a_bound(load, key, text):
    """Whatever the key: what is above it ends the start, with key, value and bound, from the file or the environment."""
    given = [(f"{key}={text}", {})]
    if name := variable(key):
        given.append(("enable_envvars_config=true", {name: text}))
    for content, environ in given:
        with pytest.raises(ConfigurationError, match=rf"{key}='{text[:900]}.* is above [0-9]+ \(from "):
            load(content, environ=environ)


def test_the_numbers_are_those_that_there_are():
    """A new key of another type of number would not be tried above."""
    assert {"job_queue_size", "max_workers_per_model", "number_of_gpu", "token_expiration_min"} <= set(NUMBERS)
    assert len(NUMBERS) >= 13


@pytest.mark.parametrize("count", [100_000, 10_001])
def test_a_list_of_models_without_end(load, count):
    """Ends the start, from the file or as options."""
    names = tuple(f"m{number}.mar" for number in range(count))
    options = StartOptions(no_config_snapshots=True, models=names)
    for content, given in ((f"load_models={','.join(names)}", QUIET), ("", options)):
        with pytest.raises(ConfigurationError, match=f"load_models=.*has {count} models; at most 10000") as caught:
            load(content, given)
        assert len(str(caught.value)) < 1500


def test_a_bad_variable_is_named(load):
    """The origin of a value from the environment is its variable."""
    with pytest.raises(ConfigurationError, match=r"job_queue_size='x'.*TS_JOB_QUEUE_SIZE"):
        load("enable_envvars_config=true", environ={"TS_JOB_QUEUE_SIZE": "x"})


def test_a_bad_option_is_named(load):
    """The origin of a value from the command line is its option."""
    with pytest.raises(ConfigurationError, match=r"model_store='absent'.*--model-store"):
        load(None, StartOptions(model_store=Path("absent")))


def test_tls_files_must_exist(load, tmp_path):
    """Both files are named together, and are there."""
    (tmp_path / "key.pem").touch()
    with pytest.raises(ConfigurationError, match=r"certificate_file='cert\.pem' is no file"):
        load("private_key_file=key.pem\ncertificate_file=cert.pem")
    (tmp_path / "cert.pem").touch()
    assert load().certificate_file == tmp_path / "cert.pem"


def test_a_keystore(load, tmp_path):
    """It is a file, its kind one of Java's in any letter case, its password TorchServe's unless given, which it may be empty."""
    with pytest.raises(ConfigurationError, match=r"keystore='keys\.p12' is no file"):
        load("keystore=keys.p12")
    (tmp_path / "keys.p12").touch()
    with pytest.raises(ConfigurationError, match="keystore_type='PEM' is none of pkcs12, jks, jceks"):
        load("keystore_type=PEM")
    settings = load("keystore=keys.p12\nkeystore_type=jks")
    assert (settings.keystore, settings.keystore_type) == (tmp_path / "keys.p12", "JKS")
    assert settings.keystore_pass == "changeit"
    assert load("keystore_pass=").keystore_pass == ""


def test_a_named_file_that_cannot_be_looked_for(load):
    """What the system says of the path is no traceback either."""
    with pytest.raises(ConfigurationError, match=r"--ts-config='(too-long)+': .*File name too long"):
        load(None, StartOptions(ts_config=Path("too-long" * 40)))


def test_variables_in_values(load):
    """`$$NAME$$` is the environment's."""
    assert load("job_queue_size=$$SIZE$$", environ={"SIZE": "12"}).job_queue_size == 12
    with pytest.raises(ConfigurationError, match="SIZE"):
        load("job_queue_size=$$SIZE$$")


def test_an_empty_value_is_not_set(load):
    """But for allowed_urls, which then allows nothing."""
    settings = load("job_queue_size=\nmodel_store=\nload_models=\nallowed_urls=\n")
    assert settings.job_queue_size == 100
    assert settings.model_store is None
    assert settings.load_models == ()
    assert settings.allowed_urls == ()


def test_keys_without_effect_warn_once_each(load):
    """Accepted, with one warning that names the key and its origin."""
    options = StartOptions(plugins_path="p", no_config_snapshots=True)
    keys = ["vmargs", "plugins_path", "number_of_netty_threads", "use_native_io", "cpp_log_config", "io_ratio"]
    warnings = load("".join(f"{key}=1\n" for key in keys), options).warnings
    assert len(warnings) == len(keys)
    assert all(sum(warning.startswith(f"{key} (from") for warning in warnings) == 1 for key in keys)
    assert "--plugins-path" in next(w for w in warnings if w.startswith("plugins_path"))


def test_buckets_by_family(load):
    """Each key sets one family's bounds; letter case does not count, and a variable wins over the file."""
    text = "metrics_buckets_some_seconds=0.1,1\nmetrics_buckets_Some_BYTES=64\nmetrics_buckets_empty=\n"
    environ = {"TS_METRICS_BUCKETS_SOME_BYTES": "1,2"}
    settings = load(f"{text}enable_envvars_config=true", environ=environ)
    assert settings.metrics_buckets == {"some_seconds": (0.1, 1.0), "some_bytes": (1.0, 2.0)}
    assert settings.warnings == ()
    assert load(text, environ=environ).metrics_buckets == {"some_seconds": (0.1, 1.0), "some_bytes": (64.0,)}
    assert load("").metrics_buckets == {}


def test_bad_buckets_of_a_variable_are_named(load):
    """By the option, the value and the variable."""
    with pytest.raises(ConfigurationError, match=r"metrics_buckets_x='b' .*TS_METRICS_BUCKETS_X"):
        load("enable_envvars_config=true", environ={"TS_METRICS_BUCKETS_X": "b"})


def test_buckets_of_no_family_are_an_unknown_key(load):
    """`metrics_buckets` alone says nothing about any family, and is not passed over in silence."""
    settings = load("metrics_buckets=1,2")
    assert settings.metrics_buckets == {}
    assert settings.warnings[0].startswith("metrics_buckets (from ")


def test_an_unknown_key_warns_with_a_hint(load):
    """A misspelt key is named, with the key it resembles."""
    (warning,) = load("job_queue_sise=5").warnings
    assert "job_queue_sise" in warning
    assert "did you mean job_queue_size?" in warning


def test_where_a_snapshot_names_the_models_nothing_else_does(load, tmp_path):
    """As in TorchServe; a warning names what is not read. Its settings hold, and options come before them."""
    snapshot = tmp_path / "s.cfg"
    snapshot.write_bytes(render({"load_models": "a.mar", "job_queue_size": "7"}, '{"models": {}}'))
    settings = load(None, StartOptions(ts_config=snapshot, models=("b.mar",)))
    assert settings.model_snapshot == SavedModels(models={})
    assert settings.job_queue_size == 7
    assert settings.warnings == (
        f"load_models (from --models) is not read: the models are those of the snapshot {snapshot}",
    )


def test_a_damaged_snapshot_that_was_named_ends_the_start(load, tmp_path):
    """Where nobody else chose it, another one is no answer."""
    snapshot = tmp_path / "s.cfg"
    snapshot.write_bytes(render({"job_queue_size": "7"}, '{"models": {}}')[:-10])
    with pytest.raises(ConfigurationError, match=r"s\.cfg is a damaged snapshot: its checksum is another one"):
        load(None, StartOptions(ts_config=snapshot))


def test_ncs_takes_and_writes_no_snapshots(load, tmp_path):
    """Without it they are written, and nothing is said of them."""
    assert load(None, StartOptions()).config_snapshots
    assert load(None, StartOptions()).warnings == ()
    assert not load(None, QUIET).config_snapshots


def test_the_log_configuration_is_found_from_the_directory(load):
    """--log-config is an absolute path in the settings, None where it was not given."""
    found = load(None, StartOptions(log_config=Path("logging.yaml"))).log_config
    assert found is not None
    assert found.is_absolute()
    assert found.name == "logging.yaml"
    assert load(None, StartOptions()).log_config is None


def test_warnings_of_the_models_key_come_through(load):
    """A wrong type within `models` is a warning of the settings."""
    (warning,) = load('models={"m": {"1": {"batchSize": "4"}}}').warnings
    assert "batchSize='4'" in warning


def test_require_model_store(tmp_path):
    """A start without a model store names the option."""
    with pytest.raises(ConfigurationError, match="--model-store"):
        require_model_store(Settings())
    assert require_model_store(Settings(model_store=tmp_path)) == tmp_path


def test_variables_that_set_nothing_are_named(load):
    """Without enable_envvars_config, or misspelt with it: a warning of the settings."""
    environ = {"TS_JOB_QUEUE_SIZE": "5", "TS_DEBUGG": "true"}
    expected = "TS_JOB_QUEUE_SIZE sets nothing: enable_envvars_config is not true; job_queue_size is 7 (from "
    assert any(warning.startswith(expected) for warning in load("job_queue_size=7", environ=environ).warnings)
    settings = load("job_queue_size=7\nenable_envvars_config=true", environ=environ)
    assert settings.job_queue_size == 5
    assert settings.warnings == ("TS_DEBUGG sets nothing: it stands for no key; did you mean TS_DEBUG?",)


def test_two_named_files(load, tmp_path):
    """The one that is not read is named with the one that is; naming one file twice is no matter."""
    (tmp_path / "a.cfg").touch()
    (tmp_path / "b.cfg").touch()
    options = StartOptions(ts_config=Path("b.cfg"), no_config_snapshots=True)
    expected = f"--ts-config='b.cfg' is not read: TS_CONFIG_FILE names {tmp_path / 'a.cfg'}"
    assert load(None, options, {"TS_CONFIG_FILE": "a.cfg"}).warnings == (expected,)
    assert load(None, options, {"TS_CONFIG_FILE": "b.cfg"}).warnings == ()


def test_a_key_given_twice(load, tmp_path):
    """The last value counts, as in Java, and a warning says so."""
    settings = load("job_queue_size=5\njob_queue_size=6\n")
    assert settings.job_queue_size == 6
    expected = f"job_queue_size is given more than once in {tmp_path / 'config.properties'}: its last value counts"
    assert settings.warnings == (expected,)
