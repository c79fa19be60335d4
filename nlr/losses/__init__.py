"""Losses for noisy labels; the names that other modules use."""

from nlr.losses._forms import CHHEDA_EPS, REDUCTIONS, Card, Loss, cards, format_loss, make_loss, names, parse_loss

__all__ = ["CHHEDA_EPS", "REDUCTIONS", "Card", "Loss", "cards", "format_loss", "make_loss", "names", "parse_loss"]
