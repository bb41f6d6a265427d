// Turns the calling process into the program of an image: its root, which makes the others.
#pragma once
#include "ckpt/restore/identity.h"
#include "ckpt/restore/image_tree.h"

namespace glckpt::ckpt {

struct RestoreOptions {
    std::string display;
    std::vector<std::string> renderer_env;
    bool stopped = false, lazy = false;
    bool proxy_vdso = false;  // for tests: as on another kernel
    bool foreign_cpu = false; // and on another processor
};

// Does not return. What goes wrong is told through `channel`.
// `channels`: to the tool, one for each living process of the tree, by number; -1 for a zombie.
[[noreturn]] void become_program(ImageTree& tree, const RestoreOptions& options,
                                 IdentityKind identity, const std::vector<int>& channels);

} // namespace glckpt::ckpt
