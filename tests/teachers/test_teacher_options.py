"""Scripts find teachers by the same options."""

import argparse
from pathlib import Path

from audiokit.paths import ROOT
from teachers import options


def test_weights_are_looked_for_in_the_checkout_unless_a_folder_or_a_file_is_named():
    parser = argparse.ArgumentParser()
    options.add_teacher_options(parser, preferred="PANN, YamNet")
    options.add_models_option(parser)
    read = parser.parse_args([])
    assert (read.teacher, read.teacher_weights, read.models) == (None, None, ROOT)
    read = parser.parse_args(["--teacher", "PANN", "--teacher_weights", "a.pth", "--models", "there"])
    assert (read.teacher, read.teacher_weights, read.models) == ("PANN", Path("a.pth"), Path("there"))
    assert "PANN, YamNet; by default the first of these whose weights are there" in " ".join(
        parser.format_help().split()
    )
