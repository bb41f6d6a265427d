// A process with the old numbers. Three ways, best first:
//
//   here        clone3 with set_tid in this pid namespace: root, or cap_checkpoint_restore, and
//               all the numbers are free
//   namespaces  a pid namespace of its own (unprivileged: in a user namespace), where every
//               number is free; a time namespace hides the time away from CLOCK_MONOTONIC
#pragma once
#include "base/status.h"
#include "ckpt/restore/image_tree.h"
#include <functional>

namespace glckpt::ckpt {

enum class IdentityKind : uint32_t { Here = 0, Namespaces = 1 };

struct Program {
    IdentityKind kind = IdentityKind::Here;
    int pid = 0;          // to wait for: the program itself, or the first process of its namespace
    int status_pipe = -1; // Namespaces: the program's wait status comes here
};

// Makes the process; `body` runs in it and does not return.
Result<Program> make_program(const ImageTree& tree, const std::function<void(IdentityKind)>& body);
// Waits for its end. The wait status.
int await_end(const Program& program);

} // namespace glckpt::ckpt
