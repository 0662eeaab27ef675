"""Keras on JAX, prepared for small models on a CPU worker: one thread, compiled training steps shared by shape.

`model.fit` compiles anew for each model object; here a network of one shape is compiled once a process and every
later model of that shape only brings its weights, so training the second one takes a fraction of a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Threads of a contended worker wait for one another: one is faster for nets of this size.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import jax
import jax.numpy as jnp
import keras
import numpy as np

from timeseries.data.series import FloatArray
from timeseries.models.base import Progress

Weights = list[np.ndarray[Any, Any]]
CHUNK = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything that decides a network's compiled form."""

    kind: str
    inputs: tuple[tuple[int, int], ...]
    outputs: int
    hidden: int
    batch: int


@dataclass(slots=True)
class Compiled:
    """A network's pure functions for one shape."""

    model: Any
    train: Callable[..., Any]
    loss: Callable[..., Any]
    forward: Callable[..., Any]
    optimizer: Any


Builder = Callable[[Shape], Any]
BUILDERS: dict[str, Builder] = {}


def builder(kind: str) -> Callable[[Builder], Builder]:
    """Register the function that builds the Keras model of a kind."""

    def register(function: Builder) -> Builder:
        BUILDERS[kind] = function
        return function

    return register


@lru_cache(maxsize=32)
def compiled(shape: Shape) -> Compiled:
    """Build once, compile on first use."""
    model = BUILDERS[shape.kind](shape)
    optimizer = keras.optimizers.AdamW(learning_rate=1.0, weight_decay=1e-4, clipnorm=1.0)
    optimizer.build(model.trainable_variables)

    def huber(predicted: Any, wanted: Any, weight: Any) -> Any:
        gap = jnp.abs(predicted - wanted)
        loss = jnp.where(gap < 0.5, gap * gap, gap - 0.25)
        return jnp.sum(loss * weight) / jnp.maximum(jnp.sum(weight), 1e-6)

    def batch_loss(trainable: Any, fixed: Any, inputs: Any, wanted: Any, weight: Any) -> Any:
        predicted, fixed = model.stateless_call(trainable, fixed, inputs, training=True)
        return huber(predicted, wanted, weight), fixed

    gradient = jax.value_and_grad(batch_loss, has_aux=True)

    @jax.jit
    def train(state: Any, inputs: Any, wanted: Any, weight: Any, picks: Any, rates: Any) -> Any:
        def one(carry: Any, step: Any) -> Any:
            trainable, fixed, memory = carry
            rows, rate = step
            (loss, fixed), slope = gradient(
                trainable, fixed, [part[rows] for part in inputs], wanted[rows], weight[rows]
            )
            memory = [rate if index == optimizer_rate else part for index, part in enumerate(memory)]
            trainable, memory = optimizer.stateless_apply(memory, slope, trainable)
            return (trainable, fixed, memory), loss

        state, losses = jax.lax.scan(one, state, (picks, rates))
        return state, jnp.mean(losses)

    @jax.jit
    def loss(trainable: Any, fixed: Any, inputs: Any, wanted: Any, weight: Any) -> Any:
        predicted, _ = model.stateless_call(trainable, fixed, inputs, training=False)
        return huber(predicted, wanted, weight)

    @jax.jit
    def forward(trainable: Any, fixed: Any, inputs: Any) -> Any:
        return model.stateless_call(trainable, fixed, inputs, training=False)[0]

    optimizer_rate = next(
        index for index, variable in enumerate(optimizer.variables) if variable is optimizer._learning_rate
    )
    return Compiled(model, train, loss, forward, optimizer)


def initial_weights(shape: Shape, seed: int) -> Weights:
    """Fresh weights; the same seed gives the same numbers."""
    keras.utils.set_random_seed(seed)
    model = BUILDERS[shape.kind](shape)
    return [np.asarray(weight) for weight in model.get_weights()]


def _split(net: Compiled, weights: Weights) -> tuple[list[Any], list[Any]]:
    net.model.set_weights(weights)
    trainable = [jnp.asarray(variable.value) for variable in net.model.trainable_variables]
    fixed = [jnp.asarray(variable.value) for variable in net.model.non_trainable_variables]
    return trainable, fixed


def _join(net: Compiled, trainable: list[Any], fixed: list[Any]) -> Weights:
    for variable, value in zip(net.model.trainable_variables, trainable, strict=True):
        variable.assign(value)
    for variable, value in zip(net.model.non_trainable_variables, fixed, strict=True):
        variable.assign(value)
    return [np.asarray(weight) for weight in net.model.get_weights()]


