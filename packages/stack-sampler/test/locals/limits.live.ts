import { describe, expect, test } from "vitest";
import { findPythons } from "../../../../tools/testing/pythons.js";
import { type LocalsOptions, LocalsReader } from "../../src/locals/locals-reader.js";
import { startTarget } from "../fixtures/live-programs.js";
import { CountingMemory } from "./fixtures/counting-memory.js";
import { StandingPython } from "./fixtures/target-frames.js";

const PROLOGUE = `
import collections, json, os, sys

class Point(object):
    def __init__(self, x, y):
        self.x = x
        self.y = y

class Link(object):
    def __init__(self, next):
        self.next = next

class Slotted(object):
    __slots__ = ("a", "b", "unset")
    def __init__(self):
        self.a = 1
        self.b = [self]

class Mixed(Slotted):
    pass

class Shown(Point):
    def __repr__(self):
        return "shown"

class ShownInt(int):
    def __repr__(self):
        return "shown"

def hold(**values):
    print(json.dumps([[name, id(value)] for name, value in values.items()]))
    sys.stdout.flush()
    os.read(0, 1)
`;

/** Renders values of a program by name; an address in a text is `0x…`. */
async function renderer(
  command: readonly string[],
  values: string,
): Promise<{
  has(name: string): boolean;
  render(
    name: string,
    options?: LocalsOptions,
  ): { text: string; complete: boolean; bytes: number; reads: number };
  [Symbol.dispose](): void;
}> {
  const target = startTarget([...command, "-W", "ignore", "-c", `${PROLOGUE}\n${values}`]);
  const addresses = new Map<string, number>(JSON.parse(await target.line()));
  const python = await StandingPython.open(target.pid);
  return {
    has: (name) => addresses.has(name),
    render(name, options = {}) {
      const memory = new CountingMemory(python.process.memory);
      const { text, complete } = new LocalsReader(memory, python.layout, options).render(
        addresses.get(name) ?? 0,
      );
      const { bytes, reads } = memory;
      return { text: text.replaceAll(/0x[0-9a-f]+/g, "0x…"), complete, bytes, reads };
    },
    [Symbol.dispose]: () => python[Symbol.dispose](),
  };
}

const HUGE = `
def nest(depth, add):
    inner = None
    for _ in range(depth):
        inner = add(inner)
    return inner

if sys.version_info < (3,):
    range = xrange
queue = dict((i, i) for i in range(20000))
for i in range(19995):
    del queue[i]
sparse = set(range(200000))
for i in range(10, 200000):
    sparse.remove(i)

try:
    hold(
        text="x" * 200000000, wide=u"\\u4e2d" * 10000000, bytes=b"x" * 20000000, array=bytearray(20000000),
        list=[0] * 2500000, tuple=(0,) * 2500000, dict=dict.fromkeys(range(200000)), set=set(range(200000)),
        deque=collections.deque(range(200000)), ordered=collections.OrderedDict.fromkeys(range(100000)),
        counter=collections.Counter(range(100000)), integer=1 << 8 * 20000000, queue=queue, sparse=sparse,
        lists=nest(100000, lambda inner: [inner]), tuples=nest(100000, lambda inner: (inner,)),
        dicts=nest(100000, lambda inner: {1: inner}), chain=nest(100000, Link), keys={"k" * 20000000: "v" * 20000000})
finally:
    os._exit(0)
`;

