"""incremental_test.py [--user] [--profile P] [--chain N]: images that build on others, on a program that changes its
memory in every way and compares all of it by itself."""
import argparse
import contextlib
import glob
import json
import os
import random
import shutil
import sys
import time

from driver import Failed, Session, wait_for


class Churning(Session):
    checks = 0

    def begin(self, *options):
        self.start("churn", options=options)

    def checked(self, what):
        """The program compares all its memory, and goes on."""
        number = self.checks
        # A restored program counts from where its image did: it finds all earlier questions there.
        for stale in glob.glob(self.path("checked.*")):
            with contextlib.suppress(FileNotFoundError): # an answer that was being renamed
                os.unlink(stale)
        open(self.path(f"check.{number}"), "w").close()
        self.checks += 1
        answer = self.path(f"checked.{number}")
        wait_for(lambda: os.path.exists(answer) or self.process.poll() is not None, 120,
                 "the program to check its memory: " + what)
        if not os.path.exists(answer):
            raise Failed(f"{what}: ended with {self.process.poll()}: {self.stderr()}")
        with open(answer) as f:
            text = f.read().strip()
        if text != "ok":
            raise Failed(f"{what}: {text}")

    def info(self, image):
        r = self.run("glckpt-info", "--json", image)
        if r.returncode != 0:
            raise Failed(f"glckpt-info: {r.stderr}")
        return json.loads(r.stdout)

    def must(self, tool, *args):
        r = self.run(tool, *args, timeout=240)
        if r.returncode != 0:
            raise Failed(f"{tool} {args}: {r.stderr}")

    def refused(self, image, *words):
        for args in (["glckpt-restore", image], ["glckpt-restore", "--lazy", image],
                     ["glckpt-restore", "--check", image], ["glckpt-info", "--verify", image],
                     ["glckpt-info", "--flatten", self.path("never.gck"), image]):
            r = self.run(*args, timeout=240)
            lazily = "--lazy" in args and "damaged" in words
            if r.returncode == 0 or not all(w in r.stderr for w in words):
                if lazily and "the program is ended" in r.stderr:
                    continue
                raise Failed(f"{args}: {r.returncode} {r.stderr!r}, not refused with {words}")
        if glob.glob(self.path("never.gck*")):
            raise Failed("a refused --flatten left something behind")


def expect(condition, what):
    if not condition:
        raise Failed(what)


def take_chain(s, profile, length):
    images = []
    for i in range(length):
        image = s.path(f"chain-{i}.gck")
        taken = s.checkpoint("--incremental", "--profile", profile, "--output", image)
        expect(taken["kind"] == ("incremental" if i else "full"), f"image {i} is {taken['kind']}")
        images.append((image, max(taken["bytes"], os.stat(image).st_blocks * 512)))
        s.checked(f"resume {i}")
        time.sleep(0.2)
    for i, (image, stored) in enumerate(images):
        chain = s.info(image)["chain"]
        if i == 0:
            expect(chain is None, "the full image builds on something")
            continue
        expect(chain["depth"] == i and chain["parent"] == images[i - 1][0], f"chain of {i}: {chain}")
        expect(all(n["trouble"] is None for n in chain["needs"]), f"needs of {i}: {chain}")
        expect(stored < images[0][1] / 2, f"image {i} has {stored} bytes, the full one "
                                          f"{images[0][1]}")
    return [image for image, _ in images]


def restore_each(s, images, profile):
    for i, image in enumerate(images):
        s.must("glckpt-restore", "--check", image)
        s.restore(image, *(["--lazy"] if i % 2 and profile == "raw" else []))
        s.checked(f"restore of {i}")
        if i == 4:  # a restored program's chain goes on
            more = s.path("after-restore.gck")
            taken = s.checkpoint("--incremental", "--profile", profile, "--output", more)
            expect(taken["kind"] == "incremental", "after a restore: " + taken["kind"])
            s.checked("resume after a restore")
            s.kill()
            s.restore(more)
            s.checked("second generation")
        s.kill()


