#!/bin/sh
# Writes what the tests need about every function of NVIDIA's static runtime: usage generate_names.sh ARCHIVE OUTPUT_FOLDER
#   names.txt    the names
#   stand_in.S   a function of each name, which reports its name (stand_in.c)
#   partial.S    the same without the last one
#   table.inc    a call of each
set -eu
archive=$1
out=$2
mkdir -p "$out"
nm "$archive" 2>/dev/null | awk '$2 ~ /^[TtWw]$/ && $3 ~ /^(__)?cuda[A-Z]/ { print $3 }' | sort -u > "$out/names.txt"
test -s "$out/names.txt"
functions() {
  awk '{
    printf "  .text\n  .globl %s\n  .type %s, @function\n  .p2align 4\n%s:\n", $1, $1, $1
    printf "  leaq .Lname%d(%%rip), %%rdi\n  jmp stand_in_called\n", NR
    printf "  .section .rodata\n.Lname%d: .asciz \"%s\"\n", NR, $1
  } END { print "  .section .note.GNU-stack,\"\",@progbits" }'
}
functions < "$out/names.txt" > "$out/stand_in.S"
sed '$d' "$out/names.txt" | functions > "$out/partial.S"
awk '{ printf "CALL(%s)\n", $1 }' "$out/names.txt" > "$out/table.inc"
