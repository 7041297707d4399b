import { describe, expect, test } from "vitest";
import { ASYNCIO_DEBUG_SIZE, asyncioDebugFromTable, LayoutError } from "../src/index.js";

function tableOf(...fields: readonly number[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(fields, BigInt).buffer);
}

// As stored in a build of 3.14.10.
const fields = [168, 136, 96, 108, 109, 128, 152, 225864, 10880, 936, 864, 872, 880] as const;

describe("the debug offsets of asyncio", () => {
  test("say where tasks are", () => {
    expect(tableOf(...fields)).toHaveLength(ASYNCIO_DEBUG_SIZE);
    expect(asyncioDebugFromTable(tableOf(...fields))).toEqual({
      task: {
        size: 168,
        task_name: 136,
        task_awaited_by: 96,
        task_is_task: 108,
        task_awaited_by_is_set: 109,
        task_coro: 128,
        task_node: 152,
      },
      interpreter: { size: 225864, asyncio_tasks_head: 10880 },
      threadState: {
        size: 936,
        asyncio_running_loop: 864,
        asyncio_running_task: 872,
        asyncio_tasks_head: 880,
      },
    });
  });

  test("are refused if one is beyond its struct, or not all are there", () => {
    expect(() => asyncioDebugFromTable(tableOf(...fields.slice(0, 12), 940))).toThrow(
      new LayoutError(
        "debug-offsets-do-not-fit",
        "Cannot use the debug offsets of asyncio: asyncio_tasks_head is 940 in 936 bytes of threadState",
      ),
    );
    expect(() => asyncioDebugFromTable(tableOf(...fields.slice(0, 12)))).toThrow("and only 96 were given");
  });
});
