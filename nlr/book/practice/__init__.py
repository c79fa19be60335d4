"""What to do with noisy labels: which loss, which weight, what to expect and what to watch, chosen by what runs say.

The scope of everything here is that of its mark: our scaled-down runs, or the authors' tables. A number in brackets
rests on too few seeds to decide anything; what has no run is missing, with the command that makes it.
"""

from nlr.book import control, marks, verdict_tables
from nlr.book.practice import watching, weights
from nlr.book.practice.losses import default, exceptions, in_short, least_regret
from nlr.book.practice.people import PEOPLE
from nlr.evidence import claims

NOT_MADE = "These runs are not made yet."


def in_a_minute(judged, evidence, found, records, proved=None):
    """Questions with their answers, as :func:`nlr.book.minute.myst` takes them: pairs (question, [(mark, sentence)]).

    Args:
        judged: the judgements of the claim that the control hangs on, :data:`nlr.book.control.CLAIM`, by claim.
        evidence: the :class:`nlr.book.questions.Evidence` of the records.
        found: what :func:`nlr.book.practice.losses.all_choices` returns of it.
        records: the records.
        proved: what mathematics adds, ``{question: [sentence]}``.
    """
    least = {column: loss for column, of_column in found.items() if (loss := least_regret(of_column))}
    losses = [("", in_short(least, found))]
    losses += [(column[0], default(column[1], found[column], loss)) for column, loss in least.items()]
    if ("small", "last") in least and (text := exceptions(found["small", "last"], least["small", "last"])):
        losses.append(("small", text))
    long = " ".join(filter(None, [watching.of_epochs(evidence), control.of_all(judged)]))
    answers = {
        "Which loss?": losses,
        "Which weight?": weights.of_choice(records),
        "How long?": [("small", long)] if long else [],
        "What to watch?": [],
    }
    for question, texts in (proved or {}).items():
        answers[question] = [*(("proof", text) for text in texts), *answers[question]]
    return list(answers.items())


def missing(records):
    """The runs that this page waits for, as a Markdown list: how many, and the command that makes them.

    Args:
        records: the records.
    """
    waited = [claims.get(name) for name in (weights.CHOICE, *PEOPLE)]
    lacking = dict.fromkeys(
        run for claim in waited for protocol in claim.protocols for run in claims.missing_runs(claim, protocol, records)
    )
    items = []
    for command in claims.commands(lacking):
        made = [run for run in lacking if command in claims.commands([run])]
        many = f"{len(made)} run{'s' * (len(made) != 1)} missing"
        items.append(f"- {marks.scope(made[0].protocol)}: {many}; `{command}` makes them.")
    return "\n".join(items) or "No run is missing."


def of_claims(judged, names):
    """The verdicts on the claims that this page rests on; full protocols without runs are left out.

    Args:
        judged: the judgements by claim.
        names: the claims.
    """
    full = (marks.FULL, marks.MNIST_FULL)
    found = [one for name in names for one in judged[name] if one.outcome != "not run" or one.scope not in full]
    return f"Verdicts behind this page: {verdict_tables.badges(found)}"
