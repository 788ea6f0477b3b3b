"""Which format an Accept header gets: what real scrapers send, RFC 9110's rules, and text in doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.metrics.exposition.negotiation import OPENMETRICS, PROTOBUF, TEXT, choose, preferences

PROTO = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
OPEN = "application/openmetrics-text;version=1.0.0"
PROMETHEUS_2_42 = f"{OPEN},application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
PROMETHEUS_2_42_NATIVE = (
    f"{PROTO},{OPEN};q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    f"{OPEN};escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_NATIVE = f"{PROTO};q=0.7,{PROMETHEUS_3}"
PROMETHEUS_2_30 = "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (PROMETHEUS_2_42, OPENMETRICS),
        (PROMETHEUS_2_42_NATIVE, PROTOBUF),
        (PROMETHEUS_3, OPENMETRICS),
        (PROMETHEUS_3_NATIVE, PROTOBUF),
        (PROMETHEUS_2_30, TEXT),
        (BROWSER, TEXT),
        ("*/*", TEXT),
        ("", TEXT),
        ("text/plain", TEXT),
    ],
)
def test_real_clients(accept, wanted):
    """Prometheus with and without native histograms, a browser, curl, and nothing at all."""
    assert choose(accept) is wanted


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (f"text/plain;q=0.5,{OPEN};q=0.6", OPENMETRICS),
        (f"{OPEN};q=0.6,text/plain;q=0.5", OPENMETRICS),
        (f"text/plain,{OPEN}", TEXT),
        (f"{OPEN},text/plain", OPENMETRICS),
        (f"*/*,{OPEN}", OPENMETRICS),
        (f"{OPEN};q=0,*/*", TEXT),
        ("text/plain;q=0,*/*;q=0.5", OPENMETRICS),
        ("text/*;q=0.5,application/*;q=0.4", TEXT),
        ("*/*;q=1,text/plain;q=0.1", OPENMETRICS),
        ("application/openmetrics-text", OPENMETRICS),
        ("Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/vnd.google.protobuf", TEXT),
        (PROTO.replace("delimited", "text"), TEXT),
        (PROTO.replace("delimited", '"delimited"'), PROTOBUF),
        (f"{PROTO};q=0.0", TEXT),
        (f"{OPEN};q=nan,text/plain;q=0.1", TEXT),
        (f"{OPEN};q=2", TEXT),
        ("image/png", TEXT),
        ("," * 100_000 + OPEN, TEXT),
    ],
)
def test_rules(accept, wanted):
    """Quality, then the more specific range, then the header's order; what has no valid quality does not count."""
    assert choose(accept) is wanted


@given(st.text() | st.lists(st.sampled_from([*'/*;,=q.01" ', OPEN, PROTO, "text/plain", "*/*"])).map("".join))
def test_no_header_raises(accept):
    """Whatever a client sends, it gets one of the three formats."""
    assert choose(accept) in (TEXT, OPENMETRICS, PROTOBUF)


@given(st.floats(0, 1).map(lambda quality: f"{quality:.3f}"))
def test_qualities_are_read(quality):
    """All that three digits can say."""
    (found,) = preferences(f"gzip ; q={quality}")
    assert (found.value, found.quality) == ("gzip", float(quality))
