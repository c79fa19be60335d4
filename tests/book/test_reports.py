"""The pages of the five reports: every figure of a report is accounted for, and fills as soon as records arrive."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from factory import parts

from nlr.book import display, plots, reports
from nlr.book.reports import as_printed, drawings, figures, method, mistakes, ours, stance
from nlr.errors import NlrError
from nlr.evidence import claims, course_figures, report_code, statistics, verdicts, wording
from nlr.study import protocols, records, runs, studies

EPOCHS = 3
every_report = pytest.mark.parametrize("name", course_figures.REPORTS)


@pytest.fixture(autouse=True)
def light():
    with plots.theme("light"):
        yield
    plt.close("all")


@pytest.fixture
def one_of_a_form(monkeypatch):
    """Of figures of one form the first is drawn, which takes a second: for tests of what is said of each."""
    svg, seen = display._svg, set()

    def first(draw, *rest):
        if draw in seen:
            return "", None
        seen.add(draw)
        return svg(draw, *rest)

    monkeypatch.setattr(display, "_svg", first)


def put(store, protocol, loss, setting, seed=0, last=0.5, dataset="cifar10-jpeg75"):
    """A record of a report's protocol, with the series and figures that its kind of evaluation adds."""
    loaded = protocols.load(protocol)
    config = runs.resolve(protocol, loss, setting, seed, dataset)
    made = parts(config, last=last, best=last + 0.1, epochs=EPOCHS)
    series, final = made["series"], made["final"]
    series["accuracy_noisy"] = [last + 0.2] * EPOCHS
    series["test_loss"] = [2.0, 1.5, 1.0]
    for rule in ("noisy", "clean") if loaded["data"]["validation"] else ():
        series |= {f"validation_accuracy_{rule}": [last - 0.1] * EPOCHS, f"validation_loss_{rule}": [1.0] * EPOCHS}
        final[f"best_by_{rule}_validation"] = last + 0.05
    if loaded["noise"].get("evaluation") == "noisy":
        by_class = [1.0 if k == 5 else 0.0 for k in range(10)]
        final |= {"last_accuracy_noisy": last - 0.3, "accuracy_by_noisy_class": by_class}
    path = records.write(store, config, **made)
    return records.read(path, store)


def put_report(store, name, scale, losses=None, seeds=(0,), readings=reports.READINGS):
    """Records of a report's losses in all its settings: 0.3 and 0.02 more from loss to loss, 0.01 from seed to seed."""
    out = []
    for reading in readings:
        protocol = reports.protocol_of(name, reading, scale)
        own = protocols.load(protocol)["report"]
        for k, (loss, spec) in enumerate(own["losses"].items()):
            for setting in own["settings"] if losses is None or loss in losses else ():
                out += [put(store, protocol, spec, setting, seed, 0.3 + 0.02 * k + 0.01 * seed) for seed in seeds]
    return out


# The figures of the reports


@pytest.mark.parametrize(("name", "last"), [("soni", 6), ("kathuria", 7), ("krishnan", 3), ("chheda", 50)])
def test_every_numbered_figure_of_a_report_is_accounted_for(name, last):
    assert [figure.name for figure in reports.figures_of(name)] == [f"Figure {k}" for k in range(1, last + 1)]


def test_joshi_has_two_panels_for_each_loss_and_kind_and_a_network():
    found = reports.figures_of("joshi")
    panels = [figure for figure in found if figure.form == "classes"]
    assert [figure.name for figure in found if figure.form != "classes"] == ["Convnet connection"]
    kinds = ("symmetric", "asymmetric")
    losses = ("NCE", "NFL", "MAE", "CE", "FL", "NCE+MAE", "NFL+MAE")
    assert [figure.name for figure in panels] == [f"{loss}, {kind} noise" for kind in kinds for loss in losses]
    assert {len(figure.settings) for figure in panels} == {4}


@every_report
def test_a_figure_shows_losses_and_settings_of_its_report_and_has_a_caption(name):
    own = protocols.load(reports.protocol_of(name, "as-written"))["report"]
    for figure in reports.figures_of(name):
        assert figure.form in reports.FORMS
        assert set(figure.losses) <= set(own["losses"])
        assert set(figure.settings) <= set(own["settings"])
        assert figure.caption or figure.form == "classes"
        assert (figure.form == "drawn") == bool(figure.drawing) == (not figure.losses)


@every_report
def test_the_registry_has_captions_and_drawings_of_figures_that_exist(name):
    told = reports.about(name)
    names = {figure.name.removeprefix("Figure ") for figure in reports.figures_of(name)}
    assert set(told["drawn"]) <= set(told["captions"]) <= names
    for table in told["settings"]:
        assert len({len(row) for row in table["rows"]}) == 1


def test_an_unknown_report_is_named():
    with pytest.raises(NlrError, match="smith"):
        reports.about("smith")


@every_report
def test_a_loss_bears_the_look_of_the_loss_that_it_is_meant_to_be(name):
    own = protocols.load(reports.protocol_of(name, "as-written"))["report"]
    looks = [reports.look(name, loss) for loss in own["losses"]]
    assert set(looks) <= set(plots.STYLES)
    assert len(set(looks)) == len(looks)


# Runs


def test_a_run_has_the_reports_name_of_its_loss_and_its_accuracy(tmp_path):
    one = put(tmp_path, "kathuria-as-written-small", "kathuria-nce+kathuria-mae", "symmetric-0.5", last=0.4)
    found = reports.runs_of("kathuria", [one])
    (row,) = found.to_dict("records")
    assert (row["scale"], row["reading"], row["loss"], row["rate"]) == ("small", "as-written", "APL-NCE-MAE", 0.5)
    assert row["value"] == pytest.approx(45)  # in the epoch that validation chose


def test_accuracy_on_noisy_labels_counts_where_the_report_counts_it(tmp_path):
    noisy = put(tmp_path, "joshi-as-written", "joshi-ce", "symmetric-0.4", last=0.4)
    clean = put(tmp_path, "joshi-as-intended", "ce", "symmetric-0.4", last=0.4)
    found = reports.runs_of("joshi", [noisy, clean])
    assert found["value"].tolist() == pytest.approx([10, 40])
    parts = reports.by_class(found)
    assert parts.loc[parts["class"] == 5, "accuracy"].tolist() == pytest.approx([100, 40])


