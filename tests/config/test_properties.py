"""Java properties files."""

import javaproperties
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.properties import expand_variables, parse_properties, render_properties
from servescope.errors import ConfigurationError


def test_reads_the_java_format():
    """Comments, all separators, continued lines, escapes; a repeated key's last value wins, and it is listed."""
    content = b"# c\n! c\na=1\nb : 2\nc 3\nd=x\\\n   y\ne=caf\\u00e9\\t\na=9\n\nf=\n"
    texts = {"a": "9", "b": "2", "c": "3", "d": "xy", "e": "café\t", "f": ""}
    assert parse_properties(content, "f") == (texts, ["a"])


def test_reads_utf8_and_latin1():
    """UTF-8 (also with a byte order mark) where it is that, else ISO 8859-1."""
    assert parse_properties("\ufeffa=é".encode(), "f") == ({"a": "é"}, [])
    assert parse_properties("a=é".encode("latin-1"), "f") == ({"a": "é"}, [])


def test_bad_escape_names_the_file():
    """A truncated unicode escape is a ConfigurationError."""
    with pytest.raises(ConfigurationError, match=r"my\.properties"):
        parse_properties(rb"a=\u12", "my.properties")


def test_expands_variables():
    """Several in one value; a variable's own dollars stay as they are."""
    values = {"a": "$$HOST$$:$$P$$/x", "b": "$ $$ plain"}
    assert expand_variables(values, {"HOST": "h$1", "P": "$$HOST$$"}, "f") == {"a": "h$1:$$HOST$$/x", "b": "$ $$ plain"}


def test_missing_variable_names_key_variable_and_file():
    """A variable that is not set ends the start."""
    with pytest.raises(ConfigurationError, match=r"model_store=.*\bNOPE\b.*f\.cfg"):
        expand_variables({"model_store": "$$NOPE$$/x"}, {}, "f.cfg")


@given(st.binary())
def test_any_bytes_are_read_or_refused(content):
    """No file raises anything but ConfigurationError."""
    try:
        expand_variables(parse_properties(content, "f")[0], {}, "f")
    except ConfigurationError:
        pass


@given(st.text("ab=:#! \t\f\\\r\nu0d8e\x85\u2028é", max_size=40) | st.text(max_size=20))
def test_reads_as_javaproperties_does(content):
    """Line by line and escape by escape, or refuses it where that does; wherever an entry begins, goes on and ends."""
    try:
        expected = javaproperties.loads(content)
    except ValueError:
        with pytest.raises(ConfigurationError):
            parse_properties(content.encode(), "f")
    else:
        assert parse_properties(content.encode(), "f")[0] == expected


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12)))
def test_what_is_written_is_read_again(properties):
    """By this reader and by another; every sign has its escape, those of two units too."""
    text = render_properties(properties)
    assert text.isascii()
    assert parse_properties(text.encode(), "f") == (properties, [])
    assert javaproperties.loads(text) == properties


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (r"a=\ud83d\ude00", {"a": "\U0001f600"}),
        (r"a=\ud83d", {"a": "\ud83d"}),
        ("a\\ b\\=c d=e", {"a b=c": "d=e"}),
        ("a=1\\\\\nb=2\\", {"a": "1\\", "b": "2"}),
        ("  \\\n a=b", {"a": "b"}),
        ("a=\\\n#b", {"a": "#b"}),
        ("=b", {"": "b"}),
    ],
)
def test_reads_rare_forms(content, values):
    """Characters of two escapes, escaped separators and backslashes, lines that go on."""
    assert parse_properties(content.encode(), "f")[0] == values


text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F), min_size=1)


@given(st.dictionaries(text, text))
def test_reads_back_what_javaproperties_writes(values):
    """Any keys and values survive the format."""
    assert parse_properties(javaproperties.dumps(values).encode(), "f") == (values, [])
