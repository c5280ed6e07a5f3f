"""Tag third-octave levels where there are only NumPy and ONNX Runtime.

Copy this script and the file of `export_onnx.py --with_teacher` to the device. Levels, in dB, unweighted, every 125 ms:
CSV with a header in which 29 columns are named 20, 25, 31.5 … 12500, or an array (frames, 29) as .npy; times are not
read. Printed: CSV, a row for each ten seconds, without scores where less than half of its seconds have all levels.
"""

import argparse
import csv
import json
import os
import sys

import numpy as np
import onnxruntime

FRAMES_PER_SECOND, BLOCK_SECONDS, N_BANDS = 8, 10, 29


def rows_of(path, bands):
    """Frames of a file, or of the standard input, (29,) each."""
    if path.endswith(".npy"):
        levels = np.load(path, mmap_mode="r", allow_pickle=False)
        if levels.ndim != 2 or levels.shape[1] != N_BANDS:
            sys.exit(f"error: {path}: levels are (frames, {N_BANDS}), and not {levels.shape}")
        return (yield from levels)
    with sys.stdin if path == "-" else open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = [name.strip() for name in next(rows, [])]
        unclear = [band for band in bands if header.count(band) != 1]
        if unclear:
            sys.exit(f"error: {path}: the header must name each band once, and does not so with {', '.join(unclear)}")
        for number, row in enumerate(rows, 2):
            if len(row) != len(header):
                sys.exit(f"error: {path}, line {number}: {len(row)} cells, and the header has {len(header)}")
            yield [level_of(row[header.index(band)]) for band in bands]


def level_of(cell):
    """A level, NaN where the cell has none."""
    try:
        return float(cell)
    except ValueError:
        return np.nan


def blocks_of(rows):
    """Blocks of successive frames, (at most 80, 29) each; what is left over below a second is dropped."""
    held = []
    for row in rows:
        held.append(row)
        if len(held) == BLOCK_SECONDS * FRAMES_PER_SECOND:
            yield np.array(held, np.float32)
            held = []
    if len(held) >= FRAMES_PER_SECOND:
        yield np.array(held[: len(held) // FRAMES_PER_SECOND * FRAMES_PER_SECOND], np.float32)


def main():
    """Print a row for each block."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("model", help="file that export_onnx.py --with_teacher has written")
    add("levels", help="CSV, .npy, or - for CSV on the standard input")
    add("--db_offset", type=float, default=-90, help="that makes levels dB re full scale (default: -90)")
    add("--top", type=int, default=3, help="labels to name (default: 3)")
    options = parser.parse_args()
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(options.model, settings, providers=["CPUExecutionProvider"])
    facts = {name: json.loads(text) for name, text in session.get_modelmeta().custom_metadata_map.items()}
    print(f"{options.levels}: taken for unweighted levels, one every 125 ms without gaps", file=sys.stderr)
    writer = csv.writer(sys.stdout)
    named = [f"{word}_{rank}" for rank in range(1, options.top + 1) for word in ("label", "score")]
    header = ["second", "seconds", *facts["groups"], *(f"{group}_present" for group in facts["groups"]), *named]
    for number, block in enumerate(blocks_of(rows_of(options.levels, [f"{band:g}" for band in facts["bands"]]))):
        writer.writerows([header] if number == 0 else [])
        block[(block > 200) | (np.isfinite(block) & (block < -250))] = np.nan
        calibrated = np.maximum(block + np.float32(options.db_offset + facts["calibration_db"]), facts["floor_db"])
        seconds = calibrated.reshape(-1, FRAMES_PER_SECOND, N_BANDS).astype(np.float32)
        whole = np.isfinite(seconds).all(axis=(1, 2))
        row = [BLOCK_SECONDS * number, whole.sum()]
        if whole.sum() >= max(1, len(whole) / 2):
            scores, groups = (found[0] for found in session.run(None, {"third_octave": seconds[whole][None]}))
            best = np.argsort(-scores, kind="stable")[: options.top]
            row += [f"{score:.5f}" for score in groups]
            row += [int(score >= least) for score, least in zip(groups, facts["thresholds"], strict=True)]
            row += [cell for place in best for cell in (facts["labels"][place], f"{scores[place]:.5f}")]
        writer.writerow(row)
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # who read has gone away
        os._exit(141)
    except Exception as error:  # a file that is not there, or not what it should be
        sys.exit(f"error: {type(error).__name__}: {error}".split("\n")[0])
