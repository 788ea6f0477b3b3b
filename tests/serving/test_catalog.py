"""Models by name and version: the first version is the default until another is made so."""

import pytest

from fleet.clock import run
from servescope.errors import Conflict, InvalidModelVersion, ModelNotFound, ModelVersionNotFound
from servescope.serving.catalog import Catalog
from serving.parts import Served, model_of


def catalogued(*versions, test):
    """Run `test(catalog, models)` with models given as "name/version"."""

    async def main():
        catalog, served, models = Catalog(), Served(workers=0), {}
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
