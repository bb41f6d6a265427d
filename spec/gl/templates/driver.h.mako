// Generated from spec/gl: the real driver's functions.
#pragma once
#include "gen/gl/gl_types.h"

namespace glckpt::replay {

struct Driver {
% for op in spec.ops:
% if not op.extra:
    ${op.command.ret} (*${op.name})(${op.command.signature});
% endif
% endfor

    // Fills the table; `lookup` is glXGetProcAddress or eglGetProcAddress. Functions that the
    // driver does not have stay null.
    void load(void* (*lookup)(const char* name));
};

} // namespace glckpt::replay
