"""The few functions that the losses are computed from, each accurate in value and in derivatives of every order.

Three of them have a gradient written by hand, for its digits or its speed. Under torch.func, torch.compile and forward
differentiation each is a composition of torch's own operations instead, which these know how to transform.
"""

import math

import torch
import torch.nn.functional as F
from torch.autograd import forward_ad

#: A log-probability below which a probability is 0 in float64.
NEVER = -1e4


def transformed(tensor):
    """Whether something else than plain reverse differentiation looks at what is computed from a tensor."""
    return (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()  # what torch.autograd.Function asks
        or forward_ad.unpack_dual(tensor).tangent is not None
    )


def readable(tensor):
    """Whether a decision may be taken on the values of a tensor: they are here, and not waited for."""
    return tensor.device.type == "cpu" and not transformed(tensor)


def surely_none(condition):
    """Whether it can be read, without waiting for it, that a condition holds nowhere."""
    return readable(condition) and not condition.any()


class _ColumnLogSoftmax(torch.autograd.Function):
    """Log-softmax of rows, computed along the columns of their transpose.

    The bits are those of torch's own where a row is shorter than a vector of the CPU: K below 16 with AVX-512, below 8
    with AVX2. What goes out is in rows, so that everything after it adds in the same order.
    """

    @staticmethod
    def forward(ctx, logits):
        columns = F.log_softmax(_columns(logits), dim=0)
        log_p = columns.t()[: len(logits)].contiguous()
        ctx.save_for_backward(columns, log_p)
        return log_p

    @staticmethod
    def backward(ctx, gradient):
        columns, log_p = ctx.saved_tensors
        if torch.is_grad_enabled():  # to be differentiated again, and so by what depends on the logits
            return gradient - log_p.exp() * gradient.sum(1, keepdim=True)
        # The derivative that F.log_softmax takes; as a formula of tensors its last bits would differ.
        columns = torch._log_softmax_backward_data(_columns(gradient), columns, 0, columns.dtype)
        return columns.t()[: len(gradient)].contiguous()


def _columns(rows):
    # Whole vectors of 16: what remained would be computed by other instructions, and differ in its last bits.
    columns = rows.new_zeros(rows.shape[1], len(rows) + -len(rows) % 16)
    columns[:, : len(rows)] = rows.t()
    return columns


def log_softmax(logits):
    """Log-softmax of rows (N, K)."""
    # On a CPU torch takes short rows one at a time; all rows at once, class by class, take a small part of that time.
    return _ColumnLogSoftmax.apply(logits) if readable(logits) else F.log_softmax(logits, dim=1)


class _Expm1(torch.autograd.Function):
    """expm1 whose derivative keeps its digits: torch takes it as expm1(x) + 1, which is 0 for x below -17."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.expm1(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * x.exp()


def expm1(x):
    """exp(x) - 1 for x of at most 0."""
    if transformed(x):
        return torch.where(x < -1, x.exp() - 1, x.expm1())
    return _Expm1.apply(x)


def focal_weight(log_p, gamma):
    """(1 - p)^gamma."""
    # The smallest float keeps 1 - p off 0, where a power below 1 has no finite derivative. The weight's derivative is
    # cut off there and where p is 0, for it is multiplied by log p and by p. Of torch's clamps this is the fast one.
    return (-expm1(F.hardtanh(log_p, NEVER, -torch.finfo(log_p.dtype).tiny))).pow(gamma)


def focal(log_p, gamma, detach=False):
    """-(1 - p)^gamma log p; ``detach`` makes the weight a constant to the derivative."""
    weight = focal_weight(log_p, gamma)
    return (weight.detach() if detach else weight) * -log_p


def log_miss(log_p):
    """log(1 - p_k) for every k, shape (N, K)."""
    # For the largest p_k, which may be near 1, it comes from the other classes; log1p would lose it.
    top = log_p.argmax(1, keepdim=True)
    others = log_p.scatter(1, top, -math.inf)
    return torch.log1p(-others.exp()).scatter(1, top, others.logsumexp(1, keepdim=True))


class _LogFocal(torch.autograd.Function):
    """log((1 - p_k)^gamma p_k) for every k, computed on the transpose (K, N) and with few new tensors, for speed."""

    @staticmethod
    def forward(ctx, log_p, gamma):
        # For the largest p_k, which may be near 1, log(1 - p_k) comes from the other classes; log1p would lose it.
        # Those are taken relative to the largest of them, which may itself be too small for exp.
        rows = log_p
        top = log_p.argmax(1)[None]
        log_p = log_p.t().contiguous()
        others = log_p.scatter(0, top, -math.inf)
        second = others.amax(0)
        share = others.sub_(second).exp_()
        total, second_p = share.sum(0), second.exp()
        ctx.save_for_backward(rows, top, share, total, second_p)
        ctx.gamma = gamma
        miss = (share * -second_p).log1p_().scatter_(0, top, (total.log() + second)[None])
        return miss.mul_(gamma).add_(log_p).t()

    @staticmethod
    def backward(ctx, gradient):
        rows, top, share, total, second_p = ctx.saved_tensors
        # The derivative of log(1 - p_k) in log p_j is -p_k / (1 - p_k) for j = k; for the largest p_k it is
        # p_j / (1 - p_k) for every other j instead.
        if torch.is_grad_enabled():  # to be differentiated again, and so by what depends on log p
            others = rows.scatter(1, top.t(), -math.inf)
            inner = gradient.gather(1, top.t()) * others.softmax(1) - gradient * others.exp() / (1 - others.exp())
            return gradient + ctx.gamma * inner, None
        gradient = gradient.t().contiguous()
        inner = gradient / (share * second_p - 1)
        inner.mul_(second_p).add_(gradient.gather(0, top) / total).mul_(share)
        return inner.mul_(ctx.gamma).add_(gradient).t(), None


def log_focal(log_p, gamma):
    """log((1 - p_k)^gamma p_k) for every k, shape (N, K)."""
    if not transformed(log_p):
        return _LogFocal.apply(log_p, gamma)
    return gamma * log_miss(log_p) + log_p


def share_of_sum(chosen, losses):
    """Losses chosen from those of all labels (N, K), divided by the sum over the labels.

    Infinite losses have their limit: a finite one beside them has no share, one alone has all, one among several none
    that does not depend on how they grow; that is NaN.
    """
    total = losses.sum(1, keepdim=True)
    infinite = chosen == math.inf
    if surely_none(infinite):
        return chosen / total
    limit = torch.where((losses == math.inf).sum(1, keepdim=True) == 1, 1.0, math.nan).to(total)
    return torch.where(infinite, limit, chosen.masked_fill(infinite, 0) / total)


def sum_of_others(chosen, terms):
    """The sum of the terms (N, K) without the chosen one; where that alone is -inf, the sum of the finite ones."""
    difference = terms.sum(1, keepdim=True) - chosen
    infinite = chosen == -math.inf
    if surely_none(infinite):
        return difference
    lost = terms == -math.inf
    alone = infinite & (lost.sum(1, keepdim=True) == 1)
    return torch.where(alone, terms.masked_fill(lost, 0).sum(1, keepdim=True), difference)


def pick(values, labels):
    """The value of each row of (N, K) at its label, shape (N,)."""
    return values.gather(1, labels[:, None]).squeeze(1)
