"""`ts.utils.hf_utils`: models from the Hugging Face hub. Needs huggingface_hub."""

# Weights and what goes with them, of the formats that PyTorch reads.
PATTERNS = ["*.json", "*.pt", "*.bin", "*.txt", "*.model", "*.pth", "*.safetensors", "original/*"]


def download_model(
    model_id="meta-llama/Meta-Llama-3.1-8B-Instruct", revision="main", model_path=".cache", use_auth_token=True
):
    """Fetch a model, unless it is there, and return its folder below `model_path`."""
    from huggingface_hub import snapshot_download

    return snapshot_download(
        repo_id=model_id,
        revision=revision,
        allow_patterns=PATTERNS,
        cache_dir=model_path,
        token=None if use_auth_token is True else use_auth_token,  # None: the saved one, if there is one
    )
