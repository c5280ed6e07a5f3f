"""Names of the 58 numbers that the published table has for each song, in its order."""

__all__ = ["FEATURE_NAMES", "LENGTH", "N_MFCC", "STATISTICS"]

LENGTH = "length"
"""In samples. It tells genres apart in GTZAN, where every file was cut by hand, and spoils everything elsewhere."""

N_MFCC = 20
STATISTICS = ("mean", "var")
MEASURED = (
    "chroma_stft", "rms", "spectral_centroid", "spectral_bandwidth", "rolloff", "zero_crossing_rate", "harmony",
    "perceptr",
)  # fmt: skip

FEATURE_NAMES = (
    LENGTH,
    *(f"{name}_{statistic}" for name in MEASURED for statistic in STATISTICS),
    "tempo",
    *(f"mfcc{number}_{statistic}" for number in range(1, N_MFCC + 1) for statistic in STATISTICS),
)
