"""Works in known functions and prints a line after each tenth of a second of work."""

import argparse
import os
import signal
import time

parser = argparse.ArgumentParser()
parser.add_argument("--ticks", type=int, default=3000)
parser.add_argument("--until")
parser.add_argument("--exit", type=int, default=0)
parser.add_argument("--signal", type=int)
parser.add_argument("--count-interrupts", action="store_true", help="exit with 10 + the number of SIGINTs")
parser.add_argument("--idle", action="store_true", help="sleep instead of work")
options = parser.parse_args()
interrupts = []


def work(deadline):
    number = 0
    while time.time() < deadline:
        number += 1
    return number


def tick():
    if options.idle:
        time.sleep(0.1)
    else:
        work(time.time() + 0.1)


def main():
    if options.count_interrupts:
        signal.signal(signal.SIGINT, lambda number, frame: interrupts.append(number))
    for count in range(options.ticks):
        tick()
        print("tick", count, os.get_blocking(1), os.get_blocking(2), flush=True)
        if options.until and os.path.exists(options.until):
            break
    if options.signal:
        os.kill(os.getpid(), options.signal)
        time.sleep(60)
    raise SystemExit(10 + len(interrupts) if options.count_interrupts else options.exit)


main()
