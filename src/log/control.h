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
    Pause,    // -> u32 1 if every stream stands between two records (and outside glBegin), else 0
    Resume,   // -> nothing
    Readback, // see log/readback.h; while paused
    SwitchStream, // u32 stream id, + memfd -> SwitchAnswer: from the attach log to the stream
                  // itself
    Probe, // ProbeQuestion -> what a test's library says of it (replay/probe.h); while paused
    // Window system questions, answered by src/replay/ws. Numbers from here on belong to
    // log/ws_protocol.h.
    WsFirst = 1000,
    WsLast = 1999,
};

struct AddLargeQuestion {
    uint32_t index, unused;
    uint64_t bytes;
};
struct AddStreamQuestion {
    uint32_t id;
    uint32_t share_with;   // stream of the same share group, 0 for none
    uint32_t core_profile; // names must come from glGen
    uint32_t attaching;    // the memfd is an attach log's; SwitchStream follows
};
struct ProbeQuestion {
    uint32_t stream;
    int32_t width, height; // of its drawable
};
// What the driver refused of an attach log.
struct SwitchAnswer {
    uint32_t failures;
    uint32_t first_op, first_error;
    char call[256]; // the first one as a programmer would write it, and what it was for
};

struct AskHeader {
    Ask kind;
    uint32_t bytes;
};

} // namespace glckpt::log
