// Generated from spec/gl: the parameters of each operation, for the printer.
#include "gen/gl/records.h"
#include "log/describe.h"
#include <cstddef>

namespace glckpt::log {
namespace {
% for op in spec.ops:
% if not op.by_hand and (op.args or op.creates):

constexpr ParamInfo k_${op.name}[] = {
% if op.creates:
    {"name", ParamKind::Name, offsetof(rec::${op.name}, name), "GLuint", nullptr},
% endif
% for a in [x for x in op.args if x.recorded]:
    {"${a.name}", ParamKind::${kind_of(a)}, offsetof(rec::${op.name}, ${a.name}), "${a.param.base}", ${f'"{a.param.group}"' if a.param.group else "nullptr"}},
% endfor
};
% endif
% endfor
} // namespace

const OpInfo kOpInfos[] = {
    {"none", nullptr, 0},
% for op in spec.ops:
% if op.by_hand or not (op.args or op.creates):
    {"${op.name}", nullptr, 0},
% else:
    {"${op.name}", k_${op.name}, sizeof k_${op.name} / sizeof(ParamInfo)},
% endif
% endfor
};

const EnumName kEnumNames[] = {
% for value, name in enum_names:
    {${hex(value)}, "${name}"},
% endfor
};
const unsigned kEnumNameCount = ${len(enum_names)};

} // namespace glckpt::log
