"""The last resort of `portal.stack.redis`: fakeredis' TCP server, in memory. Takes the port as its argument."""

import sys

from fakeredis import TcpFakeServer


def main(port: int) -> None:
    """Serve until the process is ended."""
    server = TcpFakeServer(("127.0.0.1", port), server_type="redis")
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
