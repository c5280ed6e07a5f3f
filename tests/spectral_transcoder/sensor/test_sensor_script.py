"""`predict_third_octave.py` makes tables, a picture and a sound of levels, or says in one line why not."""

import io
import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import soundfile
from audio_fixtures import octave_levels, save_transcoders, save_yamnet, scene
from script_fixtures import files_in, run_script
from sensor_fixtures import make_levels, make_table, make_times, make_tone, write_csv, write_h5, write_npy

import predict_third_octave
from audiokit import cli
from audiokit.reports.figures import new_figure
from spectral_transcoder.sensor import load_predictor
from spectral_transcoder.sensor.bands.weighting import weights
from spectral_transcoder.sensor.many import SOME_LEFT_OUT
from spectral_transcoder.sensor.presence import thresholds
from spectral_transcoder.third_octave import third_octave

ROOT = Path(predict_third_octave.__file__).parent
RESULTS = {"_presence.csv", "_scores.csv", "_settings.json", "_summary.csv", ".png"}

pytestmark = pytest.mark.usefixtures("no_trained_transcoders")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A YamNet with weights by the recipe, and stand-ins for the trained CNNs."""
    return save_transcoders(save_yamnet(tmp_path_factory.mktemp("models")))


@pytest.fixture
def run_and_draw(tmp_path, models, capsys):
    """Run the script; gives the exit status, and what it printed and complained about."""

    def run(*arguments, output=tmp_path / "out"):
        options = ["--output", output, "--models", models, "--device", "cpu", *arguments]
        return run_script(predict_third_octave.main, capsys, *options)

    return run


@pytest.fixture
def run(run_and_draw, monkeypatch):
    """The same without pictures, whose drawing takes most of the time that a short file takes."""
    monkeypatch.setattr("spectral_transcoder.sensor.tagging.sensor_figure", lambda *_, **__: new_figure(1, 1))
    return run_and_draw


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def expected_scores(models, levels, **options):
    return load_predictor(models=models, device="cpu", **options).score_levels(levels)


def test_a_file_becomes_tables_and_a_picture(tmp_path, run_and_draw, out, models):
    levels = make_levels(165)
    path = write_csv(tmp_path / "place.de.csv", make_table(levels, make_times(165, zone="UTC")))
    status, printed, complaints = run_and_draw(path)
    assert (status, complaints) == (0, "")
    assert files_in(out) == {f"place.de{ending}" for ending in RESULTS}
    assert "2 blocks of 10 s" in printed
    assert str(out / "place.de_scores.csv") in printed
    scores = pd.read_csv(out / "place.de_scores.csv")
    assert list(scores)[:4] == ["time", "seconds", "level_db", "Speech"]
    assert list(scores["time"]) == ["2024-05-01T12:00:00.000Z", "2024-05-01T12:00:10.000Z"]
    assert scores.shape == (2, 3 + 521)
    np.testing.assert_allclose(scores.iloc[:, 3:], expected_scores(models, levels[:160]), atol=6e-6)
    summary = pd.read_csv(out / "place.de_summary.csv")
    assert list(summary)[3:] == [
        "LAeq", "LA10", "LA50", "LA90", "label_1", "score_1", "label_2", "score_2", "label_3", "score_3",
        "voice", "birds", "traffic", "voice_present", "birds_present", "traffic_present",
    ]  # fmt: skip
    assert list(summary["label_1"]) == list(scores.iloc[:, 3:].idxmax(axis=1))
    a_weighted = 10 * np.log10((10 ** ((levels[:160] + weights("A")) / 10)).sum(axis=1)).reshape(2, 80)
    np.testing.assert_allclose(summary["LAeq"], 10 * np.log10((10 ** (a_weighted / 10)).mean(axis=1)), atol=0.006)
    np.testing.assert_allclose(summary["LA90"], np.percentile(a_weighted, 10, axis=1), atol=0.006)
    presence = pd.read_csv(out / "place.de_presence.csv")
    assert list(presence["period"]) == ["hour", "day"]
    assert list(presence["time"]) == ["2024-05-01T12:00:00.000Z", "2024-05-01T00:00:00.000Z"]
    np.testing.assert_allclose(presence["birds_percent"], 100 * summary["birds_present"].mean())
    assert (out / "place.de.png").read_bytes().startswith(b"\x89PNG")


def test_options_say_what_is_wanted(tmp_path, run, out, models):
    levels = make_levels(480).reshape(3, 160, 29)
    path = write_h5(tmp_path / "a.h5", mine=levels)
    groups = tmp_path / "groups.csv"
    groups.write_text("label,group\nSpeech,people\nLaughter,people\nDog,dogs\n")
    status, _, complaints = run(
        path, "--dataset", "mine", "--format", "h5", "--block", 20, "--top", 1, "--groups", groups,
        "--threshold", 0.4, "--threshold", "dogs=0", "--no_picture", "--transcoder", "pinv", "--db_offset", -70,
        "--start", "2024-05-01",
    )  # fmt: skip
    assert (status, complaints) == (0, "")
    assert files_in(out) == {"a_presence.h5", "a_scores.h5", "a_settings.json", "a_summary.h5"}
    predictor = load_predictor("YamNet", "pinv", models=models, device="cpu", block_seconds=20)
    expected = np.concatenate([predictor.score_levels(chunk, db_offset=-70) for chunk in levels])
    with h5py.File(out / "a_scores.h5") as file:
        np.testing.assert_allclose(file["scores"], expected, atol=1e-6)
        assert list(file["chunk"]) == [0, 1, 2]
        np.testing.assert_allclose(np.diff(file["time"]), 20)
        assert file.attrs["transcoder"] == "pinv"
        assert file.attrs["db_offset"] == -70
    with h5py.File(out / "a_summary.h5") as file:
        people = expected[:, [predictor.labels.index("Speech"), predictor.labels.index("Laughter")]].max(axis=1)
        np.testing.assert_allclose(file["people"], people, atol=1e-6)
        np.testing.assert_array_equal(file["people_present"], people >= 0.4)
        assert np.asarray(file["dogs_present"]).all()
        assert set(file) >= {"dogs", "label_1", "score_1"}
        assert "label_2" not in file


def test_all_formats_have_the_same_scores(tmp_path, run, out):
    levels = make_levels(160)
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    table = make_table(levels, make_times(160))
    write_csv(folder / "a.csv", table)
    write_npy(folder / "b.npy", levels)
    write_h5(folder / "deeper" / "c.h5", fast_125ms=levels)
    names = ["a", "b", "deeper/c"]
    if "pyarrow" in sys.modules or pytest.importorskip("pyarrow"):
        table.to_parquet(folder / "d.parquet", index=False)
        names.append("d")
    status, _, complaints = run(folder, "--no_picture")
    assert (status, complaints) == (0, "")
    found = [pd.read_csv(out / f"{name}_scores.csv").iloc[:, 3:].to_numpy() for name in names]
    for scores in found[1:]:
        np.testing.assert_array_equal(scores, found[0])


def test_the_automatic_offset_is_found_over_all_files(tmp_path, run, out, models):
    levels = make_levels(320)
    for index, part in enumerate(np.split(levels, 2)):
        write_npy(tmp_path / f"{index}.npy", part)
    expected = -np.percentile(10 * np.log10((10 ** (levels.astype(float) / 10)).sum(axis=1)), 99)
    status, printed, _ = run(tmp_path / "0.npy", tmp_path / "1.npy", "--auto_offset", "--no_picture")
    assert status == 0
    assert f"offset: {expected:.1f}" in printed
    scores = pd.read_csv(out / "1_scores.csv").iloc[:, 3:]
    predictor = load_predictor(models=models, device="cpu")
    # Not nearer: rounded otherwise, a level may choose another texture for a second.
    np.testing.assert_allclose(scores, predictor.score_levels(levels[160:], db_offset=expected), atol=0.01)


def test_gaps_are_told_of_and_kept(tmp_path, run, out):
    levels = make_levels(400)
    levels[0:60, 3] = np.nan
    levels[90, 0] = -999
    table = make_table(levels, make_times(400)).drop(range(160, 320))
    status, printed, complaints = run(write_csv(tmp_path / "a.csv", table), "--no_picture")
    assert status == 0
    assert "3 blocks of 10 s, 1 of them without scores for gaps" in printed
    told = [line.removeprefix(f"{tmp_path / 'a.csv'}: ") for line in complaints.splitlines()]
    assert told == [
        "60 of 240 frames with levels that are no numbers: gaps",
        "1 of 240 frames with levels below -250 or above 200 dB: gaps",
        "gaps between times: 1, 20 s in all, the longest 20 s",
    ]
    scores = pd.read_csv(out / "a_scores.csv")
    assert [time[11:19] for time in scores["time"]] == ["12:00:00", "12:00:10", "12:00:40"]
    assert list(scores["seconds"]) == [2, 9, 10]
    assert list(scores["Speech"].isna()) == [True, False, False]


def test_an_offset_that_makes_no_sense_is_told_of(tmp_path, run):
    _, _, complaints = run(write_npy(tmp_path / "a.npy", make_levels(80)), "--db_offset", 0, "--no_picture")
    assert "dB re full scale: scores will mean little. Try --auto_offset, or --db_offset -" in complaints


def test_probabilities_that_nobody_knows_are_told_of(tmp_path, run):
    path = write_npy(tmp_path / "a.npy", make_levels(80))
    status, _, complaints = run(path, "--no_picture", "--transcoder", "pinv", "--probabilities")
    assert status == 0
    assert "probabilities of voice, birds, traffic are left empty: nobody has measured them" in complaints


def test_slow_levels_are_tagged_with_a_word_of_caution(tmp_path, run, out, models):
    levels = make_levels(20)
    path = write_csv(tmp_path / "a.csv", make_table(levels, make_times(20, step=1)))
    status, _, complaints = run(path, "--no_picture")
    assert status == 0
    caution, *empty = complaints.splitlines()
    assert caution == (
        f"{path}: a level a second: what changes within it is lost, so that tags of short sounds rest on little"
    )
    assert all(line.startswith(f"{path}: ") and " is left empty: " in line for line in empty)
    summary, groups = pd.read_csv(out / "a_summary.csv"), ("voice", "birds", "traffic")
    assert [f"{path}: {name} " in complaints for name in groups] == [summary[name].isna().all() for name in groups]
    scores = pd.read_csv(out / "a_scores.csv").iloc[:, 3:]
    expected = expected_scores(models, np.repeat(levels, 8, axis=0))
    np.testing.assert_allclose(scores, expected, atol=6e-6)


@pytest.mark.parametrize(("milliseconds", "is_told"), [(125, False), (160, False), (200, True), (250, True)])
def test_levels_that_are_farther_apart_are_told_of(tmp_path, run, milliseconds, is_told):
    times = make_times(40, step=milliseconds / 1000)
    status, _, complaints = run(write_csv(tmp_path / "a.csv", make_table(make_levels(40), times)), "--no_picture")
    assert status == 0
    caution = f"levels of {milliseconds} ms hold less of what changes fast, such as voices"
    assert (caution in complaints) == is_told


# The sound


@pytest.mark.parametrize("start", ["2", "2024-05-01T12:00:02"])
def test_an_excerpt_sounds_like_what_the_sensor_heard(tmp_path, run, out, start):
    sound = scene(12)
    table = make_table(third_octave(sound) + 64, make_times(96))
    path = write_csv(tmp_path / "a.csv", table)
    status, printed, _ = run(path, "--no_picture", "--transcoder", "pinv", "--audio", start, 9)
    assert status == 0
    (wav,) = out.glob("*.wav")
    assert wav.name == f"a_from_{start.replace(':', '-')}_pinv.wav"
    assert str(wav) in printed
    samples, rate = soundfile.read(wav)
    assert (rate, len(samples)) == (16000, 9 * 16000)
    # PINV puts the levels back to some decibels: 3 of 5 octaves within 6 dB, all of them in order of magnitude.
    expected = octave_levels(sound[::2][2 * 16000 : 11 * 16000], 16000, n_octaves=5)
    difference = octave_levels(samples, 16000, n_octaves=5) - expected
    assert np.abs(difference).max() < 12
    assert np.median(np.abs(difference)) < 6


def test_gaps_are_silent(tmp_path, run, out):
    levels = third_octave(scene(6)) + 64
    levels[16:32] = np.nan
    run(write_npy(tmp_path / "a.npy", levels), "--no_picture", "--transcoder", "pinv", "--audio", 0, 6)
    samples, rate = soundfile.read(next(out.glob("*.wav")))
    loud = np.abs(samples.reshape(6, rate)).max(axis=1)
    assert np.abs(samples[int(2.2 * rate) : int(3.8 * rate)]).max() < 1e-3 < loud[[0, 1, 4, 5]].min()


@pytest.mark.parametrize(
    "start, message",
    [
        ("100", "no levels in the 2 s from 100 on; what was read ends at 9.875 s"),
        ("2024-05-01", "has no dates: give the beginning of the excerpt in seconds"),
        ("noon", "times such as 'noon' cannot be read"),
    ],
)
def test_an_excerpt_that_is_not_there_is_a_line(tmp_path, run, start, message):
    status, _, complaints = run(write_npy(tmp_path / "a.npy", make_levels(80)), "--no_picture", "--audio", start, 2)
    assert status == 1
    assert message in complaints


def test_of_several_files_those_without_the_excerpt_are_tagged_without_a_sound(tmp_path, run, out):
    days = [
        write_csv(tmp_path / f"{day}.csv", make_table(make_levels(80), make_times(80) + pd.Timedelta(day, "D")))
        for day in range(2)
    ]
    status, _, complaints = run(*days, "--no_picture", "--transcoder", "pinv", "--audio", "2024-05-01T12:00:02", 3)
    assert status == 0
    assert f"no sound: {days[1]} has no levels in the 3 s from 2024-05-01T12:00:02 on" in complaints
    assert [path.name for path in out.glob("*.wav")] == ["0_from_2024-05-01T12-00-02_pinv.wav"]
    assert {"0_settings.json", "1_settings.json"} < files_in(out)
    assert not [name for name in files_in(out) if name.endswith(".part")]
    for _ in range(2):  # also where all is done
        status, _, complaints = run(*days, "--no_picture", "--transcoder", "pinv", "--audio", "2024-06-01T12:00:02", 3)
        assert status == 3
        assert "error: no file has levels at the time that --audio names: there is no sound" in complaints


# Again, and wrong


def test_what_is_done_is_not_done_again(tmp_path, run, out):
    path = write_npy(tmp_path / "a.npy", make_levels(80))
    run(path)
    before = {name: (out / name).stat().st_mtime_ns for name in files_in(out)}
    status, printed, _ = run(path)
    assert status == 0
    assert "done before with these settings" in printed
    assert {name: (out / name).stat().st_mtime_ns for name in files_in(out)} == before
    _, printed, _ = run(path, "--block", 5)
    assert "2 blocks of 5 s" in printed
    assert json.loads((out / "a_settings.json").read_text())["block_seconds"] == 5
    write_npy(path, make_levels(160))
    assert "4 blocks of 5 s" in run(path, "--block", 5)[1]
    assert "done before" in run(path, "--block", 5)[1]
    assert "4 blocks of 5 s" in run(path, "--block", 5, "--transcoder", "cnn_mels")[1]
    groups = tmp_path / "groups.csv"
    for label in ("Dog", "Cat"):
        groups.write_text(f"label,group\n{label},animals\n")
        assert "4 blocks of 5 s" in run(path, "--block", 5, "--groups", groups)[1]
    (out / "a_settings.json").write_text("{")
    assert "4 blocks of 5 s" in run(path, "--block", 5, "--groups", groups)[1]


def test_what_has_other_probabilities_now_is_done_again(tmp_path, run, out, monkeypatch):
    path = write_npy(tmp_path / "a.npy", make_levels(80))
    run(path)
    settings = json.loads((out / "a_settings.json").read_text())
    teacher, transcoder = settings["teacher"], settings["transcoder"]
    keys = [(teacher, transcoder, "fast", group) for group in settings["groups"]]
    for slope in (1.0, 2.0):
        chosen = {key: thresholds.Threshold(0.1, slope, 0.0) for key in keys}
        monkeypatch.setattr(thresholds, "_chosen", lambda chosen=chosen: chosen)
        assert "done before" not in run(path)[1]
        assert "done before" in run(path)[1]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("time")])
def test_what_is_deleted_or_cut_off_is_made_again(tmp_path, run, out, damage):
    path = write_npy(tmp_path / "a.npy", make_levels(80))
    run(path)
    table = (out / "a_scores.csv").read_text()
    damage(out / "a_scores.csv")
    assert "done before" not in run(path)[1]
    assert (out / "a_scores.csv").read_text() == table
    assert "done before" in run(path)[1]


def test_one_bad_file_does_not_keep_the_others_from_being_done(tmp_path, run, out):
    good = write_npy(tmp_path / "good.npy", make_levels(80))
    bad = write_npy(tmp_path / "bad.npy", np.zeros((80, 31)))
    late = write_csv(tmp_path / "late.csv", make_table(make_levels(160), [*make_times(100), *make_times(60)]))
    short = write_npy(tmp_path / "short.npy", make_levels(7))
    (tmp_path / "other").mkdir()
    same = write_npy(tmp_path / "other" / "good.npy", make_levels(80))
    status, _, complaints = run(bad, late, short, good, same)
    assert status == SOME_LEFT_OUT
    *errors, last = complaints.splitlines()
    assert [line.split(": ")[0] for line in errors] == ["error"] * 4
    assert last == "4 of 5 files could not be used, as told above"
    for words in ("bad.npy has the shape", "sort the rows", "not one whole second", "would overwrite what is made of"):
        assert words in complaints
    assert files_in(out) == {f"good{ending}" for ending in RESULTS}


def test_what_is_to_be_read_is_not_written_over(tmp_path, run):
    first = write_csv(tmp_path / "a.csv", make_table(make_levels(80)))
    second = write_csv(tmp_path / "a_summary.csv", make_table(make_levels(80, seed=1)))
    content = second.read_bytes()
    status, _, complaints = run(first, second, "--output", tmp_path)
    assert status == SOME_LEFT_OUT
    assert f"error: what is made of {first} would overwrite {second}, which is to be read: use another --output" in (
        complaints
    )
    assert second.read_bytes() == content


def test_one_bad_file_does_not_keep_the_offset_from_being_found(tmp_path, run, out):
    bad = write_npy(tmp_path / "bad.npy", np.zeros((80, 31)))
    good = write_npy(tmp_path / "good.npy", np.full((80, 29), 60 - 10 * np.log10(29), np.float32))
    status, printed, complaints = run(bad, good, "--auto_offset", "--summary_only", "--no_picture")
    assert status == SOME_LEFT_OUT
    assert "offset: -60.00 dB" in printed
    assert complaints.splitlines()[1:] == ["1 of 2 files could not be used, as told above"]
    assert files_in(out) == {"good_presence.csv", "good_settings.json", "good_summary.csv"}


def test_the_standard_input_is_tagged_too(tmp_path, run, out, monkeypatch, models):
    levels = make_levels(160)
    content = make_table(levels, make_times(160)).to_csv(index=False).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert run("-", "--no_picture")[0] == 0
    scores = pd.read_csv(out / "stdin_scores.csv").iloc[:, 3:]
    np.testing.assert_allclose(scores, expected_scores(models, levels), atol=6e-6)


@pytest.mark.parametrize(
    "options, message",
    [
        (["--teacher", "nobody"], "unknown teacher 'nobody'"),
        (["--teacher", "mn04_as"], "the weights of mn04_as are missing"),
        (["--transcoder", "nothing"], "no transcoder 'nothing' for YamNet"),
        (["--groups", "{folder}/none.csv"], "none.csv"),
        (["--threshold", "brids=0.1"], "there is no group 'brids': voice, birds, traffic are there"),
        (["--groups", "{folder}/typo.csv"], "no labels of AudioSet: 'Spech'"),
    ],
)
def test_what_is_not_there_is_a_line(tmp_path, run, options, message):
    (tmp_path / "typo.csv").write_text("label,group\nSpech,people\n")
    path = write_npy(tmp_path / "a.npy", make_levels(80))
    status, _, complaints = run(path, *(option.format(folder=tmp_path) for option in options))
    assert status == 1
    assert message in complaints
    assert complaints.startswith("error: ")
    assert complaints.count("\n") == 1


def test_impossible_options_are_usage_errors(capsys):
    for options in (
        ["--block", "0"],
        ["--audio", "0", "0"],
        ["--audio", "0", "x"],
        ["--db_offset", "1", "--auto_offset"],
        ["--db_offset", "nan"],
        ["--threshold", "birds=2"],
    ):
        with pytest.raises(SystemExit):
            predict_third_octave.parse(["a.npy", *options])
    capsys.readouterr()


def test_help_is_quick_since_heavy_packages_wait():
    code = "import sys, predict_third_octave as p; p.parse(['a.npy']); print({'torch', 'pandas'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "set()", done.stderr


def test_a_calibrator_corrects_all_that_is_written(tmp_path, run, out):
    """30 s of 94 dB at 1 kHz that read 91.3, between two minutes of levels, in one of two files of a sensor."""
    levels = make_levels(8 * 150)
    levels[480:720] = make_tone(240, 91.3)
    names = [
        str(write_csv(tmp_path / f"{name}.csv", make_table(part, make_times(len(part), zone="UTC"))))
        for name, part in {"with": levels, "without": make_levels(400, seed=1)}.items()
    ]
    assert run(*names, "--transcoder", "pinv", output=out / "raw")[0] == 0
    assert run(*names[1:], "--transcoder", "pinv", "--db_offset", -87.3, output=out / "by_hand")[0] == 0
    status, printed, complaints = run(*names, "--transcoder", "pinv", "--calibrator", 94)
    assert status == 0
    assert "calibrator: 91.30 dB from 2024-05-01 12:01:00.000Z on, for 30 s" in printed
    assert "with +2.70 dB, levels are those of 94 dB" in printed
    assert "256 of 1200 frames of the calibrator: gaps" in complaints
    raw, corrected = (pd.read_csv(folder / "with_summary.csv") for folder in (out / "raw", out))
    # Of the blocks beside the calibrator, the second in which it was put on or taken off is left out.
    assert list(corrected["seconds"]) == [*[10] * 5, 9, 0, 0, 0, 9, *[10] * 5]
    assert corrected["level_db"][6:9].isna().all()
    assert corrected["label_1"][6:9].isna().all()
    np.testing.assert_allclose(corrected["level_db"][:5], raw["level_db"][:5] + 2.7, atol=0.011)
    raw, corrected = (pd.read_csv(folder / "without_presence.csv") for folder in (out / "raw", out))
    np.testing.assert_allclose(corrected["LAeq"], raw["LAeq"] + 2.7, atol=0.011)
    by_hand, corrected = (pd.read_csv(folder / "without_scores.csv") for folder in (out / "by_hand", out))
    np.testing.assert_allclose(corrected.iloc[:, 3:], by_hand.iloc[:, 3:], atol=1e-5)
    assert json.loads((out / "with_settings.json").read_text())["calibrations"][""]["correction"] == pytest.approx(
        2.7, abs=1e-4
    )


def test_a_calibrator_that_is_not_there_is_told_and_nothing_is_written(tmp_path, run, out):
    path = write_csv(tmp_path / "a.csv", make_table(make_levels(160)))
    status, _, complaints = run(path, "--transcoder", "pinv", "--calibrator")
    assert status == 1
    assert "no calibrator is found: for 3 s" in complaints
    assert not out.exists()


def test_shares_are_all_files_each_once(tmp_path, models):
    (tmp_path / "levels").mkdir()
    for name in "abc":
        write_csv(tmp_path / "levels" / f"{name}.csv", make_table(make_levels(80), make_times(80)))
    options = [tmp_path / "levels", "--models", models, "--no_picture", "--summary_only", "--auto_offset"]
    options += ["--output", tmp_path / "out"]
    done = []
    for share in ("1/2", "2/2"):
        assert cli.run(predict_third_octave.main, [*map(str, options), "--share", share]) == 0
        done.append({path.name[0] for path in (tmp_path / "out").glob("*_summary.csv")})
    assert done == [{"a", "c"}, {"a", "b", "c"}]
    offsets = {json.loads(path.read_text())["db_offset"] for path in (tmp_path / "out").glob("*_settings.json")}
    assert len(offsets) == 1


@pytest.mark.parametrize("share", ["0/2", "3/2", "3"])
def test_shares_that_are_none_are_refused(share, capsys):
    with pytest.raises(SystemExit, match="2"):
        predict_third_octave.parse(["levels", "--share", share])
    assert "--share" in capsys.readouterr().err


def test_a_threshold_that_nobody_has_chosen_is_told_as_a_guess(run, tmp_path):
    path = tmp_path / "a.npy"
    write_npy(path, make_levels(160))
    guess = "no threshold was chosen on annotated levels"
    assert guess in run(path, "--teacher", "YamNet", "--transcoder", "pinv")[2]
    asked = [f"--threshold={group}=0.1" for group in ("traffic", "voice", "birds")]
    assert guess not in run(path, "--teacher", "YamNet", "--transcoder", "pinv", *asked)[2]
