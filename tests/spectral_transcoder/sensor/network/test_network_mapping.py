"""Two sensors over seven days: tables, pictures, JSON and page tell what each heard when."""

import json
import re
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from network_fixtures import MONDAY, rush_hour, week_of_blocks, write_tags

import map_sensors
from audiokit import cli
from spectral_transcoder.sensor.network.accumulation import HourSums
from spectral_transcoder.sensor.network.figures import calendar_image, week_image
from spectral_transcoder.sensor.network.places import project
from spectral_transcoder.sensor.network.reading import read_record
from spectral_transcoder.sensor.network.sensors import Network
from spectral_transcoder.sensor.network.tables import month_table
from spectral_transcoder.sensor.times.clock import Clock

TIMES = week_of_blocks()
MADE = ["_calendar.png", "_hours.csv", "_sensor.json", "_week.png"]


def run(*arguments):
    return cli.run(map_sensors.main, list(map(str, arguments)))


@pytest.fixture
def tags(tmp_path):
    """Traffic from 8 to 9 at one sensor, from 17 to 18 at the other, which is 20 dB louder."""
    return write_two(tmp_path / "tags")


def write_two(folder):
    write_tags(folder / "quay", TIMES, rush_hour(TIMES))
    write_tags(folder / "square", TIMES, rush_hour(TIMES, 17), levels=80.0)
    return folder


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """What is made of these two and their places."""
    folder = tmp_path_factory.mktemp("network")
    places = folder / "places.csv"
    places.write_text("sensor,latitude,longitude,name\nquay,47.74,-3.36,Quay\nsquare,47.75,-3.36,Square </script>\n")
    assert run(write_two(folder / "tags"), "--output", folder / "map", "--places", places) == 0
    return folder / "map"


def sensor_sums(folder, **options):
    network = Network(("traffic", "birds"), **options)
    for path in sorted(folder.rglob("*_settings.json")):
        network.add(read_record(path))
    return network.sensors


def test_everything_is_made_of_each_sensor(mapped):
    names = {path.name for path in mapped.iterdir()}
    assert names == {"all_hours.csv", "index.html"} | {f"{name}{end}" for name in ("quay", "square") for end in MADE}


@pytest.mark.parametrize("kind", ["csv", "parquet", "h5"])
def test_traffic_is_there_from_8_to_9_alone(kind, tmp_path):
    write_tags(tmp_path / "quay", TIMES, rush_hour(TIMES), kind=kind)
    table = month_table(sensor_sums(tmp_path)["quay"], ("traffic", "birds"))
    assert len(table) == 7 * 24
    assert (table.month == "2024-05").all()
    np.testing.assert_array_equal(table.traffic_percent, np.where(table.hour == 8, 100, 0))
    assert (table.birds_percent == 0).all()
    assert (table.seconds == 3600).all()
    assert (table.LAeq == 60).all()
    assert table.weekday.drop_duplicates().tolist()[::6] == ["Monday", "Sunday"]


def test_the_table_of_all_holds_those_of_each(mapped):
    each = [pd.read_csv(mapped / f"{name}_hours.csv") for name in ("quay", "square")]
    pd.testing.assert_frame_equal(pd.read_csv(mapped / "all_hours.csv"), pd.concat(each, ignore_index=True))


def test_json_tells_place_presence_and_series(mapped):
    facts = json.loads((mapped / "square_sensor.json").read_text())
    assert (facts["latitude"], facts["longitude"]) == (47.75, -3.36)
    assert facts["percent"] == {"traffic": pytest.approx(100 / 24, abs=0.01), "birds": 0}
    assert (facts["LAeq"], facts["Lden"]) == (80, pytest.approx(86.4, abs=0.05))
    assert facts["days"]["day"] == [f"2024-05-{day:02}" for day in range(6, 13)]
    assert facts["hours"]["percent"]["traffic"] == [100 * (hour == 17) for hour in range(24)]


def test_pictures_show_the_hour(tags):
    sums = sensor_sums(tags)["quay"].sums
    calendar, week = calendar_image(sums), week_image(sums)
    assert (calendar.shape, week.shape) == ((2, 24, 7), (2, 7, 24))
    assert (calendar[0, 8] == 100).all()
    assert calendar[0].sum() == 700
    assert (week[0, :, 8] == 100).all()
    assert week[1].sum() == 0


def test_hours_without_levels_stay_empty_in_pictures():
    sums = HourSums(1)
    sums.add_blocks(np.array([MONDAY, MONDAY + 3 * 86_400]), np.ones(2), np.ones(2), np.ones(2, bool), np.ones((2, 1)))
    assert np.isfinite(calendar_image(sums)).sum() == 2
    assert calendar_image(sums).shape == (1, 24, 4)


