"""The drawings: one look a loss, both themes, the same bytes twice, and marks where the figures say."""

import functools
import io
import itertools
import re
import tomllib

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from factory import put
from matplotlib.colors import to_rgb

from nlr.book import plots, unrounded
from nlr.data import CIFAR10_CLASSES
from nlr.evidence import attempts, claims, comparisons, frames, matched, published, reproductions, yardstick
from nlr.study import protocols, runs, studies

PAPER = tomllib.loads(claims.REGISTRY.read_text())["groups"]["paper"]
LOSSES = ["ce", "mae", "nce", "nce+mae", "nce+rce"]


@pytest.fixture(autouse=True)
def light():
    """Figures are drawn in the light theme where a test says nothing else, and closed after it."""
    with plots.theme("light"):
        yield
    plt.close("all")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two seeds of the five losses of the demonstration, in three settings."""
    store = tmp_path_factory.mktemp("store")
    return [
        put(store, loss, setting, seed, last=0.3 + 0.1 * i + 0.01 * seed, best=0.85, memorised=0.1 * i)
        for setting in ("clean", "symmetric-0.4", "asymmetric-0.4")
        for i, loss in enumerate(LOSSES)
        for seed in (0, 1)
    ]


def of(made, setting):
    return [r for r in made if frames.setting_of(r["config"]) == setting]


@pytest.fixture(scope="module")
def drawings(made):
    """Every function of the module with what a page gives it; ranks of fewer draws, for they only have to be drawn."""
    noisy = of(made, "symmetric-0.4")
    table = frames.frame(made)
    printed = attempts.differences()
    printed = printed[(printed["kind"] == "symmetric") & printed["series"].isin(["S1", "S13"])]
    differences = pd.concat([printed, attempts.ours(table).query("kind == 'symmetric'")])
    theirs = reproductions.figures("HX-HX1-CIFAR10", "cifar10", "ma2020")
    return {
        "transition": (next(iter(frames.noise_counts(noisy).values())), CIFAR10_CLASSES),
        "accuracy_curves": (frames.series(noisy, ["test_accuracy"]), ["gce (1 of 2)"]),
        "memorised_recovered": (frames.series(noisy, ["memorised", "recovered"]), ["gce (1 of 2)"]),
        "class_accuracy": (frames.by_class(noisy), CIFAR10_CLASSES),
        "confusion_matrices": (frames.confusions(noisy), CIFAR10_CLASSES),
        "accuracy_by_rate": (table, [0.0, 0.2, 0.4]),
        "accuracy_and_memorised": (table, [0.0, 0.2, 0.4]),
        "last_and_best": (table[table["kind"] != "clean"],),
        "groups_by_rate": (
            table,
            [0.0, 0.4],
            {"parts": ["ce", "mae", "nce"], "sums": ["nce+mae", "nce+rce"]},
            "symmetric",
        ),
        "curves_by_setting": (frames.series(noisy, ["memorised"]).assign(setting="symmetric-0.4"), "memorised"),
        "ranks": (comparisons.ranks(table, draws=50),),
        "class_changes": (comparisons.class_change(made, "asymmetric-0.4"), CIFAR10_CLASSES),
        "beside": (comparisons.beside(table, next(iter(published.NAMES))),),
        "attempts": (
            differences,
            attempts.PAIRS,
            attempts.sections(differences),
            {"S1": "S1", "ours": "ours", "S13": "S13"},
        ),
        "memorised_against_fitted": (matched.courses(made), LOSSES),
        "beside_authors": (yardstick.compare(table, theirs, dict.fromkeys(table["setting"], 3.0)),),
    }


NAMES = (
    "transition",
    "accuracy_curves",
    "memorised_recovered",
    "class_accuracy",
    "confusion_matrices",
    "accuracy_by_rate",
    "accuracy_and_memorised",
    "last_and_best",
    "groups_by_rate",
    "curves_by_setting",
    "ranks",
    "class_changes",
    "beside",
    "attempts",
    "memorised_against_fitted",
    "beside_authors",
)


def test_every_drawing_of_the_module_is_tested():
    public = {
        name
        for name, value in vars(plots).items()
        if callable(value) and getattr(value, "__module__", "") == plots.__name__ and not name.startswith("_")
    }
    assert public - {"theme", "look", "style", "darkened"} == set(NAMES)


def svg(figure):
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def drawn(drawings):
    """A drawing in a theme as SVG, drawn once."""

    @functools.cache
    def picture(name, theme):
        with plots.theme(theme):
            figure = getattr(plots, name)(*drawings[name])
            face = figure.get_facecolor()[:3]
            assert face == to_rgb(plots._FACE[theme])
            assert all(axis.get_facecolor()[:3] == face for axis in figure.axes)
            assert not any(axis.get_title(loc="center") for axis in figure.axes)
            return svg(figure)

    return picture


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_is_the_same_bytes_twice(drawings, drawn, name):
    with plots.theme("light"):
        assert svg(getattr(plots, name)(*drawings[name])) == drawn(name, "light")


@pytest.mark.parametrize("theme", plots.THEMES)
@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_has_the_colours_of_its_theme(drawn, name, theme):
    other = next(t for t in plots.THEMES if t != theme)
    assert plots._INK[theme] in drawn(name, theme)
    assert plots._INK[other] not in drawn(name, theme)


def unnamed(picture):
    """The SVG without the names that it gives to its parts, which are made of their colours too."""
    names = {}
    return re.sub(r"\b([mph]|C\d+_\d+_)[0-9a-f]{10}\b", lambda n: names.setdefault(n[0], f"name-{len(names)}"), picture)


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_that_is_recoloured_is_the_one_of_the_dark_theme(drawn, name):
    assert unnamed(plots.darkened(drawn(name, "light"))) == unnamed(drawn(name, "dark"))


def test_a_drawing_with_a_colour_or_an_image_that_is_not_ours_is_not_recoloured():
    figure, axis = plt.subplots()
    axis.plot([0, 1], color="#123456")
    assert plots.darkened(svg(figure)) is None
    figure, axis = plt.subplots()
    axis.imshow(np.eye(2))
    assert plots.darkened(svg(figure)) is None


@pytest.mark.parametrize("theme", plots.THEMES)
def test_the_number_of_a_cell_stands_out_from_its_shade(theme):
    shares = np.arange(1, 101)
    with plots.theme(theme):
        _, axis = plt.subplots()
        plots._heat(axis, np.stack([shares, 100 - shares], axis=1), shares, "ab", least=0.5)
        (cells,) = axis.collections
        numbers = {text.get_position()[1] - 0.5: text for text in axis.texts if text.get_position()[0] == 0.5}
    for row, share in enumerate(shares):
        assert numbers[row].get_text() == str(share)
        shade = cells.to_rgba(share)[:3]
        assert contrast(numbers[row].get_color(), shade) > 3, share


def test_a_theme_ends_with_its_block_even_when_drawing_fails():
    before = dict(plt.rcParams)
    with pytest.raises(ZeroDivisionError), plots.theme("dark"):
        raise ZeroDivisionError
    assert dict(plt.rcParams) == before
    assert plots.style("ce")[0] == plots._INK["light"]


# Looks


@pytest.mark.parametrize("theme", plots.THEMES)
def test_no_two_looks_are_alike_with_colour_or_without(theme):
    with plots.theme(theme):
        looks = {loss: plots.style(loss) for loss in plots.STYLES} | dict(enumerate(plots._SPARE))
    assert set(PAPER) <= looks.keys()
    for (a, one), (b, two) in itertools.combinations(looks.items(), 2):
        assert (to_rgb(one[0]), one[1]) != (to_rgb(two[0]), two[1]), (a, b)
        assert one[1:] != two[1:], (a, b)  # in grey, however near their luminances are
    assert len({looks[loss][2] for loss in PAPER}) == len(PAPER)  # marks without lines have no dashes


@pytest.mark.parametrize("study", ["ma2020", "ma2020-mnist", "ma2020-small-further", "gamma-digits"])
def test_every_loss_of_a_study_has_a_look_of_its_own(study):
    losses = [loss for loss in studies.load(study).losses() if not loss.startswith("kathuria-")]
    assert set(losses) <= plots.STYLES.keys()


def test_relatives_share_a_hue():
    hues = {}
    for loss in PAPER:
        hues.setdefault(plots.style(loss)[0], set()).add(loss)
    relatives = [("ce", "fl"), ("nce", "nfl"), ("mae", "nce+mae", "nfl+mae"), ("rce", "nce+rce", "nfl+rce")]
    assert {frozenset(group) for group in hues.values()} == {*map(frozenset, relatives), frozenset({"gce", "sce"})}
    protocol = protocols.load("ma2020")
    for hue, slope in ((plots._GREEN, 1), (plots._RED, 9.21)):
        for loss in (loss for loss, look in plots.STYLES.items() if look[0] == hue):
            assert runs.canonical_loss(protocol, loss)[1].passive_slope == pytest.approx(slope, abs=0.01), loss


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, two):
    """As WCAG 2 defines it."""
    high, low = sorted([luminance(one), luminance(two)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", plots.THEMES)
def test_colours_stand_out_from_the_page(theme):
    for hue in plots._HUES:  # of both themes
        assert contrast(hue, plots._FACE[theme]) >= 3, hue
    assert contrast(plots._INK[theme], plots._FACE[theme]) > 7  # text


def test_parameters_do_not_change_a_look_and_other_losses_have_one():
    assert plots.style("nce+mae,beta=2") == plots.style("nce+mae")
    assert plots.style("gce,q=0.5") == plots.style("gce")
    assert plots.style("ngce") == plots.style("ngce")
    assert plots.style("ngce") in plots._SPARE


# What is drawn


def lines(axis):
    """The y values of each line of an axis."""
    return {tuple(np.round(np.asarray(line.get_ydata(), float), 3)) for line in axis.get_lines()}


def test_accuracy_curves_draw_the_mean_over_seeds_in_per_cent(made):
    noisy = of(made, "symmetric-0.4")
    table = frames.series(noisy, ["test_accuracy"])
    figure = plots.accuracy_curves(table)
    colours = {tuple(np.round(line.get_ydata(), 3)): line.get_color() for line in figure.axes[0].get_lines()}
    for loss, of_loss in table.groupby("loss"):
        mean = tuple((100 * of_loss.groupby("epoch")["test_accuracy"].mean()).round(3))
        assert to_rgb(colours[mean]) == to_rgb(plots.style(loss)[0])
    assert {text.get_text() for text in figure.axes[0].texts} == set(LOSSES)


@pytest.mark.parametrize("name", ["accuracy_curves", "memorised_recovered"])
def test_missing_runs_are_written_on_the_drawing(drawings, name):
    table = drawings[name][0]
    some, many = ["gce (3 of 3)"], [f"{loss} (1 of 3)" for loss in "abcde"]
    with plots.theme("light"):
        texts = [[t.get_text() for t in getattr(plots, name)(table, missing).texts] for missing in (some, many, [])]
    assert texts == [["missing: gce (3 of 3)"], ["missing: runs of 5 losses, see the table"], []]


def test_memorised_and_recovered_have_a_panel_each(made):
    noisy = of(made, "symmetric-0.4")
    figure = plots.memorised_recovered(frames.series(noisy, ["memorised", "recovered"]))
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["memorised", "recovered"]
    assert (10.0, 20.0, 30.0, 40.0) in lines(figure.axes[0])  # nce+rce memorised 0.4
    assert (12.5, 25.0, 37.5, 50.0) in lines(figure.axes[1])


def test_class_accuracy_has_a_row_a_loss_and_a_number_a_cell():
    rows = [(loss, k, seed, 10 * k + 2 * seed) for loss in ("nce", "ce") for seed in (0, 1) for k in range(10)]
    by_class = pd.DataFrame(rows, columns=["loss", "class", "seed", "accuracy"])
    by_class.loc[by_class["loss"] == "ce", "accuracy"] = 0.0
    (axis,) = plots.class_accuracy(by_class, CIFAR10_CLASSES).axes
    cells = {text.get_position(): text.get_text() for text in axis.texts}
    assert [cells[k + 0.5, 0.5] for k in range(10)] == ["1", "11", "21", "31", "41", "51", "61", "71", "81", "91"]
    assert [cells[k + 0.5, 1.5] for k in range(10)] == ["0"] * 10
    assert [label.get_text() for label in axis.get_yticklabels()] == ["nce", "ce"]
    assert [label.get_text() for label in axis.get_xticklabels()] == list(CIFAR10_CLASSES)
    assert axis.get_ylim() == (2, 0)  # the first loss is on top


def test_each_drawing_hands_over_the_numbers_that_it_shows(drawings):
    for name, given in drawings.items():
        found = getattr(plots, name)(*given).numbers
        assert len(found), name
        assert not found.columns.duplicated().any(), name


def test_the_numbers_of_a_drawing_are_means_over_seeds_in_per_cent(made):
    figure = plots.accuracy_by_rate(frames.frame(made), [0, 0.4])
    found = figure.numbers.set_index(["loss", "noise"])
    assert found.loc[("mae", "symmetric"), "clean test accuracy, last epoch, mean (%)"] == pytest.approx(40.5)
    assert found.loc[("mae", "symmetric"), ["noise rate", "seeds"]].tolist() == [0.4, 2]
    shown = plots.accuracy_curves(frames.series(of(made, "clean"), ["test_accuracy"])).numbers
    record = of(made, "clean")[0]["series"]["test_accuracy"], of(made, "clean")[1]["series"]["test_accuracy"]
    last = shown[(shown["loss"] == "ce") & (shown["epoch"] == len(record[0]))].iloc[0]
    assert last["clean test accuracy, mean (%)"] == pytest.approx(50 * (record[0][-1] + record[1][-1]))


def test_classes_never_answered_stand_behind_the_accuracy_of_the_last_epoch():
    rows = [("ce", 0, 98.0, 98.5, 0), ("nce", 0, 11.0, 90.0, 9), ("nce", 1, 97.0, 97.5, 0)]
    table = pd.DataFrame(rows, columns=["loss", "seed", "last", "best", "never_answered"])
    found = unrounded.over_seeds(table, ["loss"], ["last", "best"])
    assert found["classes never answered"].tolist() == [0, 9]  # the most in a run
    assert found.columns.get_loc("classes never answered") == 4  # behind mean and deviation of the last epoch
    assert "classes never answered" not in unrounded.over_seeds(table, ["loss"], ["best"])  # a record does not say it


def by_rate(ends):
    """A table of accuracies that are 50 at rate 0.2 and what is said at 0.4."""
    rows = [(loss, "symmetric", rate, last) for loss, end in ends.items() for rate, last in ((0.2, 50.0), (0.4, end))]
    return pd.DataFrame(rows, columns=["loss", "kind", "rate", "last"]).assign(never_answered=0)


def places(figure):
    """Of each name at a line's end, from the lowest: the height of its middle, and its box, as shares of the axis."""
    figure.draw_without_rendering()
    (axis,) = figure.axes
    boxes = {text.get_text(): axis.transAxes.inverted().transform_bbox(text.get_window_extent()) for text in axis.texts}
    middles = {text.get_text(): text.get_position()[1] for text in axis.texts}
    return [(loss, middles[loss], boxes[loss]) for loss in sorted(middles, key=middles.get)]


