"""The graph that is shipped computes what the encoder of Devlin et al. (2019) computes."""

import numpy as np
import onnxruntime
import pytest
from scipy.special import erf, softmax

from classifier import graph

HEADS, SIZE, WIDE, WORDS, PLACES, LAYERS = 4, 32, 64, 50, 12, 2


def some_weights():
    rng = np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (WORDS, SIZE),
        "embeddings.position_embeddings.weight": (PLACES, SIZE),
        "embeddings.token_type_embeddings.weight": (2, SIZE),
    }
    norms = ["embeddings."]
    for layer in range(LAYERS):
        start = f"encoder.layer.{layer}."
        dense = {f"attention.self.{part}": (SIZE, SIZE) for part in ("query", "key", "value")}
        dense |= {"attention.output.dense": (SIZE, SIZE), "intermediate.dense": (WIDE, SIZE)}
        for name, (wide, narrow) in (dense | {"output.dense": (SIZE, WIDE)}).items():
            shapes |= {f"{start}{name}.weight": (wide, narrow), f"{start}{name}.bias": (wide,)}
        norms += [start + "attention.output.", start + "output."]
    shapes |= {f"{start}LayerNorm.{end}": (SIZE,) for start in norms for end in ("weight", "bias")}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def encode(weights, ids):
    def normalised(x, start):
        x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-12)
        return x * weights[start + "LayerNorm.weight"] + weights[start + "LayerNorm.bias"]

    def dense(x, start):
        return x @ weights[start + "weight"].T + weights[start + "bias"]

    def by_head(x):
        return x.reshape(len(ids), HEADS, -1).transpose(1, 0, 2)

    start = "embeddings."
    x = weights[start + "word_embeddings.weight"][ids]
    x = x + weights[start + "position_embeddings.weight"][: len(ids)]
    x = normalised(x + weights[start + "token_type_embeddings.weight"][0], start)
    for layer in range(LAYERS):
        start = f"encoder.layer.{layer}."
        query, key, value = (
            by_head(dense(x, f"{start}attention.self.{part}.")) for part in ("query", "key", "value")
        )
        seen = softmax(query @ key.transpose(0, 2, 1) / np.sqrt(SIZE / HEADS), axis=-1) @ value
        seen = seen.transpose(1, 0, 2).reshape(len(ids), SIZE)
        x = normalised(x + dense(seen, start + "attention.output.dense."), start + "attention.output.")
        wide = dense(x, start + "intermediate.dense.")
        lit = wide * (1 + erf(wide / np.sqrt(2))) / 2
        x = normalised(x + dense(lit, start + "output.dense."), start + "output.")
    return x


@pytest.mark.parametrize("ids", [[7], [3, 1, 4, 1, 5], list(range(PLACES))], ids=len)
def test_it_computes_what_the_encoder_would_but_for_rounding(tmp_path, ids):
    weights = some_weights()
    graph.write(weights, HEADS, tmp_path / "encoder.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(tmp_path / "encoder.onnx", options)
    found, expected = session.run(["vectors"], {"ids": [ids]})[0], encode(weights, ids)
    assert found.shape == (len(ids), SIZE)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.995


def test_it_refuses_weights_that_lack_one(tmp_path):
    weights = some_weights()
    del weights["encoder.layer.1.output.dense.bias"]
    with pytest.raises(KeyError, match=r"layer\.1\.output\.dense\.bias"):
        graph.write(weights, HEADS, tmp_path / "encoder.onnx")
    assert not any(tmp_path.iterdir())


def test_its_layers_are_read_back_to_half_of_an_integer(tmp_path):
    weights = some_weights()
    graph.write(weights, HEADS, tmp_path / "encoder.onnx")
    found = graph.read(tmp_path / "encoder.onnx")
    assert set(found) == {name for name in weights if name.startswith("encoder.layer.")}
    for name, weight in found.items():
        most = np.abs(weights[name]).max(axis=-1, keepdims=True) / 127
        off = most * 0.51 if weight.ndim == 2 else 0
        assert (np.abs(weight - weights[name]) <= off).all(), name
