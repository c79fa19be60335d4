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
# # Lemma 1: symmetric noise
#
# A loss whose sum over the labels is constant has, under symmetric noise, a risk that is an affine function of its
# clean risk.

# %%
from nlr.losses import make_loss

assert make_loss("nce").card.constant_sum == 1
