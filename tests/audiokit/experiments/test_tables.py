"""Tables of results: what is compared, what is bold, and that every format shows it."""

import csv
import html.parser
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_rel

from audiokit.errors import UserError
from audiokit.experiments.experiment import Metric
from audiokit.experiments.significance import judge
from audiokit.experiments.tables.formats import escape_latex
from audiokit.experiments.tables.picture import MOST_ROWS, draw
from audiokit.experiments.tables.result_table import ResultTable, Row
from audiokit.experiments.tables.sheet import MISSING, Cell, Section, Sheet, header_lines
from audiokit.experiments.tables.writing import FORMATS, to_text, write_table

N_FILES = 200


def metric(name, **options):
    return Metric(name, lambda setting: None, **options)


ERROR = metric("mel_mse", title="Mel MSE")
BCE = metric("bce", title="logit BCE", decimals=4)
HITS = metric("hits", title="top-1", direction="higher", decimals=1, percent=True)


@pytest.fixture
def files():
    """What is hard about each file, for all models."""
    return np.random.default_rng(0).normal(size=N_FILES)


@pytest.fixture
def table(files):
    """Four models on one dataset; the second is close to the first, the last has no Mel spectrogram."""
    noise = np.random.default_rng(1).normal(size=(4, N_FILES))
    noise -= noise.mean(axis=1, keepdims=True)
    rows = [
        Row(
            {"step": "metric", "transcoder": name, "dataset": "full", "nb_layers": layers, "learning_rate": -3},
            {
                "mel_mse": None if name == "b&w" else 10 + offset + files + noise[index],
                "bce": 0.02 + offset / 100 + 0.01 * noise[index],
                "hits": 0.893 - offset / 10,
            },
        )
        for index, (name, layers, offset) in enumerate(
            [("cnn_pinv", 5, 0.0), ("cnn_<1>", 3, 0.001), ("mlp", 3, 1.0), ("b&w", 1, 2.0)]
        )
    ]
    return ResultTable((ERROR, BCE, HITS), rows, titles={"learning_rate": "log learning rate"})


@pytest.fixture
def with_published(table):
    published = Row({"transcoder": "cnn_pinv", "nb_layers": 5}, {"mel_mse": 0.5, "hits": 0.9})
    return replace(table, extra_rows=[published], extra_heading="As published (2023)")


# Comparison


@pytest.mark.parametrize("direction", ["lower", "higher"])
def test_the_best_is_that_with_the_lowest_or_highest_mean(direction, files):
    verdicts = judge([files + 1, files, files + 2, None], direction=direction)
    assert [verdict.best for verdict in verdicts] == [False, direction == "lower", direction == "higher", False]
    assert [verdict.mean for verdict in verdicts[:3]] == pytest.approx([files.mean() + n for n in (1, 0, 2)])
    assert verdicts[3].mean is None


def test_p_values_are_those_of_a_paired_t_test_against_the_best():
    results = np.random.default_rng(3).normal(loc=[[0.0], [0.1], [0.3], [3.0]], size=(4, 50))
    best = int(results.mean(axis=1).argmin())
    verdicts = judge(list(results), direction="lower")
    for index, verdict in enumerate(verdicts):
        if index == best:
            assert (verdict.best, verdict.p_value, verdict.close) == (True, None, False)
            continue
        difference = results[index] - results[best]
        assert verdict.p_value == ttest_rel(results[index], results[best]).pvalue
        t = difference.mean() / (difference.std(ddof=1) / np.sqrt(50))
        assert verdict.close == (verdict.p_value > 0.05) == (abs(t) < 2.0096)
    assert {verdict.close for verdict in verdicts} == {True, False}


def test_equal_results_are_all_best():
    assert [v.best for v in judge([0.5, 0.7, 0.7], direction="higher")] == [False, True, True]


def test_a_result_that_stands_alone_is_not_the_best_of_anything(files):
    assert not any(v.best for v in judge([None, files, None], direction="lower"))
    assert not any(v.best for v in judge([None, None], direction="lower"))


