"""Rounded products are the exact ones rounded once, and are taken where a CPU has no instructions for its own."""

import pytest
import torch
import torch.nn.functional as F
from factory import short
from torch import nn

from nlr.training import engine, precision

LAYERS = {
    "convolution": (lambda: nn.Conv2d(16, 24, 3, padding=1), (4, 16, 9, 9)),
    "convolution without bias": (lambda: nn.Conv2d(3, 8, 3, stride=2, bias=False), (4, 3, 9, 9)),
    "linear": (lambda: nn.Linear(300, 20), (16, 300)),
}
STEP = {torch.bfloat16: 2**-7, torch.float16: 2**-10}  # between neighbouring numbers, relative to the smaller


@pytest.mark.parametrize("dtype", STEP)
@pytest.mark.parametrize("name", LAYERS)
def test_output_and_gradients_are_the_exact_ones_rounded_once(name, dtype):
    make, shape = LAYERS[name]
    torch.manual_seed(0)
    layer, exact = make(), make().double()
    exact.load_state_dict({key: value.to(dtype).double() for key, value in layer.state_dict().items()})
    inputs = torch.randn(shape).to(dtype).requires_grad_()
    exact_inputs = inputs.detach().double().requires_grad_()
    with torch.autocast("cpu", dtype=dtype), precision.Rounded(dtype):
        output = layer(inputs)
    gradient = torch.randn_like(output)
    output.backward(gradient)
    exact_output = exact(exact_inputs)
    exact_output.backward(gradient.double())
    assert (output.dtype, inputs.grad.dtype) == (dtype, dtype)
    assert all(p.grad.dtype == torch.float32 for p in layer.parameters())
    found = [output, inputs.grad, *(p.grad for p in layer.parameters())]
    expected = [exact_output, exact_inputs.grad, *(p.grad for p in exact.parameters())]
    for ours, right in zip(found, expected, strict=True):
        half_a_step = STEP[dtype] / 2 * right.abs() + 1e-6 * right.abs().max()  # and float32's own error
        assert ((ours.double() - right).abs() <= half_a_step).all()
        assert torch.equal(ours.to(dtype).to(ours.dtype), ours)


def test_other_functions_are_left_alone():
    x = torch.linspace(-1, 1, 50)
    with precision.Rounded(torch.bfloat16):
        assert (x @ x).dtype == torch.float32
        assert F.relu(x).dtype == torch.float32


def test_only_half_precision_on_a_cpu_without_the_instructions_needs_it(monkeypatch):
    class Kernels:
        _is_mkldnn_bf16_supported = staticmethod(lambda: True)
        _is_mkldnn_fp16_supported = staticmethod(lambda: False)

    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.ops, "mkldnn", Kernels)
    asked = [("cpu", torch.bfloat16), ("cpu", torch.float16), ("cpu", None), ("cuda", torch.float16)]
    assert [precision.needed(*each) for each in asked] == [False, True, False, False]
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert [precision.needed(*each) for each in asked] == [True, True, False, False]


@pytest.mark.parametrize("without", [True, False])
def test_the_engine_takes_it_where_it_is_needed(monkeypatch, without):
    class Watched(precision.Rounded):
        products = 0

        def __torch_function__(self, function, types, args=(), kwargs=None):
            Watched.products += function in precision.PRODUCTS
            return super().__torch_function__(function, types, args, kwargs)

    monkeypatch.setattr(precision, "Rounded", Watched)
    monkeypatch.setattr(precision, "needed", lambda device_type, dtype: without)
    made = engine.Engine(short("ce", protocol="ma2020", dataset="cifar10", model={"width": 0.1}), 10, "cpu")
    logits = made.logits(torch.zeros(2, 32, 32, 3, dtype=torch.uint8))
    assert logits.dtype == torch.float32
    assert Watched.products == (8 if without else 0)
