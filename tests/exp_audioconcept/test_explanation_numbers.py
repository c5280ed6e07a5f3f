"""Weights, attributions, curves and contributions, against models whose reasons are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from exp_audioconcept.classifiers.svm.support_vectors import SupportVectors
from exp_audioconcept.classifiers.svm.training import svm_pipeline
from exp_audioconcept.explanations.attributions import OCCLUDED, integrated_gradients, occlusion
from exp_audioconcept.explanations.contributions import feature_contributions
from exp_audioconcept.explanations.curves import (
    Curves,
    Random,
    area,
    better_than_chance,
    measure_chance,
    measure_curves,
)
from exp_audioconcept.explanations.grid import Grid
from exp_audioconcept.explanations.report import gradients_line
from exp_audioconcept.explanations.weights import component_weights, draw_masks, linear_weights, mean_interval

BANDS, FRAMES = 20, 50
GENRE = 1


@pytest.fixture
def scene():
    """A linear network with two genres, a spectrogram of the second one, and the mean spectrum of all songs."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(2, BANDS, FRAMES, generator=generator) / 20

    def decide(mel):
        return torch.einsum("nbf,gbf->ng", mel, weights)

    mel = torch.randn(BANDS, FRAMES, generator=generator) + 2 * (weights[GENRE] - weights[0])
    spectrum = torch.randn(BANDS, generator=generator)
    return SimpleNamespace(
        decide=decide, weights=weights, mel=mel, spectrum=spectrum, grid=Grid(BANDS, FRAMES, (8, 20))
    )


def chance(scene):
    """Curves of orders that are drawn."""
    return measure_chance(scene.decide, scene.mel, scene.spectrum, GENRE, scene.grid, steps=10, n_orders=12)


def expected_parts(scene):
    """What each cell adds in a linear network: its weight times what differs from the mean spectrum."""
    return (scene.weights[GENRE] * (scene.mel - scene.spectrum[:, None])).double().numpy()


# Weights of components


def test_weights_of_a_sum_are_its_terms():
    terms = np.array([3.0, -1.0, 0.5, 0.0])
    found = component_weights(lambda masks: masks @ terms + 7, 4, repetitions=3, draws=10)
    np.testing.assert_allclose(found.mean, terms, atol=1e-8)
    np.testing.assert_allclose(found.high - found.low, 0, atol=1e-8)


def test_of_two_components_a_weight_is_what_is_lost_without_it():
    values = {(True, True): 5.0, (True, False): 3.0, (False, True): -1.0}
    found = component_weights(lambda masks: [values[tuple(mask)] for mask in masks.tolist()], 2, repetitions=2, draws=6)
    np.testing.assert_allclose(found.mean, [6, 2], atol=1e-8)
    assert found.n_evaluated == 3


def test_the_interval_holds_what_all_possibilities_together_give():
    random = np.random.default_rng(1)
    pairs = random.standard_normal((8, 8)) / 4
    terms = random.standard_normal(8)

    def evaluate(masks):
        on = masks.astype(float)
        return on @ terms + np.einsum("mi,ij,mj->m", on, pairs, on)

    found = component_weights(evaluate, 8, repetitions=10, draws=60)
    everything = draw_masks(8, repetitions=1, draws=255, seed=0)[0]
    exact = linear_weights(everything, evaluate(everything))
    assert np.mean((found.low <= exact) & (exact <= found.high)) >= 0.75
    assert np.all(found.high - found.low < 1)


def test_silence_is_never_asked_about_and_the_whole_sound_always():
    masks = draw_masks(3, repetitions=4, draws=20, seed=0)
    assert masks.shape == (4, 20, 3)
    assert masks.any(axis=2).all()
    assert masks[:, 0].all()
    assert all(len(np.unique(own, axis=0)) == 7 for own in masks)


def test_the_interval_of_a_mean_is_student_s():
    mean, low, high = mean_interval(np.array([[1.0], [2.0], [3.0]]))
    np.testing.assert_allclose([mean[0], low[0], high[0]], [2, 2 - 2.484138, 2 + 2.484138], atol=1e-5)


# What a network looks at


def test_cells_cover_a_spectrogram_once():
    grid = Grid(BANDS, FRAMES, (8, 20))
    assert grid.cell == (3, 3)
    assert grid.n_cells == 7 * 17
    sums = grid.sums(np.ones((BANDS, FRAMES)))
    np.testing.assert_array_equal(sums[[0, -1]], [9, 2 * 2])
    assert sums.sum() == BANDS * FRAMES


def test_integrated_gradients_sum_up_to_the_difference_of_logits(scene):
    found, gap = integrated_gradients(scene.decide, scene.mel, scene.spectrum, GENRE, steps=32)
    np.testing.assert_allclose(found, expected_parts(scene), atol=1e-4)
    assert gap < 1e-4


