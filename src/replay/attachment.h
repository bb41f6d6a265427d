// Attachments of framebuffers that have no names of their own (attachment.cpp).
#pragma once
#include "log/readback.h"
#include "replay/exec.h"

namespace glckpt::replay {

// A texture, to be deleted by the caller, with what is attached to framebuffer `q.name` at
// `q.target`; 0 if the driver does not copy it. The program's context is left as it was.
GLuint copy_attachment(Exec& x, const log::ReadbackQuestion& q);

} // namespace glckpt::replay
