"""The whole scaler, second by second."""

import math

import pytest

from scaled_model import ScaledModel
from servescope.autoscaler.signals import Room, ServiceTimes

NOTHING = {"arrived": None, "finished": None, "late": None, "queued": None, "in_flight": None, "oldest_s": None}


def test_a_steady_load_gets_what_its_objective_needs_and_keeps_it():
    """30 a second at 0.1 s: three busy workers and a reserve; by what, is said."""
    model = ScaledModel()
    model.seconds(120, 30.0)
    decisions = model.seconds(300, 30.0)
    assert {decision.workers for decision in decisions} in ({4}, {5})
    last = decisions[-1]
    assert last.signals["latency_slo"] == last.desired == last.workers
    assert last.direction == "hold"
    assert last.bound is None
    assert last.age_s == 0.0
    assert 0.5 < last.target_per_worker < 1.0


def test_a_step_at_most_doubles():
    """From one: two, four, eight."""
    model = ScaledModel()
    model.seconds(60, 1.0)
    grown = [model.second(200.0, queued=200) for _ in range(4)]
    assert [decision.workers for decision in grown[:3]] == [2, 4, 8]
    assert grown[0].bound == "step"
    assert grown[0].desired > 2
    assert grown[0].direction == "up"


def test_what_was_there_at_the_beginning_stays_for_a_window():
    """A server that was started anew with eight workers knows nothing yet."""
    model = ScaledModel(workers=8)
    decisions = model.seconds(60, 1.0)
    assert {(decision.workers, decision.reason) for decision in decisions[:59]} == {(8, "new")}
    model.seconds(60, 1.0)
    assert model.workers < 8


def _grown():
    """A model with all the workers that 60 requests a second need, which is six and a reserve."""
    model = ScaledModel()
    model.seconds(200, 60.0)
    assert model.workers >= 7
    return model


@pytest.mark.parametrize(
    "name", ["arrived", "finished", "late", "queued", "in_flight", "oldest_s", "waiting", "kv_cache"]
)
@pytest.mark.parametrize("value", [None, math.nan, -1.0])
def test_with_some_numbers_missing_nothing_is_taken_away(name, value):
    """For however long; which ones is said. When they are back, the workers go."""
    model = _grown()
    before = model.workers
    if name == "kv_cache":
        value = None if value is None else (value,)
    decisions = model.seconds(400, 1.0, **{name: value})
    assert model.workers == before
    assert decisions[-1].reason == "missing"
    assert name in decisions[-1].words
    assert decisions[-1].age_s == 400
    model.seconds(200, 1.0)
    assert model.workers < before


@pytest.mark.parametrize("name", ["finished", "late", "queued", "in_flight", "oldest_s"])
def test_with_some_numbers_missing_the_others_still_add(name):
    """The rate says that there are too few."""
    model = ScaledModel()
    model.seconds(100, 5.0)
    model.seconds(100, 60.0, **{name: None})
    assert model.workers >= 7


def test_without_arrivals_the_concurrency_still_adds():
    """By the target that was learnt."""
    model = ScaledModel()
    model.seconds(100, 5.0)
    model.seconds(200, 5.0, arrived=None, in_flight=2, queued=30)
    assert model.workers > 10


def test_without_numbers_the_count_is_held_and_then_the_last_fresh_one_is_gone_to():
    """After five minutes. Meanwhile somebody took workers away."""
    model = _grown()
    fresh = model.workers
    model.workers = 3
    decisions = model.seconds(299, 1.0, **NOTHING)
    assert {(decision.workers, decision.reason) for decision in decisions} == {(3, "stale")}
    assert decisions[-1].age_s == 299
    assert model.second(**NOTHING).reason == "fallback"
    model.seconds(5, **NOTHING)
    assert model.workers == fresh
    decision = model.second(60.0)
    assert decision.age_s == 0.0
    assert decision.reason not in ("stale", "fallback")


