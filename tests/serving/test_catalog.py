"""Models by name and version: the first version is the default until another is made so."""

import pytest

from fleet.clock import run
from servescope.errors import Conflict, InvalidModelVersion, ModelNotFound, ModelVersionNotFound
from servescope.serving.catalog import Catalog
from servescope.wire.messages import ServedModel
from serving.parts import Served, model_of


def catalogued(*versions, test):
    """Run `test(catalog, models)` with models given as "name/version"."""

    async def main():
        times = iter(range(1000, 2000))
        catalog, served, models = Catalog(lambda: float(next(times))), Served(workers=0), {}
        for text in versions:
            name, _, version = text.partition("/")
            models[text] = model_of(name, version, served=served)
            catalog.add(models[text])
        test(catalog, models)

    run(main())


def test_the_first_version_is_the_default():
    """Later ones are found by their version only; defaults come sorted by name."""

    def test(catalog, models):
        assert catalog.find("b") is catalog.find("b", "1.0") is models["b/1.0"]
        assert catalog.find("b", "2.0") is models["b/2.0"]
        assert catalog.defaults() == [models["a/1.0"], models["b/1.0"]]
        assert list(catalog) == [models["b/1.0"], models["b/2.0"], models["a/1.0"]]
        assert ("b", "2.0") in catalog
        assert ("b", "3.0") not in catalog
        assert list(catalog.versions("b")) == ["1.0", "2.0"]

    catalogued("b/1.0", "b/2.0", "a/1.0", test=test)


def test_what_is_not_there():
    """Named as TorchServe names it, and differently where a default is to be set."""

    def test(catalog, models):
        for call in (lambda: catalog.find("x"), lambda: catalog.find("x", "1"), lambda: catalog.versions("x")):
            with pytest.raises(ModelNotFound, match=r"^Model not found: x$"):
                call()
        with pytest.raises(ModelVersionNotFound, match=r"^Model version: 9 does not exist for model: a$"):
            catalog.find("a", "9")
        with pytest.raises(ModelVersionNotFound, match=r"^Model version 9 does not exist for model a$"):
            catalog.set_default("a", "9")
        with pytest.raises(ModelNotFound):
            catalog.set_default("x", "1")

    catalogued("a/1.0", test=test)


def test_a_version_twice():
    """The second is refused, and the first stays."""

    def test(catalog, models):
        with pytest.raises(Conflict, match=r"^Model version 1.0 is already registered for model a$"):
            catalog.add(model_of("a", "1.0", served=Served(workers=0)))
        assert list(catalog) == [models["a/1.0"]]

    catalogued("a/1.0", test=test)


def test_removing():
    """The default goes last, whether it is named or meant; then the name is unknown."""

    def test(catalog, models):
        for version in (None, "1.0"):
            with pytest.raises(InvalidModelVersion, match=r"^Cannot remove default version for model a$"):
                catalog.remove("a", version)
        catalog.set_default("a", "2.0")
        assert catalog.remove("a", "1.0") is models["a/1.0"]
        assert catalog.remove("a", None) is models["a/2.0"]
        with pytest.raises(ModelNotFound):
            catalog.remove("a", None)
        assert (list(catalog), catalog.defaults()) == ([], [])
        catalog.add(models["a/2.0"])
        assert catalog.find("a") is models["a/2.0"]

    catalogued("a/1.0", "a/2.0", test=test)


def test_discarding():
    """A registration that failed is taken back even where it is the default: another version takes its place."""

    def test(catalog, models):
        catalog.discard(models["a/1.0"])
        assert catalog.find("a") is models["a/2.0"]
        catalog.discard(models["a/1.0"])
        catalog.discard(models["a/2.0"])
        assert list(catalog) == []

    catalogued("a/1.0", "a/2.0", test=test)


def language_model(name, *served, version="1.0"):
    """A model that was loaded and serves these names; a plain one without any."""
    model = model_of(name, version, served=Served(workers=0))
    model.pool.served = [ServedModel(one, "root", None, None) for one in served]
    return model


