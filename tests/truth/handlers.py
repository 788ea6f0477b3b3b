"""Handlers of the models that the rig drives, which do what the bodies of their requests say.

Each is a text for an archive. Bodies are words with arguments, done one after the other; what is not said answers `ok`.
"""

# sleep S | code N | raise | refuse N | stream N | size N | gate NAME | memory | count N | end S. Notes each batch's size in
# `batches`, and what it counts, by itself and by Counted, in `counts`; `end` ends the worker, by this signal.
WORK = """
import os, pathlib, time
from ts.handler_utils.utils import send_intermediate_predict_response
from ts.utils.util import PredictionException

NOTES = pathlib.Path(os.environ["NOTES"])

def do(words, index, data, context, notes):
    answer = b"ok"
    while words:
        word, argument = words.pop(0), words.pop(0)
        if word == "sleep":
            time.sleep(float(argument))
        elif word == "code":
            context.set_response_status(code=int(argument), idx=index)
        elif word == "raise":
            raise ValueError(argument)
        elif word == "refuse":
            raise PredictionException("refused", int(argument))
        elif word == "memory":
            raise MemoryError
        elif word == "size":
            answer = b"x" * int(argument)
        elif word == "stream":
            for piece in range(int(argument)):
                send_intermediate_predict_response([b"piece"] * len(data), context.request_ids, "", 200, context)
        elif word == "count":
            with open(notes / "counts", "a") as counts:
                counts.write(argument + "\\n")
            context.metrics.add_counter("Counted", float(argument))
        elif word == "end":
            os.kill(os.getpid(), int(argument))
        elif word == "gate":
            (notes / (argument + ".began")).touch()
            while not (notes / (argument + ".go")).exists():
                time.sleep(0.002)
    return answer

def handle(data, context):
    if data is None:
        return None
    notes = NOTES / context.model_name
    with open(notes / "batches", "a") as batches:
        batches.write(str(len(data)) + "\\n")
    return [do(row["body"].decode().split(), index, data, context, notes) for index, row in enumerate(data)]
"""

# Sleeps for the seconds that the body says, beside all others: its requests never wait for one another.
ASYNC_SLEEP = """
import asyncio

class Sleeper:
    async def initialize(self, context):
        pass

    async def handle(self, data, context):
        await asyncio.sleep(float(data[0]["body"]))
        return ["ok"]
"""

# A BaseHandler whose stages sleep as long as the body says, and which answers the ms that `handle` took by its own clock.
STAGED = """
import time
from ts.torch_handler.base_handler import BaseHandler

class Staged(BaseHandler):
    def initialize(self, context):
        self.context = context
        self.initialized = True

    def handle(self, data, context):
        self.began = time.monotonic()
        return super().handle(data, context)

    def preprocess(self, data):
        self.pause = [float(word) for word in data[0]["body"].decode().split()]
        time.sleep(self.pause[0])
        return data

    def inference(self, data):
        time.sleep(self.pause[1])
        return data

    def postprocess(self, data):
        time.sleep(self.pause[2])
        return [repr((time.monotonic() - self.began) * 1000)] * len(data)
"""
# Plays a language model that streams: a token after each of the seconds in the body, then none for an hour, or the end at stop.
TOKENS = """
import asyncio, time

from servescope.wire.messages import ServedModel, Tokens
from ts.handler_utils.utils import send_intermediate_predict_response

class Player:
    async def initialize(self, context):
        context.served_models = [ServedModel(context.model_name, "/weights", None, 256)]

    async def handle(self, data, context):
        last = None
        for word in bytes(data[0]["body"]).decode().split():
            if word == "stop":
                return [b""]
            await asyncio.sleep(float(word))
            now = time.monotonic()
            told = [Tokens(0, 0, 1, now - context.started, [] if last is None else [now - last], [])]
            context.take_tokens = lambda: told.pop() if told else None
            send_intermediate_predict_response([b"token"], context.request_ids, "", 200, context)
            last = now
        await asyncio.sleep(3600)
"""
ASYNC_CONFIG = "minWorkers: 1\nmaxWorkers: 1\nasyncCommunication: true\n"
# Adds up the numbers of each sequence, which begins at 0 when it says that it starts. "die" ends the process.
SUMS = """
import os, signal

SUMS = {}

def handle(data, context):
    if data is None:
        return None
    answer = []
    for index, row in enumerate(data):
        sequence, body = context.get_sequence_id(index), row["body"].decode()
        if body == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if context.get_request_header(index, context.header_key_sequence_start) == "true":
            SUMS[sequence] = 0
        SUMS[sequence] = SUMS.get(sequence, 0) + int(body)
        if body == "0":
            context.set_response_header(index, context.header_key_sequence_end, sequence)
        answer.append(str(SUMS[sequence]))
    return answer
"""
# Generates as many tokens as each body says, one a step, each step as long as the largest second number; answers its place in the
# step and the step's rows, and notes who was in it.
GENERATES = """
import os, pathlib, time

LEFT, PAUSE = {}, {}
NOTES = pathlib.Path(os.environ["NOTES"])

def done(name):
    def criterion(output):
        LEFT[name] -= 1
        return LEFT[name] == 0
    return criterion

def handle(data, context):
    if data is None:
        return None
    names = [context.get_request_id(index) for index in range(len(data))]
    for name, row in zip(names, data):
        if row:
            count, pause = row["body"].decode().split()
            LEFT[name], PAUSE[name] = int(count), float(pause)
    with open(NOTES / context.model_name / "steps", "a") as steps:
        steps.write(" ".join(names) + "\\n")
    time.sleep(max(PAUSE[name] for name in names))
    context.stopping_criteria = [done(name) for name in names]
    for index, name in enumerate(names):
        sequence = context.get_sequence_id(index)
        if sequence and LEFT[name] == 1 and sequence.startswith("short"):
            context.set_response_header(index, context.header_key_sequence_end, sequence)
    return ["."] * len(data)
"""
# The nodes of a workflow. A body says what shall happen to it, and at which node: "NODE fails|fails-once|dies|dies-once|hangs", or
# anything else; each hands it on. Each call is noted in a file of the node's name, by a byte.
NODES = """
import os, pathlib, signal, time

NOTES = pathlib.Path(os.environ["NOTES"])

def at(node, data, context):
    if data is None:
        return None
    plans = [bytes(next(iter(row.values()))).decode() for row in data]
    notes = NOTES / context.model_name.split("__")[0]
    notes.mkdir(exist_ok=True)
    for index, plan in enumerate(plans):
        with open(notes / node, "a") as calls:
            calls.write("x")
        where, what = plan.split(" ")
        if where == node:
            seen = notes / context.get_request_id(index)
            first = not seen.exists()
            seen.touch()
            if what == "hangs":
                time.sleep(1)
            elif first or not what.endswith("-once"):
                if what.startswith("dies"):
                    os.kill(os.getpid(), signal.SIGKILL)
                raise ValueError(what)
    return plans

def begin(data, context):
    return at("begin", data, context)

def left(data, context):
    return at("left", data, context)

def slow(data, context):
    return at("slow", data, context)

def mortal(data, context):
    return at("mortal", data, context)

def join(data, context):
    return at("join", data, context)

def last(data, context):
    return at("last", data, context)
"""
