"""Benchmarks that are quick on little sound print the tables that docs/performance.md has."""

import re

import bench_dataset_creation
import inversion_error
from audio_fixtures import scene, write

from audiokit import cli


def table_of(text):
    """Rows of a Markdown table, below its head."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def test_inversion_is_closer_to_a_mel_spectrogram_than_the_usual_one_and_the_published_one(tmp_path, capsys):
    recording = write(tmp_path / "street.wav", scene(1))
    assert cli.run(inversion_error.main, [str(recording)]) == 0
    rows = table_of(capsys.readouterr().out)
    assert [row[:2] for row in rows] == [["street.wav (1 s)", teacher] for teacher in ("PANN", "YamNet", "mn04_as")]
    errors = [[float(found) for found in re.findall(r"([\d.]+) dB", " ".join(row))] for row in rows]
    assert [len(found) for found in errors] == [3, 2, 1]  # ours, the usual one, the published one
    assert all(found[0] < 1.5 and found == sorted(found) for found in errors)


def test_creation_of_a_dataset_is_timed_beside_the_published_algorithm(capsys):
    assert cli.run(bench_dataset_creation.main, ["--files", "2", "--repeats", "1", "--workers", "1"]) == 0
    one, all_cores = capsys.readouterr().out.split("wall time")
    assert [row[0] for row in table_of(one)] == ["ours", "baseline"]
    ((processes, seconds, *_),) = table_of(all_cores)
    assert processes == "1" and float(seconds) > 0
