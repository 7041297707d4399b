/**
 * Generators, coroutines and asynchronous generators, and what they await.
 *
 * What a suspended one awaits is on top of its frame's value stack, if it awaits at all. That its state says from 3.13
 * on; before, the instruction it will resume at has to be looked at:
 *
 *     const header = decodeGenerator(layout, object);
 *     const frame = // the frame object at header.frame, or the bytes of the generator from header.frameOffset
 *     const state = header.state ?? frameState(layout, frame);
 *     if (state === "awaiting" || (state === "suspended" && isAwaiting(layout, nextCodeUnit))) awaitedSlot(layout, …)
 */
import { ABSENT, type Layout } from "../layout.js";
import type { GeneratorState } from "../object-layout.js";
import { viewOf, wordAt } from "../object-view.js";

/** What a generator says about itself. */
export interface GeneratorHeader {
  /** Undefined if its frame has to be asked: {@link frameState}. */
  readonly state: GeneratorState | undefined;
  /** Address of its frame object (up to 3.10); undefined if it has none any more. */
  readonly frame: number | undefined;
  /** Where in the generator its frame is (3.11+); else `ABSENT`. */
  readonly frameOffset: number;
  /** Address of its name and its qualified name (3.5+); else 0. */
  readonly name: number;
  readonly qualname: number;
  /** Address of its code (2.6 to 3.9); else 0. */
  readonly code: number;
}

/**
 * The header of a generator, a coroutine or an asynchronous generator.
 *
 * @param object - bytes of the object from its start; `OBJECT_READ_SIZE` are enough
 * @returns undefined if the bytes are too few
 */
export function decodeGenerator(layout: Layout, object: Uint8Array): GeneratorHeader | undefined {
  const { gi_frame, gi_iframe, gi_name, gi_qualname, gi_running, gi_frame_state, states } = layout.generator;
  // Both came with 2.6.
  const hasCode = gi_running !== ABSENT && layout.type.hasSubclassFlags;
  const gi_code = hasCode ? gi_running + layout.pointerSize : ABSENT;
  const end =
    Math.max(gi_frame, gi_iframe, gi_name, gi_qualname, gi_running, gi_code, gi_frame_state) +
    layout.pointerSize;
  if (object.length < end) return undefined;
  const view = viewOf(object);
  const wordOf = (offset: number): number => (offset === ABSENT ? 0 : wordAt(layout, view, offset));
  const names = { name: wordOf(gi_name), qualname: wordOf(gi_qualname), code: wordOf(gi_code) };
  if (gi_iframe !== ABSENT) {
    const state = states[view.getInt8(gi_frame_state)] ?? "finished";
    return { state, frame: undefined, frameOffset: gi_iframe, ...names };
  }
  const frame = wordOf(gi_frame);
  const isRunning = gi_running !== ABSENT && view.getUint8(gi_running) !== 0;
  const state = frame === 0 ? "finished" : isRunning ? "executing" : undefined;
  return { state, frame: frame === 0 ? undefined : frame, frameOffset: ABSENT, ...names };
}

/**
 * What the generator that a frame object belongs to is doing (up to 3.10).
 *
 * @param frame - bytes of the frame object from its start, `layout.frame.size` of them
 * @returns undefined if they are too few
 */
export function frameState(layout: Layout, frame: Uint8Array): GeneratorState | undefined {
  const { f_state, instruction, size } = layout.frame;
  if (frame.length < size) return undefined;
  const view = viewOf(frame);
  if (f_state !== ABSENT) return layout.generator.states[view.getInt8(f_state)] ?? "finished";
  return view.getInt32(instruction, true) < 0 ? "created" : "suspended";
}

/**
 * Address of the 2 bytes of code that a suspended frame will resume at (up to 3.12).
 *
 * @param instruction - what the frame holds at `layout.frame.instruction`
 * @param bytecode - where the bytecode starts: the data of the object at `co_code`; not used from 3.11 on
 */
export function resumeAddress(layout: Layout, instruction: number, bytecode: number): number {
  switch (layout.frame.instructionKind) {
    case "lasti-bytes":
      return bytecode + instruction + layout.generator.instructionSize;
    case "lasti-units":
      return bytecode + 2 * (instruction + 1);
    case "prev_instr":
      return instruction + 2;
    case "instr_ptr":
      return instruction;
  }
}

/** True if a frame that resumes at this instruction awaits something. For builds whose state does not tell; see {@link resumeAddress}. */
export function isAwaiting(layout: Layout, code: Uint8Array): boolean {
  const { awaitOpcodes, awaitOparg } = layout.generator;
  const [opcode = 0, oparg = 0] = code;
  return awaitOpcodes.includes(opcode) && (oparg & 3) >= awaitOparg;
}

/**
 * Address of the stack slot that refers to what a suspended frame awaits; what is there `decodeStackReference` knows.
 *
 * @param frame - bytes of the frame from its start, `layout.frame.size` of them
 * @param address - address of the frame
 * @returns undefined if they are too few, or the stack is empty
 */
export function awaitedSlot(layout: Layout, frame: Uint8Array, address: number): number | undefined {
  const { size, stackpointer, stackpointerKind, f_valuestack, localsplus } = layout.frame;
  if (frame.length < size) return undefined;
  const view = viewOf(frame);
  const back = layout.generator.awaitedDepth * layout.pointerSize;
  if (stackpointerKind === "pointer") {
    const end = wordAt(layout, view, stackpointer);
    return end === 0 ? undefined : end - back;
  }
  const count = view.getInt32(stackpointer, true);
  if (count <= 0) return undefined;
  const start = stackpointerKind === "depth" ? wordAt(layout, view, f_valuestack) : address + localsplus;
  return start + count * layout.pointerSize - back;
}
