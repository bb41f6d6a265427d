// The state that glGet tells and one command sets, and capabilities: with the attribute groups that
// save them (OpenGL 4.6 compatibility, tables 23.x). What a row directs comes last: the matrix
// mode, the active unit.
#include "replay/told/items.h"

namespace glckpt::replay::told {
namespace {

void fog(Driver& gl, GLenum pname, const double* v) { gl.glFogf(pname, (GLfloat)v[0]); }
void point(Driver& gl, GLenum pname, const double* v) {
    gl.glPointParameterf(pname, (GLfloat)v[0]);
}
void hint(Driver& gl, GLenum pname, const double* v) { gl.glHint(pname, as_enum(v[0])); }
void transfer(Driver& gl, GLenum pname, const double* v) {
    gl.glPixelTransferf(pname, (GLfloat)v[0]);
}
void clamp(Driver& gl, GLenum pname, const double* v) { gl.glClampColor(pname, as_enum(v[0])); }
void light_model(Driver& gl, GLenum pname, const double* v) {
    gl.glLightModeli(pname, as_int(v[0]));
}
void stencil_func(Driver& gl, GLenum pname, const double* v) {
    gl.glStencilFuncSeparate(pname == GL_STENCIL_FUNC ? GL_FRONT : GL_BACK, as_enum(v[0]),
                             as_int(v[1]), as_mask(v[2]));
}
void stencil_op(Driver& gl, GLenum pname, const double* v) {
    gl.glStencilOpSeparate(pname == GL_STENCIL_FAIL ? GL_FRONT : GL_BACK, as_enum(v[0]),
                           as_enum(v[1]), as_enum(v[2]));
}
void stencil_mask(Driver& gl, GLenum pname, const double* v) {
    gl.glStencilMaskSeparate(pname == GL_STENCIL_WRITEMASK ? GL_FRONT : GL_BACK, as_mask(v[0]));
}

constexpr GLbitfield kColor = GL_COLOR_BUFFER_BIT, kDepth = GL_DEPTH_BUFFER_BIT,
                     kStencil = GL_STENCIL_BUFFER_BIT, kEnable = GL_ENABLE_BIT;

const Row kRows[] = {
    {kColor,
     {GL_ALPHA_TEST_FUNC, GL_ALPHA_TEST_REF},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glAlphaFunc(as_enum(v[0]), (GLfloat)v[1]); }},
    {kColor,
     {GL_BLEND_COLOR},
     4,
     [](Driver& gl, GLenum, const double* v) {
         gl.glBlendColor((GLfloat)v[0], (GLfloat)v[1], (GLfloat)v[2], (GLfloat)v[3]);
     }},
    {kColor,
     {GL_COLOR_CLEAR_VALUE},
     4,
     [](Driver& gl, GLenum, const double* v) {
         gl.glClearColor((GLfloat)v[0], (GLfloat)v[1], (GLfloat)v[2], (GLfloat)v[3]);
     }},
    {kColor,
     {GL_INDEX_CLEAR_VALUE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glClearIndex((GLfloat)v[0]); }},
    {kColor,
     {GL_INDEX_WRITEMASK},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glIndexMask(as_mask(v[0])); }},
    {kColor,
     {GL_LOGIC_OP_MODE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glLogicOp(as_enum(v[0])); }},
    {kColor | kEnable, {GL_CLAMP_FRAGMENT_COLOR}, 1, clamp},
    {kColor | kEnable, {GL_CLAMP_READ_COLOR}, 1, clamp},
    {kColor | kEnable | GL_LIGHTING_BIT, {GL_CLAMP_VERTEX_COLOR}, 1, clamp},
    {GL_ACCUM_BUFFER_BIT,
     {GL_ACCUM_CLEAR_VALUE},
     4,
     [](Driver& gl, GLenum, const double* v) {
         gl.glClearAccum((GLfloat)v[0], (GLfloat)v[1], (GLfloat)v[2], (GLfloat)v[3]);
     }},
    {kDepth,
     {GL_DEPTH_FUNC},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glDepthFunc(as_enum(v[0])); }},
    {kDepth,
     {GL_DEPTH_WRITEMASK},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glDepthMask(v[0] != 0); }},
    {kDepth,
     {GL_DEPTH_CLEAR_VALUE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glClearDepth(v[0]); }},
    {kDepth,
     {GL_DEPTH_BOUNDS_EXT},
     2,
     [](Driver& gl, GLenum, const double* v) { gl.glDepthBoundsEXT(v[0], v[1]); }},
    {kStencil, {GL_STENCIL_FUNC, GL_STENCIL_REF, GL_STENCIL_VALUE_MASK}, 1, stencil_func},
    {kStencil,
     {GL_STENCIL_BACK_FUNC, GL_STENCIL_BACK_REF, GL_STENCIL_BACK_VALUE_MASK},
     1,
     stencil_func},
    {kStencil,
     {GL_STENCIL_FAIL, GL_STENCIL_PASS_DEPTH_FAIL, GL_STENCIL_PASS_DEPTH_PASS},
     1,
     stencil_op},
    {kStencil,
     {GL_STENCIL_BACK_FAIL, GL_STENCIL_BACK_PASS_DEPTH_FAIL, GL_STENCIL_BACK_PASS_DEPTH_PASS},
     1,
     stencil_op},
    {kStencil, {GL_STENCIL_WRITEMASK}, 1, stencil_mask},
    {kStencil, {GL_STENCIL_BACK_WRITEMASK}, 1, stencil_mask},
    {kStencil,
     {GL_STENCIL_CLEAR_VALUE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glClearStencil(as_int(v[0])); }},
    {GL_TRANSFORM_BIT,
     {GL_CLIP_ORIGIN, GL_CLIP_DEPTH_MODE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glClipControl(as_enum(v[0]), as_enum(v[1])); }},
    {GL_POLYGON_BIT,
     {GL_CULL_FACE_MODE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glCullFace(as_enum(v[0])); }},
    {GL_POLYGON_BIT,
     {GL_FRONT_FACE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glFrontFace(as_enum(v[0])); }},
    {GL_POLYGON_BIT,
     {GL_POLYGON_MODE},
     2,
     [](Driver& gl, GLenum, const double* v) {
         gl.glPolygonMode(GL_FRONT, as_enum(v[0]));
         gl.glPolygonMode(GL_BACK, as_enum(v[1]));
     }},
    {GL_POLYGON_BIT,
     {GL_POLYGON_OFFSET_FACTOR, GL_POLYGON_OFFSET_UNITS},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glPolygonOffset((GLfloat)v[0], (GLfloat)v[1]); }},
    {GL_LINE_BIT,
     {GL_LINE_WIDTH},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glLineWidth((GLfloat)v[0]); }},
    {GL_LINE_BIT,
     {GL_LINE_STIPPLE_REPEAT, GL_LINE_STIPPLE_PATTERN},
     1,
     [](Driver& gl, GLenum, const double* v) {
         gl.glLineStipple(as_int(v[0]), (GLushort)as_mask(v[1]));
     }},
    {GL_POINT_BIT,
     {GL_POINT_SIZE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glPointSize((GLfloat)v[0]); }},
    {GL_POINT_BIT, {GL_POINT_SIZE_MIN}, 1, point},
    {GL_POINT_BIT, {GL_POINT_SIZE_MAX}, 1, point},
    {GL_POINT_BIT, {GL_POINT_FADE_THRESHOLD_SIZE}, 1, point},
    {GL_POINT_BIT, {GL_POINT_SPRITE_COORD_ORIGIN}, 1, point},
    {GL_POINT_BIT,
     {GL_POINT_DISTANCE_ATTENUATION},
     3,
     [](Driver& gl, GLenum pname, const double* v) {
         gl.glPointParameterfv(pname, Floats(v, 3).v);
     }},
    {GL_FOG_BIT, {GL_FOG_MODE}, 1, fog},
    {GL_FOG_BIT, {GL_FOG_DENSITY}, 1, fog},
    {GL_FOG_BIT, {GL_FOG_START}, 1, fog},
    {GL_FOG_BIT, {GL_FOG_END}, 1, fog},
    {GL_FOG_BIT, {GL_FOG_INDEX}, 1, fog},
    {GL_FOG_BIT, {GL_FOG_COORD_SRC}, 1, fog},
    {GL_FOG_BIT,
     {GL_FOG_COLOR},
     4,
     [](Driver& gl, GLenum pname, const double* v) { gl.glFogfv(pname, Floats(v).v); }},
    {GL_HINT_BIT, {GL_PERSPECTIVE_CORRECTION_HINT}, 1, hint},
    {GL_HINT_BIT, {GL_POINT_SMOOTH_HINT}, 1, hint},
    {GL_HINT_BIT, {GL_LINE_SMOOTH_HINT}, 1, hint},
    {GL_HINT_BIT, {GL_POLYGON_SMOOTH_HINT}, 1, hint},
    {GL_HINT_BIT, {GL_FOG_HINT}, 1, hint},
    {GL_HINT_BIT, {GL_GENERATE_MIPMAP_HINT}, 1, hint},
    {GL_HINT_BIT, {GL_TEXTURE_COMPRESSION_HINT}, 1, hint},
    {GL_HINT_BIT, {GL_FRAGMENT_SHADER_DERIVATIVE_HINT}, 1, hint},
    {GL_LIGHTING_BIT,
     {GL_SHADE_MODEL},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glShadeModel(as_enum(v[0])); }},
    {GL_LIGHTING_BIT,
     {GL_PROVOKING_VERTEX},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glProvokingVertex(as_enum(v[0])); }},
    {GL_LIGHTING_BIT,
     {GL_LIGHT_MODEL_AMBIENT},
     4,
     [](Driver& gl, GLenum pname, const double* v) { gl.glLightModelfv(pname, Floats(v).v); }},
    {GL_LIGHTING_BIT, {GL_LIGHT_MODEL_LOCAL_VIEWER}, 1, light_model},
    {GL_LIGHTING_BIT, {GL_LIGHT_MODEL_TWO_SIDE}, 1, light_model},
    {GL_LIGHTING_BIT, {GL_LIGHT_MODEL_COLOR_CONTROL}, 1, light_model},
    {GL_LIGHTING_BIT,
     {GL_COLOR_MATERIAL_FACE, GL_COLOR_MATERIAL_PARAMETER},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glColorMaterial(as_enum(v[0]), as_enum(v[1])); }},
    {GL_LIST_BIT,
     {GL_LIST_BASE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glListBase(as_mask(v[0])); }},
    {GL_EVAL_BIT,
     {GL_MAP1_GRID_SEGMENTS},
     1,
     [](Driver& gl, GLenum, const double* v) {
         GLdouble d[2] = {};
         gl.glGetDoublev(GL_MAP1_GRID_DOMAIN, d);
         gl.glMapGrid1d(as_int(v[0]), d[0], d[1]);
     }},
    {GL_EVAL_BIT,
     {GL_MAP1_GRID_DOMAIN},
     2,
     [](Driver& gl, GLenum, const double* v) {
         GLint n = 1;
         gl.glGetIntegerv(GL_MAP1_GRID_SEGMENTS, &n);
         gl.glMapGrid1d(n, v[0], v[1]);
     }},
    {GL_EVAL_BIT,
     {GL_MAP2_GRID_SEGMENTS},
     2,
     [](Driver& gl, GLenum, const double* v) {
         GLdouble d[4] = {};
         gl.glGetDoublev(GL_MAP2_GRID_DOMAIN, d);
         gl.glMapGrid2d(as_int(v[0]), d[0], d[1], as_int(v[1]), d[2], d[3]);
     }},
    {GL_EVAL_BIT,
     {GL_MAP2_GRID_DOMAIN},
     4,
     [](Driver& gl, GLenum, const double* v) {
         GLint n[2] = {1, 1};
         gl.glGetIntegerv(GL_MAP2_GRID_SEGMENTS, n);
         gl.glMapGrid2d(n[0], v[0], v[1], n[1], v[2], v[3]);
     }},
    {GL_PIXEL_MODE_BIT,
     {GL_ZOOM_X, GL_ZOOM_Y},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glPixelZoom((GLfloat)v[0], (GLfloat)v[1]); }},
    {GL_PIXEL_MODE_BIT, {GL_MAP_COLOR}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_MAP_STENCIL}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_INDEX_SHIFT}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_INDEX_OFFSET}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_RED_SCALE}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_GREEN_SCALE}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_BLUE_SCALE}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_ALPHA_SCALE}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_DEPTH_SCALE}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_RED_BIAS}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_GREEN_BIAS}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_BLUE_BIAS}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_ALPHA_BIAS}, 1, transfer},
    {GL_PIXEL_MODE_BIT, {GL_DEPTH_BIAS}, 1, transfer},
    {GL_PIXEL_MODE_BIT,
     {GL_READ_BUFFER},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glReadBuffer(as_enum(v[0])); }},
    {GL_MULTISAMPLE_BIT,
     {GL_SAMPLE_COVERAGE_VALUE, GL_SAMPLE_COVERAGE_INVERT},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glSampleCoverage((GLfloat)v[0], v[1] != 0); }},
    {GL_MULTISAMPLE_BIT,
     {GL_MIN_SAMPLE_SHADING_VALUE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glMinSampleShading((GLfloat)v[0]); }},
    {GL_CURRENT_BIT,
     {GL_CURRENT_COLOR},
     4,
     [](Driver& gl, GLenum, const double* v) { gl.glColor4dv(v); }},
    {GL_CURRENT_BIT,
     {GL_CURRENT_SECONDARY_COLOR},
     4,
     [](Driver& gl, GLenum, const double* v) { gl.glSecondaryColor3dv(v); }},
    {GL_CURRENT_BIT,
     {GL_CURRENT_NORMAL},
     3,
     [](Driver& gl, GLenum, const double* v) { gl.glNormal3fv(Floats(v, 3).v); }},
    {GL_CURRENT_BIT,
     {GL_CURRENT_FOG_COORD},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glFogCoordd(v[0]); }},
    {GL_CURRENT_BIT,
     {GL_CURRENT_INDEX},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glIndexd(v[0]); }},
    {GL_CURRENT_BIT,
     {GL_EDGE_FLAG},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glEdgeFlag(v[0] != 0); }},
    {GL_TRANSFORM_BIT,
     {GL_MATRIX_MODE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glMatrixMode(as_enum(v[0])); }},
    {GL_TEXTURE_BIT,
     {GL_ACTIVE_TEXTURE},
     1,
     [](Driver& gl, GLenum, const double* v) { gl.glActiveTexture(as_enum(v[0])); }},
};

