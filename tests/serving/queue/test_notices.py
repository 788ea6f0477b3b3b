"""What is said once of a model: batches of scripted workers, and the log."""

import pytest

from fleet.clock import run
from fleet.scripted import obliging
from servescope.errors import WorkerFailed
from servescope.wire.messages import Batch
from serving.parts import Served


def refusing(deliberate):
    """Workers that answer every batch with 418."""

    def script(life, message):
        if isinstance(message, Batch):
            life.fail(message, 418, "no tea" * 100, deliberate=deliberate)
        else:
            obliging(life, message)

    return script


@pytest.mark.parametrize(
    ("deliberate", "sizes", "said"), [(True, [1, 2, 2], 1), (True, [1, 1], 0), (False, [2, 2], 0), (True, [3], 1)]
)
def test_who_shares_a_failure_is_told_of_once(caplog, deliberate, sizes, said):
    """A PredictionException fails its whole batch, and the log says once how a handler refuses one request alone."""

    async def main():
        served = Served(refusing(deliberate), batch_size=max(sizes), delay_ms=5)
        for number, size in enumerate(sizes):
            calls = served.submit(*[f"{number}.{place}" for place in range(size)])
            for call in calls:
                with pytest.raises(WorkerFailed) as caught:
                    await call.future
                assert caught.value.code == 418

    run(main())
    lines = [record.getMessage() for record in caplog.records if "PredictionException" in record.getMessage()]
    assert len(lines) == said
    assert all("Model m" in line and f"all {max(sizes)} requests" in line and "idx=i" in line for line in lines)
