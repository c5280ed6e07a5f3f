"""A request to stop ends a command, whatever becomes of its KeyboardInterrupt on the way."""

import signal

import pytest

from audiokit import cli
from audiokit.errors import Failures
from audiokit.stopping import is_asked_to_stop, stopping_as_by_ctrl_c

REQUESTS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(autouse=True)
def in_the_foreground():
    """Where Ctrl-C is not ignored."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in REQUESTS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def imported_while(number):
    """What is left of a request to stop that came while numpy was imported."""
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt as error:
        raise ImportError("cannot load module more than once per process") from error


def dropped_while(number):
    """What Python makes of it while it deletes an object."""
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt:
        return


def files_that(work, failures, begun):
    def main(_):
        for name in ("a.wav", "b.wav", "c.wav"):
            with failures.of(name):
                begun.append(name)
                work(name)
        return failures.status

    return main


@pytest.mark.parametrize("number", REQUESTS)
@pytest.mark.parametrize("lost_by", [imported_while, dropped_while])
def test_a_request_that_is_lost_is_no_error_of_a_file_and_no_other_file_is_begun(lost_by, number, capsys):
    begun = []
    main = files_that(lambda name: lost_by(number) if name == "b.wav" else None, Failures(), begun)
    assert cli.run(main) == 130
    assert begun == ["a.wav", "b.wav"]
    assert capsys.readouterr().err == ("stopped: what was finished is kept; run the same command again to go on\n")


def test_an_error_without_a_request_is_that_of_a_file(capsys):
    def fail(name):
        raise ImportError("cannot load module more than once per process")

    assert cli.run(files_that(fail, Failures(), [])) == 1
    assert capsys.readouterr().err.count("ImportError") == 3


def test_an_error_behind_a_request_is_told_as_a_stop(capsys):
    assert cli.run(lambda _: imported_while(signal.SIGINT)) == 130
    assert capsys.readouterr().err.startswith("stopped: ")


def test_what_is_put_in_order_is_disturbed_by_another_ctrl_c_alone():
    with stopping_as_by_ctrl_c():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_nothing_is_remembered_afterwards():
    assert not is_asked_to_stop()
    with pytest.raises(KeyboardInterrupt), stopping_as_by_ctrl_c():
        dropped_while(signal.SIGINT)
        assert is_asked_to_stop()
        raise KeyboardInterrupt
    assert not is_asked_to_stop()
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
