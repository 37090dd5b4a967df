# SPDX-License-Identifier: MIT
"""A monitor is connected to when it listens, which is after its socket is there."""

import json
import pathlib
import socket
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import qmp  # noqa: E402


class Run:
    """What stands for QEMU's process."""

    def __init__(self, status=None):
        self.status = status

    def poll(self):
        return self.status


class Connect(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name) / "monitor"

    def serve(self, before):
        """As QEMU does, @before seconds late with each step."""
        server = socket.socket(socket.AF_UNIX)
        time.sleep(before)
        server.bind(str(self.path))
        time.sleep(before)
        server.listen()
        connection, _ = server.accept()
        with server, connection, connection.makefile("rw") as stream:
            stream.write(json.dumps({"QMP": {}}) + "\n")
            stream.flush()
            json.loads(stream.readline())
            stream.write(json.dumps({"return": {}}) + "\n")
            stream.flush()

    def test_waits_until_it_listens(self):
        server = threading.Thread(target=self.serve, args=(0.3,), daemon=True)
        server.start()
        self.assertTrue(qmp.Qmp(self.path).connect(Run()))
        server.join()

    def test_not_for_what_has_ended(self):
        self.assertFalse(qmp.Qmp(self.path).connect(Run(status=1)))


if __name__ == "__main__":
    unittest.main()
