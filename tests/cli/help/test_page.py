"""How a page is laid out."""

from hypothesis import given
from hypothesis import strategies as st

from servescope.cli.help.page import Page, Row, Section, refusal, render, with_default

words = st.text("abcdefgh-[]", min_size=1, max_size=12)
texts = st.lists(words, min_size=1, max_size=30).map(" ".join)
terms = st.lists(words, min_size=1, max_size=5).map(" ".join)
sections = st.builds(Section, words, st.lists(st.builds(Row, terms, texts), min_size=1, max_size=5).map(tuple))
pages = st.builds(
    Page, texts, texts, st.lists(sections, max_size=3).map(tuple), st.just(("run me",)), st.one_of(st.just(""), texts)
)


@given(pages, st.integers(0, 300))
def test_nothing_is_lost_and_nothing_sticks_out(page, columns):
    """Every word is there, in its order; lines keep to the width, whatever it is, but for terms, which are not broken."""
    text = render(page, columns)
    rows = [word for one in page.sections for row in one.rows for word in (*row.term.split(), *row.text.split())]
    said = iter(text.split())
    assert all(word in said for word in (*page.usage.split(), *page.summary.split(), *rows, *page.remark.split()))
    assert text.endswith("\n\nExamples:\n  run me\n")
    longest = max((len(row.term) for one in page.sections for row in one.rows), default=0)
    assert max(map(len, text.splitlines())) <= max(48, min(columns, 120), longest + 2)


def test_the_layout():
    """Terms in a column, texts in another; a term that is too long has a line of its own; examples are left as they are."""
    rows = (Row("-s, --short N", "A text that is too long to be on one line."), Row("--" + "long" * 8, "Another."))
    page = Page(
        "prog NAME [OPTIONS]", "Does it.", (Section("Options", rows),), ("prog a \\\n    --short 1",), "See there."
    )
    assert render(page, 48) == (
        "Usage: prog NAME [OPTIONS]\n"
        "\n"
        "Does it.\n"
        "\n"
        "Options:\n"
        "  -s, --short N  A text that is too long to be\n"
        "                 on one line.\n"
        "  --longlonglonglonglonglonglonglong\n"
        "                 Another.\n"
        "\n"
        "See there.\n"
        "\n"
        "Examples:\n"
        "  prog a \\\n"
        "      --short 1\n"
    )


def test_defaults_are_told_where_there_is_one():
    """Not for flags, nor for what is not set."""
    assert with_default("Seconds.", 60) == "Seconds. Default: 60."
    assert [with_default("It.", none) for none in (None, False, True, "")] == ["It."] * 4


def test_a_refusal_leads_to_the_help():
    """In three parts."""
    assert (
        refusal("prog [OPTIONS]", "prog", "no") == "Usage: prog [OPTIONS]\nTry 'prog --help' for help.\n\nError: no\n"
    )