def test_a_run_counts_for_both_readings_only_where_they_do_not_differ(tmp_path):
    made = [put(tmp_path, "soni-as-written", loss, "symmetric-0.2") for loss in ("ce", "soni-nce")]
    found = reports.runs_of("soni", made)
    assert set(zip(found["loss"], found["reading"], strict=True)) == {
        ("CE", "as-written"),
        ("CE", "as-intended"),
        ("NCE", "as-written"),
    }
    assert set(reports.runs_of("chheda", [put(tmp_path, "chheda-as-written", "ce", "symmetric-0.2")])["reading"]) == {
        "as-written"  # the sampler is another as intended
    }


def test_runs_of_other_protocols_and_losses_are_left_aside(tmp_path):
    made = [put(tmp_path, "ma2020", "ce", "symmetric-0.2"), put(tmp_path, "soni-as-written", "gce", "symmetric-0.2")]
    assert reports.runs_of("soni", made).empty


def test_two_data_sets_in_one_protocol_are_refused(tmp_path):
    made = [put(tmp_path, "soni-as-written", "ce", "symmetric-0.2", dataset=d) for d in ("cifar10", "cifar10-jpeg75")]
    with pytest.raises(NlrError, match="of cifar10 and cifar10-jpeg75"):
        reports.runs_of("soni", made)


# Comparison


def test_differences_and_intervals(tmp_path):
    made = put_report(tmp_path, "krishnan", "full", losses=["CE", "NCE"], seeds=(0, 1, 2))
    compared = reports.comparison("krishnan", reports.runs_of("krishnan", made)).set_index(["loss", "setting"])
    row = compared.loc[("NCE", "symmetric-0.4")]
    assert row["printed"] == 54.72
    assert row["as-written_mean"] == pytest.approx(31) == row["as-intended_mean"]  # first of the losses
    assert row["readings_effect"] == pytest.approx(0)
    assert row["printed_effect"] == pytest.approx(31 - 54.72)
    assert row["printed_high"] - row["printed_effect"] == pytest.approx(row["printed_effect"] - row["printed_low"])
    # sd 1 over seeds; one further run of ours: t times sqrt(1 + 1/3)
    assert 2 < row["printed_high"] - row["printed_effect"] < 3
    assert row["written_ce_effect"] == pytest.approx(-4)  # CE is the third loss
    assert row["printed_ce"] == pytest.approx(54.72 - 58.36)
    assert np.isnan(compared.loc[("CE", "symmetric-0.4"), "written_ce_effect"])


def test_the_means_of_the_readings_are_over_shared_seeds(tmp_path):
    made = put_report(tmp_path, "krishnan", "small", losses=["NCE"], seeds=(0, 1, 2, 3), readings=["as-written"])
    made += put_report(tmp_path, "krishnan", "small", losses=["NCE"], seeds=(2, 3, 4), readings=["as-intended"])
    row = reports.comparison("krishnan", reports.runs_of("krishnan", made)).iloc[0]
    assert (row["as-written_n"], row["as-intended_n"]) == (2, 2)
    assert row["as-written_mean"] == pytest.approx(32.5)  # 30 + seed
    assert row["readings_effect"] == pytest.approx(row["as-written_mean"] - row["as-intended_mean"])
    first, *_ = ours.comparison_tables("krishnan", reports.runs_of("krishnan", made), "small")
    assert "over shared seeds" in first.caption
    alone = [run for run in made if run["config"]["protocol"] == "krishnan-as-written-small"]
    assert reports.comparison("krishnan", reports.runs_of("krishnan", alone)).iloc[0]["as-written_n"] == 4


def test_an_interval_takes_the_spread_of_all_runs_of_the_protocol(tmp_path):
    """As a verdict on the same difference does: other losses of the protocol count, a shared run counts once."""
    seeds, cell = range(5), ("symmetric-0.4",)
    made = [
        put(tmp_path, "soni-as-written-digits", loss, *cell, seed, 0.5 + 0.01 * seed * wide, "digits")
        for loss, wide in (("soni-nce", 1), ("nce", -1), ("soni-nrce", 3), ("ce", 2))
        for seed in seeds
    ]
    found = reports.runs_of("soni", made)
    one = statistics.Contrast("E1", (("soni-nce", *cell, 1.0), ("nce", *cell, -1.0)))
    table = pd.DataFrame(
        {"loss": loss, "setting": cell[0], "seed": seed, "last": 100 * record["final"]["last_accuracy"]}
        for record in made
        for loss, seed in [(record["config"]["loss"]["spec"], record["config"]["seed"])]
    )
    (expected,) = statistics.estimates(table, "last", [one])
    row = reports.comparison("soni", found, made).set_index("loss").loc["NCE"]
    effect = reports.effect(found, "NCE", "symmetric", made)
    assert (row["readings_low"], row["readings_high"]) == pytest.approx(expected.interval())
    assert effect.interval() == pytest.approx(expected.interval())
    narrow = reports.comparison("soni", found[found["loss"] == "NCE"]).iloc[0]
    assert narrow["readings_high"] != pytest.approx(row["readings_high"])


def test_scales_do_not_mix(tmp_path):
    made = [
        *put_report(tmp_path, "krishnan", "small", losses=["CE"]),
        put(tmp_path, "krishnan-as-written", "ce", "symmetric-0.2"),
    ]
    found = reports.runs_of("krishnan", made)
    assert len(ours.comparison_tables("krishnan", found, "full")[0].frame) == 1
    (small,) = ours.comparison_tables("krishnan", found, "small")  # CE alone has no difference to CE
    assert len(small.frame) == 4
    assert "written − printed" not in small.frame
    assert "scaled down" in small.caption


INTERVAL = ", 95 % interval, "