def flatten(s, last, images):
    flat = s.path("flat.gck")
    s.must("glckpt-info", "--flatten", flat, last)
    away = s.path("away")
    os.mkdir(away)
    if s.user is not None:
        os.chown(away, s.user, s.user)
    for image in images:
        shutil.move(image, away)
    expect(s.info(flat)["chain"] is None, "a flattened image builds on something")
    s.must("glckpt-restore", "--check", flat)
    s.restore(flat)
    s.checked("flattened")
    s.kill()
    # A chain may be moved as a whole.
    s.restore(os.path.join(away, os.path.basename(last)))
    s.checked("moved chain")
    s.kill()
    for image in images:
        shutil.move(os.path.join(away, os.path.basename(image)), image)


def lose_parents(s, images):
    last, base = images[-1], images[0]
    needed = [n["image"] for n in s.info(last)["chain"]["needs"]]
    expect(base in needed, f"the last image does not need the first: {needed}")
    os.rename(base, base + ".away")
    s.refused(last, base, "missing")
    shutil.copy(images[1], base)
    os.chmod(base, 0o600)
    if s.user is not None:
        os.chown(base, s.user, s.user)
    s.refused(last, base, "another file has that name")
    os.rename(base + ".away", base)
    # One byte of a page that is needed: the middle of the large area.
    with open(base, "r+b") as f:
        data = os.fstat(f.fileno()).st_size // 2
        data = os.lseek(f.fileno(), data, os.SEEK_DATA)
        f.seek(data)
        old = f.read(1 << 16)
        f.seek(data)
        f.write(bytes(b ^ 0x55 for b in old))
    s.refused(last, base, "damaged")
    with open(base, "r+b") as f:
        f.seek(data)
        f.write(old)
    s.must("glckpt-restore", "--check", last)
    flip_bytes(s, last)


def flip_bytes(s, image):
    """Anywhere in an incremental image, what belongs to its chain included."""
    places = random.Random(4)
    with open(image, "r+b") as f:
        size = os.fstat(f.fileno()).st_size
        for place in [size - 40, size - 200] + [places.randrange(size) for _ in range(5)]:
            f.seek(place)
            old = f.read(1)
            f.seek(place)
            f.write(bytes([old[0] ^ 0x10]))
            f.flush()
            if s.run("glckpt-restore", "--check", image).returncode != 1:
                raise Failed(f"byte {place} of {size} was flipped, and nothing noticed")
            f.seek(place)
            f.write(old)
            f.flush()
    s.must("glckpt-restore", "--check", image)


def keep(s, profile):
    """--keep never takes what a kept image needs."""
    with Churning(as_user=s.user is not None) as k:
        k.begin("--full-every", "4", "--keep", "2", "--profile", profile)
        for i in range(9):
            taken = k.checkpoint()
            expect(taken["kind"] == ("full" if i % 4 == 0 else "incremental"),
                   f"image {i} of --full-every 4 is {taken['kind']}")
            left = glob.glob(k.path("*.gck"))
            expect(taken["image"] in left and len(left) <= 6, f"--keep 2 has left {left}")
            for image in left if i in (3, 4, 8) else [taken["image"]]:
                k.must("glckpt-restore", "--check", image)
            time.sleep(0.05)
        last = taken["image"]
        # One with a name of its own is full and builds nothing up.
        expect(k.checkpoint("--output", k.path("own.gck"))["kind"] == "full", "--output")
        expect(k.checkpoint("--full")["kind"] == "full", "--full")
        # What would replace the image that it builds on is full.
        own = k.checkpoint("--incremental", "--output", k.path("own.gck"))
        again = k.checkpoint("--incremental", "--output", k.path("own.gck"))
        expect((own["kind"], again["kind"]) == ("incremental", "full"), f"{own} {again}")
        k.kill()
        k.restore(last)
        k.checked("the last of --keep")
        k.finish()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--user", action="store_true")
    p.add_argument("--profile", default="raw")
    p.add_argument("--chain", type=int, default=10)
    a = p.parse_args()
    with Churning(as_user=a.user) as s:
        s.begin()
        images = take_chain(s, a.profile, a.chain)
        s.kill()
        restore_each(s, images, a.profile)
        flatten(s, images[-1], images)
        lose_parents(s, images)
        s.restore(images[-1])
        s.checked("at the end")
        s.finish()
        keep(s, a.profile)
    print("1 chain, ok")


try:
    main()
except Failed as e:
    sys.exit(f"FAILED: {e}")
