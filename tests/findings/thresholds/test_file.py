"""The file of thresholds: its documented form is read back; unknown keys and nonsense are refused by name."""

from dataclasses import fields

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import ConfigurationError
from servescope.findings.thresholds.file import read_thresholds, render_thresholds, thresholds_of
from servescope.findings.thresholds.thresholds import Thresholds


def test_the_documented_file_is_read_back(tmp_path):
    """It has every key, with a comment, and gives the defaults."""
    text = render_thresholds(Thresholds())
    (tmp_path / "t.yml").write_text(text)
    assert read_thresholds(tmp_path / "t.yml") == Thresholds()
    for field in fields(Thresholds):
        assert f"\n# {field.metadata['help']}\n{field.name}: " in text


def test_a_runbook_on_every_server():
    """`{instance}` stands for a server, behind TLS as well."""
    given = "https://{instance}/runbook"
    assert thresholds_of({"runbook_url": given}, "x").runbook_url == given


def test_what_is_left_out_is_the_default(tmp_path):
    """A file with one key, and one with none."""
    assert thresholds_of({"disk_ratio": 0.8}, "x") == Thresholds(disk_ratio=0.8)
    (tmp_path / "empty.yml").write_text("# nothing\n")
    assert read_thresholds(tmp_path / "empty.yml") == Thresholds()


def test_whatever_is_set_is_written_and_read(tmp_path):
    """Values other than the defaults."""
    changed = Thresholds(
        job="models/prod", runbook_url="https://wiki.example.org/run?a=b", worker_restarts=7, latency_for="90s"
    )
    (tmp_path / "t.yml").write_text(render_thresholds(changed))
    assert read_thresholds(tmp_path / "t.yml") == changed


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("error_ratio: 0.1", "error_ratio=0.1 .* did you mean error_ratio_page"),
        ("zzz: 1", "zzz=1 is no known threshold; there are job, "),
        ("7: 1", "7=1 is no known threshold"),
        ("gpu_memory_ratio: 90", "gpu_memory_ratio=90 is no ratio .* give 0.9 for 90 %"),
        ("gpu_memory_ratio: 1", "gpu_memory_ratio=1 "),
        ("gpu_memory_ratio: 0", "gpu_memory_ratio=0 "),
        ("gpu_memory_ratio: high", "gpu_memory_ratio='high' is no number"),
        ("gpu_memory_ratio: true", "gpu_memory_ratio=True is no number"),
        ("gpu_memory_ratio: .nan", "gpu_memory_ratio=nan is no finite number"),
        ("burn_rate_1h: -14.4", "burn_rate_1h=-14.4 is no number above 0"),
        ("burn_rate_1h: .inf", "burn_rate_1h=inf"),
        ("burn_rate_1h:", "burn_rate_1h=None is no number"),
        ("worker_restarts: 2.5", "worker_restarts=2.5 is no whole number"),
        ("worker_restarts: 0", "worker_restarts=0 "),
        ("errors_for: 300", "errors_for=300 is no duration"),
        ("errors_for: 5 minutes", "errors_for='5 minutes'"),
        ("errors_for: [5m]", "errors_for=.* is no duration"),
        ("grafana_url: grafana:3000", "grafana_url='grafana:3000' is no http:// or https:// URL"),
        ("grafana_url: https://a/?b", "grafana_url=.* is no http"),
        ("grafana_url: https://a/{{", "grafana_url=.* is no http"),
        ("grafana_url: 3000", "grafana_url=3000 is no http"),
        ("errors_for: ''", "errors_for='' is no duration"),
        ("errors_for: 30m1h", "errors_for='30m1h' is no duration"),
        ("errors_for: 1m1m", "errors_for='1m1m' is no duration"),
        ("errors_for: 300y", "errors_for='300y' is longer than a year"),
        ("runbook_url: ftp://x/y", "runbook_url='ftp://x/y'"),
        ("runbook_url: https://x/y#z", "runbook_url="),
        (
            "runbook_url: docs/runbook.md",
            "runbook_url='docs/runbook.md' is no http:// or https:// URL; without the line",
        ),
        ("runbook_url: 'https://{host}/x'", "runbook_url="),
        ("runbook_url: '{{ evil }}'", "runbook_url="),
        ("job: 'a\"b'", "job="),
        ("error_ratio_ticket: 0.5", "error_ratio_ticket=0.5 is above error_ratio_page=0.1"),
        ("- 1", r"\[1\] is no mapping"),
        ("text", "'text' is no mapping"),
        ("a: b: c", "is no YAML"),
        ("a: [", "is no YAML"),
        ("a: 2026-13-45", "is no YAML|no known"),
    ],
)
def test_nonsense_is_refused(tmp_path, text, named):
    """The error names the file, the key and the value."""
    path = tmp_path / "t.yml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=named) as raised:
        read_thresholds(path)
    assert str(raised.value).startswith(f"--thresholds {path}")


def test_a_file_that_is_not_there(tmp_path):
    """It is named; so is one that is no text."""
    with pytest.raises(ConfigurationError, match=r"none\.yml cannot be read"):
        read_thresholds(tmp_path / "none.yml")
    (tmp_path / "bytes.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"bytes\.yml"):
        read_thresholds(tmp_path / "bytes.yml")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.dictionaries(
        st.sampled_from([field.name for field in fields(Thresholds)]) | st.text(max_size=5), VALUES, max_size=3
    )
)
def test_anything_is_read_or_refused(content):
    """No file brings anything but thresholds or a refusal, and what is read is written and read back."""
    try:
        read = thresholds_of(content, "x")
    except ConfigurationError:
        return
    assert thresholds_of(yaml.safe_load(render_thresholds(read)), "x") == read
