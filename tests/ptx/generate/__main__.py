"""Generates the PTX tests of arithmetic: python3 tests/ptx/generate FOLDER.

Expected values come from exact.py, which knows nothing of the translator. Files are rewritten on each run; the format is that of ptx_case.h.
"""

import shutil
import sys

import asynchronous
import atomic
import comparison
import conversion
import floating_point
import integer
import large_array
import logic
import matrix
import matrix_move
import matrix_wmma
import memory
import newer
import tensor
import texture
import video
from case import Writer

shutil.rmtree(sys.argv[1], ignore_errors=True)
writer = Writer(sys.argv[1])
for chapter in (integer, large_array, logic, comparison, floating_point, conversion, matrix, matrix_move, matrix_wmma, memory, atomic, asynchronous, video, newer, tensor, texture):
    chapter.write(writer)
print(f"{writer.count} PTX tests generated.")
