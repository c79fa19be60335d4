"""Convolutions and matrix products in half precision, on CPUs that have no instructions for them.

There torch takes one product after the other, more than ten times slower than in float32 (``benchmarks/rounded.py``).
A product of two halves is exact in float32, and where there are instructions for it they add up in float32 too. So
rounding what goes in, multiplying in float32 and rounding the result once gives the same, up to the order of the sums.
Gradients take the same way back.
"""

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

PRODUCTS = (F.conv2d, F.linear)  # all that autocast casts in our networks


def needed(device_type, dtype):
    """Whether the products of ``dtype`` are to be taken this way on a kind of device, ``cpu`` or ``cuda``."""
    if device_type != "cpu" or dtype not in (torch.bfloat16, torch.float16):
        return False
    if not torch.backends.mkldnn.is_available():
        return True
    kernels = torch.ops.mkldnn
    supported = {torch.bfloat16: kernels._is_mkldnn_bf16_supported, torch.float16: kernels._is_mkldnn_fp16_supported}
    return not supported[dtype]()


class Rounded(TorchFunctionMode):
    """Within this context convolutions and linear layers round to ``dtype`` what goes in and what comes out.

    Args:
        dtype: ``torch.bfloat16`` or ``torch.float16``.
    """

    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype

    def __torch_function__(self, function, types, args=(), kwargs=None):
        """What torch calls in the place of each of its functions."""
        kwargs = kwargs or {}
        if function not in PRODUCTS:
            return function(*args, **kwargs)
        halves = [a.to(self.dtype).float() if isinstance(a, torch.Tensor) else a for a in args]
        with torch.autocast("cpu", enabled=False):
            return function(*halves, **kwargs).to(self.dtype)
