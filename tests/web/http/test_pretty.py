"""JSON answers: TorchServe's print, and nothing left behind."""

import gc
import json

from hypothesis import given
from hypothesis import strategies as st

from servescope.web.http.pretty import pretty_json

texts = st.text(alphabet=st.characters())
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(values)
def test_as_the_library_prints_it(value):
    """With an indent of two, characters as they are; lone surrogates become question marks."""
    expected = json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace")
    assert pretty_json(value) == expected + b"\n"


def test_nothing_is_left_to_the_collector():
    """The library's own printer leaves some seventy objects in a circle with each answer."""
    gc.collect()
    gc.disable()
    try:
        pretty_json({"status": ["text"]})
        assert gc.collect() == 0
    finally:
        gc.enable()
