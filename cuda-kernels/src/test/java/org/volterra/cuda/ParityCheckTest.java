package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.cuda.parity.ParityCheck;
import org.volterra.cuda.parity.ParityResult;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.spi.Activation;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** The check that users run: the provider passes it, and providers that are wrong do not. */
@FakeCudaExtension.Needed
final class ParityCheckTest {
  @AfterEach
  void allMemoryIsReturned() {
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  @Test
  void primitivesAndNetworksDoWhatTheyDoOnTheScalarProvider() {
    List<ParityResult> heard = new ArrayList<>();
    System.setProperty(CudaComputeProvider.POOL, "true"); // as for a user
    try (ComputeProvider cuda = new CudaComputeProvider()) {
      List<ParityResult> results = ParityCheck.run(cuda, true, name -> true, heard::add);
      assertThat(results).isEqualTo(heard).allMatch(ParityResult::passed);
      assertThat(results)
          .filteredOn(r -> r.name().startsWith("network"))
          .hasSize(21 + 21 + 3 + 5 + 5 + 9 + 8)
          .allMatch(r -> r.cases() >= 6);
      assertThat(results.stream().map(ParityResult::name))
          .contains(
              "gemm",
              "layer",
              "convolution",
              "network DenseNet-BC",
              "activation " + Activation.GELU,
              "network dense, history of bfloat16",
              "attend",
              "network attention:3",
              "network attention, offloaded",
              "network dense, history of bfloat16, offloaded");
      for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
        assertThat(results)
            .filteredOn(r -> r.type() == type)
            .filteredOn(r -> r.error() > 0)
            .as("some results differ in rounding: they were really compared")
            .isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TF32", "BFLOAT16"})
  void roundedProductsAreWithinTheirBounds(ProductPrecision precision) {
    try (ComputeProvider cuda = new CudaComputeProvider(precision)) {
      ParityResult result = ParityCheck.products(cuda, precision, true);
      assertThat(result).matches(ParityResult::passed);
      assertThat(result.cases()).isEqualTo(2 * (4 * 6 + 2 + 4) + 3 * (2 + 3 + 5));
      assertThat(cuda.description()).endsWith(", products in " + precision);
    }
  }

  @Test
  void exactProductsAreNotThoseOfRoundedFactors() {
    try (ComputeProvider cuda = new CudaComputeProvider(ProductPrecision.FLOAT32)) {
      assertThat(ParityCheck.products(cuda, ProductPrecision.BFLOAT16, true).passed()).isFalse();
      assertThat(cuda.description()).doesNotContain("products");
    }
  }

  /** What a broken device does after a primitive. */
  private interface Fault {
    void after(String primitive, Object[] arguments);
  }

  @Test
  void aWrongResultAndAWriteOutsideAreFound() {
    assertThat(
            failed((primitive, arguments) -> {
              if (primitive.equals("ger") && ((Matrix) arguments[3]).rows() > 1) {
                Matrix a = (Matrix) arguments[3];
                a.set(1, 0, a.get(1, 0) + 1e-3);
              }
            }))
        .extracting(ParityResult::name)
        .contains("ger")
        .doesNotContain("gemm", "dot");
    assertThat(
            failed((primitive, arguments) -> {
              if (primitive.equals("transpose")) {
                Matrix y = (Matrix) arguments[1];
                y.buffer().set(y.offset() - 1, 7);
              }
            }))
        .first()
        .satisfies(r -> {
          assertThat(r.name()).isEqualTo("transpose");
          assertThat(r.failure()).contains("element 36 outside of the matrix was written");
        });
  }

  @Test
  void anErrorOfTheDeviceIsAFailureOfTheCheckAndTheOthersGoOn() {
    List<ParityResult> failed =
        failed((primitive, arguments) -> {
          if (primitive.equals("countNonFinite")) {
            throw new CudaException("cuLaunchKernel gives error 700", 700);
          }
        });
    assertThat(failed)
        .extracting(ParityResult::name, ParityResult::type)
        .hasSize(2)
        .allSatisfy(row -> assertThat(row.toList().getFirst()).isEqualTo("countNonFinite"));
    assertThat(failed.getFirst().failure()).contains("error 700");
  }

  /** An error within all bounds that only histories in memory of the host have. */
  @Test
  void otherBitsOfOffloadedHistoriesAreFound() {
    try (ComputeProvider cuda = new CudaComputeProvider()) {
      List<ParityResult> failed =
          failed(
              cuda,
              name -> name.startsWith("network exponentials:3"),
              (primitive, arguments) -> {
                if (primitive.equals("activate")
                    && arguments[2] instanceof Matrix y
                    && y.buffer() instanceof OffloadedBuffer) {
                  y.set(0, 0, y.get(0, 0) * (1 + 1e-7));
                }
              });
      assertThat(failed)
          .hasSize(2)
          .allSatisfy(result -> {
            assertThat(result.name()).isEqualTo("network exponentials:3 exponentials, offloaded");
            assertThat(result.failure())
                .contains("has other bits when histories are in memory of the device");
          });
    }
  }

  private static List<ParityResult> failed(Fault fault) {
    try (ComputeProvider scalar = new ScalarProvider()) {
      return failed(scalar, name -> true, fault);
    }
  }

  private static List<ParityResult> failed(
      ComputeProvider provider, Predicate<String> wanted, Fault fault) {
    ComputeProvider broken =
        proxy(
            ComputeProvider.class,
            provider,
            (method, arguments, result) ->
                result instanceof Primitives p
                    ? proxy(
                        Primitives.class,
                        p,
                        (inner, given, none) -> {
                          fault.after(inner.getName(), given);
                          return none;
                        })
                    : result);
    return ParityCheck.run(broken, true, wanted, result -> {}).stream()
        .filter(result -> !result.passed())
        .toList();
  }

  private interface Then {
    Object apply(Method method, Object[] arguments, Object result);
  }

  private static <T> T proxy(Class<T> type, T target, Then then) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              try {
                return then.apply(method, arguments, method.invoke(target, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
