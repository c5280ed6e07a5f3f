"""What the paper reports for the models of its table (DCASE 2023), as rows to print beside ours."""

from __future__ import annotations

from audiokit.experiments.tables.result_table import Row

__all__ = ["published_rows"]

METRICS = ("avg_mels_mse", "avg_logit_bce", "avg_logit_kl", "ptopafc")
MODELS = ("PINV", "CNN-mels", "CNN-logits", "self", "effnet_b0", "effnet_b7")
RESULTS = {
    "PANN": (
        (12.43, 0.029905, 0.014438, 0.4),
        (10.14, 0.029329, 0.013945, 0.5),
        (18.56, 0.017192, 0.000734, 89.3),
        (None, 0.017400, 0.000792, 83.7),
        (None, 0.126070, 0.008994, 69.4),
        (None, 0.068294, 0.006117, 76.8),
    ),
    "YamNet": (
        (3.23, 0.054636, 0.032255, 0.8),
        (0.20, 0.029348, 0.013405, 0.1),
        (1.39, 0.011321, 0.001863, 85.1),
        (None, 0.010046, 0.000919, 83.3),
        (None, 0.071335, 0.005072, 75.1),
        (None, 0.045082, 0.003189, 79.3),
    ),
}


def published_rows(classifier: str) -> list[Row]:
    """Rows of the paper's table for a teacher; none for teachers that it does not know."""
    return [
        Row({"transcoder": model}, dict(zip(METRICS, values, strict=True)))
        for model, values in zip(MODELS, RESULTS.get(classifier, ()), strict=False)
    ]
