// Contents that come back from a readback: only in the log of a live set.
#include "gen/gl/records.h"
#include "replay/exec.h"

namespace glckpt::replay {

void decode_xTextureContents(Exec&, const char*) {}
void decode_xRenderbufferContents(Exec&, const char*) {}
void decode_xDrawableContents(Exec&, const char*) {}

} // namespace glckpt::replay
