"""The application of ASGI: which address gives what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, FastAPI, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel

from audiokit.errors import UserError
from exp_lumen.data.sources import READERS
from exp_lumen.serving.answering import Answering, Answers
from exp_lumen.serving.directories import labelled_inside, recordings_inside
from exp_lumen.serving.form import form_page
from exp_lumen.serving.places import without_root
from exp_lumen.serving.refusal import Refusal
from exp_lumen.serving.uploads import SizeLimit, hear_uploads

if TYPE_CHECKING:
    from pathlib import Path

    from exp_lumen.serving.listening import Ear
    from exp_lumen.serving.shelf import Shelf

__all__ = ["Dataset", "Served", "create_app"]

NDJSON = "application/x-ndjson"
"""JSON, a line for each recording."""

UNUSABLE = 422


@dataclass(frozen=True)
class Served:
    """What requests can use."""

    shelf: Shelf
    data: Path
    """Folder below which requests may name recordings."""
    ear: Ear

    def answering(self, name: str) -> Answering:
        """A model by its name."""
        return Answering(self.data, *self.shelf.model(name), self.ear)

    def told(self, error: UserError) -> str:
        """What is wrong, without where the folders lie."""
        return without_root(self.shelf.folder, without_root(self.data, error))


class Dataset(BaseModel):
    """A labelled dataset below the folder that is served."""

    dataset_type: str
    dataset_path: str


def create_app(served: Served, *, most_bytes: int) -> FastAPI:
    """Application that refuses requests of more than `most_bytes`."""
    app = FastAPI(title="Lumen: which instruments play", version="1")
    app.state.served = served
    app.add_middleware(SizeLimit, most_bytes=most_bytes)
    app.add_exception_handler(Refusal, lambda _, refusal: _told(refusal.status, refusal.message))
    app.add_exception_handler(UserError, lambda _, error: _told(UNUSABLE, served.told(error)))
    app.include_router(router)
    return app


router = APIRouter()
ModelPath = Annotated[str, Query(description="as GET /models lists it")]


def _told(status: int, message: str) -> JSONResponse:
    return JSONResponse({"detail": message}, status)


def _served(request: Request) -> Served:
    return request.app.state.served


def _asked(
    request: Request, model_ckpt_path: Annotated[str, Query(description="as GET /models lists it")]
) -> Answering:
    return _served(request).answering(model_ckpt_path)


Serving = Annotated[Served, Depends(_served)]
Asked = Annotated[Answering, Depends(_asked)]
AudioFiles = Annotated[list[UploadFile], File(description="recordings")]


@router.get("/models")
def list_models(served: Serving) -> list[str]:
    """Models that can be asked, the latest name first."""
    return served.shelf.names()


@router.get("/dataset-types")
def list_dataset_types() -> list[str]:
    """Types of datasets that can be tested on."""
    return list(READERS)


@router.post("/model/predict-files")
def predict_files(asked: Asked, audio_files: AudioFiles) -> Answers:
    """Instruments of recordings that come with the request, by their names."""
    return _answers_of(asked, audio_files)


@router.post("/model/predict-directory")
def predict_directory(asked: Asked, served: Serving, paths: list[str]) -> Answers:
    """Instruments of recordings below the folder that is served, by their paths."""
    return asked.answers(recordings_inside(served.data, paths))


@router.post("/model/predict-directory-stream")
def predict_directory_stream(asked: Asked, served: Serving, paths: list[str]) -> StreamingResponse:
    """The same, a line of JSON for each recording as soon as it is heard."""
    return StreamingResponse(asked.answer_lines(recordings_inside(served.data, paths)), media_type=NDJSON)


@router.post("/model/test-directory")
def test_directory(asked: Asked, served: Serving, datasets: list[Dataset]) -> dict[str, object]:
    """Measures of labelled datasets, all recordings together, and the answers."""
    return asked.test(_clips(served, datasets))


@router.post("/model/test-directory-stream")
def test_directory_stream(asked: Asked, served: Serving, datasets: list[Dataset]) -> StreamingResponse:
    """Answers, a line of JSON for each recording, and at the end a line with the measures of the whole set."""
    return StreamingResponse(asked.test_lines(_clips(served, datasets)), media_type=NDJSON)


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
def form(served: Serving) -> HTMLResponse:
    """The page for people."""
    return HTMLResponse(form_page(served.shelf.names()))


@router.post("/", response_class=HTMLResponse, include_in_schema=False)
def answered_form(served: Serving, model_ckpt_path: Annotated[str, Form()], audio_files: AudioFiles) -> HTMLResponse:
    """The page with the answers, or with why there are none."""
    names = served.shelf.names()
    try:
        answers = _answers_of(served.answering(model_ckpt_path), audio_files)
    except Refusal as refusal:
        return HTMLResponse(form_page(names, chosen=model_ckpt_path, trouble=refusal.message), refusal.status)
    except UserError as error:
        return HTMLResponse(form_page(names, chosen=model_ckpt_path, trouble=served.told(error)), UNUSABLE)
    return HTMLResponse(form_page(names, chosen=model_ckpt_path, answers=answers))


def _answers_of(asked: Answering, uploads: list[UploadFile]) -> Answers:
    return {name: asked.decide(scores) for name, scores in hear_uploads(uploads, asked.scores).items()}


def _clips(served: Served, datasets: list[Dataset]) -> list:
    return labelled_inside(served.data, [(one.dataset_type, one.dataset_path) for one in datasets])
