// Is this the file it was? Asked at a restart of every file whose unmodified pages are not in the
// image: programs, libraries, fonts, locale archives.
#pragma once
#include "base/status.h"
#include "ckpt/state.h"

namespace glckpt::ckpt {

// What to remember of the open file `fd`, whose name is `path`.
SavedFile identify_file(int fd, const std::string& path);
// Refuses by name if `fd` is another file than `saved`.
Status check_identity(int fd, const SavedFile& saved);

} // namespace glckpt::ckpt
