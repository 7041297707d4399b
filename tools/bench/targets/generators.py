"""Two generators that are resumed in turn, each by a function of its own: a stack that mixes the two never existed."""
import signal

signal.alarm(3 * 3600)  # whatever becomes of who started it


def leaf_a():
    return sum(range(50))


def leaf_b():
    return sum(range(50))


def produce_a():
    while True:
        yield leaf_a()


def produce_b():
    while True:
        yield leaf_b()


def pull_a():
    return next(GENERATOR_A)


def pull_b():
    return next(GENERATOR_B)


GENERATOR_A = produce_a()
GENERATOR_B = produce_b()
print("ready", flush=True)
while True:
    pull_a()
    pull_b()
