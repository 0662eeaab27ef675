"""`python -m portal.stack [run | exec PROCESS | probe [PATH]]`: the processes of the product outside of Django."""

import argparse
import os
import sys

from portal.stack.errors import StackError
from portal.stack.processes import raise_file_limit


def main() -> int:
    """Parse the arguments and do it; an expected problem is one line on stderr and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m portal.stack", description=__doc__)
    commands = parser.add_subparsers(dest="action")
    running = commands.add_parser("run", help="everything under one supervisor (default)")
    running.add_argument("--only", nargs="+", help="start these processes; the others wait for an order")
    execute = commands.add_parser("exec", help="become one process, for containers")
    execute.add_argument("process")
    probing = commands.add_parser("probe", help="exit code 0 if the web process here is healthy")
    probing.add_argument("path", nargs="?", default="/healthz")
    commands.add_parser("clean", help="delete what was built and all data of this checkout")
    arguments = parser.parse_args()
    try:
        return _act(arguments)
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _act(arguments: argparse.Namespace) -> int:
    from portal.stack import commands, run

    raise_file_limit()
    if arguments.action == "exec":
        argv = commands.command(arguments.process, commands.read_environment())
        os.environ["STACK_PROCESS"] = arguments.process
        os.execv(argv[0], argv)  # noqa: S606 - our own command line
    if arguments.action == "probe":
        return 0 if run.probe(commands.read_environment(), arguments.path) == 200 else 1
    if arguments.action == "clean":
        from portal.stack.clean import clean

        return clean()
    return run.run(getattr(arguments, "only", None) or commands.PROCESSES)


if __name__ == "__main__":
    sys.exit(main())
