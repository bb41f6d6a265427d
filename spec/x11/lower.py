"""Lowers an X11 message to the steps its walker takes, as small objects that a template prints.

A walker goes over a message once, checks every length, and shows a visitor each value that
another server would number otherwise. Fields that it has no use for melt into one Skip.
"""

from dataclasses import dataclass, field

from xcbproto import Compound, Scalar, Unsupported


@dataclass
class Skip:
    bytes: int


@dataclass
class Align:
    to: int


@dataclass
class Value:
    """One scalar: remembered as `var` when an expression needs it, visited when it has a role."""
    size: int
    role: str | None
    var: str | None


@dataclass
class ScalarList:
    size: int
    role: str | None
    count: str | None       # C++ expression; None: to the end
    start: str | None       # variable that remembers where the list began, for a sum over it


@dataclass
class StructList:
    walker: str
    arguments: list
    count: str | None
    sum_var: str | None = None      # sum of a field over the elements...
    sum_offset: int = 0             # ...at this offset
    sum_size: int = 0


@dataclass
class Switch:
    subject: str            # variable
    expression: str
    cases: list             # (condition, steps)


@dataclass
class End:
    """A struct that says its own length: what we did not understand of it is passed over."""
    start: str
    length: str


@dataclass
class Start:
    var: str


@dataclass
class Walker:
    name: str
    steps: list
    params: list = field(default_factory=list)
    visits: bool = False    # shows the visitor anything at all


LOADS = {1: "u8", 2: "u16", 4: "u32", 8: "u64"}


class Lowering:
    """All walkers of one generated module; structs are lowered on first use."""

    def __init__(self, roles):
        self.roles = roles          # (module, message or "*", field) -> role
        self.structs = {}           # (module, struct) -> Walker
        self.counter = 0

    def fresh(self, hint):
        self.counter += 1
        return f"{hint}_{self.counter}"

    def message(self, module, message, name, kind):
        """kind: "request", "reply", "event" or "generic_event"."""
        key = message.name + (".reply" if kind == "reply" else "")
        body = Body(self, module, key, message.fields)
        # In core requests, replies and events the second byte is the first field's.
        borrowed = module.is_core if kind == "request" else kind in ("reply", "event")
        fixed = {"request": 4, "reply": 8, "event": 4, "generic_event": 10}[kind]
        body.length = "w.request_units()" if kind == "request" else "w.length_field()"
        fields = message.fields
        if kind == "event" and not message.has_sequence:
            body.add(Skip(1))
            body.lower_all(fields)
        elif borrowed:
            body.add(Skip(1))
            if fields:
                body.lower(fields[0])
            body.add(Skip(fixed - 2))
            body.lower_all(fields[1:])
        else:
            body.add(Skip(fixed))
            body.lower_all(fields)
        return Walker(name, merge(body.steps), visits=body.visits)

    def struct(self, compound):
        key = (compound.module.name, compound.name)
        if key not in self.structs:
            body = Body(self, compound.module, compound.name, list(compound.element))
            body.params = [e.text for e in compound.element.iter("paramref")]
            if compound.kind == "union":
                body.add(Skip(max(fixed_size(compound.module, e) for e in compound.element
                                  if e.tag in ("field", "list"))))
            else:
                body.lower_struct(compound.element)
            self.structs[key] = Walker(f"struct_{key[0]}_{key[1]}", merge(body.steps),
                                       body.params, body.visits)
        return self.structs[key]


