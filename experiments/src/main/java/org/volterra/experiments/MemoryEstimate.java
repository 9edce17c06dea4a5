package org.volterra.experiments;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Optional;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.ModelWorkspace;
import org.volterra.NetworkSpec;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.ElementType;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;
import org.volterra.sum.Calibration;
import org.volterra.train.DepthRegularizer;

/**
 * What training a network would allocate, found by making it and its workspace on a device that
 * counts and allocates nothing.
 *
 * @param batch samples of a step
 * @param histories bytes of values that a step keeps, and of their gradients
 * @param total all bytes: histories, parameters, gradients and the moments of Adam
 * @param metric bytes of a metric in depth, which are not among them
 * @param where whose memory that is, for people
 */
record MemoryEstimate(int batch, long histories, long total, long metric, String where) {
  private static final int MOMENTS = 2;

  /**
   * Counts.
   *
   * @param provider the device that would train, of which nothing is allocated
   * @throws IllegalArgumentException if the network is too large for a buffer
   */
  static MemoryEstimate of(ModelSpec spec, int batch, ComputeProvider provider) {
    if (spec instanceof NetworkSpec) {
      Calibration.of(provider, ElementType.FLOAT32); // measured on the device itself
    }
    Counting device = new Counting(provider);
    try (Model model = Model.create(spec, device, ElementType.FLOAT32, 0)) {
      long parameters = device.bytes;
      try (ModelWorkspace workspace = model.workspace(batch, MemoryBudget.unlimited())) {
        return new MemoryEstimate(
            batch,
            workspace.historyBytes(),
            device.bytes + MOMENTS * parameters,
            DepthRegularizer.metricBytes(model),
            where(provider));
      }
    }
  }

  private static String where(ComputeProvider provider) {
    if (provider.usesHostMemory()) {
      return "memory of the host";
    }
    String left =
        provider.bytesAvailable().isEmpty()
            ? ""
            : String.format(
                Locale.ROOT,
                ", which has %,.1f MiB left",
                provider.bytesAvailable().getAsLong() / 0x1p20);
    return "memory of the device ("
        + provider.description()
        + ")"
        + left
        + "; scratch memory of its kernels comes on top";
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "training with a batch of %d in float32: histories %,.1f MiB; with parameters, gradients"
            + " and the moments of Adam %,.1f MiB%s in %s",
        batch,
        histories / 0x1p20,
        total / 0x1p20,
        metric == 0
            ? ""
            : String.format(Locale.ROOT, " (%,.1f MiB more with --metric)", metric / 0x1p20),
        where);
  }

  /** A device whose buffers are nothing but sizes. */
  private static final class Counting implements ComputeProvider {
    private final ComputeProvider reference;
    private long bytes;

    Counting(ComputeProvider reference) {
      this.reference = reference;
    }

    @Override
    public String name() {
      return reference.name();
    }

    @Override
    public String description() {
      return reference.description();
    }

    @Override
    public int threads() {
      return 1;
    }

    @Override
    public Buffer allocate(ElementType type, long length) {
      Size size = new Size(type, length);
      bytes += size.bytes();
      return size;
    }

    @Override
    public boolean usesHostMemory() {
      return reference.usesHostMemory();
    }

    @Override
    public boolean gathersAdjoints() {
      return reference.gathersAdjoints();
    }

    @Override
    public Primitives primitives(ElementType type) {
      return reference.primitives(type);
    }

    @Override
    public Optional<TransformPrimitives> transforms(ElementType type) {
      return reference.transforms(type);
    }

    @Override
    public Optional<PassPrimitives> passes(ElementType type) {
      return reference.passes(type);
    }

    @Override
    public Optional<DepthPrimitives> depth(ElementType type) {
      return reference.depth(type);
    }

    @Override
    public void close() {}
  }

  /** A buffer without contents. */
  private record Size(ElementType type, long length) implements Buffer {
    @Override
    public double get(long index) {
      return 0;
    }

    @Override
    public void set(long index, double value) {}

    @Override
    public void upload(MemorySegment source, long sourceByteOffset, long offset, long count) {}

    @Override
    public void download(long offset, MemorySegment target, long targetByteOffset, long count) {}

    @Override
    public boolean isClosed() {
      return false;
    }

    @Override
    public void close() {}
  }
}
