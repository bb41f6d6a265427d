"""xcb-proto's XML as plain objects: what X11 messages look like on the wire, nothing more.

What a request *means* to a checkpoint is said in effects.spec beside this file; what its bytes are
comes from here, so that the two cannot drift apart.
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

XML_DIR = "/usr/share/xcb"

SCALARS = {
    "CARD8": 1, "INT8": 1, "BYTE": 1, "BOOL": 1, "char": 1, "void": 1,
    "CARD16": 2, "INT16": 2, "CARD32": 4, "INT32": 4, "float": 4,
    "CARD64": 8, "INT64": 8, "double": 8, "fd": 0,
}

# Types whose values another X server numbers otherwise. Every other xidtype and xidunion is "xid".
ROLE_OF_TYPE = {"ATOM": "atom", "VISUALID": "visual", "TIMESTAMP": "time",
                "DeviceId": "device", "EventClass": "event_class"}


class Unsupported(Exception):
    """The XML says something that no walker can be made for."""


@dataclass
class Scalar:
    size: int
    role: str | None    # None: the same number on every server


@dataclass
class Compound:
    kind: str           # "struct", "union" or "event" (any 32-byte event)
    module: "Module"
    element: ET.Element

    @property
    def name(self):
        return self.element.get("name")


@dataclass
class Message:
    """A request, a reply or an event: `fields` are the XML elements, in wire order."""
    name: str
    number: int
    fields: list
    generic: bool = False          # event: by the Generic Event Extension
    has_sequence: bool = True      # event: all but KeymapNotify
    reply: "Message | None" = None


@dataclass
class Module:
    name: str
    xname: str
    root: ET.Element
    imports: list = field(default_factory=list)
    types: dict = field(default_factory=dict)
    enums: dict = field(default_factory=dict)

    @property
    def is_core(self):
        return self.name == "xproto"

    def visible(self):
        """This module and all it imports, nearest first."""
        seen, queue = [], [self]
        while queue:
            module = queue.pop(0)
            if module not in seen:
                seen.append(module)
                queue += module.imports
        return seen

    def lookup(self, table, name):
        prefix, _, bare = name.rpartition(":")
        for module in self.visible():
            if prefix and prefix not in (module.name, module.root.get("header")):
                continue
            found = getattr(module, table).get(bare)
            if found is not None:
                return module, found
        raise Unsupported(f"{self.name}: no {table[:-1]} named {name}")

    def resolve(self, name):
        """The type called `name`, through typedefs, as Scalar or Compound."""
        module, role = self, ROLE_OF_TYPE.get(name.rpartition(":")[2])
        while True:
            if name in SCALARS:
                return Scalar(SCALARS[name], role)
            module, element = module.lookup("types", name)
            tag = element.tag
            if tag in ("xidtype", "xidunion"):
                return Scalar(4, role or ROLE_OF_TYPE.get(element.get("name"), "xid"))
            if tag == "typedef":
                role = role or ROLE_OF_TYPE.get(element.get("newname"))
                name = element.get("oldname")
                role = role or ROLE_OF_TYPE.get(name.rpartition(":")[2])
            elif tag in ("struct", "union"):
                return Compound(tag, module, element)
            elif tag in ("event", "eventcopy", "eventstruct"):
                return Compound("event", module, element)
            else:
                raise Unsupported(f"{self.name}: {name} is a {tag}")

    def enum_value(self, enum, item):
        return self.lookup("enums", enum)[1][item]

    def requests(self):
        for e in self.root.findall("request"):
            message = Message(e.get("name"), int(e.get("opcode")), payload(e))
            reply = e.find("reply")
            if reply is not None:
                message.reply = Message(message.name, message.number, payload(reply))
            yield message

    def events(self):
        by_name = {e.get("name"): e for e in self.root if e.tag in ("event", "eventcopy")}
        for name, e in by_name.items():
            body = e
            while body.tag == "eventcopy":
                body = by_name[body.get("ref")]
            yield Message(name, int(e.get("number")), payload(body),
                          generic=body.get("xge") == "true",
                          has_sequence=body.get("no-sequence-number") != "true")

    def error_count(self):
        numbers = [int(e.get("number")) for e in self.root if e.tag in ("error", "errorcopy")]
        return max(numbers, default=-1) + 1


def payload(element):
    return [e for e in element if e.tag not in ("doc", "reply", "length")]


def enum_items(element):
    items, following = {}, 0
    for item in element.findall("item"):
        value, bit = item.find("value"), item.find("bit")
        if value is not None:
            following = int(value.text, 0)
        elif bit is not None:
            following = 1 << int(bit.text)
        items[item.get("name")] = following
        following += 1
    return items


class Protocol:
    def __init__(self):
        self.modules = {}

    def load(self, name):
        if name in self.modules:
            return self.modules[name]
        root = ET.parse(f"{XML_DIR}/{name}.xml").getroot()
        module = self.modules[name] = Module(name, root.get("extension-xname") or "", root)
        module.imports = [self.load(e.text) for e in root.findall("import")]
        for e in root:
            if e.tag == "typedef":
                module.types[e.get("newname")] = e
            elif e.tag == "enum":
                module.enums[e.get("name")] = enum_items(e)
            elif e.tag in ("xidtype", "xidunion", "struct", "union", "event", "eventcopy", "eventstruct"):
                module.types.setdefault(e.get("name"), e)
        return module
