"""Model archives: found by URL, opened safely, described, and written in torch-model-archiver's four formats."""
