"""Plans span the settings of the paper, in its order; selections say which ones are meant."""

import copy
import csv
import hashlib
import itertools
import random

import pytest

from audiokit.errors import UserError
from audiokit.experiments import plan as plan_module
from audiokit.experiments.plan import ABSENT, Plan, Setting
from audiokit.experiments.selection import select
from exp_train_model.plans import CLASSIFIERS, training_plans

PAPER_PLANS = """
reference: ts 0; step evaluate, metric; transcoder oracle, pinv; dataset TEST, full, urban, urban_mel_time, \
urban_mel_freq; classifier YamNet, PANN
mlp: ts 0; step train, evaluate, metric; transcoder mlp, mlp_pinv; dataset TEST, full, urban; classifier YamNet, PANN; \
epoch 1, 10, 200; learning_rate -3, -4, -5; hidden1 100, 300; hidden2 1000, 3000
cnn: ts 0; step train, evaluate, metric; transcoder cnn_pinv; dataset TEST, full, urban, urban_mel_time, \
urban_mel_freq; classifier YamNet, PANN; epoch 1, 10, 100, 200; learning_rate -3, -4, -5; kernel_size 3, 5; \
nb_layers 1, 3, 5; dilation 0, 1, 2, 3; nb_channels 16, 64
hybridts: ts 1; step train, evaluate, metric; transcoder cnn_pinv; dataset TEST, full, urban; classifier YamNet, PANN; \
epoch 1, 5, 10, 20, 50, 100, 200, 400; learning_rate -3, -4, -5; kernel_size 5; nb_layers 5; dilation 0, 1; \
nb_channels 64; prop_logit 100, 50
ts: ts 1; step train, evaluate, metric; transcoder self, effnet_b0, effnet_b7; dataset TEST, full, urban; \
classifier YamNet, PANN; learning_rate -3, -4, -5; epoch 1, 5, 10, 20, 50, 100, 150, 200, 300, 400
"""

PAPER_SIZES = {"reference": 40, "mlp": 1296, "cnn": 17280, "hybridts": 1728, "ts": 1620}

PAPER = "classifier=YamNet,PANN+dataset=full"
CNN = "epoch=200+kernel_size=5+nb_layers=5+nb_channels=64+learning_rate=-3+dilation=0"

RESTRICTED = [
    f"reference/transcoder=oracle+{PAPER}",
    f"reference/transcoder=pinv+{PAPER}",
    f"cnn/{CNN}+{PAPER}",
    f"hybridts/{CNN}+prop_logit=100+{PAPER}",
    f"ts/transcoder=self+learning_rate=-4+epoch=200+{PAPER}",
    f"ts/transcoder=effnet_b0+learning_rate=-5+epoch=200+{PAPER}",
    f"ts/transcoder=effnet_b7+learning_rate=-5+epoch=200+{PAPER}",
]
DETAILED = [
    *RESTRICTED[:2],
    f"mlp/transcoder=mlp_pinv+epoch=200+{PAPER}",
    f"cnn/epoch=200+{PAPER}",
    f"hybridts/epoch=200+prop_logit=100+{PAPER}",
    f"ts/epoch=200+{PAPER}",
]

LISTS = {
    "restricted": (RESTRICTED, 38, "d3a6b890b51382e92526cf9a5691952816ae6841fce8e4cc4911178f476fc41c"),
    "detailed": (DETAILED, 1034, "70bacfa3a69c9a0ffebe1398864633938f055ca3866f7a549d5a4219ea6f7e65"),
}
"""Commands, number of settings, SHA-256 of their identifiers, a line each."""

PLANS = {
    "small": Plan("small", {"step": ("train", "metric"), "size": (3, 5), "rate": (-3, -4, -5)}),
    "large": Plan("large", {"step": ("train", "metric"), "size": (5, 7), "name": ("a", "b c")}),
}


def paper_plans():
    plans = {}
    for line in PAPER_PLANS.strip().splitlines():
        name, factors = line.split(": ")
        plans[name] = {}
        for factor in factors.split("; "):
            factor_name, modalities = factor.split(" ", 1)
            plans[name][factor_name] = modalities.split(", ")
    return plans


def short(settings):
    """Modalities of settings, in the order of the plan."""
    return [" ".join(map(str, setting.values())) for setting in settings]


# Settings


def test_a_setting_is_a_mapping_that_never_changes():
    setting = Setting("cnn", {"step": "train", "rate": -3})
    assert setting["rate"] == -3
    assert setting.get("size") is None
    assert dict(setting) == {"step": "train", "rate": -3}
    assert "step" in setting
    assert len(setting) == 2
    with pytest.raises(KeyError):
        setting["size"]
    with pytest.raises(TypeError):
        setting["rate"] = 4
    with pytest.raises(AttributeError):
        setting.plan = "ts"


