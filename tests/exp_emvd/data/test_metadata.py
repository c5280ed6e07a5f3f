"""The tables of EMVD: what is read, what is refused, and what is known of each recording when they are joined."""

import hashlib
import subprocess
import sys

import pytest
from emvd_fixtures import file_row, singer_row, write_rows

from audiokit.errors import UserError
from exp_emvd.data.folds import read_folds
from exp_emvd.data.metadata import is_learned_from, join, read_files, read_singers


@pytest.fixture(scope="module")
def emvd(shared):
    return shared / "data" / "emvd"


@pytest.fixture(scope="module")
def files(emvd):
    return read_files(emvd / "metadata_files.csv")


@pytest.fixture(scope="module")
def joined(emvd, files):
    folds = read_folds(files, emvd / "split_kfolds.csv")
    return join(files, folds, read_singers(emvd / "metadata_singers.csv"))


def test_the_published_tables_are_read(files, emvd):
    digest = hashlib.sha256((emvd / "metadata_files.csv").read_bytes()).hexdigest()
    assert digest == "c61a42972d9ab1f25008254d92166c6b110b9128491cc2fb60f3fe80938416b3"
    assert len(files) == 1068
    assert files["type"].value_counts().to_dict() == {"Technique": 985, "Effect": 45, "Other": 38}
    assert files["duration(s)"].sum() == pytest.approx(7950.74, abs=0.005)
    assert files["duration(s)"][0] == 2.92266666666667


def test_760_recordings_take_part(files):
    used = files[is_learned_from(files)]
    assert used["name"].value_counts().to_dict() == {
        "ClearVoice": 303, "DeathGrowl": 182, "HardcoreScream": 163, "BlackShriek": 112,
    }  # fmt: skip
    assert used["duration(s)"].sum() == pytest.approx(5675.3579, abs=1e-4)


def test_all_that_is_known_is_joined_in_twenty_columns(joined):
    assert joined.shape == (1068, 20)
    assert list(joined.columns[8:]) == [
        "split0", "split1", "split2", "split3", "gender", "status", "recording", "distance_to_microphone(cm)",
        "microphone", "audio_interface", "DAW", "singer_rank",
    ]  # fmt: skip
    assert joined["singer_rank"].value_counts().to_dict() == {5: 283, 4: 239, 3: 201, 2: 159, 1: 129, 0: 57}
    assert joined["singer_rank"].iloc[0] == 1
    assert joined["singer_rank"].iloc[-1] == 4


def test_the_rank_is_the_singers_own_rating_of_what_is_sung(tmp_path):
    rows = [
        file_row("a.wav", technique="ClearVoice", range_="High"),
        file_row("b.wav", technique="GrindInhale", range_="-"),
        file_row("c.wav", kind="Other", technique="-", range_="-", rank="-"),
    ]
    files = read_files(write_rows(tmp_path / "files.csv", rows))
    singer = singer_row(1, rating=2) | {"ClearVoice_High": 5, "GrindInhale": 4}
    singers = read_singers(write_rows(tmp_path / "singers.csv", [singer]))
    folds = files[["file_name"]].assign(split0="-")
    assert join(files, folds, singers)["singer_rank"].tolist() == [5, 4, 0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"duration(s)": "2.5"}, r"line 3: duration\(s\) '2.5' is no number with a decimal comma"),
        ({"name": "Yodel"}, "line 3: name 'Yodel' is unknown: give ClearVoice, DeathGrowl"),
        ({"name": "PigSqueal"}, "line 3: name 'PigSqueal' is of another type"),
        ({"range": "Middle"}, "line 3: range 'Middle' is unknown: give High, Mid, Low, -"),
        ({"authors_rank": "A"}, "line 3: authors_rank 'A' is unknown"),
        ({"authors_rank": "-"}, "line 3: authors_rank '-' of a technique or effect: give 0, 1 or 2"),
        ({"singer_id": "one"}, "line 3: singer_id 'one' is no whole number"),
        ({"file_name": "a.wav"}, "line 3: file_name 'a.wav' is there twice"),
    ],
)
def test_what_is_wrong_in_the_table_of_recordings_is_told_with_its_line(tmp_path, change, told):
    path = write_rows(tmp_path / "files.csv", [file_row("a.wav"), file_row("b.wav") | change])
    with pytest.raises(UserError, match=told):
        read_files(path)


def test_a_missing_column_is_named(tmp_path):
    row = file_row("a.wav")
    del row["vowel"]
    with pytest.raises(UserError, match=r"has no column vowel .* get it by download_datasets.py"):
        read_files(write_rows(tmp_path / "files.csv", [row]))


def test_a_missing_table_says_how_to_get_it(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*singers.csv .*download_datasets.py --list EMVD"):
        read_singers(tmp_path / "singers.csv")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"TunnelThroat": "6"}, "line 2: TunnelThroat '6' is no rating from 0 to 5"),
        ({"distance_to_microphone(cm)": "2.5"}, "line 2: distance_to_microphone"),
    ],
)
def test_what_is_wrong_in_the_table_of_singers_is_told_with_its_line(tmp_path, change, told):
    with pytest.raises(UserError, match=told):
        read_singers(write_rows(tmp_path / "singers.csv", [singer_row(1) | change]))


def test_a_recording_by_an_unknown_singer_is_named(tmp_path):
    files = read_files(write_rows(tmp_path / "files.csv", [file_row("a.wav", singer=7)]))
    singers = read_singers(write_rows(tmp_path / "singers.csv", [singer_row(1)]))
    with pytest.raises(UserError, match=r"a.wav: singer_id 7 is not in the table of singers"):
        join(files, files[["file_name"]].assign(split0="-"), singers)


def test_reading_tables_needs_no_torch():
    code = "import sys, exp_emvd.data.folds, exp_emvd.data.metadata; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
