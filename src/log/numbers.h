// The numbers that a driver gave to what is in a program's executable.
//
// Locations and indices are the driver's choice (OpenGL 4.6, section 7.3.1: "assigned at link
// time"); the app keeps them as long as the executable lives, another driver may choose others. So
// they are read with everything else that only the driver knows, and given to the next one with
// the executable; where its own differ, it translates (src/replay/hand/numbers.cpp).
//
// A table is a row of entries, each followed by the name's characters and a NUL.
#pragma once
#include <cstdint>

namespace glckpt::log {

enum class NumberOf : uint8_t {
    UniformLocation = 1, // `count`: array elements
    UniformIndex,
    UniformBlock,
    StorageBlock,
    AttribLocation,
    OutputLocation, // `count`: the index (dual source blending)
    SubroutineUniform,
    Subroutine
};

struct NumberEntry {
    NumberOf of;
    uint8_t stage; // of subroutines: 0 vertex, 1 control, 2 evaluation, 3 geometry, 4 fragment, 5
                   // compute
    uint16_t name_bytes; // with the NUL
    int32_t number;
    int32_t count;
};

} // namespace glckpt::log
