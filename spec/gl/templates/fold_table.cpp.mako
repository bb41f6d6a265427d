<%
    def rule_of(op):
        return effects.rules.get(op.name)
    EFFECT = {"none": "None", "draw": "Draw", "state": "State", "unit": "Unit", "object": "Object", "hand": "Hand", "gen": "Gen", "create": "Create", "delete": "Delete", "as": "As"}
    def has_fields(op):
        r = effects.rules.get(op.name)
        return r is not None and r.effect in ("hand", "gen", "create", "delete", "as") and bool(effects.fields(op))
%>\
// Generated from spec/gl/effects.spec: what each operation does to the live set.
#include "prune/fold.h"
#include <cstddef>
#include <cstring>

namespace glckpt::prune {

% for fn in effects.functions():
FoldFunction fold_${fn};
% endfor
namespace {
% for op in spec.ops:
% if has_fields(op):
constexpr FieldPlace k_${op.name}[] = {
% for field, name, size in effects.fields(op):
    {Field::${field}, ${size}, offsetof(rec::${op.name}, ${name})},
% endfor
};
% endif
% endfor
% for op in spec.ops:
<% r = rule_of(op) %>\
% if r is not None and r.effect == "as":
constexpr CopiedField k_${op.name}_copies[] = {
% for a, b in r.copies:
    {offsetof(rec::${op.name}, ${a.name}), offsetof(rec::${r.core.name}, ${b.name}), sizeof(rec::${r.core.name}::${b.name}), ${"false" if a.role in ("value", "pointer") else "true"}},
% endfor
};
constexpr AsCore k_${op.name}_core = {
    Retarget::${r.retarget}, (uint16_t)Op::${r.core.name}, offsetof(rec::${op.name}, ${op.args[0].name}),
    sizeof(rec::${op.name}), sizeof(rec::${r.core.name}),
% if r.constant:
    offsetof(rec::${r.core.name}, ${r.constant[0].name}), ${r.constant[1]},
% else:
    0, 0,
% endif
    k_${op.name}_copies, sizeof k_${op.name}_copies / sizeof(CopiedField)};
% endif
% endfor
} // namespace

const Rule kRules[] = {
    {},
% for op in spec.ops:
<% r = rule_of(op) %>\
% if r is None:
    {}, // ${op.name}
% else:
    {.effect = Effect::${EFFECT[r.effect]},
     .family = ${effects.family(effects.qualified(r)) if r.family else 0},
     .keys = ${len(r.key_fields)},
     .key = {${effects.key_text(op, r)}},
     .groups = ${hex(r.groups)},
% if r.cls:
     .cls = NameClass::${r.cls},
% endif
% if r.effect == "object":
     .address = Address::${effects.address_text(r)},
     .address_offset = ${"offsetof(rec::%s, %s)" % (op.name, r.address.name) if r.address else 0},
% endif
     .names = ${len(effects.name_fields(op))},
     .name = {${effects.name_text(op)}},
% if has_fields(op):
     .fields = k_${op.name},
     .field_count = sizeof k_${op.name} / sizeof(FieldPlace),
% endif
% if r.effect == "as":
     .as = &k_${op.name}_core,
% endif
     .function = ${"fold_" + r.function if r.function else "nullptr"}}, // ${op.name}
% endif
% endfor
};

const Payloads kPayloads[] = {
    {},
% for op in spec.ops:
    ${effects.payloads_text(op)}, // ${op.name}
% endfor
};

bool compiled_into_list(uint16_t op) {
    static constexpr bool compiled[] = {
        false,
% for op in spec.ops:
        ${"true" if op.compiled_into_list else "false"}, // ${op.name}
% endfor
    };
    return compiled[op];
}

const uint32_t kFamilyGroups[] = {
    0,
% for i, f in enumerate(effects.families):
    ${hex(effects.family_groups.get(i + 1, 0))}, // ${f}
% endfor
};
const unsigned kFamilyCount = ${len(effects.families) + 1};

uint16_t family(const char* name) {
    static constexpr const char* names[] = {"",
% for f in effects.families:
                                            "${f}",
% endfor
    };
    for (uint16_t i = 1; i < kFamilyCount; ++i)
        if (strcmp(names[i], name) == 0)
            return i;
    return 0;
}

} // namespace glckpt::prune
