"""`servescope start`: torchserve's options in; out, a server in this process, or one in the background. Begin at `command`.

`detach` waits for the models of one in the background, and tells by `progress` what they come to; `llm` and `demo` start theirs so.
"""
