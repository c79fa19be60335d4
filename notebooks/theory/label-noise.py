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
# # Label noise
#
# What is assumed about wrong labels before any loss is discussed: a clean distribution, a noisy one, and a matrix
# between them.

# %%
from nlr import noise

assert (noise.transition_matrix("symmetric", 0.4).sum(1) - 1 < 1e-12).all()