def test_lines_are_named_at_their_ends_in_order_and_apart():
    ends = {loss: 15 + 0.01 * k for k, loss in enumerate(PAPER)}
    figure = plots.accuracy_by_rate(by_rate(ends), [0.2, 0.4])
    named = places(figure)
    assert [loss for loss, *_ in named] == PAPER
    for (_, _, low), (_, _, high) in itertools.pairwise(named):
        assert low.y1 <= high.y0
    assert min(box.x0 for *_, box in named) > 1
    assert named[0][1] > 0
    assert named[-1][1] < 1
    assert not figure.legends


def test_a_name_with_room_stands_level_with_its_end_which_may_come_before_the_last_rate():
    figure = plots.accuracy_by_rate(by_rate({"ce": 10.0, "nce": 30.0, "mae": np.nan}), [0.2, 0.4])
    (axis,) = figure.axes
    middles = {loss: middle for loss, middle, _ in places(figure)}
    ends = axis.transLimits.transform([(0.4, 30), (0.2, 50)])[:, 1]
    assert [middles["nce"], middles["mae"]] == pytest.approx(ends, abs=0.05)
    leaders = axis.collections[-1].get_segments()
    assert axis.transLimits.inverted().transform([leader[0] for leader in leaders]) == pytest.approx(
        np.array([(0.4, 10), (0.4, 30), (0.2, 50)])
    )


