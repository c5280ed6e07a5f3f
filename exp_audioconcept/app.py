"""A local page to choose a song and a model, and to see and hear why it takes it for a genre: `make run_app`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from audiokit.errors import UserError
from audiokit.files import make_folder
from audiokit.sound.audio import Recording
from exp_audioconcept.classifiers.listening import GenreListener
from exp_audioconcept.classifiers.loading import load_model
from exp_audioconcept.explanations.explaining import Options, explain
from exp_audioconcept.explanations.report import write_explanation
from exp_audioconcept.places import MODELS, REPORTS, SAMPLES
from exp_audioconcept.songs.collection import SUFFIXES

if TYPE_CHECKING:
    from exp_audioconcept.classifiers.learned import GenreModel

PAGES = REPORTS / "app"


def main(*, samples: Path = SAMPLES, models: Path = MODELS, pages: Path = PAGES) -> None:
    """Draw the page."""
    st.set_page_config(page_title="AudioConcept", layout="wide")
    st.title("Which genre, and why?")
    model_path = st.selectbox("Model", sorted(models.glob("*_model.pt")), format_func=lambda path: path.stem)
    if model_path is None:
        st.info(f"There is no model in {models}: train one with python3 -m exp_audioconcept.train main")
        return
    song = _song(samples, pages)
    if song is None:
        st.info(f"Give a song, or put some in {samples}.")
        return
    st.audio(str(song))
    try:
        if st.button("Predict"):
            _predict(_loaded(model_path), song)
        if st.button("Explain"):
            with st.spinner("Asking the model about parts of the song"):
                model = _loaded(model_path)
                page = write_explanation(explain(model, song, Options()), model, pages)
            st.iframe(page, alt=f"Why {song.name} is taken for what it is")
    except UserError as error:
        st.error(str(error))


def _song(samples: Path, pages: Path) -> Path | None:
    """The song that is given, or chosen of those in the folder."""
    given = st.file_uploader("A song", type=sorted(suffix.removeprefix(".") for suffix in SUFFIXES))
    if given is not None:
        path = make_folder(pages / "given") / Path(given.name).name
        path.write_bytes(given.getvalue())
        return path
    there = sorted(path for path in samples.glob("*") if path.suffix.lower() in SUFFIXES)
    return st.selectbox(f"… or one of {samples}", there, format_func=lambda path: path.name)


@st.cache_resource
def _loaded(path: Path) -> GenreModel:
    return load_model(path)


def _predict(model: GenreModel, song: Path) -> None:
    """Shares of the genres, as bars."""
    from audiokit.labels.prediction import listen

    recording = Recording(song, sample_rate=model.sample_rate)
    if recording.peak == 0:
        raise UserError(f"{song.name} is silent: it has no genre")
    scores = listen(GenreListener(model), recording, progress=False)
    st.bar_chart(dict(zip(model.genres, scores.mean.tolist(), strict=True)), horizontal=True)


if __name__ == "__main__":
    main()
