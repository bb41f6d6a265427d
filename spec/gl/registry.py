"""The Khronos registry (gl.xml) as plain objects: what a command's prototype is, nothing more.

What a command *does* is said in the tables beside this file (commands.py reads them); what it
looks like comes from here, so that the two cannot drift apart.
"""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

REGISTRY = "/usr/share/khronos-api/gl.xml"

# Bytes of a GL scalar on x86-64, and the C++ type that carries it in a record.
SCALARS = {
    "GLenum": (4, "GLenum"), "GLboolean": (1, "GLboolean"), "GLbitfield": (4, "GLbitfield"),
    "GLbyte": (1, "GLbyte"), "GLubyte": (1, "GLubyte"), "GLshort": (2, "GLshort"),
    "GLushort": (2, "GLushort"), "GLint": (4, "GLint"), "GLuint": (4, "GLuint"),
    "GLsizei": (4, "GLsizei"), "GLfloat": (4, "GLfloat"), "GLclampf": (4, "GLfloat"),
    "GLdouble": (8, "GLdouble"), "GLclampd": (8, "GLdouble"), "GLintptr": (8, "GLintptr"),
    "GLsizeiptr": (8, "GLsizeiptr"), "GLintptrARB": (8, "GLintptr"),
    "GLsizeiptrARB": (8, "GLsizeiptr"), "GLint64": (8, "GLint64"), "GLuint64": (8, "GLuint64"),
    "GLint64EXT": (8, "GLint64"), "GLuint64EXT": (8, "GLuint64"),
    "GLchar": (1, "GLchar"), "GLcharARB": (1, "GLchar"), "GLhandleARB": (4, "GLuint"),
    "GLfixed": (4, "GLfixed"), "GLclampx": (4, "GLfixed"), "GLhalfNV": (2, "GLushort"),
    "void": (1, "GLubyte"),
}


@dataclass
class Param:
    name: str          # C++ name: the registry's, with a "_" where that is a keyword or macro
    ctype: str         # as in the prototype, "const GLfloat *"
    base: str          # scalar under the pointers
    pointers: int      # 0, 1 or 2
    const: bool        # input pointer
    group: str | None
    cls: str | None    # object class, "texture"
    length: str | None # the registry's len attribute

    @property
    def size(self):
        return SCALARS[self.base][0]


@dataclass
class Command:
    name: str
    ret: str
    params: list[Param]
    alias: str | None
    names: list[str] = field(default_factory=list)  # all entry points that are this command

    def param(self, name):
        return next((p for p in self.params if p.name == name), None)

    @property
    def signature(self):
        return ", ".join(f"{p.ctype} {p.name}" for p in self.params) or "void"

    @property
    def call_args(self):
        return ", ".join(p.name for p in self.params)


# Parameter names that are words of the generated code.
RENAMED = {"near": "near_", "far": "far_", "stream": "stream_index"}


def _param(el):
    text = "".join(el.itertext()).strip()
    name = el.find("name").text
    ctype = text[: text.rindex(name)].strip()
    array = text[text.rindex(name) + len(name):].strip()
    pointers = ctype.count("*") + (1 if array else 0)
    if array:
        ctype += " *"
    base = re.sub(r"\bconst\b|\bstruct\b|\*", " ", ctype).strip()
    ctype = re.sub(r"\s*\*\s*", " *", ctype).replace("* *", "**")
    return Param(name=RENAMED.get(name, name), ctype=ctype, base=base,
                 pointers=pointers, const="const" in ctype, group=el.get("group"),
                 cls=el.get("class"), length=el.get("len"))


def _command(el):
    proto = el.find("proto")
    name = proto.find("name").text
    text = "".join(proto.itertext())
    ret = text[: text.rindex(name)].strip()
    alias = el.find("alias")
    return Command(name=name, ret=ret, params=[_param(p) for p in el.findall("param")],
                   alias=alias.get("name") if alias is not None else None)


class Registry:
    def __init__(self, path=REGISTRY):
        root = ET.parse(path).getroot()
        self.commands = {c.name: c for c in map(_command, root.find("commands"))}
        self.features = {}   # (api, "3.2") -> names
        for f in root.findall("feature"):
            self.features[(f.get("api"), f.get("number"))] = [
                q.get("name") for q in f.findall("require/command")]
        self.extensions = {
            e.get("name"): [q.get("name") for q in e.findall("require/command")]
            for e in root.find("extensions")}
        self.enums = {}
        self.groups = {}
        for block in root.findall("enums"):
            for e in block.findall("enum"):
                if e.get("api") in (None, "gl", "gles2"):
                    self.enums.setdefault(e.get("name"), int(e.get("value"), 0))
                    for g in (e.get("group") or "").split(","):
                        if g:
                            self.groups.setdefault(g, []).append(e.get("name"))
