# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which loss today?
#
# *You have labels of which some are wrong, and have to choose: which loss, which weight, what to expect, what to watch. The
# first list is the answer in a minute; below it stand the numbers, by your guess of the noise, your budget and your number of
# classes.*
#
# NCE is cross-entropy divided by its sum over all labels; NCE+MAE adds mean absolute error, NCE+RCE reverse cross-entropy. What is
# added is called the *passive* term. *Symmetric 0.4* means that two labels in five are wrong, every other class being equally likely;
# *asymmetric 0.4* that in five of the ten classes two labels in five are those of a similar class. A mark says on which evidence a line
# rests. A number in brackets rests on too few seeds to decide anything; what has no run is missing.

# %% tags=["hide-input"]
import math

import pandas as pd

from nlr.book import control, decay, minute, practice, questions
from nlr.book.display import Prose, Table
from nlr.book.practice import brackets, losses, people, watching, weights
from nlr.evidence import verdicts
from nlr.losses import make_loss
from nlr.theory import choosing, collapse
from nlr.theory.gradients import uniform_rate

records, counted = verdicts.committed(), verdicts.counted()
names = (control.CLAIM, "C30", "C39", "C62", weights.CHOICE, *people.PEOPLE)
judged = verdicts.judge(counted, {}, names, records)
evidence = questions.evidence_of(counted)
found = losses.all_choices(evidence)
watched = watching.watched(records)

# %% tags=["remove-input"]
HELD_OUT, ACCURACY = 1000, 0.6
times = weights.weight("nce+rce") / weights.weight("nce+mae")
ten, hundred = (collapse.threshold(make_loss("nce", classes), 0.0) for classes in (10, 100))
low, high = (196 * choosing.error_of_accuracy(ACCURACY, rate, 10, HELD_OUT) for rate in (0.4, 0.8))
proved = {
    "Which weight?": [
        f"NCE+RCE is NCE+MAE with {times:.3g} times the weight on MAE, with MAE = 1 − p as in the paper's code (p is the probability "
        "of the label): choosing between the two is choosing a weight.",
        "Held-out noisy labels rank classifiers as clean ones do, if a wrong label is equally likely to be any other class and right "
        f"labels stay the most common. A thousand of them leave an accuracy uncertain by {low:.0f} points when two in five are wrong, by {high:.0f} when four in five are (ten classes).",
    ],
    "How long?": [
        "Until fewer held-out noisy labels are predicted. If a wrong label is equally likely to be any other class and right labels stay "
        "the most common, they rank epochs as clean labels do, chance apart. None of our runs was stopped by them.",
    ],
    "What to watch?": [
        "If more of the training labels are fitted than you believe to be right, wrong ones are being memorised. From there on "
        "watch held-out labels, and stop when fewer of them are predicted.",
        "Count the classes that are never answered. In a model with batch norm and equal classes, no answer of NCE alone with equal "
        f"margins is cheaper than one answer to every image from a weight decay of {ten:.2g} on with ten classes, and of {hundred:.2g} "
        "with a hundred, and earlier with noise.",
    ],
}
Prose(minute.myst(practice.in_a_minute(judged, evidence, found, records, proved)))

# %% [markdown]
# ## Which loss, by your guess of the noise
#
# A cell names in bold, of those of six losses (`ce`, `nce`, `mae`, `nce+mae`, `nce+rce`, `gce`) that have at least three seeds, the ones
# that no other is shown to be more accurate than, each with its accuracy on clean test images, and below them cross-entropy. *Shown* means at least three seeds and
# a 95 % interval that excludes zero, taken singly. The best epoch is each loss's own and chosen on the test images: an upper end
# of what early stopping can give. Accuracies of the scaled-down runs are far below those of full training; their differences and
# order are what to read.

# %% tags=["hide-input"]
Table(
    losses.loss_table(found),
    name="loss",
    caption="What to take, and the accuracy to expect, in per cent, by a guess of the noise: the share of wrong labels, and what they may "
    "be instead. After the last epoch where the head of a column does not name the best one. In brackets: the highest mean where too few "
    "seeds decide nothing. In square brackets: how many of the ten classes are never answered, if any, the most in a run.",
    left=losses.loss_table(found).columns,
    style="dense",
    numbers=losses.loss_numbers(found),
)

# %% [markdown]
# A guess can be wrong. So the next table has how many points each loss lies below the highest mean of the six where it does worst,
# among the settings in which all six have seeds enough. Without a guess the loss with the smallest number is the first choice, where
# its lead over the next is more than chance.

