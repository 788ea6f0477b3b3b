"""The settings' definitions."""

from servescope.config.ineffective import INEFFECTIVE
from servescope.config.keys import keys_of
from servescope.config.settings import Settings
from servescope.config.values.models_json import StartupModel

TORCHSERVE_KEYS = """
inference_address management_address metrics_address grpc_inference_address grpc_management_address
grpc_inference_port grpc_management_port grpc_inference_max_connection_age_ms
grpc_management_max_connection_age_ms grpc_inference_max_connection_age_grace_ms
grpc_management_max_connection_age_grace_ms enable_grpc_ssl private_key_file certificate_file keystore
keystore_pass keystore_type cors_allowed_origin cors_allowed_methods cors_allowed_headers max_request_size
max_response_size model_store workflow_store load_models models model_snapshot allowed_urls
install_py_dep_per_model default_service_handler service_envelope default_workers_per_model
default_response_timeout default_startup_timeout unregister_model_timeout job_queue_size number_of_gpu
enable_model_api metrics_mode metrics_config model_metrics_auto_detect enable_metrics_api
disable_system_metrics metric_time_interval system_metrics_cmd decode_input_request limit_max_image_pixels
blacklist_env_vars initial_worker_port initial_distribution_port ipex_enable ipex_gpu_enable
cpu_launcher_enable cpu_launcher_args debug async_logging number_of_netty_threads netty_client_threads
use_native_io io_ratio prefer_direct_buffer cpp_log_config model_server_home ts_header_key_sequence_id
ts_header_key_sequence_start ts_header_key_sequence_end disable_token_authorization token_expiration_min
ts_open_inference_protocol vmargs plugins_path enable_envvars_config use_env_allowed_urls
"""


def test_every_key_of_torchserve_is_known():
    """Each key of the contract is a setting or is known to have no effect, and none is both."""
    effective = set(keys_of(Settings))
    assert set(TORCHSERVE_KEYS.split()) <= effective | set(INEFFECTIVE)
    assert not effective & set(INEFFECTIVE)


def test_defaults_follow_the_departures():
    """The defaults that differ from TorchServe's on purpose."""
    settings = Settings()
    assert (settings.metrics_mode, settings.metric_time_interval) == ("prometheus", 5)
    assert settings.model_metrics_auto_detect is True
    assert settings.collectors == ("cpu", "memory", "disk", "cgroup", "gpu", "process", "workers")


def test_startup_model_looks_up_name_and_version():
    """Both must match."""
    entry = StartupModel(batch_size=4)
    settings = Settings(models={"m": {"1.0": entry}})
    assert settings.startup_model("m", "1.0") is entry
    assert settings.startup_model("m", "2.0") is None
    assert settings.startup_model("x", "1.0") is None


def test_default_allowed_urls_are_files_and_http():
    """Any file:// and http(s):// URL, and nothing else."""
    (pattern,) = Settings().allowed_urls
    assert pattern.fullmatch("https://h/x.mar")
    assert pattern.fullmatch("FILE:///x.mar")
    assert not pattern.fullmatch("s3://bucket/x.mar")
