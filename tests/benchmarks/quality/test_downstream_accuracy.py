"""What scores are worth as a classifier: the same as in the experiment that they are to stand for."""

import numpy as np
import pytest
from quality.downstream_accuracy import GROUPS, HEAD, accuracies, score_clips

from audiokit.errors import UserError
from audiokit.experiments.selection import select
from audiokit.labels.labelled_dataset import Clip
from exp_classif_eval.labelled_datasets import dataset_named
from exp_classif_eval.plans import classification_plans
from spectral_transcoder.classification.classification_experiment import ClassificationExperiment
from spectral_transcoder.classification.clip_scores import ScoredClip
from spectral_transcoder.classification.score_file import ModelScores, score_path, write_score_file
from teachers.registry import labels_of

ESC = dataset_named("ESC-10")
LABELS = labels_of("YamNet")
PLANS = classification_plans()


def clips(folds, *, per_fold=20):
    return [
        Clip(f"{fold}-{number}.wav", fold, frozenset({ESC.classes[number % 10]}))
        for fold in folds
        for number in range(per_fold)
    ]


def plausible_scores(clips):
    """Scores that are low, but for most clips high for a label of the class."""
    generator = np.random.default_rng(0)
    groups = ESC.label_groups()
    scores = 0.3 * generator.random((len(clips), len(LABELS))) ** 2
    for row, clip in zip(scores, clips, strict=True):
        of_class = [index for index, label in enumerate(LABELS) if groups.get(label) in clip.classes]
        row[generator.choice(of_class)] += 0.4 * generator.random()
    return scores.astype(np.float32)


def test_it_is_what_the_experiment_finds(tmp_path):
    some = clips("124")
    scores = plausible_scores(some)
    models = {"YamNet/self": ModelScores(scores, LABELS, "")}
    write_score_file(score_path(tmp_path, ESC.name), ESC, some, models, recordings="", paper=False)
    experiment = ClassificationExperiment(tmp_path / "results", tmp_path, dataset_named)
    found = accuracies(ESC, some, scores, LABELS)
    for plan, title in (("reference", GROUPS), ("deep", HEAD)):
        settings = select(f"{plan}/dataset=ESC-10+transcoder=self+classifier=YamNet", PLANS)
        for setting in settings:
            experiment.run(setting)
        expected = 100.0 * experiment.result(settings[-1], "acc_classif")
        assert found[title].tolist() == expected.tolist()
        assert 10 < expected.mean() < 100


@pytest.mark.parametrize("fold", ["1", ""])
def test_heads_need_two_folds(fold):
    some = clips([fold])
    assert accuracies(ESC, some, plausible_scores(some), LABELS).keys() == {GROUPS}


def test_scores_lie_as_the_clips_do():
    def scorer(clips):
        return [ScoredClip(index, np.array([index, len(name)], np.float32)) for index, name in reversed(clips)]

    some = [Clip(name, "1", frozenset()) for name in ("a", "bbb", "cc")]
    assert score_clips(scorer, some).tolist() == [[0, 1], [1, 3], [2, 2]]


def test_a_clip_that_cannot_be_used_ends_it():
    with pytest.raises(UserError, match="a is damaged"):
        score_clips(lambda _: [ScoredClip(0, problem="a is damaged")], [Clip("a", "1", frozenset())])
