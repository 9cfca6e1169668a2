"""Images and a tiny ONNX model the tests make for themselves: how red is a picture?"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

RED, BLUE = (250, 2, 2), (2, 2, 250)
CARD = """\
id: redness
title: {{zh: 红色, en: Redness}}
licence: MIT
width: 32
height: 24
layout: {layout}
classes:
  - {{name: red, category: porn, threshold: 0.5, calibrated: true}}
  - {{name: other}}
"""


def redness(folder: Path, layout: str = "NCHW", *, batch: int | str = "n", opset: int = 13) -> Path:
    """A model whose first class is the redness of a picture, 0 to 1."""
    axes = [2, 3] if layout == "NCHW" else [1, 2]
    shape = [batch, 3, 24, 32] if layout == "NCHW" else [batch, 24, 32, 3]
    weights = np.array([[1, -1], [-0.5, 0.5], [-0.5, 0.5]], dtype=np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x"], ["mean"], axes=axes, keepdims=0),
            helper.make_node("MatMul", ["mean", "w"], ["raw"]),
            helper.make_node("Add", ["raw", "b"], ["sum"]),
            helper.make_node("Clip", ["sum", "low", "high"], ["y"]),
        ],
        "redness",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 2])],
        [
            numpy_helper.from_array(weights, "w"),
            numpy_helper.from_array(np.array([0, 1], dtype=np.float32), "b"),
            numpy_helper.from_array(np.array(0, dtype=np.float32), "low"),
            numpy_helper.from_array(np.array(1, dtype=np.float32), "high"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 8
    path = folder / "redness.onnx"
    path.write_bytes(made.SerializeToString())
    (folder / "card.yaml").write_text(CARD.format(layout=layout), encoding="utf-8")
    assert onnx.load(path)
    return path


def picture(
    colour: tuple[int, ...] = RED, kind: str = "PNG", size: tuple[int, int] = (200, 120)
) -> bytes:
    """A picture of one colour with a little noise, so that it has some size."""
    noise = np.random.default_rng(7).integers(0, 12, (size[1], size[0], len(colour)))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA" if len(colour) == 4 else None).save(out, kind)
    return out.getvalue()


def animation(count: int, last: tuple[int, ...] = RED, at: int = 1) -> bytes:
    """A GIF of blue frames, one of which has another colour."""
    made = [
        Image.new("RGB", (64, 48), last if n == at else (0, 0, 200 + n % 50)) for n in range(count)
    ]
    out = io.BytesIO()
    made[0].save(out, "GIF", save_all=True, append_images=made[1:], duration=50)
    return out.getvalue()


def claims(width: int, height: int) -> bytes:
    """A PNG whose header claims this size and whose data is next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 4000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
