// A recorded log: everything that a program has told its renderer, unpruned, in one file.
//
// Written with GLCKPT_RECORD=FILE (src/interpose/live/recorder.cpp), as FILE.<pid>; played by
// tests/cut. A sequence of entries; each is a RecordedHeader and `bytes` bytes, a multiple of 8.
#pragma once
#include "log/ws_protocol.h"
#include <cstdint>

namespace glckpt::log {

constexpr char kRecordedMagic[8] = {'g', 'c', 'k', 'l', 'o', 'g', '0', '1'};

enum class Recorded : uint32_t {
    Display = 1, // ws::OpenDisplay
    Context,     // RecordedContext, its attributes
    ContextGone, // u32 id
    Surface,     // RecordedSurface, its attributes
    SurfaceGone, // u64 id
    Record,      // RecordedCall, the record; each payload of it that is not inline, aligned to 8
};
struct RecordedHeader {
    Recorded kind;
    uint32_t bytes;
};
struct RecordedContext {
    uint32_t api; // glckpt::Api
    uint32_t unused;
    ws::CreateContext question;
};
struct RecordedSurface {
    int32_t width, height;
    ws::CreateSurface question;
};
struct RecordedCall {
    uint32_t stream;
    uint32_t unused;
};

} // namespace glckpt::log
