// The renderer's window system: real displays, contexts and drawables behind the app's numbers.
//
// The streams' threads make contexts current, swap and look entry points up; the control thread
// answers the faces' questions (log/ws_protocol.h). Handles never leave this folder.
#pragma once
#include "log/control.h"
#include <cstdint>
#include <span>
#include <vector>

namespace glckpt::replay {

// On the stream's thread. False: the driver refused; why is kept for kLastError.
// `attaching`: from an attach log. The drawable that a context had last may be gone by then, or
// current to another context meanwhile; the context's objects must be made all the same, so it gets
// a small pbuffer of its own to be current with instead.
bool ws_make_current(uint32_t context, uint64_t draw, uint64_t read, bool attaching = false);
// Before a context is made current in an attach log: if `surface` is a bare X window that was a
// drawable of another config than the context's, it becomes one of that config first. What is made
// for that goes when all contexts are attached.
void ws_hold_window(uint32_t context, uint64_t surface);
void ws_let_windows_go();
void ws_release(uint32_t context);
void ws_swap(uint32_t context, uint64_t surface);
// The picture is on the screen for others to see.
void ws_settle(uint64_t surface);
void ws_swap_interval(uint32_t context, uint64_t surface, int interval);
void ws_wait_gl(uint32_t context);

// What a drawable shows, into the texture that is bound. 0, or the window system's error (-1: none
// was told; 0x10000 more: counted from GLX's first).
int32_t ws_bind_tex_image(uint64_t surface, int buffer, std::span<const int32_t> attribs);
int32_t ws_release_tex_image(uint64_t surface, int buffer);
// EGL images: `name` is the driver's. EGL's error.
int32_t ws_create_image(uint32_t context, uint64_t image, uint32_t target, uint32_t name,
                        std::span<const int32_t> attribs);
// The driver's handle; null: there is none.
void* ws_image(uint64_t image);

// The real driver's entry point, as its GetProcAddress gives it for this context's window system.
void* ws_proc(uint32_t context, const char* name);

// On the control thread: a question of log/ws_protocol.h.
std::vector<char> ws_answer(log::Ask kind, std::span<const char> question);

// A desktop GL compatibility context for reading contents that the app's own context may not
// (an ES or core profile cannot read depth, for one). It shares objects with `context` where the
// driver allows, and gets `surface` to read from, or nothing of use if that is 0. It stays current
// on the calling thread until ws_release_helper.
bool ws_make_helper_current(uint32_t context, uint64_t surface);
void ws_release_helper();

} // namespace glckpt::replay
