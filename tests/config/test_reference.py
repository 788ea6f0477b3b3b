"""docs/configuration.md says what the code says."""

from pathlib import Path

import pytest

from servescope.config import reference
from servescope.config.ineffective import INEFFECTIVE
from servescope.config.keys import keys_of
from servescope.config.settings import Settings

# The keys of TorchServe 0.12.0: util/ConfigManager's and, at the end, those of its launcher and its snapshots.
TORCHSERVE = """
debug inference_address management_address metrics_address load_models blacklist_env_vars default_workers_per_model
default_response_timeout default_startup_timeout unregister_model_timeout number_of_netty_threads
netty_client_threads job_queue_size
number_of_gpu metrics_config metrics_mode model_metrics_auto_detect disable_system_metrics ipex_enable cpu_launcher_enable
cpu_launcher_args ipex_gpu_enable async_logging cors_allowed_origin cors_allowed_methods cors_allowed_headers decode_input_request
keystore keystore_pass keystore_type certificate_file private_key_file max_request_size max_response_size limit_max_image_pixels
default_service_handler service_envelope model_server_home model_store prefer_direct_buffer allowed_urls install_py_dep_per_model
enable_metrics_api grpc_inference_address grpc_management_address grpc_inference_port grpc_management_port
grpc_inference_max_connection_age_ms grpc_management_max_connection_age_ms grpc_inference_max_connection_age_grace_ms
grpc_management_max_connection_age_grace_ms enable_grpc_ssl initial_worker_port initial_distribution_port
workflow_store cpp_log_config
ts_open_inference_protocol token_expiration_min ts_header_key_sequence_id ts_header_key_sequence_start ts_header_key_sequence_end
disable_token_authorization enable_model_api use_native_io io_ratio metric_time_interval enable_envvars_config model_snapshot models
version system_metrics_cmd use_env_allowed_urls python tsConfigFile vmargs plugins_path
"""

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_not_stale():
    """Generated anew, the page is as it is: `python -m servescope.config.reference docs/configuration.md` mends it."""
    page = PAGE.read_text("utf-8")
    assert reference.fill(page) == page


def test_every_key_is_on_the_page():
    """Those with effect and those without."""
    page = PAGE.read_text("utf-8")
    assert [key for key in (*keys_of(Settings), *INEFFECTIVE) if f"| `{key}` |" not in page] == []


def test_every_key_of_torchserve_is_known():
    """A configuration of TorchServe's has no key that would be called unknown."""
    assert set(TORCHSERVE.split()) - {*keys_of(Settings), *INEFFECTIVE} == set()


def test_a_page_without_its_parts_is_refused():
    """Nothing is lost in silence when a marker goes."""
    with pytest.raises(ValueError, match="<!-- keys -->"):
        reference.fill("# Configuration\n")


def test_main_writes_the_page(tmp_path):
    """A page with empty parts is filled."""
    page = tmp_path / "page.md"
    names = (
        "keys",
        "ineffective keys",
        "yaml keys",
        "torchrun keys",
        "slo keys",
        "v2 keys",
        "autoscale keys",
        "ray keys",
    )
    page.write_text("".join(f"<!-- {name} -->\n<!-- end {name} -->\n" for name in names))
    reference.main(page)
    assert "| `job_queue_size` | `100` |" in page.read_text()
