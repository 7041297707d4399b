/** What threads wait for, and threads themselves: where a program hangs, these say why. */
import {
  decodeLock,
  decodeReentrantLock,
  decodeThreadHandle,
  decodeThreadHandleObject,
  dequeHeader,
  listHeader,
  THREAD_HANDLE_SIZE,
} from "@pyspy/cpython-layouts";
import { memberObject, memberOf } from "./attributes.js";
import { hexAddress, plainText } from "./escapes.js";
import { smallInteger } from "./render-scalars.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `<locked _thread.lock object at 0x7f…>` */
const renderLock: Renderer = (rendering, object) => {
  const lock = decodeLock(rendering.layout, object.bytes, object.type.header);
  if (lock === undefined) return false;
  rendering.out.write(`<${stateOf(lock)} ${object.type.tpName} object at ${hexAddress(object.address)}>`);
  return true;
};

/** `<locked _thread.RLock object owner=140… count=1 at 0x7f…>` */
const renderReentrantLock: Renderer = (rendering, object) => {
  const lock = decodeReentrantLock(rendering.layout, object.bytes);
  if (lock === undefined) return false;
  const { owner, count } = lock;
  rendering.out.write(
    `<${stateOf(lock)} ${object.type.tpName} object owner=${owner} count=${count} at ${hexAddress(object.address)}>`,
  );
  return true;
};

function stateOf({ isLocked }: { readonly isLocked: boolean }): string {
  return isLocked ? "locked" : "unlocked";
}

/** `<threading.Event at 0x7f…: set>` */
const renderEvent: Renderer = (rendering, object) => {
  const flag = isTrue(rendering, memberObject(rendering, object, "_flag"));
  if (flag === undefined) return false;
  writeState(rendering, object, flag ? "set" : "unset");
  return true;
};

/** `<threading.Semaphore at 0x7f…: value=1>` */
const renderSemaphore: Renderer = (rendering, object) => {
  const value = numberOf(rendering, object, "_value");
  if (value === undefined) return false;
  writeState(rendering, object, `value=${value}`);
  return true;
};

/** `<threading.BoundedSemaphore at 0x7f…: value=1/2>` */
const renderBoundedSemaphore: Renderer = (rendering, object) => {
  const value = numberOf(rendering, object, "_value");
  const first = numberOf(rendering, object, "_initial_value");
  if (value === undefined || first === undefined) return false;
  writeState(rendering, object, `value=${value}/${first}`);
  return true;
};

/** `<threading.Barrier at 0x7f…: waiters=1/2>` */
const renderBarrier: Renderer = (rendering, object) => {
  const parties = numberOf(rendering, object, "_parties");
  const state = numberOf(rendering, object, "_state");
  const count = numberOf(rendering, object, "_count");
  if (parties === undefined || state === undefined || count === undefined) return false;
  // Those that are on their way out do not wait.
  const waiters = state === 0n ? count : 0n;
  writeState(rendering, object, state === -2n ? "broken" : `waiters=${waiters}/${parties}`);
  return true;
};

function writeState(rendering: Rendering, { type, address }: RemoteObject, state: string): void {
  rendering.out.write(`<${type.fullName} at ${hexAddress(address)}: ${state}>`);
}

/** `<Condition(<unlocked _thread.RLock object …>, 0)>`: the lock and how many wait. */
const renderCondition: Renderer = (rendering, object) => {
  const prefix = rendering.isPython2 ? "_Condition__" : "_";
  const lock = memberOf(rendering, object, `${prefix}lock`);
  const count = lengthOf(rendering, memberObject(rendering, object, `${prefix}waiters`));
  if (lock === 0 || count === undefined) return false;
  rendering.out.write("<Condition(");
  rendering.value(lock);
  rendering.out.write(`, ${count})>`);
  return true;
};

/** Of a list or a deque. */
function lengthOf({ layout }: Rendering, object: RemoteObject | undefined): number | undefined {
  if (object?.type.kind === "list") return listHeader(layout, object.bytes)?.length;
  return object?.type.fullName === "collections.deque"
    ? dequeHeader(layout, object.bytes)?.length
    : undefined;
}

/** `<asyncio.locks.Lock object at 0x7f… [locked, waiters:2]>`, by an attribute that says which of two states it is in. */
function asynchronous(name: string, states: readonly [isTrue: string, isFalse: string]): Renderer {
  return (rendering, object) => {
    const flag = isTrue(rendering, memberObject(rendering, object, name));
    const waiters = lengthOf(rendering, memberObject(rendering, object, "_waiters")) ?? 0;
    if (flag === undefined) return false;
    const count = waiters === 0 ? "" : `${rendering.spelling.waitersMark}${waiters}`;
    const { type, address } = object;
    const state = states[flag ? 0 : 1];
    rendering.out.write(`<${type.fullName} object at ${hexAddress(address)} [${state}${count}]>`);
    return true;
  };
}

