"""Other models beside a copy that is loaded: when it has to end."""

import pytest

from servescope.cli.client.scrape import parse
from servescope.cli.planning.server.neighbours import SlowedError, neighbours_of

BOUNDS = (0.05, 0.1, 0.25, 0.5)


def page(**models):
    """Of each model, requests by bucket; not cumulative."""
    lines = []
    for model, counts in models.items():
        for outcome, part in (("ok", 1), ("server_error", 0)):
            total = 0
            for bound, count in zip((*BOUNDS, "+Inf"), (*counts, 0), strict=True):
                total += count * part
                labels = f'model_name="{model}",model_version="1.0",outcome="{outcome}",le="{bound}"'
                lines.append(f"servescope_request_duration_seconds_bucket{{{labels}}} {total}")
    return parse("\n".join(lines))


FAST = page(other=(1000, 0, 0, 0), rare=(10, 0, 0, 0))


def test_a_p99_that_doubles_ends_it():
    """With the model and both times."""
    neighbours = neighbours_of(page(other=(0, 0, 0, 0)), FAST)
    neighbours.check(FAST, page(other=(1060, 0, 0, 0)))
    with pytest.raises(SlowedError) as ended:
        neighbours.check(FAST, page(other=(1060, 0, 40, 0)))
    assert "of other, p99 rose from 49.5 ms to 246 ms" in ended.value.message


def test_the_usual_is_what_was_seen_last():
    """A slow start of the server is long ago; where too little was seen it is all since the start."""
    slow = page(other=(0, 0, 0, 1000))
    then = page(other=(100, 0, 0, 1000))
    assert neighbours_of(slow, then).usual["other"] < 0.05
    assert neighbours_of(slow, slow).usual["other"] > 0.25


def test_few_requests_are_no_p99():
    """One slow request of ten ends nothing, and a model that is hardly asked is not watched."""
    neighbours = neighbours_of(FAST, FAST)
    assert set(neighbours.usual) == {"other"}
    neighbours.check(FAST, page(other=(1008, 0, 0, 2), rare=(10, 0, 0, 40)))


def test_what_is_slow_over_many_short_loads_is_seen():
    """Each of them too short to say."""
    neighbours = neighbours_of(FAST, FAST)
    last = page(other=(1040, 0, 0, 20))
    with pytest.raises(SlowedError):
        neighbours.check(last, page(other=(1045, 0, 0, 25)))


def test_the_copy_itself_is_no_neighbour():
    """It was not there before, and may be as slow as it is."""
    neighbours_of(FAST, FAST).check(FAST, page(other=(1100, 0, 0, 0), copy=(0, 0, 0, 900)))


def test_a_neighbour_that_is_gone_is_not_slow():
    """Its buckets are."""
    neighbours_of(FAST, FAST).check(FAST, page(rare=(10, 0, 0, 0)))
