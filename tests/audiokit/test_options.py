"""Options that scripts share read the same everywhere."""

import argparse

import pytest

from audiokit import options
from audiokit.paths import EXPORT


@pytest.fixture
def parser():
    return argparse.ArgumentParser()


def test_a_device_is_chosen_by_itself_unless_the_script_says_otherwise(parser):
    options.add_device_option(parser)
    assert parser.parse_args([]).device == "auto"
    assert parser.parse_args(["--device", "cuda:1"]).device == "cuda:1"
    other = argparse.ArgumentParser()
    options.add_device_option(other, default="cpu", purpose="what computes the features")
    assert other.parse_args([]).device == "cpu"
    assert "auto, cpu, cuda or cuda:N: what computes the features" in " ".join(other.format_help().split())


def test_groups_of_options_take_them_too(parser):
    options.add_mixed_precision_option(parser.add_argument_group("speed"), effect="faster")
    assert parser.parse_args(["--mixed_precision"]).mixed_precision is True
    assert "speed:\n  --mixed_precision  faster" in parser.format_help()


@pytest.mark.parametrize("number", ["0", "-1", "1.5"])
def test_there_is_one_worker_at_least(parser, number, capsys):
    options.add_workers_option(parser)
    assert parser.parse_args([]).workers is None
    assert parser.parse_args(["--workers", "3"]).workers == 3
    with pytest.raises(SystemExit):
        parser.parse_args(["--workers", number])
    assert "--workers" in capsys.readouterr().err


def test_tables_go_to_the_folder_for_exports_as_pictures(parser):
    options.add_table_options(parser)
    read = parser.parse_args([])
    assert (read.ext, read.output, read.with_paper) == ("png", EXPORT, False)


@pytest.mark.parametrize("extension", options.TABLE_FORMATS)
def test_every_format_that_is_offered_can_be_written(extension, tmp_path):
    from audiokit.experiments.tables.writing import check_format

    path = tmp_path / f"table.{extension}"
    assert check_format(path) == path
