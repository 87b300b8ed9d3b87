"""How many conversations a second the rules read on one core.

python -m benchmarks.regex_analyzer

The labelled conversations that come with the project, in turn, in processor seconds of this process, so that what else
the machine does hardly counts; beside it a plain loop of the same moment, for comparing machines.
"""

from __future__ import annotations

import os
import time

from analyzers import RegexAnalyzer
from analyzers.labelled_conversations import labelled_conversations

ROUNDS = 30
LOOPS = 2_000_000


def main() -> None:
    transcripts = [one.transcript for split in ("development", "test") for one in labelled_conversations(split)]
    messages = sum(len(one.messages) for one in transcripts)
    analyzer = RegexAnalyzer()
    analyzer.analyze(transcripts)  # compiles the rules
    began = time.process_time()
    for _ in range(ROUNDS):
        analyzer.analyze(transcripts)
    seconds = time.process_time() - began
    began = time.process_time()
    for _ in range(LOOPS):
        pass
    loop = time.process_time() - began
    print(f"load {os.getloadavg()[0]:.1f}; {LOOPS / loop / 1e6:,.0f} million empty loops a second")
    print(f"{messages / len(transcripts):.1f} messages a conversation")
    print(f"{ROUNDS * len(transcripts) / seconds:,.0f} conversations a second on one core")


if __name__ == "__main__":
    main()