const Cap kCaps[] = {{kEnable | kColor, GL_ALPHA_TEST},
                     {kEnable | kColor, GL_DITHER},
                     {kEnable | kColor, GL_COLOR_LOGIC_OP},
                     {kEnable | kColor, GL_INDEX_LOGIC_OP},
                     {kEnable | kColor, GL_FRAMEBUFFER_SRGB},
                     {kEnable | GL_EVAL_BIT, GL_AUTO_NORMAL},
                     {kEnable | GL_LIGHTING_BIT, GL_COLOR_MATERIAL},
                     {kEnable | GL_LIGHTING_BIT, GL_LIGHTING},
                     {kEnable | GL_POLYGON_BIT, GL_CULL_FACE},
                     {kEnable | GL_POLYGON_BIT, GL_POLYGON_SMOOTH},
                     {kEnable | GL_POLYGON_BIT, GL_POLYGON_STIPPLE},
                     {kEnable | GL_POLYGON_BIT, GL_POLYGON_OFFSET_FILL},
                     {kEnable | GL_POLYGON_BIT, GL_POLYGON_OFFSET_LINE},
                     {kEnable | GL_POLYGON_BIT, GL_POLYGON_OFFSET_POINT},
                     {kEnable | kDepth, GL_DEPTH_TEST},
                     {kEnable | kDepth, GL_DEPTH_BOUNDS_TEST_EXT},
                     {kEnable | kStencil, GL_STENCIL_TEST},
                     {kEnable | kStencil, GL_STENCIL_TEST_TWO_SIDE_EXT},
                     {kEnable | GL_FOG_BIT, GL_FOG},
                     {kEnable | GL_FOG_BIT, GL_COLOR_SUM},
                     {kEnable | GL_LINE_BIT, GL_LINE_SMOOTH},
                     {kEnable | GL_LINE_BIT, GL_LINE_STIPPLE},
                     {kEnable | GL_POINT_BIT, GL_POINT_SMOOTH},
                     {kEnable | GL_POINT_BIT, GL_POINT_SPRITE},
                     {kEnable | GL_TRANSFORM_BIT, GL_NORMALIZE},
                     {kEnable | GL_TRANSFORM_BIT, GL_RESCALE_NORMAL},
                     {kEnable | GL_TRANSFORM_BIT, GL_DEPTH_CLAMP},
                     {kEnable | GL_TRANSFORM_BIT, GL_RASTER_POSITION_UNCLIPPED_IBM},
                     {kEnable | GL_MULTISAMPLE_BIT, GL_MULTISAMPLE},
                     {kEnable | GL_MULTISAMPLE_BIT, GL_SAMPLE_ALPHA_TO_COVERAGE},
                     {kEnable | GL_MULTISAMPLE_BIT, GL_SAMPLE_ALPHA_TO_ONE},
                     {kEnable | GL_MULTISAMPLE_BIT, GL_SAMPLE_COVERAGE},
                     {kEnable | GL_MULTISAMPLE_BIT, GL_SAMPLE_MASK},
                     {kEnable | GL_MULTISAMPLE_BIT, GL_SAMPLE_SHADING},
                     {kEnable, GL_PROGRAM_POINT_SIZE},
                     {kEnable, GL_VERTEX_PROGRAM_ARB},
                     {kEnable, GL_VERTEX_PROGRAM_TWO_SIDE_ARB},
                     {kEnable, GL_FRAGMENT_PROGRAM_ARB},
                     {kEnable, GL_RASTERIZER_DISCARD},
                     {kEnable, GL_PRIMITIVE_RESTART},
                     {kEnable, GL_PRIMITIVE_RESTART_FIXED_INDEX},
                     {kEnable | GL_TEXTURE_BIT, GL_TEXTURE_CUBE_MAP_SEAMLESS}};

} // namespace

std::span<const Row> rows() { return kRows; }
std::span<const Cap> caps() { return kCaps; }

int ask(Driver& gl, const Row& r, GLdouble (&v)[4]) {
    if (!r.pname[1]) {
        gl.glGetDoublev(r.pname[0], v);
        return r.count;
    }
    int n = 0;
    for (; n < 4 && r.pname[n]; ++n)
        gl.glGetDoublev(r.pname[n], &v[n]);
    return n;
}

} // namespace glckpt::replay::told
