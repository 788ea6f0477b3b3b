"""What measures is put together: who has something to do that can wait, and who knows when there is time."""

import pytest

from servescope.config.settings import Settings
from servescope.logs.access import FEW_LINES
from servescope.logs.setup import open_logs
from servescope.server.beginning import Beginning
from servescope.server.measuring import Measuring

ANSWERED = (("127.0.0.1", 54336), "POST", b"/predictions/m", "1.1", 200)


@pytest.mark.parametrize("mode", ["prometheus", "off"])
def test_a_lone_clients_lines_are_written_when_there_is_time(tmp_path, mode):
    """Also where nothing is measured. Those that come after them wait for their own turn."""
    logs = open_logs(tmp_path / "logs", tmp_path / "logs", None)
    try:
        settings = Settings(metrics_mode=mode)
        spare = Measuring(Beginning(settings, logs, {}, tmp_path, tmp_path)).recorder.spare
        written = tmp_path / "logs" / "access_log.log"
        for times in (1, 2):
            for _ in range(FEW_LINES + 1):  # that it is asked for twice changes nothing
                logs.access.write(ANSWERED, 5, "", alone=True)
            assert spare.due
            assert written.read_text().count("\n") == (times - 1) * (FEW_LINES + 1)
            spare.use(alone=True)
            assert not spare.due
            assert written.read_text().count("\n") == times * (FEW_LINES + 1)
    finally:
        logs.close()
