// The context's shadow: the little of GL's state that the encoders must know to encode.
//
// Rule for what belongs here: what decides how many bytes of the app's memory a call reads, or
// what a program asks every frame. Everything else is the pruner's business, behind.
#pragma once
#include "interpose/gl/pixel_store.h"
#include "interpose/gl/written.h"
#include "log/arrays.h"
#include "log/list_shapes.h"
#include <cstdint>
#include <vector>

namespace glckpt {

using enum log::ArrayIndex;

struct ArrayState {
    const void* pointer = nullptr;
    GLint size = 4; // components, or GL_BGRA
    GLenum type = GL_FLOAT;
    GLsizei stride = 0;
    GLuint divisor = 0;
    uint8_t flags = 0; // log::ArrayFlags
};

struct VaoShadow {
    ArrayState arrays[kArrays];
    uint64_t enabled = 0;   // by ArrayIndex
    uint64_t client = 0;    // whose pointer is into the app's memory
    uint64_t instanced = 0; // with a divisor
    GLuint element_buffer = 0;
    // The arrays a draw must send.
    uint64_t to_send() const { return enabled & client; }
};

struct Map {
    GLuint buffer;
    char* pointer;
    GLintptr offset;
    GLsizeiptr length;
    GLbitfield access;
    char* memory;             // of its own; null: the pointer is into the buffer's copy
    std::vector<char> before; // what the renderer has of it, where unflushed writes are looked for
    // Of a persistent map (persistent.cpp): what the renderer has been told, and has told.
    char* sent = nullptr;
    WatchedPages pages;
    uint64_t sends = 0;
    bool driver_wrote = false; // by a copy, a clear or an upload beside the map
    ~Map();
};

enum Restarts : uint8_t { kRestart = 1, kRestartFixed = 2, kRestartNv = 4 };

struct Shadow {
    PixelStore pack, unpack;
    GLuint pack_buffer = 0, unpack_buffer = 0, array_buffer = 0;
    VaoShadow default_vao;
    VaoShadow* vao = &default_vao;
    GLuint vao_name = 0;
    GLuint client_active_texture = 0; // unit
    GLuint element_buffer() const { return vao->element_buffer; }

    GLuint active_texture = 0;
    bool compiling_list = false;
    GLenum list_mode = 0;
    GLuint list_name = 0, list_base = 0;
    log::ListShapes::Shape list_shape; // of the one being compiled
    // glLockArraysEXT: [first, first + count) has been sent since the lock.
    GLint lock_first = 0;
    GLsizei lock_count = 0;
    uint64_t lock_sent = 0;
    GLuint restart_index = 0;
    uint8_t restarts_on = 0;   // as far as the commands for it tell (not attribute stacks or lists)
    uint8_t restarts_used = 0; // ways in which this context has ever switched primitive restart on
    // Selection and feedback: the app's memory, filled when the mode ends.
    GLenum render_mode = GL_RENDER;
    GLfloat* feedback = nullptr;
    GLuint* select = nullptr;
    GLsizei feedback_size = 0, select_size = 0;
    GLDEBUGPROC debug_callback = nullptr;
    const void* debug_user = nullptr;
};

} // namespace glckpt
