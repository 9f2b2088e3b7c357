"""How good is the diagnosis? Records runs once, judges them, prints shares and confusions."""

from __future__ import annotations

import argparse
import sys

from corpus import TASKS, half, record_all, runs, with_truth
from judge import confusion, score, table
from views import VIEWS


def main() -> int:
    """Run the benchmark."""
    wishes = arguments()
    wanted = with_truth([name for name in TASKS if wishes.half in ("all", half(name))])
    record_all(wanted)
    if wishes.fixtures:
        from fixtures import write

        write()
        return 0
    found = list(runs(wishes.half))
    if wishes.labels:
        import labels

        print(labels.table(found))
        return 0
    scores = {name: score(found, view) for name, view in VIEWS.items()}
    print(f"{len(wanted)} tasks, half: {wishes.half}\n\n{table(scores)}")
    for name in ("all", "bare loss"):
        print(f"\nFirst findings, log: {name}\n\n{confusion(scores[name])}")
    if wishes.verbose is not None:
        for run, first, accepted in scores[wishes.verbose].wrong:
            print(f"{run}: regret {run.regret:.2f}, found {first}, accepted {', '.join(sorted(accepted))}")
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python benchmarks/diagnosis", description=__doc__)
    parser.add_argument("--half", choices=["tuned", "reported", "all"], default="tuned", help="which tasks")
    parser.add_argument(
        "--verbose", choices=VIEWS, metavar="LOG", help="list the runs of a kind of log that were wrong"
    )
    parser.add_argument("--labels", action="store_true", help="judge logs as text by how the runs were made instead")
    parser.add_argument("--fixtures", action="store_true", help="write the recorded runs of the tests instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
