"""What is compared, and that nothing is judged by what it was trained on."""

from pathlib import Path

import pytest
import yaml
from audio_fixtures import SMALL_CNN
from quality.contenders import HEARD, Contender, choose, find_contenders
from quality.evaluation_sets import EvaluationRecording, EvaluationSet

from audiokit.errors import UserError
from spectral_transcoder.classification.scored_models import ScoredModel
from spectral_transcoder.transcoders.store import StoredTranscoder, TranscoderSettings

WEIGHTS = Path("yamnet.pth")
SETTINGS = SMALL_CNN | {"mels_type": "YamNet"}


def store(folder, name, **more):
    """Leave the files of a transcoder, which nobody loads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(SETTINGS | {"name": name} | more))
    (folder / f"{name}.safetensors").touch()


def contender(tmp_path, *lists, title="tcn"):
    """With a model for each list of recordings that one was trained on."""
    models = []
    for number, sources in enumerate(lists):
        path = tmp_path / f"{title}_{number}.csv"
        path.write_text("\n".join(["recording", *sources]))
        stored = StoredTranscoder(title, TranscoderSettings(**SETTINGS), Path("weights"), path)
        models.append(ScoredModel("YamNet", title, WEIGHTS, stored))
    return Contender("YamNet", title, tuple(models))


def recordings(*sources):
    named = tuple(EvaluationRecording(Path(f"{source}.wav"), source) for source in sources)
    return EvaluationSet("my city", Path(), named)


# Rows


def test_there_is_a_row_for_each_name_and_one_for_the_papers(tmp_path):
    store(tmp_path / "ours", "tcn")
    store(tmp_path / "ours", "cnn_logits")
    store(tmp_path / "fold1", "tcn")
    store(tmp_path / "paper_transcoders", "cnn_logits")
    folders = [tmp_path / name for name in ("ours", "fold1", "paper_transcoders", "nowhere")]
    found = find_contenders("YamNet", WEIGHTS, folders)
    stored = {one.title: [model.stored for model in one.models] for one in found}
    assert {title: [one and one.weights.parent.name for one in several] for title, several in stored.items()} == {
        "teacher itself": [None],
        "PINV": [None],
        "cnn_logits": ["ours"],
        "tcn": ["ours", "fold1"],
        "the paper's cnn_logits": ["paper_transcoders"],
    }
    assert [model.transcoder for one in found[:2] for model in one.models] == ["self", "pinv"]


def test_those_of_other_teachers_and_those_that_give_scores_are_none(tmp_path):
    store(tmp_path, "tcn", mels_type="mn04_as")
    store(tmp_path, "student", model_type="effnet_b0")
    assert [one.title for one in find_contenders("YamNet", WEIGHTS, [tmp_path])] == ["teacher itself", "PINV"]


@pytest.mark.parametrize(("here", "beside"), [(["tcn"], "tcn"), (["tcn", "tcn_clips"], "tcn_clips"), (["cnn"], None)])
def test_a_tagger_is_heard_beside_the_transcoder_for_recordings_where_there_is_one(tmp_path, here, beside):
    for name in here:
        store(tmp_path, name)
    store(tmp_path, "tagger", model_type="tagger", cadence="fast")
    store(tmp_path, "tagger_slow", model_type="tagger", cadence="slow")
    found = {one.title: one.models for one in find_contenders("YamNet", WEIGHTS, [tmp_path])}
    assert set(found) == {"teacher itself", "PINV", *here, *(["tagger"] if beside else [])}
    if beside:
        (model,) = found["tagger"]
        assert (model.stored.name, model.tagger.name) == (beside, "tagger")


# Who transcodes what


def test_each_recording_goes_to_the_first_that_was_not_trained_on_it(tmp_path):
    folds = contender(tmp_path, "ab", "bc", "c")
    assert choose([folds], recordings(*"abcd")).T.tolist() == [[1, 2, 0, 0]]


def test_those_without_a_list_take_all(tmp_path):
    published = StoredTranscoder("cnn_logits", TranscoderSettings(**SETTINGS), Path("weights"))
    untrained = [
        Contender("YamNet", "PINV", (ScoredModel("YamNet", "pinv", WEIGHTS),)),
        Contender("YamNet", "the paper's", (ScoredModel("YamNet", "cnn_logits", WEIGHTS, published),)),
    ]
    assert choose(untrained, recordings(*"abc")).T.tolist() == [[0, 0, 0]] * 2


def test_what_all_were_trained_on_is_an_error_of_one_line(tmp_path):
    heard = contender(tmp_path, "abc", "bcd")
    expected = (
        "tcn for YamNet was trained on 2 of the 4 recordings of my city, the first of them b.wav: "
        ".*--transcoders.*--leave_out_heard"
    )
    with pytest.raises(UserError, match=expected) as caught:
        choose([heard], recordings(*"abce"))
    assert "\n" not in str(caught.value)


def test_or_it_is_left_out_for_those_alone(tmp_path):
    heard, free = contender(tmp_path, "abc", "bcd"), contender(tmp_path, "x", title="cnn")
    chosen = choose([heard, free], recordings(*"abce"), leave_out_heard=True)
    assert chosen.T.tolist() == [[1, HEARD, HEARD, 0], [0, 0, 0, 0]]
