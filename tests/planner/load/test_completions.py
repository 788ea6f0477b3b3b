"""Requests to a language model: the lengths that were asked for, and no two alike."""

import json
import random

from servescope.planner.load.completions import Completions
from servescope.planner.load.lengths import Lengths

LENGTHS = [Lengths(1, 1), Lengths(8, 2), Lengths(40, 300), Lengths(9, 7)]


def made(name: str = "gpt") -> Completions:
    return Completions(name, LENGTHS, random.Random(1), lambda body: body)


def test_bodies_are_openais_and_have_these_lengths():
    """Prompts as numbers of tokens, the model's own name, `max_tokens`; streamed, and not ended before."""
    requests = made('g"p\nt')
    for asked, body in zip(LENGTHS, (requests[index] for index in range(len(requests))), strict=True):
        told = json.loads(body)
        assert len(told["prompt"]) == asked.prompt
        assert all(100 <= token < 200 for token in told["prompt"])
        assert told["max_tokens"] == asked.answer
        assert (told["model"], told["stream"], told["ignore_eos"]) == ('g"p\nt', True, True)


def test_a_prompt_is_never_sent_twice():
    """An engine's cache of prefixes would make it look faster than it is."""
    requests = made()
    beginnings = {tuple(json.loads(requests[2])["prompt"][:8]) for _ in range(500)}
    assert len(beginnings) == 500


def test_each_is_a_request_of_its_own():
    """What wraps a body has it whole."""
    requests = Completions("m", LENGTHS, random.Random(1), lambda body: b"%d:" % len(body) + body)
    size, _, body = requests[1].partition(b":")
    assert int(size) == len(body)
