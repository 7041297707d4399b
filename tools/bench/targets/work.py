"""
Does as many units of work as each line of its input says, and answers with the CPU time that they took, in ns. The
argument is the number of threads that sleep beside it.
"""
import signal
import sys
import threading
import time

signal.alarm(3 * 3600)  # whatever becomes of who started it
threading.stack_size(256 * 1024)


def rest():
    time.sleep(3 * 3600)


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def work(units):
    for _ in range(units):
        fibonacci(18)


for _ in range(int(sys.argv[1])):
    threading.Thread(target=rest, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    start = time.process_time_ns()
    work(int(line))
    print("took", time.process_time_ns() - start, flush=True)