def test_settings_are_equal_where_plan_and_modalities_are():
    setting = Setting("cnn", {"step": "train"})
    assert setting == Setting("cnn", (("step", "train"),))
    assert hash(setting) == hash(copy.deepcopy(setting))
    assert setting != Setting("ts", {"step": "train"})
    assert setting != Setting("cnn", {"step": "metric"})


def test_identifiers_are_those_of_the_shipped_weights():
    (setting,) = select(
        "cnn/classifier=PANN+dataset=full+dilation=1+epoch=200+kernel_size=5+learning_rate=-3+nb_channels=64"
        "+nb_layers=5+step=metric",
        training_plans(),
    )
    assert setting.identifier(step="train") == (
        "classifier=PANN+dataset=full+dilation=1+epoch=200+kernel_size=5+learning_rate=-3+nb_channels=64"
        "+nb_layers=5+step=train+transcoder=cnn_pinv+ts=0"
    )
    assert str(setting) == setting.identifier() != setting.identifier(step="train")


def test_replacing_gives_another_setting_of_the_same_plan():
    setting = Setting("cnn", {"step": "train", "rate": -3})
    assert setting.replace(step="metric") == Setting("cnn", {"step": "metric", "rate": -3})
    assert setting["step"] == "train"
    with pytest.raises(ValueError, match="no factor size in rate=-3"):
        setting.replace(size=5)


def test_a_setting_selects_itself():
    for setting in select("", PLANS):
        assert select(setting.selector, PLANS) == [setting]


def test_a_setting_with_words_that_a_selection_could_misread_selects_itself():
    plans = {"odd": Plan("odd", {"name": ("a b", "a,b", "a+b=c", "[a]", "it's", "é.wav", "d/e"), "rate": (1, -2.5)})}
    for setting in plans["odd"]:
        assert select(setting.selector, plans) == [setting]
    assert Setting("odd", {"name": "é.wav", "rate": -2.5}).selector == "odd/name=é.wav+rate=-2.5"


# Plans


def test_the_first_factor_is_the_outermost_loop():
    assert short(PLANS["small"])[:4] == ["train 3 -3", "train 3 -4", "train 3 -5", "train 5 -3"]
    assert len(PLANS["small"]) == len(list(PLANS["small"])) == 12


def test_single_modalities_need_no_tuple():
    plan = Plan("p", {"ts": 0, "transcoder": "pinv", "epoch": [1, 10]})
    assert plan.factors == {"ts": (0,), "transcoder": ("pinv",), "epoch": (1, 10)}
    assert short(plan) == ["0 pinv 1", "0 pinv 10"]


def test_a_plan_of_one_factor():
    assert short(Plan("p", {"epoch": (1, 2)})) == ["1", "2"]


@pytest.mark.parametrize("name", PAPER_SIZES)
def test_doce_s_loops_are_nested_in_the_order_of_the_factors(name):
    plan = training_plans()[name]
    randomly = random.Random(71)
    for _ in range(4):
        mask = [
            randomly.sample(range(len(modalities)), randomly.randint(1, min(2, len(modalities))))
            for modalities in plan.factors.values()
        ]
        chosen = [[plan.factors[factor][i] for i in places] for factor, places in zip(plan.factors, mask, strict=True)]
        assert [tuple(setting.values()) for setting in plan.settings(mask)] == list(itertools.product(*chosen))


@pytest.mark.parametrize("largest_block", [1, 2, 5, 12])
def test_settings_come_in_the_same_order_however_few_doce_combines_at_a_time(largest_block, monkeypatch):
    expected = list(PLANS["small"])
    monkeypatch.setattr(plan_module, "LARGEST_BLOCK", largest_block)
    assert list(PLANS["small"]) == expected


def test_the_first_setting_of_a_million_million_does_not_wait_for_the_others():
    plan = Plan("endless", {f"factor{n}": tuple(range(10)) for n in range(12)})
    assert short(itertools.islice(plan, 2)) == ["0 " * 11 + "0", "0 " * 11 + "1"]
    assert len(plan) == 10**12


def test_a_mask_that_lets_nothing_through():
    assert list(PLANS["small"].settings([[0], [], [0]])) == []


# The paper's plans


def test_the_plans_are_those_of_the_paper():
    for name, factors in paper_plans().items():
        ours = {factor: [str(m) for m in modalities] for factor, modalities in training_plans()[name].factors.items()}
        assert list(ours) == list(factors)
        assert ours.pop("classifier")[:2] == factors.pop("classifier")
        assert ours == factors


@pytest.mark.parametrize(("name", "size"), PAPER_SIZES.items())
def test_the_plans_have_the_sizes_of_the_paper(name, size):
    plan = Plan(name, training_plans()[name].factors | {"classifier": ("YamNet", "PANN")})
    assert len(plan) == size
    if size < 2000:
        assert len(set(plan)) == len(select(f"{name}/classifier=YamNet,PANN", training_plans())) == size


