// Generated from spec/gl: entry point names, sorted, aliases included.
#include "gen/gl/exports.h"

namespace glckpt {

const GlEntry kGlEntries[] = {
% for n in sorted(spec.entry_points):
    {"${n}", (void*)&${spec.entry_points[n].name}},
% endfor
};
const unsigned kGlEntryCount = ${len(spec.entry_points)};

} // namespace glckpt
