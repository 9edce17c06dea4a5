package org.volterra.cuda;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.ElementType;
import org.volterra.spi.Feed;
import org.volterra.spi.Matrix;
import org.volterra.spi.Offload;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Primitives;
import org.volterra.spi.Readout;
import org.volterra.spi.Recording;
import org.volterra.spi.TransformPrimitives;

/**
 * The provider {@code cuda}: every primitive by kernels of this module on one NVIDIA GPU. Found
 * through {@link java.util.ServiceLoader}.
 *
 * <p>Making one touches nothing: {@link #refusal} probes the driver, and the first buffer or
 * primitive opens the device. System property {@value #DEVICE} chooses it by its ordinal, {@value
 * #BUDGET} limits its memory in bytes (by default 95 % of what is free when it is opened), {@value
 * #POOL} says whether freed memory is kept, {@value #PRODUCTS} what matrix products are computed
 * in.
 *
 * <p>Calls come back when their work is queued; the device does it in order. What is read from a
 * buffer is waited for. {@link Primitives#gatherRows} and {@link Primitives#softmaxCrossEntropy}
 * wait for the check of their indices. A kernel's error comes out of the next call that waits, as a
 * {@link CudaException}. Results repeat bit for bit on the same device.
 *
 * <p>Thread-safe: one call at a time works on the device, the others wait.
 */
public final class CudaComputeProvider implements ComputeProvider {
  /** System property with the ordinal of the device; by default the first that is usable. */
  public static final String DEVICE = "volterra.cuda.device";

  /** System property with the bytes of device memory that may be used. */
  public static final String BUDGET = "volterra.cuda.budget";

  /**
   * System property that says whether blocks of device memory that are freed are kept to be used
   * again: {@code true} (the default) or {@code false}, with which compute-sanitizer sees the use
   * of freed memory.
   */
  public static final String POOL = "volterra.cuda.pool";

  /**
   * System property that says what the factors of matrix products in float32 are rounded to: {@code
   * float32} (not at all, the default), {@code tf32} or {@code bf16}, see {@link ProductPrecision}.
   */
  public static final String PRODUCTS = "volterra.cuda.products";

  private static final String NAME = "cuda";

  private final ProductPrecision chosen;

  private CudaProbe probe;
  private CudaContext context;
  private Primitives float32;
  private Primitives float64;
  private TransformPrimitives transforms32;
  private TransformPrimitives transforms64;
  private PassPrimitives passes32;
  private PassPrimitives passes64;
  private DepthPrimitives depth32;
  private DepthPrimitives depth64;
  private volatile boolean closed;

  /** A provider that has not looked for the driver yet. */
  public CudaComputeProvider() {
    this.chosen = null;
  }

