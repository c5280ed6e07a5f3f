"""Objects are made when one of their methods is first called."""

from audiokit.experiments.deferred import methods_of, with_methods_of
from audiokit.experiments.experiment import Experiment, Metric


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


class Steps:
    def run(self, setting):
        return f"run {setting}"

    is_done = outputs = lacks = run

    def result(self, setting, *, name):
        return f"{name} of {setting}"


def test_an_experiment_takes_its_steps_and_the_values_of_its_metrics_from_an_object(tmp_path):
    experiment = Experiment(name="toy", plans={}, root=tmp_path, metrics=(Metric("accuracy"), Metric("loss")))
    given = with_methods_of(experiment, Steps, others=("lacks",), titles={"a": "b"})
    assert given.run(1) == given.is_done(1) == given.outputs(1) == given.lacks(1) == "run 1"
    assert [metric.values(2) for metric in given.metrics] == ["accuracy of 2", "loss of 2"]
    assert given.titles == {"a": "b"}
