"""A learning rate that was found is kept for what goes on after a stop."""

import pytest

from audiokit.errors import UserError
from exp_lumen.training.rates import kept_rate


def test_a_rate_is_found_once(tmp_path, capsys):
    path = tmp_path / "whole.part.rate"
    assert kept_rate(path, lambda: 1 / 3) == 1 / 3
    assert "learning rate 0.333" in capsys.readouterr().out
    assert kept_rate(path, lambda: pytest.fail("it is known")) == 1 / 3


@pytest.mark.parametrize("content", ["", "fast", "[1]"])
def test_a_file_without_a_rate_is_refused(tmp_path, content):
    path = tmp_path / "whole.part.rate"
    path.write_text(content)
    with pytest.raises(UserError, match="holds no learning rate: delete it"):
        kept_rate(path, lambda: 1e-3)
