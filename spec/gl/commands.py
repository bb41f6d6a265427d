"""The spec: the registry's prototypes joined with the tables of this folder.

An Op is one record type. Several entry points may be one Op (glActiveTextureARB is
glActiveTexture). Its parameters have roles, which say how each travels; its fold line says what it
does to the state (effects/*.spec).
"""

import fnmatch
import glob
import os
import re
from dataclasses import dataclass, field

from registry import Registry, Command, Param, SCALARS

HERE = os.path.dirname(os.path.abspath(__file__))
APIS = ("gl", "gles1", "gles2")
CLASSES = ["texture", "buffer", "framebuffer", "renderbuffer", "vertex_array", "query", "sampler",
           "transform_feedback", "pipeline", "arb_program", "program"]
CLASS_OF_REGISTRY = {
    "texture": "texture", "buffer": "buffer", "framebuffer": "framebuffer",
    "renderbuffer": "renderbuffer", "vertex array": "vertex_array", "query": "query",
    "sampler": "sampler", "transform feedback": "transform_feedback",
    "program pipeline": "pipeline", "program": "program", "shader": "program"}
# What has no scalar of the registry but travels as one.
HANDLES = {"GLsync": "GLuint64", "GLDEBUGPROC": "GLuint64", "GLDEBUGPROCARB": "GLuint64",
           "GLDEBUGPROCKHR": "GLuint64", "GLeglImageOES": "GLuint64"}


def table(name):
    """Rows of a .spec file: lists of words; comments and blank lines left out."""
    with open(os.path.join(HERE, name)) as f:
        for n, line in enumerate(f, 1):
            line = line.split("#")[0].strip()
            if line:
                yield line.split(), f"{name}:{n}"


class SpecError(Exception):
    pass


@dataclass
class Arg:
    """A parameter with its role.

    role: value    a scalar in the record
          pointer  the pointer's value itself (8 bytes in the record)
          in       payload; `size` is its bytes
          unpack, pack, indices   payload, or an offset if a buffer is bound (see sizes.spec)
          strings  array of strings -> one payload
          lengths  theirs; travel with them
          out      bytes wanted back
          probe    bytes wanted back, as many as the driver has
    """
    param: Param
    role: str
    size: str | None = None
    cls: str | None = None      # object class
    name_use: str | None = None # use, bind, gen, delete
    strings: tuple | None = None

    @property
    def name(self):
        return self.param.name

    @property
    def in_record(self):
        return "PayloadRef" if self.role not in ("value", "pointer") else (
            "uint64_t" if self.role == "pointer" else self.scalar)

    @property
    def recorded(self):
        return self.role != "lengths"

    @property
    def scalar(self):
        return HANDLES.get(self.param.base) or SCALARS[self.param.base][1]

    @property
    def is_payload(self):
        return self.role in ("in", "unpack", "indices", "strings")

    @property
    def is_out(self):
        return self.role in ("out", "probe", "pack", "query")


@dataclass
class Op:
    command: Command
    args: list[Arg]
    names: list[str]
    face: bool = False      # exported function by hand
    by_hand: bool = False   # no record of its own
    decode_by_hand: bool = False
    certain: bool = False
    waits: bool = False
    noted: bool = False
    immediate: bool = False
    extra: bool = False     # no GL command (extra.spec)
    creates: str | None = None
    gen: Arg | None = None
    fold: object = None

    @property
    def name(self):
        return self.command.name

    def count_before(self, arg):
        """The parameter that counts an array of names: by convention the one before it."""
        return self.args[self.args.index(arg) - 1].name

    @property
    def sync(self):
        if self.creates or self.by_hand:
            return False
        return self.waits or self.command.ret != "void" or any(a.is_out for a in self.args if a is not self.gen)

    @property
    def compiled_into_list(self):
        return not (self.immediate or self.by_hand or self.sync or self.gen or self.creates
                    or any(a.name_use == "delete" for a in self.args))

    @property
    def has_payload(self):
        return any(a.role not in ("value", "pointer") for a in self.args)


def _matches(pattern, text):
    return fnmatch.fnmatchcase(text, pattern)


