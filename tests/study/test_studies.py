"""The studies' files: every one resolves, in order of priority, and a misspelt one is refused."""

import re

import pytest

from nlr.errors import NlrError
from nlr.evidence import course_figures, frames
from nlr.noise import format_setting
from nlr.study import protocols, studies

PAPER = {"ce", "nce", "mae", "nce+mae", "nce+rce", "nfl+rce", "nfl+mae", "gce", "sce", "fl", "nfl", "rce"}
PILOT = {"ce", "mae", "nce", "nce+mae", "nce+rce"}
GAMMAS = {"ce", "fl", "fl,gamma=2", "nce", "nfl", "nfl,gamma=2"}
CONTRASTS = {"ce+mae", "nfl+nce", "mae+rce", "nrce"}
GRID = {f"ma2020-small-{way}" for way in ("lr-0.1", "lr-1", "constant", "no-decay", "x4-all")}  # of C38
OF_REPORTS = [name for name in studies.names() if name.split("-")[0] in course_figures.REPORTS]
ON_CPU = [name for name in OF_REPORTS if name.endswith(("-digits", "-small"))]
BOTH = ("as-written", "as-intended")
AS_RUN = {"soni-as-run-digits": 36, "soni-lr-0.02-digits": 18, "soni-lr-0.005-digits": 18}
AS_RUN |= {"krishnan-as-run-digits": 48, "chheda-as-run-digits": 58}
FURTHER = {"nfl+rce", "nfl+mae", "rce", "nfl", "fl", "sce", "ce+mae", "nfl+nce", "mae+rce", "ce,scale=0.04"}
FURTHER |= {f"nce+mae,beta={beta}" for beta in (0.3, 9.21, 30)} | {f"kathuria-nce,T={T},scale={T}" for T in (2, 5, 20)}
CHOICE = {"nce+mae,beta=0.3", "nce+mae", "nce+mae,beta=3", "nce+mae,beta=10", "nce+mae,beta=30"}
WEIGHTS = {"nce+mae,beta=0.3", "nce+mae,beta=3", "nce+mae,beta=9.21", "nce+mae,beta=30"}


def test_names():
    assert set(studies.names()) - set(OF_REPORTS) - GRID == {
        *("digits", "gamma-digits", "ma2020", "ma2020-small", "ma2020-small-x4", "ma2020-small-further"),
        *("cpu-list", "ma2020-mnist", "ma2020-small-val", "ma2020-mnist-val", "human-labels"),
    }
    readings = {f"{report}-{reading}" for report in course_figures.REPORTS for reading in BOTH}
    faults = {f"joshi-{fault}" for fault in ("outside-autograd", "double-softmax", "half-precision-log")}
    assert set(OF_REPORTS) - set(ON_CPU) == readings | faults | {"chheda-clip", "chheda-flips", "krishnan-lambda"}


@pytest.mark.parametrize("report", course_figures.REPORTS)
@pytest.mark.parametrize("reading", BOTH)
def test_the_study_of_a_report_has_every_cell_of_its_tables_and_figures(report, reading):
    wanted = protocols.load(f"{report}-{reading}")["report"]
    study = studies.load(f"{report}-{reading}")
    have = {(c["loss"]["spec"], format_setting(c["noise"]["kind"], c["noise"]["rate"])) for c, _ in study.runs()}
    assert {(loss, setting) for loss in wanted["losses"].values() for setting in wanted["settings"]} <= have


@pytest.mark.parametrize("name", [name for name in ON_CPU if name not in AS_RUN])
def test_errors_of_the_reports_are_trained_five_times_at_least(name):
    study = studies.load(name)
    assert (study.protocol, study.store) == (name, studies.STORES["results"])
    assert study.dataset == ("digits" if name.endswith("-digits") else "cifar10-jpeg75")
    assert {purpose for _, purpose in study.runs()} == {"study"}
    assert all(len(study.seeds(setting)) >= 5 for setting in study.settings)