@pytest.mark.parametrize("told", [{"age_s": 4.0}, {"at": math.nan}, {"workers": -1}])
def test_old_numbers_and_a_clock_that_says_nothing_are_no_numbers(told):
    """The count is held."""
    model = _grown()
    before = model.workers
    decisions = model.seconds(50, 1.0, **told)
    assert {(decision.workers, decision.reason) for decision in decisions} == {(before, "stale")}


def test_a_clock_that_stands_still_is_noticed_and_time_passes_all_the_same():
    """Each decision counts for a second, so that the last fresh count is gone to."""
    model = _grown()
    at, before = model.at, model.workers
    model.workers = 2
    decisions = model.seconds(300, 1.0, at=at)
    assert decisions[0].reason == "stale"
    assert decisions[-1].reason == "fallback"
    model.seconds(5, 1.0, at=at)
    assert model.workers == before


@pytest.mark.parametrize("jump", [-1e6, -2.0, 61.0, 1e6])
def test_a_clock_that_jumps_loses_a_sample_and_the_windows(jump):
    """Nothing is taken away for a minute after it, however little the windows have seen; then all is as before."""
    model = _grown()
    before = model.workers
    model.at += jump
    assert model.second(60.0).reason == "stale"
    decisions = model.seconds(59, 1.0)
    assert {decision.workers for decision in decisions} == {before}
    assert "new" in {decision.reason for decision in decisions}
    model.seconds(200, 1.0)
    assert model.workers < before


def test_requests_of_a_gap_are_no_burst():
    """A server that slept for an hour: what its counters say then did not come within a second."""
    model = ScaledModel()
    model.seconds(200, 5.0)
    before = model.workers
    model.at += 3600
    model.arrived += 100000
    decisions = model.seconds(100, 5.0)
    assert {decision.workers for decision in decisions} == {before}


def test_counters_that_begin_anew_are_noticed():
    """As a jump of the clock is."""
    model = _grown()
    before = model.workers
    model.arrived = 0.0
    decisions = model.seconds(50, 60.0)
    assert decisions[0].reason == "stale"
    assert {decision.workers for decision in decisions} == {before}


def test_absurd_counters_cost_neither_time_nor_memory():
    """A trillion requests within a second want many workers, and get max_workers."""
    model = ScaledModel()
    model.seconds(100, 5.0)
    model.arrived += 9e11
    decisions = model.seconds(20, 5.0, queued=10**11)
    assert model.workers == 50
    assert decisions[-1].bound == "max"
    assert decisions[-1].withheld == decisions[-1].desired - 50


def test_workers_that_do_not_load_are_tried_less_and_less():
    """Two are there, twenty are wanted: never more than four at a time; it is said why."""
    model = ScaledModel(workers=2)
    model.applies = False
    model.seconds(10, 1.0)
    model.second(200.0, queued=100)
    seen, starting = [], 2
    for failed in (1, 2, 3, 4):
        for _ in range(30):
            decision = model.second(200.0, queued=100, starting=starting, failed_starts=failed)
            starting = decision.workers - model.workers
            seen.append(decision)
    assert {decision.workers for decision in seen} == {4}
    assert {decision.reason for decision in seen} == {"failed_starts"}
    assert "; the last start failed" in seen[0].words
    assert "4 starts in a row failed" in seen[-1].words
    assert "; 4 starts in a row failed, no more for " in seen[90].words


def test_failed_starts_do_not_take_away_what_serves():
    """Six are there, and are wanted."""
    model = _grown()
    before = model.workers
    assert {decision.workers for decision in model.seconds(50, 60.0, failed_starts=3)} == {before}


def test_min_workers_are_asked_for_while_they_do_not_load():
    """The pool has a patience of its own."""
    model = ScaledModel(workers=0, min_workers=3)
    decision = model.second(1.0, failed_starts=5)
    assert decision.workers == 3
    assert "no more for" not in decision.words  # as there are more


