"""What the V2 protocol is told of the server is what TorchServe's says, its misspelling included."""

from servescope import __version__
from servescope.web.kserve.server import server_metadata


def test_server_metadata():
    """Where a model speaks V2, there is what the protocol itself has, too."""
    torchserve = {"name": "Torchserve", "version": __version__, "extenstion": ["kserve", "kubeflow"]}
    assert server_metadata(speaks_v2=False) == torchserve
    assert server_metadata(speaks_v2=True) == torchserve | {"extensions": ["binary_tensor_data"]}
