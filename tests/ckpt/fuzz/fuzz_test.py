"""fuzz_test.py image|wire TARGET --seconds N: a short run of a fuzz target over real images."""
import argparse
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import corpus  # noqa: E402

p = argparse.ArgumentParser()
p.add_argument("kind", choices=("image", "wire"))
p.add_argument("target")
p.add_argument("--seconds", default="10")
a = p.parse_args()
with tempfile.TemporaryDirectory(prefix="glckpt-fuzz-") as folder:
    seeds = os.path.join(folder, "seeds")
    (corpus.images if a.kind == "image" else corpus.wires)(seeds)
    seed = random.randrange(1 << 30)
    r = subprocess.run([a.target, a.seconds, str(seed), seeds], cwd=folder, capture_output=True, text=True)
    print(f"seed {seed}: {r.stdout.strip()}")
    if r.returncode != 0:
        kept = f"/tmp/glckpt-fuzz-{a.kind}-{seed}"
        os.rename(os.path.join(folder, "fuzz-last-input"), kept)
        sys.exit(f"{r.stderr[-3000:]}\ninput kept as {kept}")
