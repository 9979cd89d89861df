"""Damaged and hostile inputs, and kills: `python -m benchmarks.fuzz` looks for what the harness must never do.

Each kind (`kinds.KINDS`) makes an input from an undamaged one, hands it to the door that a person's input comes in
through, and judges by something of its own what came out. An input is refused (a ReenactbenchError, or exit status 2)
or accepted; anything else is found:

- traceback: another exception, or an exit status that no command has;
- hang, death and memory: the process that tried it went over its time, ended, or went over its bound;
- wrong: what is known to be wrong was accepted, or numbers were shown that are not the original ones;
- differing: a command that was killed and given again ended with other numbers.

Of some damage nothing can be known: a flipped bit may make another valid file. Where the strictest independent reader
has no complaint either, such an input is counted as `another`.

A seed, a kind and a number make an input again: `--seed 0 --only video --input 17`.
"""
