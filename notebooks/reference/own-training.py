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
# # Use these losses in your own training
#
# A loss of {py:func}`nlr.losses.make_loss` is a module like `torch.nn.CrossEntropyLoss`: it takes logits and labels, and
# nothing else of this project is needed. Here are images of digits, two in five of whose labels are wrong.

# %%
import torch
from sklearn.datasets import load_digits
from torch import nn

from nlr.noise import add_noise

digits = load_digits()
images = torch.tensor(digits.data, dtype=torch.float32) / 16
clean = torch.tensor(digits.target)
labels = torch.tensor(add_noise(digits.target, "symmetric", 0.4, seed=0).labels)

# %% [markdown]
# Ten lines train a network on them:

# %%
from nlr.losses import make_loss

torch.manual_seed(0)
network = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimiser = torch.optim.SGD(network.parameters(), lr=0.5)
loss = make_loss("nce+mae,beta=1.5", num_classes=10)
for _ in range(8):
    for batch in torch.randperm(len(labels)).split(64):
        optimiser.zero_grad()
        loss(network(images[batch]), labels[batch]).backward()
        optimiser.step()

# %% tags=["remove-input"]
from nlr.book.display import Prose

right = 100 * (network(images).argmax(1) == clean).double().mean().item()
agree = 100 * (labels == clean).double().mean().item()
Prose(
    f"The network now names {right:.0f} % of the images rightly; of the labels that it was given {agree:.0f} % are right."
)

# %% [markdown]
# The same loop with the loss written out by hand ends with the same weights:

# %%
trained = [p.detach().clone() for p in network.parameters()]
torch.manual_seed(0)
network = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimiser = torch.optim.SGD(network.parameters(), lr=0.5)
for _ in range(8):
    for batch in torch.randperm(len(labels)).split(64):
        optimiser.zero_grad()
        log_p = network(images[batch]).log_softmax(1)
        log_p_y = log_p.gather(1, labels[batch][:, None]).squeeze(1)
        nce = log_p_y / log_p.sum(1)
        mae = 2 * (1 - log_p_y.exp())
        (nce + 1.5 * mae).mean().backward()
        optimiser.step()
for ours, by_hand in zip(trained, network.parameters(), strict=True):
    torch.testing.assert_close(ours, by_hand.detach(), rtol=0, atol=1e-3)

# %% [markdown]
# ## What it takes
#
# Names and parameters are on the page [of the losses](/executed/losses). Logits may have more dimensions, `(N, K, d1, ...)`
# with labels `(N, d1, ...)`, and labels any integer type. `ignore_index`, `weight` and `reduction` mean what they mean in
# torch's cross-entropy: the mean is divided by the sum of the weights that count. So the mean of a batch in which no label
# counts is NaN, as in torch, and its sum 0; use `reduction="sum"` where that can happen. No label is ignored unless
# it is named, and one that is out of range is an error on a CPU.

# %%
scores = torch.randn(2, 4, 8, 8)  # four classes, 8 x 8 positions
regions = torch.randint(4, (2, 8, 8), dtype=torch.uint8)
regions[:, 0] = 255
segmentation = make_loss("nfl+rce", 4, ignore_index=255, weight=[0.5, 1, 1, 2])
value = segmentation(scores, regions)

# %% [markdown]
# Labels may be probabilities, floating point of the shape of the logits, as from label smoothing or from mixing two images.
# The loss is then the mean over a label drawn from them, $\sum_k q_k L(p, k)$: for cross-entropy what torch computes,
# for MAE $2(1-\sum_k q_k p_k)$. All losses take them but those of Krishnan's report that depend on the labels of the whole
# batch.

# %%
smooth = 0.9 * nn.functional.one_hot(labels[:64], 10) + 0.01
value = make_loss("nce+mae", 10)(network(images[:64]), smooth)

# %% [markdown]
# Derivatives of every order are right, so a gradient penalty can be trained; `torch.func` and `torch.compile` work, and under
# autocast the loss is computed in float32. A logit of $-\infty$ takes its class out, as in torch's cross-entropy; but a
# normalised loss such as NCE divides by the losses of all classes, and one infinite loss among them leaves every
# other class a loss of 0 and no gradient. Leave such classes out of the logits instead.

# %%
x = images[:64].clone().requires_grad_()
fit = loss(network(x), labels[:64])
(slope,) = torch.autograd.grad(fit, x, create_graph=True)
(fit + 10 * slope.square().sum()).backward()
