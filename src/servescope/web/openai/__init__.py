"""OpenAI's API in front of language models: in, requests of its paths; out, what the model's worker says, unchanged.

Begin at `api`. `body` reads which model is asked, `face` and `errors` are how refusals look to OpenAI's clients.
"""
