"""As many threads as the first argument says; the second says whether the main one works or sleeps like the rest."""
import signal
import sys
import threading
import time

signal.alarm(3 * 3600)  # whatever becomes of who started it
COUNT, MAIN = int(sys.argv[1]), sys.argv[2]
threading.stack_size(256 * 1024)


def rest():
    time.sleep(3 * 3600)


def work():
    return sum(range(50))


def busy():
    while True:
        work()


for _ in range(COUNT - 1):
    threading.Thread(target=rest, daemon=True).start()
print("ready", flush=True)
if MAIN == "busy":
    busy()
else:
    rest()
