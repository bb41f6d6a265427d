// What is in a record, for people: names and kinds of parameters. The tables are generated.
#pragma once
#include "log/record.h"
#include <cstdint>
#include <string>

namespace glckpt::log {

enum class ParamKind : uint8_t {
    Name,
    Enum,
    Bits,
    Boolean,
    Float,
    Double,
    Int8,
    Uint8,
    Int16,
    Uint16,
    Int,
    Uint,
    Int64,
    Uint64,
    Pointer,
    Text,
    Strings,
    Floats,
    Ints,
    Uints,
    Enums,
    Bytes,
    Out
};
struct ParamInfo {
    const char* name;
    ParamKind kind;
    uint16_t offset;
    const char* type;
    const char* group; // of the registry's enums
};
struct OpInfo {
    const char* name;
    const ParamInfo* params;
    unsigned count;
};
struct EnumName {
    uint32_t value;
    const char* name;
};
extern const OpInfo kOpInfos[];
extern const EnumName kEnumNames[]; // sorted by value
extern const unsigned kEnumNameCount;

// One record as one line, as a programmer would write the call. `record` is a whole record whose
// payloads are inline or merely told by their size (PayloadRef::Heap).
std::string to_text(const char* record);

} // namespace glckpt::log
