"""The notebook runs from the root folder and from its own, on the tables that its first cell names."""

from pathlib import Path

import nbformat
import pytest
from emvd_fixtures import write_emvd
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "exp_emvd"


@pytest.fixture
def notebook():
    return nbformat.read(FOLDER / "load_metadata.ipynb", as_version=4)


@pytest.mark.parametrize("place", [FOLDER.parent, FOLDER], ids=["root", "exp_emvd"])
def test_the_notebook_joins_what_is_known(notebook, tmp_path, place):
    folder = write_emvd(tmp_path / "EMVD", n_takes=1, seconds=0.1)
    (parameters,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    parameters.source += f"\nfrom pathlib import Path\n\nfolder = Path({str(folder)!r})"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(place)}}).execute()
    shown = [output.data["text/plain"] for cell in notebook.cells for output in cell.get("outputs", ())]
    assert "Singer2_Other_cough.wav" in shown[0]
    assert "singer_rank\n3    9\n0    1" in shown[1]
    assert "BlackShriek              2" in shown[2]


def test_the_notebook_is_stored_without_outputs(notebook):
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)