def test_a_count_set_by_hand_is_held_until_the_load_moves():
    """Though fewer would do; then they go."""
    model = ScaledModel()
    model.seconds(200, 5.0)
    model.workers = 7
    model.scaler.hold(model.at, 7)
    decisions = model.seconds(500, 5.0)
    assert {(decision.workers, decision.reason) for decision in decisions} == {(7, "by_hand")}
    assert decisions[-1].desired < 7
    model.seconds(200, 1.0)
    assert model.workers < 7


def test_a_count_set_by_hand_stays_within_the_bounds():
    """Whoever sets it."""
    model = ScaledModel(max_workers=4, min_workers=2)
    model.seconds(100, 5.0)
    model.scaler.hold(model.at, 9)
    assert model.seconds(5, 5.0)[-1].workers == 4
    model.scaler.hold(model.at, 1)
    assert model.seconds(5, 5.0)[-1].workers == 2


def test_bounds_can_be_changed_and_contradictions_are_refused():
    """At once, up and down; what they made of the count is said."""
    model = ScaledModel()
    model.seconds(100, 30.0)
    model.scaler.rebound(6, 9)
    decision = model.second(30.0)
    assert (decision.workers, decision.reason, decision.bound) == (6, "bounds", "min")
    model.scaler.rebound(1, 2)
    decision = model.second(30.0)
    assert (decision.workers, decision.direction, decision.bound) == (2, "down", "max")
    with pytest.raises(ValueError, match="min_workers: 3 is more than max_workers, 2"):
        model.scaler.rebound(3, 2)
    assert model.scaler.options.max_workers == 2


@pytest.mark.parametrize("scarcest", ["memory", "gpu_memory", "container"])
def test_there_are_no_more_than_there_is_room_for(scarcest):
    """What is scarcest is said; nobody is ended for it."""
    model = ScaledModel()
    model.seconds(60, 1.0)
    decision = model.second(200.0, queued=200, room=Room(0, scarcest))
    assert (decision.workers, decision.direction, decision.bound) == (1, "hold", scarcest)
    assert scarcest in decision.words
    assert model.second(200.0, queued=200, room=Room(5, scarcest)).workers == 2


def test_a_model_goes_to_sleep_where_asked_and_wakes_for_a_request():
    """To none, whatever min is, and back to min."""
    model = ScaledModel(min_workers=2, to_zero_after_s=60.0)
    model.seconds(100, 5.0, idle_s=0.0)
    assert {decision.workers >= 2 for decision in model.seconds(200, 0.0, idle_s=59.0)} == {True}
    decision = model.second(idle_s=60.0)
    assert (decision.workers, decision.reason, decision.direction, decision.bound) == (0, "idle", "down", None)
    assert "0 wanted whatever signals ask for: latency_slo 1" in decision.words
    assert {decision.workers for decision in model.seconds(100, 0.0, idle_s=100.0)} == {0}
    decision = model.second(1.0, queued=1, idle_s=0.0)
    assert (decision.workers, decision.reason, decision.direction) == (2, "woken", "up")
    assert decision.desired >= 1


def test_without_numbers_a_model_neither_goes_to_sleep_nor_wakes():
    """Some or all of them."""
    model = ScaledModel(to_zero_after_s=60.0)
    model.seconds(100, 5.0, idle_s=0.0)
    before = model.workers
    for missing in ({"in_flight": None}, {"idle_s": None}, {"gpu": None, "late": None}, NOTHING):
        assert model.second(**({"idle_s": 1000.0} | missing)).workers == before
    model.seconds(200, 0.0, idle_s=0.0)
    assert model.second(idle_s=1000.0).workers == 0
    for missing in ({"in_flight": None}, NOTHING):
        assert model.second(**({"idle_s": 1000.0} | missing)).workers == 0


def test_without_being_asked_a_model_never_goes_to_sleep():
    """min_workers 0 alone does not."""
    model = ScaledModel(min_workers=0)
    model.seconds(100, 5.0, idle_s=0.0)
    assert {decision.workers for decision in model.seconds(1000, 0.0, idle_s=1000.0)} >= {1}
    assert model.workers == 1


