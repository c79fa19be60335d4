"""What narrative pages cite: executed/values.json, and the table, facts and figure of the landing page.

Keys of values: STUDY.SETTING.LOSS.FIGURE with FIGURE one of n and the mean and sd of last, best, memorised, recovered;
STUDY.have and STUDY.wanted count runs, of all its protocols; the rest is of its own protocol: STUDY.status says in
words what the records are, STUDY.minutes is training time, of committed records only, STUDY.minutes_per_run its median
on the quickest and on the slowest device. What others
print, from the files of nlr.evidence.published: SOURCE.SETTING.LOSS.mean and .sd.
method.KEY is a spread or a standard error in points;
claims.SCOPE.OUTCOME counts verdicts, claims.SCOPE.tally says so in words; book.notebooks the pairs.
"""

import json
import os

import pandas as pd

from nlr.book import beside, control, marks, minute, plots, questions, scope, unrounded, verdict_tables, words
from nlr.book.display import Facts, Figure, Prose, Table
from nlr.evidence import frames, progress, published, statistics, verdicts
from nlr.paths import EXECUTED, NOTEBOOKS
from nlr.study import studies

MAIN = "ma2020-small"  # the study that the landing page rests on
HEADLINE = ("symmetric-0.4", "symmetric-0.8", "asymmetric-0.4")  # the settings that its table shows
DRAWN = ("ce", "nce", "mae", "nce+mae", "nce+rce")  # the losses of its figure
TEST_IMAGES = 10_000
FIGURES = ("n", *(f"{k}_{m}" for k in ("last", "best", "memorised", "recovered") for m in ("mean", "sd")))


def values():
    """Every number that prose may cite, by key."""
    runs, _ = progress.status()
    out = {"book.notebooks": len(list(NOTEBOOKS.glob("*/*.py")))}
    for name in studies.names():
        study, mine = studies.load(name), runs[runs["study"] == name]
        out |= {f"{name}.have": int(mine["have"].sum()), f"{name}.wanted": int(mine["wanted"].sum())}
        own = mine[(mine["protocol"] == study.protocol) & (mine["dataset"] == study.dataset)]
        if not own["have"].any():
            continue
        found = frames.study_records(study)
        if study.store == studies.STORES["results"]:
            minutes = pd.Series([record["facts"]["wall_seconds"] / 60 for record in found])
            by_device = minutes.groupby([record["facts"]["device"] for record in found]).median()
            out[f"{name}.minutes"] = minutes.sum()
            out[f"{name}.minutes_per_run.quickest"] = by_device.min()
            out[f"{name}.minutes_per_run.slowest"] = by_device.max()
            out[f"{name}.status"] = words.status(found)
        for cell in frames.cells(frames.frame(found)).to_dict("records"):
            for figure in FIGURES:
                if cell[figure] == cell[figure]:  # not NaN
                    out[f"{name}.{cell['setting']}.{cell['loss']}.{figure}"] = cell[figure]
    for row in published.accuracies().itertuples():
        stem = f"{row.key}.{row.setting}.{row.loss}"
        out |= {f"{stem}.{k}": v for k, v in (("mean", row.mean), ("sd", row.sd)) if v == v}
    return out


def method():
    """What the method page says of our runs: the spread with and without pairing, and what test sampling adds."""
    table = frames.frame(frames.study_records(studies.load(MAIN)))
    paired, plain = (statistics.pooled_spread(table, "last", kind) for kind in (True, False))
    right = table["last"] / 100
    return {
        "method.paired": paired.sd,
        "method.plain": plain.sd,
        "method.degrees": paired.df,
        "method.test_sampling": 100 * float(((2 * right * (1 - right) / TEST_IMAGES) ** 0.5).mean()),
    }


def counts(judged):
    """How many claims have which verdict, by key."""
    rows = verdicts.count_table(judged).set_index("scope")
    out = {f"claims.{scope}.{word}": int(number) for scope, row in rows.iterrows() for word, number in row.items()}
    return out | {f"claims.{scope}.tally": verdicts.tally(judged, scope) for scope in rows.index}


def main():
    """Write everything under executed/."""
    os.environ["NLR_PAGE"] = "landing"
    snippets = EXECUTED / "snippets"
    snippets.mkdir(parents=True, exist_ok=True)
    study = studies.load(MAIN)
    found = frames.study_records(study)
    shown = [record for s in HEADLINE for record in found if frames.setting_of(record["config"]) == s]
    table = frames.frame(found)
    table = table[table["loss"].isin(DRAWN) & table["kind"].isin(["clean", "symmetric"])]
    where = f"{frames.DATASETS[study.dataset]}, protocol {study.protocol}"
    committed, counted = verdicts.committed(), verdicts.counted()
    judged = verdicts.judge(counted, verdicts.proofs(), made=committed)
    first = minute.parts(judged, questions.evidence_of(counted), committed)
    rates = frames.rates(study, "symmetric")
    parts = {
        "minute": Prose(minute.myst(first)).text,
        "plain-minute": Prose(minute.plain(first)).text,
        "answers": Prose(questions.answer_list(questions.short_answers(judged, counted))).text,
        "marks": Prose(marks.legend()).text,
        "numbers": Prose(questions.numbers(counted)).text,
        "reading": Prose(f"{questions.reading()} {questions.in_full(judged)}").text,
        "mnist-tables": Prose(beside.in_list(judged)).text,
        "underfitting": Prose(control.in_full(judged)).text,
        "chance": Prose(questions.chance(judged)).text,
        "evaluator": Prose(f"The code that makes verdicts of records is that of hash `{verdicts.evaluator()}`.").text,
        "tested": Prose(f"**Tested:** {scope.tested(committed)}.").text,
        "people": Prose(f"- **Labels by people.** {scope.people(committed)}").text,
        "rules": Prose(verdict_tables.rule_changes(judged, counted)).text,
        "revisions": Prose(verdict_tables.revisions()).text,
        "facts": Facts(frames.facts(found)).myst(),
        "landing-table": Table(
            frames.landing_table(shown),
            name="answer",
            caption="Clean test accuracy after the last epoch, in per cent, and share of the wrong labels memorised "
            f"({where}; {words.status(shown)}).",
            numbers=unrounded.over_seeds(frames.frame(shown), ["setting", "loss"], ["last", "memorised"]),
        ).myst(),
        "landing-figure": Figure(
            plots.accuracy_and_memorised,
            table,
            rates,
            name="answer",
            caption=words.landing_caption(table, where),
            alt=words.by_rate_alt(table)
            + " "
            + words.by_rate_alt(table, figure="memorised", what="the share of wrong labels memorised"),
        ).myst(),
    }
    for name, text in parts.items():
        (snippets / f"{name}.md").write_text(text + "\n")
    (EXECUTED / "values.json").write_text(
        json.dumps(values() | method() | counts(judged), indent=1, sort_keys=True) + "\n"
    )


if __name__ == "__main__":
    main()
