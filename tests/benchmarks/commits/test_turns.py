"""An earlier commit is checked out for as long as it is needed, and ratios are told by launch."""

import subprocess

import pytest
from commits.turns import Times, checkout, ratio_table

from audiokit.errors import UserError


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-C", folder, "-c", "user.name=A", "-c", "user.email=a@b", *arguments], check=True)

    folder = tmp_path / "repository"
    folder.mkdir()
    git("init", "--quiet")
    for content in ("before", "now"):
        (folder / "file").write_text(content)
        git("add", "file")
        git("commit", "--quiet", "--message", content)
    return folder


def test_an_earlier_commit_is_there_as_long_as_the_block_lasts(repository, tmp_path):
    with checkout("HEAD~1", repository, tmp_path) as root:
        assert (root / "file").read_text() == "before"
        assert (repository / "file").read_text() == "now"
    assert not root.exists()


def test_a_commit_that_is_none_is_refused_in_a_line(repository, tmp_path):
    refused = pytest.raises(UserError, match=r"nothing cannot be checked out .*: name a commit of this repository")
    with refused, checkout("nothing", repository, tmp_path):
        pass


def test_ratios_are_those_of_launches_with_their_extremes():
    times = {"a step": Times(before=[1, 1, 2], now=[0.5, 1, 2], ratios=[1.1, 0.9, 1.0])}
    assert ratio_table(times).splitlines()[-1] == "| a step | 1000 | 1000 | 1.00 (0.90–1.10) |"