def test_the_numbers_of_comparisons_are_those_shown_and_not_rounded(tmp_path):
    made = put_report(tmp_path, "krishnan", "full", losses=["CE", "NCE"], seeds=(0, 1, 2))
    one, other = ours.comparison_tables("krishnan", reports.runs_of("krishnan", made), "full", made)
    effects = mistakes.effects_table("krishnan", reports.runs_of("krishnan", made), "full", made)
    shown = {
        "as written less as intended": (one, "written − intended"),
        "as written less printed": (one, "written − printed"),
        "as written less CE": (other, "as written"),
        "as intended less CE": (other, "as intended"),
    }
    for name, (table, column) in shown.items():
        for cell, row in zip(table.frame[column], table.numbers.to_dict("records"), strict=True):
            ends = [row[f"{name}{INTERVAL}{end} (points)"] for end in ("low", "high")]
            if cell not in ("–", "the same runs"):
                assert cell == wording.with_interval(row[f"{name} (points)"], *ends)
    for reading in ("as written", "as intended"):
        means, deviations = (one.numbers[f"{reading}, {w}"] for w in ("mean (%)", "standard deviation (points)"))
        assert one.frame[reading].tolist() == [f"{m:.1f} ± {d:.1f}" for m, d in zip(means, deviations, strict=True)]
    assert (one.numbers["as written, seeds"] == 3).all()
    (row,) = effects.numbers.to_dict("records")
    ends = [row[f"95 % interval, {end} (points)"] for end in ("low", "high")]
    assert [wording.with_interval(row["as written less as intended (points)"], *ends)] == effects.frame[
        "symmetric"
    ].tolist()


@every_report
def test_a_table_has_numbers_if_and_only_if_it_has_a_column_of_them(name):
    """A column of numbers is set flush right; the protocol, its losses and settings are text."""
    nothing = reports.runs_of(name, [])
    tables = [method.protocol_table(name), method.losses_table(name), *method.settings_tables(name)]
    tables += [*as_printed.printed_tables(name), *as_printed.code_tables(name), as_printed.prose_table(name)]
    tables += [ours.runs_table(name, nothing), ours.inventory_table(name, nothing), mistakes.errata_table(name)]
    for table in filter(None, tables):
        others = map(str, table.frame.columns[1:])
        assert (set(others) <= table.left) == (table.numbers is None)
        assert table.numbers is None or len(table.numbers)


def test_accuracies_on_different_labels_are_not_subtracted(tmp_path):
    made = put_report(tmp_path, "joshi", "small", losses=["CE", "NCE"])
    found = reports.runs_of("joshi", made)
    first, clean, _ = ours.comparison_tables("joshi", found, "small")
    assert "written − intended" not in first.frame
    assert "not subtracted" in first.caption
    assert not [column for column in first.numbers if "less" in column]
    assert first.frame["as written"][0] == "0.0"  # on noisy labels, 30 points below
    assert clean.frame.loc[0, ["as written", "as intended", "written − intended"]].tolist() == ["30.0", "30.0", "+0.0"]
    assert "clean test accuracy" in clean.caption
    assert "clean test accuracy" in mistakes.effects_table("joshi", found, "small").caption


KINDS = ["symmetric", "asymmetric"]


@pytest.mark.parametrize(
    ("name", "loss", "scale", "found"),
    [
        ("kathuria", "CE", "digits", {}),  # the channels and the network of the digits, in both readings
        ("kathuria", "NCE", "digits", {"E6": KINDS}),
        ("kathuria", "APL-NCE-MAE", "digits", {"E7": KINDS, "E9": KINDS}),  # MAE by its name and by its parameter
        ("kathuria", "NCE", "small", {"E6": KINDS, "E32": KINDS}),  # another network, so no stem
        ("kathuria", "NCE", "full", {"E6": KINDS, "E32": KINDS, "E33": KINDS}),
        ("joshi", "CE", "digits", {"E5": KINDS, "E23": ["asymmetric"]}),  # both are judged on clean labels: no E24
        ("chheda", "CE", "full", {"E20": ["symmetric"], "E29": KINDS, "E62": KINDS}),
        ("chheda", "NCE", "small", {"E19": KINDS, "E20": ["symmetric"], "E29": KINDS, "E62": KINDS}),  # E62: schedule
        ("soni", "NFL", "digits", {"E3": KINDS}),  # in one protocol
        ("krishnan", "CE", "full", {}),
    ],
)
def test_an_erratum_is_credited_where_it_can_act(name, loss, scale, found):
    assert mistakes.mended(name, loss, KINDS, scale) == found
    assert list(mistakes.mended(name, loss, KINDS, scale)) == list(found)


def test_the_table_of_effects_credits_what_acts_in_its_columns(tmp_path):
    def put_ce(protocol, loss, *settings):
        return [put(tmp_path, protocol, loss, setting, dataset="digits") for setting in settings]

    made = put_ce("joshi-as-written-digits", "joshi-ce", "symmetric-0.4", "asymmetric-0.1")
    made += put_ce("joshi-as-intended-digits", "ce", "symmetric-0.4", "asymmetric-0.1")
    found = reports.runs_of("joshi", made)
    (row,) = mistakes.effects_table("joshi", found, "digits").frame["errata"]
    assert row == "[E5](#errata-row-e5), [E23](#errata-row-e23) (asymmetric)"
    (row,) = mistakes.effects_table("joshi", found[found["kind"] == "symmetric"], "digits").frame["errata"]
    assert row == "[E5](#errata-row-e5)"


def test_readings_on_different_labels_have_no_second_table_without_a_shared_cell(tmp_path):
    made = put_report(tmp_path, "joshi", "small", losses=["CE"], readings=["as-written"])
    assert len(ours.comparison_tables("joshi", reports.runs_of("joshi", made), "small")) == 1


def test_nothing_is_compared_without_a_run():
    assert ours.comparison_tables("krishnan", reports.runs_of("krishnan", []), "full") == []


# Figures fill as records arrive


def captions(shown):
    return " ".join(figure.caption for figure in shown)