@pytest.mark.parametrize("name", AS_RUN)
def test_public_code_is_run_on_digits_alone_and_in_cells_that_its_report_has(name):
    study, told = studies.load(name), protocols.load(name)["report"]
    found = [config for config, _ in study.runs()]
    assert len(found) == AS_RUN[name]
    assert (told["reading"], study.dataset, study.store) == ("as-run", "digits", studies.STORES["results"])
    assert {config["loss"]["spec"] for config in found} <= set(told["losses"].values())
    assert set(study.settings) <= set(told["settings"])


def test_every_loss_of_a_code_is_run_once_at_its_learning_rate():
    found = set()
    for name in AS_RUN:
        for config, _ in studies.load(name).runs():
            found.add((name.partition("-")[0], config["loss"]["spec"], config["training"]["learning_rate"]))
    soni = {"nce": 0.02, "soni-code-nfl": 0.02, "kathuria-mae": 0.005, "rce": 0.005}  # others 0.01
    usual = {"soni": 0.01, "krishnan": 0.001, "chheda": 0.01}
    assert found == {
        (report, spec, soni.get(spec, rate) if report == "soni" else rate)
        for report, rate in usual.items()
        for spec in protocols.load(f"{report}-as-run")["report"]["losses"].values()
    }


@pytest.mark.parametrize(
    ("name", "protocol", "store", "size", "losses", "settings", "seeds"),
    [
        ("digits", "digits", "live", 32, PILOT - {"nce+rce"}, 4, [0, 1]),
        ("gamma-digits", "gamma-digits", "results", 120, GAMMAS, 2, list(range(10))),
        ("ma2020-small", "ma2020-small", "results", 176, PAPER, 9, [0, 1, 2]),
        ("ma2020-small-further", "ma2020-small", "results", 59, FURTHER, 4, [0, 1, 2]),
        ("ma2020-small-x4", "ma2020-small-x4", "results", 3, {"nce", "mae", "nce+mae"}, 1, [0]),
        ("ma2020-small-val", "ma2020-small-val", "results", 10, CHOICE, 2, [0]),
        ("ma2020-mnist-val", "ma2020-mnist-val", "results", 10, CHOICE, 2, [0]),
        ("human-labels", "ma2020-small", "results", 20, {"ce", "nce", "nce+mae", "nce+rce"}, 3, [0, 1, 2]),
        ("ma2020", "ma2020", "results", 408, PAPER | CONTRASTS | WEIGHTS, 9, [0, 1, 2]),
    ],
)
def test_a_study_is_a_list_of_runs(name, protocol, store, size, losses, settings, seeds):
    study = studies.load(name)
    found = list(study.runs())
    assert len(found) == size
    assert len({(c["loss"]["spec"], str(c["noise"]), c["seed"]) for c, _ in found}) == size  # each once
    assert {c["loss"]["spec"] for c, _ in found} == set(study.losses()) == losses
    assert len(study.settings) == settings
    assert study.seeds() == seeds
    assert (study.name, study.protocol, study.store) == (name, protocol, studies.STORES[store])
    assert {c["protocol"] for c, _ in found} == {protocol}
    assert {c["dataset"] for c, _ in found} == {study.dataset}
    assert study.dataset.startswith(protocols.load(protocol)["data"]["dataset"])
    assert study.title


def test_runs_come_in_order_of_priority():
    found = [(c["seed"], c["loss"]["spec"]) for c, _ in studies.load("ma2020").runs()]
    assert {seed for seed, _ in found[:108]} == {0}  # the first seed of all cells before any second
    assert [loss for _, loss in found[:5]] == ["ce", "nce", "mae", "nce+mae", "nce+rce"]
    assert found[108][0] == 1