def test_a_count_set_by_hand_keeps_a_model_awake_as_long_as_idleness_would():
    """Set to two while it has been idle for long: a minute more."""
    model = ScaledModel(to_zero_after_s=60.0)
    model.seconds(100, 0.0, idle_s=50.0)
    model.scaler.hold(model.at, 2)
    assert {decision.workers for decision in model.seconds(59, 0.0, idle_s=1000.0)} == {2}
    model.seconds(2, 0.0, idle_s=1000.0)
    assert model.workers == 0


@pytest.mark.parametrize(
    ("at_once", "service"),
    [(None, ServiceTimes(0.2, (0.2,) * 20)), (32, ServiceTimes(0.2 / 32, (0.2,) * 20, together=32.0))],
)
@pytest.mark.parametrize("rate", [12.0, 50.0])
def test_requests_that_do_not_wait_for_each_other_ask_for_no_more_workers(at_once, service, rate):
    """An asynchronous handler that has two or ten of them in hand, or a language model, and is in time: one worker does."""
    model = ScaledModel(at_once=at_once)
    model.seconds(60, rate, service=service, in_flight=round(rate * 0.2))
    decision = model.seconds(700, rate, service=service, in_flight=round(rate * 0.2))[-1]
    assert (decision.workers, decision.signals["latency_slo"]) == (1, 1)


def test_what_was_guessed_of_a_new_model_is_kept_for_as_long_as_other_counts():
    """Forty requests at once, and nobody knows how long they take; when that is known, the workers for them do not go at once."""
    model = ScaledModel(objective_s=0.0, max_workers=4)
    model.seconds(4, 10.0, service=None, in_flight=40)
    assert model.workers == 4
    decisions = model.seconds(290, 1.0)
    assert {(decision.workers, decision.direction) for decision in decisions} == {(4, "hold")}
    model.seconds(120, 1.0)
    assert model.workers < 4


def test_a_given_target_counts_by_concurrency_and_remembers_for_five_minutes():
    """40 requests in flight and queued at 10 each: four workers, and for five minutes more."""
    model = ScaledModel(target_per_worker=10.0)
    decision = model.seconds(100, 1.0, in_flight=30, queued=10)[-1]
    assert decision.signals["concurrency"] == 4
    assert decision.target_per_worker == 10.0
    decisions = model.seconds(280, 1.0, in_flight=0)
    assert {decision.workers for decision in decisions} == {4}
    assert "kept" in {decision.reason for decision in decisions}
    model.seconds(200, 1.0, in_flight=0)
    assert model.workers == 1


def test_a_panic_takes_nothing_away():
    """Twice the target for six seconds; for a minute after that the count only grows."""
    model = ScaledModel(workers=4, target_per_worker=1.0, lookback_s=0.0, objective_s=100.0)
    model.seconds(100, 1.0, in_flight=4)
    model.seconds(10, 1.0, in_flight=12)
    high = model.workers
    assert high >= 11
    decisions = model.seconds(50, 1.0, in_flight=1)
    assert {decision.workers for decision in decisions} == {high}


def test_what_works_a_queue_off_is_kept():
    """And the word for it is late, though hardly anything comes."""
    model = _grown()
    before = model.workers
    decisions = model.seconds(900, 0.1, queued=20 * before)
    assert model.workers >= before
    assert decisions[-1].reason == "late"


def test_late_requests_keep_every_worker_where_nothing_else_is_known():
    """The oldest waits for longer than the objective, and how long an engine takes for a request is not known."""
    model = ScaledModel(workers=8, at_once=None, kv_high=0.8)
    told = {"service": None, "kv_cache": (0.1,) * 8, "in_flight": 8}
    decisions = model.seconds(200, 1.0, oldest_s=0.6, **told)
    assert (model.workers, decisions[-1].reason) == (8, "late")
    assert model.seconds(400, 1.0, **told)[-1].workers < 8