@pytest.mark.parametrize(
    ("name", "scale"), [("soni", "full"), ("kathuria", "small"), ("krishnan", "full"), ("krishnan", "small")]
)
def test_all_figures_of_a_report_fill(tmp_path, name, scale):
    found = reports.runs_of(name, put_report(tmp_path, name, scale))
    shown = figures.results(name, found, scale)
    wanted = [figure for figure in reports.figures_of(name) if figure.form != "drawn"]
    assert [figure.caption.split(",")[0].split()[-1] for figure in shown] == [f.name.split()[-1] for f in wanted]
    assert ("Scaled down" in captions(shown)) == (scale == "small")
    assert "missing" not in captions(shown)
    other = figures.results(name, found, "small" if scale == "full" else "full")
    if scale == "full":
        assert other == []
    else:  # in full what is missing is drawn so
        assert [figure.name for figure in other] == [figure.name.removesuffix("-small") for figure in shown]
        assert all("Our runs are missing." in figure.caption for figure in other)
        assert all("missing" in figure.alt for figure in other)


def test_curves_of_single_losses_share_a_figure_a_setting(tmp_path, one_of_a_form):
    made = put_report(tmp_path, "chheda", "small", losses=["CE", "MAE+RCE"], readings=["as-written"])
    found = reports.runs_of("chheda", made)
    shown = figures.results("chheda", found, "small")
    assert [figure.name for figure in shown] == [
        f"training-{what}-symmetric-{rate}-small" for rate in (0.2, 0.4, 0.6, 0.8) for what in ("accuracy", "loss")
    ]
    assert "26: MAE+RCE †" in shown[2].alt
    assert "captioned “NFL+RCE” in the report" in shown[2].caption
    (grid,) = figures.results("chheda", found, "full")
    assert "47 small empty panels" in grid.alt
    assert "Figures 4 to 14, symmetric noise, rate 0.2;" in grid.caption
    full = put_report(tmp_path, "chheda", "full", losses=["CE"], readings=["as-written"])
    *drawn, grid = figures.results("chheda", reports.runs_of("chheda", full), "full")
    assert len(drawn) == 6  # CE has no curve at 0.2
    assert "11 small empty panels" in grid.alt


def test_a_figure_with_some_of_its_runs_says_which_are_missing(tmp_path):
    found = reports.runs_of("soni", put_report(tmp_path, "soni", "small", losses=["NCE"], readings=["as-written"]))
    one, other = figures.results("soni", found, "small")
    assert ["Figure 2" in one.caption, "Figure 5" in other.caption] == [True, True]
    assert "missing of: as written RCE and APL_NCE_RCE; as intended all." in one.caption
    assert "as intended: missing" in one.alt
    table = ours.inventory_table("soni", found).frame.set_index("figure")
    assert table["scaled down"].tolist()[:3] == ["missing", "4 + 0 of 12", "missing"]
    assert set(table["in full"]) == {"missing"}


def test_a_loss_with_runs_at_some_rates_is_missing_at_the_others(tmp_path):
    one = put(tmp_path, "soni-as-written-small", "soni-nce", "symmetric-0.4")
    (figure,) = figures.results("soni", reports.runs_of("soni", [one]), "small")
    assert "as written RCE and APL_NCE_RCE, and NCE at other rates; as intended all." in figure.caption
    assert "as written: NCE 50.0 at 0.4. as intended: missing." in figure.alt
    both = [one, put(tmp_path, "soni-as-intended-small", "nce", "symmetric-0.4")]
    (figure,) = figures.results("soni", reports.runs_of("soni", both), "small")
    assert "Runs are missing in both readings: RCE and APL_NCE_RCE, and NCE at other rates." in figure.caption


def test_the_curves_of_krishnan_are_of_the_labels_that_his_code_draws(tmp_path):
    """Training accuracy on noisy labels; in the records of these tests it is 0.2 above that on the test set."""
    found = reports.runs_of("krishnan", put_report(tmp_path, "krishnan", "small", losses=["NCE"]))
    curves = next(figure for figure in figures.results("krishnan", found, "small") if "figure-1" in figure.name)
    assert "accuracy on the noisy training labels" in curves.caption
    assert "clean test" not in curves.caption
    assert "as written: NCE 50.0" in curves.alt


def test_printed_figures_are_not_said_to_be_ours(one_of_a_form):
    (rate,) = (f for f in figures.results("krishnan", reports.runs_of("krishnan", []), "full") if f.name == "figure-3")
    assert "As printed: single readings, as in Table 1; by its code the last epoch, clean test labels." in rate.caption
    joshi = figures.results("joshi", reports.runs_of("joshi", []), "full")[0]
    assert "as in the table before Table 4 and Tables 5, 7, 9, 10 and 11; how its epoch was chosen" in joshi.caption
    assert "last epoch" not in joshi.caption


def test_joshis_panels_are_of_print_and_of_runs(tmp_path, one_of_a_form):
    empty = reports.runs_of("joshi", [])
    shown = figures.results("joshi", empty, "full")
    assert [figure.name for figure in shown] == [
        "classes-symmetric-as-printed",
        "classes-asymmetric-as-printed",
        "classes-missing",
    ]
    assert "28 small empty panels" in shown[2].alt  # 7 losses, two kinds of noise, two readings
    assert figures.results("joshi", empty, "small") == []
    found = reports.runs_of("joshi", put_report(tmp_path, "joshi", "small", losses=["NCE"]))
    shown = figures.results("joshi", found, "small")
    assert len(shown) == 4
    assert "class 5 highest with 100" in shown[0].alt
    assert "accuracy on noisy test labels" in shown[0].caption


def test_bars_of_classes_are_of_one_run(tmp_path):
    made = put_report(tmp_path, "joshi", "small", losses=["NCE"], seeds=(0, 1), readings=["as-written"])
    for record in made:  # another constant answer with each seed
        answer = 4 + record["config"]["seed"]
        record["final"]["accuracy_by_noisy_class"] = [1.0 if k == answer else 0.0 for k in range(10)]
    shown = figures.results("joshi", reports.runs_of("joshi", made), "small")[0]
    assert "class 4 highest with 100" in shown.alt
    assert "the run of the first seed" in shown.caption


