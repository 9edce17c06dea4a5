package org.volterra.testing;

import java.util.Optional;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/** A provider whose memory ends after a given number of allocations. Not thread-safe. */
public final class FailingProvider implements ComputeProvider {
  /** What the allocation that fails says. */
  public static final String MESSAGE = "no memory, as this test wants it";

  private final ComputeProvider provider;
  private final boolean hasTransforms;
  private int left;

  /** Allows so many allocations. */
  public FailingProvider(ComputeProvider provider, int allowed) {
    this(provider, allowed, provider.transforms(ElementType.FLOAT32));
  }

  /** The same with these primitives of transforms, or none. */
  public FailingProvider(
      ComputeProvider provider, int allowed, Optional<TransformPrimitives> transforms) {
    this.provider = provider;
    this.left = allowed;
    this.hasTransforms = transforms.isPresent();
  }

  @Override
  public String name() {
    return provider.name();
  }

  @Override
  public String description() {
    return provider.description();
  }

  @Override
  public int threads() {
    return provider.threads();
  }

  @Override
  public Buffer allocate(ElementType type, long length) {
    if (left == 0) {
      throw new IllegalStateException(MESSAGE);
    }
    left--;
    return provider.allocate(type, length);
  }

  @Override
  public Primitives primitives(ElementType type) {
    return provider.primitives(type);
  }

  @Override
  public Optional<TransformPrimitives> transforms(ElementType type) {
    return hasTransforms ? provider.transforms(type) : Optional.empty();
  }

  @Override
  public void close() {
    provider.close();
  }
}
