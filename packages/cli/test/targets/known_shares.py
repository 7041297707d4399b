"""Three functions that are busy in turn and keep account of it. Prints, as JSON, the seconds that each has taken."""

import json
import sys
from time import time

try:
    from time import perf_counter as now
except ImportError:
    now = time


def busy_a(seconds):
    end = now() + seconds
    while now() < end:
        pass


def busy_b(seconds):
    end = now() + seconds
    while now() < end:
        pass


def busy_c(seconds):
    end = now() + seconds
    while now() < end:
        pass


def main(seconds):
    taken = {"busy_a": 0.0, "busy_b": 0.0, "busy_c": 0.0}
    turns = [(busy_a, 0.006), (busy_b, 0.003), (busy_c, 0.001)]
    end = now() + seconds
    while now() < end:
        for function, turn in turns:
            start = now()
            function(turn)
            taken[function.__name__] += now() - start
    print(json.dumps(taken))


main(float(sys.argv[1]))
