// Generated from spec/gl: each record's layout.
#pragma once
#include "gen/gl/ops.h"
#include "gen/gl/gl_types.h"
#include "log/record.h"

namespace glckpt::rec {

using log::PayloadRef;
using log::RecordHeader;
% for op in spec.ops:
% if not op.by_hand:

struct alignas(8) ${op.name} {
    static constexpr Op kOp = Op::${op.name};
    RecordHeader head_;
% if op.creates:
    GLuint name;
% endif
% for a in [x for x in op.args if x.recorded]:
    ${a.in_record} ${a.name};
% endfor
};
% endif
% endfor

} // namespace glckpt::rec
