"""Trace files: three forms, and every way in which one can be wrong is named by file and line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.simulator.arrivals import traces
from servescope.autoscaler.simulator.arrivals.traces import read_trace
from servescope.errors import ConfigurationError


@pytest.fixture
def trace(tmp_path):
    """Writes one."""

    def write(content):
        file = tmp_path / "trace.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def test_a_row_a_request(trace):
    """Other columns are left alone, blank lines too; the first request is the beginning, the last minute is whole."""
    arrivals = read_trace(trace('name,arrival_s\n"a,b",100.5\n\nc,101\nd,101\ne,165.25\n'), seed=1)
    assert arrivals.at == [0.0, 0.5, 0.5, 64.75]
    assert arrivals.end_s == 120.0


def test_json_lines(trace):
    """Timestamps are milliseconds."""
    arrivals = read_trace(trace('{"timestamp": 1000}\n{"timestamp": 2500.5, "x": [1]}\r\n'), seed=1)
    assert arrivals.at == pytest.approx([0.0, 1.5005])
    assert arrivals.end_s == 60.0


def test_counts_a_minute(trace):
    """Minutes that are left out had none; each request is within its minute; the seed decides where."""
    file = trace("\ufeffminute,requests\n3,2\n4,0\n6,3\n")
    arrivals = read_trace(file, seed=1)
    assert [int(at // 60) for at in arrivals.at] == [0, 0, 3, 3, 3]
    assert arrivals.at == sorted(arrivals.at)
    assert arrivals.end_s == 240.0
    assert read_trace(file, seed=1) == arrivals
    assert read_trace(file, seed=2) != arrivals


@pytest.mark.parametrize(
    ("content", "line", "text"),
    [
        ("arrival_s\n1\n0.5\n", 3, "0.5 comes after 1: the arrivals are not in order"),
        ("arrival_s\n1\nx\n", 3, "arrival_s 'x' is no number of at least 0"),
        ("arrival_s\n-1\n", 2, "arrival_s '-1' is no number"),
        ("arrival_s\nnan\n", 2, "arrival_s 'nan' is no number"),
        ("arrival_s\n1e999\n", 2, "arrival_s '1e999' is no number"),
        ("arrival_s\n\n1\n1e7\n", 4, "more than 7 days after the first"),
        ("a,arrival_s\n1,1\n1\n", 3, "'1' has 1 columns, and the header 2"),
        ("arrival_s,a\n1,1\n2,1,3\n", 3, "'2,1,3' has 3 columns, and the header 2"),
        ("arrival_s\n1,5\n", 2, "'1,5' has 2 columns, and the header 1"),
        ("arrival_s,arrival_s\n1,2\n", 1, "has more than one column arrival_s"),
        ('a,arrival_s\n"1,1\n', 2, "is no row of a CSV file"),
        ("minute,requests\n0,1\n0,1\n", 3, "minute 0 comes after 0: the minutes are not in order"),
        ("minute,requests\n0\n", 2, "'0' is not minute,requests"),
        ("minute,requests\n0,1,2\n", 2, "is not minute,requests"),
        ("minute,requests\n0,-1\n", 2, "requests '-1' is no whole number of at least 0"),
        ("minute,requests\n0,1.5\n", 2, "requests '1.5' is no whole number"),
        ("minute,requests\n0,²\n", 2, "requests '²' is no whole number"),
        ("minute,requests\n-5,1\n", 2, "minute '-5' is no whole number"),
        ("minute,requests\n0,1\n99999,1\n", 3, "minute 99999 is more than 7 days after the first"),
        ("minute,requests\n0,1\n1,9999999\n", 3, "10,000,000 requests so far"),
        ('{"timestamp": 1}\n{"timestamp": 0}\n', 2, "not in order"),
        ('{"timestamp": 1}\n{"time": 1}\n', 2, "has no timestamp"),
        ('{"timestamp": 1}\n[1]\n', 2, "has no timestamp"),
        ('{"timestamp": "1"}\n', 1, "timestamp '\"1\"' is no number of milliseconds"),
        ('{"timestamp": true}\n', 1, "is no number of milliseconds"),
        ('{"timestamp": NaN}\n', 1, "timestamp 'nan' is no number"),
        ('{"timestamp": 1' + "0" * 400 + "}\n", 1, "is no number"),
        ('{"timestamp": 1}\n{"timestamp"\n', 2, "is not JSON"),
        ("{" + '"a":{' * 9000 + "\n", 1, "is not JSON"),
        ("time\n1\n", 1, "'time' is no header of a trace"),
        ("1\n2\n", 1, "'1' is no header of a trace"),
        ("\n\n1\n", 3, "is no header of a trace"),
        ("arrival_s\n1\n\0\n", 3, "it is no text"),
        ("arrival_s\n" + "1" * 200_000, 2, "more than 100,000 characters"),
    ],
)
def test_what_is_wrong_is_named(trace, content, line, text):
    """The option, the file, the line, and what is there."""
    file = trace(content)
    with pytest.raises(ConfigurationError) as error:
        read_trace(file, seed=1)
    assert error.value.message.startswith(f"--trace {file}, line {line}: ")
    assert text in error.value.message
    assert len(error.value.message) < 400


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "it is empty"),
        ("\n \n", "it is empty"),
        ("arrival_s\n", "it has no requests"),
        ("minute,requests\n", "it has no requests"),
        ("minute,requests\n0,0\n1,0\n", "it has no requests"),
        (b"arrival_s\n\xff\n", "it is not UTF-8"),
    ],
)
def test_a_file_without_requests_is_named(trace, content, text):
    """There is no line to name."""
    file = trace(content)
    with pytest.raises(ConfigurationError, match=text) as error:
        read_trace(file, seed=1)
    assert error.value.message.startswith(f"--trace {file}: ")


def test_a_file_that_is_not_there_is_named(tmp_path):
    """So is a folder."""
    for file in (tmp_path / "absent", tmp_path):
        with pytest.raises(ConfigurationError, match=f"--trace {file}: it cannot be read"):
            read_trace(file, seed=1)


def test_a_huge_file_is_refused_before_it_is_read(trace, monkeypatch):
    """By its size, and one of many requests by their number."""
    file = trace("arrival_s\n" + "1\n" * 100)
    monkeypatch.setattr(traces, "MOST", 50)
    with pytest.raises(ConfigurationError, match="line 52: at most 50 requests"):
        read_trace(file, seed=1)
    monkeypatch.setattr(traces, "_LARGEST_BYTES", 100)
    with pytest.raises(ConfigurationError, match="it has more than 0 MiB"):
        read_trace(file, seed=1)


@pytest.mark.parametrize("content", ["arrival_s\n1\n", '{"timestamp": 1}\n'])
def test_burstiness_is_for_counts(trace, content):
    """Where every arrival is known there is nothing to spread."""
    with pytest.raises(ConfigurationError, match=r"--burstiness 3: .* has every arrival"):
        read_trace(trace(content), seed=1, burstiness=3.0)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_arrivals_or_refused(tmp_path_factory, content):
    """Nothing else comes of a file."""
    file = tmp_path_factory.mktemp("trace") / "trace"
    file.write_bytes(content)
    try:
        arrivals = read_trace(file, seed=1)
    except ConfigurationError:
        return
    assert arrivals.at
    assert list(arrivals.at) == sorted(arrivals.at)
    assert arrivals.at[-1] <= arrivals.end_s


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30).map(sorted), st.sampled_from(["csv", "json"]))
def test_what_is_written_is_read(tmp_path_factory, milliseconds, form):
    """Within a microsecond, from the first on."""
    file = tmp_path_factory.mktemp("trace") / "trace"
    if form == "csv":
        file.write_text("arrival_s\n" + "".join(f"{moment / 1000}\n" for moment in milliseconds))
    else:
        file.write_text("".join(json.dumps({"timestamp": moment}) + "\n" for moment in milliseconds))
    if milliseconds[-1] - milliseconds[0] > 7 * 86400 * 1000:
        with pytest.raises(ConfigurationError, match="7 days"):
            read_trace(file, seed=1)
        return
    assert read_trace(file, seed=1).at == pytest.approx(
        [(at - milliseconds[0]) / 1000 for at in milliseconds], abs=1e-6
    )
