import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import { debugOffsetsTable } from "./debug-offsets-table.js";
import { CODE_UNITS, lineTable } from "./line-tables.js";
import { MemoryImage } from "./memory-image.js";
import { PythonObjects } from "./python-objects.js";

/** A frame that a reader must find. */
export interface SyntheticFrame {
  readonly file: string;
  readonly name: string;
  /** The same as the name if undefined. Versions up to 3.10 do not keep it. */
  readonly qualname?: string;
  readonly line: number;
}

/** A Python thread: its frames, the outermost first. The first thread holds the GIL. */
export type SyntheticStack = readonly SyntheticFrame[];

/** A running Python as bytes: what a reader would find in the memory of a process. */
export interface PythonImage {
  readonly layout: Layout;
  /** What `_PyRuntime` holds; up to 3.6 the words `interp_head` and `_PyThreadState_Current`. */
  readonly runtime: Uint8Array;
  /** Everything else is in one piece of memory, at this address. */
  readonly base: number;
  readonly bytes: Uint8Array;
  /** Where each thread state keeps the ids of its thread, which only a process can have. */
  readonly threads: readonly ThreadIds[];
}

export interface ThreadIds {
  /** Address of an unsigned long for what `pthread_self()` returns. */
  readonly thread_id: number;
  /** Address of one for what `gettid()` returns; undefined where the version has none. */
  readonly native_thread_id: number | undefined;
}

/** `_status`: initialized, bound, bound_gilstate, active (and, in 3.13 alone, holds_gil). */
const STATUS_BOUND = 0b01011;
const STATUS_ACTIVE = 0b10000;
const STATUS_HOLDS_GIL_3_13 = 0b100000;

/** Lays out one interpreter with these threads. */
export function layOutPython(layout: Layout, stacks: readonly SyntheticStack[]): PythonImage {
  const image = new MemoryImage();
  const objects = new PythonObjects(image, layout);
  const { runtime: at, interpreter, gil, threadState: ts } = layout;

  const interp = image.allocate(Math.max(...Object.values(interpreter)) + 64);
  const threadStates = stacks.map(() => image.allocate(ts.size));
  const [first = 0] = threadStates;
  image.putUint64(interp + interpreter.threads_head, threadStates.at(-1) ?? 0); // the newest
  if (interpreter.id !== ABSENT) image.putUint64(interp + interpreter.id, 0);
  if (interpreter.code_object_generation !== ABSENT)
    image.putUint64(interp + interpreter.code_object_generation, 1);

  if (interpreter.ceval_gil !== ABSENT) {
    const address = image.allocate(Math.max(...Object.values(gil)) + 64);
    image.putUint64(interp + interpreter.ceval_gil, address);
    if (!layout.freeThreaded) {
      image.putUint64(address + gil.last_holder, first);
      image.putUint32(address + gil.locked, 1);
    }
  }

  const threads = stacks.map((stack, index) => {
    const address = threadStates[index] ?? 0;
    image.putUint64(address + ts.interp, interp);
    image.putUint64(address + ts.next, threadStates[index - 1] ?? 0);
    const running = index === 0;
    if (ts.status !== ABSENT) {
      const holdsGil =
        running && layout.version.minor === 13 && !layout.freeThreaded ? STATUS_HOLDS_GIL_3_13 : 0;
      image.putUint32(address + ts.status, STATUS_BOUND + (running ? STATUS_ACTIVE : 0) + holdsGil);
    }
    if (ts.holds_gil !== ABSENT && running && !layout.freeThreaded)
      image.putUint32(address + ts.holds_gil, 1);
    new StackBuilder(image, objects, layout, address).push(stack);
    return {
      thread_id: address + ts.thread_id,
      native_thread_id: ts.native_thread_id === ABSENT ? undefined : address + ts.native_thread_id,
    };
  });

  const runtime = new Uint8Array(at.size === ABSENT ? 16 : at.size);
  const view = new DataView(runtime.buffer);
  if (at.size === ABSENT) {
    view.setBigUint64(0, BigInt(interp), true);
    view.setBigUint64(8, BigInt(first), true);
  } else {
    view.setBigUint64(at.interpreters_head, BigInt(interp), true);
    view.setBigUint64(at.interpreters_main, BigInt(interp), true);
    if (at.tstate_current !== ABSENT) view.setBigUint64(at.tstate_current, BigInt(first), true);
    if (layout.version.major === 3 && layout.version.minor >= 13) runtime.set(debugOffsetsTable(layout));
  }
  return { layout, runtime, base: image.base, bytes: image.bytes, threads };
}

/** Puts the frames of one thread where its version keeps them, and chains them. */
class StackBuilder {
  readonly #image: MemoryImage;
  readonly #objects: PythonObjects;
  readonly #layout: Layout;
  readonly #threadState: number;

  constructor(image: MemoryImage, objects: PythonObjects, layout: Layout, threadState: number) {
    this.#image = image;
    this.#objects = objects;
    this.#layout = layout;
    this.#threadState = threadState;
  }

