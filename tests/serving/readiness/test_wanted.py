"""What a start was asked for: what of it is missing, why, and what makes that good."""

import pytest
from msgspec import structs

from fleet.clock import run, settle, until
from fleet.scripted import crashing, mute, obliging
from servescope.config.values.load_list import LoadModel
from servescope.errors import Conflict, DownloadFailed, InvalidModel, ModelNotFound, UrlRefused
from servescope.serving.readiness.wanted import Missing, WantedModels, file_name
from serving.parts import Served, model_of


def asked(*words: str) -> WantedModels:
    """Models as in `load_models`."""
    startup = WantedModels()
    startup.ask(LoadModel(name or None, url) for name, _, url in (word.rpartition("=") for word in words))
    return startup


def model(name, script=obliging, *, version="1.0", url=None, workers=1):
    """A registered model, of the archive NAME.mar unless told otherwise."""
    made = model_of(name, version, served=Served(script, workers=workers))
    made.archive = structs.replace(made.archive, url=url or f"{name}.mar")
    return made


async def begun(startup, serving, error):
    """Its models, when the first of them serves and the others were refused."""
    first, *others = startup
    startup.registered(serving, first)
    for one in others:
        startup.refused(one, error)
    await settle()
    return first, *others


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("m.mar", "m"),
        ("a-b.c.mar", "a-b.c"),
        ("/abs/dir/m.tar.gz", "m"),
        ("m.tgz", "m"),
        ("m.ZIP", "m"),
        ("m.model", "m"),
        ("directory", "directory"),
        ("v1.2", "v1.2"),
        ("/abs/directory/", "directory"),
        (".mar", ".mar"),
        ("https://host/x/m.mar?token=a.mar", "m"),
        ("file:///x/m.mar", "m"),
        ("https://host", "https://host"),
        ("https://bob:secret@host/?secret", "https://host/"),
        ("", ""),
    ],
)
def test_the_name_of_a_file(url, name):
    """Its last component, without an archive's ending."""
    assert file_name(url) == name


def test_before_it_is_tried_nothing_is_missing():
    """Nor what is asked for twice wanted twice."""
    startup = asked("m.mar", "a=b.mar", "m.mar")
    assert [(one.name, one.missing, one.served) for one in startup] == [("m", None, False), ("a", None, False)]
    assert startup.missing() == set()


@pytest.mark.parametrize(
    ("error", "missing"),
    [
        (ModelNotFound("Model not found at: m.mar"), Missing("not_found", "Model not found at: m.mar")),
        (UrlRefused("does not match"), Missing("refused", "does not match")),
        (InvalidModel("first\nsecond\n\n"), Missing("refused", "second")),
        (DownloadFailed("Failed"), Missing("download", "Failed")),
        (OSError(28, "No space left"), Missing("refused", "OSError: [Errno 28] No space left")),
        (KeyError(), Missing("refused", "KeyError:")),
        (InvalidModel("at https://h/m.mar?secret=1, twice"), Missing("refused", "at https://h/m.mar, twice")),
    ],
)
def test_what_could_not_be_registered_is_missing(error, missing):
    """By its reason, with the last line of what was said."""
    startup = asked("m.mar")
    (one,) = startup
    startup.refused(one, error)
    assert one.missing == missing
    assert startup.missing() == {("m", missing.reason)}


def test_a_download_says_what_failed():
    """The server's answer is the cause, which the client's sentence does not have."""
    startup = asked("https://h/m.mar?secret=1")
    error = DownloadFailed("Failed to download archive from: https://h/m.mar?secret=1")
    error.__cause__ = OSError("the answer is 404")
    startup.refused(next(iter(startup)), error)
    assert [one.missing for one in startup] == [Missing("download", "the answer is 404")]


def test_a_model_that_loads_is_not_missing():
    """Neither while its first load is under way nor after it."""

    async def main():
        startup = asked("m.mar", "n.mar")
        first, second = startup
        startup.registered(model("digits"), first)
        startup.registered(model("n", mute), second)
        assert [(one.served, one.missing) for one in startup] == [(False, None)] * 2
        await settle()
        assert [(one.served, one.missing) for one in startup] == [(True, None), (False, None)]

    run(main())


def test_a_model_whose_workers_do_not_load():
    """Is missing from the first failure on, through all that is tried again, until one loads; and never after."""

    async def main():
        startup = asked("m.mar")
        served = Served(crashing)
        (one,) = startup
        startup.registered(model_of("m", served=served), one)
        await settle()
        assert one.missing == Missing("load_failed", "exited with status 3")
        assert startup.missing() == {("m", "load_failed")}
        served.backend.script = mute
        await until(lambda: len(served.lives) == 3)
        assert one.missing is not None
        served.backend.script = obliging
        await until(lambda: one.served)
        assert one.missing is None
        served.backend.script = crashing
        served.lives[-1].die(1)
        await until(lambda: served.pool.loads.failure)
        assert (one.served, one.missing) == (True, None)

    run(main())


def test_workers_that_were_given_up():
    """Leave it missing; scaled to none, as somebody wanted, it is not."""

    async def main():
        startup = asked("m.mar")
        failing = model_of("m", served=Served(crashing, window_s=0))
        startup.registered(failing, *startup)
        await failing.pool.ended(list(failing.pool))
        assert startup.missing() == {("m", "load_failed")}
        failing.pool.shrink(0)
        assert startup.missing() == set()

    run(main())


