"""answers.spec: which commands change the answer to which question."""

from commands import SpecError, table

CONSTANT, ENABLE = "constant", "enable"


class Answers:
    def __init__(self, spec, effects):
        self.effects = effects
        self.classes = [CONSTANT, ENABLE]
        self.questions = {}  # value of the enum -> (class, number of values)
        self.by = {}         # (kind, name) -> classes
        self.quiet = set()   # (kind, name)
        self._known = self._what_effects_name()
        read = {"ask": self._ask, "by": self._by, "quiet": self._quiet}
        for words, where in table("answers.spec"):
            if words[0] not in read:
                raise SpecError(f"{where}: {words[0]}?")
            read[words[0]](spec.registry.enums, words[1:], where)
        if len(self.classes) > 64:
            raise SpecError("answers.spec: more classes than bits")

    def _what_effects_name(self):
        known = {("family", f) for f in self.effects.families}
        for rule in self.effects.rules.values():
            if rule.effect == "hand":
                known.add(("hand", rule.function))
            elif rule.effect in ("object", "delete"):
                known.add((rule.effect, rule.cls))
        return known

    def _ask(self, enums, words, where):
        cls = words[0]
        if cls not in self.classes:
            self.classes.append(cls)
        for word in words[1:]:
            name, _, values = word.lstrip("-").partition(":")
            names = [e for e in enums if e.startswith(name[:-1])] if name.endswith("*") else [name]
            for n in names:
                if n not in enums:
                    raise SpecError(f"{where}: no enum {n}")
                if word.startswith("-"):
                    self.questions.pop(enums[n], None)
                else:
                    self.questions[enums[n]] = (cls, int(values or 1))

    def _by(self, enums, words, where):
        cls, kind, names = words[0], words[1], words[2:]
        if cls not in self.classes:
            raise SpecError(f"{where}: nothing is asked of class {cls}")
        for name in names:
            self._check(kind, name, where)
            self.by.setdefault((kind, name), set()).add(cls)

    def _quiet(self, enums, words, where):
        for name in words[1:]:
            self._check(words[0], name, where)
            self.quiet.add((words[0], name))

    def _check(self, kind, name, where):
        if (kind, name) not in self._known:
            raise SpecError(f"{where}: effects.spec has no {kind} {name}")

    def bit(self, cls):
        return 1 << self.classes.index(cls)

    def changed_by(self, op):
        """Bits of the classes whose answers this command may change."""
        rule = self.effects.rules.get(op.name)
        everything = (1 << len(self.classes)) - 1 & ~self.bit(CONSTANT)
        if rule is None:
            return everything
        if rule.effect in ("none", "draw", "gen", "create"):
            return 0
        what = self._subject(rule)
        named = sum(self.bit(c) for c in self.by.get(what, ()))
        if rule.effect in ("state", "unit") or what in self.quiet:
            return named
        return everything

    @staticmethod
    def _subject(rule):
        if rule.effect == "hand":
            return "hand", rule.function
        if rule.effect in ("object", "delete"):
            return rule.effect, rule.cls
        return "family", rule.family
