"""The server with vLLM's real engine behind it, driven as language models' users drive it."""