def test_the_small_study_goes_on_after_its_pilot():
    found = [(c["seed"], frames.setting_of(c), c["loss"]["spec"]) for c, _ in studies.load("ma2020-small").runs()]
    pilot, repeated, family, revised, rest = found[:10], found[10:23], found[23:28], found[28:34], found[34:]
    assert set(pilot) == {(0, setting, loss) for setting in ("symmetric-0.4", "asymmetric-0.4") for loss in PILOT}
    assert [run[0] for run in repeated] == [0] + [1] * 6 + [2] * 6  # so that there is a spread from the start
    assert {run[1] for run in repeated} == {"symmetric-0.4"}
    assert {run[2] for run in family} == {"nce+rce"}
    assert {run[1:] for run in revised} == {("symmetric-0.6", loss) for loss in ("ce", "nce", "nce+mae")}
    assert [run[0] for run in revised] == [1] * 3 + [2] * 3
    once = [run for run in rest if run[0] == 0]
    assert rest[: len(once)] == once  # every cell once before the other second seeds
    assert len({(setting, loss) for seed, setting, loss in found if seed == 0}) == 108
    again, of_line_e = (runs := [run for run in rest if run[0]])[:26], runs[26:]
    assert [run[0] for run in again] == [1] * 13 + [2] * 13
    assert {run[2] for run in again} == {"ce", "mae", "nce", "nce+mae", "nce+rce", "gce"}
    listed = cells(studies.load("cpu-list").runs())
    assert {("ma2020-small", loss, setting, seed) for seed, setting, loss in of_line_e} <= listed
    assert len(of_line_e) == 12 + 8


def test_the_weight_of_the_passive_term_is_its_slope():
    study, wanted = studies.load("ma2020"), [0.3, 1, 3, 9.21, 30]
    slopes = {c["loss"]["spec"]: frames.passive_slope(c) for c, _ in study.runs()}
    assert [slopes[f"nce+mae,beta={b:g}" if b != 1 else "nce+mae"] for b in wanted] == pytest.approx(wanted)
    assert slopes["nce+rce"] == pytest.approx(9.21, abs=1e-3)
    assert slopes["nce"] is None


def test_only_the_pilot_is_exploratory():
    purposes = {name: {purpose for _, purpose in studies.load(name).runs()} for name in studies.names()}
    assert {name: words for name, words in purposes.items() if name not in OF_REPORTS} == {
        "digits": {"demonstration"},
        "gamma-digits": {"study"},
        "ma2020-small": {"exploratory", "study"},
        "ma2020-small-x4": {"control"},
        "ma2020-small-further": {"study"},
        "ma2020": {"reference", "slope control"},
        "ma2020-mnist": {"study"},
        "cpu-list": {"study", "control", "anchor"},
    } | {key: {"study"} for key in GRID | {"ma2020-small-val", "ma2020-mnist-val", "human-labels"}}


def cells(found):
    return {(c["protocol"], c["loss"]["spec"], frames.setting_of(c), c["seed"]) for c, _ in found}


def test_the_list_for_cpus_has_its_lines_in_order_and_all_of_mnist():
    chosen = studies.load("cpu-list")
    lines = [block["line"] for block in chosen.blocks]
    order = "ABCDEFMGHIJKL"
    assert "".join(dict.fromkeys(lines)) == order
    assert lines == sorted(lines, key=order.index)  # the blocks of a line stand together
    of_mnist = [run for run in chosen.runs() if run[0]["dataset"] == "mnist"]
    whole = ("ma2020-mnist", "ma2020-mnist-val")
    assert cells(of_mnist) == set().union(*(cells(studies.load(name).runs()) for name in whole))
    assert {c["dataset"] for c, _ in chosen.runs() if c["protocol"] == "ma2020"} == {"cifar10-mended"}


def test_the_list_for_cpus_has_what_practice_asks():
    """Twenty runs that choose a weight, and human labels with what is laid beside them; line L has more seeds."""
    blocks = [block for block in studies.load("cpu-list").blocks if block["line"] in "ML"]
    found = {
        (b["protocol"], loss, s, seed)
        for b in blocks
        for loss in b["losses"]
        for s in b["settings"]
        for seed in b["seeds"]
    }
    assert found == set().union(
        *(cells(studies.load(name).runs()) for name in ("ma2020-small-val", "ma2020-mnist-val", "human-labels"))
    )
    assert len(found) == 20 + 8 + 12


GOOD = """
title = "Two blocks"
protocol = "digits"
dataset = "digits"
store = "live"
[[block]]
purpose = "first"
losses = ["ce", "nce+mae,beta=1"]
settings = ["symmetric-0.4"]
seeds = [1]
[[block]]
purpose = "second"
losses = ["nce+mae", "mae"]
settings = ["symmetric-0.40", "clean"]
seeds = [1, 0]
"""


