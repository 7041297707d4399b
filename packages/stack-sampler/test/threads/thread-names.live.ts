import { expect, it } from "vitest";
import { findPythons } from "../../../../tools/testing/pythons.js";
import { monotonicTime } from "../../src/monotonic-time.js";
import { TargetWords } from "../../src/python/target-words.js";
import { ThreadNames } from "../../src/threads/thread-names.js";
import { type LookedInto, lookInto, until } from "../fixtures/looked-into.js";
import { anyPython, running } from "../fixtures/sampled-pythons.js";

/** Understood by every Python since 2.3. */
const named = `
import sys, threading, time
try:
    import _thread as thread
except ImportError:
    import thread
told = {}
def block(label):
    told[label] = thread.get_ident()
    while True: time.sleep(1000)
def dummy():
    threading.currentThread() if sys.version_info < (2, 6) else threading.current_thread()
    block('dummy')
class Mine(threading.Thread):
    def __init__(self):
        threading.Thread.__init__(self)
        self.own = 1
    def run(self): block('subclass')
def start(t, name):
    t.name = name
    if hasattr(t, 'setName') and sys.version_info < (2, 6): t.setName(name)
    t.daemon = True
    t.start()
told['main'] = thread.get_ident()
start(threading.Thread(target=block, args=('worker',)), 'worker one')
start(threading.Thread(target=block, args=('umlaut',)), 'gr\\xfcn' if sys.version_info >= (3,) else 'green')
renamed = threading.Thread(target=block, args=('renamed',))
start(renamed, 'before')
start(Mine(), 'mine')
for i in range(30): setattr(renamed, 'attribute%d' % i, i)
thread.start_new_thread(block, ('raw',))
thread.start_new_thread(dummy, ())
while len(told) < 7: time.sleep(0.001)
order = ('main', 'worker', 'umlaut', 'renamed', 'subclass', 'raw', 'dummy')
sys.stdout.write(' '.join([str(told[label]) for label in order]) + '\\n')
sys.stdout.flush()
sys.stdin.read(1)
renamed.name = 'after'
sys.stdout.write('renamed\\n')
sys.stdout.flush()
time.sleep(1000)
`;

function mainInterpreter({ process, runtime }: LookedInto): number {
  return new TargetWords(process.memory, runtime.layout.pointerSize).read(runtime.interpretersHead) ?? 0;
}

const pythons = findPythons();

it.each(pythons)("the threads of $name have the names that it gives them, also new ones", async (python) => {
  const looked = await lookInto(running(python, named));
  const ids = looked.line.split(" ").map(Number);
  const names = new ThreadNames(looked.process, looked.runtime.layout);
  const interpreter = mainInterpreter(looked);
  const seenAt = (now: number) => ids.map((id) => names.nameOf(interpreter, id, 0, now));
  const umlaut = python.version.major === 2 ? "green" : "grün";
  const first = ["MainThread", "worker one", umlaut, "before", "mine", "", "Dummy-5"];
  expect(seenAt(0)).toEqual(first);
  looked.target.write("x");
  await looked.target.line();
  expect([seenAt(700), seenAt(1001)]).toEqual([first, first.with(3, "after")]);
});

/** A main thread that starts another when it is told to, and ends it when it is told again. */
const oneAfterTheOther = `
import sys, threading
print(flush=True)
for number in range(1000):
    sys.stdin.read(1)
    end = threading.Event()
    def work():
        print(threading.get_ident(), threading.get_native_id(), flush=True)
        end.wait()
    thread = threading.Thread(target=work, name='thread %d' % number)
    thread.start()
    sys.stdin.read(1)
    end.set()
    thread.join()
    print('ended', flush=True)
`;

it("a thread is not called what the one was that had its id before", async () => {
  const looked = await lookInto(running(anyPython(), oneAfterTheOther));
  const names = new ThreadNames(looked.process, looked.runtime.layout);
  const interpreter = mainInterpreter(looked);
  const ids = new Set<number>();
  for (let number = 0; number < 5; number++) {
    looked.target.write("x");
    const [id = 0, tid = 0] = (await looked.target.line()).split(" ").map(Number);
    ids.add(id);
    // So soon that what was read of the one before is not old.
    await until(() => names.nameOf(interpreter, id, tid, monotonicTime()) !== "");
    expect(names.nameOf(interpreter, id, tid, monotonicTime())).toBe(`thread ${number}`);
    looked.target.write("x");
    await looked.target.line();
  }
  expect(ids.size).toBe(1);
});

it("a thread that Python has no name for has that of the operating system, unless it is the program's", async () => {
  const program = `
import _thread, ctypes, threading, time
def work(name):
    if name: ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
    print(threading.get_ident(), threading.get_native_id(), end=' ', flush=True)
    done.set()
    time.sleep(1000)
for name in (b'pool/3', None):
    done = threading.Event()
    _thread.start_new_thread(work, (name,))
    done.wait()
print(flush=True)
time.sleep(1000)
`;
  const looked = await lookInto(running(anyPython(), program));
  const [first = 0, firstTid = 0, second = 0, secondTid = 0] = looked.line.split(" ").map(Number);
  const names = new ThreadNames(looked.process, looked.runtime.layout);
  const interpreter = mainInterpreter(looked);
  const seen = [
    names.nameOf(interpreter, first, firstTid, 0),
    names.nameOf(interpreter, second, secondTid, 0),
  ];
  expect(seen).toEqual(["pool/3", ""]);
});

it("a thread gets its name when threading is imported late", async () => {
  const program = `
import _thread, sys, time
print(_thread.get_ident(), 'threading' in sys.modules, flush=True)
sys.stdin.read(1)
import threading
print(flush=True)
time.sleep(1000)
`;
  const looked = await lookInto(["/usr/bin/python3", "-S", "-E", "-c", program]);
  const [id, isImported] = looked.line.split(" ");
  expect(isImported).toBe("False");
  const interpreter = mainInterpreter(looked);
  const names = new ThreadNames(looked.process, looked.runtime.layout);
  for (let now = 0; now < 10_000; now += 10) expect(names.nameOf(interpreter, Number(id), 0, now)).toBe("");
  looked.target.write("x");
  await looked.target.line();
  expect(names.nameOf(interpreter, Number(id), 0, 11_000)).toBe("MainThread");
});

it.each(pythons.filter(({ version }) => version.major === 3 && version.minor >= 8))(
  "a thread has another name in each interpreter of $name that it runs in",
  async (python) => {
    const program = `
import threading
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
threading.current_thread().name = 'outside'
interpreters.run_string(interpreters.create(), """if True:
    import threading, time
    threading.current_thread().name = 'inside'
    print(threading.get_ident(), flush=True)
    time.sleep(1000)
""")
`;
    const looked = await lookInto(running(python, program));
    const { layout, interpretersHead } = looked.runtime;
    const words = new TargetWords(looked.process.memory, layout.pointerSize);
    const sub = words.read(interpretersHead) ?? 0;
    const main = words.read(sub + layout.interpreter.next) ?? 0;
    const names = new ThreadNames(looked.process, layout);
    const id = Number(looked.line);
    const seen = [sub, main].map((interpreter) => names.nameOf(interpreter, id, 0, 0));
    expect(seen).toEqual(["inside", "outside"]);
  },
);