def test_the_figures_of_soni_are_drawn_from_the_numbers_of_his_code():
    shown = figures.results("soni", reports.runs_of("soni", []), "full")
    assert [figure.name for figure in shown] == [f"figure-{k}" for k in range(1, 7)]
    assert "by its code: CE 78.9 at 0.2, 45.0 at 0.8; FL 79.4 at 0.2, 45.6 at 0.8" in shown[0].alt
    assert all("main.ipynb" in figure.caption and "the last epoch" in figure.caption for figure in shown)
    assert figures.results("soni", reports.runs_of("soni", []), "small") == []


@every_report
def test_what_no_run_enters_is_drawn_by_code(name):
    shown = figures.drawn(name)
    assert len(shown) == len(reports.about(name)["drawn"])
    assert all(len(figure.alt) > 40 for figure in shown)


def test_the_drawn_network_is_the_one_that_is_trained():
    rows, total = figures.network_rows("chheda-as-written")
    assert (len(rows), total) == (9, 1_639_794)
    counted = [int(text.split("; ")[1].split()[0].replace(",", "")) for _, text in rows[1:]]
    assert sum(counted) == total


def test_a_panel_without_runs_says_so():
    table = pd.DataFrame({"loss": ["CE", "CE"], "rate": [0.2, 0.4], "value": [80.0, 60.0]})
    figure = drawings.rates({"here": table, "there": table.iloc[:0]}, {"CE": "ce"}, [0.2, 0.4], "rate", "accuracy (%)")
    left, right = figure.axes
    assert left.lines[0].get_ydata().tolist() == [80.0, 60.0]
    assert [text.get_text() for text in right.texts] == ["missing"]
    assert not right.lines
    numbers = figure.numbers
    assert numbers["panel"].tolist() == ["here", "here", "there"]
    assert numbers["runs"].tolist() == [1, 1, 0]
    assert numbers["accuracy (%), mean"].tolist()[:2] == [80, 60]
    assert np.isnan(numbers["accuracy (%), mean"].iloc[2])


def test_a_grid_of_missing_panels_keeps_every_title():
    titles = [f"{k}: CE" for k in range(4, 12)]
    figure = drawings.missing(titles, columns=3)
    axes = figure.axes
    assert figure.numbers["panel"].tolist() == titles
    assert [axis.get_title(loc="left") for axis in axes if axis.get_visible()] == titles
    assert {axis.texts[0].get_text() for axis in axes if axis.get_visible()} == {"missing"}


def test_bars_are_as_high_as_the_classes():
    overall = pd.DataFrame({"rate": [0.4], "value": [10.0]})
    parts = pd.DataFrame({"rate": 0.4, "class": range(10), "accuracy": [0.0] * 5 + [100.0] + [0.0] * 4})
    figure = drawings.classes({"NCE": (overall, parts)})
    left, right = figure.axes
    assert figure.numbers["class"].tolist() == ["overall", *map(str, range(10))]
    assert figure.numbers["accuracy (%), mean"].tolist() == [10, *parts["accuracy"]]
    assert [bar[0].get_height() for bar in right.containers] == parts["accuracy"].tolist()
    assert [text.get_text() for text in right.texts] == ["5"]
    assert [text.get_text() for text in left.texts] == ["10.0"]


# Tables


# What each report does not state, or not wholly, of what our runs of it need; typed from the reports, by the names of
# the rows on their pages. The formulas and parameters of losses stand under the names of the losses.
OPEN = {
    "soni": {
        "share held out for validation", "sampler, asymmetric noise", "class map, asymmetric noise", "epochs",
        "batch size", "optimiser", "learning rate", "momentum", "weight decay", "schedule",
        "norm at which gradients are clipped", "network", "width of the network", "accuracy that counts",
        "FL", "NFL", "APL_NCE_RCE", "APL_NFL_MAE",
    },
    "kathuria": {
        "sampler, symmetric noise", "sampler, asymmetric noise", "momentum", "norm at which gradients are clipped",
        "precision", "accuracy that counts",
    },
    "krishnan": {
        "share held out for validation", "mean of the channels", "standard deviation of the channels", "augmentation",
        "batch size", "momentum", "weight decay", "schedule", "norm at which gradients are clipped", "precision",
        "network", "`mae`", "`rce`", "accuracy that counts",
        "NFL", "FL", "NCE + MAE", "NFL + RCE", "NFL + MAE", "NCE + RCE",
    },
    "joshi": {
        "share held out for validation", "mean of the channels", "standard deviation of the channels", "augmentation",
        "optimiser", "momentum", "weight decay", "schedule", "norm at which gradients are clipped", "precision",
        "network", "width of the network", "accuracy that counts",
        "NFL", "FL", "NFL+MAE",
    },
    "chheda": {
        "mean of the channels", "standard deviation of the channels", "class map, asymmetric noise", "epochs",
        "weight decay", "norm at which gradients are clipped", "precision", "network", "width of the network",
        "`mae`", "`rce`", "accuracy that counts",
        "NCE", "MAE", "RCE", "NRCE", "NFL", "NFL+RCE", "NCE+RCE", "NCE+MAE", "NFL+MAE", "NFL+NCE", "MAE+RCE",
    },
}  # fmt: skip


def open_rows(frame, column, shapes):
    """The rows whose origin as written bears one of these shapes."""
    first = [(row[column], row["where from"].split("<br>")[0]) for row in frame.to_dict("records")]
    return {what for what, words in first if any(shape in words for shape in shapes)}


@every_report
def test_every_choice_of_ours_is_marked_and_nothing_else(name):
    rows, losses = method.protocol_table(name).frame, method.losses_table(name).frame
    for text in [*rows["where from"], *losses["where from"]]:
        for line in text.split("<br>"):
            assert any(mark[0] in line for mark in reports.MARKS.values())
    assert open_rows(rows, "what", "◇■") | open_rows(losses, "loss", "◇■") == OPEN[name]


@every_report
def test_what_the_code_of_a_report_settles_is_no_choice_of_ours_any_more(name):
    has = report_code.code(name).get("has", {})
    shown = set()
    for frame, column in ((method.protocol_table(name).frame, "what"), (method.losses_table(name).frame, "loss")):
        assert ("its code" in frame) == bool(has)
        if has:
            settled = set(frame.loc[frame["its code"] != "–", column])
            assert not settled & open_rows(frame, column, "◇")
            assert open_rows(frame, column, "■") <= settled
            shown |= settled
    assert len(shown) == len(has)  # every fact has its row


