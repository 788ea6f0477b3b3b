"""The counters of objectives, the recorded burn rates and the clients' own books agree within 2 %."""

import pytest

from integration.scrape import read
from integration.server import wait_until
from metrics.collectors.nvml.stand_in import needs_gcc
from operate.promtool import counter, gauge, given, needs_promtool, series, verdict
from servescope.operate.promql import FORMS

pytestmark = [pytest.mark.integration, needs_gcc, needs_promtool]

REQUESTS, GOOD, TARGET = "servescope_slo_requests_total", "servescope_slo_good_total", "servescope_slo_target_ratio"
BURN = "model_slo:servescope_slo_burn:rate"
# These count from the start of a model's life, which is the load with some rest before and after it.
WINDOWS = ("5m", "30m", "1h", "2h", "6h")
# These are means of means over ten minutes, which a load of seconds is too short for.
DAYS = ("1d", "3d")


def within(value):
    return pytest.approx(value, rel=0.02)


@pytest.fixture
def books(live):
    """(model's name, what each of its objectives shall be) of both models; each has been missed and met often enough."""
    for accounts in live.accounts.values():
        for slo, account in accounts.items():
            missed = account.requests - account.good
            assert min(account.good, missed) >= 20, (slo, account)
    return live.accounts.items()


def test_the_servers_counters(live, books):
    """As they are read from the server."""
    for model, accounts in books:
        now = read(live.server, only=f'="{model}"')
        assert now.by("slo", REQUESTS) == within({slo: account.requests for slo, account in accounts.items()})
        assert now.by("slo", GOOD) == within({slo: account.good for slo, account in accounts.items()})


@pytest.mark.parametrize("form", FORMS)
def test_counters_in_prometheus(live, books, form):
    """As they were scraped."""
    told = live.told[form]
    wait_until(lambda: all(at > live.rested for at in told.by("model_name", newest(REQUESTS)).values()), "a scrape")
    for model, accounts in books:
        for name, what in ((REQUESTS, "requests"), (GOOD, "good")):
            own = {slo: getattr(account, what) for slo, account in accounts.items()}
            assert told.by("slo", f'{name}{{model_name="{model}"}}') == within(own), name


@pytest.mark.parametrize("form", FORMS)
def test_recorded_burn_rates(live, books, form):
    """Over every window that is read from the counters, once a scrape after the load has been evaluated."""
    told = live.told[form]
    for window in WINDOWS:
        evaluated = f"min(timestamp({BURN}{window})) > {live.rested + 2.5}"
        wait_until(lambda evaluated=evaluated: told.series(evaluated), evaluated)
        for model, accounts in books:
            found = told.by("slo", f'{BURN}{window}{{model_name="{model}"}}')
            assert found == within({slo: account.burn for slo, account in accounts.items()}), (window, accounts)


def test_recorded_burn_rates_over_days(tmp_path, books):
    """In promtool's time: thirty times the books in four hours, first all that met the objective, with rest around."""
    inputs, expected = {}, []
    for model, accounts in books:
        for slo, account in accounts.items():
            labels = {
                "job": "servescope",
                "instance": "a:8082",
                "model_name": model,
                "model_version": "1.0",
                "slo": slo,
            }
            well, ill = account.good, account.requests - account.good
            inputs[series(REQUESTS, labels)] = counter((0, 60), (well, 30), (ill, 30), (0, 60))
            inputs[series(GOOD, labels)] = counter((0, 60), (well, 30), (0, 90))
            inputs[series(TARGET, labels)] = gauge((1 - account.budget, 181))
            expected += [agrees(f'{BURN}{window}{{model_name="{model}",slo="{slo}"}}', account.burn) for window in DAYS]
    readers = [{"alert": f"Burns{window}", "expr": f"{BURN}{window} > 0"} for window in DAYS]
    assert verdict(tmp_path, given("4m", inputs, expected), readers) == ""


def agrees(recorded, value):
    """Promtool's expectation that a recorded series is there at the end, within 2 % of a value."""
    near = f"count(abs({recorded} / {value!r} - 1) < 0.02)"
    return {"expr": near, "eval_time": f"{180 * 4}m", "exp_samples": [{"labels": "{}", "value": 1}]}


def newest(name):
    """When each model's series were last written."""
    return f"min by (model_name) (timestamp({name}))"
