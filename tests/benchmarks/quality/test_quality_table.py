"""Figures as a table to read and as a file to go on with."""

import csv
import io

from quality.quality_table import QualityTable, Row, as_csv, as_markdown
from quality.transcoding_measures import Figure

ROWS = [
    Row("teacher itself", 20, 97, None, {"BCE": Figure(0.012345, 0.0111, 0.0139), "KL, seconds": Figure(0, 0, 0)}),
    Row(
        "tcn (3 of 20 recordings)",
        3,
        12,
        10_244_608,
        {
            "BCE": Figure(0.0221, 0.0212, 0.0232),
            "head (%)": Figure(100, 100, 100),
            "KL, seconds": Figure(0.008, 0.007, 0.009),
        },
    ),
    Row("cnn (0 of 20 recordings)", 0, 0, 1_144_322_560, {}),
]


def table(**more):
    about = {"classes": "ESC-10", "n_recordings": 20, "n_seconds": 97, "n_left_out": 0, "commonest": ("Dog", 35)} | more
    return QualityTable("YamNet", "my city", rows=ROWS, **about)


def test_the_table_has_intervals_where_they_are_of_recordings():
    assert as_markdown(table()).splitlines() == [
        "YamNet, my city: 20 recordings, 97 seconds; classes of ESC-10; 35 % are Dog to the teacher",
        "",
        "| transcoder | M multiplications/s | BCE | KL, seconds | head (%) |",
        "|---|---:|---:|---:|---:|",
        "| teacher itself | – | 0.0123 (0.0111–0.0139) | 0 | – |",
        "| tcn (3 of 20 recordings) | 10.2 | 0.0221 (0.0212–0.0232) | 0.008 | 100 |",
        "| cnn (0 of 20 recordings) | 1144 | – | – | – |",
    ]


def test_its_heading_tells_what_is_left_out():
    heading = as_markdown(table(classes="", n_left_out=2)).splitlines()[0]
    about = "20 recordings, 97 seconds (left out, as silent or shorter than one: 2)"
    assert heading == f"YamNet, my city: {about}; 35 % are Dog to the teacher"


def test_the_file_has_all_digits_and_intervals():
    rows = list(csv.DictReader(io.StringIO(as_csv([table(), table()]))))
    assert len(rows) == 2 * 5
    assert rows[:5] == rows[5:]
    assert rows[0] == {
        "teacher": "YamNet",
        "evaluation_set": "my city",
        "transcoder": "teacher itself",
        "recordings": "20",
        "seconds": "97",
        "million_multiplications_per_second": "",
        "measure": "BCE",
        "value": "0.012345",
        "low": "0.0111",
        "high": "0.0139",
    }
    assert rows[4]["million_multiplications_per_second"] == "10.244608"
