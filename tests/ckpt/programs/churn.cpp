// Memory that changes in every way there is, and knows at any moment what each page must hold: for
// images that hold only what changed.
//
// Each page of an area holds numbers made from a seed, and a table has the seeds. A file "check.N"
// has all of it compared; "checked.N" then says "ok", or what is wrong.
#include "harness.h"
#include <cstdint>
#include <sys/mman.h>
#include <sys/wait.h>
#include <vector>

namespace {

constexpr size_t kPage = 4096;
uint64_t g_next_seed = 1;

uint64_t mix(uint64_t x) {
    x ^= x >> 31;
    x *= 0x9e3779b97f4a7c15;
    return x ^ x >> 29;
}

struct Area {
    char* at = nullptr;
    std::vector<uint64_t> seeds; // 0: a page of zeros
    size_t pages() const { return seeds.size(); }
    uint64_t* page(size_t i) const { return reinterpret_cast<uint64_t*>(at + i * kPage); }

    static void make(uint64_t* to, uint64_t seed) {
        for (size_t i = 0; i < kPage / 8; ++i)
            to[i] = seed ? mix(seed * 512 + i) : 0;
    }
    void fill(size_t i) { make(page(i), seeds[i] = g_next_seed++); }
    bool holds(size_t i) const {
        const uint64_t* p = page(i);
        for (size_t k = 0; k < kPage / 8; ++k)
            if (p[k] != (seeds[i] ? mix(seeds[i] * 512 + k) : 0))
                return false;
        return true;
    }
    long first_wrong() const {
        for (size_t i = 0; i < pages(); ++i)
            if (!holds(i))
                return (long)i;
        return -1;
    }
};

char* map(size_t bytes, int flags, void* at = nullptr) {
    void* p = mmap(at, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? nullptr : static_cast<char*>(p);
}

Area make_area(size_t pages, int flags) {
    Area a;
    a.at = map(pages * kPage, flags);
    a.seeds.resize(pages);
    for (size_t i = 0; i < pages; ++i)
        if (i % 3 != 2) // the rest stays untouched
            a.fill(i);
    return a;
}

uint64_t g_random = 88172645463325252ull;
size_t any(size_t below) {
    g_random ^= g_random << 13;
    g_random ^= g_random >> 7;
    g_random ^= g_random << 17;
    return g_random % below;
}

// Written by the kernel, not by the program.
void read_into(Area& a, size_t i) {
    uint64_t bytes[kPage / 8];
    Area::make(bytes, a.seeds[i] = g_next_seed++);
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(write(ends[1], bytes, kPage) == (ssize_t)kPage);
    CHECK(read(ends[0], a.page(i), kPage) == (ssize_t)kPage);
    close(ends[0]);
    close(ends[1]);
}

void drop(Area& a, size_t i, size_t count) {
    CHECK(madvise(a.page(i), count * kPage, MADV_DONTNEED) == 0);
    for (size_t k = i; k < i + count; ++k)
        a.seeds[k] = 0;
}

// Other memory at the same place.
void replace(Area& a, size_t i, size_t count) {
    CHECK(munmap(a.page(i), count * kPage) == 0);
    CHECK(map(count * kPage, MAP_PRIVATE | MAP_FIXED, a.page(i)) == (char*)a.page(i));
    for (size_t k = i; k < i + count; ++k) {
        a.seeds[k] = 0;
        if (k % 2)
            a.fill(k);
    }
}

// Pages that go somewhere else, with all they hold.
void move_within(Area& a, size_t from, size_t to, size_t count) {
    CHECK(mremap(a.page(from), count * kPage, count * kPage, MREMAP_MAYMOVE | MREMAP_FIXED,
                 a.page(to)) == a.page(to));
    CHECK(map(count * kPage, MAP_PRIVATE | MAP_FIXED, a.page(from)) == (char*)a.page(from));
    for (size_t k = 0; k < count; ++k) {
        a.seeds[to + k] = a.seeds[from + k];
        a.seeds[from + k] = 0;
    }
}

// The same bytes again, and there and back: nothing has changed.
void rewrite(Area& a, size_t i) {
    const uint64_t seed = a.seeds[i];
    a.fill(i);
    Area::make(a.page(i), a.seeds[i] = seed);
}

// Written by a child, which has its own of the one and shares the other.
void by_child(Area& shared, Area& mine) {
    const size_t i = any(shared.pages()), k = any(mine.pages());
    const uint64_t seed = shared.seeds[i] = g_next_seed++;
    const pid_t child = fork();
    if (child == 0) {
        Area::make(shared.page(i), seed);
        memset(mine.page(k), 0x5a, kPage);
        _exit(0);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

void grow(Area& a, size_t pages) {
    void* p = mremap(a.at, a.pages() * kPage, (a.pages() + pages) * kPage, MREMAP_MAYMOVE);
    CHECK(p != MAP_FAILED);
    a.at = static_cast<char*>(p);
    const size_t before = a.pages();
    a.seeds.resize(before + pages);
    for (size_t i = before; i < a.pages(); i += 2)
        a.fill(i);
}

struct Churn {
    Area large = make_area(17 << 10, MAP_PRIVATE); // 68 MiB: mapped from the image at a restart
    Area steps = make_area(512, MAP_PRIVATE);      // where mappings come and go
    Area grown = make_area(300, MAP_PRIVATE);
    Area shared = make_area(400, MAP_SHARED);
    int last_check = 0;

    void change(long n) {
        for (int i = 0; i < 20; ++i)
            large.fill(any(large.pages()));
        read_into(large, any(large.pages()));
        rewrite(large, any(large.pages()));
        drop(large, any(large.pages() - 8), 1 + any(7));
        shared.fill(any(shared.pages()));
        steps.fill(any(steps.pages()));
        switch (n % 5) {
        case 0:
            return drop(steps, any(400), 1 + any(40));
        case 1:
            return replace(steps, any(400), 1 + any(40));
        case 2:
            return move_within(steps, any(100), 200 + any(100), 1 + any(40));
        case 3:
            return by_child(shared, large);
        default:
            if (grown.pages() < 3000)
                grow(grown, 8);
        }
    }

    // Also what the image itself cannot have wrong: the tables are in it as well.
    const char* wrong() const {
        if (large.first_wrong() >= 0)
            return "the large area is wrong\n";
        if (steps.first_wrong() >= 0)
            return "the area of mappings is wrong\n";
        if (grown.first_wrong() >= 0)
            return "the area that grows is wrong\n";
        if (shared.first_wrong() >= 0)
            return "the shared area is wrong\n";
        return "ok\n";
    }

    void answer() {
        char name[64];
        for (;; ++last_check) {
            snprintf(name, sizeof name, "check.%d", last_check);
            if (access(name, F_OK) != 0)
                return;
            snprintf(name, sizeof name, "checked.%d.tmp", last_check);
            const std::string final(name, strlen(name) - 4);
            const char* text = wrong();
            const int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);
            CHECK(write(fd, text, strlen(text)) > 0);
            close(fd);
            CHECK(rename(name, final.c_str()) == 0);
        }
    }
};

} // namespace

int main() {
    Churn churn;
    return check_until_stopped([&](long n) {
        churn.change(n);
        churn.answer();
    });
}
