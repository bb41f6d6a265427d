# Compile options shared by every room.
#
# glckpt_options: warnings, include root.            Everything links it.
# glckpt_guest:   what runs inside somebody's process: hidden symbols, no exceptions that could
#                 reach for the app's malloc, position independent. src/ rooms of the preload link it.
add_library(glckpt_options INTERFACE)
target_include_directories(glckpt_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include
                           ${CMAKE_BINARY_DIR})
target_compile_options(glckpt_options INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers
                       $<$<CONFIG:Release>:-O2> -g1)
target_compile_definitions(glckpt_options INTERFACE _GNU_SOURCE GLCKPT_VERSION="${PROJECT_VERSION}")

add_library(glckpt_guest INTERFACE)
target_link_libraries(glckpt_guest INTERFACE glckpt_options)
target_compile_options(glckpt_guest INTERFACE -fPIC -fvisibility=hidden -fvisibility-inlines-hidden
                       -fno-exceptions -fno-asynchronous-unwind-tables -ftls-model=initial-exec
                       -fno-semantic-interposition -fno-plt)

function(glckpt_sanitize target)
  if(GLCKPT_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()
