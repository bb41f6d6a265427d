// What the fuzz targets share: libFuzzer's entry points, and the mutator that both drivers have.
// Built with clang's -fsanitize=fuzzer (scripts/fuzz), or with alone.cpp, which drives the same
// targets without any coverage, by any compiler (./check).
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" {
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
}
