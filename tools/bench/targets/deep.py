"""As many frames as the first argument says, of which the innermost comes and goes."""
import signal
import sys

signal.alarm(3 * 3600)  # whatever becomes of who started it
DEPTH = int(sys.argv[1])
sys.setrecursionlimit(DEPTH + 100)


def work():
    return sum(range(50))


def descend(left):
    if left > 0:
        return descend(left - 1)
    print("ready", flush=True)
    while True:
        work()


descend(DEPTH - 3)  # beside it: the module, the last descend, work
