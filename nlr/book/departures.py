"""Where training departs from theory: claims with two different verdicts, and tolerant losses that memorise."""

import pandas as pd

from nlr import losses
from nlr.book import verdict_tables
from nlr.evidence import claims, frames
from nlr.evidence.verdicts import MATHEMATICS
from nlr.noise import parse_setting

SETTLED = ("held", "partly", "did not hold everywhere", "did not hold")


def parted(judged):
    """The claims that mathematics judges otherwise than training, each settled there.

    Args:
        judged: what :func:`nlr.evidence.verdicts.judge` returns.

    Returns:
        A frame with claim, statement, mathematics and training, the last two as badges in MyST; no row where none is.
    """
    rows = []
    for name, judgements in judged.items():
        settled = [one for one in judgements if one.outcome in SETTLED]
        proved = [one for one in settled if one.scope == MATHEMATICS]
        trained = [
            one for one in settled if one.scope != MATHEMATICS and one.outcome not in {p.outcome for p in proved}
        ]
        if proved and trained:
            rows.append(
                {
                    "claim": name,
                    "statement": claims.load()[name].statement,
                    "in mathematics": " ".join(verdict_tables.badge(one) for one in proved),
                    "in training": "<br>".join(
                        f"{verdict_tables.badge(one)} {verdict_tables.limited(one)}" for one in trained
                    ),
                }
            )
    return pd.DataFrame(rows, columns=["claim", "statement", "in mathematics", "in training"])


def tolerant(found):
    """How many wrong labels noise-tolerant losses memorise at the highest rate of symmetric noise, in a sentence.

    Args:
        found: the records of one study.
    """
    rates = {}
    for record in found:
        kind, rate = parse_setting(frames.setting_of(record["config"]))
        if kind == "symmetric":
            rates.setdefault(rate, []).append(record)
    if not rates:
        return "No run with symmetric noise is there yet."
    highest = rates[max(rates)]
    constant = {r["config"]["loss"]["spec"] for r in highest if _constant_sum(r["config"]["loss"]) is not None}
    cells = frames.cells(frames.frame(highest)).set_index("loss")["memorised_mean"]
    mine, others = cells[cells.index.isin(constant)], cells[~cells.index.isin(constant)]
    text = (
        f"Of the {len(cells)} losses with runs at symmetric rate {max(rates):g}, {len(mine)} have a constant sum over "
    )
    text += "the labels, and so the minimiser of their risk does not move with the noise. "
    if mine.empty:
        return text.strip()
    text += (
        f"In training they have memorised {mine.min():.0f} ({mine.idxmin()}) to {mine.max():.0f} % ({mine.idxmax()}) "
    )
    text += "of the wrong labels by the last epoch"
    if not others.empty:
        text += f", the others {others.min():.0f} ({others.idxmin()}) to {others.max():.0f} % ({others.idxmax()})"
    return text + "."


def _constant_sum(loss):
    return losses.make_loss(loss["name"], **loss["parameters"]).card.constant_sum
