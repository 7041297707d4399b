import {
  type AsyncioDebug,
  decodeCell,
  decodeFunction,
  decodePointers,
  listHeader,
  tupleHeader,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import type { ObjectReader } from "../locals/object-reader.js";
import type { PythonType, PythonTypes } from "../locals/python-type.js";
import type { RemoteDicts } from "../python/remote-dict.js";

/** A task, as it says of itself. */
export interface TaskObject {
  readonly address: Address;
  /** "" if it has none, which up to 3.7 none has. */
  readonly name: string;
  /** What it runs. */
  readonly coroutine: Address;
  /** The future that it waits for, 0 if it waits for none. */
  readonly awaited: Address;
  /** The event loop that runs it. */
  readonly loop: Address;
  /** Tasks that wait for it, as far as it tells. */
  readonly awaitedBy: readonly Address[];
  /** It tells all of them: those of `_asyncio` do from 3.14 on. */
  readonly tellsAll: boolean;
}

/** What is woken when a future is done. */
export interface Woken {
  readonly address: Address;
  /** It is a task; else it may be a future that others wait for, or anything. */
  readonly isTask: boolean;
}

/** Offsets in a `TaskObj` of `_asyncio`. */
interface TaskFields {
  readonly coroutine: number;
  readonly name: number;
}

/** Callbacks, items of a closure and the like that are looked at of one future. */
const MOST_ITEMS = 4096;

/**
 * Reads tasks and futures, those of `_asyncio` and those written in Python. What is in C begins the same in all versions:
 *
 *     FutureObj   loop, callback0, context0, callbacks (up to 3.6: loop, callbacks), …
 *     TaskObj     …, fut_waiter, coro, name (3.8+), …
 */
export class FutureObjects {
  readonly #objects: ObjectReader;
  readonly #types: PythonTypes;
  readonly #dicts: RemoteDicts;
  readonly #table: AsyncioDebug["task"] | undefined;
  #fields: TaskFields | undefined;
  readonly #woken = new Map<Address, readonly Woken[]>();

  constructor(
    objects: ObjectReader,
    types: PythonTypes,
    dicts: RemoteDicts,
    table: AsyncioDebug["task"] | undefined,
  ) {
    this.#objects = objects;
    this.#types = types;
    this.#dicts = dicts;
    this.#table = table;
  }

  /** The task at an address; undefined if there is none. */
  task(address: Address): TaskObject | undefined {
    const type = this.#types.of(this.#objects.object(address));
    if (type === undefined) return undefined;
    const inC = this.#baseOf(type, "_asyncio.Task");
    return inC === undefined ? this.#taskOfPython(address) : this.#taskOfC(address, inC);
  }

  /** Whether something is a future, or a task. */
  isFuture(address: Address): boolean {
    const type = this.#types.of(this.#objects.object(address));
    if (type === undefined) return false;
    return (
      (this.#baseOf(type, "_asyncio.Future") ??
        this.#baseOf(type, "_asyncio.Task") ??
        this.#baseOf(type, "asyncio.futures.Future")) !== undefined
    );
  }

  /** What those who wait for a future have left with it, to be woken by its end. */
  wokenBy(future: Address): readonly Woken[] {
    return this.#callbacksOf(future).flatMap((callback) => {
      let woken = this.#woken.get(callback);
      if (woken === undefined) {
        woken = this.#wokenOf(callback);
        this.#woken.set(callback, woken);
      }
      return woken;
    });
  }

  #baseOf(type: PythonType, fullName: string): PythonType | undefined {
    for (const base of this.#types.lineage(type)) if (base.fullName === fullName) return base;
    return undefined;
  }

  #taskOfPython(address: Address): TaskObject | undefined {
    const coroutine = this.#dicts.attribute(address, "_coro");
    if (coroutine === undefined) return undefined;
    const attribute = (name: string): Address => this.#dicts.attribute(address, name) ?? 0;
    return {
      address,
      coroutine,
      name: this.#nameAt(attribute("_name")),
      awaited: this.#unlessNone(attribute("_fut_waiter")),
      loop: attribute("_loop"),
      awaitedBy: this.#setAt(attribute("_asyncio_awaited_by")),
      tellsAll: false,
    };
  }

  #taskOfC(address: Address, type: PythonType): TaskObject | undefined {
    const { layout } = this.#objects;
    const bytes = this.#objects.bytes(address, type.header.basicSize);
    const fields = this.#fieldsIn(bytes);
    if (fields === undefined) return undefined;
    return {
      address,
      coroutine: this.#objects.pointerIn(bytes, fields.coroutine),
      name: fields.name < 0 ? "" : this.#nameAt(this.#objects.pointerIn(bytes, fields.name)),
      awaited: this.#unlessNone(this.#objects.pointerIn(bytes, fields.coroutine - layout.pointerSize)),
      loop: this.#objects.pointerIn(bytes, layout.object.size),
      awaitedBy: this.#awaitedBy(bytes),
      tellsAll: this.#table !== undefined,
    };
  }

  /** Where no table says it: the coroutine is the field that points to one, which has been seen to be so in all versions. */
  #fieldsIn(bytes: Uint8Array): TaskFields | undefined {
    if (this.#table !== undefined) {
      return { coroutine: this.#table.task_coro, name: this.#table.task_name };
    }
    if (this.#fields !== undefined) return this.#fields;
    const { layout } = this.#objects;
    const { task_coro, task_name } = layout.asyncioTask;
    const isCoroutine = (offset: number): boolean =>
      this.#types.of(this.#objects.object(this.#objects.pointerIn(bytes, offset)))?.kind === "generator";
    if (task_coro >= 0 && isCoroutine(task_coro)) this.#fields = { coroutine: task_coro, name: task_name };
    for (
      let offset = layout.object.size;
      this.#fields === undefined && offset + layout.pointerSize <= bytes.length;
      offset += layout.pointerSize
    ) {
      if (!isCoroutine(offset)) continue;
      const name = offset + layout.pointerSize;
      this.#fields = {
        coroutine: offset,
        name: this.#isName(this.#objects.pointerIn(bytes, name)) ? name : -1,
      };
    }
    return this.#fields;
  }

  #awaitedBy(bytes: Uint8Array): readonly Address[] {
    if (this.#table === undefined) return [];
    const awaitedBy = this.#objects.pointerIn(bytes, this.#table.task_awaited_by);
    if (awaitedBy === 0) return [];
    return bytes[this.#table.task_awaited_by_is_set] === 1 ? this.#setAt(awaitedBy) : [awaitedBy];
  }

  #setAt(address: Address): readonly Address[] {
    const object = this.#objects.object(address);
    return this.#types.of(object)?.kind === "set" ? [...this.#objects.setMembers(object)] : [];
  }

  /** A string, or from 3.12 on the number of a task that was given none. */
  #nameAt(address: Address): string {
    const kind = this.#types.of(this.#objects.object(address))?.kind;
    if (kind !== "long") return kind === "unicode" ? (this.#objects.name(address) ?? "") : "";
    const number = this.#objects.integer(address);
    return number === undefined ? "" : `Task-${number}`;
  }

  #isName(address: Address): boolean {
    const kind = this.#types.of(this.#objects.object(address))?.kind;
    return kind === "unicode" || kind === "long";
  }

  #unlessNone(address: Address): Address {
    return this.#types.of(this.#objects.object(address))?.kind === "none" ? 0 : address;
  }

  #callbacksOf(future: Address): Address[] {
    const { layout } = this.#objects;
    const object = this.#objects.object(future);
    const type = this.#types.of(object);
    if (type === undefined) return [];
    const inC = this.#baseOf(type, "_asyncio.Future") ?? this.#baseOf(type, "_asyncio.Task");
    if (inC === undefined) return this.#callbacksIn(this.#dicts.attribute(future, "_callbacks") ?? 0);
    const field = (index: number): Address =>
      this.#objects.pointerIn(object, layout.object.size + index * layout.pointerSize);
    return [...this.#callbacksIn(field(1)), ...this.#callbacksIn(field(3))];
  }

  /** Of a list of callbacks, alone or with their contexts, or of one of them. */
  #callbacksIn(address: Address): Address[] {
    if (address === 0) return [];
    const items = this.#itemsOf(address, "list");
    if (items === undefined) return [address];
    return items.map((item) => this.#itemsOf(item, "tuple")?.[0] ?? item);
  }

  #itemsOf(address: Address, kind: "list" | "tuple"): Address[] | undefined {
    const { layout } = this.#objects;
    const object = this.#objects.object(address);
    if (this.#types.of(object)?.kind !== kind) return undefined;
    const header = kind === "list" ? listHeader(layout, object) : tupleHeader(layout, object);
    if (header === undefined) return [];
    const data = this.#objects.data(address, object, header, MOST_ITEMS * layout.pointerSize);
    return decodePointers(layout, data);
  }

  /**
   * What a callback can lead to: the variables of its closure (`gather`, `wait`, `shield`), its arguments (`wait_for` up to
   * 3.11), the task of its group.
   */
  #wokenOf(callback: Address): readonly Woken[] {
    const { layout } = this.#objects;
    const object = this.#objects.object(callback);
    const type = this.#types.of(object);
    if (type?.kind === "function") {
      const cells = this.#itemsOf(decodeFunction(layout, object)?.closure ?? 0, "tuple") ?? [];
      return cells.map((cell) => maybe(decodeCell(layout, this.#objects.object(cell)) ?? 0));
    }
    const field = this.#objects.pointerIn(object, layout.object.size + layout.pointerSize);
    if (type?.fullName === "functools.partial") return (this.#itemsOf(field, "tuple") ?? []).map(maybe);
    if (type?.fullName !== "method") return [];
    const owner = this.#types.of(this.#objects.object(field));
    const isGroup = owner !== undefined && this.#baseOf(owner, "asyncio.taskgroups.TaskGroup") !== undefined;
    if (!isGroup) return [maybe(field)];
    return [{ address: this.#dicts.attribute(field, "_parent_task") ?? 0, isTask: true }];
  }
}

function maybe(address: Address): Woken {
  return { address, isTask: false };
}
