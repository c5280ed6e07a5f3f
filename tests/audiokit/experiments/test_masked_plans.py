"""Settings that selections mean are counted without being made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiokit.experiments.masked_plans import MaskedPlans, n_let_through
from audiokit.experiments.plan import Plan
from audiokit.experiments.selection import select, selected

SIZES = (2, 3, 4)
PLANS = {
    "small": Plan("small", {f"factor{size}": tuple(range(size)) for size in SIZES}),
    "large": Plan("large", {"rate": (-3, -4), "factor3": tuple(range(3))}),
}
ENDLESS = Plan("endless", {f"factor{n}": tuple(range(10)) for n in range(12)})

positions = [st.lists(st.integers(0, size - 1), unique=True) for size in SIZES]
masks = st.lists(st.tuples(*positions), max_size=4)


@given(masks)
def test_the_number_of_settings_is_that_of_those_that_come(masks):
    masked = MaskedPlans(tuple((PLANS["small"], mask) for mask in masks))
    settings = list(masked)
    assert len(settings) == len(set(settings)) == len(masked) == n_let_through(masks)


@given(masks)
def test_settings_come_in_the_order_of_the_parts_each_at_its_first(masks):
    parts = [(PLANS["small"], mask) for mask in masks]
    everything = [setting for plan, mask in parts for setting in plan.settings(mask)]
    assert list(MaskedPlans(tuple(parts))) == list(dict.fromkeys(everything))


def test_positions_that_stand_twice_in_a_mask_count_once():
    masked = selected("large/[[0, 0], [2, 1, 2], -1]", PLANS)
    assert [setting["factor3"] for setting in masked] == [2, 1]
    assert len(masked) == 2


@pytest.mark.parametrize("selector", ["", "large/,small/", "factor3=1", "small/factor2=0,factor3=1,large/rate=-4"])
def test_each_plan_is_counted_in_the_order_in_which_its_first_setting_comes(selector):
    settings = select(selector, PLANS)
    counts = selected(selector, PLANS).counts()
    assert list(counts) == list(dict.fromkeys(setting.plan for setting in settings))
    assert all(count == sum(s.plan == name for s in settings) for name, count in counts.items())


def test_settings_of_a_plan_of_a_million_million_are_counted_at_once():
    overlapping = "factor0=0,1,2+factor1=5,factor1=5,6+factor11=1,2"
    assert len(selected(overlapping, {"endless": ENDLESS})) == 3 * 10**10 + 4 * 10**10 - 6 * 10**9


@given(masks, st.sets(st.integers(0, 23)))
def test_settings_are_found_by_name_in_the_order_in_which_they_would_come(masks, numbers):
    everything = list(PLANS["small"])
    names = {everything[number].identifier() for number in numbers} | {"factor2=9+factor3=0+factor4=0", "no name"}
    masked = MaskedPlans(tuple((PLANS["small"], mask) for mask in masks))
    assert masked.named(names) == [setting for setting in masked if setting.identifier() in names]


def test_names_are_found_of_modalities_that_begin_alike_or_hold_signs():
    plan = Plan("town", {"dataset": ("a", "a+b=c", "a.b"), "rate": (-3, -3.5)})
    masked = selected("", {"town": plan})
    assert all(masked.named([setting.identifier()]) == [setting] for setting in plan)
    assert masked.named(["dataset=axb+rate=-3"]) == []


@pytest.mark.parametrize("selector", ["", "large/rate=-4", "factor3=2,large/", "small/[[], -1, -1],large/"])
def test_a_factor_is_replaced_where_the_plan_has_the_modality(selector):
    replaced = selected(selector, PLANS).replaced("rate", -3)
    wanted = [setting.replace(rate=-3) if "rate" in setting else setting for setting in select(selector, PLANS)]
    assert list(replaced) == list(dict.fromkeys(wanted))
    assert list(selected(selector, PLANS).replaced("rate", -9)) == select(selector, PLANS)


def test_names_in_a_plan_of_a_million_million_are_found_at_once():
    setting = ENDLESS.at([n % 10 for n in range(12)])
    assert selected("factor3=1,3", {"endless": ENDLESS}).named([setting.identifier()]) == [setting]
