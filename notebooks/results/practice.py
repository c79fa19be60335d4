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
# NCE is cross-entropy divided by its sum over all labels; NCE+MAE adds mean absolute error, NCE+RCE reverse cross-entropy. A mark
# says on which evidence a line rests. A number in brackets rests on too few seeds to decide anything; what has no run is missing.

# %% tags=["hide-input"]
import math

import pandas as pd

from nlr.book import control, minute, practice, questions
from nlr.book.display import Prose, Table
from nlr.evidence import verdicts
from nlr.losses import make_loss
from nlr.theory import choosing, collapse
from nlr.theory.gradients import uniform_rate

records = verdicts.committed()
names = (control.CLAIM, "C30", "C39", "C62", practice.CHOICE, *practice.PEOPLE)
judged = verdicts.judge(records, {}, names)
evidence = questions.evidence_of(records)
found = practice.all_choices(evidence)
watched = practice.watched(records)

# %% tags=["remove-input"]
HELD_OUT, ACCURACY = 1000, 0.6
times = practice.weight("nce+rce") / practice.weight("nce+mae")
ten, hundred = (collapse.threshold(make_loss("nce", classes), 0.0) for classes in (10, 100))
low, high = (196 * choosing.error_of_accuracy(ACCURACY, rate, 10, HELD_OUT) for rate in (0.4, 0.8))
proved = {
    "Which weight?": [
        f"NCE+RCE is NCE+MAE with {times:.3g} times the weight on MAE: choosing between the two is choosing a weight.",
        "Held-out noisy labels rank classifiers as clean ones do, if any other class is as likely. A thousand of them leave an "
        f"accuracy uncertain by {low:.0f} points when two in five are wrong, by {high:.0f} when four in five are (ten classes).",
    ],
    "What to watch?": [
        "If more of the training labels are fitted than you believe to be right, wrong ones are being memorised. From there on "
        "watch held-out labels, and stop when fewer of them are predicted.",
        "Count the classes that are never answered. With NCE alone one answer to every image is the cheapest from a weight decay of "
        f"{ten:.2g} on with ten classes, and of {hundred:.2g} with a hundred, and earlier with noise.",
    ],
}
Prose(minute.myst(practice.in_a_minute(judged, evidence, found, records, proved)))

# %% [markdown]
# ## Which loss, by your guess of the noise
#
# A cell names in bold the losses that no other of six (`ce`, `nce`, `mae`, `nce+mae`, `nce+rce`, `gce`) is shown to be more accurate
# than, each with its accuracy on clean test images, and below them cross-entropy. *Shown* means at least three seeds and
# a 95 % interval that excludes zero, taken singly. The best epoch is each loss's own and chosen on the test images: an upper end
# of what early stopping can give. Accuracies of the scaled-down runs are far below those of full training; their differences and
# order are what to read.

# %% tags=["hide-input"]
Table(
    practice.loss_table(found),
    name="loss",
    caption="What to take, and the accuracy to expect after the last epoch, in per cent, by a guess of the noise: the share of wrong "
    "labels, and what they may be instead. In brackets: the highest mean where too few seeds decide nothing.",
    left=practice.loss_table(found).columns,
    style="dense",
)

# %% [markdown]
# A guess can be wrong. So the next table has how many points each loss lies below the best of the six where it does worst, among
# the settings in which all six have seeds enough. The loss with the smallest number is the one to take blind.

# %% tags=["hide-input"]
Table(
    practice.shortfall_table(found),
    name="shortfall",
    caption="Points below the best of six losses in the setting where a loss does worst, by mean accuracies; after the last epoch "
    "where nothing else is said.",
)

# %% [markdown]
# ## Which weight
#
# The sums are one family: NCE and $1-p_y$, the chance that the label is not what is predicted, times a weight. NCE has the weight
# 0. Scales differ between codes, so compare slopes and not the letters $\alpha$ and $\beta$;
# {doc}`in your own training </executed/own-training>` has the losses as functions.

# %% tags=["hide-input"]
Table(
    practice.weight_table(records),
    name="weight",
    caption="Clean test accuracy after the last epoch, in per cent, by the weight of the passive term (our small runs, CIFAR-10). In "
    "brackets: fewer than three seeds.",
    style="dense",
)

# %% [markdown]
# ### Without clean labels
#
# Hold out a part of the training images with their noisy labels, train with each weight, and take the one with the highest accuracy
# on them. That is a sound rule if any other class is as likely: with a rate $\eta$ of wrong labels and $K$ classes, a classifier of
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
rows = []
for classes in (2, 10, 100):
    for rate in (0.2, 0.4, 0.8):
        if rate < (classes - 1) / classes:
            better, worse = (choosing.agreement(accuracy, rate, classes) for accuracy in (0.7, 0.6))
            assert better > worse
            errors = [196 * choosing.error_of_accuracy(ACCURACY, rate, classes, images) for images in (500, 1000, 5000)]
            assert errors == sorted(errors, reverse=True)
            rows.append([classes, f"{100 * rate:g} %", *(f"± {error:.1f}" for error in errors)])
