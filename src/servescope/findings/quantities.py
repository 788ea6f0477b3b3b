"""What findings are about. PREDICTION_PATHS: the templates of all paths on which a model is asked to predict."""

from typing import Final

# Who asks whether a model is ready, or what it is, is on none of these.
PREDICTION_PATHS: Final = (
    "/(predictions|explanations|models|wfpredict)/.*|/invocations|.*[/:](predict|explain|infer)"  # TorchServe's and KServe's
    "|/v1/(chat/)?completions|/v1/embeddings"
)
