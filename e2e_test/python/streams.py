"""Streams of the official Python client.

KUBECONFIG names the server, which has the pod "web" in $NAMESPACE, or "default", and the pod $ATTACHED_POD, or "web",
whose main process returns its input. The containers are this machine, unless $POD_PORTS are the ports on which they
return bytes, twice, and serve a page.
"""

import contextlib
import http.server
import json
import os
import socket
import socketserver
import threading
import time
import unittest
import urllib.request

from kubernetes import client, config
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream
from kubernetes.stream.ws_client import RESIZE_CHANNEL, STDIN_CHANNEL

LIMIT = 30
NAMESPACE = os.environ.get("NAMESPACE", "default")
ATTACHED_POD = os.environ.get("ATTACHED_POD", "web")
POD_PORTS = [int(port) for port in os.environ.get("POD_PORTS", "").split(",") if port]


def connect(method, pod="web", **options):
    """Runs a command, or attaches, and returns the connection, or the output."""
    streams = {"stdin": False, "stdout": True, "stderr": True, "tty": False}
    return stream(method, pod, NAMESPACE, **{**streams, **options})


def api():
    # Each connection patches its client, so that none is shared.
    return client.CoreV1Api()


def run(*command, **options):
    return connect(api().connect_get_namespaced_pod_exec, command=list(command), **options)


def start(*command, **options):
    return run(*command, _preload_content=False, **options)