  /**
   * The same, with matrix products in a precision of its own, whatever {@value #PRODUCTS} says.
   *
   * @param products what factors are rounded to
   */
  public CudaComputeProvider(ProductPrecision products) {
    this.chosen = Objects.requireNonNull(products, "products");
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public synchronized Optional<String> refusal() {
    return switch (probe()) {
      case CudaProbe.Available found -> Optional.empty();
      case CudaProbe.Unavailable missing -> Optional.of(missing.reason());
    };
  }

  private CudaProbe probe() {
    if (probe == null) {
      probe = CudaProbe.run();
    }
    return probe;
  }

  @Override
  public synchronized String description() {
    return switch (probe()) {
      case CudaProbe.Available found -> describe(found);
      case CudaProbe.Unavailable missing -> missing.reason();
    };
  }

  private String describe(CudaProbe.Available found) {
    CudaProbe.Device device = choose(found);
    ProductPrecision products = products();
    return String.format(
        Locale.ROOT,
        "%s, compute capability %d.%d, CUDA %d.%d%s",
        device.name(),
        device.major(),
        device.minor(),
        found.driverVersion() / 1000,
        found.driverVersion() % 1000 / 10,
        products == ProductPrecision.FLOAT32 ? "" : ", products in " + products);
  }

  private static CudaProbe.Device choose(CudaProbe.Available found) {
    String asked = System.getProperty(DEVICE);
    for (CudaProbe.Device device : found.devices()) {
      if (asked == null || asked.equals(Integer.toString(device.ordinal()))) {
        return device;
      }
    }
    throw new IllegalArgumentException(
        DEVICE + " '" + asked + "': usable devices are " + found.devices());
  }

  private static long budget() {
    String text = System.getProperty(BUDGET);
    if (text == null) {
      return 0;
    }
    try {
      long bytes = Long.parseLong(text);
      if (bytes > 0) {
        return bytes;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(badBudget(text), e);
    }
    throw new IllegalArgumentException(badBudget(text));
  }

  private static String badBudget(String text) {
    return BUDGET + " '" + text + "': must be a positive number of bytes";
  }

  private ProductPrecision products() {
    if (chosen != null) {
      return chosen;
    }
    try {
      return ProductPrecision.parse(
          System.getProperty(PRODUCTS, ProductPrecision.FLOAT32.toString()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("-D" + PRODUCTS + ": " + e.getMessage(), e);
    }
  }

  private static boolean pooled() {
    String text = System.getProperty(POOL, "true");
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(POOL + " '" + text + "': must be true or false");
    };
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public Buffer allocate(ElementType type, long length) {
    return CudaBuffer.allocate(context(), type, length);
  }

  @Override
  public synchronized Primitives primitives(ElementType type) {
    if (!type.isFloating()) {
      throw new IllegalArgumentException(
          "type " + type + ": primitives exist for FLOAT32 and FLOAT64");
    }
    context();
    return type == ElementType.FLOAT32 ? float32 : float64;
  }

  @Override
  public synchronized Optional<TransformPrimitives> transforms(ElementType type) {
    primitives(type);
    return Optional.of(type == ElementType.FLOAT32 ? transforms32 : transforms64);
  }

  @Override
  public synchronized Optional<PassPrimitives> passes(ElementType type) {
    primitives(type);
    return Optional.of(type == ElementType.FLOAT32 ? passes32 : passes64);
  }

  @Override
  public synchronized Optional<DepthPrimitives> depth(ElementType type) {
    primitives(type);
    return Optional.of(type == ElementType.FLOAT32 ? depth32 : depth64);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The first run calls the work, the second captures it as a CUDA graph, and all from then on
   * launch that.
   */
  @Override
  public Recording record(Runnable work) {
    return CudaRecording.of(context(), work, () -> closed);
  }

  @Override
  public Optional<Feed> feed(Buffer target) {
    return Optional.of(CudaFeed.of(context(), target));
  }

  @Override
  public Optional<Readout> readout(Matrix source) {
    return Optional.of(CudaReadout.of(context(), source));
  }

  @Override
  public boolean gathersAdjoints() {
    return true;
  }

  @Override
  public synchronized OptionalLong bytesInUse() {
    return OptionalLong.of(context == null ? 0 : context.memory().liveBytes());
  }

  @Override
  public OptionalLong bytesAvailable() {
    return OptionalLong.of(context().memory().availableBytes());
  }

  @Override
  public synchronized long bytesCopied() {
    return context == null ? 0 : context.bytesCopied();
  }

  @Override
  public OptionalLong offloadBytes(long wholeBytes) {
    return OptionalLong.of(BlockRing.leastBytes(wholeBytes));
  }

  @Override
  public Offload offload(long wholeBytes, long deviceBytes) {
    return BlockRing.of(context(), wholeBytes, deviceBytes);
  }

  private synchronized CudaContext context() {
    if (closed) {
      throw new IllegalStateException("the provider is closed");
    }
    if (context == null) {
      if (!(probe() instanceof CudaProbe.Available found)) {
        throw new IllegalStateException("CUDA cannot be used: " + description());
      }
      CudaProbe.Device device = choose(found);
      long budget = budget();
      boolean pooled = pooled();
      ProductPrecision products = products();
      JCudaNatives.load();
      context = CudaContext.open(device, budget, pooled);
      float32 = new CudaPrimitives(ElementType.FLOAT32, context, products, () -> closed);
      float64 = new CudaPrimitives(ElementType.FLOAT64, context, products, () -> closed);
      transforms32 = new CudaTransforms(ElementType.FLOAT32, context, () -> closed);
      transforms64 = new CudaTransforms(ElementType.FLOAT64, context, () -> closed);
      passes32 = new CudaPasses(ElementType.FLOAT32, context, () -> closed);
      passes64 = new CudaPasses(ElementType.FLOAT64, context, () -> closed);
      depth32 = new CudaDepth(ElementType.FLOAT32, context, () -> closed);
      depth64 = new CudaDepth(ElementType.FLOAT64, context, () -> closed);
    }
    return context;
  }

  /** Lets the device go; it is returned when the last buffer is closed too. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (context != null) {
      context.enter();
      try {
        context.release();
      } finally {
        context.leave();
      }
    }
  }
}
