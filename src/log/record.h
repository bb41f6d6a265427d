// The record: one encoded GL (or window system) call.
//
// A record is an 8-byte header, the call's arguments by value in their natural layout (a struct
// generated per command: gen/gl/records.h), and its payloads, inline behind the arguments or in
// the arena. A record's place in its stream (a 64-bit byte offset since the stream began) is its
// sequence number; nothing else numbers it.
//
// The same bytes are the transport to the renderer, the log that is pruned, and, copied out of
// the ring, what the live set keeps: one format, one decoder.
#pragma once
#include <cstddef>
#include <cstdint>

namespace glckpt::log {

enum RecordFlags : uint16_t {
    kSync = 1,      // the producer waits for a reply
    kFailed = 2,    // set by the renderer in place: the driver rejected it, so it had no effect
    kInside = 4,    // between glBegin and glEnd
    kMayFail = 32,  // in an attach log: the driver may reject it, as the one before perhaps did
    kPartly = 16,   // with kFailed: a multi-bind command that had an effect but for names kNoName
    kNotLinked = 8, // set by the renderer: a glLinkProgram that failed while the program was in use
    // Set by the renderer in a glPopAttrib, what the driver's is like (replay/told/pops.cpp): it
    // passes over groups of which nothing has been set since the push; over lights with
    // GL_ENABLE_BIT; over the alpha part of a blend equation where the color part is the same; over
    // the provoking vertex and the newer capabilities. And what directs the commands behind it: the
    // matrix mode (1 modelview, 2 projection, 3 texture, 0 another) and the active unit plus one
    // (0: beyond).
    kPopForgets = 64,
    kPopLeavesLights = 128,
    kPopLeavesAlpha = 8,
    kPopLeavesNewer = 32,
    kPoppedModeShift = 8,
    kPoppedUnitShift = 10,
};

struct RecordHeader {
    uint16_t op;
    uint16_t flags;
    uint32_t size; // of the whole record, a multiple of 8
};
static_assert(sizeof(RecordHeader) == 8);

// A pointer argument. What `place` means depends on its kind:
//   Null    the app passed null
//   Inline  payload bytes at this offset from the record's start
//   Arena   offset / 64 in the stream's arena
//   Large   index of a transfer of its own (a payload too big for the arena)
//   Offset  not a payload: the pointer's value itself (an offset into a bound buffer); 8 bytes
//           inline at this offset
//   Heap    the live set's private copy (never in a stream): index in the owner's table
//   Out     the caller wants `bytes` back in the reply, at this offset of the reply block
//   OutArena  the caller wants `bytes` back at offset / 64 of the arena
struct PayloadRef {
    enum Kind : uint32_t { Null, Inline, Arena, Large, Offset, Heap, Out, OutArena };
    uint32_t bytes;
    uint32_t kind : 3;
    uint32_t place : 29;
};
static_assert(sizeof(PayloadRef) == 8);

// Written by the renderer over a name that the driver refused (kPartly).
constexpr uint32_t kNoName = ~0u;

// In a payload of strings, the length of one that is a null pointer.
constexpr uint32_t kNullString = ~0u;

constexpr size_t align8(size_t n) { return (n + 7) & ~(size_t)7; }
// Up to here payloads travel inside the record.
constexpr size_t kInlineMax = 16 << 10;
constexpr size_t kArenaUnit = 64;

} // namespace glckpt::log