@pytest.mark.parametrize(("gap", "is_trusted"), [(0.1, True), (0.5, False)])
def test_gradients_that_miss_their_sum_are_not_to_be_relied_on(gap, is_trusted):
    told = gradients_line(SimpleNamespace(difference=-2.0, gap=gap))
    assert "-2.00" in told
    assert ("do not rely" not in told) == is_trusted


def test_occlusion_takes_what_the_windows_add_that_cover_a_cell(scene):
    found = occlusion(scene.decide, scene.mel, scene.spectrum, GENRE, scene.grid)
    parts = expected_parts(scene)
    high, wide = (n * size for n, size in zip(OCCLUDED, scene.grid.cell, strict=True))
    top, left = 6, 15  # of a cell in the middle
    tops, lefts = range(top - high + 3, top + 1, 3), range(left - wide + 3, left + 1, 3)
    covering = [parts[first : first + high, begin : begin + wide].sum() for first in tops for begin in lefts]
    np.testing.assert_allclose(found[top : top + 3, left : left + 3], np.mean(covering) / (high * wide), atol=1e-6)


def test_occlusion_is_strongest_where_the_network_looks(scene):
    watched = torch.zeros_like(scene.weights)
    watched[GENRE, 9:12, 30:33] = 1
    mel = scene.spectrum[:, None].expand(BANDS, FRAMES) + 1

    def decide(images):
        return torch.einsum("nbf,gbf->ng", images, watched)

    sums = scene.grid.sums(occlusion(decide, mel, scene.spectrum, GENRE, scene.grid))
    assert sums.argmax() == scene.grid.numbers[10, 31]


def test_true_reasons_fall_faster_than_chance_and_false_ones_slower(scene):
    parts = expected_parts(scene)
    task = scene.decide, scene.mel, scene.spectrum, GENRE, scene.grid
    curves, random = measure_curves(*task, {"true": parts, "false": -parts}, steps=10), chance(scene)
    for kind, better in (("deletion", -1), ("insertion", 1)):
        _, low, high = random.interval(kind)
        true, false = (float(area(getattr(curves[name], kind))) for name in ("true", "false"))
        assert better * (true - false) > 0
        assert true < low or true > high


def test_curves_lead_from_the_song_to_the_mean_spectrum_and_back(scene):
    parts = expected_parts(scene)
    task = scene.decide, scene.mel, scene.spectrum, GENRE, scene.grid
    curves, random = measure_curves(*task, {"true": parts}, steps=10), chance(scene)
    empty = scene.spectrum[:, None].expand_as(scene.mel)
    whole, nothing = (
        float(scene.decide(image[None]).double().softmax(dim=1)[0, GENRE]) for image in (scene.mel, empty)
    )
    ends = [curves["true"].deletion[0], curves["true"].deletion[-1], *random.deletion[:, 0]]
    np.testing.assert_allclose(ends, [whole, nothing, *[whole] * len(random.deletion)], atol=1e-5)
    np.testing.assert_allclose(curves["true"].insertion[[0, -1]], [nothing, whole], atol=1e-5)


def test_the_area_is_that_of_trapezoids():
    np.testing.assert_allclose(area(np.array([1.0, 0.5, 0.0])), 0.5)


def test_the_gain_over_chance_is_a_mean_of_songs_with_its_interval():
    drawn = np.full((3, 3), 0.5)
    songs = [Curves(np.full(3, value), np.full(3, 1 - value)) for value in (0.1, 0.2, 0.3)]
    for kind in ("deletion", "insertion"):
        found = better_than_chance(songs, [Random(drawn, drawn)] * 3, kind)
        np.testing.assert_allclose(found, [0.3, 0.3 - 0.2484138, 0.3 + 0.2484138], atol=1e-6)


# Features of an SVM


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_contributions_sum_up_to_one_genre_s_decision_value(kernel):
    random = np.random.default_rng(0)
    genres = np.repeat(["blues", "jazz", "rock"], 12)
    values = random.standard_normal((36, 5)) + 3 * np.eye(5)[np.unique(genres, return_inverse=True)[1]]
    names = ("rms", "tempo", "centroid", "rolloff", "chroma")
    machine = SupportVectors.of(svm_pipeline(kernel=kernel).fit(values, genres), names)
    model = SimpleNamespace(machine=machine, background=values[::3])
    found = feature_contributions(model, values[20], GENRE)
    decided = machine.decide(values[20:21])[0, GENRE]
    np.testing.assert_allclose(found.song.values.sum() + found.song.base_values, decided, atol=1e-9)
    np.testing.assert_allclose(found.song.base_values, machine.decide(values[::3])[:, GENRE].mean(), atol=1e-9)
    assert found.songs.shape == (13, 5)
    assert names[np.abs(found.song.values).argmax()] == "tempo"
