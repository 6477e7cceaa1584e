"""The encoder as a graph of few, large steps, each of which ONNX Runtime computes at one go."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

Array = NDArray[Any]

#: Who defines the steps that are more than one of ONNX's own, and the versions of both.
_JOINED = "com.microsoft"
_VERSIONS = {"": 17, _JOINED: 1}
_FORMAT = 8
_EPSILON = 1e-12


class _Graph:
    """Steps, and the numbers that they use."""

    def __init__(self) -> None:
        self.steps: list[Any] = []
        self.numbers: list[Any] = []

    def put(self, name: str, array: Array) -> str:
        """Keep an array."""
        self.numbers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def do(self, kind: str, *inputs: str, domain: str = "", **how: Any) -> str:
        """Add a step, and return the name of what comes out of it."""
        out = f"{kind}-{len(self.steps)}"
        self.steps.append(helper.make_node(kind, inputs, [out], domain=domain, **how))
        return out


def write(weights: Mapping[str, Array], attention_heads: int, path: Path) -> None:
    """Write an encoder of the kind of Devlin et al. (2019), its matrices as 8-bit integers a column.

    Parameters
    ----------
    weights : mapping of str to ndarray
        By the names of the model `bert` of the library transformers.
    attention_heads : int
        Of each layer.
    path : Path
        From the numbers of n tokens, `ids` of shape (1, n), it computes `vectors` of shape (n, n_dimensions).

    Raises
    ------
    KeyError
        If a weight is missing.
    """
    graph = _Graph()
    passed = _embed(graph, weights)
    for layer in range(len({name.split(".")[2] for name in weights if name.startswith("encoder.layer.")})):
        passed = _layer(graph, weights, f"encoder.layer.{layer}.", attention_heads, passed)
    graph.steps.append(helper.make_node("Squeeze", [passed, graph.put("first", np.array([0]))], ["vectors"]))
    size = weights["embeddings.LayerNorm.bias"].size
    told = helper.make_graph(
        graph.steps,
        "reader",
        [helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, [1, "tokens"])],
        [helper.make_tensor_value_info("vectors", onnx.TensorProto.FLOAT, ["tokens", size])],
        graph.numbers,
    )
    versions = [helper.make_opsetid(*version) for version in _VERSIONS.items()]
    quantize_dynamic(
        helper.make_model(told, opset_imports=versions, ir_version=_FORMAT),
        path,
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def read(path: Path) -> dict[str, Array]:
    """Read back the layers that `write` wrote, so that one can go on from them; the embeddings are left out.

    Parameters
    ----------
    path : Path
        Of the graph.

    Returns
    -------
    dict of str to ndarray
        By the names that `write` takes; each to half of what an 8-bit integer of its column stands for.
    """
    stored = {number.name: numpy_helper.to_array(number) for number in onnx.load(path).graph.initializer}
    for name in [name.removesuffix("_scale") for name in stored if name.endswith("_scale")]:
        whole = stored[name + "_quantized"].astype(np.float32) - stored[name + "_zero_point"]
        stored[name] = whole * stored[name + "_scale"]
    weights: dict[str, Array] = {}
    for name, array in stored.items():
        start, _, end = name.rpartition(".")
        if start.startswith("encoder.layer."):
            weights |= _parts(start + ".", end, array.T)
    return weights


def _parts(start: str, end: str, array: Array) -> dict[str, Array]:
    """Return under their own names what one array of the graph holds, none if it is of integers."""
    if end in ("qkv", "qkv_bias"):
        kind = "bias" if end == "qkv_bias" else "weight"
        names = [f"{start}attention.self.{part}.{kind}" for part in ("query", "key", "value")]
        return dict(zip(names, np.split(array, 3), strict=True))
    names = {"weight": ["weight"], "bias": ["bias"], "wide_bias": ["intermediate.dense.bias"]}.get(end, [])
    return {start + name: array for name in names}


def _embed(graph: _Graph, weights: Mapping[str, Array]) -> str:
    """Add what finds the vectors of tokens and of their places."""
    start = "embeddings."
    kinds = weights[start + "token_type_embeddings.weight"]
    places = graph.put("places", weights[start + "position_embeddings.weight"] + kinds[0])
    count = graph.do("Shape", "ids", start=1)
    words = graph.do("Gather", graph.put("words", weights[start + "word_embeddings.weight"]), "ids")
    placed = graph.do(
        "Slice", places, graph.put("none", np.array([0])), count, graph.put("axis", np.array([0]))
    )
    norm = [graph.put(start + end, weights[f"{start}LayerNorm.{end}"]) for end in ("weight", "bias")]
    return graph.do("LayerNormalization", graph.do("Add", words, placed), *norm, epsilon=_EPSILON)


def _layer(graph: _Graph, weights: Mapping[str, Array], start: str, heads: int, passed: str) -> str:
    """Add one layer: attention, and two dense steps."""
    asked = [f"{start}attention.self.{part}." for part in ("query", "key", "value")]
    attended = graph.do(
        "Attention",
        passed,
        graph.put(start + "qkv", np.concatenate([weights[part + "weight"].T for part in asked], axis=1)),
        graph.put(start + "qkv_bias", np.concatenate([weights[part + "bias"] for part in asked])),
        domain=_JOINED,
        num_heads=heads,
    )
    passed = _dense_onto(graph, weights, start + "attention.output.", attended, passed)
    wide = graph.do("MatMul", passed, _put_dense(graph, weights, start + "intermediate.dense."))
    bias = graph.put(start + "wide_bias", weights[start + "intermediate.dense.bias"])
    lit = graph.do("BiasGelu", wide, bias, domain=_JOINED)
    return _dense_onto(graph, weights, start + "output.", lit, passed)


def _dense_onto(graph: _Graph, weights: Mapping[str, Array], start: str, found: str, passed: str) -> str:
    """Add a dense step, whose outcome is added to what was passed on, and normalised."""
    dense = graph.do("MatMul", found, _put_dense(graph, weights, start + "dense."))
    ends = ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")
    kept = [graph.put(start + end, weights[start + end]) for end in ends]
    return graph.do("SkipLayerNormalization", dense, passed, *kept, domain=_JOINED, epsilon=_EPSILON)


def _put_dense(graph: _Graph, weights: Mapping[str, Array], start: str) -> str:
    return graph.put(start + "weight", weights[start + "weight"].T)
