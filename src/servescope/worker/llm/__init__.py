"""Language models: vLLM's engine and its own HTTP app, inside a worker. Used by `ts.torch_handler.vllm_handler`.

vLLM is imported only within functions, so that a worker of any other model needs none of it.
"""
