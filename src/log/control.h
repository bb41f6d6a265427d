// The control socket between the app and its renderer: rare questions, answered one at a time.
//
// SOCK_STREAM; each message is a header and `bytes` of payload; a question that passes a descriptor
// carries it by SCM_RIGHTS with its header. Every question has exactly one answer. Payloads are
// plain structs and arrays of them, both ends being built together (kProtocol says so at Hello).
#pragma once
#include <cstdint>

namespace glckpt::log {

constexpr uint32_t kProtocol = 1;

enum class Ask : uint32_t {
    Hello = 1,    // u32 kProtocol -> u32 kProtocol
    AddStream,    // AddStreamQuestion, + memfd -> nothing
    RemoveStream, // u32 stream id -> nothing (its thread has ended)
    AddLarge,     // u32 index, u64 bytes, + memfd -> nothing
    DropLarge,    // u32 index -> nothing
    Drain,        // u32 stream id, u64 position -> nothing (executed up to there)
    Readback,     // see log/readback.h
    // Window system questions, answered by src/replay/ws. Numbers from here on belong to
    // log/ws_protocol.h.
    WsFirst = 1000,
    WsLast = 1999,
};

struct AddStreamQuestion {
    uint32_t id;
    uint32_t share_with;   // stream of the same share group, 0 for none
    uint32_t core_profile; // names must come from glGen
};

struct AskHeader {
    Ask kind;
    uint32_t bytes;
};

} // namespace glckpt::log