@every_report
def test_the_reading_as_run_stands_beside_where_code_is_public(name):
    for frame in (method.protocol_table(name).frame, method.losses_table(name).frame):
        assert ("as run" in frame) == bool(report_code.code(name))


def test_the_name_of_a_repository_is_set_as_code():
    assert ("public code", "`Anantha311/SAiDL-Spring-Assignment--2025`, 76591e6") in method.facts("krishnan")
    assert ("public code", "none known to us") in method.facts("joshi")


def test_of_chheda_the_code_of_one_run_is_known():
    assert "Its code is that of the second run." in method.protocol_table("chheda").caption
    assert "second run" not in method.protocol_table("soni").caption
    assert "which the report says were not completed" in " ".join(reports.about("chheda")["how"].split())


def test_values_as_run_are_those_of_the_code():
    rows = method.protocol_table("soni").frame.set_index("what")["as run"].str.replace("\N{NO-BREAK SPACE}", " ")
    assert rows["batch size"] == "■ 64"
    assert rows["class map, asymmetric noise"] == "■ 1 to 9, 9 to 1, 2 to 0, 3 to 5, 5 to 3, 4 to 7"
    assert rows["network"] == "■ soni-cnn"
    assert rows["augmentation"] == "● none"
    assert (rows["`rce`"], rows["`mae`"]) == ("■ A = -4", "–")  # its MAE is another loss of ours


def test_runs_as_run_stand_beside_the_other_readings_on_digits(tmp_path):
    made = [
        put(tmp_path, *run, dataset="digits")
        for run in (
            ("soni-lr-0.02-digits", "nce", "symmetric-0.4", 0, 0.3),
            ("soni-lr-0.02-digits", "nce", "symmetric-0.4", 1, 0.4),
            ("soni-as-run-digits", "fl,gamma=2", "symmetric-0.8", 0, 0.6),
            ("soni-as-run-digits", "nfl", "symmetric-0.8", 0, 0.7),  # which the code has not
            ("soni-as-written-digits", "soni-nce", "symmetric-0.4", 0, 0.2),
        )
    ]
    table = ours.as_run_table("soni", reports.runs_of("soni", made), made)
    assert "no evidence on CIFAR-10" in table.caption
    focal, nce = (
        {key: text.replace("\N{NO-BREAK SPACE}", " ") for key, text in row.items()}
        for row in table.frame.to_dict("records")
    )
    assert nce == {
        **{"loss": "NCE", "setting": "symmetric 0.4", "trained as": "`nce`", "learning rate": "0.02"},
        **{"as written": "20.0 (n = 1)", "as intended": "–", "as run": "35.0 ± 7.1 (n = 2)"},
    }
    assert (focal["loss"], focal["trained as"], focal["learning rate"]) == ("FL", "`fl,gamma=2`", "0.01")
    assert (focal["as written"], focal["as run"]) == ("–", "60.0 (n = 1)")
    numbers = table.numbers.set_index("loss")
    assert numbers["as run, clean test accuracy, mean (%)"].tolist() == pytest.approx([60, 35])
    assert numbers.loc["FL", "as written, seeds"] == 0
    for name in ("soni", "joshi"):
        assert ours.as_run_table(name, reports.runs_of(name, made[4:]), made[4:]) is None


def test_a_value_stands_in_the_reading_that_uses_it():
    rows = method.protocol_table("kathuria").frame.set_index("what")["this report"]
    assert rows["`mae`"] == "▲\N{NO-BREAK SPACE}as intended scale = 1"  # as written it is her own, with 1/C
    assert rows["`kathuria-nce`"] == "●\N{NO-BREAK SPACE}as written T = 1"


def test_a_coincidence_with_the_reference_is_no_choice():
    assert "◇" not in method.mark("stated", "the five transitions, which are those of ma2020")
    assert "◇" in method.mark("stated", "section 2; gamma is that of ma2020")
    assert method.mark("ours", "not stated; that of ma2020").count("◇") == 1


@every_report
def test_the_protocol_table_leaves_no_key_without_words(name):
    what = method.protocol_table(name).frame["what"]
    losses = {key for r in reports.READINGS for key in protocols.load(reports.protocol_of(name, r))["losses"]}
    assert {text.strip("`") for text in what if text.startswith("`")} <= losses


def test_joshis_tables_in_short_hold_what_is_printed():
    symmetric, asymmetric = (table.frame.set_index("loss") for table in as_printed.printed_tables("joshi"))
    assert symmetric.loc["NCE", ["symmetric 0.4", "class at 100"]].tolist() == ["9.59", "5"]
    assert symmetric.loc["NFL+MAE", "same figures as"] == "NCE"
    assert asymmetric.loc["NFL+MAE", ["asymmetric 0.1", "class at 100", "same figures as"]].tolist() == [
        "9.24",
        "5",
        "",
    ]
    assert "distinct" in as_printed.prints("joshi")


def test_figures_of_the_prose_stand_with_the_table_that_they_repeat():
    joshi = as_printed.prose_table("joshi").frame
    (absent,) = joshi[joshi["printed"] == "announced, not given"].to_dict("records")
    assert (absent["loss"], absent["setting"]) == (
        "MAE",
        "symmetric 0.4, 0.5, 0.6, 0.7, asymmetric 0.1, 0.2, 0.23, 0.33",
    )
    assert len(joshi) == 26 + 1
    assert joshi.loc[joshi["place"] == "text after Table 17", "repeats"].unique().tolist() == ["Table 17"]
    assert as_printed.prose_table("chheda").frame["printed"].tolist().count("announced, not given") == 1
    assert as_printed.prose_table("soni") is None


def test_chhedas_table_keeps_stars_digits_and_dashes():
    first, second = (table.frame.set_index("loss") for table in as_printed.printed_tables("chheda"))
    assert first.loc["RCE", "symmetric 0.4"] == "67.3*"
    assert first.loc["NFL", "symmetric 0.8"] == "36.39"
    assert second.loc["CE", "asymmetric 0.3"] == "—"


