"""Objects are made when one of their methods is first called."""

from audiokit.experiments.deferred import methods_of


class Counted:
    made = 0

    def __init__(self):
        Counted.made += 1
        self.calls = []

    def run(self, setting, *, name):
        self.calls.append((setting, name))
        return len(self.calls)


def test_an_object_is_made_once_when_it_is_first_needed():
    method = methods_of(Counted)
    run, same = method("run"), method("run")
    assert Counted.made == 0
    assert (run(1, name="a"), same(2, name="b")) == (1, 2)
    assert Counted.made == 1
