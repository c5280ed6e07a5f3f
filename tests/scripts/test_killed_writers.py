"""Scripts that leave several files: killed when they are about to name one, and two at once.

`test_disturbed.py` kills at any moment what is made of people's own files; here are others, each killed where it
matters most. Trainings have tests of their own, and what makes nothing but one file in a moment is
`audiokit.files.write_whole` with another name.
"""

from functools import cache, partial
from itertools import count

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from undisturbed import KILLED, contents, killed_at, start, status_of
from writing_commands import COMMANDS, writing_commands

pytest.importorskip("tinysoundfont")

N_KILLS = 2
"""Of each command until it is whole."""

TWICE_IS_REFUSED = {"chunks", "words", "features", "genres", "scores"}
"""Commands of which the second may end with a line in place of waiting."""


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield writing_commands(tmp_path_factory.mktemp("inputs"), monkeypatch)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Folders that are not there yet."""
    parent = tmp_path_factory.mktemp("outputs")
    return (parent / str(number) for number in count())


@pytest.fixture(scope="module")
def undisturbed(commands, outputs):
    """A function of a command's name: what it leaves."""

    @cache
    def run(name):
        output = next(outputs)
        assert status_of(start(partial(commands[name], output))) == 0
        return contents(output)

    return run


@pytest.mark.parametrize("name", COMMANDS)
@settings(max_examples=1, phases=[Phase.generate])  # to shrink what fails would take minutes
@given(shares=st.lists(st.floats(0, 1, exclude_max=True), min_size=N_KILLS, max_size=N_KILLS))
def test_a_command_that_is_killed_at_a_random_file_ends_as_undisturbed(commands, undisturbed, outputs, name, shares):
    whole = undisturbed(name)
    output = next(outputs)
    command = partial(commands[name], output)
    for share in shares:
        assert killed_at(command, int(share * len(whole))) in (KILLED, 0)
    assert status_of(start(command)) == 0
    assert contents(output) == whole


@pytest.mark.parametrize("name", COMMANDS)
def test_two_of_a_command_at_once_make_what_one_makes_and_both_end(commands, undisturbed, outputs, name):
    output = next(outputs)
    command = partial(commands[name], output)
    statuses = [status_of(process) for process in [start(command), start(command)]]
    assert set(statuses) <= ({0, 1} if name in TWICE_IS_REFUSED else {0})
    assert 0 in statuses
    assert contents(output) == undisturbed(name)
