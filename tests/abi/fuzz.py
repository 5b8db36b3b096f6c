"""Drives the shipped module with sequences of callbacks and with whatever a host may answer.

`fuzz.py replay MODULE` plays the corpus and some new sequences, the same each time. `fuzz.py explore MODULE SECONDS` plays
new sequences: with SEED in the environment those of an earlier run, in the same order; with KEEP=1 what reaches something
new is kept in the corpus.
"""

import os
import sys
from collections.abc import Callable
from hashlib import sha256
from itertools import count, takewhile
from pathlib import Path
from random import Random
from time import monotonic

from author import CALLBACKS, USUAL_BYTES, Author
from change import changed
from hostile import Subject
from laws import Broken
from material import CALLS
from play import Play
from reached import Reached
from shrink import shrunk
from steps import from_text, to_text

CORPUS = Path(__file__).with_name("corpus")
#: Of a hundred sequences so many are new; the others are changed ones that reached something.
NEW = 40
SECONDS_BETWEEN_LINES = 15
#: What is played besides the corpus before a change lands: so many new sequences, those of this seed.
SEED, SEQUENCES = 1, 1_000


def corpus() -> dict:
    return {path.name: from_text(path.read_text()) for path in sorted(CORPUS.iterdir())}


def law_broken(module: Subject, steps: list) -> str | None:
    try:
        Play(module).play(steps)
    except Broken as broken:
        return broken.law
    return None


def fail(module: Subject, steps: list, broken: Broken, origin: str):
    print(f"\nBROKEN by {origin}: {broken}", file=sys.stderr)
    steps = shrunk(steps, lambda tried: law_broken(module, tried) == broken.law)
    text = to_text(steps)
    path = CORPUS / f"found-{broken.law.replace(' ', '-')}-{sha256(text.encode()).hexdigest()[:6]}"
    path.write_text(f"# {broken.law}: {origin}\n{text}")
    print(f"\nshrunk to {len(steps)} steps, in {path.relative_to(Path.cwd())}:\n\n{text}", file=sys.stderr)
    sys.exit(1)


def replay(module: Subject, reached: Reached):
    """Every sequence of the corpus; one that breaks a law is shown as it is."""
    names = corpus()
    if not names:
        sys.exit("the corpus is empty")
    for name, steps in names.items():
        play = Play(module)
        try:
            play.play(steps)
        except Broken as broken:
            sys.exit(f"tests/abi/corpus/{name} breaks a law at its step {play.place + 1}: {broken}")
        reached.add(play)


def explore(module: Subject, seconds: float):
    seed = int(os.environ.get("SEED") or int.from_bytes(os.urandom(4), "little"))
    print(f"SEED={seed} plays these sequences again", flush=True)
    reached = Reached()
    replay(module, reached)
    print(f"the corpus: {reached.line()}", flush=True)
    until = monotonic() + seconds
    play_new(module, reached, seed, lambda _: monotonic() < until)
    reached.tell()


def play_new(module: Subject, reached: Reached, seed: int, goes_on: Callable[[int], bool]):
    """Plays new sequences, each of them told by the seed and its number, while `goes_on` with the next number."""
    pool = list(corpus().values())
    next_line, kept = monotonic() + SECONDS_BETWEEN_LINES, 0
    for number in takewhile(goes_on, count(1)):
        steps = new_sequence(Random(seed << 32 | number), pool)
        play = Play(module)
        try:
            play.play(steps)
        except Broken as broken:
            fail(module, steps, broken, f"sequence {number} of SEED={seed}")
        new = reached.add(play)
        if new:
            pool.append(steps)
            kept += bool(os.environ.get("KEEP")) and keep(module, steps, new)
        if monotonic() > next_line:
            next_line = monotonic() + SECONDS_BETWEEN_LINES
            print(f"sequence {number:,}: {reached.line()}", flush=True)
    if kept:
        print(f"{kept} sequences were added to the corpus")


def new_sequence(random: Random, pool: list) -> list:
    if random.randrange(100) < NEW:
        return Author(random.randbytes(random.choice([60, 200, USUAL_BYTES, 2 * USUAL_BYTES]))).steps()
    return changed(random.choice(pool), pool, random)


def play_fixed(module: Subject):
    """What must hold before a change lands: the corpus, and new sequences that are the same each time."""
    reached = Reached()
    replay(module, reached)
    print(f"the corpus: {reached.line()}", flush=True)
    play_new(module, reached, SEED, lambda number: number <= SEQUENCES)
    print(f"with {SEQUENCES:,} new ones of SEED={SEED}: {reached.line()}")


def keep(module: Subject, steps: list, new: set) -> bool:
    """The shortest sequence that still reaches all of it, into the corpus."""

    def still(tried: list) -> bool:
        play = Play(module)
        try:
            play.play(tried)
        except Broken:
            return False
        return new <= play.edges

    text = to_text(shrunk(steps, still))
    CORPUS.joinpath(f"reached-{sha256(text.encode()).hexdigest()[:8]}").write_text(text)
    return True


def know_all(module: Subject):
    """A callback that nobody calls and a call that nobody answers wrongly would go untried."""
    exports = {name.removeprefix("proxy_on_") for name in module.callbacks if name.startswith("proxy_on_")}
    untried = sorted(exports - set(CALLBACKS) | {one.name for one in module.imports} - set(CALLS))
    if untried:
        sys.exit(f"the module has what no sequence tries: {untried}; see CALLBACKS in author.py, CALLS in material.py")


def main(how: str, path: str, seconds: str = "60"):
    module = Subject(Path(path).read_bytes())
    know_all(module)
    if how == "explore":
        return explore(module, float(seconds))
    return play_fixed(module)


if __name__ == "__main__":
    main(*sys.argv[1:])
