"""OpenAI's own Python client, as its users write it: answers, streams, and errors that it knows by their class."""

import asyncio

import pytest

from llm.needed import needed

openai = needed("openai")

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

HELLO = [{"role": "user", "content": "hello world"}]
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def completion(client, model, **options):
    """Eight tokens after `hello`, the same each time."""
    return client.completions.create(
        **{"model": model, "prompt": "hello", "max_tokens": 8, "temperature": 0.0, **options}
    )


def chat(client, model, **options):
    """The same as a chat."""
    return client.chat.completions.create(
        **{"model": model, "messages": HELLO, "max_tokens": 8, "temperature": 0.0, **options}
    )


def test_completion(openai_client, llm):
    """Text, the model's name as asked, and usage that adds up."""
    answer = completion(openai_client, llm.name, extra_body={"ignore_eos": True})
    assert answer.object == "text_completion"
    assert answer.model == llm.name
    assert answer.choices[0].finish_reason == "length"
    assert (answer.usage.completion_tokens, answer.usage.total_tokens) == (8, 8 + answer.usage.prompt_tokens)


def test_a_stream_is_the_same_in_pieces(openai_client, llm):
    """Its texts together are the whole answer's; the last event has the usage, and no choice."""
    whole = completion(openai_client, llm.name)
    *pieces, last = completion(openai_client, llm.name, stream=True, stream_options={"include_usage": True})
    assert len(pieces) > 1
    assert "".join(piece.choices[0].text for piece in pieces) == whole.choices[0].text
    assert last.choices == []
    assert last.usage.completion_tokens == whole.usage.completion_tokens


def test_chat_and_its_stream(openai_client, llm):
    """The chat template is used; a stream begins with the role."""
    whole = chat(openai_client, llm.name)
    first, *pieces, last = chat(openai_client, llm.name, stream=True, stream_options={"include_usage": True})
    assert first.choices[0].delta.role == "assistant"
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == whole.choices[0].message.content
    assert last.usage.completion_tokens == whole.usage.completion_tokens
    longer = [{"role": "system", "content": "a model server"}, *HELLO]
    assert chat(openai_client, llm.name, messages=longer).usage.prompt_tokens > whole.usage.prompt_tokens