def test_a_run_of_two_blocks_is_made_once_in_the_earlier_one(own_studies):
    (own_studies / "two.toml").write_text(GOOD)
    study = studies.load("two")
    assert "two" in studies.names()
    found = [(c["loss"]["spec"], c["noise"]["kind"], c["seed"], purpose) for c, purpose in study.runs()]
    assert found[:2] == [("ce", "symmetric", 1, "first"), ("nce+mae", "symmetric", 1, "first")]
    assert ("nce+mae", "symmetric", 0, "second") in found
    assert len([run for run in found if run[:3] == ("nce+mae", "symmetric", 1)]) == 1
    assert len([run for run in found if run[1] == "clean"]) == 4
    assert study.losses() == ["ce", "nce+mae", "mae"]  # one spelling each
    assert study.settings == ["symmetric-0.4", "clean"]
    assert study.losses("clean") == ["nce+mae", "mae"]
    assert study.losses("asymmetric-0.1") == []
    assert study.seeds("clean") == [1, 0]


def test_a_block_may_have_a_protocol_and_a_data_set_of_its_own(own_studies):
    other = 'line = "B"\nprotocol = "ma2020-small"\ndataset = "cifar10-jpeg75"\npurpose = "second"'
    (own_studies / "two.toml").write_text(GOOD.replace('purpose = "second"', other))
    study = studies.load("two")
    found = [(c["protocol"], c["dataset"], c["loss"]["spec"], c["noise"]["kind"], c["seed"]) for c, _ in study.runs()]
    assert found[1] == ("digits", "digits", "nce+mae", "symmetric", 1)
    assert ("ma2020-small", "cifar10-jpeg75", "nce+mae", "symmetric", 1) in found  # another run than that of digits
    assert len(found) == 2 + 8
    assert [block["line"] for block in study.blocks] == ["", "B"]
    assert (study.losses(), study.settings, study.seeds()) == (["ce", "nce+mae"], ["symmetric-0.4"], [1])
    other = study.of_protocol("ma2020-small")
    assert (other.protocol, other.dataset, other.seeds()) == ("ma2020-small", "cifar10-jpeg75", [1, 0])
    assert list(other.runs()) == list(study.runs())
    assert study.of_protocol("digits") == study.of_protocol("ma2020") == study


def test_a_block_of_several_protocols_is_a_block_of_each(own_studies):
    several = 'protocol = ["ma2020-small", "ma2020-small-x4"]\ndataset = "cifar10-jpeg75"\npurpose = "second"'
    (own_studies / "two.toml").write_text(GOOD.replace('purpose = "second"', several))
    study = studies.load("two")
    assert [block["protocol"] for block in study.blocks] == ["digits", "ma2020-small", "ma2020-small-x4"]
    assert [config["protocol"] for config, _ in study.runs()] == ["digits"] * 2 + ["ma2020-small"] * 8 + [
        "ma2020-small-x4"
    ] * 8


def test_a_file_without_a_protocol_has_a_study_for_each_that_its_blocks_name(own_studies):
    text = GOOD.replace('protocol = "digits"\n', "").replace(
        'purpose = "first"', 'purpose = "first"\nprotocol = "digits-x4"'
    )
    other = 'protocol = ["digits-x4", "ma2020-small-lr-1"]\ndataset = "cifar10-jpeg75"\npurpose = "second"'
    (own_studies / "many.toml").write_text(text.replace('purpose = "second"', other))
    assert {"digits-x4", "ma2020-small-lr-1"} <= set(studies.names())
    assert "many" not in studies.names()
    (own_studies / "ma2020-small-controls.toml").unlink()  # where the second one was
    first, second = studies.load("digits-x4"), studies.load("ma2020-small-lr-1")
    assert [(block["protocol"], block["purpose"]) for block in first.blocks] == [
        ("digits-x4", "first"),
        ("digits-x4", "second"),
    ]
    assert [(block["protocol"], block["purpose"]) for block in second.blocks] == [("ma2020-small-lr-1", "second")]
    assert (first.dataset, second.dataset) == ("digits", "cifar10-jpeg75")  # that of its first block
    assert second.title == "Two blocks: Ma et al. 2020, CIFAR-10, scaled down, learning rate 1"