@pytest.mark.parametrize("name", LISTS)
def test_command_lists_give_the_paper_s_settings_in_its_order(name):
    commands, n_settings, digest = LISTS[name]
    identifiers = [str(setting) for command in commands for setting in select(command, training_plans())]
    assert len(identifiers) == n_settings
    assert hashlib.sha256("\n".join(identifiers).encode()).hexdigest() == digest
    assert [str(setting) for setting in select(",".join(commands), training_plans())] == identifiers


def test_some_of_the_paper_s_settings_read_as_published():
    identifiers = [str(setting) for command in RESTRICTED for setting in select(command, training_plans())]
    assert identifiers[0] == "classifier=YamNet+dataset=full+step=evaluate+transcoder=oracle+ts=0"
    assert identifiers[15] == (
        "classifier=PANN+dataset=full+dilation=0+epoch=200+kernel_size=5+learning_rate=-3+nb_channels=64"
        "+nb_layers=5+prop_logit=100+step=train+transcoder=cnn_pinv+ts=1"
    )
    assert identifiers[37] == (
        "classifier=PANN+dataset=full+epoch=200+learning_rate=-5+step=metric+transcoder=effnet_b7+ts=1"
    )


@pytest.mark.parametrize("name", LISTS)
def test_command_lists_agree_with_the_reference_tables(name, shared):
    path = shared / "specs" / f"plan_{name}_settings.csv"
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    with open(path, newline="") as file:
        expected = [(row["plan"], row["identifier"]) for row in csv.DictReader(file)]
    settings = [setting for command in LISTS[name][0] for setting in select(command, training_plans())]
    assert [(setting.plan, str(setting)) for setting in settings] == expected


def test_further_datasets_come_after_those_of_the_paper():
    plans = training_plans(datasets=("harbour", "full"))
    assert all(plan.factors["dataset"][-1] == "harbour" for plan in plans.values())
    assert plans["ts"].factors["dataset"] == ("TEST", "full", "urban", "harbour")


# Selections


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("small/size=3+rate=-4", ["train 3 -4", "metric 3 -4"]),
        ("small/ size = 3 + rate = -4 ", ["train 3 -4", "metric 3 -4"]),
        ("0/size=3+rate=-4", ["train 3 -4", "metric 3 -4"]),
        ("small/step=train+size=3+rate=[-5,-3]", ["train 3 -3", "train 3 -5"]),
        ("small/step=train+size=3+rate=-5,-3", ["train 3 -3", "train 3 -5"]),
        ("small/rate=-5,-3+step=train+size=3", ["train 3 -3", "train 3 -5"]),
        ("large/name=['b c']+size=7", ["train 7 b c", "metric 7 b c"]),
        ("large/name=b c+size=7", ["train 7 b c", "metric 7 b c"]),
        ("small/step=train+size=3+rate=-5,step=train+size=3+rate=-3", ["train 3 -5", "train 3 -3"]),
        ("large/size=7+name=a,small/size=3+rate=-4", ["train 7 a", "metric 7 a", "train 3 -4", "metric 3 -4"]),
        ("large/size=7+name=a , small/size=3+rate=-4", ["train 7 a", "metric 7 a", "train 3 -4", "metric 3 -4"]),
        ("large+small/step=train+size=5,7+name=a", ["train 5 a", "train 7 a"]),
        ("step=train+size=5+name=a,b c", ["train 5 a", "train 5 b c"]),
        ("step=train+rate=-99999+size=5", ["train 5 a", "train 5 b c"]),
        ("step=train+rate=-99999,-3+size=5", ["train 5 -3", "train 5 a", "train 5 b c"]),
        ("small/size=3+rate=-4+name=-99999", ["train 3 -4", "metric 3 -4"]),
        ("{'size': 3, 'rate': [-4, -5], 'step': 'train'}", ["train 3 -4", "train 3 -5"]),
        ("{'size': '3', 'rate': ('-4',), 'step': 'train'}", ["train 3 -4"]),
        ("small/{'size': 3, 'rate': -4}", ["train 3 -4", "metric 3 -4"]),
        (
            "[{'size': 7, 'name': 'a'}, {'size': 3, 'rate': -4}]",
            ["train 7 a", "metric 7 a", "train 3 -4", "metric 3 -4"],
        ),
        ("{'size': 7, 'name': 'a'}, {'size': 3, 'rate': -4}", ["train 7 a", "metric 7 a", "train 3 -4", "metric 3 -4"]),
        (
            "({'size': 3, 'rate': -4}, {'size': 7, 'name': 'a'})",
            ["train 3 -4", "metric 3 -4", "train 7 a", "metric 7 a"],
        ),
        ("small/[0, 1]", ["train 5 -3", "train 5 -4", "train 5 -5"]),
        ("small/[0,[1,0],[2]]", ["train 5 -5", "train 3 -5"]),
        ("small/[-1,1,0]", ["train 5 -3", "metric 5 -3"]),
        (
            "small/[[0,1],[1,0]]",
            ["train 5 -3", "train 5 -4", "train 5 -5", "metric 3 -3", "metric 3 -4", "metric 3 -5"],
        ),
        ("small/[[0],[1],[2],-1]", ["train 5 -5"]),
        ("small/[0,1,2,-1,-1]", ["train 5 -5"]),
        ("([0,1,2], [0,0,0])", ["train 5 -5", "train 5 a"]),
        ("small/[0,1,2],large/[0,0,0]", ["train 5 -5", "train 5 a"]),
        ("small/[0,1,2],step=train+size=5+rate=-5,-4", ["train 5 -5", "train 5 -4"]),
    ],
)
def test_selections(selector, expected):
    assert short(select(selector, PLANS)) == expected


