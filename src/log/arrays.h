// What the members `array` and `flags` of the record xClientArray mean.
#pragma once
#include <cstdint>

namespace glckpt::log {

enum ArrayIndex : int {
    kVertexArray,
    kNormalArray,
    kColorArray,
    kIndexArray,
    kEdgeFlagArray,
    kFogCoordArray,
    kSecondaryColorArray,
    kPointSizeArray,
    kTexCoordArray, // 8 of them
    kAttribArray = 16,
    kArrays = 48
};

// The attribute's kind, and an array of glLockArraysEXT, which draws that
// come later use, too.
enum ArrayFlags : uint32_t {
    kArrayNormalized = 1,
    kArrayInteger = 2,
    kArrayDouble = 4,
    kArrayLocked = 16
};

} // namespace glckpt::log
