"""`ts.torch_handler.trt_llm_handler`: a language model in TensorRT-LLM. Needs tensorrt_llm and transformers, when it is loaded."""

import json
import time

from ts.handler_utils.utils import send_intermediate_predict_response
from ts.torch_handler.base_handler import BaseHandler
from ts.torch_handler.payloads import payload_of


class TRTLLMHandler(BaseHandler):
    """`handler` in model-config.yaml: `engine_dir`, `tokenizer_dir`, `kv_cache_config`. One request a batch.

    A request is JSON: `prompt`, `streaming`, and what SamplingParams takes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trt_llm_engine = None
        self.tokenizer = None
        self.model_dir = None

    def initialize(self, ctx) -> None:
        """Load the tokenizer and the engine."""
        from tensorrt_llm.hlapi import LLM, KvCacheConfig
        from transformers import AutoTokenizer

        options = ctx.model_yaml_config["handler"]
        self.model_dir = ctx.system_properties.get("model_dir")
        sides = {"padding_side": "left", "truncation_side": "left"}
        self.tokenizer = AutoTokenizer.from_pretrained(
            options["tokenizer_dir"], legacy=False, trust_remote_code=True, use_fast=True, **sides
        )
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token_id = self.tokenizer.eos_token_id
        cache = KvCacheConfig(**options.get("kv_cache_config", {}))
        self.trt_llm_engine = LLM(model=options["engine_dir"], tokenizer=self.tokenizer, kv_cache_config=cache)
        self.initialized = True

    async def handle(self, data, context):
        """One request, its pieces sent as they are generated where it asks for that."""
        started = time.perf_counter()
        output = await self.postprocess(await self.inference(await self.preprocess(data), context))
        context.metrics.add_time("HandlerTime", round((time.perf_counter() - started) * 1000, 2), None, "ms")
        return output

    async def preprocess(self, requests):
        """The request's JSON.

        Raises:
            ValueError: several requests, or a body that is no JSON.
        """
        if len(requests) != 1:
            raise ValueError(f"TRTLLMHandler takes batches of one request (batchSize: 1), not of {len(requests)}")
        body = payload_of(requests[0])
        return json.loads(body) if isinstance(body, (bytes, bytearray, str)) else body

    async def inference(self, data, context):
        """The generated text, or "" after the pieces of a stream."""
        from tensorrt_llm.hlapi import SamplingParams

        asked = dict(data)
        prompt, streaming = asked.pop("prompt", None), asked.pop("streaming", False)
        ends = {"end_id": self.tokenizer.eos_token_id, "pad_id": self.tokenizer.pad_token_id}
        sampling = SamplingParams(**(ends | asked))
        outputs = self.trt_llm_engine.generate_async(prompt, streaming=streaming, sampling_params=sampling)
        async for output in outputs:
            if not streaming:
                return [output.outputs[0].text]
            piece = json.dumps({"text": self.tokenizer.decode([output.outputs[0].token_ids[-1]])})
            send_intermediate_predict_response([piece], context.request_ids, "Result", 200, context)
        return [""]

    async def postprocess(self, outputs):
        """The outputs as they are."""
        return outputs
