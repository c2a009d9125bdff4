#!/usr/bin/python3
"""bad_adapter.py HOW FOLDER: the example's adapter, which misbehaves once: when the second case of a run closes a socket.
FOLDER counts the processes."""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools/stacks"))
import example  # noqa: E402

how, folder = sys.argv[1], pathlib.Path(sys.argv[2])
life = len(list(folder.iterdir()))  # 0: finwait looks at what it is; then one for each case
(folder / str(life)).touch()


class Bad(example.Adapter):
    def close(self, **params):
        if life == 2:
            self.misbehave()
        return super().close(**params)

    def recv(self, socket, most):
        if how == "always-tells":
            self.notify("event", socket=socket)
        return super().recv(socket, most)

    def accept(self, socket):
        if how == "always-tells":
            self.notify("event", socket=socket)
        return super().accept(socket)

    def misbehave(self):
        if how == "dies":
            sys.stderr.write("Segmentation fault, or so\n")
            os._exit(7)
        if how == "hangs":
            time.sleep(1000)
        while how == "floods":
            self.notify("event", socket=1)
        if how == "is-malformed":
            sys.stdout.write("{'this': is no JSON}\n")
            sys.stdout.flush()
        if how == "lies-about-lengths":
            sys.stdout.write('{"jsonrpc":"2.0","method":"packet","params":{"octets":"450"}}\n')
        if how == "never-ends-a-line":
            while True:
                sys.stdout.write("x" * 65536)


Bad().run()
