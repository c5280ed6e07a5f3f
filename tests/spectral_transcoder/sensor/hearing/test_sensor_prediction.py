"""Scores of blocks are those of the rule of fast-to-ears, and of recordings that are transcoded directly."""

import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from audio_fixtures import save_tagger, save_transcoders, save_yamnet, scene
from sensor_fixtures import (
    ListSource,
    ToyTeacher,
    make_levels,
    make_table,
    make_times,
    piece,
    toy_predictor,
    write_csv,
    write_npy,
)
from torch.testing import assert_close

from audiokit.errors import UserError
from audiokit.sound.audio import load
from pann.mel import FRONT_END as PANN
from spectral_transcoder.hearing import join_scores
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.sensor import load_predictor
from spectral_transcoder.sensor.bands.weighting import weights
from spectral_transcoder.sensor.hearing import loading
from spectral_transcoder.sensor.hearing.windows import join
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.results.excerpt import transcoder_for_sound
from spectral_transcoder.third_octave import NOMINAL_FREQUENCIES, third_octave
from spectral_transcoder.transcoders.store import TranscoderSettings, build_transcoder, save_transcoder
from spectral_transcoder.transcoding import transcode
from teachers.registry import front_end_of

OFFSET = -26
"""Of our own third octaves, which have 26 dB re full scale."""