describe.each(findPythons())("CPython $name", ({ command }) => {
  test("of what is huge no more is read than is shown", { timeout: 300_000 }, async () => {
    using values = await renderer(command, HUGE);
    const cut = [
      "text",
      "wide",
      "bytes",
      "array",
      "list",
      "tuple",
      "dict",
      "set",
      "deque",
      "ordered",
      "counter",
    ];
    const deep = ["lists", "tuples", "dicts", "chain"];
    for (const name of [...cut, ...deep, "integer", "keys", "queue", "sparse"]) {
      for (const options of [{}, { attributes: 200, redact: /password/ }]) {
        const { text, complete, bytes } = values.render(name, options);
        expect(complete, name).toBe(name === "queue" || name === "sparse");
        // Marks come on top, at most one for each level.
        expect(text.length, `${name}: ${text}`).toBeLessThan(128 + 300);
        expect(bytes, name).toBeLessThan(2 ** 20 + 2 ** 12);
      }
    }
    expect(values.render("text").text).toBe(`'${"x".repeat(126)}'... 199999874 more`);
    expect(values.render("list").text).toMatch(/^\[0, 0, .* 0, \.\.\. 24999\d\d more\]$/);
    expect(values.render("integer").text).toBe("<int of 160000001 bits>");
    expect(values.render("queue").text).toMatch(/^\{19995: 19995, .*19999: 19999\}$/);
    expect(values.render("sparse").text).toMatch(/^(set\(\[|\{)0, 1, .*, 9(\]\)|\})$/);
    expect(values.render("lists", { depth: 3 }).text).toBe("[[[...]]]");
    expect(values.render("lists", { characters: 2 ** 24, depth: 2 ** 24 }).text).toMatch(
      /^\[{200}\.\.\.\]{200}$/,
    );
    expect(values.render("dict", { characters: 2 ** 24, objects: 2 ** 24 }).text.length).toBeLessThan(
      2 ** 20,
    );
    expect(values.render("lists").text).toMatch(/^\[{40,}\.\.\.\]{40,}$/);
  });

  test("instances are shown with attributes when that is asked for", async () => {
    using values = await renderer(
      command,
      `
hold(point=Point(1, "a"), slotted=Slotted(), mixed=Mixed(), shown=Shown(1, 2), chain=Link(Link(Link(1))), list=[Point(1, 2)],
     number=ShownInt(5), empty=object())
`,
    );
    const texts = (attributes: number): string[] =>
      ["point", "slotted", "shown", "chain", "list", "number", "empty"].map(
        (name) => values.render(name, { attributes, characters: 1000 }).text,
      );
    expect(texts(0)).toEqual([
      "<__main__.Point at 0x…>",
      "<__main__.Slotted at 0x…>",
      "<__main__.Shown at 0x…>",
      "<__main__.Link at 0x…>",
      "[<__main__.Point at 0x…>]",
      "<__main__.ShownInt at 0x…: 5>",
      "<object at 0x…>",
    ]);
    expect(texts(1).map(sorted)).toEqual([
      "<__main__.Point at 0x…: x=1, y='a'>",
      "<__main__.Slotted at 0x…: a=1, b=[<__main__.Slotted at 0x…>]>",
      "<__main__.Shown at 0x…: x=1, y=2>",
      "<__main__.Link at 0x…: next=<__main__.Link at 0x…>>",
      "[<__main__.Point at 0x…: x=1, y=2>]",
      "<__main__.ShownInt at 0x…: 5>",
      "<object at 0x…>",
    ]);
    expect(values.render("chain", { attributes: 2 }).text).toBe(
      "<__main__.Link at 0x…: next=<__main__.Link at 0x…: next=<__main__.Link at 0x…>>>",
    );
  });

  test("a value is complete if its text tells all of it", async () => {
    using values = await renderer(
      command,
      `
import datetime, io, itertools
hold(number=5, list=[1, {"a": (None, 2.5)}], point=Point(1, "a"), inner=Point(Point(1, 2), 3), list_of=[Point(1, 2)], shown=Shown(1, 2),
     derived=ShownInt(5), empty=object(), slotted=Mixed(), function=hold, module=json, type=Point, error=ValueError(1, "x"),
     error_of=ValueError(Point(1, 2)), generator=(x for x in []), date=datetime.date(2020, 1, 1), buffer=io.BytesIO(b"x"),
     iterator=iter([1]), method=Point(1, 2).__init__, ordered=collections.OrderedDict(a=1), link=Link(None))
`,
    );
    const completeAt = (attributes: number): string[] =>
      [
        ...[
          "number",
          "list",
          "point",
          "inner",
          "list_of",
          "shown",
          "derived",
          "empty",
          "slotted",
          "function",
          "module",
        ],
        ...[
          "type",
          "error",
          "error_of",
          "generator",
          "date",
          "buffer",
          "iterator",
          "method",
          "ordered",
          "link",
        ],
      ].filter((name) => values.render(name, { attributes, characters: 1000 }).complete);
    const always = ["number", "list", "function", "module", "type", "error", "generator", "date", "ordered"];
    expect(completeAt(0).sort()).toEqual([...always].sort());
    const withAttributes = ["point", "list_of", "shown", "empty", "slotted", "error_of", "method", "link"];
    expect(completeAt(1).sort()).toEqual([...always, ...withAttributes].sort());
    expect(completeAt(2).sort()).toEqual([...always, ...withAttributes, "inner"].sort());
  });

  test("what is kept in itself, as if in an array of another library, is not followed for ever", async () => {
    using values = await renderer(
      command,
      `
class ExtensionArray(object):
    __module__ = "pandas.api.extensions"
class IntervalDtype(object):
    pass
array = ExtensionArray()
array._data = array
array._dtype = IntervalDtype()
array._dtype._subtype = array._dtype
array._dtype._closed = "right"
hold(array=array)
`,
    );
    expect(values.render("array", { bytes: 2 ** 34 }).text).toBe(
      "<pandas.api.extensions.ExtensionArray shape=(?,) dtype=ExtensionArray>",
    );
  });

  test("what has a secret name is hidden, whatever has it", async () => {
    using values = await renderer(
      command,
      `
Login = collections.namedtuple("Login", "user password")
point = Point(1, 2)
point.api_token = "SECRET"
class Slot(object):
    __slots__ = ("password",)
slot = Slot()
slot.password = "SECRET"
more = {}
try:
    import types, functools, argparse
    more["space"] = types.SimpleNamespace(password="SECRET")
    more["call"] = functools.partial(hold, password="SECRET")
    more["arguments"] = argparse.Namespace(password="SECRET")
    more["views"] = [collections.OrderedDict(password="SECRET").values(), collections.OrderedDict(password="SECRET").items()]
    import dataclasses
    more["item"] = dataclasses.make_dataclass("Item", ["user", "password"])("me", "SECRET")
    import enum
    secrets = enum.Enum("E", {"PASSWORD": "SECRET", "USER": "me"})
    more["member"] = secrets.PASSWORD
    more["text_member"] = enum.Enum("T", {"TOKEN": "SECRET"}, type=str).TOKEN
    more["members"] = {secrets.PASSWORD: "SECRET"}
    more["parts"] = enum.IntFlag("F", {"PASSWORD": 1, "TOKEN": 2})(3)
    exec('password = "SECRET"; more["template"] = t"{password}"')
except Exception:
    pass
hold(dict={"user": "me", "password": "SECRET", "password2": "SECRET", "token": "SECRET"}, unicode={u"password": ["SECRET"]}, bytes={b"token": "SECRET"},
     numbers={1: 2}, point=point, slot=slot, login=Login("me", "SECRET"), nested=[{"a": {"PASSWORD": "SECRET"}}],
     ordered=collections.OrderedDict([("password", "SECRET")]), default=collections.defaultdict(int, password="SECRET"),
     keyed={("db", "password", 1): "SECRET"}, pairs=[("user", "me"), ("password", "SECRET"), (u"token", ["SECRET"])],
     items={"password": "SECRET"}.items(), values={"password": "SECRET"}.values(), **more)
`,
    );
    const redact = /passw|token/gi;
    const names = [
      "dict",
      "unicode",
      "bytes",
      "point",
      "slot",
      "login",
      "nested",
      "ordered",
      "default",
      "keyed",
      "pairs",
    ];
    const more = [
      "space",
      "call",
      "arguments",
      "views",
      "item",
      "template",
      "member",
      "text_member",
      "members",
    ].filter((name) => values.has(name));
    for (const name of [...names, ...more]) {
      const { text, complete } = values.render(name, { redact, attributes: 2, characters: 1000 });
      expect(text, name).toContain("<redacted>");
      expect(text, name).not.toContain("SECRET");
      expect(complete, name).toBe(false);
      expect(values.render(name, { attributes: 2, characters: 1000 }).text, name).toContain("SECRET");
    }
    expect(values.render("numbers", { redact })).toMatchObject({ text: "{1: 2}", complete: true });
    expect(values.render("login", { redact }).text).toBe("Login(user='me', password=<redacted>)");
    expect(values.render("pairs", { redact }).text).toMatch(/^\[\('user', 'me'\), /);
    if (values.has("parts")) expect(values.render("parts", { redact }).text).toMatch(/: <redacted>>$/);
    expect(values.render("dict", { redact }).text).toMatch(/'user': 'me'/);
  });

  test("no text has a character that a terminal could obey", async () => {
    using values = await renderer(
      command,
      `
evil = "\\x1b[31m\\r\\n\\x07\\x9b"
Evil = type("a\\x1b]0;b", (object,), {"__module__": "m\\x1b\\n"})
instance = Evil()
instance.__dict__["n\\x1b[2J"] = evil
def function(): pass
function.__name__ = function.__qualname__ = "f\\x1b[31m"
module = type(sys)("m\\x1b\\n")
module.__file__ = "\\x1b"
hold(text=evil, type=Evil, instance=instance, function=function, module=module, dict={evil: evil}, error=type("E\\x1b", (Exception,), {})(evil),
     tuple=collections.namedtuple("P", "x")(evil), code=compile("1", "a\\x1bb.py", "eval"))
`,
    );
    for (const name of ["text", "type", "instance", "function", "module", "dict", "error", "tuple", "code"]) {
      const { text } = values.render(name, { attributes: 2, characters: 1000 });
      expect(text, name).toMatch(/^[\x20-\x7e…]+$/);
      expect(text, name).toContain("x1b");
    }
  });
});

/** Attributes have no order before 3.6. */
function sorted(text: string): string {
  return text.replace(/: y=(.*), x=(.*)>(\]?)$/, ": x=$2, y=$1>$3");
}
