// Window system questions: what the GLX and EGL faces ask their renderer on the control socket.
//
// The faces own all objects and choose all numbers (displays, contexts, drawables, configs); the
// renderer only keeps tables from them to the driver's handles. So the same questions, asked again,
// build the same world in another renderer. Every question may be asked twice (the renderer may
// die after it has executed one and before it has answered): creating what exists and destroying
// what does not are no errors.
//
// A question is one of these structs, followed by `attribs` 32-bit values where it has that field.
// An answer is one of these structs, or an array of 32-bit values.
#pragma once
#include "log/control.h"

namespace glckpt::log::ws {

enum Kind : uint32_t { // an Ask of the control socket
    kOpenDisplay = 1000,
    kListConfigs = 1001,
    kListVisuals = 1002,
    kMapConfigs = 1003,
    kString = 1004,
    kInteger = 1005,
    kCreateContext = 1006,
    kDestroyContext = 1007,
    kCreateSurface = 1008,
    kDestroySurface = 1009,
    kQuerySurface = 1010,
    kSetSurface = 1011,
    kSwapSurface = 1012,
    kCopySurface = 1013,
    kLastError = 1014,
    kListDevices = 1015,
    kSwapInterval = 1016,
    kDestroyImage = 1017, // SurfaceOnly, with the image's number
};

// What went wrong, as the app's side must report it: GLX as an X protocol error, EGL by number.
struct Failure {
    int32_t code;  // X error code (relative to GLX's first one if `glx`), or EGL error; 0: none
    uint8_t glx;   // relative to the extension's first error
    uint8_t minor; // X: minor opcode of the request (GLX)
    uint8_t major_core; // X: major opcode if it was a core request, else 0 (GLX's own)
    uint8_t unused;
};

enum class DisplayKind : uint32_t { Glx, EglX11, EglSurfaceless, EglDevice };

struct OpenDisplay {
    uint32_t display;
    DisplayKind kind;
    uint32_t screen;
    uint32_t device; // EglDevice: which
    char name[256];  // X: the server's name
};
struct OpenDisplayAnswer {
    uint32_t ok;
    int32_t major, minor; // of GLX or EGL
    int32_t error;        // EGL
    uint32_t screens;     // X
};

struct DisplayOnly {
    uint32_t display;
};
// -> rows of kGlxConfigAttribs / kEglConfigAttribs values. kListConfigs may be followed by i32
// numbers of rows: those alone, in that order (a number beyond the list: no row), and without
// kDriverRank.

// Makes the number of a config in later questions mean row `attribs[number]` of kListConfigs
// (-1: the driver has none like it).
struct MapConfigs {
    uint32_t display;
    uint32_t attribs;
};

enum class StringOf : uint32_t { GlxExtensions, GlxClient, GlxServer, GlxRenderer, Egl, EglClient };
struct String {
    uint32_t display;
    StringOf of;
    int32_t name;
};
// -> the characters without a NUL; nothing if there is none

// GLX_MESA_query_renderer
struct Integer {
    uint32_t display;
    int32_t name;
};
struct IntegerAnswer {
    uint32_t ok;
    uint32_t values[8];
};

enum class ContextStyle : uint32_t { GlxLegacy, GlxNew, GlxAttribs, Egl };
struct CreateContext {
    uint32_t context;
    uint32_t display;
    int32_t config;  // -1: none
    uint32_t visual; // GlxLegacy: real visual id, for the visuals that no config has
    uint32_t share;  // context, or 0
    ContextStyle style;
    int32_t render_type; // GlxNew
    uint32_t direct;
    uint32_t egl_api;
    uint32_t attribs; // pairs, then the terminator
};
struct Outcome {
    uint32_t ok;
    Failure failure;
    int32_t value;
};

struct ContextOnly {
    uint32_t context;
};
struct SurfaceOnly {
    uint64_t surface;
};

enum class SurfaceKind : uint32_t {
    GlxBareWindow, // an X window without a GLXWindow
    GlxWindow,
    GlxPixmap,
    GlxOldPixmap, // glXCreateGLXPixmap
    GlxPbuffer,
    EglWindow,
    EglPixmap,
    EglPbuffer,
};
struct CreateSurface {
    uint64_t surface;
    uint32_t display;
    SurfaceKind kind;
    int32_t config;  // GlxBareWindow: may be told anew
    uint32_t visual; // GlxOldPixmap
    uint64_t native; // the X server's id
    uint32_t attribs;
};
struct SurfaceAttrib {
    uint64_t surface;
    int32_t name;
    int32_t value;
};
struct CopySurface {
    uint64_t surface;
    int32_t x, y, width, height; // GLX_MESA_copy_sub_buffer
    uint64_t native;             // eglCopyBuffers: real pixmap; else 0
};

// Not an attribute of GLX: the config's place in the driver's own order of preference, or -1.
constexpr int32_t kDriverRank = 0x7f000001;

// Attributes of a GLX config, in the order of a row.
inline constexpr int32_t kGlxConfigAttribs[] = {
    0x8013 /*FBCONFIG_ID*/,
    2 /*BUFFER_SIZE*/,
    3 /*LEVEL*/,
    5 /*DOUBLEBUFFER*/,
    6 /*STEREO*/,
    7 /*AUX_BUFFERS*/,
    8 /*RED_SIZE*/,
    9,
    10,
    11 /*ALPHA_SIZE*/,
    12 /*DEPTH_SIZE*/,
    13 /*STENCIL_SIZE*/,
    14 /*ACCUM_RED_SIZE*/,
    15,
    16,
    17,
    0x20 /*CONFIG_CAVEAT*/,
    0x22 /*X_VISUAL_TYPE*/,
    0x23 /*TRANSPARENT_TYPE*/,
    0x24 /*TRANSPARENT_INDEX_VALUE*/,
    0x25 /*TRANSPARENT_RED_VALUE*/,
    0x26,
    0x27,
    0x28 /*TRANSPARENT_ALPHA_VALUE*/,
    0x8010 /*DRAWABLE_TYPE*/,
    0x8011 /*RENDER_TYPE*/,
    0x8012 /*X_RENDERABLE*/,
    0x8016 /*MAX_PBUFFER_WIDTH*/,
    0x8017 /*MAX_PBUFFER_HEIGHT*/,
    0x8018 /*MAX_PBUFFER_PIXELS*/,
    0x8019 /*OPTIMAL_PBUFFER_WIDTH_SGIX*/,
    0x801A /*OPTIMAL_PBUFFER_HEIGHT_SGIX*/,
    0x800B /*VISUAL_ID*/,
    0x800C /*SCREEN*/,
    100000 /*SAMPLE_BUFFERS*/,
    100001 /*SAMPLES*/,
    0x8028 /*VISUAL_SELECT_GROUP_SGIX*/,
    0x8060 /*SWAP_METHOD_OML*/,
    0x20B2 /*FRAMEBUFFER_SRGB_CAPABLE*/,
    0x20B0 /*FLOAT_COMPONENTS_NV*/,
    0x20D0 /*BIND_TO_TEXTURE_RGB_EXT*/,
    0x20D1 /*BIND_TO_TEXTURE_RGBA_EXT*/,
    0x20D2 /*BIND_TO_MIPMAP_TEXTURE_EXT*/,
    0x20D3 /*BIND_TO_TEXTURE_TARGETS_EXT*/,
    0x20D4 /*Y_INVERTED_EXT*/,
    1 /*USE_GL (visuals)*/,
    4 /*RGBA (visuals)*/,
    kDriverRank,
};
inline constexpr int kGlxConfigColumns = sizeof kGlxConfigAttribs / sizeof *kGlxConfigAttribs;

// Attributes of an EGL config, in the order of a row.
inline constexpr int32_t kEglConfigAttribs[] = {
    0x3028 /*CONFIG_ID*/,
    0x3020 /*BUFFER_SIZE*/,
    0x3021 /*ALPHA_SIZE*/,
    0x3022 /*BLUE_SIZE*/,
    0x3023 /*GREEN_SIZE*/,
    0x3024 /*RED_SIZE*/,
    0x3025 /*DEPTH_SIZE*/,
    0x3026 /*STENCIL_SIZE*/,
    0x3027 /*CONFIG_CAVEAT*/,
    0x3029 /*LEVEL*/,
    0x302A /*MAX_PBUFFER_HEIGHT*/,
    0x302B /*MAX_PBUFFER_PIXELS*/,
    0x302C /*MAX_PBUFFER_WIDTH*/,
    0x302D /*NATIVE_RENDERABLE*/,
    0x302E /*NATIVE_VISUAL_ID*/,
    0x302F /*NATIVE_VISUAL_TYPE*/,
    0x3031 /*SAMPLES*/,
    0x3032 /*SAMPLE_BUFFERS*/,
    0x3033 /*SURFACE_TYPE*/,
    0x3034 /*TRANSPARENT_TYPE*/,
    0x3035 /*TRANSPARENT_BLUE_VALUE*/,
    0x3036,
    0x3037 /*TRANSPARENT_RED_VALUE*/,
    0x3039 /*BIND_TO_TEXTURE_RGB*/,
    0x303A /*BIND_TO_TEXTURE_RGBA*/,
    0x303B /*MIN_SWAP_INTERVAL*/,
    0x303C /*MAX_SWAP_INTERVAL*/,
    0x303D /*LUMINANCE_SIZE*/,
    0x303E /*ALPHA_MASK_SIZE*/,
    0x303F /*COLOR_BUFFER_TYPE*/,
    0x3040 /*RENDERABLE_TYPE*/,
    0x3042 /*CONFORMANT*/,
    0x3339 /*COLOR_COMPONENT_TYPE_EXT*/,
};
inline constexpr int kEglConfigColumns = sizeof kEglConfigAttribs / sizeof *kEglConfigAttribs;

} // namespace glckpt::log::ws
