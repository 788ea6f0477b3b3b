"""A worker with a running batch, over a real socket: who joins, who leaves, and what each is told at each step."""

import sys

import pytest

from servescope.wire.messages import Batch, Cancel, Load, Reply, Stepped, Stop
from worker.front import Front, request

# Answers the number of the step to each, as often as its body says; "gate" lines are waited for on a pipe between two steps.
TOKENS = """
import os

LEFT, SEEN = {}, []

def stopping(name):
    def done(output):
        if name.startswith("bad"):
            raise ValueError("no criterion")
        if name.startswith("none"):
            return None
        LEFT[name] -= 1
        return LEFT[name] == 0
    return done

def handle(data, context):
    if data is None:
        return
    names = [context.get_request_id(index) for index in range(len(data))]
    if context.get_request_header(0, "describe") == "True":
        return [{"rows": len(data)}]
    for name, row in zip(names, data):
        if row:
            LEFT[name] = int(row["body"])
    SEEN.append(names)
    context.stopping_criteria = [stopping(name) for name in names]
    context.set_response_header(0, "x-first", names[0])
    if any(LEFT[name] == 99 for name in names):
        raise RuntimeError("the step fails")
    if any(LEFT[name] == 98 for name in names):
        return ["too few"]
    os.read(GATE, 1)
    return [f"{name}{LEFT[name]}" if LEFT[name] != 97 else object() for name in names]
"""


class Steps(Front):
    """The front end, which lets the handler go on step by step."""

    def __init__(self, tmp_path, model, batch_size=4, code=TOKENS, envelope=""):
        super().__init__()
        import os

        self._read, self._write = os.pipe()
        handler = model.write("tokens.py", f"GATE = {self._read}\n{code}")
        manifest = {"model": {"modelName": "m", "configFile": ""}}
        load = Load(
            "m", "1.0", str(model.directory), manifest, handler, envelope, batch_size, None, True, True, True, []
        )
        load.continuous = True
        self.send(load)
        self.loaded = self.receive()[0]

    def go(self, steps=1):
        import os

        os.write(self._write, b"." * steps)

    def step(self):
        """Let one go; the rows that were in it, who left, and the replies by their batch."""
        self.go()
        return self.heard()

    def heard(self):
        """What was told of one step."""
        stepped = self.receive()[0]
        assert isinstance(stepped, Stepped)
        replies = {}
        while len(replies) < stepped.rows:
            reply = self.receive()[0]
            assert isinstance(reply, Reply)
            replies[reply.batch_id] = reply
        return stepped, replies

    def ask_for(self, number, name, count, **more):
        self.send(Batch(number, [request(name, str(count).encode(), **more)]))


@pytest.fixture
def steps(tmp_path, model):
    front = Steps(tmp_path, model)
    yield front
    front.go(1000)
    front.close()


def pieces(replies):
    return {number: (bytes(reply.parts[0].data), reply.final) for number, reply in replies.items()}


def test_no_envelope(tmp_path, model):
    """A row has no body after its first step, so none is looked for; the model log says so."""
    front = Steps(tmp_path, model, envelope="json")
    front.ask_for(1, "a", 2)
    assert [pieces(front.step()[1])[1] for _ in range(2)] == [(b"a2", False), (b"a1", True)]
    front.close()


def test_it_says_how_many_rows_it_takes(steps):
    """As many as a batch may have; and it takes requests any time."""
    assert (steps.loaded.code, steps.loaded.concurrent, steps.loaded.rows) == (200, True, 4)


def test_requests_join_and_leave(steps):
    """Each gets a piece a step, and its last when it is done; one that comes later has its first while the others go on."""
    steps.ask_for(1, "a", 3)
    assert pieces(steps.step()[1]) == {1: (b"a3", False)}
    steps.ask_for(2, "b", 1)
    steps.ask_for(3, "c", 3)
    first, second = steps.step(), steps.step()
    told = {**pieces(first[1]), **pieces(second[1])}
    assert told[2] == (b"b1", True)
    assert pieces(steps.step()[1])[3][0].startswith(b"c")


def test_the_last_reply_says_where_the_time_went(steps):
    """Seconds of all its steps, and when the first began."""
    steps.ask_for(1, "a", 2)
    _, first = steps.step()
    stepped, last = steps.step()
    assert (first[1].stages, last[1].started, list(last[1].stages)) == ({}, first[1].started, ["prediction"])
    assert last[1].stages["prediction"] >= stepped.seconds / 2
    assert (stepped.rows, stepped.left) == (1, [2])


def test_headers_say_whether_there_is_more(steps):
    """ts_stream_next, as TorchServe's; what the handler sets is of that step alone."""
    steps.ask_for(1, "a", 2)
    first = steps.step()[1][1].parts[0].headers
    last = steps.step()[1][1].parts[0].headers
    assert first == {"x-first": "a", "ts_stream_next": "true"}
    assert last == {"x-first": "a", "ts_stream_next": "false"}


def test_a_criterion_that_says_nothing(steps):
    """None leaves the header to the handler, who has set none: the answer is whole, and says nothing of a stream."""
    steps.ask_for(1, "none", 3)
    stepped, replies = steps.step()
    assert (pieces(replies), stepped.left) == ({1: (b"none3", True)}, [1])
    assert "ts_stream_next" not in replies[1].parts[0].headers


