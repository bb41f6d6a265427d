"""effects.spec as rules, one an operation."""

import re

from commands import CLASS_OF_REGISTRY, CLASSES, SpecError, _matches, table

GROUPS = ["CURRENT", "POINT", "LINE", "POLYGON", "POLYGON_STIPPLE", "PIXEL_MODE", "LIGHTING", "FOG",
          "DEPTH_BUFFER", "ACCUM_BUFFER", "STENCIL_BUFFER", "VIEWPORT", "TRANSFORM", "ENABLE",
          "COLOR_BUFFER", "HINT", "EVAL", "LIST", "TEXTURE", "SCISSOR", "MULTISAMPLE"]


class Rule:
    def __init__(self, effect, family, keys, groups):
        self.effect, self.family, self.keys, self.groups = effect, family, keys, groups
        self.cls = self.address = None


class Effects:
    def __init__(self, spec):
        self.families = []
        self.family_groups = {}
        self.rules = {}
        rows = list(table("effects.spec"))
        used = set()
        withheld = {n for e in spec.withheld for n in spec.registry.extensions[e]}
        for op in spec.ops:
            if op.by_hand:
                continue
            row = self._row(rows, op, used)
            if not row:
                row = self._names_row(op)
            if row and row[0][1] == "veto":
                continue
            if row:
                self.rules[op.name] = self._rule(spec, op, *row)
            elif not op.extra and op.name not in withheld:
                raise SpecError(f"effects.spec: {op.name} is advertised, but no line says what it does")
        for words, where in rows:
            if where not in used and not any(_matches(words[0], o.name) for o in spec.ops):
                raise SpecError(f"{where}: {words[0]} matches no command")

    # The most exact line counts: a plain name, else the one with most fixed characters.
    def _row(self, rows, op, used):
        best = None
        for words, where in rows:
            if _matches(words[0], op.name):
                exact = len(words[0].replace("*", "")) + (1000 if words[0] == op.name else 0)
                if best is None or exact > best[0]:
                    best = (exact, words, where)
        if best:
            used.add(best[2])
            return best[1], best[2]
        return None

    # gen, create and delete follow from names.spec.
    def _names_row(self, op):
        if op.gen:
            return ["gen", "gen", op.gen.cls], "names.spec"
        if op.creates:
            return ["create", "create", op.creates], "names.spec"
        for a in op.args:
            if a.name_use == "delete":
                return ["delete", "delete", a.cls], "names.spec"
        return None

    def family(self, name):
        if name not in self.families:
            self.families.append(name)
        return self.families.index(name) + 1

    def _rule(self, spec, op, words, where):
        effect, rest = words[1], words[2:]
        groups = 0
        for g in [w for w in rest if w.startswith("+")]:
            groups |= 1 << GROUPS.index(g[1:])
        rest = [w for w in rest if not w.startswith("+")]
        rule = Rule(effect, rest[0] if rest else None, rest[1:], groups)
        rule.function = None
        rule.key_fields = []
        if effect == "hand":
            rule.function, rule.family, rule.keys = rest[0], None, []
            for slots in rest[1:]:
                n = self.family(slots)
                self.family_groups[n] = self.family_groups.get(n, 0) | groups
        if effect == "as":
            rule.retarget, rule.family, rule.keys = rest[0], None, []
            self._as(spec, op, rule, where)
        if effect in ("gen", "create", "delete"):
            rule.family, rule.cls, rule.keys = None, rest[0], []
            return rule
        if ":" in effect:
            cls, param = effect.split(":")
            rule.effect, rule.cls = "object", cls
            rule.address = None
            if param != "-":
                rule.address = self._param(op, param, where)
        if rule.family:
            n = self.family(self.qualified(rule))
            self.family_groups[n] = self.family_groups.get(n, 0) | groups
        rule.key_fields = [self._key(spec, op, k, where) for k in rule.keys]
        return rule

    # --- commands that are one of the core's with something else in place of what is bound
    CORE_NAMES = {
        "texture": [(r"gl(Compressed|Copy)?Texture(\w+)EXT", r"gl\1Tex\2"),
                    (r"glGenerateTextureMipmapEXT", "glGenerateMipmap")],
        "unit": [(r"gl(Compressed|Copy)?MultiTex((?!ture)\w+)EXT", r"gl\1Tex\2"),
                 (r"glBindMultiTextureEXT", "glBindTexture"),
                 (r"glGenerateMultiTexMipmapEXT", "glGenerateMipmap")],
        "matrix": [(r"glMatrix(Load|Mult)(Transpose)?([fd])EXT", r"gl\1\2Matrix\3"),
                   (r"glMatrix(Push|Pop)EXT", r"gl\1Matrix"), (r"glMatrix(\w+)EXT", r"gl\1")],
        "framebuffer": [(r"glNamedFramebuffer(TextureFace)EXT", r"glFramebuffer\1ARB"),
                        (r"glNamedFramebuffer(\w+)EXT", r"glFramebuffer\1"),
                        (r"gl(?:Framebuffer(DrawBuffers?|ReadBuffer)EXT|NamedFramebuffer(DrawBuffers?|ReadBuffer))", r"gl\1\2")],
        "renderbuffer": [(r"glNamedRenderbuffer(\w+)EXT", r"glRenderbuffer\1")],
        "arb_program": [(r"glNamedProgramStringEXT", "glProgramStringARB"),
                        (r"glNamedProgramLocalParameters4fvEXT", "glProgramLocalParameters4fvEXT"),
                        (r"glNamedProgram(\w+)EXT", r"glProgram\1ARB")]}
    CORE_TARGET = {"framebuffer": "GL_FRAMEBUFFER", "renderbuffer": "GL_RENDERBUFFER"}

    def _as(self, spec, op, rule, where):
        for pattern, core in self.CORE_NAMES[rule.retarget]:
            if re.fullmatch(pattern, op.name):
                name = spec._canonical(re.sub(pattern, core, op.name))
                break
        rule.core = spec.by_name[name]
        mine, its = [a for a in op.args[1:] if a.recorded], [a for a in rule.core.args if a.recorded]
        rule.constant = None
        if len(its) == len(mine) + 1: # the target that the object needs no more
            rule.constant = its[0], spec.registry.enums[self.CORE_TARGET[rule.retarget]]
            its = its[1:]
        for a, b in zip(mine, its, strict=True):
            if a.in_record != b.in_record and not (a.role == b.role == "value" and a.param.size == b.param.size):
                raise SpecError(f"{where}: {op.name}.{a.name} is not {name}.{b.name}")
        rule.copies = list(zip(mine, its))

    def qualified(self, rule):
        return f"{rule.cls}.{rule.family}" if rule.cls else rule.family

    def _param(self, op, name, where):
        for a in op.args:
            if a.name == name:
                return a
        # Variants of one family differ in their parameters' names: the object's name or the
        # target is the first parameter in all of them.
        if op.args and op.args[0].role == "value":
            return op.args[0]
        raise SpecError(f"{where}: {op.name} has no parameter {name}")

    def _key(self, spec, op, word, where):
        if word.startswith("="):
            return None, spec.registry.enums[word[1:]]
        name, _, whole = word.partition("!")
        arg = next((a for a in op.args if a.name in name.split("|")), None)
        if arg is None:
            raise SpecError(f"{where}: {op.name} has no parameter {name}")
        return arg, (spec.registry.enums[whole] if whole else None)

    # Commands before which the app's writes to persistent maps must be there: what may read a
    # buffer, writes one in order with the app, or lets another thread or context go on from here.
    READ_BUFFERS = {"begin", "dispatch", "named_framebuffer_drawn", "buffer_write", "buffer_copy", "buffer_dirty",
                    "pack_to_buffer", "texture_image", "texture_update", "call_list", "call_lists", "bitmap",
                    "fence_sync", "swap", "end_query"}
    READ_BUFFERS_TOO = {"glGetBufferSubData", "glGetNamedBufferSubData", "glFlush", "glFinish", "wsWaitGL",
                        "glInvalidateBufferData", "glInvalidateBufferSubData", "glPolygonStipple"}

    def may_read_buffers(self, op):
        rule = self.rules.get(op.name)
        if op.name in ("xBufferWrite", "xBufferRead"):
            return False # what the flush itself is made of
        return bool(op.name in self.READ_BUFFERS_TOO or re.match(r"glMemoryBarrier|glPixelMap", op.name)
                    or rule and (rule.effect == "draw" or rule.function in self.READ_BUFFERS))

    # --- pieces of the table
    def name_fields(self, op):
        """Object names in the record that the emitted log must write anew."""
        return [a for a in op.args if a.role == "value" and a.cls and a.cls != "uniform"
                and a.name_use != "delete"][:3]

    def name_text(self, op):
        return ", ".join(f"{{offsetof(rec::{op.name}, {a.name}), NameClass::{a.cls}}}"
                         for a in self.name_fields(op))

    def key_text(self, op, rule):
        texts = []
        for a, whole in rule.key_fields:
            if a is None:
                texts.append(f"{{0, 255, false, {whole}}}")
                continue
            size = a.param.size if a.role == "value" else 0
            texts.append(f"{{offsetof(rec::{op.name}, {a.name}), {size}, "
                         f"{'true' if whole is not None else 'false'}, {whole or 0}}}")
        return ", ".join(texts)

    def address_text(self, rule):
        if rule.address is None:
            return "Current"
        return "Name" if rule.address.cls else "Target"

    # --- fields that the hand-written functions look up by name
    FIELDS = {
        "target": ("target",), "texture": ("texture",), "level": ("level",), "layer": ("layer",),
        "internal_format": ("internalformat", "internalFormat"),
        "x": ("xoffset",), "y": ("yoffset",), "z": ("zoffset",),
        "width": ("width",), "height": ("height",), "depth": ("depth",),
        "format": ("format",), "type": ("type",), "pixels": ("pixels", "data", "bits"),
        "image_size": ("imageSize",), "attachment": ("attachment",), "textarget": ("textarget",),
        "renderbuffer": ("renderbuffer",), "framebuffer": ("framebuffer", "drawFramebuffer"),
        "buffer": ("buffer",), "index": ("index",), "offset": ("offset",), "size": ("size",),
        "pname": ("pname",), "face": ("face",), "light": ("light",), "plane": ("plane", "p"),
        "coord": ("coord",), "count": ("count", "n"), "first": ("first",), "program": ("program",),
        "location": ("location",), "id": ("id",), "array": ("array",), "flags": ("flags",),
        "usage": ("usage",), "levels": ("levels",), "samples": ("samples",), "cap": ("cap",),
        "list": ("list",), "stride": ("stride",), "pointer": ("pointer",), "stages": ("stages",),
        "mask": ("mask",), "unit": ("unit",), "access": ("access",), "vaobj": ("vaobj",),
        "block": ("uniformBlockIndex", "storageBlockIndex"),
        "names": ("textures", "buffers", "framebuffers", "renderbuffers", "arrays", "ids",
                  "samplers", "pipelines", "programs"),
        "object": ("shader", "program", "obj"),
    }

    def fields(self, op):
        """(field, the record's member, bytes)"""
        found = []
        for field, names in self.FIELDS.items():
            for a in op.args:
                if a.name in names and a.recorded:
                    size = 8 if a.role != "value" or a.scalar == "GLuint64" else a.param.size
                    found.append((field, a.name, size))
                    break
        if op.creates:
            found.append(("created", "name", 4))
        return found

    def functions(self):
        return sorted({r.function for r in self.rules.values() if r.function})

    def payloads_text(self, op):
        refs = [] if op.by_hand else [a for a in op.args if a.recorded and a.role not in ("value", "pointer")
                                      and (not a.is_out or a is op.gen)]
        # Results may lie in the arena too: the pruner frees their space, but does not keep them.
        refs += [a for a in op.args if not op.by_hand and a.is_out and a is not op.gen]
        return f"{{{len(refs)}, {{{', '.join(f'offsetof(rec::{op.name}, {a.name})' for a in refs)}}}}}"
