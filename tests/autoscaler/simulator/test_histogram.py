"""Measured service times: a table, or a page of /metrics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.simulator.histogram import read_histogram
from servescope.errors import ConfigurationError

STAGE = "servescope_request_stage_seconds"
DURATION = "servescope_request_duration_seconds"


def page(family, labels, *buckets):
    """Lines of a histogram, cumulative."""
    lines = [f'{family}_bucket{{{labels},le="{bound}"}} {count}' for bound, count in buckets]
    return "\n".join([f"# TYPE {family} histogram", *lines, f"{family}_count{{{labels}}} {buckets[-1][1]}", ""])


@pytest.fixture
def file(tmp_path):
    """Writes one."""

    def write(text):
        path = tmp_path / "file"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_page_of_metrics(file):
    """The workers' stage is taken, of all models together; what is above the last bound is at it."""
    text = page(STAGE, 'model_name="a",stage="handler"', ("0.1", 10), ("0.2", 20), ("+Inf", 30)) + page(
        STAGE, 'model_name="b",stage="handler"', ("0.1", 10), ("0.2", 10), ("+Inf", 10)
    )
    text += page(STAGE, 'model_name="a",stage="queue"', ("0.1", 0), ("0.2", 0), ("+Inf", 30))
    text += page(STAGE, 'model_name="a",stage="inference"', ("0.1", 0), ("0.2", 0), ("+Inf", 0))
    found = read_histogram(file(text + page(DURATION, 'model_name="a"', ("9", 10), ("+Inf", 10))))
    assert found.bounds == [0.1, 0.2]
    assert found.until == [20, 40]
    assert found.quantile(0.25) == pytest.approx(0.05)


def test_inference_first_and_durations_last(file):
    """Handlers that tell their stages apart have it; where there are no stages there are durations."""
    inference = page(STAGE, 'stage="inference"', ("1.0", 4), ("+Inf", 4))
    handler = page(STAGE, 'stage="handler"', ("2.0", 4), ("+Inf", 4))
    durations = page(DURATION, 'outcome="answered"', ("3.0", 4), ("+Inf", 4))
    assert read_histogram(file(durations + handler + inference)).bounds == [1.0]
    assert read_histogram(file(durations + handler)).bounds == [2.0]
    assert read_histogram(file(durations)).bounds == [3.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("le,count\n", "it has no requests"),
        ("le,count\n1,0\n", "it has no requests"),
        ("le,count\n+Inf,5\n", "it has no requests"),
        ("le,count\n1,x\n", ", line 2: 'x' is no number of at least 0"),
        ("le,count\n1,-1\n", ", line 2: '-1' is no number"),
        ("le,count\n1,1\n1,1\n", ", line 3: the bound '1' is not above the one before"),
        ("le,count\n1\n", ", line 2: '1' is not le,count"),
        ("le,count\n99999,1\n", "a bound of 99999 s is above 3600 s"),
        ("le,count\n1,inf\n", "its buckets do not add up"),
        ("", "it has no header le,count"),
        ("nothing\n", "it has no header le,count"),
        (page(DURATION, 'a="b"', ("1", 5), ("+Inf", 2)), "its buckets do not add up"),
        (page(DURATION, 'a="b"', ("x", 5), ("+Inf", 2)), ", line 2: 'x' is no number"),
        (f'{DURATION}_bucket{{a="b"}} 5\n', ", line 1: the bucket has no label le"),
        (b"\xff", "it is not UTF-8"),
    ],
)
def test_what_is_wrong_is_named(file, text, said):
    """The option, the file, and the line where there is one."""
    path = file(text)
    with pytest.raises(ConfigurationError) as error:
        read_histogram(path)
    assert error.value.message.startswith(f"--service-time histogram:{path}")
    assert said in error.value.message


def test_a_file_that_is_not_there_is_named(tmp_path):
    """So is a folder."""
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(ConfigurationError, match=f"histogram:{path}: it cannot be read"):
            read_histogram(path)


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"le,count\n{text}".encode()))
def test_any_bytes_are_a_histogram_or_refused(tmp_path_factory, content):
    """Nothing else comes of a file, and no quantile is outside its bounds."""
    path = tmp_path_factory.mktemp("histogram") / "file"
    path.write_bytes(content)
    try:
        found = read_histogram(path)
    except ConfigurationError:
        return
    for share in (0.0, 0.3, 1.0):
        assert 0 < found.quantile(share) <= max(found.bounds[-1], 1e-6)