Table(
    pd.DataFrame(rows, columns=["classes", "wrong labels", "500 held out", "1,000", "5,000"]),
    name="held-out",
    caption="How well an accuracy of three in five is known from held-out noisy labels, in points of clean accuracy (any other class "
    "as likely).",
)

# %% [markdown]
# What the rule costs in training is tried with five weights, a tenth of the images held out and one seed, the rule fixed before the
# runs: the accuracy of the chosen weight, and the points lost against the weight that is best on the clean test set. One seed
# shows and decides nothing, so every number stands in brackets.

# %% tags=["hide-input"]
Table(
    practice.choice_table(records),
    name="choice",
    caption="The weight chosen on held-out noisy labels, the best one, the accuracy of the chosen one in per cent, and the points lost.",
    left=["noise", "chosen", "best"],
    style="dense",
)

# %% [markdown]
# **A weight that follows the noise**, by a guess of the rate or an estimate of it, can gain no more than what the best weight of one
# rate loses at another. A weight that changes in training is not tried here.

# %% tags=["remove-input"]
Prose(practice.of_rates(records))

# %% [markdown]
# ## Your budget
#
# More training fits more wrong labels, whatever the loss. The table is at symmetric noise of rate 0.4. If you cannot watch, train
# shortly; if you can, keep the network of the epoch with the highest accuracy on held-out noisy labels.

# %% tags=["hide-input"]
Table(
    practice.budget_table(evidence),
    name="budget",
    caption="Clean test accuracy after the last epoch and at the best one (chosen on the test set), and wrong labels memorised, in per "
    "cent, with more and more steps of the weights (our small runs, CIFAR-10, symmetric noise of rate 0.4). In brackets: fewer than "
    "three seeds.",
    style="dense",
)

# %% [markdown]
# ## Your number of classes
#
# All our runs have ten classes. For other numbers there is mathematics alone: up to which rate the theorems speak of symmetric noise,
# how fast a loss begins to learn beside cross-entropy, and from which weight decay on NCE alone is better off with one answer to every
# image ({doc}`one answer to everything </executed/theory/collapse>`). A loss that begins slowly needs a scale, or more steps.

# %% tags=["hide-input"]
rows = []
for classes in (2, 10, 100, 1000):
    nce, mae = make_loss("nce", classes), make_loss("mae", classes, scale=0.5)
    both = make_loss("nce+rce", classes, rce={"A": math.log(1e-4)})  # the constant of the paper's code
    speeds = [uniform_rate(loss) for loss in (nce, mae, both)]
    rows.append(
        [
            classes,
            f"{(classes - 1) / classes:.3g}",
            *(f"{speed:.2g}" for speed in speeds),
            f"{collapse.threshold(nce, 0.0):.2g}",
        ]
    )
Table(
    pd.DataFrame(rows, columns=["classes", "rate below", "NCE", "MAE", "NCE+RCE", "weight decay below"]),
    name="classes",
    caption="By the number of classes: the rate of symmetric noise below which a normalised loss is tolerant; the gradient at the uniform "
    "prediction beside cross-entropy's; and the weight decay that NCE alone stands on clean labels.",
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
Prose(practice.of_watching(watched))

# %% tags=["hide-input"]
Table(
    practice.watch_table(watched),
    name="watch",
    caption="At the last epoch, in per cent: training labels predicted as given, labels that are right, wrong labels memorised; points from "
    "the best epoch to the last; and the most classes that a run never answers (our small runs, CIFAR-10; means over seeds).",
    left=["loss"],
    style="dense",
)

# %% [markdown]
# ## Labels by people
#
# People confuse what looks alike, and some images are hard for everybody. Does what is found with random wrong labels hold for theirs?
# Laid beside the set `worse` of CIFAR-10N are symmetric noise of its rate, and noise of its own transition matrix: its labels dealt out
# anew among the images of each class, so that only the dependence on the image is gone. One seed, so brackets throughout.

# %% tags=["hide-input"]
Table(
    practice.people_table(evidence),
    name="people",
    caption="Clean test accuracy after the last epoch, in per cent (our small runs, CIFAR-10), with labels by people and with noise like "
    "theirs. In brackets: fewer than three seeds.",
)

# %% tags=["remove-input"]
Prose(practice.of_people(evidence) or "None of these runs has both sides yet.")

# %% [markdown]
# ## What is open

# %% tags=["remove-input"]
Prose(f"{practice.missing(records)}\n\n{practice.of_claims(judged, names)}")
