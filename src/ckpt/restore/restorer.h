// Turns the calling process into the program of an image.
#pragma once
#include "ckpt/image/reader.h"
#include "ckpt/restore/identity.h"

namespace glckpt::ckpt {

struct RestoreOptions {
    std::string display;
    std::vector<std::string> renderer_env;
    bool stopped = false, lazy = false;
    bool proxy_vdso = false; // for tests: as on another kernel
};

// Does not return. What goes wrong is told through `channel`.
[[noreturn]] void become_program(ImageReader& image, const RestoreOptions& options,
                                 IdentityKind identity, int channel);

} // namespace glckpt::ckpt