def bucket(count: int) -> int:
    """The next power of two, at least 256, so that few shapes are ever compiled."""
    return 1 << max(count - 1, 255).bit_length()


def _pad(parts: list[FloatArray], count: int) -> list[Any]:
    return [
        jnp.asarray(np.pad(part, [(0, count - len(part)), *[(0, 0)] * (part.ndim - 1)]), dtype=jnp.float32)
        for part in parts
    ]


@dataclass(slots=True)
class Trained:
    """Outcome of a training: best weights by validation loss and the course of both losses."""

    weights: Weights
    losses: list[float]
    validation_losses: list[float]
    stopped_early: bool


def train_network(
    shape: Shape,
    inputs: list[FloatArray],
    wanted: FloatArray,
    validation: tuple[list[FloatArray], FloatArray] | None,
    *,
    epochs: int,
    steps: int,
    rate: float,
    seed: int,
    patience: int,
    progress: Progress,
    title: str,
    weight: FloatArray | None = None,
    start: Weights | None = None,
) -> Trained:
    """Train for `epochs` of `steps` batches with a one-cycle rate; keep the weights of the best validation loss."""
    net = compiled(shape)
    random = np.random.default_rng(seed)
    weights = start if start is not None else initial_weights(shape, seed)
    trainable, fixed = _split(net, weights)
    memory = [jnp.zeros_like(variable.value) for variable in net.optimizer.variables]
    count = len(wanted)
    padded = bucket(count)
    weight = np.ones_like(wanted) if weight is None else weight
    x, y, w = _pad(inputs, padded), _pad([wanted], padded)[0], _pad([weight], padded)[0]
    if validation is not None:
        size = bucket(len(validation[1]))
        vx, vy = _pad(validation[0], size), _pad([validation[1]], size)[0]
        vw = _pad([np.ones_like(validation[1])], size)[0]
    state: Any = (trainable, fixed, memory)
    rates = _one_cycle(epochs * steps, rate)
    result = Trained(weights, [], [], False)
    best, best_state, waited = np.inf, state, 0
    for epoch in range(epochs):
        picks = jnp.asarray(random.integers(0, count, (steps, shape.batch)))
        state, loss = net.train(state, x, y, w, picks, jnp.asarray(rates[epoch * steps : (epoch + 1) * steps]))
        result.losses.append(float(loss))
        current = float(net.loss(state[0], state[1], vx, vy, vw)) if validation is not None else float(loss)
        if validation is not None:
            result.validation_losses.append(current)
        progress.step(
            epoch + 1,
            epochs,
            f"{title}: epoch {epoch + 1} of {epochs}",
            loss=float(loss),
            validation_loss=current if validation is not None else None,
        )
        if not np.isfinite(current):
            break
        if validation is None or current < best - 1e-5:
            best, best_state, waited = current, state, 0
        else:
            waited += 1
            if waited >= patience:
                result.stopped_early = True
                break
    result.weights = _join(net, best_state[0], best_state[1])
    return result


def _one_cycle(total: int, top: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Rise over the first fifth, then fall along a cosine to a hundredth."""
    rise = max(total // 5, 1)
    up = np.linspace(top / 10, top, rise)
    down = top * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.linspace(0, np.pi, max(total - rise, 1)))))
    return np.concatenate([up, down])[:total].astype(np.float32)


class Predictor:
    """A network with its weights on the device: batches are padded to few sizes, so calls reuse compiled code."""

    def __init__(self, shape: Shape, weights: Weights) -> None:
        self._net = compiled(shape)
        expected = [tuple(weight.shape) for weight in self._net.model.get_weights()]
        if [tuple(weight.shape) for weight in weights] != expected:
            raise ValueError("The weights do not fit the network.")
        self._trainable, self._fixed = _split(self._net, weights)

    def __call__(self, inputs: list[FloatArray]) -> FloatArray:
        """Outputs for every row of the inputs."""
        count = len(inputs[0])
        # One row for serving, 64 or a power of two for batches: each further size would be compiled anew.
        size = 1 if count == 1 else max(64, 1 << (count - 1).bit_length())
        result = self._net.forward(self._trainable, self._fixed, _pad(inputs, size))
        return np.asarray(result, dtype=np.float64)[:count]
