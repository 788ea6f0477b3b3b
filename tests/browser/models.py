"""The models that the console is looked at with: one that is fine, one that is slow and fails, one with a hostile name."""

from pathlib import Path

from integration.server import pack

FINE = """
import random, time

def handle(data, context):
    if data is None:
        return None
    time.sleep(random.lognormvariate(-5.2, 0.4))
    return ["ok"] * len(data)
"""
# Two kinds of requests, so that the heatmap has two bands, and some that fail.
TROUBLED = """
import random, time

def lookup(key):
    raise KeyError(f"no embedding for {key!r}")

def handle(data, context):
    if data is None:
        return None
    time.sleep(0.12 if random.random() < 0.3 else 0.03)
    if random.random() < 0.06:
        lookup("user-4711")
    return ["ok"] * len(data)
"""
HOSTILE_NAME = "z<img src=x onerror=document.body.dataset.hacked=1>"
HOSTILE_TEXT = "<script>document.body.dataset.hacked=2<" + "/script><b id=hacked>bold<" + "/b>"
HOSTILE_VERSION = "<i>1<-i>"
HOSTILE = f"""
def handle(data, context):
    if data is None:
        return None
    if any(row["body"] == b"fail" for row in data):
        raise ValueError({HOSTILE_TEXT!r})
    return ["ok"] * len(data)
"""
PROMISE = """
minWorkers: 2
maxWorkers: 4
batchSize: 4
maxBatchDelay: 5
slo:
  availability_target: 99
  latency_ms: 100
  latency_target: 90
"""


def pack_all(store: Path) -> None:
    """Their archives, with a second version of the fine one."""
    pack(store / "digits.mar", "digits", FINE, config="minWorkers: 1\nmaxWorkers: 2\n")
    pack(store / "digits2.mar", "digits", FINE, version="2.0")
    pack(store / "recommender.mar", "recommender", TROUBLED, config=PROMISE)
    pack(store / "hostile.mar", HOSTILE_NAME, HOSTILE, version=HOSTILE_VERSION)
