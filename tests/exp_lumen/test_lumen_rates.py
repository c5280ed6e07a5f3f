"""A learning rate that was found is kept for what goes on after a stop."""

import pytest

from audiokit.errors import UserError
from exp_lumen.training.rates import kept_rate

TRAINING = {"recordings": ["a7", "c1"], "batch_size": 4}


def test_a_rate_is_found_once_for_a_training(tmp_path, capsys):
    path = tmp_path / "whole.part.rate"
    assert kept_rate(path, lambda: 1 / 3, identity=TRAINING) == 1 / 3
    assert "learning rate 0.333" in capsys.readouterr().out
    assert kept_rate(path, lambda: pytest.fail("it is known"), identity=TRAINING) == 1 / 3
    assert kept_rate(path, lambda: 1 / 4, identity={**TRAINING, "batch_size": 8}) == 1 / 4


@pytest.mark.parametrize("content", ["", "fast", "[1]", "0.001", '{"rate": "fast", "training": {}}'])
def test_a_file_without_a_rate_is_refused(tmp_path, content):
    path = tmp_path / "whole.part.rate"
    path.write_text(content)
    with pytest.raises(UserError, match="holds no learning rate: delete it"):
        kept_rate(path, lambda: 1e-3, identity=TRAINING)
