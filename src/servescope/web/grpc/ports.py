"""What is answered on each of the two ports. Called by `server.grpc`."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc

from servescope.serving.catalog import Catalog
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.readiness.health import Health
from servescope.web.authorization import TokenAuthority
from servescope.web.grpc.health import HealthService
from servescope.web.grpc.inference import InferenceService
from servescope.web.grpc.management import ManagementService
from servescope.web.grpc.messages import HEALTH, INFERENCE, MANAGEMENT, Messages
from servescope.web.grpc.services import Behavior, service_handler
from servescope.web.http.exchange import Observers
from servescope.web.management.model_reports import ModelReports


@dataclass(frozen=True)
class Port:
    """`api`: inference or management, as in grpc_{api}_port."""

    api: str
    handlers: Sequence[grpc.GenericRpcHandler]


def inference_port(catalog: Catalog, health: Health, authority: TokenAuthority | None, observers: Observers) -> Port:
    """Predictions, and health."""
    service = InferenceService(catalog, health, authority)
    behaviors: dict[str, Behavior] = {
        "Ping": service.ping,
        "Predictions": service.predictions,
        "StreamPredictions": service.stream_predictions,
    }
    return _port(InferenceService.api, INFERENCE, behaviors, health, observers)


def management_port(
    lifecycle: Lifecycle,
    reports: ModelReports,
    health: Health,
    authority: TokenAuthority | None,
    observers: Observers,
    *,
    model_api: bool,
) -> Port:
    """Changes of models, reports on them, and health."""
    service = ManagementService(lifecycle, reports, authority, model_api=model_api)
    behaviors: dict[str, Behavior] = {
        "DescribeModel": service.describe_model,
        "ListModels": service.list_models,
        "RegisterModel": service.register_model,
        "ScaleWorker": service.scale_worker,
        "SetDefault": service.set_default,
        "UnregisterModel": service.unregister_model,
    }
    return _port(ManagementService.api, MANAGEMENT, behaviors, health, observers)


def _port(api: str, name: str, behaviors: dict[str, Behavior], health: Health, observers: Observers) -> Port:
    messages = Messages()
    checks: dict[str, Behavior] = {"Check": HealthService(health, [name]).check}
    return Port(
        api,
        [
            service_handler(messages, name, api, behaviors, observers),
            service_handler(messages, HEALTH, api, checks, observers),
        ],
    )
