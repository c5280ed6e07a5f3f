"""Pictures of EMVD: the published values, ticks where they belong, axes that say what they are."""

import librosa
import numpy as np
import pytest
import soundfile
from emvd_fixtures import file_row, write_rows

from audiokit import cli
from exp_emvd import plot_dataset_analysis, plot_spectrograms
from exp_emvd.data.metadata import read_files
from exp_emvd.figures.dataset_analysis import SHOWN, summary, totals
from exp_emvd.figures.drawing import analysis_figure, confusion_heat_map, spectrograms_figure
from exp_emvd.figures.spectrogram_examples import EXAMPLES, magnitudes
from exp_emvd.tasks import spaced


@pytest.fixture
def files(shared):
    return read_files(shared / "data" / "emvd" / "metadata_files.csv")


# What there is


def test_durations_and_singers_are_those_of_the_published_figure(files):
    found = totals(files)
    assert list(found.index) == list(SHOWN)
    np.testing.assert_allclose(found["seconds"], [2367.8, 826.2, 1324.3, 1157.0, 283.1, 58.1, 39.6, 17.1], atol=0.05)
    assert found["singers"].tolist() == [25, 19, 21, 15, 9, 8, 8, 3]
    assert (found["files"].sum(), round(found["seconds"].sum(), 1)) == (823, 6073.2)
    assert summary(found).startswith("total duration: 6073.2 s in 823 recordings\nclear voice: 2367.8 s\n")


def test_with_all_ranks_they_are_those_of_the_latest_code(files):
    found = totals(files, all_ranks=True)
    assert found["singers"].tolist() == [25, 25, 25, 21, 9, 9, 11, 12]
    np.testing.assert_allclose(found["seconds"][1:4], [1360.7, 1551.2, 1677.8], atol=0.05)


def test_bars_are_labelled_and_as_long_as_what_they_show(files):
    found = totals(files)
    durations, singers = analysis_figure(found).axes
    assert [label.get_text() for label in durations.get_yticklabels()] == [spaced(name) for name in SHOWN]
    assert [bar.get_width() for bar in singers.patches] == found["singers"].tolist()
    assert durations.get_xlabel() == "Samples total duration (s)"


@pytest.mark.parametrize(("suffix", "start"), [("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_the_analysis_is_written_by_its_suffix(tmp_path, capsys, suffix, start):
    rows = [file_row("a.wav"), file_row("b.wav", singer=2, technique="BlackShriek", duration="7,5")]
    write_rows(tmp_path / "metadata_files.csv", rows)
    output = tmp_path / "results" / f"analysis.{suffix}"
    assert cli.run(plot_dataset_analysis.main, ["--metadata", str(tmp_path), "--output", str(output)]) == 0
    assert output.read_bytes().startswith(start)
    assert "BlackShriek: 7.5 s (75.0 %), 1 recordings by 1 singers" in capsys.readouterr().out


def test_another_suffix_is_refused(tmp_path, capsys):
    write_rows(tmp_path / "metadata_files.csv", [file_row("a.wav")])
    arguments = ["--metadata", str(tmp_path), "--output", str(tmp_path / "analysis.jpeg")]
    assert cli.run(plot_dataset_analysis.main, arguments) == 1
    assert "a figure is written as png, pdf, svg" in capsys.readouterr().err


# Spectrograms


def test_magnitudes_are_those_of_librosa():
    samples = np.random.default_rng(0).standard_normal(48000)
    expected = np.abs(librosa.stft(samples, n_fft=1024, hop_length=256, pad_mode="constant"))[:100]
    np.testing.assert_allclose(magnitudes(samples), expected, atol=1e-9)
    assert expected.shape == (100, 188)


def test_a_tone_is_drawn_at_its_tick():
    tone = magnitudes(np.sin(2 * np.pi * 3000 * np.arange(48000) / 48000))
    axes = spectrograms_figure({str(n): tone for n in range(8)}, seconds=1, bin_hz=48000 / 1024).axes[0]
    image = axes.images[0]
    *_, lowest, highest = image.get_extent()
    height = lowest + (tone.mean(axis=1).argmax() + 0.5) * (highest - lowest) / len(tone)
    assert height == pytest.approx(3)
    assert axes.get_yticks().tolist() == [1, 2, 3, 4]


def test_spectrograms_of_eight_recordings_are_written(tmp_path):
    for name in EXAMPLES.values():
        soundfile.write(tmp_path / name, np.random.default_rng(0).standard_normal(96000) / 8, 48000)
    output = tmp_path / "spectrograms.png"
    assert cli.run(plot_spectrograms.main, ["--audio", str(tmp_path), "--output", str(output)]) == 0
    assert output.stat().st_size > 10_000


def test_missing_recordings_are_counted(tmp_path, capsys):
    (tmp_path / "Singer2_ClearVoice_Mid_a.wav").touch()
    assert cli.run(plot_spectrograms.main, ["--audio", str(tmp_path), "--output", str(tmp_path / "a.pdf")]) == 1
    told = capsys.readouterr().err
    assert "7 of 8 recordings are missing" in told
    assert "Singer1_BlackShriek_Mid_a.wav first" in told


# Confusions


def test_a_heat_map_says_what_its_axes_are_and_leaves_out_what_there_is_not():
    shares = np.array([[0.75, 0.25], [np.nan, np.nan]])
    axes = confusion_heat_map(shares, ["ClearVoice", "DeathGrowl"], rows="sung", columns="taken for").axes[0]
    assert [text.get_text() for text in axes.texts] == ["75", "25"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("sung", "taken for")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Clear Voice", "Death Growl"]
