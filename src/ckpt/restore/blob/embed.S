/* The blob inside the restorer. */
    .section .rodata
    .globl glckpt_blob, glckpt_blob_end
    .hidden glckpt_blob, glckpt_blob_end
    .balign 16
glckpt_blob:
    .incbin GLCKPT_BLOB_FILE
glckpt_blob_end:
    .section .note.GNU-stack, "", @progbits