def test_lines_that_find_no_room_for_their_names_have_a_legend():
    losses = [f"nce,scale={k}" for k in range(2, 42)]
    figure = plots.accuracy_by_rate(by_rate(dict.fromkeys(losses, 10.0)), [0.2, 0.4])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == losses
    assert not figure.axes[0].texts


def test_transition_shows_rows_in_per_cent():
    counts = np.eye(10, dtype=int) * 60
    counts[:, 0] += 40
    (axis,) = plots.transition(counts, CIFAR10_CLASSES).axes
    assert [(text.get_text(), text.get_position()) for text in axis.texts[:3]] == [
        ("100", (0.5, 0.5)),
        ("40", (0.5, 1.5)),
        ("60", (1.5, 1.5)),
    ]
    assert len(axis.texts) == 19
    assert axis.get_ylim() == (10, 0)  # the first class is on top
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("noisy label", "true class")


def test_confusions_have_a_panel_a_loss(made):
    figure = plots.confusion_matrices(frames.confusions(of(made, "symmetric-0.4")), CIFAR10_CLASSES)
    shown = [axis.get_title(loc="left") for axis in figure.axes if axis.get_visible()]
    assert shown == LOSSES
    assert len(figure.axes) == 6


def test_accuracy_by_rate_leaves_other_noise_out_and_gaps_where_runs_are_missing(made):
    (axis,) = plots.accuracy_by_rate(frames.frame(made), [0.0, 0.2, 0.4]).axes
    assert axis.get_xticks().tolist() == [0.0, 0.2, 0.4]
    for mean in (30.5 + 10 * i for i in range(5)):
        ((_, gap, last),) = [line for line in lines(axis) if line[0] == mean]
        assert last == mean
        assert np.isnan(gap)


