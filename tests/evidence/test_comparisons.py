"""The results pages' numbers, each against a value that is known beforehand, and their drawings on a whole study."""

import math

import matplotlib.pyplot as plt
import pytest
from factory import put

from nlr.book import plots, words
from nlr.data import CIFAR10_CLASSES
from nlr.errors import NoRecords
from nlr.evidence import comparisons, frames, published, wording
from nlr.study import studies

SMALL = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A record for every run of the small study; accuracy falls with the place of the loss and with the rate."""
    store, study = tmp_path_factory.mktemp("store"), studies.load("ma2020-small")
    losses, made = study.losses(), []
    for config, _ in study.runs():
        loss, seed, rate = config["loss"]["spec"], config["seed"], config["noise"]["rate"]
        last = 0.8 - 0.03 * losses.index(loss) - 0.2 * rate + 0.001 * seed
        best = last + 0.01 * losses.index(loss)
        made.append(put(store, loss, frames.setting_of(config), seed, last=last, best=best, purpose="study", **SMALL))
    return made


@pytest.fixture
def some(tmp_path):
    """Records of (loss, setting, last accuracy) triples."""

    def make(*triples, **figures):
        return [put(tmp_path, loss, s, last=last, best=last + 0.1, **SMALL, **figures) for loss, s, last in triples]

    return make


def test_ranks_are_those_of_the_means_and_certain_where_nothing_overlaps(whole):
    ranked = comparisons.ranks(frames.frame(whole), draws=50)
    assert ranked["loss"].tolist() == studies.load("ma2020-small").losses()
    assert ranked["rank"].tolist() == ranked["low"].tolist() == ranked["high"].tolist() == list(range(1, 13))
    assert set(ranked["settings"]) == {8}


def test_ranks_that_change_from_setting_to_setting_are_uncertain(some):
    made = some(
        *(("ce", "symmetric-0.2", 0.7), ("mae", "symmetric-0.2", 0.6)),
        *(("ce", "symmetric-0.4", 0.5), ("mae", "symmetric-0.4", 0.6)),
    )
    ranked = comparisons.ranks(frames.frame(made), draws=200)
    assert ranked["rank"].tolist() == [1.5, 1.5]
    assert (ranked["low"].tolist(), ranked["high"].tolist()) == ([1, 1], [2, 2])


def test_only_settings_that_all_ranked_losses_have_are_ranked(some):
    made = some(
        *((loss, s, last) for s in ("symmetric-0.2", "symmetric-0.4") for loss, last in (("ce", 0.5), ("mae", 0.6))),
        *(("ce", "symmetric-0.6", 0.9), ("gce", "symmetric-0.6", 0.9)),
    )
    ranked = comparisons.ranks(frames.frame(made), draws=10)
    assert ranked["loss"].tolist() == ["mae", "ce"]
    assert set(ranked["settings"]) == {2}


def test_without_wrong_labels_there_is_nothing_to_rank(some):
    with pytest.raises(NoRecords):
        comparisons.ranks(frames.frame(some(("ce", "clean", 0.9))))


def test_cost_is_the_difference_to_ce_with_clean_labels_first(some):
    made = some(
        ("ce", "symmetric-0.4", 0.4), ("mae", "symmetric-0.4", 0.55), ("ce", "clean", 0.9), ("mae", "clean", 0.8)
    )
    cost = comparisons.clean_cost(frames.frame(made))
    assert cost["setting"].tolist() == ["clean", "symmetric-0.4"]
    assert cost["difference"].tolist() == pytest.approx([-10, 15])
    assert cost["low"].isna().all()
    assert comparisons.cost_table(cost).to_dict("records") == [
        {"loss": "mae", "clean": "−10.0 | −10.0", "symmetric 0.4": "+15.0 | +15.0"}
    ]


def test_a_difference_has_that_of_the_best_epochs_beside_it(tmp_path):
    made = [
        put(tmp_path, loss, last=last, best=best, **SMALL)
        for loss, last, best in (("ce", 0.4, 0.6), ("mae", 0.5, 0.55))
    ]
    (row,) = comparisons.differences(frames.frame(made), [("mae", "ce")]).itertuples()
    assert (row.difference, row.best) == pytest.approx((10, -5))
    cost = comparisons.clean_cost(frames.frame(made))
    assert comparisons.cost_table(cost).to_dict("records") == [{"loss": "mae", "symmetric 0.4": "+10.0 | −5.0"}]


def test_differences_are_over_the_seeds_that_both_losses_have(some, tmp_path):
    made = some(("ce", "clean", 0.9), ("fl", "clean", 0.85), ("fl", "symmetric-0.4", 0.5))
    made += [put(tmp_path, "ce", "clean", seed, last=0.5, **SMALL) for seed in (1, 2)]
    row, other = comparisons.differences(frames.frame(made), [("fl", "ce")]).itertuples()
    assert (row.of_loss, row.of_other, row.difference, row.n) == pytest.approx((85, 90, -5, 1))
    assert other.n == 0
    assert math.isnan(other.difference)


def test_differences_have_intervals_where_seeds_give_a_spread(whole):
    table = frames.frame(whole)
    cost = comparisons.clean_cost(table).set_index(["loss", "setting"])
    row, losses = cost.loc[("nce", "symmetric-0.4")], studies.load("ma2020-small").losses()
    expected = 3 * (losses.index("ce") - losses.index("nce"))
    assert (row["difference"], row["n"]) == (pytest.approx(expected), 3)
    assert row["low"] <= row["difference"] <= row["high"]
    assert " ± " in comparisons.cost_table(comparisons.clean_cost(table)).set_index("loss").loc["nce", "symmetric 0.4"]


def test_ranks_by_the_last_epoch_are_the_same_in_the_figure_and_the_table(whole, tmp_path):
    lonely = put(tmp_path, "rce", "symmetric-0.4", 7, last=0.99, best=0.99, **SMALL)  # a seed that no other loss has
    table = frames.frame([*whole, lonely])
    of_figure = comparisons.ranks(table, draws=10).set_index("loss")
    of_table = comparisons.selection(table).set_index("loss")
    assert of_figure["rank"].to_dict() == of_table["rank_last"].to_dict()
    assert of_figure.loc["rce", "rank"] == 12  # and not helped by it
    assert set(of_figure["least_seeds"]) == set(of_figure["most_seeds"]) == {1}  # seeds 1 and 2 are of six losses alone


def test_selection_adds_what_lies_between_the_epochs(whole):
    found = comparisons.selection(frames.frame(whole)).set_index("loss")
    assert found.index.tolist() == studies.load("ma2020-small").losses()[::-1]  # the later, the larger
    assert found.loc["ce", ["mean", "least", "most"]].tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    assert found.loc["rce", ["mean", "settings"]].tolist() == pytest.approx([11, 8])
    assert found.loc["ce", ["rank_last", "rank_best"]].tolist() == [1, 1]


def test_selection_is_over_settings_that_all_losses_have(whole):
    table = frames.frame(whole)
    gone = (table["loss"] == "sce") & (table["setting"] == "asymmetric-0.1")
    found = comparisons.selection(table[~gone]).set_index("loss")
    assert set(found["settings"]) == {7}
    few = comparisons.selection(table[(table["loss"] != "sce") | (table["setting"] == "symmetric-0.2")]).set_index(
        "loss"
    )
    assert math.isnan(few.loc["sce", "mean"])  # it lacks most of the settings, and would be compared over others
    assert few["mean"].drop("sce").notna().all()
    assert "sce" not in words.choosing(few.reset_index())


def test_classes_are_told_apart_by_whether_their_labels_change(some):
    confusion = [[100 * (i == j) for j in range(10)] for i in range(10)]
    harmed = [row[:] for row in confusion]
    harmed[3][3], harmed[3][5] = 40, 60  # cats, whose labels change
    made = some(("ce", "asymmetric-0.4", 0.94), confusion=harmed) + some(("ce", "clean", 1.0), confusion=confusion)
    changes = comparisons.class_change(made, "asymmetric-0.4")
    assert changes.set_index("class")["mapped"].to_dict() == {k: k in (2, 3, 4, 5, 9) for k in range(10)}
    assert changes.set_index("class").loc[3, ["clean", "noisy", "change"]].tolist() == [100, 40, -60]
    row = comparisons.class_groups(changes).iloc[0]
    assert row["changed classes: accuracy"] == "88.0"
    assert (row["changed classes: change"], row["other classes: change"]) == ("−12.0", "+0.0")
    assert (
        comparisons.class_groups(comparisons.class_change(made[:1], "asymmetric-0.4")).iloc[0]["other classes: change"]
        == "missing"
    )
    with pytest.raises(NoRecords, match=r"asymmetric-0\.3"):
        comparisons.class_change(made, "asymmetric-0.3")


def test_the_change_of_a_class_is_over_seeds_that_have_both(some, tmp_path):
    half = [[50 * (i == j) + 50 * (i + 1 == j or (i, j) == (9, 0)) for j in range(10)] for i in range(10)]
    made = some(("ce", "clean", 0.9), ("ce", "asymmetric-0.4", 0.7))
    made.append(put(tmp_path, "ce", "asymmetric-0.4", 1, last=0.5, confusion=half, **SMALL))
    row = comparisons.class_change(made, "asymmetric-0.4").iloc[0]
    assert (row["clean"], row["noisy"], row["change"], row["n"]) == pytest.approx((90, 70, -20, 1))
    alone = comparisons.class_change(made[1:], "asymmetric-0.4").iloc[0]
    assert (alone["noisy"], alone["n"]) == pytest.approx((60, 2))


def test_beside_others_are_the_cells_that_both_have(whole):
    compared = comparisons.beside(frames.frame(whole), "wang2024")
    means = published.means("wang2024")
    shared = {(loss, s) for loss, s in means if loss in studies.load("ma2020-small").losses()}
    assert set(zip(compared["loss"], compared["setting"], strict=True)) == shared
    row = compared.set_index(["setting", "loss"]).loc[("symmetric-0.4", "nce+rce")]
    assert row["theirs_less_ce"] == pytest.approx(means["nce+rce", "symmetric-0.4"] - means["ce", "symmetric-0.4"])
    assert row["ours_less_ce"] == pytest.approx(-12)


def test_no_cell_in_common_with_others_is_no_record(some):
    with pytest.raises(NoRecords, match=r"Wang et al\. 2024"):
        comparisons.beside(frames.frame(some(("nce", "clean", 0.9))), "wang2024")


def test_twins_compare_lossless_images_with_jpeg_within_a_run(some):
    (made,) = some(("ce", "clean", 0.9))
    with pytest.raises(NoRecords):
        comparisons.twins([made])
    made["final"] |= {"twins": 1017, "twins_accuracy_lossless": 0.5, "twins_accuracy_jpeg": 0.52}
    row = comparisons.twins([made]).iloc[0]
    assert (row["images"], row["lossless"], row["jpeg"]) == (1017, 50, 52)
    assert row["difference"] == pytest.approx(-2)


@pytest.mark.parametrize(
    ("number", "text"), [(-10.04, "−10.0"), (-0.04, "+0.0"), (0.05, "+0.1"), (math.nan, "missing")]
)
def test_signed(number, text):
    assert wording.signed(number) == text


def test_groups_are_losses_of_the_study():
    assert {loss for group in comparisons.GROUPS.values() for loss in group} <= set(
        studies.load("ma2020-small").losses()
    )


@pytest.mark.parametrize("theme", plots.THEMES)
def test_drawings_show_every_loss_they_are_given(whole, theme):
    table = frames.frame(whole)
    noisy = [r for r in whole if frames.setting_of(r["config"]) == "symmetric-0.4"]
    curves = frames.series(noisy, ["memorised"]).assign(setting="symmetric-0.4")
    with plots.theme(theme):
        drawn = {
            "groups": plots.groups_by_rate(
                table, frames.rates(studies.load("ma2020-small"), "asymmetric"), comparisons.GROUPS, "asymmetric"
            ),
            "curves": plots.curves_by_setting(curves, "memorised"),
            "ranks": plots.ranks(comparisons.ranks(table, draws=10)),
            "classes": plots.class_changes(comparisons.class_change(whole, "asymmetric-0.4"), CIFAR10_CLASSES),
            "beside": plots.beside(comparisons.beside(table, "wang2024")),
        }
    axes = {name: [axis for axis in figure.axes if axis.get_visible()] for name, figure in drawn.items()}
    assert [axis.get_title(loc="left") for axis in axes["groups"]] == list(comparisons.GROUPS)
    assert [len(axis.lines) for axis in axes["groups"]] == [len(group) for group in comparisons.GROUPS.values()]
    assert len(axes["curves"][0].lines) == 12
    study = studies.load("ma2020-small")
    assert [label.get_text() for label in axes["ranks"][0].get_yticklabels()] == study.losses()
    assert [axis.get_title(loc="left") for axis in axes["classes"]] == study.losses("asymmetric-0.4")
    shared = {loss for loss, _ in published.means("wang2024")} & set(study.losses())
    assert {text.get_text() for text in drawn["beside"].legends[0].get_texts()} == shared - {"ce"}
    for figure in drawn.values():
        plt.close(figure)
