"""OpenMetrics' names: no two families of a scrape use one, and nobody loses a name for less."""

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.exposition.families import definitions
from servescope.metrics.definitions import DEFINITIONS, Definition
from servescope.metrics.exposition.names import Title, Titles, unit_in_name

SUFFIXES = {
    "counter": ["_total", "_created"],
    "gauge": [],
    "unknown": [],
    "summary": ["_count", "_sum", "_created"],
    "histogram": ["_bucket", "_count", "_sum", "_created"],
}


def titles_of(families):
    titles = Titles()
    for family in families:
        titles.keep(family)
    return [titles.title(family) for family in families]


def family(name, kind="gauge", unit=""):
    return Definition(name, kind, unit, (), "h")


def test_units():
    """Where the name ends in them, before a counter's `_total`."""
    assert unit_in_name(family("a_seconds", unit="seconds")) == "seconds"
    assert unit_in_name(family("a_seconds_total", "counter", "seconds")) == "seconds"
    assert unit_in_name(family("a_seconds_total", "gauge", "seconds")) == ""
    assert unit_in_name(family("seconds", unit="seconds")) == ""
    assert unit_in_name(family("a_", unit="")) == ""


def test_a_counter_that_has_to_give_way_loses_its_unit_too():
    """Since its family's name then ends in `_total`."""
    assert titles_of([family("a_seconds_total", "counter", "seconds"), family("a_seconds")]) == [
        Title("a_seconds_total", "unknown", ""),
        Title("a_seconds", "gauge", ""),
    ]


def test_a_family_that_comes_twice():
    """The second one is left out."""
    assert titles_of([family("a"), family("a")])[1] is None


def test_the_servers_own_families_all_have_titles():
    """None clashes with another."""
    assert None not in titles_of(DEFINITIONS)


@settings(deadline=None, max_examples=50)
@given(st.lists(definitions(), max_size=8, unique_by=lambda one: one.name))
def test_no_name_is_used_twice(families):
    """Not by any suffix either, and only what clashes has no title."""
    titles = titles_of(families)
    used = [title.name + suffix for title in titles if title for suffix in ["", *SUFFIXES[title.kind]]]
    assert len(used) == len(set(used))
    for one, title in zip(families, titles, strict=True):
        if title is None:
            assert any(one.name + suffix in used for suffix in ["", *SUFFIXES[one.kind]])
        else:
            assert one.name in (title.name, f"{title.name}_total")
            assert not title.unit or title.name.endswith(f"_{title.unit}")
