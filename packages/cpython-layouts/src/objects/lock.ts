/** What threads wait for, and how a thread is known to have ended: Modules/_threadmodule.c. */
import type { Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";
import type { TypeHeader } from "./type.js";
import { wordOffset, wordsOf } from "./words.js";

/**
 * Whether a `_thread.lock` (`lockobject`) is held: a lock of the system, weak references and a byte that says it; in later
 * releases of 3.13 and since a `PyMutex`, the lowest bit of which says it.
 *
 * @param type - the type of the object, whose size tells the two apart
 * @returns undefined if the bytes are too few
 */
export function decodeLock(
  layout: Layout,
  object: Uint8Array,
  type: Pick<TypeHeader, "basicSize">,
): { readonly isLocked: boolean } | undefined {
  const state = object[wordOffset(layout, type.basicSize <= wordOffset(layout, 1) ? 0 : 2)];
  return state === undefined ? undefined : { isLocked: (state & 1) === 1 };
}

/** A lock that its holder can take again. */
export interface ReentrantLock {
  readonly isLocked: boolean;
  /** `threading.get_ident()` of the thread that holds it, or 0. */
  readonly owner: number;
  /** How often it does. */
  readonly count: number;
}

/**
 * A `_thread.RLock` (`rlockobject`): a lock of the system, its holder, how often; since 3.14 a `_PyRecursiveMutex`
 * (Include/internal/pycore_lock.h): a `PyMutex`, its holder, how often more than once.
 *
 * @returns undefined if the bytes are too few
 */
export function decodeReentrantLock(layout: Layout, object: Uint8Array): ReentrantLock | undefined {
  if (object.length < wordOffset(layout, 3)) return undefined;
  const view = viewOf(object);
  const owner = wordAt(layout, view, wordOffset(layout, 1));
  const times = wordAt(layout, view, wordOffset(layout, 2));
  if (!layout.library.hasRecursiveMutex) return { isLocked: times !== 0, owner, count: times };
  const isLocked = (view.getUint8(wordOffset(layout, 0)) & 1) === 1;
  return { isLocked, owner, count: owner === 0 ? times : times + 1 };
}

/** A `_thread._ThreadHandle` (`PyThreadHandleObject`, 3.13+): the address of its {@link decodeThreadHandle}. */
export const decodeThreadHandleObject = wordsOf({ handle: 0 });

/** How many bytes to read for {@link decodeThreadHandle}. */
export const THREAD_HANDLE_SIZE = 64;

/** What is known of a thread that Python has started. */
export interface ThreadHandle {
  /** `threading.get_ident()` */
  readonly ident: number;
  /** It has nothing of Python left to do. */
  readonly isExiting: boolean;
}

/**
 * A `ThreadHandle` (3.13+): two links each of two lists, then `ident`, `os_handle`, `has_os_handle` and `state`, which are
 * ints, and a byte each of `mutex` and `thread_is_exiting`.
 *
 * @returns undefined if the bytes are too few
 */
export function decodeThreadHandle(layout: Layout, handle: Uint8Array): ThreadHandle | undefined {
  if (handle.length < THREAD_HANDLE_SIZE) return undefined;
  return { ident: wordAt(layout, viewOf(handle), 32), isExiting: handle[57] === 1 };
}
