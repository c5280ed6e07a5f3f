"""Reading IRMAS, OpenMIC and tables: labels come from where they belong, and what is unknown is not absent."""

import numpy as np
import pytest
from audio_fixtures import write
from hypothesis import given
from hypothesis import strategies as st
from lumen_fixtures import RATE, irmas_test, irmas_train, openmic, sound, write_table

from audiokit.errors import UserError
from exp_lumen.data.clips import LabelledClip, known_of, labels_of
from exp_lumen.data.irmas import song_of_test_clip
from exp_lumen.data.sources import labelled_clips, split_type
from exp_lumen.data.splits import by_song, fraction_of, leaks, sampling_weights
from exp_lumen.data.tables import override_labels, unlabelled_paths
from exp_lumen.instruments import CODES, FAMILIES, matrix_of


def codes_of(clip):
    return [code for code, label in zip(CODES, clip.labels, strict=True) if label]


def test_the_labels_stand_in_the_order_of_the_original(shared):
    import json

    golden = json.loads((shared / "specs" / "golden_lumen.json").read_text())
    assert list(CODES) == golden["label_order"]
    assert sorted(index for family in FAMILIES.values() for index in family) == list(range(11))


def test_a_training_clip_of_classical_music_is_no_clarinet(tmp_path):
    clips = labelled_clips([f"irmastrain:{irmas_train(tmp_path, codes=('cel', 'cla'))}"], option="--train-paths")
    assert [codes_of(clip) for clip in clips] == [["cel"]] * 4 + [["cla"]] * 4
    assert len({clip.song for clip in clips}) == 4


def test_blank_lines_tabs_and_carriage_returns_are_no_labels(tmp_path):
    folder = irmas_test(tmp_path, songs={"(02) dont kill": ("gel", "voi")})
    clips = labelled_clips([f"irmastest:{folder}"], option="--val-paths")
    assert [codes_of(clip) for clip in clips] == [["gel", "voi"]] * 2
    assert {clip.song for clip in clips} == {"(02) dont kill"}


@pytest.mark.parametrize(
    ("content", "message"), [("xyz\n", "'xyz' is no code"), ("\n", "names no instrument"), (None, "has no labels")]
)
def test_a_text_file_that_is_not_understood_is_named(tmp_path, content, message):
    path = write(tmp_path / "a-1.wav", sound("cel"), RATE) or tmp_path / "a-1.wav"
    if content is not None:
        path.with_suffix(".txt").write_text(content)
    with pytest.raises(UserError, match=message):
        labelled_clips([f"irmastest:{tmp_path}"], option="--val-paths")


def test_a_clip_of_openmic_has_all_its_labels_and_the_rest_is_unknown(tmp_path):
    relevances = {
        "000046_3840": {"violin": 0.95, "cello": 0.9, "piano": 0.1, "flute": 0.5, "guitar": 0.9},
        "000135_483840": {"guitar": 0.05, "drums": 0.9},
    }
    folder = openmic(tmp_path, relevances)
    first, second = labelled_clips([f"openmic:{folder}"], option="--train-paths")
    assert codes_of(first) == ["cel", "vio"]
    assert [code for code, known in zip(CODES, first.known, strict=True) if known] == ["cel", "pia", "vio"]
    assert (codes_of(second), sum(second.known)) == ([], 2)
    assert [clip.path for clip in labelled_clips([f"openmic:{folder}/test"], option="--val-paths")] == [second.path]


def row(name, *codes, **others):
    return {"file": name, "filename": name} | {code: int(code in codes) for code in CODES} | others


def test_columns_of_a_table_are_found_by_their_names(tmp_path):
    write(tmp_path / "a.wav", sound("cel"), RATE)
    table = write_table(tmp_path / "t.csv", [row("a.wav", "vio", flu="")], ["", "filename", "file", *reversed(CODES)])
    (clip,) = labelled_clips([f"csv:{table}"], option="--train-paths")
    assert codes_of(clip) == ["vio"]
    assert clip.known[CODES.index("flu")] == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("a.wav"), row("a.wav", "vio")], "line 3: a.wav comes twice"),
        ([row("a.wav"), row("x/../a.wav")], r"line 3: x/\.\./a\.wav comes twice"),
        ([row("b.wav")], "there is no"),
        ([row("a.wav", cel=2)], "'2' is neither 0 nor 1"),
    ],
)
def test_a_table_that_is_not_understood_is_refused(tmp_path, rows, message):
    write(tmp_path / "a.wav", sound("cel"), RATE)
    (tmp_path / "x").mkdir()
    table = write_table(tmp_path / "t.csv", rows, ["filename", "file", *CODES])
    with pytest.raises(UserError, match=message):
        labelled_clips([f"csv:{table}"], option="--train-paths")


