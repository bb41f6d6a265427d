// Which processes belong together although their parents have ended: everything that was started
// under one glckpt-run has its tree's id (GLCKPT_TREE, 16 hexadecimal digits), and each of them
// holds a socket whose abstract name tells the id and its pid. A restarted program gets a new id:
// the program it was taken from may still run.
#pragma once
#include "ckpt/tree/tree.h"
#include <string>

namespace glckpt::ckpt {

constexpr const char* kTreeVariable = "GLCKPT_TREE=";
constexpr size_t kTreeIdLength = 16;

std::string new_tree_id();
// Of this process; from the environment when it is asked for first.
const char* tree_id();
void set_tree_id(const char* id); // also what programs that it executes are given
std::string mark_name(int pid);   // of the socket

// Living members of this process's tree whose parents are not in it, this process left out if it
// is one; each followed by its descendants. `parent` of the former is 0.
std::vector<TreeMember> orphans_of_tree();
// This process's root, or that which began first where there are several.
int first_of_roots(int own_root);

} // namespace glckpt::ckpt
