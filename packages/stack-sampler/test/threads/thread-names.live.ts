import { describe, expect, it } from "vitest";
import { findPythons, type Python } from "../../../../tools/testing/pythons.js";
import type { PythonRuntime } from "../../src/python/python-runtime.js";
import { TargetWords } from "../../src/python/target-words.js";
import { ThreadNames } from "../../src/threads/thread-names.js";
import { running } from "../fixtures/sampled-pythons.js";
import { type LookedInto, lookInto, until } from "../fixtures/looked-into.js";

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

function fails(python: Python): boolean {
  return python.bits === 32;
}

const pythons = findPythons().filter((python) => !fails(python));

it.each(pythons)("the threads of $name have the names that it gives them", async (python) => {
  const looked = await lookInto(running(python, named));
  const ids = looked.line.split(" ").map(Number);
  const names = new ThreadNames(looked.process, looked.runtime.layout);
  const interpreter = mainInterpreter(looked);
  const seen = (now: number) => ids.map((id) => names.nameOf(interpreter, id, 0, now));
  const umlaut = python.version.major === 2 ? "green" : "grün";
  expect(seen(0)).toEqual(["MainThread", "worker one", umlaut, "before", "mine", "", "Dummy-5"]);
});