/** `<Future at 0x7f… state=finished returned int>` of `concurrent.futures`. */
const renderFuture: Renderer = (rendering, object) => {
  const state = rendering.name(memberOf(rendering, object, "_state"));
  const error = memberObject(rendering, object, "_exception");
  const result = memberObject(rendering, object, "_result");
  if (state === undefined || error === undefined || result === undefined) return false;
  const shown = state.startsWith("CANCELLED") ? "cancelled" : state.toLowerCase();
  const end = error.type.kind === "none" ? `returned ${result.type.name}` : `raised ${error.type.name}`;
  const head = `<${object.type.name} at ${hexAddress(object.address)} state=${plainText(shown)}`;
  rendering.out.write(`${head}${state === "FINISHED" ? ` ${end}` : ""}>`);
  return true;
};

/** `<Thread(Thread-1, started daemon 140…)>` */
const renderThread: Renderer = (rendering, object) => {
  const { out, isPython2 } = rendering;
  const member = (name: string): RemoteObject | undefined =>
    memberObject(rendering, object, isPython2 ? `_Thread__${name}` : `_${name}`);
  const [name, started, daemonic, ident] = [
    member("name"),
    member("started"),
    member("daemonic"),
    member("ident"),
  ];
  const flag = started && memberObject(rendering, started, isPython2 ? "_Event__flag" : "_flag");
  const isStarted = isTrue(rendering, flag);
  const isStopped = hasStopped(rendering, member);
  const isDaemonic = isTrue(rendering, daemonic);
  const text = name && rendering.name(name.address);
  if (text === undefined || ident === undefined || isDaemonic === undefined) return false;
  if (isStarted === undefined || isStopped === undefined) return false;
  const number = ident.type.kind === "none" ? undefined : smallInteger(rendering, ident);
  const state = [
    isStopped ? "stopped" : isStarted ? "started" : "initial",
    ...(isDaemonic ? ["daemon"] : []),
    ...(number === undefined ? [] : [String(number)]),
  ];
  out.write(`<${object.type.name}(${plainText(text)}, ${state.join(" ")})>`);
  return true;
};

function hasStopped(
  rendering: Rendering,
  member: (name: string) => RemoteObject | undefined,
): boolean | undefined {
  const { layout, objects } = rendering;
  const handleObject = member("handle") ?? member("os_thread_handle");
  if (handleObject === undefined) {
    // Up to 3.12 it is known of a thread when somebody asks; that is when this lock has been left.
    const lock = member("tstate_lock");
    const hasLeft =
      lock?.type.fullName === "_thread.lock" &&
      decodeLock(layout, lock.bytes, lock.type.header)?.isLocked === false;
    const flag = isTrue(rendering, member(rendering.isPython2 ? "stopped" : "is_stopped"));
    return flag === undefined ? undefined : flag || hasLeft;
  }
  const address = decodeThreadHandleObject(layout, handleObject.bytes)?.handle ?? 0;
  const handle = decodeThreadHandle(layout, objects.bytes(address, THREAD_HANDLE_SIZE));
  const ident = member("ident");
  if (handle === undefined || ident === undefined) return undefined;
  const isSame = ident.type.kind === "none" || smallInteger(rendering, ident) === BigInt(handle.ident);
  return isSame ? handle.isExiting : undefined;
}

function isTrue(rendering: Rendering, object: RemoteObject | undefined): boolean | undefined {
  return object?.type.kind === "bool" ? smallInteger(rendering, object) === 1n : undefined;
}

function numberOf(rendering: Rendering, object: RemoteObject, name: string): bigint | undefined {
  const value = memberObject(rendering, object, name);
  return value?.type.kind === "long" ? smallInteger(rendering, value) : undefined;
}

export const lockRenderers: NamedRenderers = [
  ["_thread.lock", renderLock],
  ["_thread.RLock", renderReentrantLock],
];

export const writtenLockRenderers: NamedRenderers = [
  ["threading.Event", renderEvent],
  ["threading.Semaphore", renderSemaphore],
  ["threading.BoundedSemaphore", renderBoundedSemaphore],
  ["threading.Barrier", renderBarrier],
  ["threading.Condition", renderCondition],
  ["threading._Condition", renderCondition],
  ["threading.Thread", renderThread],
  ["concurrent.futures._base.Future", renderFuture],
  ["asyncio.locks.Event", asynchronous("_value", ["set", "unset"])],
  ["asyncio.locks.Lock", asynchronous("_locked", ["locked", "unlocked"])],
];
