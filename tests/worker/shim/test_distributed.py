"""Handlers for DeepSpeed, PiPPy, DALI and TensorRT-LLM: what they do, and refuse, before they need those libraries."""

import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from ts.handler_utils.distributed.deepspeed import create_checkpoints_json, get_ds_engine
from ts.handler_utils.distributed.pt_pippy import get_pipeline_driver
from ts.handler_utils.preprocess.dali import get_dali_pipeline
from ts.torch_handler import base_handler
from ts.torch_handler.base_handler import BaseHandler
from ts.torch_handler.dali_handler import DALIHandler
from ts.torch_handler.dali_image_classifier import DALIImageClassifier
from ts.torch_handler.distributed.base_deepspeed_handler import BaseDeepSpeedHandler
from ts.torch_handler.trt_llm_handler import TRTLLMHandler

from ts import __file__ as ts
from worker.conftest import context_of

ROOT = Path(ts).parents[1]
RANK = """
import os, sys
sys.path.insert(0, {shim!r})
from torch.distributed import rpc
from ts.torch_handler.distributed.base_pippy_handler import BasePippyHandler

class Context:
    model_yaml_config = {{"pippy": {{"rpc_timeout": 60, "num_worker_threads": 4}}}}

handler = BasePippyHandler()
handler.initialize(Context())
other = 1 - handler.local_rank
print(rpc.rpc_sync(f"worker{{other}}", os.getpid) != os.getpid(), handler.world_size, handler.device, flush=True)
rpc.shutdown()
"""


def test_ranks_join(tmp_path):
    """Two processes with LOCAL_RANK and WORLD_SIZE, as torchrun starts them, call each other."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = os.environ | {
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "CUDA_VISIBLE_DEVICES": "",
    }
    words = [sys.executable, "-c", RANK.format(shim=str(ROOT))]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    ranks = [subprocess.Popen(words, env=shared | {"LOCAL_RANK": str(rank)}, **pipes) for rank in range(2)]
    for rank in ranks:
        out, err = rank.communicate()
        assert out == "True 2 None\n", err


def test_deepspeeds_rank(monkeypatch):
    """The device is the rank on this machine."""
    monkeypatch.setenv("LOCAL_RANK", "3")
    handler = BaseDeepSpeedHandler()
    handler.initialize(context_of())
    assert handler.device == 3
    assert isinstance(handler, BaseHandler)


def test_deepspeeds_checkpoints(tmp_path):
    """All weights below the folder, in order of name, and nothing else."""
    (tmp_path / "deep").mkdir()
    for name in ("b.bin", "deep/a.pt", "config.json", "c.bit"):
        (tmp_path / name).touch()
    create_checkpoints_json(tmp_path, tmp_path / "list.json")
    read = json.loads((tmp_path / "list.json").read_text())
    assert read == {
        "type": "ds_model",
        "checkpoints": [str(tmp_path / "b.bin"), str(tmp_path / "deep" / "a.pt")],
        "version": 1.0,
    }


PIPPY = {"input_names": ["x"], "model_type": "HF"}
DALI = {"pipeline_file": "p.dali", "batch_size": 1, "num_threads": 1, "device_id": 0, "seed": 1}


@pytest.mark.parametrize(
    ("call", "config", "told"),
    [
        (get_ds_engine, {}, "m has no deepspeed config in model config yaml file"),
        (get_ds_engine, {"deepspeed": {"config": "no.json"}}, "m has no deepspeed config file .*no.json"),
        (get_dali_pipeline, {}, "m has no dali config in model config yaml file"),
        (
            get_dali_pipeline,
            {"dali": {**DALI, "seed": 1, "pipeline_file": "p.dali"}},
            "Missing dali pipeline file .*p.dali",
        ),
        (get_dali_pipeline, {"dali": {"pipeline_file": "p.dali"}}, "dali in model-config.yaml has no batch_size"),
        (get_pipeline_driver, {}, "Missing 'pippy' key"),
        (get_pipeline_driver, {"pippy": PIPPY}, "Missing 'handler' key"),
        (get_pipeline_driver, {"pippy": {}, "handler": {}}, "Missing 'input_names' key in YAML config, in pippy"),
        (get_pipeline_driver, {"pippy": {"input_names": []}, "handler": {}}, "Missing 'model_type' key"),
        (get_pipeline_driver, {"pippy": PIPPY, "handler": {"index_filename": "i"}}, "Missing 'model_path' key"),
        (
            get_pipeline_driver,
            {"pippy": PIPPY, "handler": {"index_filename": "i", "model_path": "/no"}},
            "Index file '/no/i'",
        ),
    ],
)
def test_configurations_that_lack_something(tmp_path, call, config, told):
    """What is missing is named, before the library is imported."""
    context = context_of(model_dir=tmp_path, config=config)
    arguments = {get_ds_engine: (None, context), get_dali_pipeline: (context,), get_pipeline_driver: (None, 2, context)}
    with pytest.raises((ValueError, RuntimeError), match=told):
        call(*arguments[call])


class Pipeline:
    """What DALI's has of a pipeline: `run`, whose outputs have `at`."""

    def run(self, source):
        self.source = source
        return (self,)

    def at(self, place):
        return self.source[place].astype("float32")


def test_pictures_through_a_pipeline():
    """Each request's bytes reach the pipeline, and come out as a batch; the classifier names the likeliest."""
    handler = DALIImageClassifier()
    handler.pipeline, handler.device, handler.mapping = Pipeline(), torch.device("cpu"), {"1": "one"}
    batch = handler.preprocess([{"data": b"\x01\x05\x03"}, {"body": bytearray(b"\x09\x02\x01")}])
    assert batch.tolist() == [[1, 5, 3], [9, 2, 1]]
    handler.set_max_result_classes(1)
    assert handler.get_max_result_classes() == 1
    first, second = handler.postprocess(batch)
    assert (list(first), list(second)) == (["one"], ["0"])
    assert isinstance(handler, DALIHandler)


def test_tensorrts_requests():
    """One a batch, as JSON; several, and what is no JSON, are refused."""
    handler = TRTLLMHandler()
    body = b'{"prompt": "p", "streaming": true}'
    assert asyncio.run(handler.preprocess([{"body": body}])) == {"prompt": "p", "streaming": True}
    assert asyncio.run(handler.preprocess([{"data": {"prompt": "p"}}])) == {"prompt": "p"}
    with pytest.raises(ValueError, match="not of 2"):
        asyncio.run(handler.preprocess([{}, {}]))
    with pytest.raises(ValueError, match="Expecting value"):
        asyncio.run(handler.preprocess([{"body": b"?"}]))


def test_what_is_available(monkeypatch):
    """The flags of TorchServe's base handler say what is installed; IPEX has to be asked for too; others are no attributes."""
    assert base_handler.PROFILER_AVAILABLE
    assert base_handler.PT2_AVAILABLE
    assert base_handler.PT230_AVAILABLE
    assert (importlib.util.find_spec("onnxruntime") is not None) == base_handler.ONNX_AVAILABLE
    assert (importlib.util.find_spec("torch_xla") is not None) == base_handler.XLA_AVAILABLE
    assert not base_handler.IPEX_AVAILABLE
    monkeypatch.setenv("TS_IPEX_ENABLE", "true")
    assert (importlib.util.find_spec("intel_extension_for_pytorch") is not None) == base_handler.IPEX_AVAILABLE
    with pytest.raises(AttributeError, match="NOSUCH_AVAILABLE"):
        base_handler.NOSUCH_AVAILABLE  # noqa: B018