# %% tags=["hide-input"]
Table(
    losses.shortfall_table(found),
    name="shortfall",
    caption="Points below the highest mean accuracy of six losses in the setting where a loss does worst; after the last epoch where "
    f"nothing else is said. {losses.of_shortfalls(evidence, found)}",
    numbers=losses.shortfall_numbers(found),
)

# %% [markdown]
# ## Which weight
#
# The sums are one family: NCE, and a weight times $1-p_y$, where $p_y$ is the probability that the network gives the label. This is the
# passive term, and its weight is its slope, $-\mathrm{d}L/\mathrm{d}p_y$; NCE has the weight 0. Scales differ between codes (MAE is
# $1-p_y$ in the paper's code and $2(1-p_y)$ in print), so compare slopes and not the letters $\alpha$ and $\beta$;
# {doc}`in your own training </executed/own-training>` has the losses as functions.

# %% tags=["hide-input"]
Table(
    weights.weight_table(records),
    name="weight",
    caption="Clean test accuracy after the last epoch, in per cent, by the weight of the passive term, with MAE = $1-p_y$ as in the "
    "paper's code (our small runs, CIFAR-10). In brackets: fewer than three seeds.",
    style="dense",
    numbers=weights.weight_numbers(records),
)

# %% [markdown]
# ### Without clean labels
#
# Hold out a part of the training images with their noisy labels, train with each weight, and take the one with the highest accuracy
# on them. That is a sound rule if a wrong label is equally likely to be any other class: with a rate $\eta$ of wrong labels and $K$ classes, a classifier of
# accuracy $a$ agrees with held-out labels on a share
#
# ```{math}
# :label: eq-practice-agreement
# \frac{\eta}{K-1}+\Bigl(1-\frac{\eta K}{K-1}\Bigr)a,
# ```
#
# whatever its errors are, so the order is that of the accuracies. If labels are confused with similar classes only, the order may
# be another. The price is noise: the slope in brackets falls to zero at $\eta=(K-1)/K$, and the fewer images are held out the less
# can be told apart. The table has the 95 % interval that a number of held-out labels leaves; two classifiers on the same images can
# be told apart somewhat better than that.

# %%
HELD, rows = (500, 1000, 5000), []
for classes in (2, 10, 100):
    for rate in (0.2, 0.4, 0.8):
        if rate < (classes - 1) / classes:
            better, worse = (choosing.agreement(accuracy, rate, classes) for accuracy in (0.7, 0.6))
            assert better > worse
            errors = [196 * choosing.error_of_accuracy(ACCURACY, rate, classes, images) for images in HELD]
            assert errors == sorted(errors, reverse=True)
            rows.append([classes, 100 * rate, *errors])
half = [f"half of the 95 % interval, {images} held out (points)" for images in HELD]
text = [[classes, f"{rate:g} %", *(f"± {error:.1f}" for error in errors)] for classes, rate, *errors in rows]
Table(
    pd.DataFrame(text, columns=["classes", "wrong labels", "500 held out", "1,000", "5,000"]),
    name="held-out",
    caption="How well an accuracy of three in five is known from held-out noisy labels, in points of clean accuracy (every other class "
    "equally likely).",
    numbers=pd.DataFrame(rows, columns=["classes", "wrong labels (%)", *half]),
)

# %% [markdown]
# What the rule costs in training is tried with five weights, a tenth of the images held out and one seed, the rule fixed before the
# runs: the accuracy of the chosen weight, and the points lost against the weight that is best on the clean test set. One seed
# shows something and decides nothing.

# %% tags=["hide-input"]
if weights.chosen(records).empty:
    shown = Prose(practice.NOT_MADE)
else:
    shown = Table(
        weights.choice_table(records),
        name="choice",
        caption="The weight of MAE, beside NCE with weight 1, that is chosen on held-out noisy labels, the best one, the accuracy of the chosen one in per cent, and the points "
        "lost. In brackets: one seed. In square brackets: how many of the ten classes the chosen one never answers, if any.",
        left=["noise", "chosen", "best"],
        style="dense",
        numbers=weights.choice_numbers(records),
    )
shown

# %% [markdown]
# **A weight that follows the noise**, by a guess of the rate or an estimate of it, can gain no more than what the best weight of one
# rate loses at another. A weight that changes in training is not tried here.

# %% tags=["remove-input"]
Prose(weights.of_rates(records))

# %% [markdown]
# ## Your budget
#
# An *update* is one change of the weights, made after a batch of images. If you cannot watch, train briefly; if you can, keep the
# network of the epoch with the highest accuracy on held-out noisy labels.

# %% tags=["remove-input"]
Prose(control.memory(judged) or practice.NOT_MADE)

