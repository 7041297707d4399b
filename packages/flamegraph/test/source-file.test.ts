import { expect, test } from "vitest";
import type { FunctionRecord } from "../src/index.js";
import { originOf, shortFileName } from "../src/source-file.js";

type Row = [file: string, module: string, kind: FunctionRecord["kind"], short: string, origin: string];

test.each<Row>([
  ["/home/ada/shop/manage.py", "__main__", "python", "manage.py", "own"],
  ["/home/ada/shop/manage.py", "", "python", "manage.py", "own"],
  ["app.py", "", "python", "app.py", "own"],
  ["/home/ada/shop/models/cart.py", "shop.models.cart", "python", "shop/models/cart.py", "own"],
  ["/home/ada/shop/models/__init__.py", "shop.models", "python", "shop/models/__init__.py", "own"],
  ["/home/ada/store/cart.py", "shop.models.cart", "python", "cart.py", "own"],
  ["C:\\work\\shop\\cart.py", "shop.cart", "python", "shop/cart.py", "own"],
  ["C:\\new\\run.py", "", "python", "run.py", "own"],
  ["\\\\host\\new\\run.py", "", "python", "run.py", "own"],
  ["src\\app.py", "", "python", "app.py", "own"],
  ["fi:le\\n\\udcff \\x1b\\u2028name.py", "", "python", "fi:le\\n\\udcff \\x1b\\u2028name.py", "own"],
  ["/tmp/od\\d.py", "", "python", "od\\d.py", "own"],
  ["/venv/lib/python3.12/site-packages/flask/app.py", "", "python", "flask/app.py", "library"],
  ["/usr/lib/python3/dist-packages/apt/cache.py", "", "python", "apt/cache.py", "library"],
  ["/usr/lib/python3.13t/json/decoder.py", "", "python", "json/decoder.py", "standard-library"],
  ["/usr/lib64/python3.9/threading.py", "", "python", "threading.py", "standard-library"],
  ["C:\\Python312\\Lib\\asyncio\\events.py", "", "python", "asyncio\\events.py", "standard-library"],
  ["C:\\Python312\\Lib\\site-packages\\flask\\app.py", "", "python", "flask\\app.py", "library"],
  ["<frozen importlib._bootstrap>", "", "python", "<frozen importlib._bootstrap>", "standard-library"],
  ["<string>", "", "python", "<string>", "own"],
  ["", "", "python", "", "own"],
  ["/usr/lib/x86_64-linux-gnu/libc.so.6", "", "native", "libc.so.6", "native"],
  ["", "/usr/lib/libm.so.6", "native", "libm.so.6", "native"],
  ["", "", "gc", "", "runtime"],
])("%j of module %j, %s: shown as %j, %s", (file, module, kind, short, origin) => {
  const record: FunctionRecord = { name: "f", qualname: "f", file, module, firstLine: 1, kind };
  expect([shortFileName(record), originOf(record)]).toEqual([short, origin]);
});