def test_numbers_of_the_code_stand_with_what_it_computes():
    (soni,) = (table.frame.set_index("loss") for table in as_printed.code_tables("soni"))
    assert soni.loc["APL_NFL_MAE", ["coded as", "symmetric 0.2", "asymmetric 0.25"]].tolist() == [
        "`soni-code-nfl+kathuria-mae`",
        "78.78",
        "80.29",
    ]
    assert len(soni) == 8
    (krishnan,) = as_printed.code_tables("krishnan")
    assert "`nce+rce,A=-9.21034,alpha=0.5,beta=0.5`" in krishnan.frame["coded as"].tolist()
    assert krishnan.frame["symmetric 0.8"].tolist() == ["40.70", "46.35", "45.20", "48.18"]
    (chheda,) = (table.frame.set_index("loss") for table in as_printed.code_tables("chheda"))
    assert chheda.loc["RCE", "symmetric 0.8"] == "28.46 (58.08)"
    assert chheda.loc["NFL+RCE", "symmetric 0.8"] == "56.92 after epoch 18 (57.33)"
    assert chheda.loc["MAE+RCE", "symmetric 0.8"] == "–"
    assert as_printed.code_tables("kathuria") == as_printed.code_tables("joshi") == []


@every_report
def test_how_much_can_be_read_off_a_report_says_where_its_numbers_are(name):
    text, numbers = as_printed.prints(name), reports.printed(name)
    assert ("prints no accuracy" in text) == (name in ("soni", "kathuria"))
    assert ("main.ipynb" in text) == (name == "soni")
    assert ("nothing can be compared" in text) == numbers.empty == (name == "kathuria")
    assert "missing from our copy" in text
    assert ("though not from the one beside its code" in text) == bool(report_code.code(name))
    assert "lost" not in text + reports.about(name)["how"]


def test_missing_runs_are_made_by_commands_that_exist(tmp_path):
    text = ours.missing_runs("soni", reports.runs_of("soni", []), [])
    found = re.findall(r"nlr run (\S+) '(\S+)' (\S+) --store results", text)
    assert "soni-as-intended-small" in {protocol for protocol, _, _ in found}
    for protocol, loss, setting in found:
        assert runs.resolve(protocol, loss, setting, 0, "cifar10")
    for study in re.findall(r"nlr study (\S+)`", text):
        assert study in studies.names()


def test_runs_that_are_there_need_no_command(tmp_path):
    made = put_report(tmp_path, "krishnan", "full") + put_report(tmp_path, "krishnan", "small")
    told = reports.commands("krishnan", reports.runs_of("krishnan", made), made)
    assert not [command for command in told if "nlr run" in command]


def test_a_reading_without_a_protocol_of_its_own_is_trained_in_the_other_only_where_losses_alone_differ(monkeypatch):
    others = [name for name in protocols.names() if not name.endswith("-as-intended-digits")]
    monkeypatch.setattr(protocols, "names", lambda: others)
    soni, chheda = reports.protocols_of("soni", "digits"), reports.protocols_of("chheda", "digits")
    assert soni["as-intended"][0] == soni["as-written"][0] == "soni-as-written-digits"
    assert soni["as-intended"][1]["nce"] == soni["as-written"][1]["soni-nce"] == "NCE"
    assert set(chheda) == {"as-written"}


def test_runs_on_digits_count_for_the_reading_of_their_loss(tmp_path):
    made = [
        put(tmp_path, "soni-as-written-digits", loss, "symmetric-0.4", dataset="digits") for loss in ("soni-nce", "nce")
    ]
    found = reports.runs_of("soni", made)
    assert found[["scale", "reading", "loss"]].to_numpy().tolist() == [
        ["digits", "as-written", "NCE"],
        ["digits", "as-intended", "NCE"],
    ]
    (shown,) = figures.results("soni", found, "digits")
    assert "no evidence on CIFAR-10" in shown.caption


# What became of it


def judgement(claim, outcome, scope=verdicts.MATHEMATICS):
    return verdicts.Judgement(claim, scope, outcome, "because", f"claim-{claim.lower()}")


def test_our_evidence_agrees_or_disagrees_with_what_a_report_says():
    judged = {number: [judgement(number, "held")] for number in claims.load()}
    found = stance.standing("kathuria", judged)
    assert "C20" in found["disagrees"]  # contradicted, and held
    assert "C10" in found["agrees"]  # asserted, and held
    for outcome in ("did not hold", "did not hold everywhere"):  # of every rate, so that one contradiction refutes
        judged = {number: [judgement(number, outcome)] for number in claims.load()}
        found = stance.standing("kathuria", judged)
        assert "C20" in found["agrees"]
        assert "C10" in found["disagrees"]
    for outcome in ("undecided", "partly"):
        judged = {number: [judgement(number, outcome)] for number in claims.load()}
        assert set(stance.standing("kathuria", judged)) == {"open"}


@pytest.mark.parametrize("outcome", ["held", "did not hold", "undecided"])
def test_runs_on_digits_alone_stand_apart_and_leave_a_claim_waiting(outcome):
    judged = {number: [judgement(number, "not run", "ma2020")] for number in claims.load()}
    judged["C40"] = [
        judgement("C40", outcome, "krishnan-lambda-digits"),
        judgement("C40", "not run", "krishnan-lambda"),
    ]
    found = stance.standing("krishnan", judged)
    assert list(found["digits"]) == ["C40"]
    assert "C40" in found["not run"]
    text = stance.closing("krishnan", judged)
    assert (
        f"no evidence on CIFAR-10**\n\n- [C40](#claim-c40) {claims.get('C40').statement} (on digits: {outcome})" in text
    )
    assert "His lambda is alpha here." in text


@pytest.mark.parametrize("outcome", ["held", "did not hold"])
def test_evidence_neither_agrees_nor_disagrees_with_what_is_not_said(outcome):
    """By formula or figures alone, or as the paper's: C12 by Kathuria's figures, C14 by Krishnan's formula."""
    judged = {number: [judgement(number, outcome)] for number in claims.load()}
    for name, numbers in {
        "kathuria": {"C1", "C12"},
        "krishnan": {"C1", "C14", "C15", "C16"},
        "joshi": {"C1", "C8", "C15", "C20", "C33", "C49"},
    }.items():
        assert not numbers & {number for of in stance.standing(name, judged).values() for number in of}
    chheda = stance.standing("chheda", judged)  # asserted in words, contradicted by his figures
    assert "C17" in chheda["agrees" if outcome == "held" else "disagrees"]
    assert "C17" not in chheda.get("disagrees" if outcome == "held" else "agrees", {})


