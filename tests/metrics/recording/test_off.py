"""metrics_mode=off: the same calls, and nothing comes of them."""

import asyncio

from servescope.metrics.recording.off import silent_recorder


def test_it_swallows_what_any_stage_says():
    """Also what recorders are told that it would have made, and what is awaited."""
    recorder = silent_recorder()
    model = recorder.model("m", "1.0", None)
    model.request_arrived("default")
    model.requests.finished_plainly(())
    assert not recorder.spare.due
    model.llm.first_token(0.1)
    model.batch_sent(1.0)
    recorder.find("m", "1.0").custom([])
    recorder.workers.gone("m", "1.0", "W-9000-m_1.0", 1.0, 0.0)
    recorder.port.response_sent(200)
    recorder.loop_lagged(0.1)
    asyncio.run(_settle(recorder))


async def _settle(recorder):
    await recorder.settle()
