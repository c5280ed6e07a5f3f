"""YAMNet: the original's numbers with recipe weights and with real ones."""

import pytest
import torch
from recipe import fill
from torch.testing import assert_close

from yamnet.network import ConvUnit, YAMNet


def test_keys_and_shapes_are_those_of_the_official_checkpoint(state_dict_shapes):
    ours = {key: tuple(tensor.shape) for key, tensor in YAMNet().state_dict().items()}
    assert list(ours.items()) == list(state_dict_shapes("yamnet").items())


def test_there_are_as_many_parameters_as_in_the_original():
    assert sum(parameter.numel() for parameter in YAMNet().parameters()) == 3740425


def test_recipe_weights_give_the_outputs_of_the_original(birds, recipe_outputs):
    network = fill(YAMNet())
    with torch.no_grad():
        outputs = network(birds["mel_yamnet"])
    assert_close(outputs, recipe_outputs["yamnet_recipe_logits"], rtol=0, atol=5e-5)
    assert_close(outputs.sigmoid(), recipe_outputs["yamnet_recipe_scores"], rtol=0, atol=1e-5)


@pytest.mark.parametrize(("mel", "kind"), [("mel_yamnet", "gt"), ("cnn_yamnet_logits", "cnn"), ("pinv_yamnet", "pinv")])
def test_real_weights_give_the_scores_of_the_original(golden, recording, mel, kind):
    network = YAMNet()
    network.load_state_dict(golden("yamnet_dequantised_state_dict"))
    with torch.no_grad():
        scores = network.eval()(recording[mel]).sigmoid()
    assert_close(scores, recording[f"scores_yamnet_{kind}"], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("height", "stride", "expected"),
    [(96, 2, [9, 6, 6, 4]), (97, 2, [6, 4, 6, 4]), (96, 1, [4, 4, 4, 4])],
    ids=["an odd zero goes to the end", "an even number is shared out", "stride 1"],
)
def test_convolutions_pad_like_tensorflow(height, stride, expected):
    unit = ConvUnit(1, 1, size=3, stride=stride).eval()
    torch.nn.init.ones_(unit.conv.weight)
    with torch.no_grad():
        counts = unit(torch.ones(1, 1, height, 64))[0, 0] * (1 + 1e-4) ** 0.5
    # How many ones the kernel covers at the top left, top right, bottom left and bottom right.
    assert_close(counts[[0, 0, -1, -1], [0, -1, 0, -1]], torch.tensor(expected).float())