@contextlib.contextmanager
def serving(number, handler, kind=socketserver.ThreadingTCPServer):
    """A server on a loopback port, or that of the pod."""
    if POD_PORTS:
        yield POD_PORTS[number]
        return
    with kind(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while received := self.request.recv(4096):
            self.request.sendall(received)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"page " * 50_000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Exec(unittest.TestCase):
    def test_output_is_text_or_bytes(self):
        self.assertEqual(run("printf", "%s|", "a b", "ü"), "a b|ü|")
        self.assertEqual(run("printf", r"\377\000", binary=True), b"\xff\x00")
        post = api().connect_post_namespaced_pod_exec
        self.assertEqual(connect(post, command=["echo", "posted"]), "posted\n")

    def test_output_may_be_large(self):
        self.assertEqual(len(run("head", "-c", "3000000", "/dev/zero", binary=True)), 3_000_000)

    def test_input_comes_back_on_either_output(self):
        process = start("sh", stdin=True)
        process.write_stdin("echo one\n")
        self.assertEqual(process.readline_stdout(timeout=LIMIT), "one")
        process.write_stdin("echo two >&2\n")
        self.assertEqual(process.readline_stderr(timeout=LIMIT), "two")
        self.assertFalse(process.peek_stdout())
        process.write_stdin("exit 5\n")
        process.run_forever(timeout=LIMIT)
        self.assertFalse(process.is_open())
        self.assertEqual(process.returncode, 5)

    def test_input_ends_and_output_goes_on(self):
        process = start("sh", "-c", "wc -c; echo after", stdin=True)
        self.assertEqual(process.subprotocol, "v5.channel.k8s.io")
        process.write_stdin("twelve bytes")
        process.close_channel(STDIN_CHANNEL)
        process.run_forever(timeout=LIMIT)
        self.assertEqual(process.read_stdout().split(), ["12", "after"])
        self.assertEqual(process.returncode, 0)

    def test_exit_codes(self):
        for code in (0, 1, 3, 255):
            process = start("sh", "-c", f"exit {code}")
            process.run_forever(timeout=LIMIT)
            self.assertEqual(process.returncode, code)

    def test_a_command_that_is_missing_is_an_error(self):
        process = start("no-such-program")
        process.run_forever(timeout=LIMIT)
        error = process.read_channel(3)
        self.assertEqual(json.loads(error)["status"], "Failure")
        self.assertIn("no-such-program", error)

    def test_sizes_of_the_terminal_come_in_order(self):
        command = ("sh", "-c", "while stty size; do sleep 0.1; done")
        process = start(*command, stdin=True, stderr=False, tty=True)
        for width in (80, 132):
            process.write_channel(RESIZE_CHANNEL, json.dumps({"Width": width, "Height": 24}))
            lines = iter(lambda: process.readline_stdout(timeout=LIMIT).strip(), "")
            # The command prints a size several times.
            self.assertIn(f"24 {width}", lines)
        process.close()

    def test_what_is_not_there_is_refused(self):
        with self.assertRaises(ApiException) as missing:
            stream(api().connect_get_namespaced_pod_exec, "none", NAMESPACE, command=["true"], stdout=True)
        self.assertIn("404", str(missing.exception))
        with self.assertRaises(ApiException) as missing:
            run("true", container="none")
        self.assertIn("400", str(missing.exception))


class Attach(unittest.TestCase):
    def test_the_main_process_is_read_and_written(self):
        attach = api().connect_get_namespaced_pod_attach
        attached = connect(attach, pod=ATTACHED_POD, stdin=True, _preload_content=False)
        attached.write_stdin("hello\n")
        self.assertEqual(attached.readline_stdout(timeout=LIMIT), "hello")
        attached.close_channel(STDIN_CHANNEL)
        attached.run_forever(timeout=LIMIT)
        self.assertFalse(attached.is_open())


class PortForward(unittest.TestCase):
    def forward(self, *ports):
        ports = ",".join(str(port) for port in ports)
        return portforward(api().connect_get_namespaced_pod_portforward, "web", NAMESPACE, ports=ports)

    def exchange(self, connection, sent):
        connection.setblocking(True)
        connection.settimeout(LIMIT)
        sending = threading.Thread(target=connection.sendall, args=[sent])
        sending.start()
        received = b""
        while len(received) < len(sent) and (more := connection.recv(65536)):
            received += more
        sending.join()
        self.assertEqual(received, sent)

    def test_ports_are_forwarded_side_by_side(self):
        with serving(0, Echo) as first, serving(1, Echo) as second:
            for _ in range(3):
                forward = self.forward(first, second)
                self.assertTrue(forward.connected)
                for port in (first, second, first):
                    self.exchange(forward.socket(port), b"some bytes for port %d" % port)
                self.exchange(forward.socket(second), bytes(range(256)) * 4_000)
                forward.close()
                self.assertIsNone(forward.error(first))

    def test_a_refused_port_disturbs_no_other(self):
        with socket.socket() as unused, serving(0, Echo) as port:
            unused.bind(("127.0.0.1", 0))
            refused = unused.getsockname()[1]
            forward = self.forward(port, refused)
            connection = forward.socket(refused)
            connection.setblocking(True)
            if not POD_PORTS:
                # A kubelet does not end the data of such a port.
                self.assertEqual(connection.recv(1024), b"")
            deadline = time.monotonic() + LIMIT
            # The client sees the frames that came with the response, inside of TLS, only when there are more.
            self.exchange(forward.socket(port), b"still there")
            while not forward.error(refused) and time.monotonic() < deadline:
                time.sleep(0.1)
                self.exchange(forward.socket(port), b"and still")
            self.assertIn("refused", forward.error(refused) or "")
            self.assertIsNone(forward.error(port))
            forward.close()

    def test_http_goes_through(self):
        with serving(2, Page, http.server.ThreadingHTTPServer) as port:

            def through_the_pod(address, *_arguments, **_options):
                forwarded = self.forward(address[1]).socket(address[1])
                forwarded.setblocking(True)
                return forwarded

            direct, socket.create_connection = socket.create_connection, through_the_pod
            try:
                with urllib.request.urlopen(f"http://web.{NAMESPACE}.kubernetes:{port}/") as response:
                    self.assertEqual(len(response.read()), 250_000)
            finally:
                socket.create_connection = direct


if __name__ == "__main__":
    config.load_kube_config()
    unittest.main(verbosity=2)
