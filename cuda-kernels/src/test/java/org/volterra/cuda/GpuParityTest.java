package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.volterra.cuda.parity.ParityCheck;
import org.volterra.cuda.parity.ParityResult;
import org.volterra.spi.ComputeProvider;

/** The whole parity check on a real device; skipped with the reason where there is none. */
@Tag("gpu")
final class GpuParityTest {
  @Test
  void theDeviceComputesWhatTheReferenceComputes() {
    if (CudaProbe.run() instanceof CudaProbe.Unavailable missing) {
      abort(missing.reason());
    }
    try (ComputeProvider cuda = new CudaComputeProvider()) {
      assertThat(ParityCheck.run(cuda, false, name -> true, result -> {}))
          .allMatch(ParityResult::passed);
    }
    for (ProductPrecision precision : ProductPrecision.ROUNDED) {
      try (ComputeProvider cuda = new CudaComputeProvider(precision)) {
        assertThat(ParityCheck.products(cuda, precision, false)).matches(ParityResult::passed);
      }
    }
  }
}
