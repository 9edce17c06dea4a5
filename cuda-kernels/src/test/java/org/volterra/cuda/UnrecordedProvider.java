package org.volterra.cuda;

import java.util.Optional;
import java.util.OptionalLong;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/** A provider that has no recordings, feeds and readouts of its own. */
record UnrecordedProvider(ComputeProvider cuda) implements ComputeProvider {
  @Override
  public String name() {
    return cuda.name();
  }

  @Override
  public String description() {
    return cuda.description();
  }

  @Override
  public Optional<String> refusal() {
    return cuda.refusal();
  }

  @Override
  public int threads() {
    return cuda.threads();
  }

  @Override
  public Buffer allocate(ElementType type, long length) {
    return cuda.allocate(type, length);
  }

  @Override
  public OptionalLong bytesInUse() {
    return cuda.bytesInUse();
  }

  @Override
  public Primitives primitives(ElementType type) {
    return cuda.primitives(type);
  }

  @Override
  public Optional<TransformPrimitives> transforms(ElementType type) {
    return cuda.transforms(type);
  }

  @Override
  public Optional<PassPrimitives> passes(ElementType type) {
    return cuda.passes(type);
  }

  @Override
  public void close() {
    cuda.close();
  }
}
