"""Make results/cifar10n-facts.json, what the book shows of the human labels: python pipeline/human_facts.py [DATA_ROOT]

The label files of CIFAR-10N may not be passed on; counts of them may, with their source. The data root is the argument,
else the environment variable NLR_DATA.
"""

import json
import sys

from nlr.data import human_facts
from nlr.errors import NlrError
from nlr.paths import RESULTS


def main(root=""):
    """Write the file and name it."""
    path = RESULTS / "cifar10n-facts.json"
    path.write_text(json.dumps(human_facts(root)) + "\n")
    print(f"written: {path.relative_to(RESULTS.parent)}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except NlrError as error:
        sys.exit(str(error))