@pytest.mark.parametrize("change", [lambda line: line.rpartition(",")[0], lambda line: f"{line},1"])
def test_a_line_that_is_longer_or_shorter_than_the_header_is_refused(tmp_path, change):
    for name in ("a.wav", "b.wav"):
        write(tmp_path / name, sound("cel"), RATE)
    table = write_table(tmp_path / "t.csv", [row("a.wav"), row("b.wav")], ["filename", "file", *CODES])
    *lines, last = table.read_text().splitlines()
    table.write_text("\n".join([*lines, change(last)]) + "\n")
    with pytest.raises(UserError, match=r"t\.csv, line 3 has not as many cells as the header: mend it"):
        labelled_clips([f"csv:{table}"], option="--train-paths")


def test_tables_replace_labels_of_the_clips_that_they_name(tmp_path):
    clips = labelled_clips([f"irmastrain:{irmas_train(tmp_path / 'x', codes=('cel',))}"], option="--train-paths")
    table = write_table(tmp_path / "o.csv", [row(clips[1].path.name, "cel", "pia")], ["filename", "file", *CODES])
    assert [codes_of(clip) for clip in override_labels(clips, [table])] == [["cel"], ["cel", "pia"], ["cel"], ["cel"]]
    write_table(table, [row("nowhere.wav")], ["filename", "file", *CODES])
    with pytest.raises(UserError, match=r"not trained on, such as nowhere\.wav"):
        override_labels(clips, [table])


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ("irmastest:data/x", "irmastest", "data/x"),
        (r"C:\music", "inference", r"C:\music"),
        (r"csv:C:\t.csv", "csv", r"C:\t.csv"),
        ("a.wav", "inference", "a.wav"),
    ],
)
def test_drive_letters_are_no_types(text, kind, path):
    assert (split_type(text)[0], str(split_type(text)[1])) == (kind, path)


def test_an_unknown_type_is_refused():
    with pytest.raises(UserError, match="there is no type 'irmas'"):
        split_type("irmas:data")
    with pytest.raises(UserError, match="--train-paths data has no labels"):
        labelled_clips(["data"], option="--train-paths")


def test_recordings_without_labels_come_from_folders_tables_or_by_name(tmp_path):
    names = ("b.wav", "a/c.ogg", ".hidden/d.wav")
    for name in names:
        write(tmp_path / name, sound("cel"), RATE)
    table = write_table(tmp_path / "list.csv", [{"file": "b.wav"}], ["file"])
    assert unlabelled_paths(tmp_path) == [tmp_path / "a/c.ogg", tmp_path / "b.wav"]
    assert unlabelled_paths(table) == unlabelled_paths(tmp_path / "b.wav") == [tmp_path / "b.wav"]


def clips_of_songs(songs):
    from pathlib import Path

    return [LabelledClip(Path(f"{index}.wav"), (0.0,) * 11, song=str(song)) for index, song in enumerate(songs)]


@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=40).filter(lambda songs: len(set(songs)) > 1), st.integers(0, 9)
)
def test_no_song_is_on_both_sides_of_a_split(songs, seed):
    clips = clips_of_songs(songs)
    first, second = by_song(clips, share=0.8, seed=seed)
    assert first and second and len(first) + len(second) == len(clips)
    assert not leaks({"train": first, "valid": second})


def test_leaks_of_recordings_and_of_songs_are_told():
    clips = clips_of_songs([1, 1, 2])
    assert "share 1 songs, such as 1" in leaks({"train": clips[:1], "valid": clips[1:]})[0]
    assert "share 1 recordings" in leaks({"train": clips[:2], "valid": clips[1:]})[0]


def test_a_fraction_keeps_the_order_and_is_never_empty():
    clips = clips_of_songs(range(20))
    half = fraction_of(clips, 0.5)
    assert len(half) == 10 and half == sorted(half, key=clips.index)
    assert len(fraction_of(clips, 0.001)) == 1
    with pytest.raises(UserError, match="a fraction of 0"):
        fraction_of(clips, 0)


def test_rare_instruments_are_drawn_more_often_and_clips_without_any_too():
    labels = np.zeros((4, 11))
    labels[:3, 0] = 1
    labels[2, 5] = 1
    weights = sampling_weights(labels, np.ones((4, 11)))
    np.testing.assert_allclose(weights / weights[0], [1, 1, 3, 1])


def test_the_original_s_halves_of_irmas_test_go_by_the_name_of_the_song():
    from pathlib import Path

    assert song_of_test_clip(Path("(02) dont kill the whale-12.wav")) == "(02) dont kill the whale"
    assert song_of_test_clip(Path("01 - Guess When I'm In Love-1.wav")) == "01 - Guess When I'm In Love"


def test_answers_are_read_by_their_codes():
    answer = {code: int(code == "voi") for code in reversed(CODES)}
    np.testing.assert_array_equal(matrix_of([answer], where="x"), [[0.0] * 10 + [1.0]])
    with pytest.raises(UserError, match="differs in cel"):
        matrix_of([{code: 0 for code in CODES[1:]}], where="x")


def test_labels_of_clips_are_matrices():
    clips = clips_of_songs([1, 2])
    assert (labels_of(clips).shape, known_of(clips).sum()) == ((2, 11), 22)
