// Generated from spec/gl: the decoder of each operation.
#include "gen/gl/ops.h"
#include "replay/exec.h"

namespace glckpt::replay {

% for op in spec.ops:
% if not op.by_hand:
void decode_${op.name}(Exec& x, const char* record);
% endif
% endfor

Decoder* const kDecoders[] = {
    nullptr,
% for op in spec.ops:
    ${"nullptr" if op.by_hand else "decode_" + op.name},
% endfor
};

// Whether an error must be looked for after the call.
const bool kCanFail[] = {
    false,
% for op in spec.ops:
    ${"false" if op.certain or op.extra else "true"}, // ${op.name}
% endfor
};

} // namespace glckpt::replay