def test_single_numbers_are_not_tested():
    assert [v.p_value for v in judge([0.5, 0.7], direction="higher")] == [None, None]


def test_a_metric_may_do_without_tests(files):
    assert [v.p_value for v in judge([files, files + 1], direction="lower", significance=False)] == [None, None]


def test_results_on_other_files_are_not_tested(files):
    groups = [("full",), ("urban",), ("full",)]
    p_values = [v.p_value for v in judge([files, files + 1, 2 * files + 3], direction="lower", groups=groups)]
    assert p_values[:2] == [None, None]
    assert p_values[2] is not None
    assert judge([files, files[:-1] + 1], direction="lower")[1].p_value is None


def test_what_is_not_a_number_is_never_best(files):
    diverged, *others = judge([np.where(files > 1, np.nan, files), files, files + 1], direction="lower")
    assert np.isnan(diverged.mean)
    assert (diverged.best, diverged.p_value) == (False, None)
    assert others[0].best


def test_the_same_difference_in_all_files_is_significant(recwarn):
    values = np.arange(8.0)
    assert judge([values, values + 1], direction="lower")[1].p_value == 0
    assert not recwarn.list


def test_every_metric_is_tested_on_its_own_values(files):
    """Metrics without a test do not shift the values of those after them."""
    rows = [
        Row({"model": "a"}, {"hits": 0.9, "untested": files, "bce": files}),
        Row({"model": "b"}, {"hits": 0.8, "untested": files + 1, "bce": files + files[::-1]}),
    ]
    table = ResultTable((HITS, metric("untested", significance=False), BCE), rows)
    p_values = [[verdict.p_value for verdict in table.verdicts(column)] for column in table.metrics]
    assert p_values[:2] == [[None, None], [None, None]]
    best = int(files.mean() > (files + files[::-1]).mean())
    assert p_values[2][1 - best] == ttest_rel(files, files + files[::-1]).pvalue


# Cells


def test_factors_that_all_rows_share_go_into_the_caption(table):
    sheet = table.sheet()
    assert sheet.caption == "dataset full, log learning rate -3"
    assert [title.replace("\N{NO-BREAK SPACE}", " ") for title in sheet.header] == [
        "transcoder",
        "nb layers",
        "Mel MSE ↓",
        "logit BCE ↓",
        "top-1 (%) ↑",
    ]
    assert replace(table, caption="PANN").sheet().caption.startswith("PANN: dataset full, ")


def test_a_single_row_keeps_its_factors(table):
    sheet = ResultTable(table.metrics, table.rows[:1]).sheet()
    assert sheet.caption == ""
    assert sheet.header[:4] == ["transcoder", "dataset", "nb layers", "learning rate"]


def test_a_factor_that_some_rows_lack_is_a_column(table):
    rows = [*table.rows, Row({"transcoder": "pinv", "dataset": "full"}, {"bce": 1.0})]
    sheet = ResultTable(table.metrics, rows).sheet()
    assert sheet.caption == "dataset full"
    assert [cell.text for cell in sheet.rows[-1]] == ["pinv", MISSING, MISSING, MISSING, "1.0000", MISSING]


def test_published_rows_take_no_part_in_the_comparison(with_published):
    sheet = with_published.sheet()
    assert [section.heading for section in sheet.sections] == ["", "As published (2023)"]
    (published,) = sheet.sections[1].rows
    assert [cell.text for cell in published] == ["cnn_pinv", "5", "0.50", MISSING, "90.0"]
    assert not any(cell.best or cell.close for cell in published)
    assert sum(row[2].best for row in sheet.rows) == 1


def test_a_published_row_with_another_modality_keeps_the_column(table):
    extra = [Row({"transcoder": "pinv", "dataset": "urban"}, {"bce": 1.0})]
    assert "dataset" in ResultTable(table.metrics, table.rows, extra_rows=extra).sheet().header


