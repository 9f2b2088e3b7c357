"""`lrfind` and `python -m lrfind`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from lrfind.cli.app import app

    app(prog_name="lrfind")


if __name__ == "__main__":
    main()
