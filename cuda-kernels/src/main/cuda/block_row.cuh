// Blocks of an operand, side by side along the inner dimension: `length` columns each, which lie anywhere in
// memory as long as the distance from one to the next grows by the same number every time. So do the matrices
// of one earlier layer for all later ones in the parameters of a dense kernel.
#pragma once

struct BlockRow {
  int length;          // slices of a tile do not reach over the end of a block
  long long distance;  // in elements, from the first block to the second
  long long growth;    // of the distance, from block to block

  // From block j to the next.
  __device__ __forceinline__ long long after(int j) const { return distance + growth * j; }

  // Where block j begins.
  __device__ __forceinline__ long long begin(int j) const {
    return distance * j + growth * (static_cast<long long>(j) * (j - 1) / 2);
  }

  // Where a column is, in the first row.
  __device__ __forceinline__ long long place(int column) const {
    const int j = column / length;
    return begin(j) + column - j * length;
  }
};