def test_blocks_of_a_file_without_a_protocol_name_theirs_and_a_study_is_in_one_file(own_studies):
    file, text = own_studies / "two.toml", GOOD.replace('protocol = "digits"\n', "")
    file.write_text(text)
    with pytest.raises(NlrError, match="Study two has no 'protocol'"):
        studies.load("two")
    file.write_text(text.replace("[[block]]", '[[block]]\nprotocol = "digits-x4"', 1))
    with pytest.raises(NlrError, match=r"A block of two.toml has no protocol; write it there"):
        studies.load("digits-x4")
    file.write_text(text.replace("[[block]]", '[[block]]\nprotocol = "ma2020"'))
    with pytest.raises(NlrError, match=r"Study ma2020 is in ma2020.toml and in two.toml; keep it in one"):
        studies.load("ma2020")


def test_a_block_may_take_losses_and_settings_from_a_report(own_studies):
    of_report = GOOD.replace('protocol = "digits"', 'protocol = "soni-as-written"').replace("digits", "cifar10-jpeg75")
    (own_studies / "two.toml").write_text(
        of_report.replace('["ce", "nce+mae,beta=1"]', '"report"').replace('["symmetric-0.4"]', '"report"')
    )
    block, _ = studies.load("two").blocks
    wanted = protocols.load("soni-as-written")["report"]
    assert block["losses"] == ["ce", "fl", "soni-nce", "soni-nfl", "mae", "rce", "soni-nce+rce", "soni-nfl+mae"]
    assert block["settings"] == wanted["settings"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seeds = [1]\n", 'seeds = [1]\nprotocol = "digit"\n', "'digit'.*Did you mean 'digits'"),
        ('["ce", "nce+mae,beta=1"]', '"ce"', "losses = 'ce' in digits; expected a list"),
        ('["symmetric-0.4"]', '"report"', "settings = 'report' in digits; .* protocol of a report"),
        ('title = "Two blocks"\n', "", "'title'"),
        ('dataset = "digits"\n', "", "'dataset'"),
        ('store = "live"', 'store = "live"\nsorte = 1', "'sorte'.*title, protocol, dataset, store, block"),
        ('store = "live"', 'store = "lives"', "'lives'.*Did you mean 'live'.*results"),
        ('protocol = "digits"', 'protocol = "digit"', "'digit'.*Did you mean 'digits'"),
        ("seeds = [1]\n", "", "losses.*purpose.*settings.*expected.*seeds"),
        ("seeds = [1]\n", "seeds = [1]\nrates = [1]\n", "rates.*expected"),
        ('"ce"', '"cee"', "'cee'.*Did you mean"),
        ('"symmetric-0.4"', '"symetric-0.4"', "symetric-0.4"),
        ("seeds = [1]\n", "seeds = [-1]\n", "-1"),
        ("seeds = [1]\n", "seeds = \n", "two.toml is not readable"),
    ],
)
def test_a_misspelt_study_is_refused_by_name(own_studies, old, new, words):
    assert old in GOOD
    (own_studies / "two.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(NlrError) as caught:
        list(studies.load("two").runs())
    assert re.search(words, str(caught.value))


def test_the_runs_of_a_study_read_its_protocol_once(monkeypatch):
    study, load, loaded = studies.load("ma2020-small"), protocols.load, []
    monkeypatch.setattr(protocols, "load", lambda name: (loaded.append(name), load(name))[1])
    assert len(list(study.runs())) > 100
    assert loaded == ["ma2020-small"]


@pytest.mark.parametrize("name", ["digit", "", "../studies/digits"])
def test_an_unknown_study_names_the_known_ones(name):
    with pytest.raises(NlrError, match=r"Known: chheda-as-intended, .*ma2020-small"):
        studies.load(name)
