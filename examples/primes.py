"""Hunts prime numbers in three ways for about five seconds: something to profile.

    pyspy record -o profile.svg -- python3 examples/primes.py

Runs on any Python. A number of seconds as an argument replaces the five.
"""

from __future__ import print_function

import sys
import time


def sieve(limit):
    """All primes below limit, by crossing out the multiples of each."""
    is_prime = [True] * limit
    is_prime[0:2] = [False, False]
    for number in range(2, int(limit**0.5) + 1):
        if is_prime[number]:
            cross_out_multiples(is_prime, number)
    return [number for number, prime in enumerate(is_prime) if prime]


def cross_out_multiples(is_prime, number):
    for multiple in range(number * number, len(is_prime), number):
        is_prime[multiple] = False


def smallest_divisor(number):
    """The smallest divisor above 1, by trying one after the other."""
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            return divisor
        divisor += 1
    return number


def find_twins(start, count):
    """The first twin primes from start on."""
    twins = []
    number = start | 1
    while len(twins) < count:
        if smallest_divisor(number) == number and smallest_divisor(number + 2) == number + 2:
            twins.append((number, number + 2))
        number += 2
    return twins


def count_sums(total, primes, largest):
    """In how many ways primes up to primes[largest] add up to total; calls itself, so its stacks are deep."""
    if total == 0:
        return 1
    if total < 0 or largest < 0:
        return 0
    with_largest = count_sums(total - primes[largest], primes, largest)
    return with_largest + count_sums(total, primes, largest - 1)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    deadline = time.time() + seconds
    rounds = 0
    while rounds == 0 or time.time() < deadline:
        rounds += 1
        primes = sieve(100000)
        twins = find_twins(100000, 25)
        sums = count_sums(67, sieve(67), 17)
    print("{} rounds in {:g} seconds: {} primes below 100000,".format(rounds, seconds, len(primes)))
    print("twins up to {} and {}, and 67 is a sum of primes in {} ways.".format(*(twins[-1] + (sums,))))


if __name__ == "__main__":
    main()
