"""The clients' books against the server's word: requests by code, tokens, first tokens and the gaps between them."""

import math

import pytest

from llm.client import CHAT, COMPLETIONS, COUNTED, ask_for, load
from llm.growth import FINISHED, FIRST_TOKEN, INTER_TOKEN, KV_CACHE, TOKENS, Growth, resting
from llm.starved import waited_s
from truth.comparison import assert_same_counts
from truth.conftest import amount, seeded
from truth.leaving import after

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SHARES = (0.5, 0.9, 0.99)
# What a client's own clock may put on a moment, or a gap, that the server measured: its way through the kernel and the
# client's turn on a processor that it shares. A percentile within it of a bucket's bound may be in the next bucket.
HAIR_S, HAIR_RATIO = 0.001, 0.1
# Share of a load's time that the server may stand in line for a processor, and how often such a load is repeated.
MOST_WAITED, TRIES = 0.1, 5
PROMPTS = ("hello world", "the quick brown fox", "how are you today? " * 8, "a model server you can see into " * 40)
BAD = (
    {"temperature": -1},
    {"max_tokens": -5},
    {"prompt": "hello " * 4000, "messages": [{"role": "user", "content": "hello " * 4000}]},
)


def completion_or_chat(drawn, llm, leave=None, **options):
    """A request by one of the four doors, for a prompt of PROMPTS unless it is given."""
    prompt = drawn.choice(PROMPTS)
    completions = {"prompt": prompt, **{key: value for key, value in options.items() if key != "messages"}}
    chat = {"messages": [{"role": "user", "content": prompt}], **{k: v for k, v in options.items() if k != "prompt"}}
    path, body = drawn.choice(((COMPLETIONS, completions), (CHAT, chat)))
    door = drawn.choice(("", "", f"{llm.path}/1.0"))
    return ask_for(door + path, leave, model=llm.name, **body)


def good(drawn, llm, longest=40):
    """An answer of up to `longest` tokens, which may end by itself, as a stream or whole, sometimes of two choices."""
    options = {"max_tokens": drawn.randint(1, longest), "temperature": drawn.choice((0.0, 1.0))}
    options |= {"seed": drawn.randrange(99), "stop": drawn.choice(([], ["e"]))}
    return completion_or_chat(drawn, llm, **options | drawn.choice((COUNTED, {}, {"n": 2, "temperature": 1.0})))


def bad(drawn, llm):
    """Parameters that vLLM refuses, or no JSON at all by the one door that knows the model without it."""
    options = drawn.choice(BAD)
    return completion_or_chat(drawn, llm, **{"max_tokens": 5, **options}, **drawn.choice(({}, {"stream": True})))


def left(drawn, llm):
    """A client that leaves an answer of 400 tokens after up to 200 ms: in the queue, before its first token or after."""
    options = {"max_tokens": 400, "ignore_eos": True, **drawn.choice((COUNTED, {}))}
    return completion_or_chat(drawn, llm, after(drawn.random() * 0.2), **options)


def grown(llm, asks, clients):
    """Books of a load, and what the metrics grew by meanwhile."""
    before = resting(llm)
    books = load(llm.server.ports["inference"], asks, clients)
    return books, Growth(before, resting(llm))


@pytest.fixture(scope="module")
def finished(llm):
    """A load in which nobody leaves."""
    drawn = seeded()
    return grown(llm, [good(drawn, llm) for _ in range(amount(80))], clients=8)


@pytest.fixture(scope="module")
def mixed(llm):
    """Two hundred requests: one in eight is refused, one in five left."""
    drawn = seeded()
    kinds = drawn.choices((good, bad, left), (27, 5, 8), k=amount(200))
    return grown(llm, [kind(drawn, llm) for kind in kinds], clients=16)


@pytest.fixture(scope="module")
def streamed(llm):
    """Streams of sixty tokens, four side by side, while the machine let the server run; at the worst while it did not."""
    options = {"max_tokens": 60, "ignore_eos": True, **COUNTED}
    drawn = seeded()
    asks = [
        ask_for(COMPLETIONS, model=llm.name, prompt=drawn.choice(PROMPTS[:2]), **options) for _ in range(amount(60))
    ]
    load(llm.server.ports["inference"], asks[:4], 4)  # the engine's first steps of a kind take it long
    for _ in range(TRIES):
        before = waited_s(llm.server.process.pid)
        found = grown(llm, asks, clients=4)
        waited = (waited_s(llm.server.process.pid) - before) / found[0].seconds
        print(f"the server waited for a processor in {waited:.0%} of the time")
        if waited < MOST_WAITED:
            break
    return found