def test_numbers_have_the_decimals_of_their_metric(table):
    for row, source in zip(table.sheet().rows, table.rows, strict=True):
        assert row[3].text == f"{source.values['bce'].mean():.4f}"
        assert row[4].text == f"{source.values['hits'] * 100:.1f}"
    assert table.sheet().rows[3][2] == Cell(MISSING)


def test_the_footnote_comes_with_its_mark(table):
    assert [cell.close for cell in table.sheet().rows[1]] == [False, False, True, True, False]
    assert "not significantly different" in table.sheet().notes[0]
    assert "p > 0.05" in table.sheet().notes[0]
    assert ResultTable((HITS,), table.rows).sheet().notes == []


def test_wide_titles_take_two_lines():
    titles = ["nb layers", "log learning rate", "epoch", "a very long title"]
    lines = header_lines(titles, [1, 8, 9, 40], len)
    assert lines == [("nb", "log learning", "", ""), ("layers", "rate", "epoch", "a very long title")]


# Formats


def test_a_terminal_shows_aligned_columns_with_marks(with_published):
    text = to_text(with_published)
    rows = [line for line in text.splitlines() if line.startswith(("cnn", "mlp", "b&w"))]
    assert len(rows) == 5
    assert [line.count("◂") for line in rows] == [3, 0, 0, 0, 0]
    assert [line.count("*") for line in rows] == [0, 2, 0, 0, 0]
    assert len({line.index(".") for line in rows if "–" not in line.split()[:3]}) == 1
    assert text.splitlines()[-2:] == ["◂ best", with_published.sheet().notes[0]]
    assert "\x1b" not in text
    assert to_text(with_published, bold=True).replace("\x1b[1m", "").replace("\x1b[0m", "") == text
    assert re.search(r"\x1b\[1m89\.3◂\x1b\[0m", to_text(with_published, bold=True))


def test_csv_has_full_precision_and_p_values(with_published, tmp_path):
    path = write_table(with_published, tmp_path / "t.csv")
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["source"] for row in rows] == ["measured"] * 4 + ["As published (2023)"]
    assert list(rows[0]) == [
        *("source", "transcoder", "dataset", "nb_layers", "learning_rate"),
        *("mel_mse", "mel_mse_p_value", "bce", "bce_p_value", "hits"),
    ]
    values = [row.values["bce"] for row in with_published.rows]
    best = min(range(4), key=lambda index: values[index].mean())
    for index, row in enumerate(rows[:4]):
        assert float(row["bce"]) == values[index].mean()
        if index != best:
            assert float(row["bce_p_value"]) == ttest_rel(values[index], values[best]).pvalue
    assert rows[best]["bce_p_value"] == rows[3]["mel_mse"] == rows[4]["bce"] == rows[4]["dataset"] == ""


