package org.volterra.experiments;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.volterra.study.ConvergenceStudy;

/** The studies that have names, and those of users' own classes. */
final class Studies {
  private static final Map<String, Function<StudySettings, ConvergenceStudy>> NAMED =
      new LinkedHashMap<>();

  static {
    NAMED.put("closed-form", ClosedFormStudy::new);
    NAMED.put("scalar-control", ScalarControlStudy::new);
    NAMED.put("digits", DigitsStudy::new);
    NAMED.put("fractional", FractionalStudy::new);
    NAMED.put("dnl-regression", DnlRegressionStudy::new);
    NAMED.put("stability", StabilityStudy::new);
  }

  private Studies() {}

  /**
   * Makes a study.
   *
   * @param name a name, or that of a class with a constructor that takes a map of settings
   * @param settings its settings
   * @throws IllegalArgumentException if there is none of that name, or it refuses the settings
   */
  static ConvergenceStudy create(String name, Map<String, String> settings) {
    Function<StudySettings, ConvergenceStudy> named = NAMED.get(name);
    if (named != null) {
      return named.apply(new StudySettings(settings));
    }
    if (!name.contains(".")) {
      throw new IllegalArgumentException(
          "study '"
              + name
              + "' is unknown: choose "
              + String.join(", ", NAMED.keySet())
              + ", a JSON file, or a class that implements "
              + ConvergenceStudy.class.getName());
    }
    try {
      Constructor<? extends ConvergenceStudy> constructor =
          Class.forName(name).asSubclass(ConvergenceStudy.class).getConstructor(Map.class);
      return constructor.newInstance(settings);
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException(
          "study '" + name + "': no such file, and no such class on the class path", e);
    } catch (ClassCastException e) {
      throw new IllegalArgumentException(
          "study '" + name + "': the class does not implement " + ConvergenceStudy.class.getName(),
          e);
    } catch (NoSuchMethodException e) {
      throw new IllegalArgumentException(
          "study '" + name + "': the class has no public constructor that takes a Map of settings",
          e);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException refusal) {
        throw refusal;
      }
      throw new IllegalArgumentException("study '" + name + "': " + e.getCause(), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("study '" + name + "' cannot be made: " + e, e);
    }
  }
}