def test_accuracy_and_memorised_have_a_panel_each_without_asymmetric_noise(made):
    table = frames.frame(made)
    accuracy, memorised = plots.accuracy_and_memorised(table, [0.0, 0.2, 0.4]).axes
    symmetric = table[table["kind"] == "symmetric"]
    for axis, column in ((accuracy, "last"), (memorised, "memorised")):
        lines = {c.get_label(): c.lines[0].get_ydata() for c in axis.containers}
        mean = symmetric.loc[(symmetric["loss"] == "ce") & (symmetric["rate"] == 0.4), column].mean()
        assert lines["ce"][2] == pytest.approx(mean)
    assert np.isnan(lines["ce"][0])  # clean labels have no wrong ones


def test_last_and_best_has_a_panel_a_setting_and_says_what_is_missing(made):
    table = frames.frame(made)
    table = table[~((table["loss"] == "nce") & (table["setting"] == "asymmetric-0.4"))]
    figure = plots.last_and_best(table[table["kind"] != "clean"])
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        "symmetric 0.4",
        "asymmetric 0.4",
    ]
    texts = [[text.get_text() for text in axis.texts] for axis in figure.axes]
    assert texts[0] == ["30.5", "40.5", "50.5", "60.5", "70.5"]
    assert texts[1] == ["30.5", "40.5", "missing", "60.5", "70.5"]


