"""What the experiments tell apart."""

import pytest

from audiokit.errors import UserError
from exp_emvd.tasks import TASKS, spaced

SUNG = ("ClearVoice", "BlackShriek", "DeathGrowl", "HardcoreScream")


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("t_multiclass", [0, 3, 1, 2]),
        ("t_binary", [0, 1, 1, 1]),
        ("s_classif", [0, 26, 4, 4]),
        ("s_classif_no_distorsion", [0, 26, 4, 4]),
    ],
)
def test_labels_have_the_originals_numbers(name, targets):
    assert TASKS[name].targets(SUNG, [1, 27, 5, 5]).tolist() == targets


def test_without_distortion_only_clear_voices_are_trained_on():
    assert TASKS["s_classif_no_distorsion"].trained_on(SUNG).tolist() == [True, False, False, False]
    assert TASKS["s_classif"].trained_on(SUNG).all()


@pytest.mark.parametrize("name", ["t_multiclass", "t_binary"])
def test_a_technique_that_is_not_learned_is_refused(name):
    with pytest.raises(UserError, match=f"{name} knows no GrindInhale: take it out of the folds; it knows ClearVoice"):
        TASKS[name].targets(["ClearVoice", "GrindInhale"], [1, 1])


def test_an_unknown_singer_is_refused():
    with pytest.raises(UserError, match=r"s_classif knows no 28: .* singers 1 to 27"):
        TASKS["s_classif"].targets(["ClearVoice"], [28])


def test_technique_names_are_spelt_as_words():
    assert [spaced(name) for name in ("ClearVoice", "PigSqueal")] == ["Clear Voice", "Pig Squeal"]