def test_a_model_without_workers_is_there():
    """As was asked."""

    async def main():
        startup = asked("m.mar")
        startup.registered(model("m", workers=0), *startup)
        assert [(one.served, one.missing) for one in startup] == [(True, None)]

    run(main())


@pytest.mark.parametrize(
    ("word", "name", "url", "stands"),
    [
        ("m.mar", "m", "other.mar", True),
        ("m.mar", "digits", "https://h/m.mar", True),
        ("m.mar", "digits", "digits.mar", False),
        ("a=m.mar", "a", "other.mar", True),
        ("a=m.mar", "digits", "m.mar", False),
    ],
)
def test_registered_by_hand(word, name, url, stands):
    """Of the name, or of the file where no name was given: missing no more once it serves, and not before."""

    async def main():
        startup = asked(word)
        (one,) = startup
        startup.refused(one, ModelNotFound("no such file"))
        by_hand = model(name, url=url)
        startup.registered(by_hand, None)
        assert (one.models == [by_hand]) is stands
        await settle()
        assert one.served is stands
        assert bool(startup.missing()) is not stands

    run(main())


def test_a_registration_that_fails_leaves_all_as_it_was():
    """Whoever tried was told."""

    async def main():
        startup = asked("m.mar")
        (one,) = startup
        startup.refused(one, ModelNotFound("no such file"))
        by_hand = model("m", crashing)
        startup.registered(by_hand, None)
        await settle()
        assert startup.missing() == {("m", "load_failed")}
        startup.discarded(by_hand)
        assert startup.missing() == {("m", "not_found")}
        startup.registered(model("unasked", crashing), None)
        await settle()
        assert startup.missing() == {("m", "not_found")}

    run(main())


def test_another_version_by_hand_serves_in_place_of_one_that_does_not_load():
    """Until it is taken away again."""

    async def main():
        startup = asked("m.mar")
        startup.registered(model("m", crashing), *startup)
        await settle()
        second = model("m", version="2.0", url="m2.mar")
        startup.registered(second, None)
        await settle()
        assert startup.missing() == set()
        startup.unregistered(second)
        assert startup.missing() == {("m", "load_failed")}

    run(main())


def test_two_archives_of_one_name():
    """The one that serves is not taken for the other."""

    async def main():
        startup = asked("m=1.mar", "m=2.mar")
        first, second = startup
        startup.refused(first, ModelNotFound("no such file"))
        startup.registered(model("m", url="2.mar"), second)
        await settle()
        assert (first.served, second.served) == (False, True)
        assert startup.missing() == {("m", "not_found")}
        startup.registered(model("m", version="3.0", url="3.mar"), None)
        await settle()
        assert startup.missing() == set()

    run(main())


def test_by_hand_the_name_counts_more_than_the_file():
    """And what serves already needs no other."""

    async def main():
        startup = asked("served.mar", "m.mar", "a=gone.mar")
        served, *_ = await begun(startup, model("served"), ModelNotFound("no such file"))
        startup.registered(model("a", url="m.mar"), None)
        startup.registered(model("b", url="served.mar"), None)
        await settle()
        assert [one.served for one in startup] == [True, False, True]
        assert len(served.models) == 1

    run(main())


def test_one_model_in_two_archives():
    """The second is refused as a conflict: under the same name the model is there, under another its file is missing."""

    async def main():
        startup = asked("m.mar", "m=copy.mar", "copy.mar")
        error = Conflict("Model version 1.0 is already registered for model m")
        first, named, unnamed = await begun(startup, model("m"), error)
        assert (first.served, named.served, unnamed.served) == (True, True, False)
        assert startup.missing() == {("copy", "refused")}

    run(main())


def test_what_somebody_unregisters_is_wanted_no_more():
    """Whether it loads or not, and also what was never there."""

    async def main():
        startup = asked("m.mar", "n.mar", "gone.mar", "later.mar")
        failing, serving = model("m", crashing), model("n")
        for one, wanted in zip((failing, serving), startup, strict=False):
            startup.registered(one, wanted)
        startup.refused(list(startup)[2], ModelNotFound("no such file"))
        await settle()
        assert startup.missing() == {("m", "load_failed"), ("gone", "not_found")}
        startup.unregistered(failing)
        startup.unregistered(serving)
        startup.unregistered(model("unasked"))
        for name in ("gone", "later", "unknown"):
            startup.given_up(name)
        assert [one.name for one in startup] == ["later"]  # its turn has not come
        assert startup.missing() == set()

    run(main())


def test_a_workflows_model_is_nobody_elses():
    """It makes nothing good that the start was asked for and has not, though it is of the same file."""

    async def main():
        startup = asked("m.mar")
        (one,) = startup
        startup.refused(one, ModelNotFound("no"))
        node = model("w__m", url="m.mar")
        node.workflow = "w"
        startup.registered(node, None)
        await settle()
        assert startup.missing() == {("m", "not_found")}
        startup.registered(model("n", url="m.mar"), None)
        await settle()
        assert startup.missing() == set()

    run(main())
