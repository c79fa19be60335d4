"""What narrative pages cite: executed/values.json, and the table, facts and figure of the landing page.

Keys of values: STUDY.SETTING.LOSS.FIGURE with FIGURE one of n and the mean and sd of last, best, memorised, recovered;
STUDY.have and STUDY.wanted count runs; STUDY.minutes is training time, of committed records only. What others
published, from book/data/published.csv: SOURCE.SETTING.LOSS.mean and .sd.
"""

import json
import os

import pandas as pd

from nlr import plots, report, studies, words
from nlr.page import Facts, Figure, Prose, Table
from nlr.paths import EXECUTED, ROOT

MAIN = "ma2020-small"  # the study that the landing page rests on
PUBLISHED = ROOT / "book" / "data" / "published.csv"
FIGURES = ("n", *(f"{k}_{m}" for k in ("last", "best", "memorised", "recovered") for m in ("mean", "sd")))


def values():
    """Every number that prose may cite, by key."""
    runs, _ = report.status()
    out = {}
    for name in studies.names():
        study, mine = studies.load(name), runs[runs["study"] == name]
        out |= {f"{name}.have": int(mine["have"].sum()), f"{name}.wanted": int(mine["wanted"].sum())}
        if not mine["have"].any():
            continue
        found = report.study_records(study)
        if study.store == studies.STORES["results"]:
            out[f"{name}.minutes"] = sum(record["facts"]["wall_seconds"] for record in found) / 60
            out[f"{name}.minutes_per_run"] = out[f"{name}.minutes"] / len(found)
        for cell in report.cells(report.frame(found)).to_dict("records"):
            for figure in FIGURES:
                if cell[figure] == cell[figure]:  # not NaN
                    out[f"{name}.{cell['setting']}.{cell['loss']}.{figure}"] = cell[figure]
    for row in pd.read_csv(PUBLISHED, comment="#").itertuples():
        stem = f"{row.key}.{row.setting}.{row.loss}"
        out |= {f"{stem}.mean": row.mean, f"{stem}.sd": row.sd}
    return out


def main():
    """Write everything under executed/."""
    os.environ["NLR_PAGE"] = "landing"
    snippets = EXECUTED / "snippets"
    snippets.mkdir(parents=True, exist_ok=True)
    study = studies.load(MAIN)
    found = report.study_records(study)
    table = report.frame(found)
    scope = f"{report.DATASETS[study.dataset]}, protocol {study.protocol}"
    parts = {
        "answer": Prose(words.answer(found)).text,
        "facts": Facts(report.facts(found)).myst(),
        "landing-table": Table(
            report.landing_table(found),
            name="answer",
            caption=f"Clean test accuracy after the last epoch, in per cent, and share of the wrong labels memorised "
            f"({scope}; one seed each, exploratory).",
        ).myst(),
        "landing-figure": Figure(
            plots.last_and_best,
            table,
            name="answer",
            caption=words.landing_caption(found, scope),
            alt=words.last_and_best_alt(table),
        ).myst(),
    }
    for name, text in parts.items():
        (snippets / f"{name}.md").write_text(text + "\n")
    (EXECUTED / "values.json").write_text(json.dumps(values(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
