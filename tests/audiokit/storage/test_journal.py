"""A journal says what is done, and nothing that is not, whatever stopped the work."""

import json
from hashlib import sha256

import pytest

from audiokit.errors import UserError
from audiokit.storage.journal import Journal, differences

SETTINGS = {"seed": 1, "models": {"a": "1"}, "date": "today"}


def opened(folder, settings=SETTINGS):
    made = folder / "work.part" / "made"
    return Journal(made.parent, settings, begin=made.touch, is_there=made.exists)


def lines(folder):
    return (folder / "work.part/journal").read_bytes().splitlines(keepends=True)


def test_what_is_done_is_there_when_it_is_opened_again(tmp_path, capsys):
    with opened(tmp_path) as journal:
        assert journal.done == {}
        journal.record({5: 3, 0: 1})
    with opened(tmp_path) as journal:
        assert journal.done == {5: 3, 0: 1}
        journal.record({7: 0})
    with opened(tmp_path) as journal:
        assert journal.done == {5: 3, 0: 1, 7: 0}
    assert capsys.readouterr().err == ""


def test_other_settings_begin_anew_and_say_which(tmp_path, capsys):
    with opened(tmp_path) as journal:
        journal.record({5: 3})
    with opened(tmp_path, SETTINGS | {"seed": 2, "date": "tomorrow"}) as journal:
        assert journal.done == {}
    assert "work.part is begun anew: seed was 1, is 2\n" in capsys.readouterr().err


@pytest.mark.parametrize("rest", [b"4", b"4 2", b"\x00\x00", b"\x00\x00\n4 1\n", b"4 x\n5 1\n", b"-1 2\n"])
def test_lines_that_a_crash_has_damaged_and_all_after_them_are_done_again(tmp_path, rest):
    with opened(tmp_path) as journal:
        journal.record({1: 2, 2: 2})
    with open(tmp_path / "work.part/journal", "ab") as file:
        file.write(rest)
    with opened(tmp_path) as journal:
        assert journal.done == {1: 2, 2: 2}
        journal.record({3: 1})
    assert lines(tmp_path)[1:] == [b"1 2\n", b"2 2\n", b"3 1\n"]


@pytest.mark.parametrize("content", [b"{", b"\x00\x00", b"[1]\n", b"3\n"])
def test_a_first_line_that_is_damaged_begins_anew(tmp_path, content, capsys):
    with opened(tmp_path) as journal:
        journal.record({1: 2})
    (tmp_path / "work.part/journal").write_bytes(content)
    with opened(tmp_path) as journal:
        assert journal.done == {}
    assert "begun anew" in capsys.readouterr().err
    assert json.loads(lines(tmp_path)[0]) == SETTINGS


def test_a_journal_that_was_killed_before_its_first_line_begins_in_silence(tmp_path, capsys):
    (tmp_path / "work.part").mkdir()
    (tmp_path / "work.part/journal").touch()
    (tmp_path / "work.part/half").touch()
    with opened(tmp_path) as journal:
        assert journal.done == {}
    assert capsys.readouterr().err == ""
    assert sorted(path.name for path in (tmp_path / "work.part").iterdir()) == ["journal", "made"]


def test_only_one_process_has_it_open(tmp_path):
    with opened(tmp_path) as journal, pytest.raises(UserError, match=r"another process is making .*work\.part"):
        journal.record({1: 1})
        opened(tmp_path, {"other": 1}).__enter__()
    with opened(tmp_path) as journal:
        assert journal.done == {1: 1}


def test_it_is_removed_whole(tmp_path):
    with opened(tmp_path) as journal:
        journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_differences_name_what_people_can_change():
    assert differences({"a": 1, "date": 1}, {"a": 2, "date": 2}) == "a was 1, is 2"
    assert differences({"recordings": 1}, {"recordings": 2}) == "the recordings have changed"
    assert differences([1], {"a": 2}) == "a was None, is 2"
    assert differences({"models": "x" * 200}, {"models": "y"}) == "models: changed"
    assert differences({"teacher": sha256(b"a").hexdigest()}, {"teacher": "0" * 64}) == "teacher: changed"
