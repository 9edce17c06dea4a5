package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Gives tests the fake driver before anything of theirs is initialised, and fails those that misuse
 * it. It is for the engine's tests and for those that carry {@link Needed}; where there is no
 * compiler they are skipped.
 */
public final class FakeCudaExtension implements ExecutionCondition, AfterEachCallback {
  /** A test class that needs the fake driver. */
  @Target(ElementType.TYPE)
  @Retention(RetentionPolicy.RUNTIME)
  @interface Needed {}

  /** Called by JUnit. */
  public FakeCudaExtension() {}

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    if (!isNeeded(context)) {
      return ConditionEvaluationResult.enabled("needs no CUDA driver");
    }
    String missing = NativeCompiler.missing();
    if (!missing.isEmpty()) {
      return ConditionEvaluationResult.disabled(missing);
    }
    FakeCuda.load();
    return ConditionEvaluationResult.enabled("the fake CUDA driver is loaded");
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (isNeeded(context)) {
      assertThat(FakeCuda.misuse()).as("misuse of the driver").isEmpty();
    }
  }

  private static boolean isNeeded(ExtensionContext context) {
    return context
        .getTestClass()
        .filter(test ->
            !test.getPackageName().equals("org.volterra.cuda")
                || test.isAnnotationPresent(Needed.class))
        .isPresent();
  }
}
