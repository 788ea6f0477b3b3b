"""The lines that say that the model can be asked."""

import logging
from pathlib import Path

import pytest

from servescope.cli.llm.model import find_model
from servescope.cli.llm.ready import WORKERS_LOG, Announcer, how_to_ask
from servescope.cli.llm.words import read_words
from servescope.config.choice import StartOptions
from servescope.config.load import load_settings

MODEL = find_model(read_words(["org/tiny"]), Path("/nowhere"))


@pytest.fixture
def said():
    """What was said since the announcer was put in place."""
    lines = []
    logger = logging.getLogger(WORKERS_LOG)
    announcer = Announcer(MODEL, "it can", lines.append)
    logger.addHandler(announcer)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield lines
    logger.setLevel(level)
    logger.removeHandler(announcer)


def test_it_is_said_once_with_the_first_worker(said):
    """As `fleet.pool` logs it; other models, other lines and further workers say nothing."""
    logger = logging.getLogger(WORKERS_LOG)
    logger.info("%s is ready, process %d", "W-9000-other_1.0", 7)
    logger.warning("%s ended: %s", "W-9000-other_1.0", "W-9001-tiny_1.0 is ready, process 7")
    assert said == []
    logger.info("%s is ready, process %d", "W-9001-tiny_1.0", 8)
    logger.info("%s is ready, process %d", "W-9002-tiny_1.0", 9)
    assert said == ["it can"]


def test_why_it_does_not_load_is_said_once(said):
    """However often it is tried; another reason is said as well."""
    logger = logging.getLogger(WORKERS_LOG)
    for reason in ("InvalidModel: no config.json", "InvalidModel: no config.json", "it was killed by signal 9"):
        logger.warning("%s ended: %s", "W-9001-tiny_1.0", reason)
    first, second = said
    assert first.startswith("tiny did not load. InvalidModel: no config.json")
    assert second.startswith("tiny did not load. it was killed by signal 9")


def test_what_it_waits_for_is_said_once(said):
    """On a cluster, as `fleet.backends.ray` logs it; not of other models."""
    logger = logging.getLogger(WORKERS_LOG)
    for model in ("other 1.0", "tiny 1.0", "tiny 1.0", "tiny 2.0"):
        logger.warning("A worker of %s waits for a place on Ray: it %s", model, "needs 1 GPU; no node has more than 0")
    assert said == ["tiny waits for a place on Ray: it needs 1 GPU; no node has more than 0"]


def settings(tmp_path, text, **options):
    (tmp_path / "config.properties").write_text(text)
    return load_settings(StartOptions(**options), {}, tmp_path)


def test_curl_asks_without_a_token_where_none_is_needed(tmp_path):
    """With the port of the configuration, and the loopback address for any."""
    text = how_to_ask(MODEL, settings(tmp_path, "inference_address=http://0.0.0.0:9080\n", disable_token_auth=True))
    assert "http://127.0.0.1:9080/v1/completions" in text
    assert '"model": "tiny"' in text
    assert "Bearer" not in text


def test_curl_asks_with_a_token_by_default(tmp_path):
    """And the text says where it is."""
    text = how_to_ask(MODEL, settings(tmp_path, ""))
    assert "Bearer KEY" in text
    assert "key_file.json" in text


def test_curl_asks_a_unix_socket(tmp_path):
    """By its path."""
    text = how_to_ask(MODEL, settings(tmp_path, f"inference_address=unix:{tmp_path}/s\n"))
    assert f"--unix-socket {tmp_path}/s" in text