pytestmark = pytest.mark.usefixtures("no_trained_transcoders")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A YAMNet with weights by the recipe, and stand-ins for the trained CNNs."""
    return save_transcoders(save_yamnet(tmp_path_factory.mktemp("models")))


def fast_to_ears(levels, teacher, *, db_offset):
    """Scores of a chunk (frames, 29), written anew from what is known of that tool."""
    transcoder = Pinv(teacher.front_end, calibration_db=0)
    groups = [levels[start : start + 8] + db_offset for start in range(0, len(levels) - 7, 8)]
    mels = [transcoder(torch.tensor(group)[None])[0] for group in groups]
    mel = torch.cat([*(frames[:-1] for frames in mels[:-1]), mels[-1]])
    size = 1000 if len(levels) >= 80 else len(levels) // 8 * 100
    blocks = [mel[start : start + size] for start in range(0, len(mel) - size + 1, size)]
    return torch.stack([teacher.scores(block[None])[0] for block in blocks]).mean(dim=0).numpy()


@pytest.mark.parametrize("n_frames", [8, 15, 44, 79, 80, 160, 240, 243])
@pytest.mark.parametrize("db_offset", [-90, -63.2])
def test_scores_are_those_of_the_sister_tool(n_frames, db_offset):
    levels = make_levels(n_frames)
    predictor = toy_predictor(block_seconds=30)
    (scores,) = predictor.score_levels(levels, db_offset=db_offset)
    np.testing.assert_allclose(scores, fast_to_ears(levels, predictor.teacher, db_offset=db_offset), atol=2e-6)


def test_each_chunk_of_an_array_has_the_scores_of_the_sister_tool(tmp_path):
    levels = make_levels(5 * 160).reshape(5, 160, 29)
    predictor = toy_predictor(block_seconds=20)
    table = predictor.table(write_npy(tmp_path / "a.npy", levels), db_offset=-80)
    expected = [fast_to_ears(chunk, predictor.teacher, db_offset=-80) for chunk in levels]
    np.testing.assert_allclose(table.to_numpy(), expected, atol=2e-6)
    assert list(table.index) == [0, 20, 40, 60, 80]


def test_what_is_left_of_a_block_behind_ten_seconds_counts_by_its_length():
    levels = make_levels(25 * 8)
    (scores,) = toy_predictor(block_seconds=30).score_levels(levels)
    parts = toy_predictor(block_seconds=10).score_levels(levels)
    assert len(parts) == 3
    np.testing.assert_allclose(scores, (10 * parts[0] + 10 * parts[1] + 5 * parts[2]) / 25, atol=1e-6)


@pytest.mark.parametrize("name", ["PANN", "YamNet", "mn04_as", "mn10_as_hop_15"])
def test_joined_seconds_have_a_frame_for_each_hop(name):
    front_end = front_end_of(name)
    chunks = torch.randn(2, 3, front_end.chunk_frames, front_end.n_mels)
    joined = join(chunks, front_end)
    n_hops = round(front_end.frame_rate)
    assert joined.shape == (2, 3 * n_hops, front_end.n_mels)
    seconds = joined.unflatten(1, (3, n_hops))
    n_kept = min(n_hops, front_end.chunk_frames)
    assert_close(seconds[:, :, :n_kept], chunks[:, :, :n_kept])
    assert not seconds[:, :, n_kept:].any()


# Against the transcoder on the waveform


@pytest.mark.parametrize("transcoder", ["pinv", "cnn_logits"])
def test_levels_of_a_sound_have_the_scores_of_the_sound(models, transcoder):
    sound = scene(10)
    predictor = load_predictor("YamNet", transcoder, models=models, device="cpu")
    with torch.inference_mode():
        direct = predictor.teacher.chunk_scores(transcode(predictor.transcoder, torch.from_numpy(sound))).numpy()
    of_seconds = third_octave(sound.reshape(-1, 32000)).reshape(-1, 29)
    np.testing.assert_allclose(predictor.score_levels(of_seconds, db_offset=OFFSET)[0], direct, atol=1e-6)
    # A sensor does not end its last frame with zeros every second; measured 4e-4.
    of_whole = predictor.score_levels(third_octave(sound), db_offset=OFFSET)[0]
    np.testing.assert_allclose(of_whole, direct, atol=2e-3)
    assert of_whole.argmax() == direct.argmax()


@pytest.mark.parametrize(
    ("teacher", "transcoder"), [("YamNet", "pinv"), ("YamNet", "tcn"), ("mn04_as", "pinv"), ("mn04_as", "tcn")]
)
def test_real_recordings_have_the_tags_that_they_have_directly(shared, teacher, transcoder, monkeypatch):
    monkeypatch.undo()
    sound = load(shared / "data" / "audio" / "birds.wav", sample_rate=32000)[: 32000 * 4]
    predictor = load_predictor(teacher, transcoder, models=shared / "weights", device="cpu")
    with torch.inference_mode():
        direct = predictor.teacher.chunk_scores(transcode(predictor.transcoder, torch.from_numpy(sound))).numpy()
    scores = predictor.score_levels(third_octave(sound), db_offset=OFFSET)[0]
    np.testing.assert_allclose(scores, direct, atol=2e-3)
    assert list(scores.argsort()[-5:]) == list(direct.argsort()[-5:])


# Gaps


def scored(predictor, *pieces, hop_seconds=0.125, **options):
    return list(predictor.score(ListSource(*pieces, hop_seconds=hop_seconds), db_offset=-80, **options))


def test_a_gap_leaves_the_seconds_that_are_whole():
    levels = make_levels(160)
    spoilt = levels.copy()
    spoilt[[20, 100]] = np.nan
    (found,) = scored(toy_predictor(), piece(spoilt))
    assert list(found.seconds) == [9, 9]
    for index, missing in ((0, 2), (1, 2)):
        block = levels[80 * index :][:80]
        rest = np.delete(block.reshape(10, 8, 29), missing, axis=0).reshape(-1, 29)
        np.testing.assert_allclose(found.scores[index], toy_predictor().score_levels(rest, db_offset=-80)[0], atol=1e-6)


@pytest.mark.parametrize("n_seconds, has_scores", [(4, False), (5, True)])
def test_less_than_half_a_block_makes_no_scores(n_seconds, has_scores):
    levels = make_levels(160)
    levels[n_seconds * 8 : 80] = np.nan
    (found,) = scored(toy_predictor(), piece(levels))
    assert list(found.seconds) == [n_seconds, 10]
    assert np.isfinite(found.scores[0]).all() == has_scores
    assert np.isfinite(found.scores[1]).all()


def test_the_end_of_a_series_is_a_shorter_block():
    (found,) = scored(toy_predictor(), piece(make_levels(80 + 8 + 5)), piece(make_levels(84), series=1))
    assert list(found.seconds) == [10, 1, 10]
    assert list(found.chunks) == [0, 0, 1]
    assert np.isfinite(found.scores).all()


def test_levels_that_are_all_unknown_make_rows_without_scores():
    quality = Quality()
    (found,) = scored(toy_predictor(), piece(np.full((160, 29), np.nan)), quality=quality)
    assert list(found.seconds) == [0, 0]
    assert np.isnan(found.scores).all()
    assert np.isnan(found.levels).all()
    assert quality.n_unknown == 160


def test_the_level_of_a_block_is_that_of_its_mean_energy():
    levels = np.full((80, 29), -np.inf, np.float32)
    levels[:, 17] = np.repeat([60, 70], 40)
    levels[0] = np.nan
    (found,) = scored(toy_predictor(), piece(levels))
    assert found.levels[0] == pytest.approx(10 * np.log10((39 * 1e6 + 40 * 1e7) / 79))


def test_a_slow_frame_stands_for_eight_equal_ones():
    levels = make_levels(20)
    (slow,) = scored(toy_predictor(), piece(levels, step=1), hop_seconds=1)
    (fast,) = scored(toy_predictor(), piece(np.repeat(levels, 8, axis=0)))
    np.testing.assert_allclose(slow.scores, fast.scores, atol=1e-7)
    assert list(slow.seconds) == [10, 10]


def test_blocks_are_computed_together_and_come_out_in_order():
    levels = make_levels(80 * 130)
    parts = scored(toy_predictor(), piece(levels))
    assert [len(part.times) for part in parts] == [60, 60, 10]
    parts = scored(
        toy_predictor(), *(piece(part, start=k * 100.0) for k, part in enumerate(levels.reshape(13, -1, 29)))
    )
    assert [len(part.times) for part in parts] == [60, 60, 10]
    together = np.concatenate([part.scores for part in parts])
    np.testing.assert_allclose(together, toy_predictor().score_levels(levels, db_offset=-80), atol=1e-6)
    np.testing.assert_allclose(np.concatenate([part.times for part in parts]), 10 * np.arange(130))


# Tables and loading


def test_a_table_has_times_and_labels(tmp_path):
    levels = make_levels(160)
    path = write_csv(tmp_path / "a.csv", make_table(levels, make_times(160, zone="UTC")))
    table = toy_predictor().table(path, db_offset=-80)
    assert list(table.columns) == ["label 0", "label 1", "label 2", "label 3"]
    assert list(table.index.strftime("%H:%M:%S%z")) == ["12:00:00+0000", "12:00:10+0000"]
    np.testing.assert_allclose(table, toy_predictor().score_levels(levels, db_offset=-80), atol=1e-6)


def test_the_default_is_what_is_there(models, tmp_path):
    predictor = load_predictor(models=models, device="cpu")
    assert (predictor.teacher.name, predictor.transcoder_name) == ("YamNet", "tcn")
    assert predictor.notes == ()
    bare = save_yamnet(tmp_path / "bare")
    predictor = load_predictor(models=bare, device="cpu")
    assert predictor.transcoder_name == "pinv"
    assert any("CNN-logits is left out" in note for note in predictor.notes)


def test_missing_weights_are_a_line(tmp_path):
    with pytest.raises(UserError, match=r"download_pretrained_models\.py --only mn04_as"):
        load_predictor(models=tmp_path)


def test_mixed_precision_changes_scores_by_little(models):
    levels = make_levels(160)
    exact, mixed = (
        load_predictor(models=models, device="cpu", mixed_precision=mixed).score_levels(levels)
        for mixed in (False, True)
    )
    assert 0 < np.abs(mixed - exact).max() < 0.05
    assert np.abs(mixed - exact).mean() < 5e-3


def test_the_toy_teacher_hears_order_and_length():
    """Else the tests above would prove little."""
    teacher, mel = ToyTeacher(), Pinv(PANN)(torch.from_numpy(make_levels(16)).reshape(2, 8, 29) - 60)
    joined = join(mel[None], PANN)
    assert (teacher.scores(joined) - teacher.scores(joined.flip(1))).abs().max() > 1e-3
    assert (teacher.scores(joined) - teacher.scores(joined[:, :-1])).abs().max() > 1e-5


# Taggers


@pytest.fixture(scope="module")
def models_with_taggers(tmp_path_factory):
    """The same, and a tagger for each cadence."""
    folder = save_transcoders(save_yamnet(tmp_path_factory.mktemp("tagged")))
    save_tagger(folder, share=0.25)
    save_tagger(folder, cadence="slow", share=1.0)
    return folder


def test_a_tagger_is_heard_beside_the_transcoder(models_with_taggers):
    levels = make_levels(240)
    both, other = (
        load_predictor("YamNet", name, models=models_with_taggers, device="cpu") for name in ("tagger", "tcn")
    )
    transcoded = other.score_levels(levels)
    windows = torch.from_numpy(levels - 90 + 26).reshape(3, 10, 8, 29)
    with torch.inference_mode():
        own = both.taggers[8].scores(windows)
    expected = join_scores(own, torch.from_numpy(transcoded), 0.25)
    np.testing.assert_allclose(both.score_levels(levels), expected, atol=2e-5)


def test_at_a_cadence_at_which_it_is_alone_nothing_is_transcoded(models_with_taggers, monkeypatch):
    predictor = load_predictor("YamNet", models=models_with_taggers, device="cpu")
    assert predictor.transcoder_name == "tcn"
    levels = make_levels(20)
    monkeypatch.setattr(type(predictor), "_transcoded", None)
    (found,) = scored(predictor, piece(levels, step=1), hop_seconds=1)
    windows = torch.from_numpy(levels - 80 + 26).reshape(2, 10, 1, 29)
    with torch.inference_mode():
        np.testing.assert_allclose(found.scores, predictor.taggers[1].scores(windows), atol=1e-6)


def test_who_asks_for_a_tagger_and_has_none_is_told(models):
    with pytest.raises(UserError, match="no tagger for YamNet is here: name another transcoder"):
        load_predictor("YamNet", "tagger", models=models, device="cpu")


def test_weights_of_taggers_are_in_the_fingerprint(models_with_taggers):
    names = ("tagger", "tcn")
    loaded = [load_predictor("YamNet", name, models=models_with_taggers, device="cpu") for name in names]
    assert len({predictor.fingerprint for predictor in loaded}) == 2


def test_what_a_tagger_counts_is_in_the_fingerprint(models_with_taggers):
    predictor = load_predictor("YamNet", "tagger", models=models_with_taggers, device="cpu")
    half = {8: replace(predictor.taggers[8], share=0.5)}
    names = {predictor.fingerprint, replace(predictor, taggers=predictor.taggers | half).fingerprint}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("asked_for", "names"), [(None, ["tagger", "tagger"]), ("tagger", ["tagger", "tagger"]), ("tcn", ["tcn", "tcn"])]
)
def test_what_levels_are_heard_through_depends_on_their_cadence(models_with_taggers, asked_for, names):
    predictor = load_predictor("YamNet", asked_for, models=models_with_taggers, device="cpu")
    assert [predictor.heard_through(hop_seconds) for hop_seconds in (0.125, 1.0)] == names


@pytest.mark.parametrize(("asked_for", "name"), [(None, "tcn"), ("tagger", "tagger")])
def test_a_teacher_who_hears_sensors_no_better_with_its_tagger_has_it_on_request(
    models_with_taggers, monkeypatch, asked_for, name
):
    monkeypatch.setattr(loading, "WITHOUT_TAGGER", frozenset({"YamNet"}))
    predictor = load_predictor("YamNet", asked_for, models=models_with_taggers, device="cpu")
    assert predictor.heard_through(0.125) == name


@pytest.fixture
def models_for_sensors(models_with_taggers, tmp_path):
    """The same, and a transcoder for sensors."""
    folder = shutil.copytree(models_with_taggers, tmp_path / "models")
    place = folder / "reference_models"
    settings = yaml.safe_load((place / "tcn_YamNet.yaml").read_text())
    del settings["name"]
    torch.manual_seed(99)
    network = build_transcoder(TranscoderSettings(**settings))
    save_transcoder(place, "tcn_sensors", network.state_dict(), settings)
    return folder


@pytest.mark.parametrize("asked_for", [None, "tagger"])
def test_where_there_is_a_transcoder_for_sensors_taggers_are_heard_beside_it(models_for_sensors, asked_for):
    levels = make_levels(240)
    both, other, usual = (
        load_predictor("YamNet", name, models=models_for_sensors, device="cpu")
        for name in (asked_for, "tcn_sensors", "tcn")
    )
    assert both.heard_through(0.125) == "tagger"
    windows = torch.from_numpy(levels - 90 + 26).reshape(3, 10, 8, 29)
    with torch.inference_mode():
        own = both.taggers[8].scores(windows)
    expected = join_scores(own, torch.from_numpy(other.score_levels(levels)), 0.25)
    np.testing.assert_allclose(both.score_levels(levels), expected, atol=2e-5)
    assert not np.allclose(other.score_levels(levels), usual.score_levels(levels), atol=1e-4)


def test_sound_is_not_made_by_the_transcoder_for_sensors(models_for_sensors):
    for asked_for in ("tagger", None):
        predictor = load_predictor("YamNet", asked_for, models=models_for_sensors, device="cpu")
        assert transcoder_for_sound(predictor)[0] != "tcn_sensors"


def test_without_a_tagger_sensors_are_heard_through_the_transcoder_for_them(models_for_sensors, monkeypatch):
    monkeypatch.setattr(loading, "WITHOUT_TAGGER", frozenset({"YamNet"}))
    predictor = load_predictor("YamNet", models=models_for_sensors, device="cpu")
    assert predictor.heard_through(0.125) == predictor.hearing_name(1.0) == "tcn_sensors"


def test_where_no_tagger_is_for_a_cadence_the_transcoder_for_sensors_is_named(models_for_sensors):
    for path in (models_for_sensors / "reference_models").glob("*tagger_slow*"):
        path.unlink()
    predictor = load_predictor("YamNet", "tagger", models=models_for_sensors, device="cpu")
    assert [predictor.heard_through(hop_seconds) for hop_seconds in (0.125, 1.0)] == ["tagger", "tcn_sensors"]


def test_tables_of_several_sensors_name_them(tmp_path):
    rows = make_table(make_levels(320), make_times(160).repeat(2)).assign(sensor=["north", "south"] * 160)
    table = toy_predictor().table(write_csv(tmp_path / "a.csv", rows), db_offset=-90)
    assert table.index.names == ["sensor", "time"]
    assert table.groupby("sensor").size().to_dict() == {"north": 2, "south": 2}
    expected = toy_predictor().score_levels(make_levels(320)[1::2], db_offset=-90)
    np.testing.assert_allclose(table.loc["south"], expected, atol=1e-6)


def test_levels_of_another_shape_are_refused():
    with pytest.raises(UserError, match=r"\(n_frames, 29\), and not \(80, 20\)"):
        toy_predictor().score_levels(np.zeros((80, 20)))


def test_levels_are_of_the_bands_that_were_measured(tmp_path):
    levels = make_levels(160)
    names = [f"{frequency:g}" for frequency in NOMINAL_FREQUENCIES]
    for name, some in (("few", slice(5, 25)), ("all", slice(None))):
        write_csv(tmp_path / f"{name}.csv", make_table(levels, make_times(160), names=names)[["time", *names[some]]])
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for name in ("few", "all"):
            archive.write(tmp_path / f"{name}.csv", f"{name}.csv")
    (scored,) = toy_predictor().score(open_levels(tmp_path / "both.zip"), db_offset=-90)
    energy = 10 ** (levels.astype(np.float64).reshape(2, 80, 29) / 10)
    weighted = energy * 10 ** (weights("A") / 10)
    expected = [energy[..., 5:25], energy]
    assert scored.levels == pytest.approx(
        np.concatenate([10 * np.log10(part.sum(axis=2).mean(axis=1)) for part in expected]), abs=1e-4
    )
    expected = np.concatenate([weighted[..., 5:25].sum(axis=2), weighted.sum(axis=2)])
    np.testing.assert_allclose(scored.a_weighted, 10 * np.log10(expected), atol=1e-4)