# %% tags=["hide-input"]
Table(
    watching.budget_table(evidence),
    name="budget",
    caption="Clean test accuracy after the last epoch and at the best one (chosen on the test set), and wrong labels memorised, in per "
    "cent, with more and more updates (our small runs, CIFAR-10, symmetric noise of rate 0.4). In brackets: fewer than "
    "three seeds.",
    style="dense",
    numbers=watching.budget_numbers(evidence),
)

# %% [markdown]
# ## Your number of classes
#
# All our runs have ten classes. For other numbers there is mathematics alone: up to which rate the theorems speak of symmetric noise,
# how fast a loss begins to learn beside cross-entropy, and from which weight decay on NCE alone is better off with one answer to every
# image ({doc}`one answer to everything </executed/theory/collapse>`). A loss that begins slowly needs a scale, or more updates.

# %% tags=["remove-input"]
Prose(text) if (text := decay.of_scale(counted)) else None

# %% tags=["hide-input"]
rows = []
for classes in (2, 10, 100, 1000):
    nce, mae = make_loss("nce", classes), make_loss("mae", classes, scale=0.5)
    both = make_loss("nce+rce", classes, rce={"A": math.log(1e-4)})  # the constant of the paper's code
    speeds = [uniform_rate(loss) for loss in (nce, mae, both)]
    rows.append([classes, (classes - 1) / classes, *speeds, collapse.threshold(nce, 0.0)])
text = [[classes, f"{rate:.3g}", *(f"{number:.2g}" for number in others)] for classes, rate, *others in rows]
beside = [f"gradient at the uniform prediction beside cross-entropy's, {loss}" for loss in ("NCE", "MAE", "NCE+RCE")]
Table(
    pd.DataFrame(text, columns=["classes", "rate below", "NCE", "MAE", "NCE+RCE", "weight decay below"]),
    name="classes",
    caption="By the number of classes: the rate of symmetric noise below which a normalised loss is tolerant; the gradient at the uniform "
    "prediction beside cross-entropy's; and the weight decay that NCE alone stands on clean labels.",
    numbers=pd.DataFrame(rows, columns=["classes", "tolerant below the noise rate", *beside, "weight decay below"]),
)

# %% [markdown]
# ## What to watch
#
# *Three signs that need no clean label.*
#
# - **Training labels fitted.** Of the training labels a share $1-\eta$ is right. If the network predicts a larger share $f$ of them as
#   given, at least $(f-1+\eta)/\eta$ of the wrong ones are memorised.
# - **Accuracy on held-out noisy labels.** It falls when memorising begins to cost.
# - **Classes that are never answered.** A loss that is weak beside weight decay gives up classes one by one. Count them.

# %%
bound = [
    100 * choosing.memorised_at_least(run.agreement / 100, 1 - run.right / 100)
    for run in watched.itertuples(index=False)
]
assert (watched["memorised"] >= pd.Series(bound, watched.index) - 0.1).all()

# %% tags=["remove-input"]
Prose(f"{watching.of_watching(watched)} {watching.unanswered(records)}")

# %% tags=["hide-input"]
Table(
    watching.watch_table(watched),
    name="watch",
    caption="Six of these losses. At the last epoch, in per cent: training labels predicted as given, labels that are right, wrong labels "
    "memorised; points from the best epoch to the last; and the most classes that a run never answers (our small runs, CIFAR-10; means "
    "over seeds).",
    left=["loss"],
    style="dense",
    numbers=watching.watch_numbers(watched),
)

# %% [markdown]
# ## Labels by people
#
# People confuse what looks alike, and some images are hard for everybody. Does what is found with random wrong labels hold for theirs?
# Laid beside the set `worse` of CIFAR-10N are symmetric noise of its rate, and noise of its own transition matrix: its labels dealt out
# anew among the images of each class, so that only the dependence on the image is gone.

# %% tags=["hide-input"]
of_people = people.people_table(evidence)
if (of_people.drop(columns="loss") == brackets.MISSING).all(axis=None):
    shown = Prose(practice.NOT_MADE)
else:
    shown = Table(
        of_people,
        name="people",
        caption="Clean test accuracy after the last epoch, in per cent (our small runs, CIFAR-10), with labels by people and with noise "
        "like theirs. In brackets: fewer than three seeds.",
        numbers=people.people_numbers(evidence),
    )
shown

# %% tags=["remove-input"]
Prose(text) if (text := people.of_people(evidence)) else None

# %% [markdown]
# ## What is open

# %% tags=["remove-input"]
Prose(f"{practice.missing(records)}\n\n{practice.of_claims(judged, names)}")
