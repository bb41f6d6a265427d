// Material for the tests: a server's setup, bytes collected, messages made at random.
#pragma once
#include "x11/engine/connection.h"
#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

namespace glckpt::x11::test {

struct Collect final : Sink {
    Bytes bytes;
    void write(const uint8_t* p, size_t n) override { bytes.insert(bytes.end(), p, p + n); }
    Bytes take() { return std::exchange(bytes, {}); }
};

// A setup reply with one screen and one visual.
inline Bytes setup_reply(uint32_t base, uint32_t root = 0x100, uint32_t visual = 0x21) {
    Bytes b(40 + 8 + 40 + 8 + 24);
    b[0] = 1;
    store16(&b[2], 11);
    store16(&b[6], (uint16_t)((b.size() - 8) / 4));
    store32(&b[12], base);
    store32(&b[16], 0x1fffff);
    store16(&b[26], 65535);
    b[28] = 1; // screens
    b[29] = 1; // formats
    b[34] = 8;
    b[35] = 255;
    uint8_t* format = &b[40];
    format[0] = 24;
    format[1] = format[2] = 32;
    uint8_t* screen = &b[48];
    store32(screen, root);
    store32(screen + 4, 0x20);
    store32(screen + 32, visual);
    screen[38] = 24;
    screen[39] = 1;
    uint8_t* depth = &b[88];
    depth[0] = 24;
    store16(depth + 2, 1);
    store32(&b[96], visual);
    b[100] = 4; // TrueColor
    store32(&b[104], 0xff0000);
    store32(&b[108], 0xff00);
    store32(&b[112], 0xff);
    return b;
}

inline Bytes setup_request() {
    Bytes b(12);
    b[0] = 'l';
    store16(&b[2], 11);
    return b;
}

// A connection that is set up, with what it wrote.
struct Peer {
    Collect to_server, to_client;
    Display& display;
    Connection connection;
    ByteQueue client_queue, server_queue;

    explicit Peer(Display& d, ConnectionId id = 1, uint32_t base = 0x200000)
        : display(d), connection(d, id, to_server, to_client) {
        d.connections.push_back(&connection);
        client(setup_request());
        server(setup_reply(base));
        to_server.take();
        to_client.take();
    }
    void client(const Bytes& b) {
        client_queue.append(b.data(), b.size());
        connection.from_client(client_queue);
    }
    void server(const Bytes& b) {
        server_queue.append(b.data(), b.size());
        connection.from_server(server_queue);
    }
};

// Fills in the length.
inline Bytes request(Bytes b) {
    b.resize(padded(b.size()));
    store16(&b[2], (uint16_t)(b.size() / 4));
    return b;
}

inline Bytes reply(uint16_t number, uint8_t data = 0, size_t extra = 0) {
    Bytes b(32 + extra);
    b[0] = 1;
    b[1] = data;
    store16(&b[2], number);
    store32(&b[4], (uint32_t)(extra / 4));
    return b;
}

inline Bytes random_bytes(std::mt19937& rng, size_t n) {
    Bytes b(n);
    for (uint8_t& x : b)
        x = (uint8_t)(rng() % 4 ? rng() % 8 : rng()); // small numbers make plausible counts
    return b;
}

// Renumbers at random, but one to one, all that the tests' messages can contain.
inline void renumber_at_random(Display& d, std::mt19937& rng) {
    const auto pair_some = [&](Permutation& p, uint32_t from, uint32_t range) {
        std::vector<uint32_t> real(range);
        std::iota(real.begin(), real.end(), from);
        std::ranges::shuffle(real, rng);
        p.clear();
        for (uint32_t i = 0; i < range; i += 2) // the others follow from close()
            p.pair(from + i, real[i]);
        p.close();
    };
    pair_some(d.names.ids.bases, 1, 255);
    pair_some(d.names.ids.server_ids, 2, 500);
    pair_some(d.names.atoms.numbers, 69, 2000);
    pair_some(d.names.devices, 2, 30);
    d.names.moved = true;
}

} // namespace glckpt::x11::test
