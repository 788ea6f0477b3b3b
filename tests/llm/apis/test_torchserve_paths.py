"""A VLLMHandler archive of TorchServe's users: its paths under /predictions, its errors, its workers."""

import json

import pytest

from integration.scrape import read
from integration.server import pack, wait_until
from llm.client import CHAT, COMPLETIONS, COUNTED, ask_for, load
from llm.growth import RUNNING, WAITING
from llm.through_archive import NAME, SERVED, VERSION, register, write_archive
from truth.leaving import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PATHS = (f"/predictions/{NAME}", f"/predictions/{NAME}/{VERSION}")
HELLO = {"prompt": "hello", "max_tokens": 6, "temperature": 0.0, "ignore_eos": True}


@pytest.mark.parametrize("model", [NAME, SERVED])
def test_completions(llm_server, archive, model):
    """By the version, for the registered name and for the engine's."""
    answer = llm_server.post(archive.path + COMPLETIONS, {"model": model, **HELLO})
    assert answer.status_code == 200, answer.text
    assert answer.json()["object"] == "text_completion"
    assert answer.json()["usage"]["completion_tokens"] == 6


def test_chat(llm_server, archive):
    """The model's template."""
    body = {"model": SERVED, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 6, "ignore_eos": True}
    answer = llm_server.post(archive.path + CHAT, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["role"] == "assistant"


def test_models(llm_server, archive):
    """What this model answers to."""
    answer = llm_server.http.get(llm_server.url("inference", f"{archive.path}/v1/models"))
    assert answer.status_code == 200, answer.text
    assert {NAME, SERVED} <= {model["id"] for model in answer.json()["data"]}


def test_a_stream(llm_server, archive):
    """Comes as it is made: SSE in pieces, an end, and the text of the whole answer."""
    whole = llm_server.post(archive.path + COMPLETIONS, {"model": SERVED, **HELLO}).json()
    asks = [ask_for(archive.path + COMPLETIONS, model=SERVED, **HELLO, **COUNTED)]
    (answer,) = load(llm_server.ports["inference"], asks).succeeded()
    assert answer.events()[-1][1] == b"[DONE]"
    assert len(answer.token_moments()) > 1
    texts = [choice["text"] for _, event in answer.objects() for choice in event["choices"]]
    assert "".join(texts) == whole["choices"][0]["text"]


def test_without_a_version(llm_server, archive):
    """TorchServe's path asks for a version; what follows a model's name at once is taken for one."""
    answer = llm_server.post(f"/predictions/{NAME}/v1/completions", {"model": SERVED, **HELLO})
    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize("path", ["v1/nothing", "v1/completions/more", "version", ""])
def test_unknown_paths(llm_server, archive, path):
    """404 with TorchServe's error, and the paths that there are."""
    answer = llm_server.post(f"{archive.path}/{path}".rstrip("/"), {"model": SERVED, **HELLO})
    assert answer.status_code == 404, answer.text
    assert answer.json()["code"] == 404


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"temperature": -1}, 400, "temperature"),
        ({"prompt": "hello " * 4000}, 400, "maximum context length"),
        ({"model": "nobody"}, 404, "nobody"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(llm_server, archive, change, code, says, stream):
    """The engine's reason is in the answer; the next request is served."""
    answer = llm_server.post(archive.path + COMPLETIONS, {"model": SERVED, **HELLO, "stream": stream, **change})
    assert answer.status_code == code, answer.text
    assert says in answer.text
    assert llm_server.post(archive.path + COMPLETIONS, {"model": SERVED, **HELLO}).status_code == 200


def test_malformed_json(llm_server, archive):
    """400."""
    answer = llm_server.post(archive.path + COMPLETIONS, b'{"model": ')
    assert answer.status_code == 400, answer.text


def test_a_folder_that_does_not_load(llm_server, tmp_path):
    """The register call fails with the engine's reason, and leaves neither a model nor a process."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": ["NoSuchModel"], "model_type": "llama"}))
    before = {process.pid for process in llm_server.family()}
    answer = register(llm_server, write_archive(llm_server, "broken", folder))
    assert 400 <= answer.status_code < 600, answer.text
    assert "vLLM cannot serve" in answer.json()["message"]
    assert llm_server.manage("GET", "/models/broken").status_code == 404
    wait_until(lambda: {process.pid for process in llm_server.family()} <= before, "its processes to be gone")


def test_an_option_that_there_is_not(llm_server, tiny):
    """Named in the answer to the register call."""
    config = f"asyncCommunication: true\nhandler:\n  model_path: {tiny}\n  vllm_engine_config: {{max_modle_len: 5}}\n"
    archive = pack(llm_server.store / "typo.mar", "typo", "", config=config, handler="vllm_handler")
    answer = register(llm_server, archive)
    assert 400 <= answer.status_code < 600
    assert "max_modle_len" in answer.json()["message"]
    assert llm_server.manage("GET", "/models/typo").status_code == 404


def test_replicas(llm_server, archive):
    """Two engines share a load: of eight long streams each runs four, as the one with fewer takes the next."""
    assert archive.scale(2).status_code == 200
    assert archive.workers() == ["READY", "READY"]
    seen = []

    async def watch(_books):
        def halved():
            now = read(llm_server, RUNNING, WAITING)
            seen.append(sorted(value for _, value in now.matching(RUNNING, model_name=NAME)))
            return seen[-1] == [4, 4] or (any(map(any, seen)) and not any(seen[-1]))

        await until(halved, "eight streams")

    options = {**HELLO, "max_tokens": 1000, **COUNTED}
    books = load(
        llm_server.ports["inference"], [ask_for(COMPLETIONS, model=SERVED, **options)] * 8, clients=8, meanwhile=watch
    )
    assert books.codes() == {"200": 8}
    assert seen[-1] == [4, 4], seen
    assert archive.scale(1).status_code == 200
    wait_until(lambda: archive.workers() == ["READY"], "one worker to be left")
    assert llm_server.ping() == 200
