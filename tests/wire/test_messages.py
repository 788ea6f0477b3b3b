"""Messages survive the wire, in both directions, and each direction refuses the other's."""

import msgspec
import pytest

from servescope.wire import messages as m

REQUEST = m.Request(
    "id",
    [(b"Host", b"h"), (b"x", b"\xff")],
    {"explain": "False"},
    [m.Field("body", "text/plain", b"x"), m.Field("big", "", 70000)],
)
LOAD = m.Load(
    "m",
    "1.0",
    "/d",
    {"model": {"a": [1, None]}},
    "h.py:f",
    "",
    4,
    None,
    True,
    True,
    False,
    [m.MetricDeclaration("counter", "n", "ms", ["d"])],
    0,
    m.Measuring(3, True, {"n": [1.0]}, {"ms": [1.0, 2.0]}, [0.5]),
)
TO_WORKER = [LOAD, m.Batch(2**40, [REQUEST]), m.Batch(1, []), m.Cancel(2**40, "ü"), m.Stop()]
FROM_WORKER = [
    m.Loaded(507, "Out of resources", True),
    m.Stepped(3, 0.25, [1, 20]),
    m.Reply(1, False, 200, "", [m.Part(201, {"a": "b"}, b"\x00"), m.Part(200, {}, 2**31)], 1.5, {"prediction": 0.1}),
]


@pytest.mark.parametrize(
    ("kind", "sent"),
    [(m.ToWorker, TO_WORKER), (m.FromWorker, FROM_WORKER), (m.ToRank, [*TO_WORKER, m.NoMore()])],
)
def test_there_and_back(kind, sent):
    """Inline bodies and the lengths of attachments keep apart, headers their bytes."""
    decoder = msgspec.msgpack.Decoder(kind)
    assert [decoder.decode(msgspec.msgpack.encode(message)) for message in sent] == sent


@pytest.mark.parametrize(("kind", "sent"), [(m.FromWorker, TO_WORKER), (m.ToWorker, FROM_WORKER)])
def test_the_other_directions_are_refused(kind, sent):
    """A worker cannot pass for the front end."""
    decoder = msgspec.msgpack.Decoder(kind)
    for message in sent:
        with pytest.raises(msgspec.ValidationError):
            decoder.decode(msgspec.msgpack.encode(message))
