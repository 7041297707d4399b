"""Waits in functions and files whose names are no text: lone surrogates, and in 2.x bytes that are not UTF-8."""

import os
import sys

text = "def odd():\n    hold()\n"
file = "caf\xe9.py" if sys.version_info[0] == 2 else "caf\udce9.py"
name = "na\xe9me" if sys.version_info[0] == 2 else "na\udce9me"


def hold():
    sys.stdout.write("here\n")
    sys.stdout.flush()
    sys.stdin.read()


def renamed(code):
    """`code` under the name, however this version lets that be done."""
    if hasattr(code, "replace"):
        names = {"co_name": name}
        if hasattr(code, "co_qualname"):
            names["co_qualname"] = name
        return code.replace(**names)
    counts = [code.co_argcount]
    if hasattr(code, "co_kwonlyargcount"):
        counts.append(code.co_kwonlyargcount)
    return type(code)(
        *(
            counts
            + [code.co_nlocals, code.co_stacksize, code.co_flags, code.co_code, code.co_consts, code.co_names]
            + [code.co_varnames, code.co_filename, name, code.co_firstlineno, code.co_lnotab]
        )
    )


exec(compile(text, file, "exec"))
odd.__code__ = renamed(odd.__code__)
odd()
os._exit(0)
