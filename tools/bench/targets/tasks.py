"""A hundred asyncio tasks, each a chain of coroutines, that work in turn."""
import asyncio
import signal

signal.alarm(3 * 3600)  # whatever becomes of who started it


def work():
    return sum(range(50))


async def inner():
    work()
    await asyncio.sleep(0)


async def middle():
    await inner()


async def outer():
    while True:
        await middle()


async def main():
    tasks = [asyncio.ensure_future(outer()) for _ in range(100)]
    print("ready", flush=True)
    await asyncio.gather(*tasks)


asyncio.run(main())
