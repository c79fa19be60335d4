"""Make the files of facts on CIFAR-10 that the book reads: python pipeline/facts.py [DATA_ROOT]

Images and CIFAR-10N's label files are not part of the book; means and counts of them are, with their source. The data
root is the argument, else the environment variable NLR_DATA.
"""

import json
import sys

from nlr import files
from nlr.data import human_facts, image_facts
from nlr.errors import NlrError
from nlr.paths import RESULTS


def main(root=None):
    """Write the files and name them."""
    for name, facts in (("cifar10n", human_facts), ("cifar10", image_facts)):
        path = RESULTS / f"{name}-facts.json"
        files.write_whole(path, f"{json.dumps(facts(root))}\n".encode())
        print(f"written: {path.relative_to(RESULTS.parent)}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except NlrError as error:
        sys.exit(str(error))
