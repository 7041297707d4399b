"""Three frames, two chains of calls in turn: a stack that mixes the two never existed."""
import signal

signal.alarm(3 * 3600)  # whatever becomes of who started it


def leaf_a():
    return sum(range(50))


def leaf_b():
    return sum(range(50))


def hot_a():
    return leaf_a()


def hot_b():
    return leaf_b()


print("ready", flush=True)
while True:
    hot_a()
    hot_b()
