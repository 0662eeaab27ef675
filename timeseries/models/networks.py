"""The network forms: LSTM, causal convolution, and a masked-patch Transformer."""

from __future__ import annotations

from typing import Any

import timeseries.models.keras_jax as kj
from timeseries.models.keras_jax import Shape, keras

layers = keras.layers


def _head(features: Any, inputs: list[Any], shape: Shape) -> Any:
    """A direct multi-step head that starts at zero, so that an untrained net adds nothing to its base."""
    known = [layers.Flatten()(part) for part in inputs[1:]]
    flat = layers.Concatenate()([features, *known]) if known else features
    return layers.Dense(shape.outputs, kernel_initializer="zeros", name="head")(flat)


def _causal(x: Any, width: int, dilation: int) -> Any:
    """A causal convolution of three taps, as one matrix product over shifted copies.

    A convolution inside XLA's training loop falls back to a slow path on CPUs; a product does not.
    """

    def late(rows: int) -> Any:
        return layers.Cropping1D((0, rows))(layers.ZeroPadding1D((rows, 0))(x))

    return layers.Dense(width, activation="gelu")(layers.Concatenate()([late(2 * dilation), late(dilation), x]))


@kj.builder("lstm")
def build_lstm(shape: Shape) -> Any:
    """One LSTM layer over the window; its last state and the last values feed the head."""
    inputs = [keras.Input(size) for size in shape.inputs]
    state = layers.LSTM(shape.hidden)(inputs[0])
    return keras.Model(inputs, _head(state, inputs, shape))


@kj.builder("cnn")
def build_cnn(shape: Shape) -> Any:
    """Causal dilated residual convolutions until the whole window is seen."""
    inputs = [keras.Input(size) for size in shape.inputs]
    x = layers.Dense(shape.hidden)(inputs[0])
    dilation = 1
    while dilation == 1 or 2 * dilation < shape.inputs[0][0]:
        x = layers.Add()([x, layers.Dense(shape.hidden)(_causal(x, shape.hidden, dilation))])
        dilation *= 2
    last = layers.Flatten()(layers.Cropping1D((shape.inputs[0][0] - 1, 0))(x))
    return keras.Model(inputs, _head(last, inputs, shape))


@kj.builder("multivariate")
def build_multivariate(shape: Shape) -> Any:
    """A linear map of the target's window beside convolutions over all columns; calendar inputs join at the head."""
    inputs = [keras.Input(size) for size in shape.inputs]
    x = layers.Dense(shape.hidden)(inputs[0])
    dilation = 1
    while dilation == 1 or 2 * dilation < shape.inputs[0][0]:
        y = layers.Dense(shape.hidden)(_causal(x, shape.hidden, dilation))
        x = layers.Add()([x, layers.Dropout(0.1)(y)])
        dilation *= 2
    last = layers.Flatten()(layers.Cropping1D((shape.inputs[0][0] - 1, 0))(x))
    target = layers.Flatten()(layers.Lambda(_first_column, output_shape=(shape.inputs[0][0], 1))(inputs[0]))
    linear = layers.Dense(shape.outputs, kernel_initializer="zeros")(target)
    return keras.Model(inputs, layers.Add()([linear, _head(last, inputs, shape)]))


def _first_column(window: Any) -> Any:
    return window[:, :, :1]


@kj.builder("transformer")
def build_transformer(shape: Shape) -> Any:
    """Patches of the window, some masked to zero, attend to one another and rebuild the whole window."""
    (patches, width), _ = shape.inputs
    values, mask = (keras.Input(size) for size in shape.inputs)
    x = layers.Dense(shape.hidden)(layers.Concatenate()([values, mask]))
    positions = layers.Embedding(patches, shape.hidden)(keras.ops.arange(patches))
    x = x + positions
    for _ in range(2):
        attended = layers.MultiHeadAttention(4, shape.hidden // 4)(layers.LayerNormalization()(x), x)
        x = layers.Add()([x, attended])
        inner = layers.Dense(2 * shape.hidden, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(shape.hidden)(inner)])
    x = layers.Dense(width)(layers.LayerNormalization()(x))
    return keras.Model([values, mask], layers.Flatten()(x))
