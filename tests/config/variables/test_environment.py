"""Environment variables that override keys."""

import pytest

from servescope.config.variables.environment import open_inference_protocol, overrides, prefixed_overrides, variable


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("job_queue_size", "TS_JOB_QUEUE_SIZE"),
        ("token_expiration_min", "TS_TOKEN_EXPIRATION_TIME_MIN"),
        ("ts_header_key_sequence_id", "TS_HEADER_KEY_SEQUENCE_ID"),
        ("models", None),
        ("model_snapshot", None),
        ("use_native_io", None),
        ("io_ratio", None),
        ("metric_time_interval", None),
        ("system_metrics_cmd", None),
        ("enable_envvars_config", None),
    ],
)
def test_names_of_variables(key, name):
    """TS_ and the key in capitals, with the contract's exceptions."""
    assert variable(key) == name


def test_allowed_urls_need_leave():
    """TS_ALLOWED_URLS counts only if the file allows it."""
    environ = {"TS_ALLOWED_URLS": ".*", "TS_DEBUG": "true", "TS_MODELS": "{}"}
    keys = ("allowed_urls", "debug", "models", "job_queue_size")
    assert overrides(keys, environ, with_allowed_urls=False) == {"debug": ("TS_DEBUG", "true")}
    assert overrides(keys, environ, with_allowed_urls=True)["allowed_urls"] == ("TS_ALLOWED_URLS", ".*")


def test_variables_of_keys_that_come_once_for_each():
    """The key is what follows TS_, in small letters."""
    environ = {"TS_METRICS_BUCKETS_A_B": "1", "TS_METRICS_BUCKETS": "2", "METRICS_BUCKETS_C": "3", "TS_X_D": "4"}
    assert prefixed_overrides(["metrics_buckets_", "y_"], environ) == {
        "metrics_buckets_a_b": ("TS_METRICS_BUCKETS_A_B", "1")
    }


@pytest.mark.parametrize(("text", "value"), [("oip", "true"), ("true", "false"), ("", None), (None, None)])
def test_open_inference_protocol(text, value):
    """Only `oip` turns it on; any other text turns it off."""
    assert open_inference_protocol({} if text is None else {"TS_OPEN_INFERENCE_PROTOCOL": text}) == value