def test_models_by_the_names_that_they_serve():
    """Registered names first, then the names of language models; only default versions count."""

    async def main():
        catalog = Catalog()
        models = [
            language_model("z", "z", "x"),
            language_model("z", "z", "new", version="2.0"),
            language_model("plain"),
            language_model("a", "a", "x", "plain2", "z"),
            language_model("plain2"),
        ]
        for model in models:
            catalog.add(model)
        z, new, plain, a, _ = models
        assert catalog.language_models() == [z, a]
        found = {name: catalog.find_served(name) for name in ("z", "a", "x", "plain", "plain2", "new", "none")}
        assert found == {"z": z, "a": a, "x": z, "plain": plain, "plain2": a, "new": None, "none": None}
        catalog.set_default("z", "2.0")
        assert (catalog.find_served("new"), catalog.find_served("x"), catalog.language_models()) == (new, a, [new, a])

    run(main())


def test_when_it_was_registered():
    """By the clock, and forgotten with the model."""

    def test(catalog, models):
        first, second = models["a/1.0"], models["a/2.0"]
        assert (catalog.registered_at(first), catalog.registered_at(second)) == (1000.0, 1001.0)
        catalog.remove("a", "2.0")
        catalog.discard(first)
        for model in (first, second):
            with pytest.raises(KeyError):
                catalog.registered_at(model)
        catalog.add(first)
        assert catalog.registered_at(first) == 1002.0

    catalogued("a/1.0", "a/2.0", test=test)


def test_who_leaves_is_known_until_gone():
    """By name and version; requests do not find it. A second one of its name may leave as well."""

    def test(catalog, models):
        catalog.remove("a", "2.0")
        catalog.remove("a", None)
        assert catalog.leaving() == catalog.leaving("a") == [models["a/2.0"], models["a/1.0"]]
        assert catalog.leaving("a", "1.0") == [models["a/1.0"]]
        assert catalog.leaving("b") == []
        with pytest.raises(ModelNotFound):
            catalog.find("a")
        catalog.gone(models["a/2.0"])
        catalog.gone(models["a/2.0"])
        assert catalog.leaving() == [models["a/1.0"]]

    catalogued("a/1.0", "a/2.0", "b/1.0", test=test)


def test_a_reserved_version():
    """No model can have it until that is over; the reason is said."""

    def test(catalog, models):
        catalog.reserved["m", "2.0"] = "the workflow m is counted under it"
        with pytest.raises(Conflict) as refusal:
            catalog.refuse_duplicate("m", "2.0")
        assert str(refusal.value) == (
            "Model version 2.0 cannot be registered for model m: the workflow m is counted under it"
        )
        catalog.refuse_duplicate("m", "3.0")
        del catalog.reserved["m", "2.0"]
        catalog.refuse_duplicate("m", "2.0")

    catalogued("m/1.0", test=test)


def test_a_model_that_goes_with_its_workflow():
    """It is leaving until it is gone, and another version takes its place as the default; twice does no harm."""

    def test(catalog, models):
        assert catalog.discard(models["m/1.0"], leaves=True)
        assert (catalog.find("m"), catalog.leaving()) == (models["m/2.0"], [models["m/1.0"]])
        assert not catalog.discard(models["m/1.0"], leaves=True)
        catalog.gone(models["m/1.0"])
        assert catalog.leaving() == []

    catalogued("m/1.0", "m/2.0", test=test)


def test_a_name_that_is_taken():
    """By any version of it, as requests without a version find that."""

    def test(catalog, models):
        with pytest.raises(Conflict, match=r"Model a is already registered, with the default version 2\.0"):
            catalog.refuse_duplicate("a", "1.0", alone=True)
        catalog.refuse_duplicate("a", "1.0")
        catalog.refuse_duplicate("b", "1.0", alone=True)

    catalogued("a/2.0", test=test)