def test_a_learnt_target_never_outbids_the_objective():
    """What waits is no load that stays: the policy knows what is worth starting for it."""
    model = _grown()
    for decision in model.seconds(120, 5.0, queued=400, in_flight=7, load_s=60.0):
        assert decision.signals["concurrency"] <= decision.signals["latency_slo"] == decision.desired


def test_without_an_objective_five_medians_are_taken_for_one():
    """And nobody misses late requests, which nobody counts."""
    model = ScaledModel(objective_s=0.0)
    decision = model.seconds(200, 30.0, late=None)[-1]
    assert decision.workers in (4, 5)
    assert decision.age_s == 0.0
    assert "0.5 s allowed" in decision.words


def test_without_anything_measured_requests_at_once_decide():
    """Neither an objective nor service times: a worker is taken for seven tenths busy."""
    model = ScaledModel(objective_s=0.0)
    model.seconds(60, 0.1, service=None, late=None, in_flight=3, queued=4)
    assert model.workers == 10


def test_a_language_model_grows_by_caches_and_by_what_waits():
    """An engine takes as many as come: its rate asks for nothing before it gets slow."""
    model = ScaledModel(at_once=None, objective_s=10.0)
    calm = {"kv_cache": (0.5,), "in_flight": 10, "waiting": 0}
    assert {decision.workers for decision in model.seconds(100, 5.0, **calm)} == {1}
    decision = model.seconds(10, 5.0, **(calm | {"kv_cache": (0.9,)}))[-1]
    assert (decision.desired, decision.reason) == (2, "kv_cache")
    model.workers = 1
    decision = model.seconds(10, 5.0, **(calm | {"waiting": 9}))[-1]
    assert decision.desired >= 2
    assert decision.signals["waiting"] >= 2


def test_a_language_model_shrinks_when_the_rest_stays_below_the_lower_bound():
    """Of three at 0.5 none goes, as two would be at 0.75; of three at 0.3 one does, after five minutes."""
    for share, left in ((0.5, 3), (0.3, 2)):
        model = ScaledModel(workers=3, at_once=None, objective_s=10.0)
        for _ in range(700):
            model.second(5.0, kv_cache=(share * 3 / model.workers,) * model.workers, in_flight=3)
        assert model.workers == left


def test_gpus_count_where_a_target_is_given():
    """Two workers at 0.9 want more at a target of 0.5."""
    model = ScaledModel(workers=2, gpu_target=0.5)
    decision = model.second(1.0, gpu=(0.9, 0.9))
    assert decision.signals["gpu"] == decision.desired == 4
    assert decision.reason == "gpu"


def test_less_than_the_tolerance_changes_nothing():
    """Twenty are there, and nineteen or twenty-one are wanted."""
    for concurrent in (190, 210):
        model = ScaledModel(workers=20, target_per_worker=10.0, lookback_s=0.0)
        decisions = model.seconds(100, 1.0, in_flight=concurrent)
        assert {decision.workers for decision in decisions} == {20}
        assert decisions[-1].reason == "tolerance"


def test_requests_that_wait_do_not_wait_for_the_tolerance():
    """Half of twenty workers still load: what will wait is worth one more, and there is one more."""
    model = ScaledModel(workers=20)
    model.seconds(100, 150.0)
    decision = model.second(150.0, workers=10, starting=10, queued=10)
    assert (decision.workers, decision.facts.counts["backlog"]) == (21, 21)


def test_the_words_name_the_numbers():
    """One sentence: what from and to, by what, on which numbers."""
    model = ScaledModel()
    model.seconds(60, 1.0)
    words = model.second(200.0, queued=200).words
    assert words.startswith("up from 1 to 2: ")
    assert "requests/s" not in ScaledModel().second(200.0, queued=200).words  # nobody knows since when they came
    for part in (
        "wanted by latency_slo",
        "backlog",
        "step: a step at most doubles",
        "requests/s",
        "0.1 s each",
        "0.5 s allowed",
    ):
        assert part in words
    words = model.second(0.0, **NOTHING).words
    assert words.startswith("hold at 2: 2 wanted; held without numbers, 1 s; missing: arrived, finished")
