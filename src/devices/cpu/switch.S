// The fiber switch: saves what the C calling convention asks a callee to save, changes the stack, restores, returns.
//
// Own code instead of Boost.Context because a barrier of 1,024 threads is 1,024 of these: without the floating-point
// control words (kernels leave them as they are) it is half the instructions, and `ret` is predicted, since fibers
// mostly resume where the last one left.
//
//   void cuda_shim_fiber_switch(void** save, void* load)   stores this stack pointer, takes up the other
//   void cuda_shim_fiber_start(void)                       first return address of a fiber: calls function(argument)

    .text
#if defined(__x86_64__)
    .globl cuda_shim_fiber_switch
    .hidden cuda_shim_fiber_switch
    .type cuda_shim_fiber_switch, @function
    .p2align 4
cuda_shim_fiber_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size cuda_shim_fiber_switch, . - cuda_shim_fiber_switch

    .globl cuda_shim_fiber_start
    .hidden cuda_shim_fiber_start
    .type cuda_shim_fiber_start, @function
cuda_shim_fiber_start:
    movq %r12, %rdi
    callq *%r13
    ud2
    .size cuda_shim_fiber_start, . - cuda_shim_fiber_start
#elif defined(__aarch64__)
    .globl cuda_shim_fiber_switch
    .hidden cuda_shim_fiber_switch
    .type cuda_shim_fiber_switch, %function
    .p2align 4
cuda_shim_fiber_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x2, sp
    str x2, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
    .size cuda_shim_fiber_switch, . - cuda_shim_fiber_switch

    .globl cuda_shim_fiber_start
    .hidden cuda_shim_fiber_start
    .type cuda_shim_fiber_start, %function
cuda_shim_fiber_start:
    mov x0, x19
    blr x20
    brk #1
    .size cuda_shim_fiber_start, . - cuda_shim_fiber_start
#else
#error "The fiber switch is written for x86-64 and AArch64."
#endif
    .section .note.GNU-stack, "", %progbits