def test_a_report_denies_what_it_contradicts_in_words_alone():
    judged = {number: [judgement(number, "held")] for number in claims.load()}
    for name, of_report in {"chheda": ["C17", "C29", "C43", "C62"], "krishnan": ["C19"]}.items():
        text = stance.closing(name, judged)
        for number in of_report:
            (line,) = (line for line in text.splitlines() if line.startswith(f"- [{number}]"))
            assert "denies" not in line
            assert "*Asserted; its figures say otherwise.*" in line
    assert f"[C67](#claim-c67) The report denies this: {claims.get('C67').statement}" in stance.closing("soni", judged)


def test_a_claim_stands_with_what_a_report_says_itself():
    judged = {number: [judgement(number, "held")] for number in claims.load()}
    for name, number, words in (
        ("soni", "C64", "Soni says robust; tested as above the plain loss at .2 to .4."),
        ("krishnan", "C13", "The quotient over the batch is his own formula"),
    ):
        rows = stance.claims_table(name, judged).frame.set_index("claim")["statement"]
        assert rows[number].startswith(f"{claims.get(number).statement}<br>*{words}")
        assert words in stance.closing(name, judged)
    for name in course_figures.REPORTS:
        assert set(reports.about(name)["said"]) <= set(stance.claims_of(name))


def test_a_verdict_is_said_with_what_it_is_limited_to():
    judged = {number: [judgement(number, "not run", "ma2020")] for number in claims.load()}
    judged["C17"] = [
        verdicts.Judgement("C17", "ma2020-small", "held", "because", "evidence-c17", "at 1,975 updates"),
    ]
    text = stance.closing("kathuria", judged)
    assert "(in the reference's protocol, scaled down, at 1,975 updates: held)" in text
    assert "not on what the report saw of its own networks" in text
    verdict = stance.claims_table("kathuria", judged).frame.set_index("claim")["verdict"]
    assert verdict["C17"].endswith("ma2020-small at 1,975 updates")


def test_a_claim_that_one_protocol_settled_does_not_wait():
    both = [judgement("C15", "held", "ma2020-small"), judgement("C15", "not run", "ma2020")]
    judged = {number: [judgement(number, "not run", "ma2020")] for number in claims.load()} | {"C15": both}
    found = stance.standing("soni", judged)
    assert "C15" in found["agrees"]
    assert "C15" not in found["not run"]
    text = stance.closing("soni", judged)
    first, agrees, disagrees, unsettled, waiting = split(text)
    assert (
        f"- [C15](#claim-c15) {claims.get('C15').statement} (in the reference's protocol, scaled down: held)" in agrees
    )
    assert "Nothing so far" in disagrees
    assert "Nothing so far" in unsettled
    assert "[C16]" in waiting
    assert "prints no number" in first


@pytest.mark.parametrize(
    ("name", "number", "implied"),
    [
        ("krishnan", "C14", True),  # by his formula
        ("krishnan", "C19", False),  # asserted in words, contradicted by his figures
        ("joshi", "C8", False),  # contradicted by his formula, quoted
        ("soni", "C14", False),  # no side
    ],
)
def test_implied_is_what_is_neither_said_nor_quoted(monkeypatch, name, number, implied):
    judged, claim = {number: [judgement(number, "undecided")]}, claims.get(number)
    monkeypatch.setattr(claims, "load", lambda: {number: claim})
    more = "; 1 more follows from its formulas or figures alone, and is not counted below."
    assert (more in stance.closing(name, judged)) == implied


def split(text):
    """The parts of a closing: what comes first, the three groups, and what waits."""
    first, *heads = text.split("\n\n**")
    last, waiting = heads[-1].rsplit("\n\n", 1)
    return first, *heads[:-1], last, waiting


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (verdicts.MATHEMATICS, "in mathematics"),
        ("krishnan-as-written-digits", "on digits"),
        ("ma2020-mnist", "on MNIST"),
        ("ma2020-mnist-decay-1e-2", "on MNIST"),
        ("ma2020-small", "in the reference's protocol, scaled down"),
        ("ma2020", "in the reference's protocol, in full"),
        ("kathuria-as-written-small", "in its own protocol, scaled down"),
        ("kathuria-as-written", "in its own protocol, in full"),
    ],
)
def test_a_scope_is_said_in_words(scope, text):
    assert stance.scope_words(scope) == text
    judged = {number: [judgement(number, "not run", "ma2020")] for number in claims.load()}
    judged["C10"] = [judgement("C10", "did not hold", scope)]
    assert f"({text}: did not hold)" in stance.closing("kathuria", judged)


def test_what_is_repeated_is_counted_apart():
    judged = {number: [judgement(number, "undecided")] for number in claims.load()}
    quoted = sum("joshi" in claim.quotes for claim in claims.load().values())
    first = split(stance.closing("joshi", judged | {"C32": [judgement("C32", "not run", "ma2020")]}))[0]
    assert f"; {quoted} are only repeated from the paper, and are not counted below." in first


@every_report
def test_the_table_of_claims_has_every_claim_that_names_the_report(name):
    judged = {number: [judgement(number, "undecided")] for number in claims.load()}
    rows = stance.claims_table(name, judged).frame.set_index("claim")["the report"]
    registry = claims.load()
    assert set(rows.index) == {
        n for n, c in registry.items() if name in c.asserted or name in c.contradicted or name in c.quotes
    }
    for number, said in rows.items():
        claim = registry[number]
        assert ("asserts" in said, "contradicts" in said) == (name in claim.asserted, name in claim.contradicted)
        assert ("quotes" in said) == (name in claim.quotes)
        assert ("figures" in said) == ("figures" in (claim.asserted.get(name), claim.contradicted.get(name)))