def test_every_request_by_its_code(llm, finished, mixed, streamed):
    """Once each, whether it was answered, refused or left."""
    for books, growth in (finished, mixed, streamed):
        assert_same_counts(growth, llm, books)
    books, _ = mixed
    assert books.codes().keys() == {"200", "400"}
    assert len(books.of("hung up")) > 10


def test_tokens_exactly(llm, finished, streamed):
    """As many as the answers' usage says, of the prompts, of those in the cache, and of the answers."""
    for books, growth in (finished, streamed):
        said = growth.by("kind", TOKENS, model_name=llm.name)
        assert books.codes() == {"200": len(books.entries)}
        assert said["prompt"] == books.tokens("prompt_tokens", books.entries)
        assert said["generation"] == books.tokens("completion_tokens", books.entries)
        assert said.get("cached_prompt", 0) == books.cached_tokens()
    assert finished[0].cached_tokens() > 0


def test_tokens_of_those_who_left(llm, mixed):
    """At least what the clients had read when they left, at most what they had asked for."""
    books, growth = mixed
    said = growth.total(TOKENS, model_name=llm.name, kind="generation")
    whole = books.tokens("completion_tokens", books.succeeded())
    gone = books.of("hung up")
    read = books.tokens("completion_tokens", [answer for answer in gone if answer.body])
    assert read > 0
    assert whole + read <= said < whole + 400 * len(gone)


def test_why_answers_ended(llm, finished, streamed, mixed):
    """By the reasons that the clients read; who left is an abort, if the engine had begun."""
    for books, growth in (finished, streamed):
        assert growth.by("reason", FINISHED, model_name=llm.name) == books.reasons()
    assert set(finished[0].reasons()) == {"stop", "length"}
    books, growth = mixed
    said = growth.by("reason", FINISHED, model_name=llm.name)
    assert 0 < said.pop("abort") <= len(books.of("hung up"))
    extra = {reason: said[reason] - books.reasons().get(reason, 0) for reason in said}
    assert all(0 <= more <= len(books.of("hung up")) for more in extra.values()), (said, books.reasons())


def assert_touched(own, growth, family, llm):
    """The clients' percentiles lie in the bucket that `histogram_quantile` looks into, or a hair beside it."""
    assert growth.total(f"{family}_count", model_name=llm.name) == len(own)
    for share in SHARES:
        low, high = growth.bucket_of(share, family, model_name=llm.name)
        found = own[max(0, math.ceil(share * len(own)) - 1)]
        least, most = low - max(HAIR_S, HAIR_RATIO * low), high + max(HAIR_S, HAIR_RATIO * high)
        assert least < found <= most, f"p{share * 100:g} of {family}: {found:.5f} s, the server has ({low}, {high}]"


def test_first_tokens(llm, streamed):
    """Counted once a stream, in the client's bucket."""
    books, growth = streamed
    assert_touched(books.first_tokens_s(), growth, FIRST_TOKEN, llm)


def test_gaps_between_tokens(llm, streamed):
    """Counted once a pair of tokens, in the client's bucket; the sum is the client's within 5 %."""
    books, growth = streamed
    own = books.gaps_s()
    assert_touched(own, growth, INTER_TOKEN, llm)
    assert growth.total(f"{INTER_TOKEN}_sum", model_name=llm.name) == pytest.approx(sum(own), rel=0.05)


def test_first_token_of_a_whole_answer(llm):
    """Is when the engine had it, long before the answer went out."""
    ask = ask_for(COMPLETIONS, model=llm.name, prompt="hello", max_tokens=400, ignore_eos=True)
    books, growth = grown(llm, [ask], clients=1)
    (answer,) = books.succeeded()
    assert growth.total(f"{FIRST_TOKEN}_count", model_name=llm.name) == 1
    assert 0 < growth.total(f"{FIRST_TOKEN}_sum", model_name=llm.name) < answer.seconds / 4


def test_at_rest(llm, mixed):
    """Nothing is held of anybody, in the server or in the engine."""
    now = resting(llm)
    assert now.total("servescope_requests_in_flight", model_name=llm.name) == 0
    assert now.value(KV_CACHE, model_name=llm.name) == 0