class Body:
    """One message's or struct's fields, being lowered: the variables in scope, the steps so far."""

    def __init__(self, lowering, module, owner, elements):
        self.lowering, self.module, self.owner = lowering, module, owner
        self.steps, self.scope, self.lists, self.params = [], {}, {}, []
        self.length = "w.length_field()"
        self.visits = False
        elements = list(elements)
        self.needed = {r.text for e in elements for r in e.iter("fieldref")}
        self.summed = {r.get("ref"): r for e in elements for r in e.iter("sumof")}
        for e in elements:      # a struct's parameters are our fields
            if e.tag == "list":
                t = self.module.resolve(e.get("type"))
                if isinstance(t, Compound):
                    self.needed |= {p.text for p in t.element.iter("paramref")}

    def add(self, step):
        self.steps.append(step)

    def lower_all(self, elements):
        for e in elements:
            self.lower(e)

    def lower_struct(self, element):
        told = element.find("length")
        start = self.lowering.fresh("start") if told is not None else None
        if start:
            self.add(Start(start))
        self.lower_all(e for e in element if e.tag not in ("doc", "length"))
        if start:
            self.add(End(start, self.expression(told[0])))

    def lower(self, e):
        handler = getattr(self, "lower_" + e.tag, None)
        if handler is None:
            raise Unsupported(f"<{e.tag}>")
        handler(e)

    def lower_doc(self, e):
        pass

    lower_fd = lower_doc

    def lower_pad(self, e):
        self.add(Skip(int(e.get("bytes"))) if e.get("bytes") else Align(int(e.get("align"))))

    def lower_required_start_align(self, e):
        # The offset says where the struct begins relative to the alignment; messages begin at 0.
        if not e.get("offset"):
            self.add(Align(int(e.get("align"))))

    def role_of(self, e, natural):
        roles, module, name = self.lowering.roles, self.module.name, e.get("name")
        role = roles.get((module, self.owner, name), roles.get((module, "*", name), natural))
        self.visits |= role not in (None, "opaque")
        return None if role == "opaque" else role

    def lower_field(self, e):
        t = self.module.resolve(e.get("type"))
        if isinstance(t, Compound):
            return self.lower_compound(t, "1")
        if t.size == 0:
            return
        var = None
        if e.get("name") in self.needed:
            var = self.scope[e.get("name")] = self.lowering.fresh(e.get("name"))
        self.add(Value(t.size, self.role_of(e, t.role), var))

    lower_exprfield = lower_field

    def lower_compound(self, t, count, sum_over=None):
        if t.kind == "event":
            self.visits = True
            return self.add(ScalarList(32, "event", count, None))
        walker = self.lowering.struct(t)
        self.visits |= walker.visits
        step = StructList(walker.name, [self.scope[p] for p in walker.params], count)
        if sum_over is not None:
            step.sum_var, step.sum_offset, step.sum_size = sum_over
        self.add(step)

    def lower_list(self, e):
        t = self.module.resolve(e.get("type"))
        children = [c for c in e if c.tag != "doc"]
        count = self.expression(children[0]) if children else None
        name = e.get("name")
        if isinstance(t, Scalar):
            if t.size == 0:
                return
            role = self.role_of(e, t.role)
            if role == "event":
                return self.add(ScalarList(32, "event", "1", None))
            start = None
            if name in self.summed:
                start = self.lowering.fresh(name)
                self.lists[name] = (start, count, t.size)
            return self.add(ScalarList(t.size, role, count, start))
        sum_over = None
        if name in self.summed:
            wanted = self.summed[name].find("fieldref").text
            var = self.lowering.fresh("sum_of_" + wanted)
            offset, size = field_position(t, wanted)
            sum_over = (var, offset, size)
            self.lists[name] = var
        self.lower_compound(t, count, sum_over)

    def lower_switch(self, e):
        parts = [c for c in e if c.tag not in ("doc", "required_start_align")]
        subject = self.lowering.fresh(e.get("name"))
        switch = Switch(subject, self.expression(parts[0]), [])
        for case in parts[1:]:
            conditions, fields = [], []
            for c in case:
                if c.tag in ("enumref", "value", "bit") and not fields:
                    test = "&" if case.tag == "bitcase" else "=="
                    conditions.append(f"({subject} {test} {self.expression(c)})")
                elif c.tag not in ("required_start_align", "doc"):
                    fields.append(c)
            outer = self.steps, dict(self.scope), dict(self.lists)
            self.steps = []
            self.lower_all(fields)
            switch.cases.append((" || ".join(conditions), merge(self.steps)))
            self.steps, self.scope, self.lists = outer
        self.add(switch)

    # Expressions, as C++ over uint64_t.
    def expression(self, e, element=None):
        handler = getattr(self, "expr_" + e.tag.replace("-", "_"), None)
        if handler is None:
            raise Unsupported(f"<{e.tag}> in an expression")
        return handler(e, element)

    def expr_op(self, e, element):
        a, b = (self.expression(c, element) for c in e)
        return f"quotient({a}, {b})" if e.get("op") == "/" else f"({a} {e.get('op')} {b})"

    def expr_unop(self, e, element):
        return f"({e.get('op')}{self.expression(e[0], element)})"

    def expr_value(self, e, element):
        return f"{int(e.text, 0)}ull"

    def expr_bit(self, e, element):
        return f"(1ull << {e.text})"

    def expr_enumref(self, e, element):
        return f"{self.module.enum_value(e.get('ref'), e.text)}ull"

    def expr_popcount(self, e, element):
        return f"popcount({self.expression(e[0], element)})"

    def expr_listelement_ref(self, e, element):
        return element

    def expr_fieldref(self, e, element):
        if e.text in self.scope:
            return self.scope[e.text]
        if e.text == "length":
            return self.length
        raise Unsupported(f"no field {e.text}")

    def expr_paramref(self, e, element):
        return e.text

    def expr_sumof(self, e, element):
        found = self.lists[e.get("ref")]
        if isinstance(found, str):
            return found
        start, count, size = found
        term = self.expression(e[0], "x") if len(e) else "x"
        return (f"w.sum<{size}>({start}, {count}, [&](uint64_t x) -> uint64_t {{ return {term}; }})")


