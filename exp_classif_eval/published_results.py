"""What the paper reports for its second experiment (DCASE 2023), as rows to print beside ours."""

from __future__ import annotations

from audiokit.experiments.tables.result_table import Row

__all__ = ["published_rows"]

MODELS = (
    (0, "self", "PANN"), (0, "self", "YamNet"), (0, "cnn", "PANN"), (0, "cnn", "YamNet"),
    (1, "self", "PANN"), (1, "self", "YamNet"), (1, "cnn", "PANN"), (1, "cnn", "YamNet"),
)  # fmt: skip
RESULTS = {
    "URBAN-SOUND-8K": ("acc_classif", (0.621, 0.607, 0.331, 0.079, 0.810, 0.759, 0.627, 0.429)),
    "SONYC-UST": ("macro_auprc", (0.53, 0.46, 0.39, 0.30, 0.52, 0.49, 0.44, 0.34)),
}
"""YamNet's rows with a transcoder come from sound at 16 kHz that was read as if it had 32 kHz: see `--paper`."""


def published_rows(dataset: str) -> list[Row]:
    """Rows of the paper's table for a dataset; none for datasets that it does not know."""
    if dataset not in RESULTS:
        return []
    metric, values = RESULTS[dataset]
    return [
        Row(dict(zip(("deep", "transcoder", "classifier"), model, strict=True)), {metric: value})
        for model, value in zip(MODELS, values, strict=True)
    ]
