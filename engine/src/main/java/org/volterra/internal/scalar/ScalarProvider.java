package org.volterra.internal.scalar;

import java.util.Optional;
import org.volterra.memory.HostBuffer;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.ElementType;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/** The reference provider: one thread, plain loops. */
public final class ScalarProvider implements ComputeProvider {
  private final Primitives float32 = new ScalarPrimitives(ElementType.FLOAT32);
  private final Primitives float64 = new ScalarPrimitives(ElementType.FLOAT64);

  private final TransformPrimitives transforms32 = new ScalarTransforms(ElementType.FLOAT32);
  private final TransformPrimitives transforms64 = new ScalarTransforms(ElementType.FLOAT64);

  private final DepthPrimitives depth32 = new ScalarDepth(ElementType.FLOAT32);
  private final DepthPrimitives depth64 = new ScalarDepth(ElementType.FLOAT64);

  /** A new provider. */
  public ScalarProvider() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public String description() {
    return "scalar reference loops, 1 thread";
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public Buffer allocate(ElementType type, long length) {
    return HostBuffer.allocate(type, length);
  }

  @Override
  public boolean usesHostMemory() {
    return true;
  }

  @Override
  public Primitives primitives(ElementType type) {
    return switch (type) {
      case FLOAT32 -> float32;
      case FLOAT64 -> float64;
      case INT32, BFLOAT16 ->
          throw new IllegalArgumentException(
              "type " + type + ": primitives exist for FLOAT32 and FLOAT64");
    };
  }

  @Override
  public Optional<TransformPrimitives> transforms(ElementType type) {
    return Optional.of(
        primitives(type).type() == ElementType.FLOAT32 ? transforms32 : transforms64);
  }

  @Override
  public Optional<DepthPrimitives> depth(ElementType type) {
    return Optional.of(primitives(type).type() == ElementType.FLOAT32 ? depth32 : depth64);
  }

  @Override
  public void close() {}
}
