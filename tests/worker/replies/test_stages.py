"""The stages of a reply: what BaseHandler notes and nothing else, however much a handler writes there."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.worker.replies.stages import stages_of
from worker.front import Front, request

ODD = """
def handle(data, context):
    if data is None:
        return
    if data[0]["body"] == b"odd":
        context.stage_seconds.update({f"stage {number}": 1.0 for number in range(1000)}, inference="long")
    elif data[0]["body"] == b"other":
        context.stage_seconds = 7
    return ["ok"] * len(data)
"""

ASYNC = ODD.replace("def", "async def")
anything = st.one_of(st.none(), st.floats(), st.integers(), st.text(max_size=3))


def test_what_is_noted():
    """Is told."""
    noted = {"preprocess": 0.5, "inference": 1, "postprocess": 0.0}
    assert stages_of(noted, 2.0) == {"prediction": 2.0} | noted
    assert stages_of({}, 2.0) == stages_of(None, 2.0) == {"prediction": 2.0}


@given(st.one_of(anything, st.dictionaries(st.one_of(anything, st.just("inference"), st.just("prediction")), anything)))
def test_what_is_no_time_of_a_stage(noted):
    """Is left out, and the handler's own time stays."""
    stages = stages_of(noted, 2.0)
    assert stages["prediction"] == 2.0
    assert set(stages) <= {"prediction", "preprocess", "inference", "postprocess"}
    assert all(isinstance(seconds, float) and 0 <= seconds < math.inf for seconds in stages.values())


@pytest.mark.parametrize("source", [ODD, ASYNC])
@pytest.mark.parametrize("body", [b"odd", b"other", b"plain"])
def test_a_handler_that_writes_there(model, source, body):
    """Is answered as ever."""
    front = Front()
    try:
        front.load(model.directory, model.write("odd.py", source))
        reply = front.ask(request("a", body))
        assert (reply.code, reply.parts[0].data, list(reply.stages)) == (200, b"ok", ["prediction"])
    finally:
        front.close()
