// Input devices, as XInput 2 numbers them.
#pragma once
#include "x11/engine/display.h"

namespace glckpt::x11 {

// XIQueryDevice for all devices, on the extension's major opcode.
Bytes query_devices(uint8_t major);
// Which of the new server's devices (its reply) stands for which of the app's; call it before
// anything is sent.
void pair_devices(Display& display, const Bytes& reply);
// Those that the app knew and that are not there any more, and those that are new: to whoever asked
// to be told (XI_HierarchyChanged), as if somebody had pulled and plugged them.
void tell_devices(Display& display, std::vector<std::string>& notes);

} // namespace glckpt::x11
