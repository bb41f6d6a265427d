#include "interpose/ws/egl_choose.h"
#include "interpose/ws/columns.h"
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <algorithm>
#include <climits>

namespace glckpt::ws {
namespace {

constexpr int32_t kAny = EGL_DONT_CARE;

enum class Rule : uint8_t { Exact, AtLeast, Mask, Ignored };

struct Criterion {
    int32_t attrib;
    int column;
    Rule rule;
    int32_t preset;
};

#define C(attrib, rule, preset)                                                                    \
    { attrib, egl_column(attrib), Rule::rule, preset }
constexpr Criterion kCriteria[] = {
    C(EGL_BUFFER_SIZE, AtLeast, 0),
    C(EGL_RED_SIZE, AtLeast, 0),
    C(EGL_GREEN_SIZE, AtLeast, 0),
    C(EGL_BLUE_SIZE, AtLeast, 0),
    C(EGL_ALPHA_SIZE, AtLeast, 0),
    C(EGL_LUMINANCE_SIZE, AtLeast, 0),
    C(EGL_ALPHA_MASK_SIZE, AtLeast, 0),
    C(EGL_DEPTH_SIZE, AtLeast, 0),
    C(EGL_STENCIL_SIZE, AtLeast, 0),
    C(EGL_SAMPLE_BUFFERS, AtLeast, 0),
    C(EGL_SAMPLES, AtLeast, 0),
    C(EGL_BIND_TO_TEXTURE_RGB, Exact, kAny),
    C(EGL_BIND_TO_TEXTURE_RGBA, Exact, kAny),
    C(EGL_COLOR_BUFFER_TYPE, Exact, EGL_RGB_BUFFER),
    C(EGL_CONFIG_CAVEAT, Exact, kAny),
    C(EGL_CONFIG_ID, Exact, kAny),
    C(EGL_CONFORMANT, Mask, 0),
    C(EGL_LEVEL, Exact, 0),
    C(EGL_MAX_SWAP_INTERVAL, Exact, kAny),
    C(EGL_MIN_SWAP_INTERVAL, Exact, kAny),
    C(EGL_NATIVE_RENDERABLE, Exact, kAny),
    C(EGL_NATIVE_VISUAL_TYPE, Exact, kAny),
    C(EGL_RENDERABLE_TYPE, Mask, EGL_OPENGL_ES_BIT),
    C(EGL_SURFACE_TYPE, Mask, EGL_WINDOW_BIT),
    C(EGL_TRANSPARENT_TYPE, Exact, EGL_NONE),
    C(EGL_TRANSPARENT_RED_VALUE, Ignored, kAny),
    C(EGL_TRANSPARENT_GREEN_VALUE, Ignored, kAny),
    C(EGL_TRANSPARENT_BLUE_VALUE, Ignored, kAny),
    C(EGL_COLOR_COMPONENT_TYPE_EXT, Exact, EGL_COLOR_COMPONENT_TYPE_FIXED_EXT),
    C(EGL_MAX_PBUFFER_WIDTH, Ignored, 0),
    C(EGL_MAX_PBUFFER_HEIGHT, Ignored, 0),
    C(EGL_MAX_PBUFFER_PIXELS, Ignored, 0),
    C(EGL_NATIVE_VISUAL_ID, Ignored, 0),
};
#undef C
constexpr int kCount = sizeof kCriteria / sizeof *kCriteria;

struct Wanted {
    int32_t value[kCount];
    int32_t of(int32_t attrib) const {
        for (int i = 0; i < kCount; ++i)
            if (kCriteria[i].attrib == attrib)
                return value[i];
        return kAny;
    }
};

bool matches(const Wanted& w, const int32_t* row) {
    for (int i = 0; i < kCount; ++i) {
        const int32_t wanted = w.value[i];
        const int32_t raw = row[kCriteria[i].column];
        if (wanted == kAny)
            continue;
        if (raw == INT_MIN) // the driver does not know the attribute: what every config is
            continue;
        switch (kCriteria[i].rule) {
        case Rule::Exact:
            if (wanted != raw)
                return false;
            break;
        case Rule::AtLeast:
            if (wanted > raw)
                return false;
            break;
        case Rule::Mask:
            if (wanted & ~raw)
                return false;
            break;
        case Rule::Ignored:
            break;
        }
    }
    return true;
}

// Values that EGL lets an application ask for.
bool valid(int32_t attrib, int32_t value) {
    auto one_of = [&](std::initializer_list<int32_t> list) {
        return value == kAny || std::find(list.begin(), list.end(), value) != list.end();
    };
    switch (attrib) {
    case EGL_BIND_TO_TEXTURE_RGB:
    case EGL_BIND_TO_TEXTURE_RGBA:
    case EGL_NATIVE_RENDERABLE:
        return one_of({EGL_TRUE, EGL_FALSE});
    case EGL_COLOR_BUFFER_TYPE:
        return one_of({EGL_RGB_BUFFER, EGL_LUMINANCE_BUFFER});
    case EGL_CONFIG_CAVEAT:
        return one_of({EGL_NONE, EGL_SLOW_CONFIG, EGL_NON_CONFORMANT_CONFIG});
    case EGL_TRANSPARENT_TYPE:
        return one_of({EGL_NONE, EGL_TRANSPARENT_RGB});
    case EGL_COLOR_COMPONENT_TYPE_EXT:
        return one_of({EGL_COLOR_COMPONENT_TYPE_FIXED_EXT, EGL_COLOR_COMPONENT_TYPE_FLOAT_EXT});
    case EGL_SAMPLE_BUFFERS:
        return one_of({0, 1});
    case EGL_LEVEL:
        return value != kAny;
    case EGL_RED_SIZE:
    case EGL_GREEN_SIZE:
    case EGL_BLUE_SIZE:
    case EGL_ALPHA_SIZE:
    case EGL_DEPTH_SIZE:
    case EGL_STENCIL_SIZE:
    case EGL_BUFFER_SIZE:
    case EGL_LUMINANCE_SIZE:
    case EGL_ALPHA_MASK_SIZE:
    case EGL_SAMPLES:
        return value >= 0 || value == kAny;
    default:
        return true;
    }
}

} // namespace

std::vector<int> choose_egl_configs(std::span<const int32_t* const> rows, const int32_t* attribs,
                                    bool* bad) {
    *bad = false;
    Wanted w;
    for (int i = 0; i < kCount; ++i)
        w.value[i] = kCriteria[i].preset;
    for (const int32_t* a = attribs; a && *a != EGL_NONE; a += 2) {
        int found = -1;
        for (int i = 0; i < kCount; ++i)
            if (kCriteria[i].attrib == *a)
                found = i;
        if (found < 0 ? *a != EGL_MATCH_NATIVE_PIXMAP : !valid(*a, a[1]))
            *bad = true;
        if (found >= 0)
            w.value[found] = a[1];
    }
    std::vector<int> chosen;
    if (*bad)
        return chosen;
    if (const int32_t id = w.of(EGL_CONFIG_ID); id != kAny) { // everything else is ignored then
        for (size_t i = 0; i < rows.size(); ++i)
            if (rows[i][egl_column(EGL_CONFIG_ID)] == id)
                chosen.push_back((int)i);
        return chosen;
    }
    for (size_t i = 0; i < rows.size(); ++i)
        if (matches(w, rows[i]))
            chosen.push_back((int)i);

    // Bits of the colors that were asked for at all count towards "more is better".
    auto color_bits = [&](const int32_t* row) {
        int sum = 0;
        auto add = [&](int32_t attrib, int column) {
            if (const int32_t v = w.of(attrib); v > 0)
                sum += row[column];
        };
        if (w.of(EGL_COLOR_BUFFER_TYPE) == EGL_LUMINANCE_BUFFER) {
            add(EGL_LUMINANCE_SIZE, egl_column(EGL_LUMINANCE_SIZE));
        } else {
            add(EGL_RED_SIZE, egl_column(EGL_RED_SIZE));
            add(EGL_GREEN_SIZE, egl_column(EGL_GREEN_SIZE));
            add(EGL_BLUE_SIZE, egl_column(EGL_BLUE_SIZE));
        }
        add(EGL_ALPHA_SIZE, egl_column(EGL_ALPHA_SIZE));
        return sum;
    };
    auto better = [&](int x, int y) {
        const int32_t *a = rows[(size_t)x], *b = rows[(size_t)y];
        auto differ = [&](int column) { return a[column] != b[column]; };
        // EGL_NONE < EGL_SLOW_CONFIG < EGL_NON_CONFORMANT_CONFIG and
        // EGL_RGB_BUFFER < EGL_LUMINANCE_BUFFER: the constants are in the order of preference.
        // (EGL_EXT_pixel_format_float would have fixed before float here; Mesa does not.)
        for (const int column : {egl_column(EGL_CONFIG_CAVEAT), egl_column(EGL_COLOR_BUFFER_TYPE)})
            if (differ(column))
                return a[column] < b[column];
        if (const int p = color_bits(a), q = color_bits(b); p != q)
            return p > q;
        for (const int column : {egl_column(EGL_BUFFER_SIZE), egl_column(EGL_SAMPLE_BUFFERS),
                                 egl_column(EGL_SAMPLES), egl_column(EGL_DEPTH_SIZE),
                                 egl_column(EGL_STENCIL_SIZE), egl_column(EGL_ALPHA_MASK_SIZE),
                                 egl_column(EGL_NATIVE_VISUAL_TYPE), egl_column(EGL_CONFIG_ID)})
            if (differ(column))
                return a[column] < b[column];
        return false;
    };
    std::stable_sort(chosen.begin(), chosen.end(), better);
    return chosen;
}

} // namespace glckpt::ws
