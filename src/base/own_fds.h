// File descriptors that belong to glckpt inside the app's process.
//
// They live high in the table, out of the way of programs that expect small numbers, and the
// close family is interposed so that a program which closes "everything" (daemons, shells) does
// not close them. The engine asks here what each one means for the image.
#pragma once
#include "base/status.h"
#include <cstdint>

namespace glckpt {

enum class OwnFd : uint8_t {
    None,    // not ours
    Skip,    // our side of a connection to a peer: never in the image; attach() makes a new one
    InImage, // ours, but an ordinary kernel object that the engine saves and restores (a memfd)
};

// Moves `fd` to a high number, close-on-exec, and registers it. Returns the new number, or -errno.
// The number stays the same after a restart; attach() puts its new descriptor there with
// own_fd_replace. Any thread; no libc.
int own_fd_adopt(int fd, OwnFd kind);
// dup3's `fresh` over `own` (an adopted number, possibly not open at present) and closes `fresh`.
int own_fd_replace(int own, int fresh);
// Closes and forgets.
void own_fd_close(int own);
OwnFd own_fd_kind(int fd);
// Lowest number that own_fd_adopt uses while the limit is what it was at the start. A program that
// lowers its limit gets ours at the top of what is left.
int own_fd_base();
// All of them, for whoever must walk around them: slots 0 .. kOwnFdSlots-1; -1: not in use.
// As many as a large tree's checkpoint may need for its moment.
constexpr int kOwnFdSlots = 2048;
// So many numbers below the limit are ours; more only while there are so many.
constexpr int kOwnFdUsual = 128;
int own_fd_at(int slot);

} // namespace glckpt