def fixed_size(module, e):
    """Bytes of a field or list of known length (what a union is made of)."""
    t = module.resolve(e.get("type"))
    each = t.size if isinstance(t, Scalar) else sum(
        fixed_size(t.module, f) for f in t.element if f.tag in ("field", "list")) + sum(
        int(p.get("bytes") or 0) for p in t.element if p.tag == "pad")
    return each * (int(e.find("value").text) if e.tag == "list" else 1)


def field_position(t, name):
    """(offset, size) of a field that only fixed-size ones precede in its struct."""
    offset = 0
    for e in t.element:
        if e.tag == "pad":
            offset += int(e.get("bytes"))
        elif e.tag == "field":
            scalar = t.module.resolve(e.get("type"))
            if e.get("name") == name:
                return offset, scalar.size
            offset += scalar.size
    raise Unsupported(f"no field {name} in {t.name}")


def merge(steps):
    """What nobody looks at becomes one Skip."""
    out = []
    for step in steps:
        if isinstance(step, Value) and step.role is None and step.var is None:
            step = Skip(step.size)
        if isinstance(step, Skip):
            if step.bytes == 0:
                continue
            if out and isinstance(out[-1], Skip):
                out[-1] = Skip(out[-1].bytes + step.bytes)
                continue
        out.append(step)
    return out


def fixed_fields(module, message, kind):
    """(name, offset) of the leading fields whose place is fixed, and where they end."""
    borrowed = module.is_core if kind == "request" else kind in ("reply", "event")
    offset = {"request": 4, "reply": 8, "event": 4, "generic_event": 10}[kind]
    places, fields = [], list(message.fields)
    if kind == "event" and not message.has_sequence:
        offset, borrowed = 1, False
    if borrowed and fields:
        if fields[0].tag in ("field", "exprfield"):
            places.append((fields[0].get("name"), 1))
        fields = fields[1:]
    for e in fields:
        if e.tag == "pad" and e.get("bytes"):
            offset += int(e.get("bytes"))
        elif e.tag in ("field", "exprfield"):
            t = module.resolve(e.get("type"))
            places.append((e.get("name"), offset))
            if not isinstance(t, Scalar):
                size = 32 if t.kind == "event" else None
                if size is None:
                    try:
                        size = sum(fixed_size(t.module, f) for f in t.element
                                   if f.tag in ("field", "list")) + sum(
                            int(p.get("bytes") or 0) for p in t.element if p.tag == "pad")
                    except (AttributeError, Unsupported):
                        break
                offset += size
            else:
                offset += t.size
        elif e.tag in ("list", "switch"):
            places.append((e.get("name"), offset))
            break
        else:
            break
    return places, offset
