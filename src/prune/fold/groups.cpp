// Attribute groups and what they save.
#include "prune/fold/groups.h"

namespace glckpt::prune {

uint32_t groups_of(uint32_t mask) {
    uint32_t g = 0;
    for (const GroupBit& m : kGroupBits)
        if (mask & m.bit)
            g |= 1u << m.group;
    return g;
}

bool is_light(uint32_t cap) { return cap >= GL_LIGHT0 && cap < GL_LIGHT0 + 8; }

bool is_unit_cap(uint32_t cap) {
    return cap == GL_TEXTURE_1D || cap == GL_TEXTURE_2D || cap == GL_TEXTURE_3D ||
           cap == GL_TEXTURE_CUBE_MAP || cap == GL_TEXTURE_RECTANGLE ||
           (cap >= GL_TEXTURE_GEN_S && cap <= GL_TEXTURE_GEN_Q);
}

bool is_newer_cap(uint32_t cap) {
    switch (cap) {
    case GL_COLOR_SUM:
    case GL_RASTERIZER_DISCARD:
    case GL_TEXTURE_CUBE_MAP_SEAMLESS:
    case GL_PRIMITIVE_RESTART:
    case GL_PRIMITIVE_RESTART_NV:
    case GL_PRIMITIVE_RESTART_FIXED_INDEX:
    case GL_SAMPLE_MASK:
    case GL_SAMPLE_SHADING:
    case GL_DEBUG_OUTPUT:
    case GL_DEBUG_OUTPUT_SYNCHRONOUS:
        return true;
    default:
        return false;
    }
}

uint32_t group_bit_of_cap(uint32_t cap) {
    if (cap >= GL_LIGHT0 && cap < GL_LIGHT0 + 8)
        return GL_LIGHTING_BIT;
    if (cap >= GL_CLIP_PLANE0 && cap < GL_CLIP_PLANE0 + 8)
        return GL_TRANSFORM_BIT;
    if (cap >= GL_MAP1_COLOR_4 && cap <= GL_MAP2_VERTEX_4)
        return GL_EVAL_BIT;
    switch (cap) {
    case GL_LIGHTING:
    case GL_COLOR_MATERIAL:
        return GL_LIGHTING_BIT;
    case GL_NORMALIZE:
    case GL_RESCALE_NORMAL:
    case GL_DEPTH_CLAMP:
        return GL_TRANSFORM_BIT;
    case GL_FOG:
    case GL_COLOR_SUM:
        return GL_FOG_BIT;
    case GL_BLEND:
    case GL_ALPHA_TEST:
    case GL_DITHER:
    case GL_COLOR_LOGIC_OP:
    case GL_INDEX_LOGIC_OP:
    case GL_FRAMEBUFFER_SRGB:
        return GL_COLOR_BUFFER_BIT;
    case GL_DEPTH_TEST:
    case GL_DEPTH_BOUNDS_TEST_EXT:
        return GL_DEPTH_BUFFER_BIT;
    case GL_STENCIL_TEST:
    case GL_STENCIL_TEST_TWO_SIDE_EXT:
        return GL_STENCIL_BUFFER_BIT;
    case GL_SCISSOR_TEST:
        return GL_SCISSOR_BIT;
    case GL_POINT_SMOOTH:
    case GL_POINT_SPRITE:
        return GL_POINT_BIT;
    case GL_LINE_SMOOTH:
    case GL_LINE_STIPPLE:
        return GL_LINE_BIT;
    case GL_CULL_FACE:
    case GL_POLYGON_SMOOTH:
    case GL_POLYGON_STIPPLE:
    case GL_POLYGON_OFFSET_FILL:
    case GL_POLYGON_OFFSET_LINE:
    case GL_POLYGON_OFFSET_POINT:
        return GL_POLYGON_BIT;
    case GL_MULTISAMPLE:
    case GL_SAMPLE_ALPHA_TO_COVERAGE:
    case GL_SAMPLE_ALPHA_TO_ONE:
    case GL_SAMPLE_COVERAGE:
        return GL_MULTISAMPLE_BIT;
    case GL_AUTO_NORMAL:
        return GL_EVAL_BIT;
    default:
        return 0;
    }
}

} // namespace glckpt::prune
