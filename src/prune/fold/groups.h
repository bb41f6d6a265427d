// Attribute groups: what glPushAttrib saves, by its bits (OpenGL 4.6 compatibility, tables 23.x).
#pragma once
#include "prune/fold.h"

namespace glckpt::prune {

// glPushAttrib's bits and the generator's group numbers (kFamilyGroups).
struct GroupBit {
    uint32_t bit;
    int group;
};
constexpr GroupBit kGroupBits[] = {
    {GL_CURRENT_BIT, 0},
    {GL_POINT_BIT, 1},
    {GL_LINE_BIT, 2},
    {GL_POLYGON_BIT, 3},
    {GL_POLYGON_STIPPLE_BIT, 4},
    {GL_PIXEL_MODE_BIT, 5},
    {GL_LIGHTING_BIT, 6},
    {GL_FOG_BIT, 7},
    {GL_DEPTH_BUFFER_BIT, 8},
    {GL_ACCUM_BUFFER_BIT, 9},
    {GL_STENCIL_BUFFER_BIT, 10},
    {GL_VIEWPORT_BIT, 11},
    {GL_TRANSFORM_BIT, 12},
    {GL_ENABLE_BIT, 13},
    {GL_COLOR_BUFFER_BIT, 14},
    {GL_HINT_BIT, 15},
    {GL_EVAL_BIT, 16},
    {GL_LIST_BIT, 17},
    {GL_TEXTURE_BIT, 18},
    {GL_SCISSOR_BIT, 19},
    {GL_MULTISAMPLE_BIT, 20},
};
uint32_t groups_of(uint32_t mask);

bool is_light(uint32_t cap);
// Of the texture units.
bool is_unit_cap(uint32_t cap);
// Capabilities that drivers which follow the tables of OpenGL 2 save nowhere (kPopLeavesNewer).
bool is_newer_cap(uint32_t cap);
// The group, beside GL_ENABLE_BIT, that saves a capability; 0 if it is none.
uint32_t group_bit_of_cap(uint32_t cap);

// --- touched.cpp
// The groups of which this record, which the driver has taken, sets something to another value.
// Before it is folded.
uint32_t groups_touched(const Fold& f, const char* record);
// The same of one that it has refused.
uint32_t groups_touched_in_vain(const char* record);
// A pop that goes from `now` to `saved` leaves the blend equation: no buffer has one of its own,
// and the color part is the same (log::kPopLeavesAlpha).
bool alpha_is_left(const Slots& now, const Slots& saved);

} // namespace glckpt::prune
