"""Tasks that wait in every way. Says what asyncio itself knows of them, a JSON object in a line, and then stands still until its standard
input ends:

    tasks    by id: name, state, stack as [function, line], innermost first
    edges    [task, the one that waits for it]
    threads  by id of a task: threading.get_ident() of the thread that runs it

Arguments: "py" for tasks that are written in Python, "uvloop" for that loop.
"""
import asyncio
import gc
import json
import sys
import threading

MODE = sys.argv[1] if len(sys.argv) > 1 else ""
tasks, edges, threads = {}, [], {}


def spawn(coroutine, awaited_by=None):
    task = asyncio.ensure_future(coroutine)
    tasks[id(task)] = task
    threads[id(task)] = threading.get_ident()
    if awaited_by is not None:
        edges.append([id(task), id(awaited_by)])
    return task


if MODE == "py" and hasattr(asyncio.tasks, "_py_current_task"):
    # From 3.14 on the part in C does not know tasks that are written in Python.
    asyncio.tasks.current_task = asyncio.current_task = asyncio.tasks._py_current_task
current = asyncio.current_task


async def leaf(event):
    await event.wait()


async def count(event):
    yield 1
    await event.wait()
    yield 2


async def iterate(event):
    async for _ in count(event):
        pass


class Wrapped:
    def __init__(self, inner):
        self.inner = inner

    def __await__(self):
        return (yield from self.inner.__await__())


async def wrap(event):
    await Wrapped(leaf(event))


async def ready_again():
    while True:
        await asyncio.sleep(0)


async def direct(event):
    await spawn(leaf(event), current())


async def waits(event):
    await asyncio.wait([spawn(leaf(event), current()), spawn(iterate(event), current())])


async def gathers(event):
    inner = asyncio.gather(spawn(leaf(event), current()), spawn(wrap(event), current()))
    await asyncio.gather(spawn(leaf(event), current()), inner)


async def shields(event):
    await asyncio.shield(spawn(leaf(event), current()))


async def times_out(event):
    await asyncio.wait_for(spawn(leaf(event), current()), 1000)


async def groups(event):
    if not hasattr(asyncio, "TaskGroup"):
        return await leaf(event)
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            task = group.create_task(leaf(event))
            tasks[id(task)] = task
            threads[id(task)] = threading.get_ident()
            edges.append([id(task), id(current())])


async def shared(event, task):
    await asyncio.wait([task])


async def main(event, started):
    spawn_all = [direct, waits, gathers, shields, times_out, groups]
    parents = [spawn(function(event)) for function in spawn_all]
    parents.append(spawn(ready_again()))
    common = spawn(leaf(event))
    for _ in range(2):
        parent = spawn(shared(event, common))
        edges.append([id(common), id(parent)])
        parents.append(parent)
    for _ in range(8):
        await asyncio.sleep(0)
    spawn(leaf(event))
    tasks[id(current())] = current()
    threads[id(current())] = threading.get_ident()
    await started(event)


def frames_of(coroutine):
    found = []
    while coroutine is not None:
        kind = type(coroutine).__name__
        if kind in ("async_generator_asend", "async_generator_athrow", "coroutine_wrapper"):
            (coroutine,) = [one for one in gc.get_referents(coroutine) if hasattr(one, "ag_frame") or hasattr(one, "cr_frame")]
            continue
        for prefix, awaited in (("cr", "cr_await"), ("gi", "gi_yieldfrom"), ("ag", "ag_await")):
            frame = getattr(coroutine, prefix + "_frame", None)
            if frame is not None:
                found.append([frame.f_code.co_name, frame.f_lineno])
                coroutine = getattr(coroutine, awaited)
                break
        else:
            break
    return found[::-1]


def stack_of_this_task():
    found, frame = [], sys._getframe(1)
    while True:
        found.append([frame.f_code.co_name, frame.f_lineno])
        if frame.f_code.co_name == "begin":
            return found
        frame = frame.f_back


def describe(task):
    coroutine = task.get_coro() if hasattr(task, "get_coro") else task._coro
    state = "waiting" if task._fut_waiter is not None else "ready"
    if getattr(coroutine, "cr_running", False):
        state = "running"
    elif coroutine.cr_frame.f_lasti < (0 if sys.version_info < (3, 11) else 10) and coroutine.cr_await is None:
        state = "new"
    name = task.get_name() if hasattr(task, "get_name") else None
    return {"name": name, "state": state, "stack": frames_of(coroutine), "outermost": [frame.f_lineno for frame in task.get_stack()]}


async def stand(event):
    other = threading.Thread(target=run_other, daemon=True)
    other.start()
    other_runs.wait()
    described = {key: describe(task) for key, task in tasks.items()}
    me = described[id(current())]
    report = {"tasks": described, "edges": edges, "threads": threads}
    me["stack"] = stack_of_this_task(); sys.stdout.write(json.dumps(report) + "\n"); sys.stdout.flush(); sys.stdin.read()


other_runs = threading.Event()


async def other_main():
    tasks[id(current())] = current()
    threads[id(current())] = threading.get_ident()
    asyncio.get_event_loop().call_soon(other_runs.set)
    await leaf(asyncio.Event())


def run_other():
    new_loop().run_until_complete(other_main())


def new_loop():
    if MODE == "uvloop":
        import uvloop

        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    if MODE == "py":
        loop.set_task_factory(lambda loop, coroutine, **options: asyncio.tasks._PyTask(coroutine, loop=loop, **options))
    asyncio.set_event_loop(loop)
    return loop


async def begin():
    await main(asyncio.Event(), stand)


new_loop().run_until_complete(begin())
