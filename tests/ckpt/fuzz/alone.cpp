// Drives a fuzz target without libFuzzer: alone SECONDS SEED CORPUS...: each of the corpus's files
// as it is, then mutations of them until the time is over. Says how many; a crash is a crash.
#include "fuzz.h"
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace {

std::mt19937 g_random;
std::string g_now; // what a crash should leave behind

std::vector<std::string> read_corpus(char** paths, int n) {
    std::vector<std::string> out;
    const auto add = [&](const std::filesystem::path& p) {
        std::ifstream in(p, std::ios::binary);
        out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    };
    for (int i = 0; i < n; ++i)
        if (std::filesystem::is_directory(paths[i]))
            for (const auto& e : std::filesystem::directory_iterator(paths[i]))
                add(e.path());
        else
            add(paths[i]);
    return out;
}

void run(const std::string& input) {
    std::ofstream("fuzz-last-input", std::ios::binary).write(input.data(), (long)input.size());
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

} // namespace

// A few changes of a few bytes.
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size) {
    for (unsigned changes = 1 + g_random() % 4; changes; --changes) {
        const size_t at = size ? g_random() % size : 0;
        switch (g_random() % 6) {
        case 0:
            if (size)
                data[at] ^= (uint8_t)(1u << g_random() % 8);
            break;
        case 1:
            if (size)
                data[at] = (uint8_t)g_random();
            break;
        case 2: // a whole number's worth
            if (size >= 8) {
                const uint64_t odd[] = {0, ~0ull, 1ull << 32, 1ull << 63, g_random() % 4096};
                memcpy(data + (at % (size - 7)), &odd[g_random() % 5], 8);
            }
            break;
        case 3:
            if (size > 1)
                size -= g_random() % std::min<size_t>(size - 1, 64);
            break;
        case 4:
            if (size < max_size) {
                memmove(data + at + 1, data + at, size - at);
                data[at] = (uint8_t)g_random();
                ++size;
            }
            break;
        default:
            if (size > 1)
                memmove(data + at, data + size / 2,
                        std::min<size_t>({size - at, size - size / 2, 16}));
        }
    }
    return size;
}

int main(int argc, char** argv) {
    if (argc < 4)
        return fprintf(stderr, "usage: %s SECONDS SEED CORPUS...\n", argv[0]), 2;
    g_random.seed((unsigned)atoi(argv[2]));
    std::vector<std::string> corpus = read_corpus(argv + 3, argc - 3);
    if (corpus.empty())
        return fprintf(stderr, "no corpus\n"), 2;
    for (const std::string& input : corpus)
        run(input);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(atoi(argv[1]));
    long runs = 0;
    std::string input;
    for (; runs < 200 || std::chrono::steady_clock::now() < end; ++runs) {
        if (runs % 4 == 0)
            input = corpus[g_random() % corpus.size()];
        const size_t size = input.size(), room = size + 4096;
        input.resize(room);
        input.resize(LLVMFuzzerCustomMutator(reinterpret_cast<uint8_t*>(input.data()), size, room,
                                             (unsigned)g_random()));
        run(input);
    }
    printf("%ld inputs, no crash\n", runs);
}