def test_a_plan_alone_means_all_of_it_and_nothing_means_all_plans():
    assert select("large/", PLANS) == select("1/", PLANS) == select("large/[]", PLANS) == list(PLANS["large"])
    assert select("large/,small/", PLANS) == select("large+small/", PLANS) == [*PLANS["large"], *PLANS["small"]]
    assert select("", PLANS) == select("{}", PLANS) == [*PLANS["small"], *PLANS["large"]]


def test_settings_that_are_asked_for_twice_come_once():
    assert select("large/,large/size=5", PLANS) == list(PLANS["large"])


def test_programs_give_selectors_as_they_are():
    wanted = [{"size": 7, "name": "a", "rate": ABSENT}, {"size": 3, "rate": -4}]
    assert select(wanted, PLANS) == select(repr(wanted), PLANS)
    settings = list(itertools.islice(PLANS["small"], 3))
    assert select(settings, PLANS) == settings


def test_the_documented_commands():
    plans = training_plans()
    settings = select("cnn/dataset=full+classifier=PANN", plans)
    assert {(setting["dataset"], setting["classifier"]) for setting in settings} == {("full", "PANN")}
    assert len(settings) == 3 * 4 * 3 * 2 * 3 * 4 * 2
    settings = select("reference/dataset=full", plans)
    assert len(settings) == 2 * 2 * len(CLASSIFIERS)
    assert {setting.plan for setting in select("{'dataset':'urban', 'epoch':[-99999, 200]}", plans)} == set(PAPER_SIZES)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("smal/", r"no plan 'smal': choose among small \(0\), large \(1\)"),
        ("2/", "no plan '2': choose among"),
        ("small+smal/size=3", "no plan 'smal'"),
        ("small/sise=3", "no factor 'sise' in small: choose among step, size, rate"),
        ("sise=3", "no factor 'sise' in small, large: choose among step, size, rate, name"),
        ("small/name=a", "no factor 'name' in small: choose among step, size, rate"),
        ("small/size=4", "no modality '4' of the factor size in small: choose among 3, 5"),
        ("size=4,9", "no modality '4', '9' of the factor size in small, large: choose among 3, 5, 7"),
        ("small/size=", "no modality '' of the factor size"),
        ("small/size=3+", "cannot read '' in the selection: write factor=modality"),
        ("small", r"cannot read 'small' in the selection: .* plan/ for a whole plan, of small \(0\), large \(1\)"),
        ("small/size=3+5", r"cannot read '5' in the selection: .*factor=\[modality,modality\]"),
        ("small/[0,2]", "no modality at 2 of size in small: choose among 0 for 3, 1 for 5"),
        ("small/[0,[0,-2]]", "no modality at -2 of size"),
        ("small/[0,'train']", "no modality at 'train' of size"),
        ("small/[0,0,0,0]", r"the mask \[0, 0, 0, 0\] is too long for the 3 factors of small"),
        ("small/[full,urban]", r"cannot read the selection '\[full,urban\]': write it as in Python"),
        ("{'size': 3", "cannot read the selection"),
        ("{'size': open('x')}", "cannot read the selection"),
        ("({'size': 5},)", "1 parts for the 2 plans small, large: give one for each"),
        ("({'size': 5}, 3)", "cannot select by 3"),
        ("small/rate=-99999", "no setting has all that 'small/rate=-99999' asks for"),
        ("rate=-3+name=a", "no setting has all"),
    ],
)
def test_what_is_wrong_with_a_selection_is_told_in_one_line(selector, message):
    with pytest.raises(UserError, match=message) as caught:
        select(selector, PLANS)
    assert "\n" not in str(caught.value)
