"""A job array tags all files of a network, a share in each job, and a job behind it maps them."""

import json
import os
import subprocess

import pytest
from audio_fixtures import save_yamnet
from sensor_fixtures import make_levels, make_table, make_times, write_csv

import slurms_create_sensors
from audiokit import cli

SENSORS = ("quay", "square", "station")

RUN_AT_ONCE = """\
#!/bin/bash
# In place of a queue: runs all tasks of a script here, one after the other.
script="${@: -1}"
echo "$*" >> FOLDER/calls
last=$(sed -n 's/^#SBATCH --array=1-//p' "$script")
for task in $(seq "${last:-1}"); do
    SLURM_ARRAY_TASK_ID=$task bash "$script" >> FOLDER/log 2>&1 || exit 1
done
wc -l < FOLDER/calls
"""


@pytest.fixture
def network(tmp_path, monkeypatch):
    """A folder with levels of three sensors, a teacher, and an sbatch that does not wait."""
    for name in SENSORS:
        (tmp_path / "network").mkdir(exist_ok=True)
        write_csv(tmp_path / "network" / f"{name}.csv", make_table(make_levels(160), make_times(160)))
    save_yamnet(tmp_path / "models")
    program = tmp_path / "bin" / "sbatch"
    program.parent.mkdir()
    program.write_text(RUN_AT_ONCE.replace("FOLDER", str(tmp_path)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def create(*arguments):
    return cli.run(slurms_create_sensors.main, list(arguments))


def test_shares_tag_all_sensors_and_the_map_shows_them(network, capsys):
    tagging = ["network", "--output", "tags", "--models", "models", "--teacher", "YamNet", "--transcoder", "pinv"]
    assert create("--shares", "2", "--submit", "--", *tagging, "--no_picture", "--summary_only") == 0, (
        network / "log"
    ).read_text()
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["1", "2"]
    tagged, mapped = (network / "calls").read_text().splitlines()
    assert tagged.endswith("sensor_slurms/tag_sensors.slurm")
    assert mapped.startswith("--parsable --dependency=afterok:1 ")
    assert {path.name for path in (network / "tags").glob("*_summary.csv")} == {
        f"{name}_summary.csv" for name in SENSORS
    }
    log = (network / "log").read_text()
    assert [log.count(f"tags/{name}_summary.csv\n") for name in SENSORS] == [1, 1, 1]
    facts = [json.loads((network / "tags_map" / f"{name}_sensor.json").read_text()) for name in SENSORS]
    assert [fact["seconds"] for fact in facts] == [20, 20, 20]
    assert (network / "tags_map" / "index.html").is_file()


def test_what_to_do_next_is_said(network, capsys):
    assert create("--shares", "3", "--places", "my places.csv", "--", "network", "--output", "tags") == 0
    printed = capsys.readouterr()
    assert printed.out.split() == ["sensor_slurms/tag_sensors.slurm", "sensor_slurms/map_sensors.slurm"]
    assert "tags=$(sbatch --parsable sensor_slurms/tag_sensors.slurm)" in printed.err
    assert "--dependency=afterok:$tags" in printed.err
    script = (network / "sensor_slurms" / "tag_sensors.slurm").read_text()
    assert "#SBATCH --array=1-3\n" in script
    assert "network --output tags --share 2/3)" in script
    assert "gres" not in script
    assert "--places 'my places.csv'" in (network / "sensor_slurms" / "map_sensors.slurm").read_text()
    assert subprocess.run(["bash", "-n", network / "sensor_slurms" / "tag_sensors.slurm"]).returncode == 0


@pytest.mark.parametrize("wrong", [["--share", "1/2"], ["--live"]])
def test_shares_of_shares_and_what_has_no_end_are_refused(network, wrong, capsys):
    assert create("--", "network", *wrong) == 1
    assert "leave --share and --live out" in capsys.readouterr().err
    assert not (network / "sensor_slurms").exists()


def test_nothing_to_tag_is_a_usage_error(network, capsys):
    with pytest.raises(SystemExit, match="2"):
        create("--shares", "2")
    assert "are to come behind --" in capsys.readouterr().err
