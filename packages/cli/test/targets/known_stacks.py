"""Threads that stand still in known places: deep recursion, generators, lambdas, expressions of several lines.

Once all of them, the main thread too, are where they stay, it prints as JSON what sys._current_frames() says of them:
for every thread but the one that prints, a list of [name, file, line], outermost first. It ends when its
standard input is closed.
"""

import json
import linecache
import os
import sys
import threading

WORKERS = 5
hold = threading.Lock()


class Worker(object):
    def __init__(self, depth):
        self.depth = depth

    def begin(self):
        return self.descend(self.depth)

    def descend(self, left):
        if left == 0:
            return wait_in_generator()
        return self.descend(
            left
            - 1
        )


def wait_in_generator():
    for value in (step(number) for number in range(1)):
        return value


def step(number):
    return (lambda: hold.acquire())()


def wait_in_expression():
    return [
        len("three lines of an expression"),
        hold.acquire(),
        len("and this one is never reached"),
    ]


def say():
    before, now = None, stacks()
    while now != before or not all(holds(stack) for stack in now):
        before, now = now, stacks()
    print(json.dumps(now))
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


def stacks():
    frames = sys._current_frames()
    return [stack_of(frames[ident]) for ident in sorted(frames) if ident != threading.current_thread().ident]


def stack_of(frame):
    stack = []
    while frame is not None:
        stack.insert(0, [frame.f_code.co_name, frame.f_code.co_filename, frame.f_lineno])
        frame = frame.f_back
    return stack


def holds(stack):
    name, file, line = stack[-1]
    return "hold.acquire()" in linecache.getline(file, line)


def main():
    for number in range(WORKERS):
        threading.Thread(target=Worker(number * 30).begin).start()
    threading.Thread(target=wait_in_expression).start()
    threading.Thread(target=say).start()
    hold.acquire()


hold.acquire()
main()
