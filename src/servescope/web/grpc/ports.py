"""What is answered on each of the two ports. Called by `server.grpc`."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc

from servescope.serving.lifecycle import Lifecycle
from servescope.serving.queue.sequences.headers import SequenceHeaders
from servescope.serving.readiness.health import Health
from servescope.web.authorization import TokenAuthority
from servescope.web.grpc.admission import Admission
from servescope.web.grpc.health import HealthService
from servescope.web.grpc.inference import InferenceService
from servescope.web.grpc.kserve.service import KServeService
from servescope.web.grpc.management import ManagementService
from servescope.web.grpc.protos.messages import (
    HEALTH,
    INFERENCE,
    KSERVE,
    MANAGEMENT,
    OPEN_INFERENCE,
    REFLECTION,
    REFLECTION_ALPHA,
    Messages,
)
from servescope.web.grpc.reflection import ReflectionService
from servescope.web.grpc.services import Service, service_handler
from servescope.web.grpc.statuses import INFERENCE as INFERENCE_FACE
from servescope.web.grpc.statuses import PLAIN, TORCHSERVE, Face
from servescope.web.http.exchange import Observers
from servescope.web.kserve.speakers import Speakers
from servescope.web.management.model_reports import ModelReports


@dataclass(frozen=True)
class Port:
    """`api`: inference or management, as in grpc_{api}_port."""

    api: str
    handlers: Sequence[grpc.GenericRpcHandler]


def inference_port(admission: Admission, speakers: Speakers, observers: Observers, headers: SequenceHeaders) -> Port:
    """Predictions by TorchServe's and KServe's services, health and reflection."""
    inference = InferenceService(admission, headers)
    behaviors = {
        "Ping": inference.ping,
        "Predictions": inference.predictions,
        "StreamPredictions": inference.stream_predictions,
    }
    services = [
        Service(
            INFERENCE, "inference", INFERENCE_FACE, behaviors, {"StreamPredictions2": inference.stream_predictions2}
        ),
        _kserve(KSERVE, PLAIN, KServeService(admission, speakers, PLAIN)),
        _kserve(OPEN_INFERENCE, TORCHSERVE, KServeService(admission, speakers, INFERENCE_FACE)),
    ]
    return _port("inference", services, admission.health, observers)


def management_port(
    lifecycle: Lifecycle,
    reports: ModelReports,
    health: Health,
    authority: TokenAuthority | None,
    observers: Observers,
    *,
    model_api: bool,
) -> Port:
    """Changes of models, reports on them, health and reflection."""
    service = ManagementService(lifecycle, reports, authority, model_api=model_api)
    behaviors = {
        "DescribeModel": service.describe_model,
        "ListModels": service.list_models,
        "RegisterModel": service.register_model,
        "ScaleWorker": service.scale_worker,
        "SetDefault": service.set_default,
        "UnregisterModel": service.unregister_model,
    }
    return _port("management", [Service(MANAGEMENT, "management", TORCHSERVE, behaviors, {})], health, observers)


def _kserve(name: str, face: Face, service: KServeService) -> Service:
    behaviors = {
        "ServerLive": service.server_live,
        "ServerReady": service.server_ready,
        "ServerMetadata": service.server_metadata,
        "ModelReady": service.model_ready,
        "ModelMetadata": service.model_metadata,
        "ModelInfer": service.model_infer,
    }
    return Service(name, "inference", face, behaviors, {"ModelStreamInfer": service.model_stream_infer})


def _port(api: str, services: list[Service], health: Health, observers: Observers) -> Port:
    """These services, with those that each port has."""
    messages = Messages()
    names = [service.name for service in services]
    check = HealthService(health, names).check
    reflection = ReflectionService(messages.pool, [*names, HEALTH, REFLECTION, REFLECTION_ALPHA])
    info = {"ServerReflectionInfo": reflection.server_reflection_info}
    every = [
        *services,
        Service(HEALTH, api, TORCHSERVE, {"Check": check}, {}),
        Service(REFLECTION, api, PLAIN, {}, info),
        Service(REFLECTION_ALPHA, api, PLAIN, {}, info),
    ]
    return Port(api, [service_handler(messages, service, observers) for service in every])