def test_attempts_fill_what_is_counted_and_draw_an_interval_only_where_one_is_known():
    rows = [
        ("S1", 0.2, 5.0, 4.0, 6.0, True),
        ("S13", 0.2, -3.0, np.nan, np.nan, True),
        ("S13", 0.4, 2.0, np.nan, np.nan, False),
    ]
    columns = ["series", "rate", "difference", "low", "high", "counted"]
    found = pd.DataFrame(rows, columns=columns).assign(loss="nce", other="ce")
    labels = {"S1": "the first", "S13": "the other"}
    figure = plots.attempts(found, [("nce", "ce"), ("nce+mae", "ce")], {"a": ["S1"], "b": ["S13"]}, labels)
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["the first", "the other"]
    marks = [line for line in axis.lines if line.get_marker() == "^" and len(line.get_xdata())]
    face = to_rgb(plots._FACE["light"])
    filled = sorted(x for mark in marks if to_rgb(mark.get_markerfacecolor()) != face for x in mark.get_xdata())
    assert filled == [-3, 5]
    assert [x for mark in marks if to_rgb(mark.get_markerfacecolor()) == face for x in mark.get_xdata()] == [2]
    bars = [segment for lines in axis.collections for segment in lines.get_segments() if len(segment)]
    assert [tuple(bar[:, 0]) for bar in bars] == [(4, 6)]
    assert [text.get_text() for text in axis.texts if "one ce" in text.get_text()] == ["one ce for all of these"]
