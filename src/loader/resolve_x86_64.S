/* Between a trampoline and its target on the first call: keeps every register that may carry an argument (integers, the 16-byte
 * vectors, al for variadic functions, r10) across the call of cuda_shim_resolve(r11), then goes on to what it returned. The CUDA APIs
 * pass nothing wider than 16 bytes in a vector register. */

        .text
        .globl  cuda_shim_resolve_entry
        .hidden cuda_shim_resolve_entry
        .type   cuda_shim_resolve_entry, @function
        .p2align 4
cuda_shim_resolve_entry:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        subq    $192, %rsp
        andq    $-16, %rsp
        movq    %rax, 0(%rsp)
        movq    %rdi, 8(%rsp)
        movq    %rsi, 16(%rsp)
        movq    %rdx, 24(%rsp)
        movq    %rcx, 32(%rsp)
        movq    %r8, 40(%rsp)
        movq    %r9, 48(%rsp)
        movq    %r10, 56(%rsp)
        movaps  %xmm0, 64(%rsp)
        movaps  %xmm1, 80(%rsp)
        movaps  %xmm2, 96(%rsp)
        movaps  %xmm3, 112(%rsp)
        movaps  %xmm4, 128(%rsp)
        movaps  %xmm5, 144(%rsp)
        movaps  %xmm6, 160(%rsp)
        movaps  %xmm7, 176(%rsp)
        movq    %r11, %rdi
        call    cuda_shim_resolve
        movq    %rax, %r11
        movaps  176(%rsp), %xmm7
        movaps  160(%rsp), %xmm6
        movaps  144(%rsp), %xmm5
        movaps  128(%rsp), %xmm4
        movaps  112(%rsp), %xmm3
        movaps  96(%rsp), %xmm2
        movaps  80(%rsp), %xmm1
        movaps  64(%rsp), %xmm0
        movq    56(%rsp), %r10
        movq    48(%rsp), %r9
        movq    40(%rsp), %r8
        movq    32(%rsp), %rcx
        movq    24(%rsp), %rdx
        movq    16(%rsp), %rsi
        movq    8(%rsp), %rdi
        movq    0(%rsp), %rax
        leave
        .cfi_def_cfa %rsp, 8
        jmp     *%r11
        .cfi_endproc
        .size   cuda_shim_resolve_entry, .-cuda_shim_resolve_entry

        .section .note.GNU-stack,"",@progbits
