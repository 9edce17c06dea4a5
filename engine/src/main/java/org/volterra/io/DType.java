package org.volterra.io;

import java.util.Optional;

/** Element types that tensors in files can have. The constants' names are those of safetensors. */
public enum DType {
  /** IEEE 754 binary64. */
  F64(8, 'f'),
  /** IEEE 754 binary32. */
  F32(4, 'f'),
  /** IEEE 754 binary16. */
  F16(2, 'f'),
  /** The upper half of a binary32; not known to NumPy. */
  BF16(2, ' '),
  /** Signed 64-bit integer. */
  I64(8, 'i'),
  /** Signed 32-bit integer. */
  I32(4, 'i'),
  /** Signed 16-bit integer. */
  I16(2, 'i'),
  /** Signed 8-bit integer. */
  I8(1, 'i'),
  /** Unsigned 64-bit integer. */
  U64(8, 'u'),
  /** Unsigned 32-bit integer. */
  U32(4, 'u'),
  /** Unsigned 16-bit integer. */
  U16(2, 'u'),
  /** Unsigned 8-bit integer. */
  U8(1, 'u'),
  /** One byte, false if and only if it is zero. */
  BOOL(1, 'b');

  private final int byteSize;
  private final char numpyKind;

  DType(int byteSize, char numpyKind) {
    this.byteSize = byteSize;
    this.numpyKind = numpyKind;
  }

  /**
   * The size of one element.
   *
   * @return 1, 2, 4 or 8 bytes
   */
  public int byteSize() {
    return byteSize;
  }

  /** NumPy's name for the little-endian type, such as {@code <f4}; empty for {@link #BF16}. */
  Optional<String> numpyDescr() {
    if (this == BF16) {
      return Optional.empty();
    }
    return Optional.of((byteSize == 1 ? "|" : "<") + numpyKind + byteSize);
  }

  /** The type that NumPy calls by this kind and size, such as {@code f} and 4. */
  static Optional<DType> ofNumpy(char kind, int byteSize) {
    for (DType type : values()) {
      if (type != BF16 && type.numpyKind == kind && type.byteSize == byteSize) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /** The type that safetensors calls by this name. */
  static Optional<DType> ofSafetensors(String name) {
    for (DType type : values()) {
      if (type.name().equals(name)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