def test_an_unheard_group_stays_empty(tmp_path):
    write_tags(tmp_path / "tags" / "quay", TIMES, rush_hour(TIMES), unheard=("birds",))
    run(tmp_path / "tags", "--output", tmp_path / "map")
    table = pd.read_csv(tmp_path / "map" / "quay_hours.csv")
    assert table.birds_percent.isna().all()
    assert table.traffic_percent.notna().all()
    assert json.loads((tmp_path / "map" / "quay_sensor.json").read_text())["percent"]["birds"] is None


def test_the_page_needs_nothing_beside_it(mapped):
    page = (mapped / "index.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)|https?://(?!www\.w3\.org/2000/svg)', page)
    assert page.count("</script>") == 2
    data = json.loads(re.search(r'id="data">(.*)</script>', page)[1])
    assert [sensor["sensor"] for sensor in data["sensors"]] == ["quay", "square"]
    north = data["sensors"][1]["km"][1] - data["sensors"][0]["km"][1]
    assert north == pytest.approx(0.01 * 111.195)


def test_projection_keeps_distances_and_crosses_the_date_line():
    east, north = project(np.array([60.0, 60]), np.array([179.9, -179.9]))
    assert np.diff(east)[0] == pytest.approx(0.2 * 111.195 / 2)
    assert (north == 0).all()


def test_files_of_a_folder_are_one_sensor_on_request(tmp_path):
    for day, times in enumerate(np.split(TIMES, 7)):
        write_tags(tmp_path / "quay" / f"day{day}", times, rush_hour(times))
    assert len(sensor_sums(tmp_path)) == 7
    sensors = sensor_sums(tmp_path, by_folder=True)
    assert list(sensors) == ["quay"]
    assert len(sensors["quay"].sums.hours) == 168


def test_a_column_tells_the_sensors(tmp_path):
    names = np.repeat(np.array(["a", "b/c"], object), len(TIMES))
    times = np.tile(TIMES, 2)
    scores = np.concatenate([rush_hour(TIMES), rush_hour(TIMES, 9)])
    write_tags(tmp_path / "tags" / "both", times, scores, sensor=names)
    assert run(tmp_path / "tags", "--output", tmp_path / "map") == 0
    assert (tmp_path / "map" / "a_hours.csv").is_file()
    assert (tmp_path / "map" / "b-c_hours.csv").is_file()


def test_hours_in_utc_are_brought_to_the_clock_of_a_place(tmp_path):
    write_tags(tmp_path / "quay", TIMES, rush_hour(TIMES), clock=Clock.UTC)
    sensors = sensor_sums(tmp_path, zone=ZoneInfo("Europe/Paris"))
    table = month_table(sensors["quay"], ("traffic", "birds"))
    assert table[table.traffic_percent > 0].hour.unique().tolist() == [10]


def test_tables_without_dates_are_refused_and_the_others_used(tags, tmp_path, capsys):
    write_tags(tags / "undated", np.arange(10.0), rush_hour(np.arange(10.0)), clock=Clock.BEGINNING)
    assert run(tags, "--output", tmp_path / "map") == 3
    told = capsys.readouterr().err
    assert "undated_summary.csv has seconds from the beginning and no dates: tag its levels again with --start" in told
    assert not (tmp_path / "map" / "undated_hours.csv").exists()
    assert (tmp_path / "map" / "quay_hours.csv").exists()


def test_a_sensor_without_any_score_is_told(tmp_path, capsys):
    write_tags(tmp_path / "quay", TIMES, np.full((len(TIMES), 2), np.nan))
    assert run(tmp_path, "--output", tmp_path / "map") == 1
    assert "no block has scores of quay: left out" in capsys.readouterr().err


def test_the_same_time_twice_is_refused(tmp_path, capsys):
    for name in ("one", "two"):
        write_tags(tmp_path / "quay" / name, TIMES, rush_hour(TIMES))
    assert run(tmp_path, "--output", tmp_path / "map", "--sensor_is", "folder") == 3
    assert "time would count twice" in capsys.readouterr().err
    assert (pd.read_csv(tmp_path / "map" / "quay_hours.csv").seconds == 3600).all()


def test_unfinished_and_cut_tables_are_told(tags, tmp_path, capsys):
    (tags / "quay_settings.json").unlink()
    with open(tags / "square_summary.csv", "a") as file:
        file.write("more\n")
    assert run(tags, "--output", tmp_path / "map") == 1
    told = capsys.readouterr().err
    assert "quay_summary.csv is not finished" in told
    assert "square_summary.csv is not as it was made" in told
    assert not (tmp_path / "map").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sensor,latitude\nquay,1\n", "no column longitude"),
        ("sensor,latitude,longitude\nquay,91,0\n", "line 2: latitude '91' is not from -90 to 90"),
        ("sensor,latitude,longitude\nquay,1,0\nquay,2,0\n", "is there twice"),
    ],
)
def test_places_that_are_none_are_refused(tags, tmp_path, capsys, text, message):
    (tmp_path / "places.csv").write_text(text)
    assert run(tags, "--output", tmp_path / "map", "--places", tmp_path / "places.csv") == 1
    assert message in capsys.readouterr().err
