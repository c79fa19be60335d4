"""Write the words that the committed records give, and the hash of the code that did, to results/outcomes.json."""

import json

from nlr.evidence import verdicts

if __name__ == "__main__":
    said = {
        "evaluator": verdicts.evaluator(),
        "claims": verdicts.outcomes(verdicts.judge(verdicts.counted(), {})),
    }
    verdicts.COMMITTED.write_text(json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    print(f"written: {verdicts.COMMITTED.name}")
