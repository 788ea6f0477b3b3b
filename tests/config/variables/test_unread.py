"""TS_… variables that set nothing are named, with what is in force."""

from pathlib import Path

import pytest

from servescope.config.keys import keys_of
from servescope.config.settings import Settings
from servescope.config.values.parsers import GivenValue
from servescope.config.variables.environment import variable
from servescope.config.variables.unread import unread_variables

QUEUE = {"job_queue_size": GivenValue("job_queue_size", "7", "c.properties", Path())}


def warnings(environ, given=None, *, enabled=True, urls=False):
    return unread_variables(given or {}, environ, enabled=enabled, with_allowed_urls=urls)


@pytest.mark.parametrize(
    ("given", "in_force"),
    [({}, "job_queue_size is 100, its default"), (QUEUE, "job_queue_size is 7 (from c.properties)")],
)
def test_variables_without_leave(given, in_force):
    """The variable, why it is not read, and what counts instead."""
    expected = f"TS_JOB_QUEUE_SIZE sets nothing: enable_envvars_config is not true; {in_force}"
    assert warnings({"TS_JOB_QUEUE_SIZE": "5"}, given, enabled=False) == [expected]
    assert warnings({"TS_JOB_QUEUE_SIZE": "5"}, given) == []


@pytest.mark.parametrize("key", [key for key in keys_of(Settings) if variable(key)])
def test_every_keys_variable(key):
    """One warning without leave, none with it; TS_OPEN_INFERENCE_PROTOCOL is read either way."""
    name = variable(key)
    expected = 0 if name == "TS_OPEN_INFERENCE_PROTOCOL" else 1
    assert len(warnings({name: "1"}, enabled=False)) == expected
    assert warnings({name: "1"}, urls=True) == []


def test_variables_of_keys_that_no_variable_overrides():
    """`models` and the like are the file's alone, the leave itself too."""
    (models,) = warnings({"TS_MODELS": "{}"})
    assert models == "TS_MODELS sets nothing: no variable overrides models; models has its default"
    (leave,) = warnings({"TS_ENABLE_ENVVARS_CONFIG": "true"}, enabled=False)
    assert "no variable overrides enable_envvars_config; enable_envvars_config is false, its default" in leave


def test_allowed_urls_without_leave_of_its_own():
    """The list of URLs has its own key."""
    assert "use_env_allowed_urls is not true" in warnings({"TS_ALLOWED_URLS": ".*"})[0]
    assert warnings({"TS_ALLOWED_URLS": ".*"}, urls=True) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TS_JOB_QUEUE_SISE", "; did you mean TS_JOB_QUEUE_SIZE?"),
        ("TS_job_queue_size", "; did you mean TS_JOB_QUEUE_SIZE?"),
        ("ts_job_queue_size", "; did you mean TS_JOB_QUEUE_SIZE?"),
        ("TS_TOKEN_EXPIRATION_MIN", "; did you mean TS_TOKEN_EXPIRATION_TIME_MIN?"),
        ("TS_SOMETHING_ELSE_ENTIRELY", ""),
    ],
)
def test_misspelt_variables(name, hint):
    """With leave, whatever begins with TS_ and sets nothing is named."""
    assert warnings({name: "5"}) == [f"{name} sets nothing: it stands for no key{hint}"]


def test_anybodys_variables_are_left_alone():
    """Without leave what is like no key's; with it what others read, and what Kubernetes sets beside a service `ts`."""
    assert warnings({"TS_SOMETHING_ELSE_ENTIRELY": "1", "TSV": "1", "HOME": "/"}, enabled=False) == []
    names = ["TS_CONFIG_FILE", "TS_REQUEST_SEQUENCE_ID", "TS_SERVICE_HOST", "TS_SERVICE_PORT", "TS_PORT"]
    names += ["TS_PORT_8080_TCP", "TS_PORT_8080_TCP_ADDR", "TS_SERVICE_PORT_HTTP", "TS_OPEN_INFERENCE_PROTOCOL"]
    assert warnings(dict.fromkeys(names, "x")) == []


def test_buckets_of_a_family():
    """Keys that come once for each of something have variables too."""
    (warning,) = warnings({"TS_METRICS_BUCKETS_X": "1"}, enabled=False)
    assert warning.startswith("TS_METRICS_BUCKETS_X sets nothing: enable_envvars_config is not true; metrics_buckets_x")


def test_secrets_are_not_written_out():
    """Neither the variable's value, nor a URL that is in force, nor a password, which may be the default."""
    url = GivenValue("tracing_endpoint", "http://user:secret@h", "c.properties", Path())
    environ = {"TS_TRACING_ENDPOINT": "http://u:secret@i", "TS_KEYSTORE_PASS": "secret"}
    password = GivenValue("keystore_pass", "secret", "c.properties", Path())
    told = warnings(environ, {"tracing_endpoint": url, "keystore_pass": password}, enabled=False)
    assert "secret" not in "".join(told)
    assert told[0].endswith("; keystore_pass is as c.properties says")
    (default,) = warnings({"TS_KEYSTORE_PASS": "secret"}, enabled=False)
    assert default.endswith("; keystore_pass has its default")
    assert told[1].endswith("; tracing_endpoint is as c.properties says")
