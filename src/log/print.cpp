#include "gen/gl/ops.h"
#include "log/describe.h"
#include <algorithm>
#include <cstdio>
#include <cstring>

namespace glckpt::log {
namespace {

const char* enum_name(uint32_t value) {
    const EnumName* end = kEnumNames + kEnumNameCount;
    const EnumName* e = std::lower_bound(kEnumNames, end, value,
                                         [](const EnumName& n, uint32_t v) { return n.value < v; });
    return e != end && e->value == value ? e->name : nullptr;
}

std::string number(const char* format, auto v) {
    char text[64];
    snprintf(text, sizeof text, format, v);
    return text;
}

std::string enumeration(uint32_t value, const char* group) {
    // 0 and 1 mean something else in every group.
    if (value == 0)
        return group && strstr(group, "Blend")       ? "GL_ZERO"
               : group && strstr(group, "Primitive") ? "GL_POINTS"
                                                     : "GL_NONE";
    if (value == 1 && group && strstr(group, "Blend"))
        return "GL_ONE";
    if (value < 16)
        return number("%u", value);
    const char* n = enum_name(value);
    return n ? n : number("%#x", value);
}

template <class T>
T read(const char* p) {
    T v;
    memcpy(&v, p, sizeof v);
    return v;
}

// The first few of an array.
template <class T>
std::string list(const char* p, size_t bytes, const char* format) {
    const size_t n = bytes / sizeof(T), shown = std::min<size_t>(n, 16);
    std::string s = "{";
    for (size_t i = 0; i < shown; ++i)
        s += (i ? ", " : "") + number(format, read<T>(p + i * sizeof(T)));
    if (shown < n)
        s += ", ... " + number("%zu", n) + " in all";
    return s + "}";
}

std::string quoted(const char* p, size_t n) {
    std::string s = "\"";
    for (size_t i = 0; i < n && (p[i] || i + 1 < n); ++i) {
        const unsigned char c = (unsigned char)p[i];
        if (c == '\n')
            s += "\\n";
        else if (c == '"' || c == '\\')
            (s += '\\') += (char)c;
        else if (c >= 32 && c < 127)
            s += (char)c;
    }
    return s + "\"";
}

std::string payload(const char* record, const ParamInfo& p) {
    const auto ref = read<PayloadRef>(record + p.offset);
    if (ref.kind == PayloadRef::Null)
        return "NULL";
    if (ref.kind == PayloadRef::Offset)
        return number("%#lx", read<uint64_t>(record + ref.place));
    if (ref.kind != PayloadRef::Inline)
        return number("blob(%u bytes)", ref.bytes);
    const char* at = record + ref.place;
    switch (p.kind) {
    case ParamKind::Floats:
        return list<float>(at, ref.bytes, "%g");
    case ParamKind::Ints:
        return list<int32_t>(at, ref.bytes, "%d");
    case ParamKind::Uints:
        return list<uint32_t>(at, ref.bytes, "%u");
    case ParamKind::Enums: {
        std::string s = "{";
        for (size_t i = 0; i < ref.bytes / 4; ++i)
            s += (i ? ", " : "") + enumeration(read<uint32_t>(at + 4 * i), nullptr);
        return s + "}";
    }
    case ParamKind::Text:
        return quoted(at, ref.bytes);
    case ParamKind::Strings: {
        const auto first = read<uint32_t>(at); // lengths, then the characters
        return quoted(at + 4, std::min<size_t>(ref.bytes > 4 ? ref.bytes - 4 : 0, first + 1));
    }
    default:
        return number("blob(%u bytes)", ref.bytes);
    }
}

std::string parameter(const char* record, const ParamInfo& p) {
    const char* at = record + p.offset;
    switch (p.kind) {
    case ParamKind::Enum:
        return enumeration(read<uint32_t>(at), p.group);
    case ParamKind::Bits:
        return number("%#x", read<uint32_t>(at));
    case ParamKind::Boolean:
        return *at ? "GL_TRUE" : "GL_FALSE";
    case ParamKind::Float:
        return number("%g", (double)read<float>(at));
    case ParamKind::Double:
        return number("%g", read<double>(at));
    case ParamKind::Int8:
        return number("%d", (int)read<int8_t>(at));
    case ParamKind::Uint8:
        return number("%u", (unsigned)read<uint8_t>(at));
    case ParamKind::Int16:
        return number("%d", (int)read<int16_t>(at));
    case ParamKind::Uint16:
        return number("%u", (unsigned)read<uint16_t>(at));
    case ParamKind::Int:
        return number("%d", read<int32_t>(at));
    case ParamKind::Name:
    case ParamKind::Uint:
        return number("%u", read<uint32_t>(at));
    case ParamKind::Int64:
        return number("%ld", read<int64_t>(at));
    case ParamKind::Uint64:
    case ParamKind::Pointer:
        return number("%#lx", read<uint64_t>(at));
    case ParamKind::Out:
        return "...";
    default:
        return payload(record, p);
    }
}

} // namespace

std::string to_text(const char* record) {
    const auto h = read<RecordHeader>(record);
    if (h.op == 0 || h.op >= (uint16_t)Op::Count)
        return number("? record of kind %u", (unsigned)h.op);
    const OpInfo& info = kOpInfos[h.op];
    std::string s = std::string(info.name) + "(";
    for (unsigned i = 0; i < info.count; ++i)
        s += (i ? ", " : "") + std::string(info.params[i].name) + " = " +
             parameter(record, info.params[i]);
    return s + ")";
}

} // namespace glckpt::log