class Reader(html.parser.HTMLParser):
    """Cells of an HTML table, and tags that are left open."""

    def __init__(self):
        super().__init__()
        self.open, self.rows, self.references = [], [], []

    def handle_starttag(self, tag, attributes):
        self.references += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "link"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append([dict(attributes), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            mark = "!" if "b" in self.open else ""
            self.rows[-1][-1][1] += data + mark


def test_html_is_whole_escaped_and_self_contained(with_published, tmp_path):
    text = write_table(with_published, tmp_path / "t.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert reader.references == ["data:,"]
    assert "cnn_&lt;1&gt;" in text
    assert "b&amp;w" in text
    cells = [[content for _, content in row] for row in reader.rows]
    assert cells[1][0] == "cnn_pinv"
    assert cells[1][4] == "89.3!"
    assert cells[5] == ["As published (2023)"]
    close, content = reader.rows[2][3]
    assert (close["class"], content[-1]) == ("number close", "*")
    assert re.fullmatch(r"p = 0\.\d+", close["title"])
    assert "not significantly different" in text


def test_latex_is_balanced_and_escaped(with_published, tmp_path):
    text = write_table(with_published, tmp_path / "t.tex").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}")
    assert re.findall(r"\\begin\{(\w+)\}", text) == re.findall(r"\\end\{(\w+)\}", text)[::-1] == ["table", "tabular"]
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
    rows = [row for row in re.split(r"\\\\\n", body) if "&" in row and "multicolumn" not in row]
    assert len(rows) == 6
    assert all(len(re.findall(r"(?<!\\)&", row)) == 4 for row in rows)
    assert r"\multicolumn{5}{l}{\textit{As published (2023)}}" in body
    assert r"cnn\_pinv" in body
    assert r"cnn\_\textless{}1\textgreater{}" in body
    assert r"b\&w" in body
    assert r"\textbf{89.3}" in body
    assert r"\textcolor{blue}{" in body
    assert r"top-1 (\%)~$\uparrow$" in body
    assert not re.search(r"(?<!\\)[_%#]", text[text.index("\n") :])
    assert not re.search(r"[^\x00-\x7f]", text)


def test_latex_specials_are_escaped():
    assert escape_latex(r"50 % of a_b & c#d $ {x} ~ ^ \ ") == (
        r"50 \% of a\_b \& c\#d \$ \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} "
    )


def test_png_is_a_picture_with_something_on_it(with_published, tmp_path):
    from matplotlib.image import imread

    image = imread(write_table(with_published, tmp_path / "t.png"))[..., :3]
    ink = image.min(axis=2) < 0.5
    assert 0.005 < ink.mean() < 0.2
    border = np.concatenate([ink[:8].ravel(), ink[-8:].ravel(), ink[:, :8].ravel(), ink[:, -8:].ravel()])
    assert not border.any()
    blue = (image[..., 2] > image[..., 0] + 0.3).sum()
    assert blue > 50


def test_pdf_is_a_pdf(with_published, tmp_path):
    content = write_table(with_published, tmp_path / "t.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/Type3" not in content
    assert b"/TrueType" in content or b"/CIDFontType2" in content


def long_sheet(n_columns):
    texts = ["a", "a rather long modality of a factor", "3.14", "$x_1$ costs 5 %"]
    rows = [[Cell(text, best=index % 2 == 0, close=index % 2 == 1) for index, text in enumerate(texts[:n_columns])]] * 3
    titles = ["one word", "another_title_that_cannot_be_broken", "two words", "p"]
    caption = "A caption with very many words, which cannot stand on one line above a table as narrow as this one is"
    return Sheet(caption, titles[:n_columns], [Section("A heading that is wider than its table", rows)], ["a note"])


@pytest.mark.parametrize("n_columns", [1, 2, 4])
def test_nothing_in_a_picture_runs_over_anything_else(n_columns):
    figure = draw(long_sheet(n_columns))
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts if text.get_text().strip()]
    assert all(box.x0 > 0 and box.y0 > 0 for box in boxes)
    assert all(box.x1 < figure.bbox.x1 and box.y1 < figure.bbox.y1 for box in boxes)
    for index, box in enumerate(boxes):
        assert not any(box.shrunk(0.9, 0.7).overlaps(other.shrunk(0.9, 0.7)) for other in boxes[:index])


def test_too_many_rows_for_a_picture_are_refused(tmp_path):
    rows = [Row({"epoch": epoch}, {"bce": 1.0 / (1 + epoch)}) for epoch in range(MOST_ROWS + 1)]
    table = ResultTable((BCE,), rows)
    with pytest.raises(UserError, match=r"1001 rows are too many for a picture .*\.html or \.csv"):
        write_table(table, tmp_path / "t.png")
    write_table(table, tmp_path / "t.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_files_are_whole_or_absent(table, tmp_path, suffix, monkeypatch):
    path = tmp_path / f"t{suffix}"
    path.write_text("old")
    monkeypatch.setattr(ResultTable, "verdicts", None)
    with pytest.raises(TypeError):
        write_table(table, path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_unknown_formats_are_refused(table, tmp_path):
    with pytest.raises(UserError, match=r"cannot write a table as t\.xlsx: let its name end with \.png, \.pdf"):
        write_table(table, tmp_path / "t.xlsx")
