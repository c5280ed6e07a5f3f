"""The page works from the file system: players play, pictures show, and names do no harm."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from shutil import which
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from audio_fixtures import save_transcoders, save_yamnet, scene, write

from audiokit.reports import page as page_module
from audiokit.reports.figures import thumbnail
from audiokit.reports.page import Column, write_page
from spectral_transcoder.listening import generate
from spectral_transcoder.listening.generate import prepare
from spectral_transcoder.listening.tags import top_labels

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
TITLES = ["Original", "Ground truth", "PINV", "CNN-mels", "CNN-logits", "TCN"]
NAME = "a <script>document.title='owned'<b> & \"q\" 100% #1?.wav"


# Without a browser


class Content(HTMLParser):
    """Text by tag, and attributes of each tag."""

    def __init__(self, path):
        super().__init__()
        self.text = {}
        self.attributes = {}
        self.open = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.attributes.setdefault(tag, []).append(dict(attrs))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.text.setdefault(self.open[-1], []).append(data.strip())


def decoded(address):
    """Type and content of a data address."""
    kind, content = re.fullmatch(r"data:([^;]+);base64,(.*)", address).groups()
    return kind, base64.b64decode(content)


@pytest.fixture
def make_page(tmp_path):
    """Write a page of one column; gives its content."""
    picture = tmp_path / "picture.png"
    picture.write_bytes(thumbnail(np.eye(5), (0, 1)))

    def make(samples, *, rate=16000, title="a.wav", name="a.wav", notes=(), tags=(), further=()):
        sound = write(tmp_path / name, samples, rate)
        column = Column("A <b> B", "one <two>", sound, thumbnail(np.eye(3), (0, 1)), tags)
        page = tmp_path / "index.html"
        write_page(
            page,
            title=title,
            maker="Ears & Co.",
            facts="1 s; <PANN>",
            notes=notes,
            columns=[column],
            picture=picture,
            picture_text="Both <of them>",
            further_pictures=[(picture, text) for text in further],
        )
        return Content(page)

    return make


def test_texts_are_texts_whatever_is_in_them(make_page):
    content = make_page(scene(1, 16000), title=NAME, notes=["first <i>", "second $columns"], tags=[("A <b>", 0.5)])
    assert content.text["h1"] == [NAME]
    assert content.text["title"] == [f"{NAME} · Ears & Co."]
    assert content.text["h2"] == ["A <b> B"]
    assert content.text["p"] == ["1 s; <PANN>", "first <i>\nsecond $columns", "one <two>"]
    assert (content.text["span"], content.text["b"]) == (["A <b>"], ["0.50"])
    assert "script" not in content.attributes
    assert content.attributes["img"][1]["alt"] == "Both <of them>"


@pytest.mark.parametrize("gain", [0.1, 1, 7])
def test_short_sounds_are_part_of_the_page_and_never_clipped(make_page, gain):
    samples = gain * scene(1, 16000) / 0.5
    content = make_page(samples)
    kind, flac = decoded(content.attributes["audio"][0]["src"])
    assert kind == "audio/flac"
    heard, rate = soundfile.read(io.BytesIO(flac))
    assert rate == 16000
    np.testing.assert_allclose(heard, samples / max(gain, 1), atol=2e-4)


@pytest.mark.parametrize(("channels", "rate"), [(32, 16000), (1, 768_000)])
def test_what_flac_cannot_hold_is_heard_as_the_mean_of_its_channels(make_page, channels, rate):
    sound = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    _, flac = decoded(make_page(np.stack([sound] * channels, axis=1), rate=rate).attributes["audio"][0]["src"])
    heard, heard_rate = soundfile.read(io.BytesIO(flac))
    assert heard_rate == min(rate, 48000)
    times = np.arange(heard_rate) / heard_rate
    np.testing.assert_allclose(heard[100:-100], 0.5 * np.sin(2 * np.pi * 440 * times)[100:-100], atol=1e-3)


def test_silent_sounds_are_part_of_the_page_too(make_page):
    _, flac = decoded(make_page(np.zeros(16000)).attributes["audio"][0]["src"])
    assert not soundfile.read(io.BytesIO(flac))[0].any()


def test_long_sounds_are_named_and_stay_beside_the_page(make_page, monkeypatch):
    monkeypatch.setattr(page_module, "EMBEDDED_SECONDS", 0.5)
    address = make_page(scene(1, 16000), name=NAME).attributes["audio"][0]["src"]
    assert unquote(address) == NAME
    assert not set(address) & set("<>\"'&#? ")


@pytest.mark.parametrize("seconds", [119, 121])
def test_two_minutes_are_still_part_of_the_page(make_page, seconds):
    address = make_page(np.zeros(16000 * seconds)).attributes["audio"][0]["src"]
    assert address.startswith("data:") == (seconds < 120)


def test_pictures_are_part_of_the_page(make_page):
    column, overview = (decoded(image["src"]) for image in make_page(scene(1, 16000)).attributes["img"])
    assert column == ("image/png", thumbnail(np.eye(3), (0, 1)))
    assert overview == ("image/png", thumbnail(np.eye(5), (0, 1)))


def test_further_pictures_are_below_the_first(make_page):
    *_, overview, further = make_page(scene(1, 16000), further=["A <second> one"]).attributes["img"]
    assert overview["alt"] == "Both <of them>"
    assert further["alt"] == "A <second> one"
    assert decoded(further["src"]) == ("image/png", thumbnail(np.eye(5), (0, 1)))


def test_scores_are_drawn_as_bars(make_page):
    content = make_page(scene(1, 16000), tags=[("Bird", 0.876), ("Rain", 0.05)])
    widths = [re.search(r"([\d.]+)%", item["style"])[1] for item in content.attributes["li"]]
    assert widths == ["87.6", "5.0"]
    assert content.text["b"] == ["0.88", "0.05"]


def test_the_page_asks_nothing_of_the_network(make_page):
    content = make_page(scene(1, 16000))
    addresses = [
        value
        for tags in content.attributes.values()
        for tag in tags
        for key, value in tag.items()
        if key in ("src", "href", "data", "action")
    ]
    assert len(addresses) == 4
    assert all(address.startswith("data:") for address in addresses)


# In a browser


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = CHROMIUM if Path(CHROMIUM).exists() else which("chromium")
    if not executable:
        pytest.skip("there is no chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    models = save_transcoders(save_yamnet(tmp_path_factory.mktemp("models")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "REFERENCE_MODELS", models / "none")
        return prepare(models=models, iterations=2, device="cpu")


@pytest.fixture(scope="module")
def generated(generator, tmp_path_factory):
    """A page with all versions of a recording of 1.6 s."""
    folder = tmp_path_factory.mktemp("page")
    sound = folder / "in.wav"
    write(sound, scene(1.6))
    return generator.generate(sound.rename(folder / NAME), folder / "out")


@pytest.fixture(scope="module")
def generated_long(generator, tmp_path_factory):
    """The same, with sounds beside the page."""
    folder = tmp_path_factory.mktemp("long_page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_module, "EMBEDDED_SECONDS", 1)
        return generator.generate(write(folder / "a b#1?.wav", scene(1.6)), folder / "out")


@pytest.fixture
def open_page(browser):
    """Open a page; gives it and what it complained about."""
    contexts = []

    def open_page(path, **options):
        context = browser.new_context(**{"viewport": {"width": 1500, "height": 1000}} | options)
        contexts.append(context)
        shown = context.new_page()
        complaints = []
        shown.on("console", lambda message: complaints.append(message.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.on("requestfailed", lambda request: complaints.append(request.url[:200]))
        shown.on("request", lambda request: complaints.append(request.url) if request.url.startswith("http") else None)
        shown.goto(path.as_uri())
        shown.wait_for_function("[...document.querySelectorAll('audio')].every(a => a.readyState > 0 || a.error)")
        return shown, complaints

    yield open_page
    for context in contexts:
        context.close()


COLOURS = """() => [...document.images].map(image => {
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return new Set(pixels).size;
})"""
PLAY = """async () => {
    const heard = [];
    for (const audio of document.querySelectorAll('audio')) {
        audio.muted = true;
        await audio.play();
        for (let i = 0; i < 100 && !audio.currentTime; i++) await new Promise(done => setTimeout(done, 50));
        heard.push(audio.currentTime);
        audio.pause();
    }
    return heard;
}"""
LISTS = """() => [...document.querySelectorAll('section')].map(section =>
    [...section.querySelectorAll('li')].map(item =>
        [item.querySelector('span').textContent, item.querySelector('b').textContent]))"""


@pytest.mark.parametrize("which_page", ["generated", "generated_long"])
def test_all_players_play_and_nothing_is_complained_about(request, open_page, which_page):
    result = request.getfixturevalue(which_page)
    shown, complaints = open_page(result.page)
    durations = shown.evaluate("[...document.querySelectorAll('audio')].map(audio => audio.duration)")
    assert durations == pytest.approx([1.6] * len(TITLES), abs=1e-3)
    addresses = shown.evaluate("[...document.querySelectorAll('audio')].map(audio => audio.getAttribute('src'))")
    assert all(address.startswith("data:") == (which_page == "generated") for address in addresses)
    assert all(0 < time <= 1.6 for time in shown.evaluate(PLAY))
    assert complaints == []


def test_all_pictures_show_something(generated, open_page):
    shown, _ = open_page(generated.page)
    widths = shown.evaluate("[...document.images].map(image => image.naturalWidth)")
    # Third octaves, five Mel spectrograms, all together.
    assert widths[:-1] == [13, 161, 161, 161, 161, 161]
    assert widths[-1] > 1000
    assert min(shown.evaluate(COLOURS)) > 20
    assert shown.evaluate("[...document.images].every(image => image.getBoundingClientRect().height > 100)")


def test_names_are_shown_as_they_are_and_do_nothing(generated, open_page):
    shown, _ = open_page(generated.page)
    assert shown.title() == f"{NAME} · Spectral Transcoder"
    assert shown.inner_text("h1") == NAME
    assert shown.evaluate("document.scripts.length") == 0
    assert shown.evaluate("[...document.querySelectorAll('h2')].map(title => title.textContent)") == TITLES


def test_each_list_has_the_ten_highest_scores_in_order(generated, generator, open_page):
    shown, _ = open_page(generated.page)
    original, *lists = shown.evaluate(LISTS)
    assert original == []
    for scores, entries in zip(generated.scores.values(), lists, strict=True):
        expected = [[label, f"{score:.2f}"] for label, score in top_labels(scores, generator.teacher.labels)]
        assert entries == expected
    assert len({json.dumps(entries) for entries in lists}) > 1


def test_nothing_sticks_out_of_the_window(generated, open_page):
    shown, _ = open_page(generated.page)
    for width in (360, 800, 1500, 2500):
        shown.set_viewport_size({"width": width, "height": 900})
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        players = shown.evaluate("[...document.querySelectorAll('audio')].map(a => a.getBoundingClientRect().width)")
        assert min(players) > 200


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_those_that_the_reader_prefers(generated, open_page, scheme):
    shown, _ = open_page(generated.page, color_scheme=scheme)
    background, ink = (
        shown.evaluate(f"getComputedStyle(document.body).{key}").strip("rgb()").split(", ")
        for key in ("backgroundColor", "color")
    )
    brightness = sum(map(int, background)) - sum(map(int, ink))
    assert (brightness if scheme == "light" else -brightness) > 400
