"""Build the site by the rules of the Snakefile.

Snakemake's own command limits how many jobs begin in a second, and for that looks at the inputs of all waiting jobs
again and again, the more often the more jobs are done: about a fifth of the work of a whole build. Its Python interface
has no such limit unless asked. Its locks outlive a build that is killed; in their place stands one that does not.
"""

import argparse
import gc
from pathlib import Path

import warm
from alone import alone
from snakemake.api import SnakemakeApi
from snakemake.settings.enums import Quietness
from snakemake.settings.types import DAGSettings, ExecutionSettings, OutputSettings, ResourceSettings

gc.set_threshold(50_000)  # Python's 700 has the collector look through all that was made, again and again
QUIET = {Quietness.HOST, Quietness.PROGRESS, Quietness.RULES}


def build(cores, dry_run=False, only=None):
    """Make what is out of date, on a number of cores, as many pages at a time; a dry run only looks for it.

    Args:
        cores: how many pages at a time.
        dry_run: whether to make nothing.
        only: a file of the Snakefile that is made with what it needs, instead of the whole site.

    Returns:
        Whether everything was made; what went wrong has been printed.
    """
    settings = ExecutionSettings(standalone=True, lock=False)
    with (
        alone("build") as lock,
        warm.warmed(lock),
        SnakemakeApi(OutputSettings(quiet=QUIET)) as snakemake,
    ):
        try:
            workflow = snakemake.workflow(ResourceSettings(cores=cores), snakefile=Path("Snakefile"))
            wanted = DAGSettings(targets={only} if only else set(), force_incomplete=True)
            workflow.dag(wanted).execute_workflow(
                pseudo_executor="dryrun" if dry_run else None, execution_settings=settings
            )
        except Exception as error:  # as Snakemake's own command does
            snakemake.print_exception(error)
            return False
    return True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cores", type=int, default=2, help="how many pages at a time (2)")
    parser.add_argument("--dry-run", action="store_true", help="make nothing, only see whether it could be")
    parser.add_argument("--only", metavar="FILE", help="make this file with what it needs, not the whole site")
    raise SystemExit(not build(**vars(parser.parse_args())))
