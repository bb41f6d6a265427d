// Generated from spec/gl: declarations of every exported GL function, and the table of names.
#pragma once
#include "gen/gl/gl_types.h"

namespace glckpt {
extern "C" {
% for op in spec.ops:
% if not op.extra:
${op.command.ret} ${op.name}(${op.command.signature});
% endif
% endfor
}

// Sorted by name.
struct GlEntry {
    const char* name;
    void* function;
};
extern const GlEntry kGlEntries[];
extern const unsigned kGlEntryCount;

} // namespace glckpt