  push(stack: SyntheticStack): void {
    const { threadState: ts, cframe } = this.#layout;
    if (ts.frame !== ABSENT && ts.cframe === ABSENT) {
      let back = 0;
      for (const frame of stack) back = this.#frameObject(frame, back);
      this.#image.putUint64(this.#threadState + ts.frame, back);
      return;
    }
    const leaf = this.#dataStack(stack);
    if (ts.current_frame !== ABSENT) {
      this.#image.putUint64(this.#threadState + ts.current_frame, leaf);
      return;
    }
    const address = this.#image.allocate(64);
    this.#image.putUint64(address + cframe.current_frame, leaf);
    this.#image.putUint64(this.#threadState + ts.cframe, address);
  }

  /** `PyFrameObject`, up to 3.10. */
  #frameObject(synthetic: SyntheticFrame, back: number): number {
    const { frame, version } = this.#layout;
    const { code, unit } = this.#code(synthetic);
    const address = this.#objects.object("code", frame.localsplus + 64);
    this.#image.putUint64(address + frame.previous, back);
    this.#image.putUint64(address + frame.executable, code);
    this.#image.putUint32(address + frame.instruction, version.minor === 10 ? unit : unit * 2);
    return address;
  }

  /** `_PyInterpreterFrame`s in a chunk, above what C puts below them. Returns the innermost. */
  #dataStack(stack: SyntheticStack): number {
    const {
      frame,
      threadState: ts,
      dataStackChunk,
      firstForeignOwner,
    } = { ...this.#layout, ...this.#layout.frame };
    const size = 16384;
    const chunk = this.#image.allocate(size, 4096);
    this.#image.putUint64(chunk + dataStackChunk.size, size);
    this.#image.putUint64(this.#threadState + ts.datastack_chunk, chunk);

    let previous = 0;
    if (ts.base_frame !== ABSENT) {
      previous = this.#foreignFrame(0);
      this.#image.putUint64(this.#threadState + ts.base_frame, previous);
    }
    if (firstForeignOwner !== ABSENT) previous = this.#foreignFrame(previous);

    let top = chunk + dataStackChunk.data + 8; // the root chunk leaves its first word out
    for (const [depth, synthetic] of stack.entries()) {
      const { code, unit, instructions } = this.#code(synthetic);
      const tag = frame.executableTag === 0 ? 0 : depth % 2; // deferred references are tagged, others are not
      this.#image.putUint64(top + frame.previous, previous);
      this.#image.putUint64(top + frame.executable, code + tag);
      this.#image.putUint64(top + frame.instruction, instructions + 2 * unit);
      if (frame.is_entry !== ABSENT) this.#image.putUint8(top + frame.is_entry, depth === 0 ? 1 : 0);
      if (frame.tlbc_index !== ABSENT) this.#image.putUint32(top + frame.tlbc_index, 1);
      previous = top;
      top += frame.size + 16;
    }
    this.#image.putUint64(this.#threadState + ts.datastack_top, top);
    this.#image.putUint64(this.#threadState + ts.datastack_top + 8, chunk + size);
    return previous;
  }

  /** The frame with which C enters the interpreter, on its own stack. */
  #foreignFrame(previous: number): number {
    const { frame, version } = this.#layout;
    const address = this.#image.allocate(frame.size + 64);
    const executable =
      version.minor === 12
        ? this.#code({ file: "<shim>", name: "<interpreter trampoline>", line: 1 }).code
        : this.#objects.none() + (frame.executableTag === 0 ? 0 : 1);
    this.#image.putUint64(address + frame.previous, previous);
    this.#image.putUint64(address + frame.executable, executable);
    this.#image.putUint8(address + frame.owner, frame.firstForeignOwner);
    return address;
  }

  #code({ file, name, qualname = name, line }: SyntheticFrame) {
    const { code: at } = this.#layout;
    const firstLine = Math.max(1, line - 3);
    const table = lineTable(at.lineTableKind, line - firstLine);
    const inline = at.co_code_adaptive === ABSENT ? 0 : 2 * CODE_UNITS;
    const code = this.#objects.object("code", at.size + inline + 64);
    const put = (offset: number, address: number) => {
      if (offset !== ABSENT) this.#image.putUint64(code + offset, address);
    };
    put(at.co_filename, this.#objects.text(file));
    put(at.co_name, this.#objects.text(name));
    if (at.co_qualname !== ABSENT) put(at.co_qualname, this.#objects.text(qualname));
    put(at.linetable, this.#objects.bytes(table.bytes));
    const empty = this.#objects.emptyTuple();
    for (const offset of [at.co_varnames, at.co_freevars, at.co_cellvars, at.co_localsplusnames])
      put(offset, empty);
    put(at.co_localspluskinds, this.#objects.bytes(new Uint8Array(0)));
    if (at.co_code !== ABSENT) put(at.co_code, this.#objects.bytes(new Uint8Array(2 * CODE_UNITS)));
    this.#image.putUint32(code + at.co_firstlineno, firstLine);

    let instructions = code + at.co_code_adaptive;
    if (at.co_tlbc !== ABSENT) {
      const copy = this.#image.allocate(2 * CODE_UNITS);
      const copies = this.#image.allocate(24); // _PyCodeArray
      this.#image.putUint64(copies, 2);
      this.#image.putUint64(copies + 8, instructions);
      this.#image.putUint64(copies + 16, copy);
      put(at.co_tlbc, copies);
      instructions = copy;
    }
    return { code, unit: table.unit, instructions };
  }
}
