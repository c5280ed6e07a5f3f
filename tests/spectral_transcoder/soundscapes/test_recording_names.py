"""Lists call a recording by its number at Freesound where the name of its file tells it."""

import pytest

from spectral_transcoder.soundscapes.recording_names import recording_name


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("1-17367-A-10", "17367"),  # ESC-50
        ("1-17367-B-001", "17367"),  # ESC-10's own archive
        ("101415-3-0-2", "101415"),  # UrbanSound8K
        ("street_7", "street_7"),
        ("1-17367-A", "1-17367-A"),
    ],
)
def test_a_name_is_a_number_where_that_is_told(stem, name):
    assert recording_name(stem) == name
