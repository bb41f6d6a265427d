#!/usr/bin/python3
"""Generates the four faces of the GL spec: encoders, decoders, fold table, printer.

usage: generate.py OUTDIR        writes OUTDIR/*.h and *.cpp; files that did not change keep their time
       generate.py --list        prints the names of the files it writes
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")]

from mako.lookup import TemplateLookup

from answers import Answers
from commands import HERE, Spec
from effects import Effects
from write_if_changed import write_if_changed

PARTS = 4
WHOLE = ["gl_types.h", "ops.h", "records.h", "encode.h", "answers.h", "exports.h", "hidden.h", "entries.cpp", "driver.h", "driver.cpp",
         "decode_table.cpp", "describe.cpp", "fold_table.cpp"]
SPLIT = ["encoders", "decoders"]


def outputs():
    return WHOLE + [f"{s}_{p}.cpp" for s in SPLIT for p in range(PARTS)]


def kind_of(arg):
    """How the printer shows a parameter."""
    base = arg.param.base
    if arg.role == "pointer":
        return "Pointer"
    if arg.role == "strings":
        return "Strings"
    if arg.role != "value":
        if arg.is_out and arg.name_use != "gen":
            return "Out"
        return {"GLfloat": "Floats", "GLuint": "Uints", "GLint": "Ints", "GLenum": "Enums",
                "GLchar": "Text", "GLcharARB": "Text", "GLsizei": "Ints"}.get(base, "Bytes")
    if arg.cls:
        return "Name"
    return {"GLenum": "Enum", "GLbitfield": "Bits", "GLboolean": "Boolean", "GLfloat": "Float",
            "GLclampf": "Float", "GLdouble": "Double", "GLclampd": "Double", "GLbyte": "Int8",
            "GLubyte": "Uint8", "GLshort": "Int16", "GLushort": "Uint16", "GLint": "Int",
            "GLsizei": "Int", "GLfixed": "Int", "GLclampx": "Int", "GLuint": "Uint",
            "GLhandleARB": "Uint", "GLintptr": "Int64", "GLsizeiptr": "Int64",
            "GLintptrARB": "Int64", "GLsizeiptrARB": "Int64", "GLint64": "Int64",
            "GLuint64": "Uint64"}.get(base, "Uint64")


def enum_names(registry):
    """One name a value: the shortest without a vendor's suffix, as people read them."""
    best = {}
    for name, value in registry.enums.items():
        if not 0 <= value < 1 << 32 or name.endswith("_BIT") or "_BIT_" in name:
            continue
        vendor = name.rsplit("_", 1)[-1] in ("ARB", "EXT", "NV", "ATI", "OES", "SGIS", "SGIX", "APPLE",
                                              "AMD", "INTEL", "MESA", "SUN", "IBM", "HP", "KHR", "QCOM", "IMG")
        key = (vendor, len(name), name)
        if value not in best or key < best[value][0]:
            best[value] = (key, name)
    return sorted((v, n) for v, (_, n) in best.items())


def main():
    if sys.argv[1] == "--list":
        print(";".join(outputs()))
        return
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    spec = Spec()
    lookup = TemplateLookup(directories=[os.path.join(HERE, "templates")], strict_undefined=True)
    effects = Effects(spec)
    common = dict(spec=spec, effects=effects, answers=Answers(spec, effects), kind_of=kind_of, enum_names=enum_names(spec.registry))
    for name in WHOLE:
        write_if_changed(os.path.join(out, name), lookup.get_template(name + ".mako").render(**common))
    encoded = [op for op in spec.ops if not op.face and not op.by_hand and not op.extra]
    decoded = [op for op in spec.ops if not op.by_hand and not op.decode_by_hand]
    for stem, ops in (("encoders", encoded), ("decoders", decoded)):
        for part in range(PARTS):
            text = lookup.get_template(stem + ".cpp.mako").render(part=part, ops=ops[part::PARTS], **common)
            write_if_changed(os.path.join(out, f"{stem}_{part}.cpp"), text)
    stamp = os.path.join(out, "stamp")
    with open(stamp, "w") as f:
        f.write("generated\n")


if __name__ == "__main__":
    main()