def test_a_criterion_that_raises(steps):
    """Its request fails alone, and the others go on."""
    steps.ask_for(1, "bad", 2)
    first = steps.step()[1][1]
    assert (first.final, first.parts[0].error, first.parts[0].status) == (True, "Prediction failed", 503)
    steps.ask_for(2, "a", 1)
    assert pieces(steps.step()[1]) == {2: (b"a1", True)}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (99, "Prediction failed"),
        (98, "number of batch response mismatched"),
        (97, "Unsupported model output data type."),
    ],
)
def test_a_step_that_fails(steps, count, text):
    """It is the answer to all that are in it, as in TorchServe, and the batch is empty again."""
    steps.ask_for(1, "a", 5)
    steps.step()
    steps.ask_for(2, "b", count)
    replies = {}
    while 2 not in replies:  # it joins at the next step, or at the one after that
        replies |= steps.step()[1]
    assert {(reply.code, reply.message, reply.final) for reply in replies.values()} == {(503, text, True)}
    steps.ask_for(3, "c", 1)
    steps.go()
    assert pieces(steps.heard()[1]) == {3: (b"c1", True)}


def test_a_client_that_hangs_up(steps):
    """Its row is in no further step; the others' are."""
    steps.ask_for(1, "a", 50)
    steps.step()
    steps.ask_for(2, "b", 50)
    steps.step()
    steps.step()
    steps.send(Cancel(1, "a"))
    seen = []
    while True:
        steps.go()
        message = steps.receive()[0]
        if isinstance(message, Reply) and message.batch_id == 1 and message.final:
            assert message.code == 499
            break
        seen.append(message)
    steps.go(3)
    for _ in range(4):
        last = steps.receive()[0]
    assert not (isinstance(last, Reply) and last.batch_id == 1)


def test_a_description_stands_alone(steps):
    """The model describes itself in a step of its own, between two of the others'."""
    steps.ask_for(1, "a", 3)
    steps.step()
    steps.send(Batch(2, [request("d", b"", extra={"describe": "True"})]))
    steps.go(2)
    replies = {}
    while 2 not in replies:
        stepped, replies = steps.heard()
    assert (stepped.rows, bytes(replies[2].parts[0].data)) == (1, b'{\n  "rows": 1\n}')


def test_told_to_stop_it_finishes(steps):
    """What is in the batch is answered to its end, and then it ends with 0."""
    steps.ask_for(1, "a", 3)
    steps.step()
    steps.send(Stop())
    steps.go(10)
    assert [pieces(steps.heard()[1])[1] for _ in range(2)] == [(b"a2", False), (b"a1", True)]
    assert steps.join() == 0


def test_left_alone_it_ends(steps):
    """Its front end has gone, in the middle of a batch."""
    steps.ask_for(1, "a", 1000)
    steps.step()
    steps.near.close()
    steps.go(1000)
    steps._thread.join(5)
    assert type(steps.status).__name__ == "ChannelClosed"


STREAMS = """
from ts.handler_utils.utils import send_intermediate_predict_response

def handle(data, context):
    if data is None:
        return
    context.stopping_criteria = None
    send_intermediate_predict_response(["x" * 100000] * len(data), context.request_ids, "", 200, context)
    return ["y" * 100000] * len(data)
"""


def test_pieces_within_a_step(tmp_path, model):
    """And without criteria the step's own output is the last; large pieces travel beside the messages."""
    front = Steps(tmp_path, model, code=STREAMS)
    front.ask_for(1, "a", 1)
    told = []
    for _ in range(3):
        message, attachments = front.receive()
        if isinstance(message, Reply):
            data = attachments.take(message.parts[0].data)
            told.append((bytes(data[:1]), len(data), message.final))
    assert told == [(b"x", 100000, False), (b"y", 100000, True)]
    front.close()


# A thread sends pieces as fast as it can while the steps go on, as a streamer of tokens does.
STREAMS_BESIDE = """
import threading
from ts.handler_utils.utils import send_intermediate_predict_response

LEFT = []

def beside(context):
    while LEFT[0] > 1:
        send_intermediate_predict_response(["x"], context.request_ids, "", 200, context)

def done(output):
    LEFT[0] -= 1
    return LEFT[0] == 0

def handle(data, context):
    if data is None:
        return
    context.stopping_criteria = [done]
    if data[0]:
        LEFT.append(int(data[0]["body"]))
        threading.Thread(target=beside, args=(context,), daemon=True).start()
    return ["."]
"""


def test_pieces_from_a_thread_of_the_handlers(tmp_path, model):
    """Beside them each step's own piece goes out once."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns as often as they can
    try:
        front = Steps(tmp_path, model, code=STREAMS_BESIDE)
        front.ask_for(1, "a", 1500)
        told = []
        while not (told and told[-1].final):
            message = front.receive()[0]
            told += [message] if isinstance(message, Reply) else []
    finally:
        sys.setswitchinterval(usual)
    assert sum(bytes(reply.parts[0].data) == b"." for reply in told) == 1500
    front.close()
