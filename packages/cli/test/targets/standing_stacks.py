# Threads that stand still, with what Python itself says of their stacks and variables. Runs on every Python since 2.7.
import json
import sys
import threading

gate = threading.Lock()
gate.acquire()


# In one line, so that it is known as soon as the function runs.
def stand(): gate.acquire()


class Worker(object):
    def work(self, depth, label=None):
        local = {"depth": [depth, (1,)], "text": "it's\n"}
        if depth > 0:
            return self.work(depth - 1, label)
        del label
        number = 1e308
        stand()
        return local, number


def frame_of(thread):
    return sys._current_frames().get(thread.ident)


def told_of(thread):
    frame = frame_of(thread)
    stack = []
    while frame is not None:
        code = frame.f_code
        variables = {}
        if code.co_name == "work":
            for name, value in frame.f_locals.items():
                if name != "self":
                    variables[name] = repr(value)
        stack.append([code.co_name, code.co_filename, frame.f_lineno, variables])
        frame = frame.f_back
    return stack


threads = []
for index in range(3):
    thread = threading.Thread(target=Worker().work, args=(index, "label"), name="worker-%d" % index)
    thread.daemon = True
    thread.start()
    threads.append(thread)
    while frame_of(thread) is None or frame_of(thread).f_code.co_name != "stand":
        pass
print(json.dumps(dict((thread.name, told_of(thread)) for thread in threads)))
sys.stdout.flush()
sys.stdin.read()
