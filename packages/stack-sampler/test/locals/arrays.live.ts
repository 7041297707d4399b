import { expect, test } from "vitest";
import { pythonWithPackages } from "../../../../tools/testing/python-packages.js";
import { LocalsReader } from "../../src/locals/locals-reader.js";
import { startTarget } from "../fixtures/live-programs.js";
import { StandingPython } from "./fixtures/target-frames.js";

const program = `
import ctypes, gc, json, os, sys
import numpy as np, pandas as pd
gc.disable()

class Slot(object):
    __slots__ = ("implementation",)

Tensor = type("Tensor", (Slot,), {"__module__": "torch"})
kept = []

# What C++ keeps of a tensor is not an object: sizes and type are all that is looked at.
def tensor(shape, kind, before):
    made = Tensor()
    count = 1
    for size in shape:
        count *= size
    sizes = (ctypes.c_uint64 * 16)(*shape)
    inline = [ctypes.addressof(sizes)] + [0] * 4 if len(shape) > 5 else list(shape) + [0] * (5 - len(shape))
    words = [7] * before + [id(made), len(shape)] + inline + [1] * 5 + [0, count, 0x1010000 + kind]
    implementation = (ctypes.c_uint64 * 32)(*words)
    ctypes.c_uint64.from_address(id(made) + object.__basicsize__).value = ctypes.addressof(implementation)
    kept.append((sizes, implementation))
    return made

class Array(np.ndarray):
    pass

frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1, 2], "c": [True, False, True]})
values = {}
for value in [np.float64(0.1), np.float64(1e300), np.float64(3), np.float32(0.1), np.float32(1e20), np.float16(0.1),
              np.int8(-3), np.int16(300), np.int32(-70000), np.int64(-2**63), np.uint8(255), np.uint16(65535),
              np.uint32(2**32 - 1), np.uint64(2**64 - 1), np.bool_(True), np.bool_(False), np.str_("it's"),
              np.bytes_(b"x"), np.complex128(1 + 2j), np.float64("nan"), np.float32("-inf"), np.dtype("f8"),
              [np.float64(1.5), {"a": np.int64(1)}]]:
    values[repr(value)] = value
for array in [np.zeros((2, 3)), np.arange(5), np.array(5.0), np.zeros((1, 2, 3), dtype=bool),
              np.zeros(3, dtype="float32")[::2], np.zeros((0, 4), dtype="uint16"), np.zeros(2, dtype=object)]:
    values["<numpy.ndarray shape=%s dtype=%s>" % (array.shape, array.dtype)] = array
values["<__main__.Array shape=(2,) dtype=int8>"] = np.zeros(2, dtype="int8").view(Array)
values["<pandas.DataFrame shape=(3, 3) dtype=int64,float64,bool>"] = frame
values["<pandas.DataFrame shape=(4, 2) dtype=float32>"] = pd.DataFrame(np.zeros((4, 2), dtype="float32"))
values["<pandas.DataFrame shape=(0, 0)>"] = pd.DataFrame()
values["<pandas.Series shape=(3,) dtype=float64>"] = frame["b"]
values["<pandas.DataFrame shape=(2, 1) dtype=int64>"] = pd.DataFrame({"x": [1, 2]}, index=["a", "b"])
values["<torch.Tensor shape=(2, 3) dtype=float32>"] = tensor((2, 3), 6, 6)
values["<torch.Tensor shape=() dtype=int64>"] = tensor((), 4, 7)
values["<torch.Tensor shape=(1, 2, 3, 4, 5, 6, 7) dtype=bfloat16>"] = tensor((1, 2, 3, 4, 5, 6, 7), 15, 6)
print(json.dumps([[text, id(value)] for text, value in values.items()]))
sys.stdout.flush()
os.read(0, 1)
os._exit(0)
`;

test("arrays, frames and tensors are told by type, shape and dtype, and scalars of numpy by value", async () => {
  const { python, folder } = pythonWithPackages(11, ["numpy", "pandas"]);
  const target = startTarget([...python.command, "-c", program], { env: { PYTHONPATH: folder } });
  const told: readonly (readonly [text: string, address: number])[] = JSON.parse(await target.line());
  using standing = await StandingPython.open(target.pid);
  const reader = new LocalsReader(standing.process.memory, standing.layout);
  const texts = told.map(([text, address]) => [text, reader.render(address).text]);
  expect(texts.filter(([expected, actual]) => expected !== actual)).toEqual([]);
  expect(told.length).toBeGreaterThan(35);
}, 300_000);
