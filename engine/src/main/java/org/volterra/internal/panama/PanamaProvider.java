package org.volterra.internal.panama;

import java.util.Optional;
import org.volterra.memory.HostBuffer;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.ElementType;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/** The CPU with its vector units and several threads. */
public final class PanamaProvider implements ComputeProvider {
  private final Workshop shop;
  private final Primitives float32;
  private final Primitives float64;
  private final TransformPrimitives transforms32;
  private final TransformPrimitives transforms64;
  private final DepthPrimitives depth32;
  private final DepthPrimitives depth64;
  private final int bits;

  /**
   * Starts a provider.
   *
   * @param threads the number of threads that work on one primitive, at least 1
   * @throws IllegalArgumentException if {@code threads} is less than 1, or system property {@value
   *     VectorWidth#PROPERTY} asks for vectors that this CPU does not have
   */
  public PanamaProvider(int threads) {
    bits = VectorWidth.bits();
    shop = new Workshop(threads);
    float32 = new FloatPrimitives(shop);
    float64 = new DoublePrimitives(shop);
    transforms32 = new FloatTransforms(shop);
    transforms64 = new DoubleTransforms(shop);
    depth32 = new FloatDepth(shop);
    depth64 = new DoubleDepth(shop);
  }

  @Override
  public String name() {
    return "panama";
  }

  @Override
  public String description() {
    return "vectors of " + bits + " bits, " + threads() + (threads() == 1 ? " thread" : " threads");
  }

  @Override
  public int threads() {
    return shop.threads();
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
  public void close() {
    shop.close();
  }
}