class Spec:
    def __init__(self):
        self.registry = Registry()
        self.hidden = []
        self.advertised = []
        self.withheld = []
        for words, _ in table("scope.spec"):
            if words[0] != "advertise":
                self.hidden.append(words[1])
            if words[0] != "hide":
                self.advertised.append(words[1])
            if words[0] == "withhold":
                self.withheld.append(words[1])
        self.sizes = [(w[0], w[1], " ".join(w[2:])) for w, _ in table("sizes.spec")]
        self.names_table = list(table("names.spec"))
        self.aliases = list(table("aliases.spec"))
        self.faces = {}
        self.strings = {}
        for words, where in table("faces.spec"):
            if words[0] == "strings":
                self.strings[words[1]] = (words[2], None if words[3] == "-" else words[3])
            else:
                self.faces.setdefault(words[0], []).append(words[1])
        self.ops = self._gl_ops() + self._extra_ops()
        self.by_name = {op.name: op for op in self.ops}
        self.entry_points = {n: op for op in self.ops if not op.extra for n in op.names}

    # --- which commands ----------------------------------------------------------------------
    def _wanted(self):
        names = set()
        for (api, _), commands in self.registry.features.items():
            if api in APIS:
                names.update(commands)
        for e in self.advertised:
            if e not in self.registry.extensions:
                raise SpecError(f"scope.spec: no extension {e} in the registry")
            names.update(self.registry.extensions[e])
        return names

    def _alias(self, name):
        for (kind, pattern), _ in self.aliases:
            if _matches(pattern, name):
                return name[:-3] if kind == "same" else None
        return self.registry.commands[name].alias

    def _canonical(self, name):
        seen = set()
        while name not in seen:
            seen.add(name)
            alias = self._alias(name)
            if not alias or alias not in self.registry.commands:
                return name
            name = alias
        return name

    def _gl_ops(self):
        groups = {}
        for n in self._wanted():
            groups.setdefault(self._canonical(n), set()).add(n)
        ops = []
        for canonical in sorted(groups):
            names = sorted(groups[canonical] | {canonical})
            names.remove(canonical)
            ops.append(self._op(self.registry.commands[canonical], [canonical] + names))
        return ops

    # --- roles -------------------------------------------------------------------------------
    def _op(self, c, names, extra=False):
        flag = lambda kind: any(_matches(p, c.name) for p in self.faces.get(kind, []))
        op = Op(command=c, args=[], names=names, extra=extra)
        op.by_hand = flag("by_hand")
        op.face = flag("face")
        op.decode_by_hand = flag("decode") or extra
        op.certain = flag("certain")
        op.waits = flag("waits")
        op.noted = flag("note")
        op.immediate = flag("immediate") or extra
        for p in c.params:
            op.args.append(self._arg(op, p))
        for a in list(op.args):
            if a.role == "strings" and a.strings[1]:
                next(b for b in op.args if b.name == a.strings[1]).role = "lengths"
        for words, where in self.names_table:
            self._apply_name_row(op, words, where)
        return op

    def _apply_name_row(self, op, words, where):
        kind, what, cls = words
        command, _, param = what.partition(".")
        if not _matches(command, op.name):
            return
        if kind == "create":
            op.creates = cls
            return
        arg = next((a for a in op.args if a.name == param), None)
        if arg is None:
            raise SpecError(f"{where}: {op.name} has no parameter {param}")
        arg.cls = cls
        arg.name_use = "use" if kind == "name" else kind
        if kind == "gen":
            arg.role, op.gen = "in", arg

    def _arg(self, op, p):
        cls = CLASS_OF_REGISTRY.get(p.cls)
        use = "use" if cls else None
        if p.name == "location" and re.match(r"gl(Get)?n?(Program)?Uniform", op.name):
            return Arg(p, "value", cls="uniform", name_use="use")
        if p.pointers == 0:
            if p.base not in SCALARS and p.base not in HANDLES:
                raise SpecError(f"{op.name}: unknown type {p.ctype}")
            return Arg(p, "value", cls=cls, name_use=use)
        if f"{op.name}.{p.name}" in self.strings:
            return Arg(p, "strings", strings=self.strings[f"{op.name}.{p.name}"])
        for pattern, role, size in self.sizes:
            if _matches(pattern, f"{op.name}.{p.name}"):
                role = "pointer" if role == "value" else role
                return Arg(p, role, size=size, cls=cls, name_use=use)
        if op.by_hand:
            return Arg(p, "pointer")
        size = self._size_from_registry(op, p)
        if size is None:
            raise SpecError(f"{op.name}.{p.name}: its size ({p.ctype}, len {p.length}) is not in sizes.spec")
        if size == "probe":
            return Arg(p, "probe", size="1024", cls=cls, name_use=use)
        role = "in" if p.const else "out"
        return Arg(p, role, size=size, cls=cls, name_use=use)

    def _size_from_registry(self, op, p):
        names = {q.name: q for q in op.command.params}
        if p.base not in SCALARS or p.pointers > 1:
            return None
        width = SCALARS[p.base][0]
        n = p.length
        if n and "COMPSIZE" not in n:
            if n.isdigit():
                return str(int(n) * width)
            m = re.fullmatch(r"(\w+)(?:\s*\*\s*(\d+))?", n)
            if m and m[1] in names:
                count = names[m[1]]
                value = f"(*{m[1]})" if count.pointers else m[1]
                if re.match(r"gl(Program)?Uniform(Matrix)?[1-4]", op.name):
                    return f"uniform_bytes({value}, {int(m[2] or 1) * width}, {p.name})"
                return f"bytes({value}, {int(m[2] or 1) * width})"
            return None
        if p.base in ("GLchar", "GLcharARB") and p.const:
            return f"label_bytes({p.name}, -1)"
        # Parameter values by name: the app's side knows the size of what it sends; the size of
        # what it asks for is found by the renderer.
        if "pname" in names or re.match(r"glGet", op.name):
            if p.const:
                return f"pname_values(pname) * {width}"
            return "probe"
        return None

    # --- records that are no commands -----------------------------------------------------------
    def _extra_ops(self):
        ops = []
        with open(os.path.join(HERE, "extra.spec")) as f:
            for line in f:
                line = line.split("#")[0].strip()
                if line:
                    ops.append(self._extra(line))
        return ops

    def _extra(self, line):
        sync = line.startswith("sync ")
        m = re.fullmatch(r"(?:sync )?(\w+) (\w+)\((.*)\)", line)
        params = []
        for text in ([] if m[3] == "void" else m[3].split(",")):
            t = re.fullmatch(r"\s*((?:const )?\w+(?: \*)?)\s*(\w+)\s*", text)
            base = t[1].replace("const ", "").replace(" *", "")
            params.append(Param(name=t[2], ctype=t[1], base=base, pointers=t[1].count("*"),
                                const="const" in t[1], group=None, cls=None, length=None))
        op = Op(command=Command(name=m[2], ret=m[1], params=params, alias=None), args=[],
                names=[m[2]], extra=True, decode_by_hand=True, waits=sync)
        for p in params:
            role = "value" if not p.pointers else ("in" if p.const else "out")
            op.args.append(Arg(p, role, size=f"{p.name}_bytes" if p.pointers else None))
        return op
