"""Keys that are nearly the server's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.config import yaml_names
from servescope.config.model.misspelt import misspelt

NAMES = yaml_names()
BATCH_SIZE = "batchSize"


@pytest.mark.parametrize(
    "written",
    ["batchsize", "BatchSize", "BATCHSIZE", "batch_size", "batch-size", "Batch_Size", "batchSiz", "batchSizee",
     "bathSize", "batchSixe", "btachSize", "batchSzie"],
)  # fmt: skip
def test_case_separators_and_one_letter(written):
    """Each is told, with what it is like."""
    assert misspelt({written: 4}, NAMES) == {written: "batch_size"}


@pytest.mark.parametrize(
    "written",
    [
        "batchSize",
        "handler",
        "pt2",
        "micro_batching",
        "batch",
        "size",
        "slot",
        "slow",
        "SL",
        "maxLength",
        7,
        None,
        True,
    ],
)
def test_what_is_right_or_somebodys_own(written):
    """The server's own spelling, a handler's keys, and what is no text."""
    assert misspelt({written: 4}, NAMES) == {}


def test_a_short_key_in_another_case():
    """Of a short name, only the case may differ."""
    assert misspelt({"SLO": {}}, NAMES) == {"SLO": "objectives"}


@given(st.sampled_from(sorted(NAMES.values())), st.data())
def test_any_one_letter_of_any_key(name, data):
    """A letter left out, put in or changed is found for every key of six letters and more."""
    at = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcxyz"))
    changes = (name[:at] + name[at + 1 :], name[:at] + letter + name[at:], name[:at] + letter + name[at + 1 :])
    written = data.draw(st.sampled_from(changes))
    if len(name) >= 6 and written not in NAMES.values():
        assert written in misspelt({written: 1}, NAMES)


@given(st.dictionaries(st.text() | st.integers(), st.integers()))
def test_any_mapping(content):
    """Never raises, and finds only what is written."""
    assert set(misspelt(content, NAMES)) <= set(content)
