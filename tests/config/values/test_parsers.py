"""Typed readers of configuration texts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.values import parsers
from servescope.config.values.load_list import parse_load_models
from servescope.config.values.parsers import GivenValue
from servescope.config.values.peers import peers
from servescope.errors import ConfigurationError

ALL = [
    parsers.whole(0, 2**63 - 1),
    parsers.positive_number(1000),
    parsers.flag,
    parsers.words,
    parsers.path,
    parsers.choice("a", "b"),
    parsers.metrics_mode,
    parsers.bucket_bounds,
    parsers.pattern,
    parsers.url_patterns,
    parsers.listener(80, 443),
]


def value(text, cwd=Path("/srv")):
    return GivenValue("some_key", text, "file.properties", cwd)


@pytest.mark.parametrize(("text", "number"), [("0", 0), (" 12 ", 12), ("+7", 7), ("007", 7)])
def test_whole_reads_numbers(text, number):
    """Blanks, signs and leading zeros are fine."""
    assert parsers.whole(0, 2**63 - 1)(value(text)) == number


@pytest.mark.parametrize("text", ["-1", "abc", "1.5", "1_000", "", "0x10", "٣", "9" * 5000, "101"])
def test_whole_refuses_with_key_value_and_origin(text):
    """All else is refused, naming key, value and origin."""
    with pytest.raises(ConfigurationError) as caught:
        parsers.whole(0, 100)(value(text))
    assert "some_key=" in str(caught.value)
    assert repr(text)[:900] in str(caught.value)
    assert "file.properties" in str(caught.value)
    assert len(str(caught.value)) < 1200


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("101", "above 100"),
        ("9" * 5000, "above 100"),
        ("-1", "below 0"),
        ("-" + "9" * 5000, "below 0"),
        ("+" + "9" * 30, "above"),
    ],
    ids=["101", "many", "-1", "many below", "plus"],
)
def test_whole_names_the_bound(text, why):
    """However many digits there are."""
    with pytest.raises(ConfigurationError, match=f"is {why}"):
        parsers.whole(0, 100)(value(text))


@pytest.mark.parametrize("text", ["1001", "1e308", "inf", "9" * 400])
def test_positive_number_names_the_bound(text):
    """Infinity is above it too."""
    with pytest.raises(ConfigurationError, match="is above 1000 "):
        parsers.positive_number(1000)(value(text))


@pytest.mark.parametrize(
    ("read", "count", "item"),
    [
        (parsers.bucket_bounds, 256, "{}"),
        (parsers.url_patterns, 1000, "x{}"),
        (peers, 1000, "h{}:1"),
        (parse_load_models, 10_000, "m{}.mar"),
    ],
)
def test_lists_end(read, count, item):
    """One more than the bound is refused, by count and bound."""
    items = [item.format(number) for number in range(count)]
    assert read(value(",".join(items)))
    with pytest.raises(ConfigurationError, match=rf"has {count + 1} .*; at most {count} are taken"):
        read(value(",".join([*items, item.format(count)])))


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", ""])
def test_positive_number_refuses(text):
    """Only finite numbers above 0."""
    with pytest.raises(ConfigurationError, match="some_key"):
        parsers.positive_number(1000)(value(text))


def test_positive_number_reads_fractions():
    """Half a minute is a time."""
    assert parsers.positive_number(1000)(value("0.5")) == 0.5


def test_flag_takes_true_and_false_only():
    """TorchServe's 'yes means false' is an error here."""
    assert parsers.flag(value(" TRUE "))
    assert not parsers.flag(value("False"))
    for text in ("yes", "1", "tru", ""):
        with pytest.raises(ConfigurationError, match="neither true nor false"):
            parsers.flag(value(text))


def test_relative_paths_start_at_the_working_directory():
    """And absolute ones stay."""
    assert parsers.path(value("store/../x")) == Path("/srv/x")
    assert parsers.path(value("/abs")) == Path("/abs")


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("prometheus", "prometheus"),
        ("LOG", "log"),
        ("legacy", "legacy"),
        ("off", "off"),
        ("log, prometheus", "prometheus,log"),
    ],
)
def test_metrics_modes(text, mode):
    """The modes, and prometheus with log in either order."""
    assert parsers.metrics_mode(value(text)) == mode


@pytest.mark.parametrize("text", ["prometeus", "legacy,log", "off,log", "", ","])
def test_unknown_metrics_mode_is_named(text):
    """An unknown mode is an error that names it (departure)."""
    with pytest.raises(ConfigurationError) as caught:
        parsers.metrics_mode(value(text))
    assert repr(text) in str(caught.value)


def test_url_patterns_match_whole_urls_in_any_case():
    """Between commas; an empty text allows nothing."""
    patterns = parsers.url_patterns(value("https://a/.*, file://.*"))
    assert [p.fullmatch("HTTPS://A/x.mar") is not None for p in patterns] == [True, False]
    assert parsers.url_patterns(value("")) == ()


def test_bad_pattern_is_refused():
    """A broken regular expression names the key."""
    with pytest.raises(ConfigurationError, match="some_key"):
        parsers.pattern(value("("))


def test_listener_adds_the_origin():
    """An address's error says where it was given."""
    with pytest.raises(ConfigurationError, match=r"some_key='nope'.*file\.properties"):
        parsers.listener(80, 443)(value("nope"))


@given(st.sampled_from(ALL), st.text())
def test_any_text_is_read_or_refused(parse, text):
    """No reader raises anything but ConfigurationError."""
    try:
        parse(value(text))
    except ConfigurationError:
        pass


@pytest.mark.parametrize(
    ("text", "bounds"),
    [("0.01,0.1,1", (0.01, 0.1, 1.0)), (" 1 , 2.5,1e3 ", (1.0, 2.5, 1000.0)), ("-1,0,.5,7.", (-1.0, 0.0, 0.5, 7.0))],
)
def test_bucket_bounds_are_numbers_that_ascend(text, bounds):
    """Blanks around them are fine."""
    assert parsers.bucket_bounds(value(text)) == bounds


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1,abc", "is no list of numbers between commas: 'abc' is none"),
        ("1,,2", "'' is none"),
        ("1,2,", "'' is none"),
        ("1,nan", "'nan' is none"),
        ("1_0", "'1_0' is none"),
        ("1,1e999", "'1e999' is none"),
        ("-inf,1", "'-inf' is none"),
        ("1,+Inf", "gives +Inf, the last bound of every histogram: leave it out"),
        ("1,inf", "gives inf,"),
        ("0.1,0.01", "does not ascend: 0.01 comes after 0.1"),
        ("1,1.0", "does not ascend: 1 comes after 1"),
    ],
)
def test_bucket_bounds_refuse_with_the_reason(text, why):
    """The message names key, value, origin and the part that is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        parsers.bucket_bounds(value(text))
    assert f"some_key={text!r} " in str(caught.value)
    assert why in str(caught.value)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, unique=True))
def test_bucket_bounds_read_what_python_writes(numbers):
    """Any finite floats, as repr writes them, come back the same."""
    bounds = tuple(sorted({number + 0.0 for number in numbers}))
    assert parsers.bucket_bounds(value(",".join(map(repr, bounds)))) == bounds
