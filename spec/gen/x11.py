#!/usr/bin/python3
"""Generates the X11 walkers, tables and field offsets from xcb-proto and spec/x11.

usage: x11.py OUTPUT_DIR
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../x11"))

from mako.template import Template  # noqa: E402

import lower                        # noqa: E402
from xcbproto import Protocol, Scalar, Unsupported  # noqa: E402

MODULES = ("xproto bigreq xc_misc ge shape sync xfixes damage render randr composite xinerama "
           "screensaver xtest xinput xkb glx").split()
# Walkers only: hidden from the app. They keep the generator honest over all the usual 26 modules.
HIDDEN = "shm dri2 dri3 present xv record xf86vidmode dbe dpms".split()
VERBS = ("plain", "track", "keep", "veto", "answer")


def read_spec(name):
    with open(os.path.join(HERE, "../x11", name)) as f:
        for number, line in enumerate(f, 1):
            line = line.split("#")[0].strip()
            if line:
                yield f"{name}:{number}", line


def read_roles():
    roles = {}
    for _, line in read_spec("roles.spec"):
        module, path, role = line.split()
        message, _, field = path.rpartition(".")
        roles[module, message, field] = role
    return roles


def read_effects():
    """{module: {request: (verb, key fields or None)}}"""
    effects, module = {}, None
    for where, line in read_spec("effects.spec"):
        if line.startswith("["):
            module = effects.setdefault(line.strip("[]"), {})
            continue
        verb, rest = line.split(None, 1)
        if verb not in VERBS:
            sys.exit(f"{where}: no such effect: {verb}")
        for name, key in re.findall(r"([A-Za-z0-9*]+)(?:\(([^)]*)\))?", rest):
            if name in module:
                sys.exit(f"{where}: {name} twice")
            module[name] = (verb, [k.strip() for k in key.split(",") if k.strip()])
    return effects


def cpp(name):
    """An XML field name as a C++ identifier."""
    return name + "_" if name in ("class", "delete", "new", "explicit", "register", "private", "xor") else name


class Entry:
    """A request or event with all that the templates want to know of it."""

    def __init__(self, generator, module, message, kind):
        self.message, self.name, self.number = message, message.name, message.number
        self.walker = generator.walker(module, message, message.name, kind)
        self.places, self.size = lower.fixed_fields(module, message, kind)
        self.reply = self.reply_walker = None
        self.reply_places = []
        if message.reply:
            self.reply = message.reply
            self.reply_walker = generator.walker(module, message.reply, message.name, "reply")
            self.reply_places, _ = lower.fixed_fields(module, message.reply, "reply")


class Generated:
    """One module, lowered."""

    def __init__(self, protocol, name, effects, roles):
        self.module = protocol.load(name)
        self.name, self.xname = name, self.module.xname
        self.lowering = lower.Lowering(roles)
        self.walkers, self.skipped = [], []
        self.requests = [Entry(self, self.module, m, "request") for m in self.module.requests()]
        events = list(self.module.events())
        self.events = [Entry(self, self.module, m, "event") for m in events if not m.generic]
        self.generic_events = [Entry(self, self.module, m, "generic_event") for m in events
                               if m.generic]
        self.error_count = self.module.error_count()
        self.event_count = 1 if name == "xkb" else max((e.number for e in self.events), default=-1) + 1
        if name == "glx":
            self.event_count = 17       # the server reserves more than the XML tells of
        self.effects = effects
        self.check()

    def check(self):
        if self.effects is None or "*" in self.effects:
            return
        have, told = {r.name for r in self.requests}, set(self.effects)
        if have != told:
            sys.exit(f"effects.spec [{self.name}]: missing {sorted(have - told)}, "
                     f"unknown {sorted(told - have)}")

    def walker(self, module, message, name, kind):
        cname = f"{kind}_{module.name}_{name}"
        try:
            walker = self.lowering.message(module, message, cname, kind)
        except Unsupported as reason:
            sys.exit(f"no walker for the {kind} {module.name}.{name}: {reason}")
        self.walkers.append(walker)
        return walker

    def effect(self, request):
        if self.effects is None:
            return ("veto", [])
        return self.effects.get(request.name) or self.effects["*"]

    def key(self, request):
        """[(offset, size, is_window)] of a kept request's key."""
        places = dict(request.places)
        types = {e.get("name"): e.get("type") for e in request.message.fields}
        out = []
        for field in self.effect(request)[1]:
            name = field.rstrip("*")
            if name not in places:
                sys.exit(f"effects.spec: {self.name}.{request.name} has no fixed field {name}")
            out.append((places[name], self.module.resolve(types[name]).size, field.endswith("*")))
        return out


def render(template, out, **context):
    path = os.path.join(HERE, "x11_templates", template)
    text = Template(filename=path, strict_undefined=True).render(cpp=cpp, lower=lower, **context)
    if os.path.exists(out):
        with open(out) as f:
            if f.read() == text:
                return
    with open(out, "w") as f:
        f.write(text)


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    protocol, effects, roles = Protocol(), read_effects(), read_roles()
    modules = [Generated(protocol, name, effects.get(name), roles) for name in MODULES + HIDDEN]
    for m in modules:
        structs = list(m.lowering.structs.values())
        render("walkers.cpp.mako", f"{out}/walk_{m.name}.cpp", m=m, structs=structs)
    render("walkers.h.mako", f"{out}/walkers.h", modules=modules)
    render("modules.cpp.mako", f"{out}/modules.cpp", modules=modules, hidden=HIDDEN)
    render("protocol.h.mako", f"{out}/protocol.h", modules=modules)
    render("trackers.h.mako", f"{out}/trackers.h", modules=modules)


main()