def test_stop(openai_client, llm):
    """An answer ends before the first word of `stop` in it."""
    text = completion(openai_client, llm.name, max_tokens=32).choices[0].text
    middle = text[len(text) // 2]
    stopped = completion(openai_client, llm.name, max_tokens=32, stop=[middle])
    assert stopped.choices[0].finish_reason == "stop"
    assert stopped.choices[0].text == text[: text.index(middle)]


def test_two_choices(openai_client, llm):
    """Of one request, drawn apart."""
    answer = completion(
        openai_client, llm.name, n=2, temperature=1.0, seed=1, max_tokens=16, extra_body={"ignore_eos": True}
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.choices[0].text != answer.choices[1].text
    assert answer.usage.completion_tokens == 32


def test_logprobs(openai_client, llm):
    """One for each token, with those of its rivals; in a chat too."""
    answer = completion(openai_client, llm.name, logprobs=2, extra_body={"ignore_eos": True})
    found = answer.choices[0].logprobs
    assert len(found.token_logprobs) == 8
    assert max(found.token_logprobs) < 0
    assert all(len(rivals) >= 2 for rivals in found.top_logprobs[:1])
    answer = chat(openai_client, llm.name, logprobs=True, top_logprobs=2, extra_body={"ignore_eos": True})
    assert [len(one.top_logprobs) for one in answer.choices[0].logprobs.content] == [2] * 8


def test_tools(openai_client, llm):
    """Taken where the model need not call them; `auto` asks for a parser that this server was not told of."""
    answer = chat(openai_client, llm.name, tools=[WEATHER], tool_choice="none")
    assert not answer.choices[0].message.tool_calls
    with pytest.raises(openai.BadRequestError, match="enable-auto-tool-choice"):
        chat(openai_client, llm.name, tools=[WEATHER])


def test_models(openai_client, llm_server, llm):
    """Listed under the registered name and the path as it was typed, and found by the former."""
    listed = {model.id: model for model in openai_client.models.list()}
    assert {llm.name, llm_server.model} <= set(listed)
    found = openai_client.models.retrieve(llm.name)
    assert (found.id, found.object) == (llm.name, "model")
    assert found.model_dump()["max_model_len"] == 2048
    with pytest.raises(openai.NotFoundError):
        openai_client.models.retrieve("nobody")


def test_by_the_path_as_typed(openai_client, llm_server, llm):
    """The name that clients of `vllm serve PATH` use means the same model."""
    by_path = completion(openai_client, llm_server.model)
    assert by_path.model == llm.name  # vLLM answers with the first of a model's names
    assert by_path.choices[0].text == completion(openai_client, llm.name).choices[0].text


def test_many_at_once(llm_server, llm):
    """The asynchronous client, plain calls and streams side by side: each gets its own answer."""

    async def ask(client, number):
        prompt, stream = "hello " * (1 + number % 4), bool(number % 2)
        options = {"model": llm.name, "prompt": prompt, "max_tokens": 12, "temperature": 0.0, "stream": stream}
        answer = await client.completions.create(**options)
        if not stream:
            return prompt, answer.choices[0].text
        return prompt, "".join([piece.choices[0].text async for piece in answer])

    async def ask_all():
        url = llm_server.url("inference", "/v1")
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
            return await asyncio.gather(*(ask(client, number) for number in range(24)))

    answers = asyncio.run(ask_all())
    assert len(answers) == 24
    # Greedy answers to one prompt are the same, but for what a batch's size does to the last bits of a sum.
    for prompt in {prompt for prompt, _ in answers}:
        assert len({text[:1] for asked, text in answers if asked == prompt}) == 1


def test_unknown_model(openai_client):
    """NotFoundError, on each path that names one."""
    for ask in (completion, chat):
        with pytest.raises(openai.NotFoundError) as raised:
            ask(openai_client, "nobody")
        assert "nobody" in raised.value.body["message"]


def test_embeddings_of_a_model_that_cannot(openai_client, llm):
    """The client's error, in OpenAI's shape."""
    with pytest.raises(openai.APIStatusError) as raised:
        openai_client.embeddings.create(model=llm.name, input="hello")
    assert 400 <= raised.value.status_code < 500
    assert raised.value.body["message"]


def test_too_long_a_prompt(openai_client, llm):
    """The message is vLLM's own."""
    with pytest.raises(openai.BadRequestError, match="maximum context length is 2048 tokens"):
        completion(openai_client, llm.name, prompt="hello " * 4000)


@pytest.mark.parametrize(
    ("options", "named"), [({"temperature": -1}, "temperature"), ({"max_tokens": -5}, "max_tokens")]
)
@pytest.mark.parametrize("stream", [False, True])
def test_bad_sampling(openai_client, llm, options, named, stream):
    """Refused with the parameter's name, before a stream begins."""
    with pytest.raises(openai.BadRequestError, match=named) as raised:
        completion(openai_client, llm.name, stream=stream, **options)
    assert raised.value.body["type"] == "BadRequestError"


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions"])
@pytest.mark.parametrize("body", [b'{"model": ', b"[]", b"", b'{"model": 7}'])
def test_malformed_json(llm_server, path, body):
    """400 in OpenAI's shape."""
    answer = llm_server.post(path, body)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert answer.json()["error"]["message"]
    assert answer.json()["error"]["code"] == 400


def test_a_prompt_that_is_no_text(llm_server, llm):
    """No UTF-8: 400 in OpenAI's shape."""
    answer = llm_server.post("/v1/completions", b'{"model": "%b", "prompt": "\xff"}' % llm.name.encode())
    assert answer.status_code == 400, answer.text
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_errors_have_one_shape(llm_server, llm):
    """Whoever finds the error, the front end or the engine."""
    asked = [
        ("/v1/completions", {"model": "nobody", "prompt": "x"}, 404),
        ("/v1/completions", {"model": llm.name, "prompt": "x", "temperature": -1}, 400),
        ("/v1/completions", {"model": llm.name, "prompt": "x" * 40_000}, 400),
        ("/v1/chat/completions", {"model": llm.name}, 400),
    ]
    for path, body, code in asked:
        answer = llm_server.post(path, body)
        assert answer.status_code == code, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        error = answer.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["code"] == code
