"""`servescope llm MODEL`: in, a model, vLLM's options and the server's; out, a server of that one language model.

Begin at `command`. `words` tells the options apart, `model` finds the model and writes what the server loads, `ready` says when
it can be asked.
"""
